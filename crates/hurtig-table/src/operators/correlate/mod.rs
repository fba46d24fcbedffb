//! A row with each of the rows that are made of it: UNNEST, and table functions.

mod join;
mod spec;
mod unnest;

pub use spec::{TableFunction, UnnestSpec};

use arrow_schema::SchemaRef;
use hurtig_runtime::{OperatorContext, StreamOperator};
use hurtig_types::Result;

use join::Correlate;
use unnest::Items;

/// A row with each item of its array, map or multiset.
///
/// # Errors
/// When there is no such column, or the output's columns are not what it makes.
pub fn unnest(spec: UnnestSpec, context: &OperatorContext) -> Result<Box<dyn StreamOperator>> {
    let items = Items::new(&spec)?;
    correlate(Box::new(items), spec.left, spec.output, context)
}

/// A row with each row that `function` makes of it; with `left` also a row of which it makes none, with nulls. The output's columns are
/// those of the input, and those of the function.
///
/// # Errors
/// Never yet: the context is there for functions that will want one.
pub fn correlate(
    function: Box<dyn TableFunction>,
    left: bool,
    output: SchemaRef,
    context: &OperatorContext,
) -> Result<Box<dyn StreamOperator>> {
    let _ = context;
    Ok(Box::new(Correlate::new(function, left, output)))
}
