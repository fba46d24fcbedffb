//! `ARRAY[…]`, `MAP[…]`, `ROW(…)`.

use std::sync::Arc;

use arrow_array::UInt32Array;
use arrow_array::{Array, ArrayRef, ListArray, MapArray, StructArray};
use arrow_buffer::OffsetBuffer;
use arrow_cast::cast;
use arrow_schema::{DataType, Field, Fields};
use arrow_select::concat::concat;
use arrow_select::take::take;
use datafusion_common::{Result, internal_err, plan_err};

use super::super::arguments::Arguments;
use super::super::common::common_type;
use super::super::definition::{Call, Definition, Returns};
use super::super::parameters::Kind;

const ANY: &[Kind] = &[Kind::Any];

pub(super) static ALL: [Definition; 3] = [
    Definition::new("__array", ANY, Returns::Type(type_of_array), array)
        .repeats()
        .never_null(),
    Definition::new("__map", ANY, Returns::Type(type_of_map), map)
        .repeats()
        .never_null(),
    Definition::new("row", ANY, Returns::Type(type_of_row), row)
        .repeats()
        .never_null(),
];

fn type_of_array(call: &Call<'_>) -> Result<DataType> {
    let Some(item) = common_type(call.fields.iter().map(|field| field.data_type())) else {
        return plan_err!("the items of an ARRAY have no type in common: CAST them");
    };
    let is_nullable = call.fields.iter().any(|field| field.is_nullable());
    Ok(DataType::List(Arc::new(Field::new(
        "item",
        item,
        is_nullable,
    ))))
}

fn type_of_map(call: &Call<'_>) -> Result<DataType> {
    let every_second = |first: usize| {
        call.fields
            .iter()
            .skip(first)
            .step_by(2)
            .map(|field| field.data_type())
    };
    let types = common_type(every_second(0)).zip(common_type(every_second(1)));
    let Some((key, value)) = types else {
        return plan_err!("the keys or the values of a MAP have no type in common: CAST them");
    };
    Ok(map_of(key, value))
}

/// The type of a map.
pub(super) fn map_of(key: DataType, value: DataType) -> DataType {
    let entries = Fields::from(vec![
        Field::new("keys", key, false),
        Field::new("values", value, true),
    ]);
    DataType::Map(
        Arc::new(Field::new("entries", DataType::Struct(entries), false)),
        false,
    )
}

fn type_of_row(call: &Call<'_>) -> Result<DataType> {
    let fields = call.fields.iter().enumerate().map(|(index, field)| {
        // A value of its own: what a column's field says of time or origin is not the row's.
        field.as_ref().clone().with_name(format!("EXPR${index}"))
    });
    Ok(DataType::Struct(fields.collect()))
}

/// All arguments, cast and interleaved: the items of each row beside each other.
fn interleaved(
    arguments: &Arguments<'_>,
    indexes: &[usize],
    data_type: &DataType,
) -> Result<ArrayRef> {
    let columns = indexes
        .iter()
        .map(|index| Ok(cast(&arguments.array(*index)?, data_type)?));
    let columns = columns.collect::<Result<Vec<_>>>()?;
    let all: Vec<&dyn Array> = columns.iter().map(AsRef::as_ref).collect();
    let all = concat(&all)?;
    let rows = arguments.rows;
    let places = (0..rows)
        .flat_map(|row| (0..indexes.len()).map(move |column| (column * rows + row) as u32));
    Ok(take(&all, &UInt32Array::from_iter_values(places), None)?)
}

fn array(arguments: &Arguments<'_>) -> Result<ArrayRef> {
    let DataType::List(item) = arguments.returns.data_type() else {
        return internal_err!("an array of the type {}", arguments.returns.data_type());
    };
    let indexes: Vec<_> = (0..arguments.count()).collect();
    let items = interleaved(arguments, &indexes, item.data_type())?;
    let offsets = OffsetBuffer::from_repeated_length(indexes.len(), arguments.rows);
    Ok(Arc::new(ListArray::try_new(
        Arc::clone(item),
        offsets,
        items,
        None,
    )?))
}

/// Of a key that comes again the last value stays.
fn map(arguments: &Arguments<'_>) -> Result<ArrayRef> {
    let DataType::Map(entries, _) = arguments.returns.data_type() else {
        return internal_err!("a map of the type {}", arguments.returns.data_type());
    };
    let DataType::Struct(fields) = entries.data_type() else {
        return internal_err!("a map without entries");
    };
    let [key, value] = fields.as_ref() else {
        return internal_err!("a map without keys and values");
    };
    let every_second = |first: usize| (first..arguments.count()).step_by(2).collect::<Vec<_>>();
    let keys = interleaved(arguments, &every_second(0), key.data_type())?;
    let values = interleaved(arguments, &every_second(1), value.data_type())?;
    let count = arguments.count() / 2;
    let lengths = std::iter::repeat_n(count, arguments.rows);
    let pairs = super::map::last_of_each(&keys, &values, lengths)?;
    let (keys, values, lengths) = pairs;
    let pairs = StructArray::try_new(fields.clone(), vec![keys, values], None)?;
    let offsets = OffsetBuffer::from_lengths(lengths);
    Ok(Arc::new(MapArray::try_new(
        Arc::clone(entries),
        offsets,
        pairs,
        None,
        false,
    )?))
}

fn row(arguments: &Arguments<'_>) -> Result<ArrayRef> {
    let DataType::Struct(fields) = arguments.returns.data_type() else {
        return internal_err!("a row of the type {}", arguments.returns.data_type());
    };
    let columns = (0..arguments.count()).map(|index| arguments.array(index));
    let columns = columns.collect::<Result<Vec<_>>>()?;
    Ok(Arc::new(StructArray::try_new_with_length(
        fields.clone(),
        columns,
        None,
        arguments.rows,
    )?))
}
