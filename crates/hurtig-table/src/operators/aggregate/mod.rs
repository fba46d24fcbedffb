//! Aggregates: accumulators that can retract, and the group aggregate.
//!
//! ```text
//!  RowBatch ─ keys, hashes ─ Grouping: rows by key
//!     │            └─► DistinctViews: which rows bring an argument for the first time, or take it away for the last
//!     └─ Accumulators::bind ─► Bound: typed columns ── accumulate(rows of a key, AccRow) ◄── StateTable, probed once per key
//!                                                        └─► Outlines before and after ─► columns of −U, +U
//! ```

mod accumulator;
mod bind;
mod call;
mod distinct;
mod group_aggregate;
mod local;
pub(crate) mod numbers;
mod outline;
mod output;
mod plan;
mod user;

pub use accumulator::{Acc, AccRow};
pub use bind::{Bound, Masks};
pub use call::{AggregateCall, AggregateFunction, GroupAggregateSpec};
pub use distinct::DistinctViews;
pub use local::{LocalAggregateSpec, local_aggregate};
pub use outline::Outlines;
pub use plan::{Accumulators, DistinctIn};
pub use user::{UserAggregate, UserFunction};

use hurtig_runtime::{OperatorContext, StreamOperator};
use hurtig_types::Result;

use crate::RowBytes;
use group_aggregate::GroupAggregate;

/// The operator of a `GROUP BY`: behind an exchange by its key.
///
/// # Errors
/// When a function does not take its argument.
pub fn group_aggregate(
    spec: &GroupAggregateSpec,
    context: &OperatorContext,
) -> Result<Box<dyn StreamOperator>> {
    Ok(if spec.key.is_number() {
        Box::new(GroupAggregate::<Option<i64>>::new(spec, context)?)
    } else {
        Box::new(GroupAggregate::<RowBytes>::new(spec, context)?)
    })
}
