//! Every so often, before the window ends.

use std::time::Duration;

use hurtig_types::{Result, Timestamp};

use super::{Trigger, TriggerContext, TriggerResult};
use crate::window::alignment::{check_length, floor_time, millis};
use crate::window::window::Window;

/// The multiple of `interval` after `time`, or the end of the window if that comes first.
fn next_fire(time: Timestamp, interval: i64, end: Timestamp) -> Timestamp {
    floor_time(time, interval)
        .saturating_add_millis(interval)
        .min(end)
}

/// Fires at every multiple of an interval of event time that the watermark passes, and at the end of the window.
///
/// Where the watermark passes several multiples at once it fires once: nothing came between them.
///
/// ```
/// use std::time::Duration;
/// use hurtig_types::Timestamp;
/// use hurtig_datastream::{TimeDomain, ContinuousEventTimeTrigger, TimeWindow, TimerChange, Trigger, TriggerContext};
///
/// let at = Timestamp::from_millis;
/// let mut ctx = TriggerContext::new(Timestamp::MIN, Timestamp::MIN);
/// let (window, mut next) = (TimeWindow::of_millis(0, 3_600_000), None);
/// let mut each_minute = ContinuousEventTimeTrigger::of(Duration::from_secs(60));
/// each_minute.on_element(&"a", at(61_000), &window, &mut next, &mut ctx);
/// assert!(ctx.changes().contains(&TimerChange::Register(TimeDomain::EventTime, at(120_000))));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ContinuousEventTimeTrigger {
    interval: i64,
}

impl ContinuousEventTimeTrigger {
    /// Fires every `interval` of event time.
    pub fn of(interval: Duration) -> Self {
        Self {
            interval: millis(interval),
        }
    }
}

impl<T, W: Window> Trigger<T, W> for ContinuousEventTimeTrigger {
    /// When it will fire next.
    type State = Option<Timestamp>;

    #[inline]
    fn on_element(
        &mut self,
        _: &T,
        timestamp: Timestamp,
        window: &W,
        next: &mut Option<Timestamp>,
        ctx: &mut TriggerContext,
    ) -> TriggerResult {
        let end = window.max_timestamp();
        if end <= ctx.current_watermark() {
            return TriggerResult::Fire;
        }
        if next.is_none() {
            let first = next_fire(timestamp, self.interval, end);
            *next = Some(first);
            ctx.register_event_time_timer(first);
        }
        TriggerResult::Continue
    }

    fn on_event_time(
        &mut self,
        time: Timestamp,
        window: &W,
        next: &mut Option<Timestamp>,
        ctx: &mut TriggerContext,
    ) -> TriggerResult {
        let end = window.max_timestamp();
        if *next != Some(time) {
            return TriggerResult::Continue;
        }
        *next = None;
        if time < end {
            // Past the watermark, so that a leap of a year is one firing; but the end of the window is one of its own.
            let passed = ctx.current_watermark().min(end.saturating_add_millis(-1));
            let following = next_fire(passed.max(time), self.interval, end);
            *next = Some(following);
            ctx.register_event_time_timer(following);
        }
        TriggerResult::Fire
    }

    fn can_merge(&self) -> bool {
        true
    }

    fn on_merge(
        &mut self,
        window: &W,
        next: &mut Option<Timestamp>,
        other: Option<Timestamp>,
        ctx: &mut TriggerContext,
    ) {
        let earliest = next.iter().chain(&other).min().copied();
        *next = earliest.filter(|_| window.max_timestamp() > ctx.current_watermark());
        if let Some(next) = *next {
            ctx.register_event_time_timer(next);
        }
    }

    fn clear(&mut self, _: &W, next: &Option<Timestamp>, ctx: &mut TriggerContext) {
        if let Some(next) = *next {
            ctx.delete_event_time_timer(next);
        }
    }

    fn can_forget(&self, next: &Option<Timestamp>) -> bool {
        next.is_none()
    }

    fn validate(&self) -> Result<()> {
        check_length("ContinuousEventTimeTrigger: an interval", self.interval)
    }

