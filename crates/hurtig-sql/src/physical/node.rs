//! The nodes of a streaming plan.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use arrow_array::RecordBatch;
use arrow_schema::{Field, Schema, SchemaRef};
use datafusion_common::DFSchemaRef;
use datafusion_expr::Expr;
use hurtig_table::connector::ChangelogMode;
use hurtig_table::operators::aggregate::AggregateCall;
use hurtig_table::operators::join::{JoinKind, JoinTime, UniqueKey};
use hurtig_table::operators::over::{OverFrame, OverTime};
use hurtig_table::operators::rank::{Keep, SortColumn, TimeOrder};
use hurtig_table::operators::window::{WindowSpec, WindowTime, Windowing};

use super::lookup_hint::LookupHint;
use crate::planner::scan::CatalogSource;

/// An operator of a plan, with what is known of its output.
#[derive(Clone)]
pub(crate) struct Node {
    /// What it does.
    pub(crate) op: Op,
    /// Where its rows come from.
    pub(crate) inputs: Vec<Arc<Node>>,
    /// Its columns.
    pub(crate) schema: SchemaRef,
    /// The changes that it can make, `-U` among them if anybody wants it.
    pub(crate) mode: ChangelogMode,
    /// Columns whose values tell its rows apart at any time.
    pub(crate) keys: Vec<BTreeSet<usize>>,
    /// The columns of the window that its rows belong to.
    pub(crate) window: Option<WindowColumns>,
    /// Whether it ends by itself.
    pub(crate) is_bounded: bool,
}

/// Where the window of a row stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct WindowColumns {
    pub(crate) start: usize,
    pub(crate) end: usize,
    /// The time attribute of the window, if it is still there.
    pub(crate) time: Option<usize>,
    /// Whether windows end by the clock.
    pub(crate) proctime: bool,
}

/// What an operator does.
#[derive(Clone)]
pub(crate) enum Op {
    /// Reads a table.
    Scan {
        source: Arc<CatalogSource>,
        /// The scan's columns, as the connector numbers them.
        projection: Vec<usize>,
        limit: Option<u64>,
        watermark: Option<Watermark>,
    },
    /// Rows that the query says itself.
    Values(RecordBatch),
    /// Filters and computes.
    Calc(Calc),
    /// Makes watermarks.
    Watermark(Watermark),
    /// Gives each row its windows.
    Window {
        window: WindowSpec,
        time: WindowTime,
        /// Sessions are of each of these columns for itself; none if it is no columns that were said.
        partition: Option<Vec<usize>>,
    },
    /// Groups.
    GroupAggregate {
        key: Vec<usize>,
        calls: Vec<AggregateCall>,
    },
    /// What a batch does to groups, where it is.
    LocalAggregate {
        key: Vec<usize>,
        calls: Vec<AggregateCall>,
    },
    /// Groups, of what `LocalAggregate` made of these rows.
    GlobalAggregate {
        calls: Vec<AggregateCall>,
        rows: Arc<Node>,
    },
    /// Groups by window.
    WindowAggregate {
        key: Vec<usize>,
        calls: Vec<AggregateCall>,
        windowing: Windowing,
    },
    /// Joins all that has come.
    Join(Join),
    /// Joins rows whose times are near each other.
    IntervalJoin {
        join: Join,
        time: (usize, usize),
        lower_ms: i64,
        upper_ms: i64,
    },
    /// Joins rows of the same window.
    WindowJoin {
        join: Join,
        left_window: (usize, usize),
        right_window: (usize, usize),
    },
    /// Ranks rows: only part of a plan until the filter of the rank is found.
    Rank {
        partition: Vec<usize>,
        order: Vec<SortColumn>,
        function: String,
    },
    /// The first rows of each partition.
    TopN {
        partition: Vec<usize>,
        order: Vec<SortColumn>,
        start: u64,
        end: u64,
        rank: Option<String>,
    },
    /// The first rows of each window and partition.
    WindowTopN {
        partition: Vec<usize>,
        window_end: usize,
        order: Vec<SortColumn>,
        start: u64,
        end: u64,
        rank: Option<String>,
    },
    /// The first or last row of each key.
    Deduplicate {
        key: Vec<usize>,
        keep: Keep,
        order: TimeOrder,
    },
    /// Sorts all, at the end of the input, or by time as it goes.
    Sort { order: Vec<SortColumn> },
    /// The first rows, in an order or as they come.
    Limit {
        order: Vec<SortColumn>,
        offset: u64,
        limit: u64,
    },
    /// Upserts by key become whole changes.
    ChangelogNormalize { key: Vec<usize> },
    /// Several streams as one.
    Union,
    /// Aggregates over the rows before each row.
    Over {
        key: Vec<usize>,
        calls: Vec<AggregateCall>,
        frame: OverFrame,
        order: OverOrder,
    },
    /// Rows with the items of a collection.
    Unnest {
        column: usize,
        multiset: bool,
        with_ordinality: bool,
        left: bool,
    },
    /// A table at a time that the join above says: only part of a plan until that is found.
    SystemTime {
        /// What a hint says of how it is asked.
        lookup: Vec<(String, String)>,
    },
    /// The same rows: the join or aggregation above keeps what it keeps of them for so long.
    StateTtl(Duration),
    /// Joins with the versions of a table.
    TemporalJoin { join: Join, time: JoinTime },
    /// Joins with a table outside.
    LookupJoin(Lookup),
}

