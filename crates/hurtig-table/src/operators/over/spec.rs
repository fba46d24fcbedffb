//! Which rows before a row are aggregated for it.

use std::time::Duration;

use arrow_schema::{FieldRef, Schema, SchemaRef};

use crate::KeyCodec;
use crate::operators::aggregate::AggregateCall;
use crate::operators::rank::SortColumn;

/// The rows that count for a row: up to itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OverFrame {
    /// `ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW`.
    UnboundedRows,
    /// `RANGE BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW`: rows of one time count for each other.
    UnboundedRange,
    /// `ROWS BETWEEN n PRECEDING AND CURRENT ROW`.
    Rows(u64),
    /// `RANGE BETWEEN INTERVAL … PRECEDING AND CURRENT ROW`, in milliseconds.
    RangeMs(i64),
}

/// What rows are ordered by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OverTime {
    /// The time in this column. Rows wait for the watermark.
    Rowtime(usize),
    /// The order in which they arrive.
    Proctime,
}

/// Aggregates over the rows before each row. The input only inserts.
#[derive(Clone, Debug)]
pub struct OverSpec {
    /// `PARTITION BY`; of no columns: all rows.
    pub key: KeyCodec,
    /// What is computed.
    pub calls: Vec<AggregateCall>,
    /// Which rows count.
    pub frame: OverFrame,
    /// What orders them.
    pub time: OverTime,
    /// The columns of the input.
    pub input: SchemaRef,
}

impl OverSpec {
    /// The columns of the output: those of the input, then the results.
    pub fn output(&self) -> SchemaRef {
        with_results(&self.input, &self.calls)
    }
}

fn with_results(input: &Schema, calls: &[AggregateCall]) -> SchemaRef {
    let results = calls.iter().map(|call| FieldRef::clone(&call.output));
    let input = input.fields().iter().cloned();
    Schema::new(input.chain(results).collect::<Vec<_>>()).into()
}

/// Aggregates over the rows before each row of a table that changes, or in an order that is not that of time.
#[derive(Clone, Debug)]
pub struct ChangingOverSpec {
    /// `PARTITION BY`; of no columns: all rows.
    pub key: KeyCodec,
    /// What is computed.
    pub calls: Vec<AggregateCall>,
    /// Which rows count; all but [`OverFrame::RangeMs`].
    pub frame: OverFrame,
    /// What orders them.
    pub order: Vec<SortColumn>,
    /// How long after it was last changed (in processing time) a partition is forgotten.
    pub ttl: Option<Duration>,
    /// The columns of the input.
    pub input: SchemaRef,
}

impl ChangingOverSpec {
    /// The columns of the output: those of the input, then the results.
    pub fn output(&self) -> SchemaRef {
        with_results(&self.input, &self.calls)
    }
}
