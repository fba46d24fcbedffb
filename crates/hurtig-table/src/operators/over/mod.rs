//! OVER windows.

mod frame;
mod operator;
mod spec;

pub use spec::{OverFrame, OverSpec, OverTime};

use hurtig_runtime::{OperatorContext, StreamOperator};
use hurtig_types::Result;

use crate::RowBytes;
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
