//! When everything was said.

use hurtig_types::Timestamp;

use super::{Trigger, TriggerContext, TriggerResult};
use crate::window::window::Window;

/// Fires once, when event time has ended: one final result per key of a bounded stream.
///
/// ```
/// use hurtig_types::Timestamp;
/// use hurtig_datastream::{TimeDomain, EndOfStreamTrigger, GlobalWindow, TimerChange, Trigger, TriggerContext};
///
/// let mut ctx = TriggerContext::new(Timestamp::MIN, Timestamp::MIN);
/// EndOfStreamTrigger::new().on_element(&"a", Timestamp::NONE, &GlobalWindow, &mut false, &mut ctx);
/// assert_eq!(ctx.changes(), [TimerChange::Register(TimeDomain::EventTime, Timestamp::MAX)]);
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct EndOfStreamTrigger;

impl EndOfStreamTrigger {
    /// The trigger.
    pub const fn new() -> Self {
        Self
    }
}

impl<T, W: Window> Trigger<T, W> for EndOfStreamTrigger {
    /// Whether the timer is registered.
    type State = bool;

    #[inline]
    fn on_element(
        &mut self,
        _: &T,
        _: Timestamp,
        _: &W,
        is_registered: &mut bool,
        ctx: &mut TriggerContext,
    ) -> TriggerResult {
        if !std::mem::replace(is_registered, true) {
            ctx.register_event_time_timer(Timestamp::MAX);
        }
        TriggerResult::Continue
    }

    fn on_event_time(
        &mut self,
        time: Timestamp,
        _: &W,
        _: &mut bool,
        _: &mut TriggerContext,
    ) -> TriggerResult {
        if time == Timestamp::MAX {
            TriggerResult::Fire
        } else {
            TriggerResult::Continue
        }
    }

    fn can_merge(&self) -> bool {
        true
    }

    fn on_merge(&mut self, _: &W, is_registered: &mut bool, _: bool, ctx: &mut TriggerContext) {
        *is_registered = true;
        ctx.register_event_time_timer(Timestamp::MAX);
    }

    fn clear(&mut self, _: &W, _: &bool, ctx: &mut TriggerContext) {
        ctx.delete_event_time_timer(Timestamp::MAX);
    }

    fn can_forget(&self, _: &bool) -> bool {
        true
    }
}
