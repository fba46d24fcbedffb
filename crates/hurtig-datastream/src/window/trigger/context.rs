//! What a trigger sees and asks for.

use hurtig_types::Timestamp;

use crate::TimeDomain;

/// A timer that a trigger asked for or no longer wants.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TimerChange {
    /// Call the trigger at this time.
    Register(TimeDomain, Timestamp),
    /// Don't.
    Delete(TimeDomain, Timestamp),
}

/// The time, and the timers of the key and window for which a trigger is called.
///
/// The law: it only notes what a trigger asks for; the operator does it when the trigger returns. So a trigger can be
/// tried out without an operator.
///
/// ```
/// use hurtig_types::Timestamp;
/// use hurtig_datastream::{TimeDomain, EventTimeTrigger, TimeWindow, TimerChange, Trigger, TriggerContext};
///
/// let mut ctx = TriggerContext::new(Timestamp::from_millis(3), Timestamp::NONE);
/// let window = TimeWindow::of_millis(0, 10);
/// EventTimeTrigger::new().on_element(&"a", Timestamp::from_millis(4), &window, &mut false, &mut ctx);
/// assert_eq!(ctx.changes(), [TimerChange::Register(TimeDomain::EventTime, Timestamp::from_millis(9))]);
/// ```
#[derive(Clone, Debug)]
pub struct TriggerContext {
    watermark: Timestamp,
    now: Timestamp,
    /// Whether the ends of windows are points of event time, which the clock says nothing about.
    is_event_time: bool,
    changes: Vec<TimerChange>,
}

impl TriggerContext {
    /// A context in which event time has come to `watermark` and processing time to `now`.
    pub const fn new(watermark: Timestamp, now: Timestamp) -> Self {
        Self {
            watermark,
            now,
            is_event_time: false,
            changes: Vec::new(),
        }
    }

    /// The same for windows that end by event time, or not.
    pub(in crate::window) const fn in_event_time(mut self, is_event_time: bool) -> Self {
        self.is_event_time = is_event_time;
        self
    }

    /// How far event time has come; [`Timestamp::MIN`] before the first watermark.
    #[inline]
    pub const fn current_watermark(&self) -> Timestamp {
        self.watermark
    }

    /// Processing time, read once per batch.
    #[inline]
    pub const fn current_processing_time(&self) -> Timestamp {
        self.now
    }

    /// Calls [`Trigger::on_event_time`](super::Trigger::on_event_time) when the watermark has come to `time`.
    /// Registering the same time again changes nothing.
    #[inline]
    pub fn register_event_time_timer(&mut self, time: Timestamp) {
        self.changes
            .push(TimerChange::Register(TimeDomain::EventTime, time));
    }

    /// Calls [`Trigger::on_processing_time`](super::Trigger::on_processing_time) when the clock has come to `time`.
    /// Registering the same time again changes nothing.
    #[inline]
    pub fn register_processing_time_timer(&mut self, time: Timestamp) {
        self.changes
            .push(TimerChange::Register(TimeDomain::ProcessingTime, time));
    }

    /// Deletes a timer, if there is one.
    #[inline]
    pub fn delete_event_time_timer(&mut self, time: Timestamp) {
        self.changes
            .push(TimerChange::Delete(TimeDomain::EventTime, time));
    }

    /// Deletes a timer, if there is one.
    #[inline]
    pub fn delete_processing_time_timer(&mut self, time: Timestamp) {
        self.changes
            .push(TimerChange::Delete(TimeDomain::ProcessingTime, time));
    }

    /// What was asked for and not yet done.
    pub fn changes(&self) -> &[TimerChange] {
        &self.changes
    }

    /// Whether windows end by the watermark, not by the clock.
    pub(in crate::window) const fn is_event_time(&self) -> bool {
        self.is_event_time
    }

    pub(in crate::window) const fn set_times(&mut self, watermark: Timestamp, now: Timestamp) {
        self.watermark = watermark;
        self.now = now;
    }

    /// The same moment, and nothing asked for.
    pub(in crate::window) const fn fresh(&self) -> Self {
        Self::new(self.watermark, self.now).in_event_time(self.is_event_time)
    }

    pub(in crate::window) fn drain(&mut self) -> std::vec::Drain<'_, TimerChange> {
        self.changes.drain(..)
    }
}
