//! Projection and filter.

use hurtig_runtime::{Output, Progress, StreamOperator};
use hurtig_types::{ErasedBatch, Result, Timestamp, Watermark};

use crate::RowBatch;

/// What a calc makes of a batch: fewer rows, other columns, kinds and order as they were.
///
/// The law: it has no state, and what it makes of a row depends on the row alone, and on the moment if it asks for it.
pub trait RowFunction: Send {
    /// The rows that are left, in the output's columns.
    ///
    /// # Errors
    /// When an expression fails at a row.
    fn evaluate(&mut self, batch: RowBatch, moment: Moment) -> Result<RowBatch>;
}

/// When rows are worked on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Moment {
    /// By the clock.
    pub now: Timestamp,
    /// In event time: the last watermark, in milliseconds; none before the first.
    pub watermark: Option<i64>,
}

/// Evaluates expressions over each batch.
pub struct Calc {
    function: Box<dyn RowFunction>,
    watermark: Option<i64>,
}

impl Calc {
    /// An operator that does what `function` does.
    pub fn new(function: Box<dyn RowFunction>) -> Self {
        Self {
            function,
            watermark: None,
        }
    }
}

impl StreamOperator for Calc {
    fn process_batch(
        &mut self,
        _: usize,
        batch: &mut ErasedBatch,
        output: &mut Output,
    ) -> Result<Progress> {
        let rows = batch.get_mut::<RowBatch>()?.take();
        let moment = Moment {
            now: output.now(),
            watermark: self.watermark,
        };
        *output.batch()? = self.function.evaluate(rows, moment)?;
        Ok(Progress::Done)
    }

    fn process_watermark(&mut self, watermark: Watermark, _: &mut Output) -> Result<Progress> {
        self.watermark = Some(watermark.timestamp().as_millis());
        Ok(Progress::Done)
    }

    fn makes_at_most_one(&self) -> bool {
        true
    }
}
