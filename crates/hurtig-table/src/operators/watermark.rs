//! Event time of rows that don't come straight from a source.

use std::collections::VecDeque;
use std::time::Duration;

use hurtig_runtime::{Output, Progress, StreamOperator};
use hurtig_types::{ErasedBatch, Result, Signal, Timestamp, Watermark};

use crate::RowBatch;
use crate::event_time::{Cut, EventClock, TimesOfBatch, pieces};

/// Makes watermarks of the rows that pass, behind each batch that moves event time on. Those from upstream end here, but for the last.
///
/// It has no state: after a restart event time moves on with the first batch.
pub struct WatermarkAssigner {
    of_batch: TimesOfBatch,
    clock: EventClock,
    cuts: Vec<Cut>,
    rest: VecDeque<(RowBatch, Option<Timestamp>)>,
    current: Timestamp,
}

impl WatermarkAssigner {
    /// Watermarks by the times of rows; `interval` is `pipeline.auto-watermark-interval`.
    pub fn new(of_batch: TimesOfBatch, interval: Duration) -> Self {
        let interval = i64::try_from(interval.as_millis()).unwrap_or(i64::MAX);
        Self {
            of_batch,
            clock: EventClock::new(interval),
            cuts: Vec::new(),
            rest: VecDeque::new(),
            current: Timestamp::NONE,
        }
    }
}

impl StreamOperator for WatermarkAssigner {
    fn process_batch(
        &mut self,
        _: usize,
        batch: &mut ErasedBatch,
        output: &mut Output,
    ) -> Result<Progress> {
        let rows = batch.get_mut::<RowBatch>()?.take();
        self.clock.pass(&(self.of_batch)(&rows)?, &mut self.cuts);
        self.rest.extend(pieces(rows, &self.cuts));
        if let Some((_, watermark)) = self.rest.back_mut() {
            *watermark = self.clock.send();
        }
        self.resume(output)
    }

    fn resume(&mut self, output: &mut Output) -> Result<Progress> {
        let Some((rows, watermark)) = self.rest.pop_front() else {
            return Ok(Progress::Done);
        };
        *output.batch()? = rows;
        if let Some(watermark) = watermark.filter(|watermark| *watermark > self.current) {
            self.current = watermark;
            output.emit(Signal::Watermark(Watermark::new(watermark)));
        }
        Ok(if self.rest.is_empty() {
            Progress::Done
        } else {
            Progress::More
        })
    }

    fn generates_watermarks(&self) -> bool {
        true
    }

    fn makes_at_most_one(&self) -> bool {
        true
    }
}
