//! OVER windows.

mod spec;

pub use spec::{OverFrame, OverSpec, OverTime};

use hurtig_runtime::{OperatorContext, StreamOperator};
use hurtig_types::{Error, Result};

/// The operator of aggregates over the rows before each row: behind an exchange by `PARTITION BY`.
///
/// # Errors
/// When a function does not take its argument.
pub fn over_aggregate(
    spec: &OverSpec,
    context: &OperatorContext,
) -> Result<Box<dyn StreamOperator>> {
    let _ = (spec, context);
    Err(Error::unsupported("an OVER aggregate"))
}
