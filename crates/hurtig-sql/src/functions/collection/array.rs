//! Items put into arrays, found in them, and taken out: by their places, so that any type will do.

use std::ops::Range;
use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::{Array, ArrayRef, ListArray, UInt32Array};
use arrow_buffer::{NullBuffer, OffsetBuffer};
use arrow_cast::cast;
use arrow_schema::{DataType, Field};
use arrow_select::concat::concat;
use arrow_select::take::take;
use datafusion_common::{Result, plan_err};

use super::super::arguments::Arguments;
use super::super::common::common_type;
use super::super::definition::{Call, Definition, Returns};
use super::super::parameters::Kind;
use super::keys::Keys;

const WITH_ITEM: &[Kind] = &[Kind::Array, Kind::Any];
const WIDENED: Returns = Returns::Type(type_with_item);

pub(super) static ALL: [Definition; 7] = [
    Definition::new("array_contains", WITH_ITEM, Returns::Boolean, contains).nullable(),
    Definition::new("array_position", WITH_ITEM, Returns::Int, position),
    Definition::new("array_append", WITH_ITEM, WIDENED, |a| put(a, false)).nullable(),
    Definition::new("array_prepend", WITH_ITEM, WIDENED, |a| put(a, true)).nullable(),
    Definition::new("array_remove", WITH_ITEM, Returns::Argument(0), remove).nullable(),
    Definition::new(
        "array_reverse",
        &[Kind::Array],
        Returns::Argument(0),
        reverse,
    ),
    Definition::new(
        "array_concat",
        &[Kind::Array],
        Returns::Type(type_of_all),
        concat_all,
    )
    .repeats(),
];

/// The items of some arrays beside each other, and for each array where those of a row are.
pub(super) struct Lists {
    pub(super) arrays: Vec<ListArray>,
    /// All items, those of the first array first.
    pub(super) items: ArrayRef,
    starts: Vec<usize>,
}

impl Lists {
    /// Of arguments that are arrays, or items by themselves; all as the items of an array of this type.
    pub(super) fn of(
        arguments: &Arguments<'_>,
        indexes: &[usize],
        item: &DataType,
    ) -> Result<Self> {
        let mut arrays = Vec::new();
        let mut items = Vec::new();
        let mut starts = vec![0];
        for index in indexes {
            let list = as_list(arguments.array(*index)?)?;
            let values = cast(list.values(), item)?;
            starts.push(starts.last().copied().unwrap_or(0) + values.len());
            items.push(values);
            arrays.push(list);
        }
        let all: Vec<&dyn Array> = items.iter().map(AsRef::as_ref).collect();
        Ok(Self {
            arrays,
            items: concat(&all)?,
            starts,
        })
    }

    /// Where the items of a row are in all items; `None` if the array is NULL.
    pub(super) fn range(&self, array: usize, row: usize) -> Option<Range<usize>> {
        let list = self.arrays.get(array)?;
        if list.is_null(row) {
            return None;
        }
        let start = self.starts.get(array)?;
        let offsets = list.value_offsets();
        Some(start + *offsets.get(row)? as usize..start + *offsets.get(row + 1)? as usize)
    }

    /// The arrays that are made of these items.
    pub(super) fn pick(&self, rows: impl Iterator<Item = Option<Vec<usize>>>) -> Result<ArrayRef> {
        let (mut places, mut lengths, mut valid) = (Vec::new(), Vec::new(), Vec::new());
        for row in rows {
            valid.push(row.is_some());
            let row = row.unwrap_or_default();
            lengths.push(row.len());
            places.extend(row.into_iter().map(|place| place as u32));
        }
        let items = take(&self.items, &UInt32Array::from(places), None)?;
        Ok(Arc::new(ListArray::try_new(
            Arc::new(Field::new("item", items.data_type().clone(), true)),
            OffsetBuffer::from_lengths(lengths),
            items,
            Some(NullBuffer::from(valid)),
        )?))
    }
}

/// An array; of NULL without a type one of NULLs.
fn as_list(array: ArrayRef) -> Result<ListArray> {
    if let Some(list) = array.as_list_opt::<i32>() {
        return Ok(list.clone());
    }
    let item = Arc::new(Field::new("item", DataType::Null, true));
    Ok(cast(&array, &DataType::List(item))?
        .as_list::<i32>()
        .clone())
}

pub(super) fn item_type(call: &Call<'_>, index: usize) -> DataType {
    match call.type_of(index) {
        DataType::List(item) => item.data_type().clone(),
        _ => DataType::Null,
    }
}

pub(super) fn list_of(item: DataType) -> DataType {
    DataType::List(Arc::new(Field::new("item", item, true)))
}

