//! At the end of the window, by the clock.

use hurtig_types::Timestamp;

use super::{Trigger, TriggerContext, TriggerResult};
use crate::window::window::Window;

/// Fires when the clock passes the end of the window. The default of all processing-time windows.
///
/// ```
/// use hurtig_types::Timestamp;
/// use hurtig_datastream::{ProcessingTimeTrigger, TimeWindow, Trigger, TriggerContext, TriggerResult};
///
/// let (window, end) = (TimeWindow::of_millis(0, 10), Timestamp::from_millis(9));
/// let mut ctx = TriggerContext::new(Timestamp::MIN, end);
/// let mut trigger = ProcessingTimeTrigger::new();
/// let result = Trigger::<(), _>::on_processing_time(&mut trigger, end, &window, &mut true, &mut ctx);
/// assert_eq!(result, TriggerResult::Fire);
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ProcessingTimeTrigger;

impl ProcessingTimeTrigger {
    /// The trigger.
    pub const fn new() -> Self {
        Self
    }
}

impl<T, W: Window> Trigger<T, W> for ProcessingTimeTrigger {
    /// Whether the timer is registered.
    type State = bool;

    #[inline]
    fn on_element(
        &mut self,
        _: &T,
        _: Timestamp,
        window: &W,
        is_registered: &mut bool,
        ctx: &mut TriggerContext,
    ) -> TriggerResult {
        if !std::mem::replace(is_registered, true) {
            ctx.register_processing_time_timer(window.max_timestamp());
        }
        TriggerResult::Continue
    }

    fn on_processing_time(
        &mut self,
        time: Timestamp,
        window: &W,
        is_registered: &mut bool,
        _: &mut TriggerContext,
    ) -> TriggerResult {
        if time != window.max_timestamp() {
            return TriggerResult::Continue;
        }
        *is_registered = false;
        TriggerResult::Fire
    }

    fn can_merge(&self) -> bool {
        true
    }

    fn on_merge(
        &mut self,
        window: &W,
        is_registered: &mut bool,
        _: bool,
        ctx: &mut TriggerContext,
    ) {
        *is_registered = true;
        ctx.register_processing_time_timer(window.max_timestamp());
    }

    fn clear(&mut self, window: &W, _: &bool, ctx: &mut TriggerContext) {
        ctx.delete_processing_time_timer(window.max_timestamp());
    }

    fn can_forget(&self, _: &bool) -> bool {
        true
    }
}
