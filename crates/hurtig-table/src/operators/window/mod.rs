//! Windows: assigned by a table function, aggregated by slice.
//!
//! ```text
//!  row ─ its time ─► slice ── (slice, key) → accumulators ─┐ watermark: a window is over
//!                                                          └─ its slices merged ─► key | results | window_start, _end, _time
//! ```
//!
//! A slice is the longest stretch of time that no window cuts, so a row is aggregated once however many windows it is in.

mod aggregate;
mod emit;
mod grid;
pub(crate) mod progress;
mod session;
mod slices;
mod spec;
mod table_function;
pub(crate) mod times;
mod totals;

pub use spec::{
    WindowAggregateSpec, WindowSpec, WindowTableFunctionSpec, WindowTime, Windowing, window_fields,
};

use hurtig_runtime::{OperatorContext, StreamOperator};
use hurtig_types::Result;

use crate::{RowBytes, TableKey};
use aggregate::WindowAggregate;
use session::SessionAggregate;
use table_function::WindowTableFunction;

/// The side output of rows all of whose windows were put out before they came.
pub const LATE: &str = "late";

/// The operator of a window table function.
///
/// # Errors
/// When the lengths of the windows make no sense.
pub fn window_table_function(spec: &WindowTableFunctionSpec) -> Result<Box<dyn StreamOperator>> {
    Ok(Box::new(WindowTableFunction::new(spec)?))
}

/// The operator of a window aggregate: behind an exchange by its key.
///
/// # Errors
/// When a function does not take its argument, or the lengths of the windows make no sense.
pub fn window_aggregate(
    spec: &WindowAggregateSpec,
    context: &OperatorContext,
) -> Result<Box<dyn StreamOperator>> {
    if spec.key.is_number() {
        keyed::<Option<i64>>(spec, context)
    } else {
        keyed::<RowBytes>(spec, context)
    }
}

fn keyed<K: TableKey>(
    spec: &WindowAggregateSpec,
    context: &OperatorContext,
) -> Result<Box<dyn StreamOperator>> {
    if let Windowing::Assign { window, time } = spec.windowing {
        window.check()?;
        if let WindowSpec::Session { gap_ms } = window {
            let sessions = SessionAggregate::<K>::new(spec, (gap_ms, time), context)?;
            return Ok(Box::new(sessions));
        }
    }
    Ok(Box::new(WindowAggregate::<K>::new(spec, context)?))
}
