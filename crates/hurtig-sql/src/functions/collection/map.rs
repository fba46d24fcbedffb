//! Maps: their keys, values and entries, and maps made of them.

use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::{Array, ArrayRef, ListArray, MapArray, StructArray, UInt32Array};
use arrow_buffer::{NullBuffer, OffsetBuffer};
use arrow_cast::cast;
use arrow_schema::{DataType, Field, Fields};
use arrow_select::concat::concat;
use arrow_select::take::take;
use datafusion_common::{Result, exec_err, internal_err, plan_err};

use super::super::arguments::Arguments;
use super::super::common::common_type;
use super::super::definition::{Call, Definition, Returns};
use super::super::parameters::Kind;
use super::array::{item_type, list_of};
use super::construct::map_of;
use super::keys::Keys;

const MAP: &[Kind] = &[Kind::Map];

pub(super) static ALL: [Definition; 5] = [
    Definition::new(
        "map_keys",
        MAP,
        Returns::Type(|call| Ok(list_of(types(call, 0).0))),
        |a| parts(a, Part::Keys),
    ),
    Definition::new(
        "map_values",
        MAP,
        Returns::Type(|call| Ok(list_of(types(call, 0).1))),
        |a| parts(a, Part::Values),
    ),
    Definition::new("map_entries", MAP, Returns::Type(type_of_entries), |a| {
        parts(a, Part::Entries)
    }),
    Definition::new(
        "map_from_arrays",
        &[Kind::Array, Kind::Array],
        Returns::Type(type_from_arrays),
        from_arrays,
    ),
    Definition::new("map_union", MAP, Returns::Type(type_of_union), union).repeats(),
];

#[derive(Clone, Copy, PartialEq, Eq)]
enum Part {
    Keys,
    Values,
    Entries,
}

/// The types of a map's keys and values.
fn types(call: &Call<'_>, index: usize) -> (DataType, DataType) {
    match call.type_of(index) {
        DataType::Map(entries, _) => match entries.data_type() {
            DataType::Struct(fields) => match fields.as_ref() {
                [key, value] => (key.data_type().clone(), value.data_type().clone()),
                _ => (DataType::Null, DataType::Null),
            },
            _ => (DataType::Null, DataType::Null),
        },
        _ => (DataType::Null, DataType::Null),
    }
}

fn type_of_entries(call: &Call<'_>) -> Result<DataType> {
    let (key, value) = types(call, 0);
    let fields = vec![
        Field::new("key", key, false),
        Field::new("value", value, true),
    ];
    Ok(list_of(DataType::Struct(Fields::from(fields))))
}

fn type_from_arrays(call: &Call<'_>) -> Result<DataType> {
    Ok(map_of(item_type(call, 0), item_type(call, 1)))
}

fn type_of_union(call: &Call<'_>) -> Result<DataType> {
    let all: Vec<_> = (0..call.fields.len())
        .map(|index| types(call, index))
        .collect();
    let keys = common_type(all.iter().map(|(key, _)| key));
    match keys.zip(common_type(all.iter().map(|(_, value)| value))) {
        Some((key, value)) => Ok(map_of(key, value)),
        None => plan_err!("the maps of MAP_UNION have no type in common: CAST them"),
    }
}

fn parts(arguments: &Arguments<'_>, part: Part) -> Result<ArrayRef> {
    let array = arguments.array(0)?;
    let map = array.as_map();
    let DataType::List(item) = arguments.returns.data_type() else {
        return internal_err!("parts of a map as {}", arguments.returns.data_type());
    };
    let items: ArrayRef = match (part, item.data_type()) {
        (Part::Keys, _) => Arc::clone(map.keys()),
        (Part::Values, _) => Arc::clone(map.values()),
        (Part::Entries, DataType::Struct(fields)) => {
            let columns = vec![Arc::clone(map.keys()), Arc::clone(map.values())];
            Arc::new(StructArray::try_new(fields.clone(), columns, None)?)
        }
        (Part::Entries, other) => return internal_err!("entries of a map as {other}"),
    };
    let nulls = map.nulls().cloned();
    Ok(Arc::new(ListArray::try_new(
        Arc::clone(item),
        map.offsets().clone(),
        items,
        nulls,
    )?))
}

/// Keys and values of the same places.
fn from_arrays(arguments: &Arguments<'_>) -> Result<ArrayRef> {
    let (keys, values) = (arguments.array(0)?, arguments.array(1)?);
    let (keys, values) = (keys.as_list::<i32>(), values.as_list::<i32>());
    let nulls = NullBuffer::union(keys.nulls(), values.nulls());
    let (mut key_places, mut value_places, mut lengths) = (Vec::new(), Vec::new(), Vec::new());
    for row in 0..arguments.rows {
        if nulls.as_ref().is_some_and(|nulls| nulls.is_null(row)) {
            lengths.push(0);
            continue;
        }
        let (key_count, value_count) = (keys.value_length(row), values.value_length(row));
        if key_count != value_count {
            return exec_err!(
                "MAP_FROM_ARRAYS has {key_count} keys and {value_count} values: there should be as many"
            );
        }
        let range = |list: &ListArray| {
            let offset = list.value_offsets().get(row).copied().unwrap_or(0) as u32;
            offset..offset + list.value_length(row) as u32
        };
        key_places.extend(range(keys));
        value_places.extend(range(values));
        lengths.push(key_count as usize);
    }
    let keys = take(keys.values(), &UInt32Array::from(key_places), None)?;
    let values = take(values.values(), &UInt32Array::from(value_places), None)?;
    assembled(
        arguments,
        last_of_each(&keys, &values, lengths.into_iter())?,
        nulls,
    )
}

