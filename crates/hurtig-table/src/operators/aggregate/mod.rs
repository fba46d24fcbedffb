//! Aggregates: accumulators that can retract, and the group aggregate.

mod call;

pub use call::{AggregateCall, AggregateFunction, GroupAggregateSpec};

use hurtig_runtime::{OperatorContext, StreamOperator};
use hurtig_types::{Error, Result};

/// The operator of a `GROUP BY`: behind an exchange by its key.
///
/// # Errors
/// When a function does not take its argument.
pub fn group_aggregate(
    spec: &GroupAggregateSpec,
    context: &OperatorContext,
) -> Result<Box<dyn StreamOperator>> {
    let _ = (spec, context);
    Err(Error::unsupported("a group aggregate"))
}
