//! Projection and filter.

use hurtig_runtime::{Output, Progress, StreamOperator};
use hurtig_types::{ErasedBatch, Result, Timestamp};

use crate::RowBatch;

/// What a calc makes of a batch: fewer rows, other columns, kinds and order as they were.
///
/// The law: it has no state, and what it makes of a row depends on the row alone.
pub trait RowFunction: Send {
    /// The rows that are left, in the output's columns; `now` is the time at which they are worked on.
    ///
    /// # Errors
    /// When an expression fails at a row.
    fn evaluate(&mut self, batch: RowBatch, now: Timestamp) -> Result<RowBatch>;
}

/// Evaluates expressions over each batch.
pub struct Calc(Box<dyn RowFunction>);

impl Calc {
    /// An operator that does what `function` does.
    pub fn new(function: Box<dyn RowFunction>) -> Self {
        Self(function)
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
        let now = output.now();
        *output.batch()? = self.0.evaluate(rows, now)?;
        Ok(Progress::Done)
    }

    fn makes_at_most_one(&self) -> bool {
        true
    }
}
