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
        self.tracker.strategy().assign_timestamps(batch);
        std::mem::swap(&mut self.rest, batch);
        self.resume(output)
    }

    fn resume(&mut self, output: &mut Output) -> Result<Progress> {
        let rest = &mut self.rest;
        let now = output.monotonic();
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
}