    fn describe(&self) -> String {
        format!("ContinuousEventTimeTrigger({})", self.interval)
    }
}

/// Fires at every multiple of an interval that the clock passes, and, for windows by the clock, at their end.
///
/// Where the clock passes several multiples at once (the job was busy) it fires once. A window of event time fires as
/// long as it is there, and not at its end: of that only the watermark knows.
///
/// ```
/// use std::time::Duration;
/// use hurtig_types::Timestamp;
/// use hurtig_datastream::{ContinuousProcessingTimeTrigger, GlobalWindow, Trigger, TriggerContext, TriggerResult};
///
/// let at = Timestamp::from_millis;
/// let mut each_second = ContinuousProcessingTimeTrigger::of(Duration::from_secs(1));
/// let mut next = Some(at(2_000));
/// let mut ctx = TriggerContext::new(Timestamp::MIN, at(5_500));
/// let result = Trigger::<(), _>::on_processing_time(&mut each_second, at(2_000), &GlobalWindow, &mut next, &mut ctx);
/// assert_eq!((result, next), (TriggerResult::Fire, Some(at(6_000))));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ContinuousProcessingTimeTrigger {
    interval: i64,
}

impl ContinuousProcessingTimeTrigger {
    /// Fires every `interval` of the clock.
    pub fn of(interval: Duration) -> Self {
        Self {
            interval: millis(interval),
        }
    }

    /// In milliseconds.
    pub(in crate::window) const fn interval(self) -> i64 {
        self.interval
    }
}

/// The end of a window by the clock: of one in event time the clock knows none.
fn end_by_the_clock(window: &impl Window, ctx: &TriggerContext) -> Timestamp {
    if ctx.is_event_time() {
        Timestamp::MAX
    } else {
        window.max_timestamp()
    }
}

impl<T, W: Window> Trigger<T, W> for ContinuousProcessingTimeTrigger {
    /// When it will fire next.
    type State = Option<Timestamp>;

    #[inline]
    fn on_element(
        &mut self,
        _: &T,
        _: Timestamp,
        window: &W,
        next: &mut Option<Timestamp>,
        ctx: &mut TriggerContext,
    ) -> TriggerResult {
        if next.is_none() {
            let end = end_by_the_clock(window, ctx);
            let first = next_fire(ctx.current_processing_time(), self.interval, end);
            *next = Some(first);
            ctx.register_processing_time_timer(first);
        }
        TriggerResult::Continue
    }

    fn on_processing_time(
        &mut self,
        time: Timestamp,
        window: &W,
        next: &mut Option<Timestamp>,
        ctx: &mut TriggerContext,
    ) -> TriggerResult {
        let end = end_by_the_clock(window, ctx);
        if *next != Some(time) {
            return TriggerResult::Continue;
        }
        *next = None;
        if time < end {
            let passed = ctx
                .current_processing_time()
                .min(end.saturating_add_millis(-1));
            let following = next_fire(passed.max(time), self.interval, end);
            *next = Some(following);
            ctx.register_processing_time_timer(following);
        }
        TriggerResult::Fire
    }

    fn can_merge(&self) -> bool {
        true
    }

    fn on_merge(
        &mut self,
        _: &W,
        next: &mut Option<Timestamp>,
        other: Option<Timestamp>,
        ctx: &mut TriggerContext,
    ) {
        *next = next.iter().chain(&other).min().copied();
        if let Some(next) = *next {
            ctx.register_processing_time_timer(next);
        }
    }

    fn clear(&mut self, _: &W, next: &Option<Timestamp>, ctx: &mut TriggerContext) {
        if let Some(next) = *next {
            ctx.delete_processing_time_timer(next);
        }
    }

    fn can_forget(&self, next: &Option<Timestamp>) -> bool {
        next.is_none()
    }

    fn validate(&self) -> Result<()> {
        check_length(
            "ContinuousProcessingTimeTrigger: an interval",
            self.interval,
        )
    }

    fn describe(&self) -> String {
        format!("ContinuousProcessingTimeTrigger({})", self.interval)
    }
}
