//! Sources that make rows of numbers: generators.
//!
//! ```text
//!  numbers 0 … count−1, in blocks ─► strides: the k-th subtask has every n-th block from the k-th on
//!  a run of a stride ─► NumberedRows::rows ─► one batch
//! ```
//!
//! A checkpoint holds of a stride how many of its numbers were made. A row depends on its number alone, so whoever goes on, and in how
//! many subtasks, makes the rows that are missing and no others.

mod reader;
mod split;

use std::ops::Range;
use std::sync::Arc;
use std::time::Duration;

use arrow_array::RecordBatch;
use hurtig_connect::{Boundedness, ReaderContext, Source, SourceReader, SplitEnumerator};
use hurtig_env::World;
use hurtig_types::Result;

use crate::{BATCH_ROWS, RowBatch};
use reader::NumberedReader;
pub use split::NumberedSplit;
use split::Strides;

/// What numbers make. The law: the rows of a number depend on the number alone, and on options that never change.
pub trait NumberedRows: Send + Sync + 'static {
    /// The rows of all numbers in these ranges, in order. A number may make none.
    ///
    /// # Errors
    /// When a row cannot be made: a sequence that leaves the range of its type.
    fn rows(&self, numbers: &[Range<u64>]) -> Result<RecordBatch>;

    /// How long after number 0 this one is due; `None` where nobody is to wait. Never less for a higher number.
    fn due(&self, number: u64) -> Option<Duration> {
        let _ = number;
        None
    }
}

/// A source of rows that are made of numbers.
///
/// ```
/// use std::ops::Range;
/// use std::sync::Arc;
/// use arrow_array::{ArrayRef, RecordBatch, UInt64Array};
/// use hurtig_connect::WatermarkStrategy;
/// use hurtig_datastream::StreamExecutionEnvironment;
/// use hurtig_table::RowStream;
/// use hurtig_table::connector::{NumberedRows, NumberedSource};
///
/// struct Squares;
/// impl NumberedRows for Squares {
///     fn rows(&self, numbers: &[Range<u64>]) -> hurtig_types::Result<RecordBatch> {
///         let squares = numbers.iter().cloned().flatten().map(|n| n * n);
///         let squares: ArrayRef = Arc::new(UInt64Array::from_iter_values(squares));
///         Ok(RecordBatch::try_from_iter([("square", squares)]).unwrap())
///     }
/// }
///
/// let schema = Squares.rows(&[])?.schema();
/// let env = StreamExecutionEnvironment::new();
/// let source = NumberedSource::new(Squares).count(1000);
/// let rows = RowStream::of_source(&env, source, WatermarkStrategy::none(), schema, "squares");
/// # let _ = rows;
/// # Ok::<(), hurtig_types::Error>(())
/// ```
pub struct NumberedSource {
    rows: Arc<dyn NumberedRows>,
    count: Option<u64>,
    keep_alive: bool,
    block: u64,
    numbers_per_batch: u64,
}

impl NumberedSource {
    /// Rows of all numbers, for ever.
    pub fn new(rows: impl NumberedRows) -> Self {
        Self {
            rows: Arc::new(rows),
            count: None,
            keep_alive: false,
            block: 1,
            numbers_per_batch: BATCH_ROWS as u64,
        }
    }

    /// Ends after so many numbers.
    #[must_use]
    pub const fn count(mut self, numbers: u64) -> Self {
        self.count = Some(numbers);
        self
    }

    /// Does not end when all is made, but waits until the job is stopped.
    #[must_use]
    pub const fn keep_alive(mut self) -> Self {
        self.keep_alive = true;
        self
    }

    /// Gives subtasks blocks of so many numbers in turn: more is faster, and lets them stand further apart.
    #[must_use]
    pub fn block(mut self, numbers: u64) -> Self {
        self.block = numbers.max(1);
        self
    }

    /// How many numbers make a batch: where few of them make a row, more.
    #[must_use]
    pub fn numbers_per_batch(mut self, numbers: u64) -> Self {
        self.numbers_per_batch = numbers.max(1);
        self
    }
}

impl Source for NumberedSource {
    type Item = RowBatch;
    type Split = NumberedSplit;

    fn boundedness(&self) -> Boundedness {
        match self.count {
            Some(_) if !self.keep_alive => Boundedness::Bounded,
            _ => Boundedness::Unbounded,
        }
    }

    fn create_enumerator(&self, _: &World) -> Result<Box<dyn SplitEnumerator<NumberedSplit>>> {
        let count = self.count.unwrap_or(u64::MAX);
        Ok(Box::new(Strides::new(count, self.block)))
    }

    fn create_reader(
        &self,
        context: ReaderContext,
    ) -> Result<Box<dyn SourceReader<RowBatch, NumberedSplit>>> {
        let rows = Arc::clone(&self.rows);
        Ok(Box::new(NumberedReader::new(
            rows,
            self.keep_alive,
            self.numbers_per_batch,
            context.world,
        )))
    }
}
