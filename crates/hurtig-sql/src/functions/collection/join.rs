//! The texts of an array as one.

use arrow_array::Array;
use arrow_array::ArrayRef;
use arrow_array::cast::AsArray;
use arrow_schema::DataType;
use datafusion_common::Result;

use super::super::arguments::Arguments;
use super::super::definition::{Definition, Returns};
use super::super::parameters::Kind;
use super::array::Lists;

pub(super) static ALL: [Definition; 1] = [Definition::new(
    "array_join",
    &[Kind::Array, Kind::Text, Kind::Text],
    Returns::Text,
    join,
)
.optional(1)];

/// NULLs are left out, unless there is a text for them.
fn join(arguments: &Arguments<'_>) -> Result<ArrayRef> {
    let lists = Lists::of(arguments, &[0], &DataType::Utf8View)?;
    let items = lists.items.as_string_view();
    let between = arguments.texts(1)?;
    let nulls = if arguments.has(2) {
        Some(arguments.texts(2)?)
    } else {
        None
    };
    Ok(arguments.texts_of(|row| {
        let (range, between) = (lists.range(0, row)?, between.at(row)?);
        let null = match &nulls {
            Some(nulls) => Some(nulls.at(row)?),
            None => None,
        };
        let texts = range.filter_map(|item| {
            if items.is_null(item) {
                null
            } else {
                Some(items.value(item))
            }
        });
        Some(texts.collect::<Vec<_>>().join(between))
    }))
}
