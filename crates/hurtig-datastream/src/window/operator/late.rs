//! Records that come after their windows have gone.

use hurtig_metrics::{Counter, names};
use hurtig_runtime::{OperatorContext, OutputTag, SideOutputs};
use hurtig_types::{Data, Error, Result, Timestamp};

/// Sends late records to a side output, or counts and drops them.
pub(in crate::window) struct LateRecords<T> {
    side_output: Option<OutputTag<T>>,
    dropped: Counter,
    /// Not yet in the counter, which is told once a batch.
    uncounted: u64,
}

impl<T: Data> LateRecords<T> {
    pub(in crate::window) fn new(
        side_output: Option<OutputTag<T>>,
        context: &OperatorContext,
    ) -> Self {
        let dropped = context.metrics.counter(names::NUM_LATE_RECORDS_DROPPED);
        Self {
            side_output,
            dropped,
            uncounted: 0,
        }
    }

    pub(in crate::window) fn take(
        &mut self,
        value: T,
        timestamp: Timestamp,
        sides: &mut SideOutputs<'_>,
    ) -> Result<()> {
        match &self.side_output {
            Some(tag) => sides.push(tag, value, timestamp),
            None => {
                self.uncounted += 1;
                Ok(())
            }
        }
    }

    /// Tells the counter what was dropped.
    pub(in crate::window) fn count(&mut self) {
        if self.uncounted > 0 {
            self.dropped.inc(std::mem::take(&mut self.uncounted));
        }
    }
}

/// Why a record can't be put into a window.
#[cold]
pub(in crate::window) fn no_timestamp() -> Error {
    Error::invalid_job(
        "a record without timestamp came to an event-time window: give the stream event time with \
         `assign_timestamps_and_watermarks(..)` at the source, or use processing-time windows",
    )
}
