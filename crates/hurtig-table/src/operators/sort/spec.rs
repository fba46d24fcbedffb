//! What the planner says of orders.

use arrow_schema::SchemaRef;

use crate::operators::rank::{RankInput, SortColumn};

/// ORDER BY event time, ascending, and then by other columns: rows wait until the watermark has come to their time. The input has
/// inserts only. A row that comes when rows of a later time are out already is counted and dropped, as in Flink.
#[derive(Clone, Debug)]
pub struct TemporalSortSpec {
    /// The column of the event time.
    pub rowtime: usize,
    /// The order of rows of one time; those that compare as equal keep the order of their arrival.
    pub then: Vec<SortColumn>,
    /// The columns of the input, and of the output.
    pub schema: SchemaRef,
}

/// ORDER BY … LIMIT … OFFSET …: a Top-N over all rows, without ranks.
#[derive(Clone, Debug)]
pub struct SortLimitSpec {
    /// The order.
    pub order: Vec<SortColumn>,
    /// How many rows are left out.
    pub offset: u64,
    /// How many rows there are behind these.
    pub limit: u64,
    /// What comes in.
    pub input: RankInput,
    /// Whether what an update takes away is put out as `-U`.
    pub generate_update_before: bool,
    /// Whether each record puts out its own changes, as Flink does; if not, each batch the changes that are left.
    pub per_record: bool,
    /// The columns of the input, and of the output.
    pub schema: SchemaRef,
}

/// LIMIT … OFFSET … without an order: the first rows that arrive. Of an input that takes rows away, all rows lie in state, and the
/// next takes the place of one that goes.
#[derive(Clone, Debug)]
pub struct LimitSpec {
    /// How many rows are left out.
    pub offset: u64,
    /// How many rows there are behind these.
    pub limit: u64,
    /// Whether the input has inserts only.
    pub append_only: bool,
    /// The columns of the input, and of the output.
    pub schema: SchemaRef,
}

/// ORDER BY over a bounded input: all rows are held, and put out in order at the end. Changes are applied before that.
#[derive(Clone, Debug)]
pub struct SortSpec {
    /// The order; rows that compare as equal keep the order of their arrival.
    pub order: Vec<SortColumn>,
    /// How many rows are left out.
    pub offset: u64,
    /// How many rows there are behind these; none: all.
    pub limit: Option<u64>,
    /// The columns of the input, and of the output.
    pub schema: SchemaRef,
}