/// A join with a table outside, which is asked by key.
#[derive(Clone)]
pub(crate) struct Lookup {
    pub(crate) kind: JoinKind,
    /// The columns of the left side that are asked for.
    pub(crate) key: Vec<usize>,
    pub(crate) source: Arc<CatalogSource>,
    /// The columns of the table that they equal, and those that are read.
    pub(crate) table_key: Vec<usize>,
    pub(crate) projection: Vec<usize>,
    /// The columns that are read.
    pub(crate) right: SchemaRef,
    /// What else must hold, over the columns of both sides.
    pub(crate) condition: Option<Expr>,
    pub(crate) pairs: DFSchemaRef,
    /// What a hint says of how it is asked.
    pub(crate) hint: LookupHint,
}

/// What the rows of an OVER window are ordered by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum OverOrder {
    /// Time, in which they come.
    Time(OverTime),
    /// Columns: rows come and go anywhere.
    Columns(Vec<SortColumn>),
}

/// Filters and computes columns.
#[derive(Clone)]
pub(crate) struct Calc {
    /// What must hold of a row.
    pub(crate) filter: Option<Expr>,
    /// What becomes of it.
    pub(crate) projection: Vec<Expr>,
    /// The columns that both are over.
    pub(crate) input: DFSchemaRef,
}

/// The event time of rows.
#[derive(Clone)]
pub(crate) struct Watermark {
    /// The column.
    pub(crate) column: usize,
    /// The watermark of a row.
    pub(crate) expression: Expr,
    /// The columns that it is over.
    pub(crate) input: DFSchemaRef,
}

/// A join.
#[derive(Clone)]
pub(crate) struct Join {
    pub(crate) kind: JoinKind,
    pub(crate) left_key: Vec<usize>,
    pub(crate) right_key: Vec<usize>,
    /// What else must hold, over the columns of both sides.
    pub(crate) condition: Option<Expr>,
    pub(crate) pairs: DFSchemaRef,
    pub(crate) null_equals_null: bool,
    /// How the rows of each side are told apart in state.
    pub(crate) unique: (UniqueKey, UniqueKey),
}

impl Node {
    /// A node whose rows are told apart by nothing, and only inserted.
    pub(crate) fn new(op: Op, inputs: Vec<Arc<Self>>, schema: SchemaRef) -> Self {
        Self {
            is_bounded: inputs.iter().all(|input| input.is_bounded),
            op,
            inputs,
            schema,
            mode: ChangelogMode::INSERT_ONLY,
            keys: Vec::new(),
            window: None,
        }
    }

    /// How long the reader of these rows keeps what it keeps of them, if a hint says so; none: for ever.
    pub(crate) fn state_ttl(&self) -> Option<Option<Duration>> {
        match &self.op {
            Op::StateTtl(ttl) => Some((!ttl.is_zero()).then_some(*ttl)),
            Op::Calc(_) | Op::Watermark(_) | Op::Window { .. } => self.input()?.state_ttl(),
            _ => None,
        }
    }

    /// The only input, or the first.
    pub(crate) fn input(&self) -> Option<&Arc<Self>> {
        self.inputs.first()
    }

    /// The column of this index.
    pub(crate) fn field(&self, index: usize) -> Option<&Field> {
        self.schema.fields().get(index).map(AsRef::as_ref)
    }

    /// The names of these columns, as plans show them.
    pub(crate) fn names(&self, columns: &[usize]) -> String {
        let names = columns.iter().filter_map(|index| self.field(*index));
        let names: Vec<_> = names.map(|field| field.name().as_str()).collect();
        names.join(", ")
    }
}

/// The columns of a DataFusion schema.
pub(crate) fn columns_of(schema: &DFSchemaRef) -> SchemaRef {
    Arc::new(Schema::new(schema.fields().clone()))
}
