//! What the planner says of ranks.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use arrow_schema::{DataType, Field, Schema, SchemaRef};

/// Which row of several with one key stays.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Keep {
    /// The first: `ORDER BY time ASC`.
    First,
    /// The last: `ORDER BY time DESC`.
    Last,
}

/// By which time rows are first or last.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TimeOrder {
    /// By the event time in this column. Of two rows of one time the first is the one that arrived first, the last the one that
    /// arrived last.
    RowTime {
        /// The column.
        column: usize,
    },
    /// By processing time, which is the order of arrival.
    ProcTime,
}

/// Deduplication: `ROW_NUMBER() OVER (PARTITION BY key ORDER BY time) = 1`. The input has inserts only.
///
/// | keep | order | out |
/// |---|---|---|
/// | first | proctime | inserts: what came first stays |
/// | first | rowtime, at the watermark | inserts: a row comes out once no earlier one can come |
/// | first | rowtime | updates: an earlier row takes the place of a later one |
/// | last | any | updates |
#[derive(Clone, Debug)]
pub struct DeduplicateSpec {
    /// The columns of the key.
    pub key: Vec<usize>,
    /// Which row stays.
    pub keep: Keep,
    /// First and last by what.
    pub order: TimeOrder,
    /// For the first row by event time: put it out once the watermark has come to its time, and never change it (as Flink does since
    /// 2.1), not at once with updates.
    pub at_watermark: bool,
    /// Whether what an update takes away is put out as `-U`.
    pub generate_update_before: bool,
    /// Whether the first row of a key is `+I`; if nobody minds, it is `+U` as all others, which may save the state.
    pub generate_insert: bool,
    /// Whether each record puts out its own change, as Flink does without mini-batch; if not, each batch the change that is left.
    pub per_record: bool,
    /// How long after its state was last written (in processing time) a key is forgotten.
    pub ttl: Option<Duration>,
    /// The columns of the input, and of the output.
    pub schema: SchemaRef,
}

/// A column of an order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SortColumn {
    /// The column.
    pub column: usize,
    /// Whether the greatest comes first.
    pub descending: bool,
    /// Whether nulls come before all values. (Flink's default: nulls are the smallest, so first if ascending.)
    pub nulls_first: bool,
}

impl SortColumn {
    /// From the smallest on, nulls first.
    pub const fn ascending(column: usize) -> Self {
        Self {
            column,
            descending: false,
            nulls_first: true,
        }
    }

    /// From the greatest on, nulls last.
    pub const fn descending(column: usize) -> Self {
        Self {
            column,
            descending: true,
            nulls_first: false,
        }
    }
}

/// Up to which rank rows are wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RankEnd {
    /// Up to this one, it included.
    Constant(u64),
    /// Up to what this column of whole numbers says, which is the same for all rows of a partition: the first row's counts.
    Column(usize),
}

/// What the changes of the input are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RankInput {
    /// Inserts: only the rows that are wanted lie in state.
    Append,
    /// Any changes, updates with their `-U`: all rows lie in state.
    Retract,
    /// Inserts and updates by a unique key, whose rows only ever move towards the front; no row is deleted, and `-U` is of no interest.
    /// Only the rows that are wanted lie in state.
    Update {
        /// The columns of the key, those of the partition included.
        unique_key: Vec<usize>,
    },
}

/// Top-N: `ROW_NUMBER() OVER (PARTITION BY partition ORDER BY order) BETWEEN start AND end`. Rows that compare as equal rank in the
/// order of their arrival.
#[derive(Clone, Debug)]
pub struct TopNSpec {
    /// The columns of the partition; none: all rows are of one.
    pub partition: Vec<usize>,
    /// The order.
    pub order: Vec<SortColumn>,
    /// The first rank that is wanted, from 1 on.
    pub start: u64,
    /// The last.
    pub end: RankEnd,
    /// What the column of ranks (`BIGINT NOT NULL`, the last) is called; none: ranks are not put out, and rows that only move
    /// make no change.
    pub output_rank: Option<String>,
    /// What comes in.
    pub input: RankInput,
    /// Whether what an update takes away is put out as `-U`.
    pub generate_update_before: bool,
    /// Whether each record puts out its own changes, as Flink does; if not, each batch the changes that are left.
    pub per_record: bool,
    /// How long after its state was last written (in processing time) a partition is forgotten.
    pub ttl: Option<Duration>,
    /// The columns of the input.
    pub schema: SchemaRef,
}

impl TopNSpec {
    /// The columns of the output: those of the input, and the rank if it is wanted.
    pub fn output_schema(&self) -> SchemaRef {
        with_rank(&self.schema, self.output_rank.as_deref())
    }
}

pub(super) fn with_rank(schema: &SchemaRef, rank: Option<&str>) -> SchemaRef {
    let Some(rank) = rank else {
        return Arc::clone(schema);
    };
    let fields = schema.fields().iter().cloned();
    let rank = Arc::new(Field::new(rank, DataType::Int64, false));
    Arc::new(Schema::new(fields.chain([rank]).collect::<Vec<_>>()))
}

/// What a local time (in milliseconds) is as time since the epoch: windows over `TIMESTAMP_LTZ` end at a local time.
pub type ToEpoch = Arc<dyn Fn(i64) -> i64 + Send + Sync>;

/// Where the end of a row's window stands.
#[derive(Clone)]
pub struct WindowEnd {
    /// The column `window_end`, a timestamp.
    pub column: usize,
    /// For windows over `TIMESTAMP_LTZ`, whose ends are local times: what they are since the epoch.
    pub to_epoch: Option<ToEpoch>,
}

impl WindowEnd {
    /// The end stands in this column, and is of the watermark's time.
    pub const fn new(column: usize) -> Self {
        Self {
            column,
            to_epoch: None,
        }
    }
}

impl fmt::Debug for WindowEnd {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "window end in column {}", self.column)
    }
}

/// Window Top-N: the rows of ranks `start` to `end` of each window, put out as inserts once the watermark has come to the window's end.
/// The input has inserts only; those of windows that have ended are counted and dropped.
#[derive(Clone, Debug)]
pub struct WindowTopNSpec {
    /// The columns of the partition, those of the window included.
    pub partition: Vec<usize>,
    /// When the window ends.
    pub window_end: WindowEnd,
    /// The order.
    pub order: Vec<SortColumn>,
    /// The first rank that is wanted, from 1 on.
    pub start: u64,
    /// The last.
    pub end: u64,
    /// What the column of ranks (`BIGINT NOT NULL`, the last) is called, if ranks are put out.
    pub output_rank: Option<String>,
    /// The columns of the input.
    pub schema: SchemaRef,
}

impl WindowTopNSpec {
    /// The columns of the output: those of the input, and the rank if it is wanted.
    pub fn output_schema(&self) -> SchemaRef {
        with_rank(&self.schema, self.output_rank.as_deref())
    }
}

/// Window deduplication: the first or last row by event time of each window.
#[derive(Clone, Debug)]
pub struct WindowDeduplicateSpec {
    /// The columns of the partition, those of the window included.
    pub partition: Vec<usize>,
    /// When the window ends.
    pub window_end: WindowEnd,
    /// Which row stays. Of rows of one time the first is the one that arrived first, the last the one that arrived last.
    pub keep: Keep,
    /// The column of the event time.
    pub rowtime: usize,
    /// What the column of ranks, which are all 1, is called, if it is wanted.
    pub output_rank: Option<String>,
    /// The columns of the input.
    pub schema: SchemaRef,
}
