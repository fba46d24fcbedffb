//! At the end of the window, by the watermark.

use hurtig_types::Timestamp;

use super::{Trigger, TriggerContext, TriggerResult};
use crate::window::window::Window;

/// Fires when the watermark passes the end of the window; from then on, with allowed lateness, at every record.
///
/// The default of all event-time windows.
///
/// ```
/// use hurtig_types::Timestamp;
/// use hurtig_datastream::{EventTimeTrigger, TimeWindow, Trigger, TriggerContext, TriggerResult};
///
/// let (window, late) = (TimeWindow::of_millis(0, 10), Timestamp::from_millis(4));
/// let mut ctx = TriggerContext::new(Timestamp::from_millis(9), Timestamp::NONE);
/// let result = EventTimeTrigger::new().on_element(&"a", late, &window, &mut false, &mut ctx);
/// assert_eq!(result, TriggerResult::Fire);
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct EventTimeTrigger;

impl EventTimeTrigger {
    /// The trigger.
    pub const fn new() -> Self {
        Self
    }
}

impl<T, W: Window> Trigger<T, W> for EventTimeTrigger {
    /// Whether the timer is registered: so that a record of a known window costs no look at the timers.
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
        if window.max_timestamp() <= ctx.current_watermark() {
            return TriggerResult::Fire;
        }
        if !std::mem::replace(is_registered, true) {
            ctx.register_event_time_timer(window.max_timestamp());
        }
        TriggerResult::Continue
    }

    #[inline]
    fn on_event_time(
        &mut self,
        time: Timestamp,
        window: &W,
        _: &mut bool,
        _: &mut TriggerContext,
    ) -> TriggerResult {
        if time == window.max_timestamp() {
            TriggerResult::Fire
        } else {
            TriggerResult::Continue
        }
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
        *is_registered = window.max_timestamp() > ctx.current_watermark();
        if *is_registered {
            ctx.register_event_time_timer(window.max_timestamp());
        }
    }

    fn clear(&mut self, window: &W, _: &bool, ctx: &mut TriggerContext) {
        ctx.delete_event_time_timer(window.max_timestamp());
    }

    fn can_forget(&self, _: &bool) -> bool {
        true
    }
}
