//! Timestamps and watermarks in the middle of a stream.

use std::sync::Arc;
use std::time::Duration;

use hurtig_connect::{TrackerOutput, WatermarkStrategy, WatermarkTracker};
use hurtig_runtime::{OperatorContext, Output, Progress, StreamOperator};
use hurtig_types::{Data, ErasedBatch, Records, Result, Signal, Timestamp, Watermark};

/// Gives records new timestamps and makes new watermarks; those from upstream end here, but for the last.
pub(crate) struct WatermarkOperator<T> {
    tracker: WatermarkTracker<T>,
    /// The one split that an operator has.
    split: Arc<str>,
    interval: Duration,
    next_time: Option<Timestamp>,
    /// Records that wait behind a watermark.
    rest: Records<T>,
}

impl<T: Data> WatermarkOperator<T> {
    pub(crate) fn new(strategy: WatermarkStrategy<T>, context: &OperatorContext) -> Self {
        Self {
            tracker: WatermarkTracker::new(strategy),
            split: Arc::from("stream"),
            interval: context.watermark_interval,
            next_time: None,
            rest: Records::new(),
        }
    }

    fn emit(tracked: TrackerOutput, output: &mut Output) {
        if let Some(status) = tracked.status {
            output.emit(Signal::Status(status));
        }
        if let Some(watermark) = tracked.watermark {
            output.emit(Signal::Watermark(watermark));
        }
    }
}

impl<T: Data> StreamOperator for WatermarkOperator<T> {
    fn open(&mut self, context: &OperatorContext, _: &mut Output) -> Result<()> {
        let clock = context.world.clock();
        self.tracker.add_split(&self.split, clock.now());
        if self.tracker.strategy().generates() && !self.interval.is_zero() {
            self.next_time = Some(Timestamp::from_millis(clock.wall_clock_ms()) + self.interval);
        }
        Ok(())
    }

    fn process_batch(
        &mut self,
        _: usize,
        batch: &mut ErasedBatch,
        output: &mut Output,
    ) -> Result<Progress> {
        let batch = batch.get_mut::<Records<T>>()?;
        batch.hashes.clear();
        let now = output.monotonic();
        self.tracker.prepare(&self.split, batch, now);
        std::mem::swap(&mut self.rest, batch);
        self.resume(output)
    }

    fn resume(&mut self, output: &mut Output) -> Result<Progress> {
        let rest = &mut self.rest;
        let now = output.monotonic();
        if !rest.is_empty()
            && let Some(status) = self.tracker.wake(&self.split, now)
        {
            // To go before the records, it must go alone.
            output.emit(Signal::Status(status));
            return Ok(Progress::More);
        }
        let (seen, tracked) =
            self.tracker
                .on_batch(&self.split, &rest.values, &rest.timestamps, now);
        let behind = rest.split_off(seen);
        std::mem::swap(output.main::<T>()?, rest);
        *rest = behind;
        Self::emit(tracked, output);
        Ok(if self.rest.is_empty() {
            Progress::Done
        } else {
            Progress::More
        })
    }

    fn process_time(&mut self, now: Timestamp, output: &mut Output) -> Result<Progress> {
        self.next_time = Some(now + self.interval);
        let tracked = self.tracker.on_periodic(output.monotonic());
        Self::emit(tracked, output);
        Ok(Progress::Done)
    }

    fn process_watermark(&mut self, _: Watermark, _: &mut Output) -> Result<Progress> {
        Ok(Progress::Done)
    }

    fn next_time(&self) -> Option<Timestamp> {
        self.next_time
    }

    fn generates_watermarks(&self) -> bool {
        true
    }

    fn makes_at_most_one(&self) -> bool {
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use hurtig_env::MonotonicTime;
    use hurtig_types::StreamStatus;

    #[test]
    fn what_ends_idleness_is_said_before_the_records_that_end_it() {
        let second = Duration::from_secs(1);
        let strategy = WatermarkStrategy::monotonous().with_idleness(second);
        let mut operator = WatermarkOperator::<u64> {
            tracker: WatermarkTracker::new(strategy),
            split: Arc::from("stream"),
            interval: second,
            next_time: None,
            rest: Records::new(),
        };
        operator
            .tracker
            .add_split(&operator.split, MonotonicTime::ZERO);
        let mut output = Output::new(ErasedBatch::new(Records::<u64>::new()), Vec::new());
        let later = MonotonicTime::ZERO + second;
        output.lend(Timestamp::MIN, later, std::task::Waker::noop());
        operator.process_time(Timestamp::MIN, &mut output).unwrap();
        assert_eq!(output.take_signals(), [Signal::Status(StreamStatus::Idle)]);
        let mut batch = ErasedBatch::new(Records::from_values(vec![7u64]));
        let progress = operator.process_batch(0, &mut batch, &mut output).unwrap();
        assert_eq!(progress, Progress::More);
        assert!(output.main::<u64>().unwrap().is_empty());
        assert_eq!(
            output.take_signals(),
            [Signal::Status(StreamStatus::Active)]
        );
        assert_eq!(operator.resume(&mut output).unwrap(), Progress::Done);
        assert_eq!(output.main::<u64>().unwrap().values, [7]);
    }
}
