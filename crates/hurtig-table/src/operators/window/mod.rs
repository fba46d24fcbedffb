//! Windows: assigned by a table function, aggregated by slice.

mod spec;

pub use spec::{
    WindowAggregateSpec, WindowSpec, WindowTableFunctionSpec, WindowTime, Windowing, window_fields,
};

use hurtig_runtime::{OperatorContext, StreamOperator};
use hurtig_types::{Error, Result};

/// The side output of rows all of whose windows were put out before they came.
pub const LATE: &str = "late";

/// The operator of a window table function.
///
/// # Errors
/// When the lengths of the windows make no sense.
pub fn window_table_function(spec: &WindowTableFunctionSpec) -> Result<Box<dyn StreamOperator>> {
    let _ = spec;
    Err(Error::unsupported("a window table function"))
}

/// The operator of a window aggregate: behind an exchange by its key.
///
/// # Errors
/// When a function does not take its argument, or the lengths of the windows make no sense.
pub fn window_aggregate(
    spec: &WindowAggregateSpec,
    context: &OperatorContext,
) -> Result<Box<dyn StreamOperator>> {
    let _ = (spec, context);
    Err(Error::unsupported("a window aggregate"))
}
