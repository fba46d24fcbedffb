//! No time at all.

use hurtig_types::Timestamp;

use super::{Trigger, TriggerContext, TriggerResult};
use crate::window::window::Window;

/// Never fires. The default of [`GlobalWindows`](crate::GlobalWindows), to be replaced by another.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct NeverTrigger;

impl NeverTrigger {
    /// The trigger.
    pub const fn new() -> Self {
        Self
    }
}

impl<T, W: Window> Trigger<T, W> for NeverTrigger {
    type State = ();

    #[inline]
    fn on_element(
        &mut self,
        _: &T,
        _: Timestamp,
        _: &W,
        (): &mut (),
        _: &mut TriggerContext,
    ) -> TriggerResult {
        TriggerResult::Continue
    }

    fn can_merge(&self) -> bool {
        true
    }
}
