//! Parts of arrays.

use arrow_array::ArrayRef;
use arrow_cast::cast;
use datafusion_common::Result;

use super::super::arguments::Arguments;
use super::super::definition::{Definition, Returns};
use super::super::parameters::Kind;
use super::array::{Lists, item_of};

pub(super) static ALL: [Definition; 1] = [Definition::new(
    "array_slice",
    &[Kind::Array, Kind::Long, Kind::Long],
    Returns::Argument(0),
    slice,
)
.optional(1)];

/// From a place to another, both included; negative ones count from the end, and what is beyond an end is the end.
fn slice(arguments: &Arguments<'_>) -> Result<ArrayRef> {
    let lists = Lists::of(arguments, &[0], &item_of(arguments, 0))?;
    let starts = arguments.longs(1)?;
    let ends = if arguments.has(2) {
        Some(arguments.longs(2)?)
    } else {
        None
    };
    let rows = (0..arguments.rows).map(|row| {
        let range = lists.range(0, row)?;
        let length = range.len() as i64;
        let end = ends.as_ref().map_or(Some(length), |ends| ends.at(row))?;
        let place = |place: i64| if place < 0 { length + place + 1 } else { place };
        let (start, end) = (place(starts.at(row)?).max(1), place(end).min(length));
        if start > end {
            return Some(Vec::new());
        }
        Some(
            range
                .skip(start as usize - 1)
                .take((end - start) as usize + 1)
                .collect(),
        )
    });
    Ok(cast(&lists.pick(rows)?, arguments.returns.data_type())?)
}
