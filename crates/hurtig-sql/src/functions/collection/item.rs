//! One item of a collection, and how many there are.

use arrow_array::cast::AsArray;
use arrow_array::{Array, ArrayRef, UInt32Array};
use arrow_cast::cast;
use arrow_schema::DataType;
use arrow_select::take::take;
use datafusion_common::{Result, exec_err, plan_err};

use super::super::arguments::Arguments;
use super::super::definition::{Call, Definition, Returns};
use super::super::parameters::Kind;
use super::keys::Keys;

pub(super) static ALL: [Definition; 3] = [
    Definition::new(
        "__item",
        &[Kind::Collection, Kind::Any],
        Returns::Type(type_of_item),
        item,
    )
    .nullable(),
    Definition::new(
        "element",
        &[Kind::Array],
        Returns::Type(type_of_item),
        element,
    )
    .nullable(),
    Definition::new(
        "cardinality",
        &[Kind::Collection],
        Returns::Int,
        cardinality,
    ),
];

/// The type of an array's items, or of a map's values.
pub(super) fn type_of_item(call: &Call<'_>) -> Result<DataType> {
    match call.type_of(0) {
        DataType::List(item) => {
            if call.fields.len() > 1 && !call.type_of(1).is_integer() && !call.type_of(1).is_null()
            {
                return plan_err!(
                    "an ARRAY has items by number, and not by {}",
                    call.type_of(1)
                );
            }
            Ok(item.data_type().clone())
        }
        DataType::Map(entries, _) => match entries.data_type() {
            DataType::Struct(fields) => Ok(fields
                .get(1)
                .map_or(DataType::Null, |field| field.data_type().clone())),
            _ => Ok(DataType::Null),
        },
        other => plan_err!("{other} has no items"),
    }
}

fn item(arguments: &Arguments<'_>) -> Result<ArrayRef> {
    let collection = arguments.array(0)?;
    match collection.data_type() {
        DataType::List(_) => item_of_array(arguments, &collection),
        _ => item_of_map(arguments, &collection),
    }
}

/// NULL beyond the end.
fn item_of_array(arguments: &Arguments<'_>, array: &ArrayRef) -> Result<ArrayRef> {
    let list = array.as_list::<i32>();
    let places = arguments.longs(1)?;
    let mut indexes = Vec::with_capacity(arguments.rows);
    for row in 0..arguments.rows {
        let (Some(place), false) = (places.at(row), list.is_null(row)) else {
            indexes.push(None);
            continue;
        };
        if place < 1 {
            return exec_err!(
                "an array's items are numbered from 1, and its item {place} is asked for"
            );
        }
        let length = i64::from(list.value_length(row));
        let offset = list.value_offsets().get(row).copied().unwrap_or(0);
        indexes.push((place <= length).then(|| (i64::from(offset) + place - 1) as u32));
    }
    Ok(take(list.values(), &UInt32Array::from(indexes), None)?)
}

fn item_of_map(arguments: &Arguments<'_>, array: &ArrayRef) -> Result<ArrayRef> {
    let map = array.as_map();
    let wanted = cast(&arguments.array(1)?, map.keys().data_type())?;
    let keys = Keys::of(&[map.keys(), &wanted])?;
    let index = |row: usize| {
        if map.is_null(row) || wanted.is_null(row) {
            return None;
        }
        let offsets = map.value_offsets();
        let (from, to) = (*offsets.get(row)? as usize, *offsets.get(row + 1)? as usize);
        let found = (from..to).find(|entry| keys.at(0, *entry) == keys.at(1, row))?;
        u32::try_from(found).ok()
    };
    let indexes: UInt32Array = (0..arguments.rows).map(index).collect();
    Ok(take(map.values(), &indexes, None)?)
}

/// The only item; NULL if there is none.
fn element(arguments: &Arguments<'_>) -> Result<ArrayRef> {
    let array = arguments.array(0)?;
    let list = array.as_list::<i32>();
    let mut indexes = Vec::with_capacity(arguments.rows);
    for row in 0..arguments.rows {
        let length = if list.is_null(row) {
            0
        } else {
            list.value_length(row)
        };
        indexes.push(match length {
            0 => None,
            1 => list.value_offsets().get(row).map(|offset| *offset as u32),
            _ => return exec_err!("ELEMENT is of an array of one item, and there are {length}"),
        });
    }
    Ok(take(list.values(), &UInt32Array::from(indexes), None)?)
}

fn cardinality(arguments: &Arguments<'_>) -> Result<ArrayRef> {
    let array = arguments.array(0)?;
    let offsets = match array.data_type() {
        DataType::List(_) => array.as_list::<i32>().value_offsets().to_vec(),
        DataType::Null => return Ok(arguments.ints_of(|_| None)),
        _ => array.as_map().value_offsets().to_vec(),
    };
    Ok(arguments.ints_of(|row| {
        let length = *offsets.get(row + 1)? - *offsets.get(row)?;
        (!array.is_null(row)).then(|| i64::from(length))
    }))
}
