//! Event time of rows that don't come straight from a source.

use std::sync::Arc;

use hurtig_runtime::{Output, Progress, StreamOperator};
use hurtig_types::{ErasedBatch, Result, Signal, Timestamp, Watermark};

use crate::RowBatch;

/// The highest watermark that a batch allows for, in milliseconds; `None` for one without rows or without a time.
pub type WatermarkOfBatch = Arc<dyn Fn(&RowBatch) -> Result<Option<i64>> + Send + Sync>;

/// Makes watermarks of the rows that pass, behind each batch that moves event time on. Those from upstream end here, but for the last.
///
/// It has no state: after a restart event time moves on with the first batch.
pub struct WatermarkAssigner {
    of_batch: WatermarkOfBatch,
    current: i64,
}

impl WatermarkAssigner {
    /// Watermarks as `of_batch` says.
    pub fn new(of_batch: WatermarkOfBatch) -> Self {
        Self {
            of_batch,
            current: i64::MIN,
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
        let watermark = (self.of_batch)(&rows)?;
        *output.batch()? = rows;
        if let Some(millis) = watermark.filter(|millis| *millis > self.current) {
            self.current = millis;
            let watermark = Watermark::new(Timestamp::from_millis(millis));
            output.emit(Signal::Watermark(watermark));
        }
        Ok(Progress::Done)
    }

    fn generates_watermarks(&self) -> bool {
        true
    }

    fn makes_at_most_one(&self) -> bool {
        true
    }
}
