//! OVER windows.

mod changing;
mod frame;
mod operator;
mod spec;

pub use spec::{ChangingOverSpec, OverFrame, OverSpec, OverTime};

use hurtig_runtime::{OperatorContext, StreamOperator};
use hurtig_types::Result;

use crate::RowBytes;
use changing::ChangingOver;
use operator::OverAggregate;

/// The operator of aggregates over the rows before each row: behind an exchange by `PARTITION BY`.
///
/// # Errors
/// When a function does not take its argument.
pub fn over_aggregate(
    spec: &OverSpec,
    context: &OperatorContext,
) -> Result<Box<dyn StreamOperator>> {
    Ok(if spec.key.is_number() {
        Box::new(OverAggregate::<Option<i64>>::new(spec, context)?)
    } else {
        Box::new(OverAggregate::<RowBytes>::new(spec, context)?)
    })
}

/// The operator of aggregates over the rows before each row of a table that changes: behind an exchange by `PARTITION BY`.
///
/// # Errors
/// When a function does not take its argument, or a type has no order.
pub fn changing_over(
    spec: &ChangingOverSpec,
    context: &OperatorContext,
) -> Result<Box<dyn StreamOperator>> {
    Ok(if spec.key.is_number() {
        Box::new(ChangingOver::<Option<i64>>::new(spec, context)?)
    } else {
        Box::new(ChangingOver::<RowBytes>::new(spec, context)?)
    })
}