fn type_with_item(call: &Call<'_>) -> Result<DataType> {
    match common_type([&item_type(call, 0), call.type_of(1)].into_iter()) {
        Some(item) => Ok(list_of(item)),
        None => plan_err!(
            "{} has an ARRAY of {} and an item that is {}",
            call.name.to_uppercase(),
            item_type(call, 0),
            call.type_of(1)
        ),
    }
}

/// An array of what all items have in common.
pub(super) fn type_of_all(call: &Call<'_>) -> Result<DataType> {
    let items: Vec<_> = (0..call.fields.len())
        .map(|index| item_type(call, index))
        .collect();
    match common_type(items.iter()) {
        Some(item) => Ok(list_of(item)),
        None => plan_err!(
            "the arrays of {} have no type in common: CAST them",
            call.name.to_uppercase()
        ),
    }
}

/// The type of the items of an argument.
pub(super) fn item_of(arguments: &Arguments<'_>, index: usize) -> DataType {
    match arguments.type_of(index) {
        DataType::List(item) => item.data_type().clone(),
        _ => DataType::Null,
    }
}

/// The type of the items of what is returned.
pub(super) fn item_of_result(arguments: &Arguments<'_>) -> DataType {
    match arguments.returns.data_type() {
        DataType::List(item) => item.data_type().clone(),
        _ => DataType::Null,
    }
}

/// Items beside what is looked for.
struct Search {
    lists: Lists,
    wanted: ArrayRef,
    keys: Keys,
}

impl Search {
    fn of(arguments: &Arguments<'_>) -> Result<Self> {
        let wanted = arguments.array(1)?;
        let own = item_of(arguments, 0);
        let item = common_type([&own, wanted.data_type()].into_iter()).unwrap_or(own);
        let lists = Lists::of(arguments, &[0], &item)?;
        let wanted = cast(&wanted, &item)?;
        let keys = Keys::of(&[&lists.items, &wanted])?;
        Ok(Self {
            lists,
            wanted,
            keys,
        })
    }

    fn is_wanted(&self, item: usize, row: usize) -> bool {
        self.keys.at(0, item) == self.keys.at(1, row)
    }
}

fn contains(arguments: &Arguments<'_>) -> Result<ArrayRef> {
    let search = Search::of(arguments)?;
    Ok(arguments.booleans_of(|row| {
        let mut items = search.lists.range(0, row)?;
        Some(items.any(|item| search.is_wanted(item, row)))
    }))
}

/// From 1, or 0.
fn position(arguments: &Arguments<'_>) -> Result<ArrayRef> {
    let search = Search::of(arguments)?;
    Ok(arguments.ints_of(|row| {
        let mut items = search.lists.range(0, row)?;
        if search.wanted.is_null(row) {
            return None;
        }
        let found = items.position(|item| search.is_wanted(item, row));
        Some(found.map_or(0, |place| place as i64 + 1))
    }))
}

fn remove(arguments: &Arguments<'_>) -> Result<ArrayRef> {
    let search = Search::of(arguments)?;
    let rows = (0..arguments.rows).map(|row| {
        let items = search.lists.range(0, row)?;
        Some(items.filter(|item| !search.is_wanted(*item, row)).collect())
    });
    let picked = search.lists.pick(rows)?;
    Ok(cast(&picked, arguments.returns.data_type())?)
}

/// An item before all others, or behind them.
fn put(arguments: &Arguments<'_>, first: bool) -> Result<ArrayRef> {
    let mut lists = Lists::of(arguments, &[0], &item_of_result(arguments))?;
    let count = lists.items.len();
    let more = cast(&arguments.array(1)?, lists.items.data_type())?;
    lists.items = concat(&[lists.items.as_ref(), more.as_ref()])?;
    let rows = (0..arguments.rows).map(|row| {
        let items = lists.range(0, row)?;
        let item = count + row;
        Some(if first {
            std::iter::once(item).chain(items).collect()
        } else {
            items.chain([item]).collect()
        })
    });
    lists.pick(rows)
}

fn reverse(arguments: &Arguments<'_>) -> Result<ArrayRef> {
    let lists = Lists::of(arguments, &[0], &item_of(arguments, 0))?;
    let rows = (0..arguments.rows).map(|row| Some(lists.range(0, row)?.rev().collect()));
    Ok(cast(&lists.pick(rows)?, arguments.returns.data_type())?)
}

/// NULL if one is.
fn concat_all(arguments: &Arguments<'_>) -> Result<ArrayRef> {
    let indexes: Vec<_> = (0..arguments.count()).collect();
    let lists = Lists::of(arguments, &indexes, &item_of_result(arguments))?;
    let rows = (0..arguments.rows).map(|row| {
        let ranges = indexes.iter().map(|index| lists.range(*index, row));
        Some(
            ranges
                .collect::<Option<Vec<_>>>()?
                .into_iter()
                .flatten()
                .collect(),
        )
    });
    lists.pick(rows)
}
