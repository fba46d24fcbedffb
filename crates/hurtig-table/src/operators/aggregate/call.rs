//! What is to be aggregated.

use std::time::Duration;

use arrow_schema::{FieldRef, Schema, SchemaRef};

use super::UserFunction;
use crate::KeyCodec;

/// A function of many rows. NULL arguments are ignored, except where it says otherwise.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AggregateFunction {
    /// How many rows: BIGINT, never null.
    CountStar,
    /// How many rows with an argument: BIGINT, never null.
    Count,
    /// The sum; NULL of none. Whole numbers wrap in the declared type, as Flink's do; a DECIMAL that grows too large is NULL.
    Sum,
    /// The sum; 0 of none.
    Sum0,
    /// The mean; of whole numbers truncated to the declared type.
    Avg,
    /// The least.
    Min,
    /// The greatest.
    Max,
    /// The first that arrived.
    FirstValue,
    /// The last that arrived.
    LastValue,
    /// Texts, one behind the other, in the order of arrival; NULL of none.
    ListAgg {
        /// What stands between two.
        separator: String,
    },
    /// Standard deviation of a whole population.
    StddevPop,
    /// Standard deviation of a sample; NULL of one.
    StddevSamp,
    /// Variance of a whole population.
    VarPop,
    /// Variance of a sample; NULL of one.
    VarSamp,
    /// A multiset: a map of each value to how often it is there.
    Collect,
    /// An array of all values, NULLs too, in the order of arrival; NULL of none.
    ArrayAgg,
    /// The only value there may be, for scalar subqueries; a second one is an error.
    SingleValue,
    /// What a user brought. Its argument is a row of those that it was called with, NULLs too.
    User(UserFunction),
}

/// One aggregate of a query.
#[derive(Clone, Debug, PartialEq)]
pub struct AggregateCall {
    /// What is computed.
    pub function: AggregateFunction,
    /// The column of the input that it is computed of; none for `COUNT(*)`.
    pub argument: Option<usize>,
    /// A boolean column of the input: rows for which it is not true don't count.
    pub filter: Option<usize>,
    /// Whether equal arguments count once.
    pub distinct: bool,
    /// What the result is called, and its type.
    pub output: FieldRef,
}

impl AggregateCall {
    /// A call over all rows.
    pub const fn new(
        function: AggregateFunction,
        argument: Option<usize>,
        output: FieldRef,
    ) -> Self {
        Self {
            function,
            argument,
            filter: None,
            distinct: false,
            output,
        }
    }

    /// The same over different arguments: `COUNT(DISTINCT x)`.
    #[must_use]
    pub fn distinct(self) -> Self {
        Self {
            distinct: true,
            ..self
        }
    }

    /// The same over rows for which this column is true: `FILTER (WHERE …)`.
    #[must_use]
    pub fn filter(self, column: usize) -> Self {
        Self {
            filter: Some(column),
            ..self
        }
    }
}

/// A `GROUP BY`, as an operator.
#[derive(Clone, Debug)]
pub struct GroupAggregateSpec {
    /// What is grouped by; of no columns for an aggregate over all rows.
    pub key: KeyCodec,
    /// What is computed of each group.
    pub calls: Vec<AggregateCall>,
    /// The columns of the input.
    pub input: SchemaRef,
    /// Whether the input only ever inserts: then there are cheaper accumulators, and groups never vanish.
    pub input_insert_only: bool,
    /// Whether what is downstream wants `-U` before a `+U`.
    pub generate_update_before: bool,
    /// How long a group is remembered that gets no rows, in processing time; none: for ever.
    pub ttl: Option<Duration>,
    /// Whether each row of the input has a change of its own, in order, as Flink has it without mini-batch. Else a group changes at most
    /// once per batch.
    pub per_record: bool,
    /// Whether the rows are those of the first phase: keys and accumulators, of rows with the columns of `input`.
    pub partials: bool,
}

impl GroupAggregateSpec {
    /// Groups of an input that only inserts, remembered for ever, one change per group and batch, with `-U`.
    pub const fn new(key: KeyCodec, calls: Vec<AggregateCall>, input: SchemaRef) -> Self {
        Self {
            key,
            calls,
            input,
            input_insert_only: true,
            generate_update_before: true,
            ttl: None,
            per_record: false,
            partials: false,
        }
    }

    /// The columns of the output: those of the key, then the results.
    pub fn output(&self) -> SchemaRef {
        let results = self.calls.iter().map(|call| FieldRef::clone(&call.output));
        let key = self.key.fields().iter().cloned();
        Schema::new(key.chain(results).collect::<Vec<_>>()).into()
    }
}
