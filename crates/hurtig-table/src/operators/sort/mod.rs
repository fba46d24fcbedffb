//! ORDER BY time, ORDER BY … LIMIT, LIMIT, and ORDER BY of all there is.
//!
//! All of them see every row of their input: it comes [by a key of no columns](crate::RowStream::key_by), or they have one subtask.

mod full;
mod limit;
mod one_key;
mod run;
mod spec;
mod temporal;

pub use spec::{LimitSpec, SortLimitSpec, SortSpec, TemporalSortSpec};

use hurtig_runtime::{OperatorContext, StreamOperator};
use hurtig_types::Result;

use crate::operators::rank::{RankEnd, RankInput, TopNSpec, top_n};

/// Rows in the order of their event time.
///
/// # Errors
/// When there is no such column, its type has no order, or it cannot lie in state.
pub fn temporal_sort(
    spec: TemporalSortSpec,
    context: &OperatorContext,
) -> Result<Box<dyn StreamOperator>> {
    Ok(Box::new(temporal::TemporalSort::new(spec, context)?))
}

/// The first rows in some order, as the table stands.
///
/// # Errors
/// As [`temporal_sort`].
pub fn sort_limit(
    spec: SortLimitSpec,
    context: &OperatorContext,
) -> Result<Box<dyn StreamOperator>> {
    let top_n_spec = TopNSpec {
        partition: Vec::new(),
        order: spec.order,
        start: spec.offset.saturating_add(1),
        end: RankEnd::Constant(spec.offset.saturating_add(spec.limit)),
        output_rank: None,
        input: spec.input,
        generate_update_before: spec.generate_update_before,
        per_record: spec.per_record,
        ttl: None,
        schema: spec.schema,
    };
    top_n(top_n_spec, context)
}

/// The first rows that arrive.
///
/// # Errors
/// As [`temporal_sort`].
pub fn limit(spec: LimitSpec, context: &OperatorContext) -> Result<Box<dyn StreamOperator>> {
    if spec.append_only {
        return Ok(Box::new(limit::Limit::new(&spec, context)));
    }
    let by_arrival = SortLimitSpec {
        order: Vec::new(),
        offset: spec.offset,
        limit: spec.limit,
        input: RankInput::Retract,
        generate_update_before: true,
        per_record: false,
        schema: spec.schema,
    };
    sort_limit(by_arrival, context)
}

/// All rows in order, at the end of the input.
///
/// # Errors
/// As [`temporal_sort`].
pub fn sort(spec: SortSpec, context: &OperatorContext) -> Result<Box<dyn StreamOperator>> {
    Ok(Box::new(full::Sort::new(spec, context)?))
}
