//! An array of so many items, of which nothing is said but how many.

use std::sync::Arc;

use arrow_array::{ArrayRef, BooleanArray, ListArray};
use arrow_buffer::{BooleanBuffer, OffsetBuffer};
use arrow_schema::{DataType, Field};
use datafusion_common::Result;

use super::super::arguments::Arguments;
use super::super::definition::{Call, Definition, Returns};
use super::super::parameters::Kind;

pub(super) static ALL: [Definition; 1] = [Definition::new(
    "__times",
    &[Kind::Long],
    Returns::Type(of_booleans),
    times,
)];

fn item() -> Field {
    Field::new("item", DataType::Boolean, true)
}

#[allow(clippy::unnecessary_wraps, reason = "other types of results fail")]
fn of_booleans(_: &Call<'_>) -> Result<DataType> {
    Ok(DataType::List(Arc::new(item())))
}

fn times(arguments: &Arguments<'_>) -> Result<ArrayRef> {
    let counts = arguments.longs(0)?;
    let lengths = (0..arguments.rows).map(|row| counts.at(row).unwrap_or(0).max(0) as usize);
    let lengths: Vec<usize> = lengths.collect();
    let items = BooleanBuffer::new_set(lengths.iter().sum());
    let items = Arc::new(BooleanArray::new(items, None));
    let offsets = OffsetBuffer::from_lengths(lengths);
    Ok(Arc::new(ListArray::try_new(
        Arc::new(item()),
        offsets,
        items,
        None,
    )?))
}
