//! One window for everything.

use hurtig_types::Timestamp;

use super::WindowAssigner;
use crate::window::slice::AlignedWindows;
use crate::window::trigger::NeverTrigger;
use crate::window::window::GlobalWindow;

/// Puts every record of a key into one window that never ends.
///
/// By itself it never fires: it wants a trigger, such as
/// [`CountTrigger`](crate::CountTrigger), or
/// [`EndOfStreamTrigger`](crate::EndOfStreamTrigger) for one result at the end of a bounded stream.
///
/// ```
/// use hurtig_types::Timestamp;
/// use hurtig_datastream::{GlobalWindow, GlobalWindows, WindowAssigner};
///
/// let mut windows = Vec::new();
/// GlobalWindows::create().assign(&"any", Timestamp::NONE, Timestamp::NONE, &mut windows);
/// assert_eq!(windows, [GlobalWindow]);
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct GlobalWindows;

impl GlobalWindows {
    /// The assigner.
    pub const fn create() -> Self {
        Self
    }
}

impl<T: 'static> WindowAssigner<T> for GlobalWindows {
    type Window = GlobalWindow;
    type Trigger = NeverTrigger;

    #[inline]
    fn assign(&mut self, _: &T, _: Timestamp, _: Timestamp, windows: &mut Vec<GlobalWindow>) {
        windows.push(GlobalWindow);
    }

    fn default_trigger(&self) -> NeverTrigger {
        NeverTrigger::new()
    }

    fn is_event_time(&self) -> bool {
        false
    }

    fn describe(&self) -> String {
        "GlobalWindows(trigger=NeverTrigger)".to_string()
    }

    fn alignment(&self) -> Option<AlignedWindows<GlobalWindow>> {
        Some(AlignedWindows::whole(|_| GlobalWindow))
    }
}