/// Keys, values, and how many there are in each row: without those whose key comes again in it.
pub(super) fn last_of_each(
    keys: &ArrayRef,
    values: &ArrayRef,
    lengths: impl Iterator<Item = usize>,
) -> Result<(ArrayRef, ArrayRef, Vec<usize>)> {
    let compared = Keys::of(&[keys])?;
    let (mut key_places, mut value_places, mut counts) = (Vec::new(), Vec::new(), Vec::new());
    let mut from = 0;
    for length in lengths {
        let mut kept: Vec<(usize, usize)> = Vec::new();
        for entry in from..from + length {
            match kept
                .iter_mut()
                .find(|(key, _)| compared.at(0, *key) == compared.at(0, entry))
            {
                Some((_, value)) => *value = entry,
                None => kept.push((entry, entry)),
            }
        }
        from += length;
        counts.push(kept.len());
        key_places.extend(kept.iter().map(|(key, _)| *key as u32));
        value_places.extend(kept.iter().map(|(_, value)| *value as u32));
    }
    let keys = take(keys, &UInt32Array::from(key_places), None)?;
    Ok((
        keys,
        take(values, &UInt32Array::from(value_places), None)?,
        counts,
    ))
}

fn assembled(
    arguments: &Arguments<'_>,
    (keys, values, lengths): (ArrayRef, ArrayRef, Vec<usize>),
    nulls: Option<NullBuffer>,
) -> Result<ArrayRef> {
    let DataType::Map(entries, _) = arguments.returns.data_type() else {
        return internal_err!("a map of the type {}", arguments.returns.data_type());
    };
    let DataType::Struct(fields) = entries.data_type() else {
        return internal_err!("a map without entries");
    };
    let pairs = StructArray::try_new(fields.clone(), vec![keys, values], None)?;
    let offsets = OffsetBuffer::from_lengths(lengths);
    Ok(Arc::new(MapArray::try_new(
        Arc::clone(entries),
        offsets,
        pairs,
        nulls,
        false,
    )?))
}

/// Of a key that is in several maps, the value of the last.
fn union(arguments: &Arguments<'_>) -> Result<ArrayRef> {
    let arrays = (0..arguments.count())
        .map(|index| arguments.array(index))
        .collect::<Result<Vec<_>>>()?;
    let maps: Vec<&MapArray> = arrays.iter().map(|array| array.as_map()).collect();
    let DataType::Map(entries, _) = arguments.returns.data_type() else {
        return internal_err!(
            "a union of maps of the type {}",
            arguments.returns.data_type()
        );
    };
    let DataType::Struct(fields) = entries.data_type() else {
        return internal_err!("a map without entries");
    };
    let [key, value] = fields.as_ref() else {
        return internal_err!("a map without keys and values");
    };
    let all = |parts: Vec<&ArrayRef>, data_type: &DataType| -> Result<ArrayRef> {
        let parts = parts
            .into_iter()
            .map(|part| Ok(cast(part, data_type)?))
            .collect::<Result<Vec<_>>>()?;
        let parts: Vec<&dyn Array> = parts.iter().map(AsRef::as_ref).collect();
        Ok(concat(&parts)?)
    };
    let keys = all(maps.iter().map(|map| map.keys()).collect(), key.data_type())?;
    let values = all(
        maps.iter().map(|map| map.values()).collect(),
        value.data_type(),
    )?;
    let nulls = maps.iter().fold(None, |nulls: Option<NullBuffer>, map| {
        NullBuffer::union(nulls.as_ref(), map.nulls())
    });
    let (mut places, mut lengths) = (Vec::new(), Vec::new());
    for row in 0..arguments.rows {
        let before = places.len();
        let mut start = 0;
        for map in &maps {
            let is_null = nulls.as_ref().is_some_and(|nulls| nulls.is_null(row));
            let offset = start + map.value_offsets().get(row).copied().unwrap_or(0) as usize;
            let length = if is_null {
                0
            } else {
                map.value_length(row) as usize
            };
            places.extend((offset..offset + length).map(|place| place as u32));
            start += map.keys().len();
        }
        lengths.push(places.len() - before);
    }
    let places = UInt32Array::from(places);
    let (keys, values) = (take(&keys, &places, None)?, take(&values, &places, None)?);
    assembled(
        arguments,
        last_of_each(&keys, &values, lengths.into_iter())?,
        nulls,
    )
}
