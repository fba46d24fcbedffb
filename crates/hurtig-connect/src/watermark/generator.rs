//! Generators of watermarks.

use std::time::Duration;

use hurtig_types::{Records, Timestamp, Watermark};

/// Says from the events it sees how far event time is complete.
///
/// One instance per split of a source, or per subtask of an operator. [`on_event`](WatermarkGenerator::on_event) is called for every
/// event, in order; [`on_periodic`](WatermarkGenerator::on_periodic) every `pipeline.auto-watermark-interval`, or after every event with
/// [`WatermarkStrategy::per_event`](crate::WatermarkStrategy::per_event).
///
/// ```
/// use hurtig_connect::{WatermarkGenerator, WatermarkOutput};
/// use hurtig_types::{Timestamp, Watermark};
///
/// /// Advances when an event says that an hour is complete.
/// #[derive(Clone)]
/// struct Punctuated;
///
/// struct Event { closes_hour: bool }
///
/// impl WatermarkGenerator<Event> for Punctuated {
///     fn on_event(&mut self, event: &Event, timestamp: Timestamp, output: &mut WatermarkOutput) {
///         if event.closes_hour {
///             output.emit(Watermark::new(timestamp));
///         }
///     }
///     fn on_periodic(&mut self, _: &mut WatermarkOutput) {}
/// }
/// ```
pub trait WatermarkGenerator<T>: Send {
    /// Sees an event. What it emits here follows the event directly.
    fn on_event(&mut self, event: &T, timestamp: Timestamp, output: &mut WatermarkOutput);

    /// Time to emit.
    fn on_periodic(&mut self, output: &mut WatermarkOutput);

    /// Looks at events that have just been read, once, before any of them is handed on. Where events are batches themselves, it may cut
    /// them into more.
    fn prepare(&mut self, _: &mut Records<T>) {}

    /// Sees many events, and returns how many: it stops behind the first for which it emits.
    fn on_batch(
        &mut self,
        events: &[T],
        times: &[Timestamp],
        output: &mut WatermarkOutput,
    ) -> usize {
        for (index, event) in events.iter().enumerate() {
            let time = times.get(index).copied().unwrap_or(Timestamp::NONE);
            self.on_event(event, time, output);
            if output.emitted.is_some() {
                return index + 1;
            }
        }
        events.len()
    }
}

/// Where a generator puts its watermark.
#[derive(Clone, Copy, Debug, Default)]
pub struct WatermarkOutput {
    emitted: Option<Watermark>,
}

impl WatermarkOutput {
    /// Emits a watermark. One that is not above the last is ignored.
    pub fn emit(&mut self, watermark: Watermark) {
        self.emitted = self.emitted.max(Some(watermark));
    }

    /// Takes what was emitted.
    pub fn take(&mut self) -> Option<Watermark> {
        self.emitted.take()
    }
}

/// Event time never goes back within a split: the watermark follows the highest timestamp.
#[derive(Clone, Copy, Debug, Default)]
pub struct Monotonous(BoundedOutOfOrderness);

/// Events come at most so much late: the watermark is the highest timestamp, less the bound, less 1 ms.
///
/// ```
/// use std::time::Duration;
/// use hurtig_connect::{BoundedOutOfOrderness, WatermarkGenerator, WatermarkOutput};
/// use hurtig_types::{Timestamp, Watermark};
///
/// let mut generator = BoundedOutOfOrderness::new(Duration::from_millis(10));
/// let mut output = WatermarkOutput::default();
/// for millis in [100, 95] {
///     generator.on_event(&(), Timestamp::from_millis(millis), &mut output);
/// }
/// WatermarkGenerator::<()>::on_periodic(&mut generator, &mut output);
/// assert_eq!(output.take(), Some(Watermark::new(Timestamp::from_millis(89))));
/// ```
#[derive(Clone, Copy, Debug)]
pub struct BoundedOutOfOrderness {
    bound_ms: i64,
    highest: Timestamp,
}

impl Default for BoundedOutOfOrderness {
    fn default() -> Self {
        Self::new(Duration::ZERO)
    }
}

impl BoundedOutOfOrderness {
    /// Events come at most `bound` late.
    pub fn new(bound: Duration) -> Self {
        let bound_ms = i64::try_from(bound.as_millis()).unwrap_or(i64::MAX - 1);
        Self {
            bound_ms,
            highest: Timestamp::MIN,
        }
    }
}

impl<T> WatermarkGenerator<T> for BoundedOutOfOrderness {
    fn on_event(&mut self, _: &T, timestamp: Timestamp, _: &mut WatermarkOutput) {
        self.highest = self.highest.max(timestamp);
    }

    fn on_periodic(&mut self, output: &mut WatermarkOutput) {
        if self.highest > Timestamp::MIN {
            let complete = self
                .highest
                .saturating_add_millis(-self.bound_ms)
                .saturating_add_millis(-1);
            output.emit(Watermark::new(complete));
        }
    }

    fn on_batch(&mut self, events: &[T], times: &[Timestamp], _: &mut WatermarkOutput) -> usize {
        self.highest = times
            .iter()
            .fold(self.highest, |highest, &time| highest.max(time));
        events.len()
    }
}

impl<T> WatermarkGenerator<T> for Monotonous {
    fn on_event(&mut self, event: &T, timestamp: Timestamp, output: &mut WatermarkOutput) {
        self.0.on_event(event, timestamp, output);
    }

    fn on_periodic(&mut self, output: &mut WatermarkOutput) {
        WatermarkGenerator::<T>::on_periodic(&mut self.0, output);
    }

    fn on_batch(
        &mut self,
        events: &[T],
        times: &[Timestamp],
        output: &mut WatermarkOutput,
    ) -> usize {
        self.0.on_batch(events, times, output)
    }
}

/// Never emits: for jobs without event time.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoWatermarks;

impl<T> WatermarkGenerator<T> for NoWatermarks {
    fn on_event(&mut self, _: &T, _: Timestamp, _: &mut WatermarkOutput) {}

    fn on_periodic(&mut self, _: &mut WatermarkOutput) {}

    fn on_batch(&mut self, events: &[T], _: &[Timestamp], _: &mut WatermarkOutput) -> usize {
        events.len()
    }
}
