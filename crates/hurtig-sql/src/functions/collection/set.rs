//! Arrays as sets.

use arrow_array::ArrayRef;
use arrow_cast::cast;
use datafusion_common::Result;

use super::super::arguments::Arguments;
use super::super::definition::{Definition, Returns};
use super::super::parameters::Kind;
use super::array::{Lists, item_of, item_of_result, type_of_all};
use super::keys::Keys;

const TWO: &[Kind] = &[Kind::Array, Kind::Array];
const ALL_ITEMS: Returns = Returns::Type(type_of_all);

pub(super) static ALL: [Definition; 4] = [
    Definition::new(
        "array_distinct",
        &[Kind::Array],
        Returns::Argument(0),
        distinct,
    ),
    Definition::new("array_union", TWO, ALL_ITEMS, union),
    Definition::new("array_intersect", TWO, ALL_ITEMS, intersect),
    Definition::new("array_except", TWO, ALL_ITEMS, except),
];

/// Of equal items the first.
fn unique(items: impl Iterator<Item = usize>, keys: &Keys) -> Vec<usize> {
    let mut kept: Vec<usize> = Vec::new();
    for item in items {
        if !kept
            .iter()
            .any(|other| keys.at(0, *other) == keys.at(0, item))
        {
            kept.push(item);
        }
    }
    kept
}

fn distinct(arguments: &Arguments<'_>) -> Result<ArrayRef> {
    let lists = Lists::of(arguments, &[0], &item_of(arguments, 0))?;
    let keys = Keys::of(&[&lists.items])?;
    let rows = (0..arguments.rows).map(|row| Some(unique(lists.range(0, row)?, &keys)));
    Ok(cast(&lists.pick(rows)?, arguments.returns.data_type())?)
}

/// The items of both arrays, as the rule has it.
fn of_both(
    arguments: &Arguments<'_>,
    rule: impl Fn(Vec<usize>, Vec<usize>, &Keys) -> Vec<usize>,
) -> Result<ArrayRef> {
    let lists = Lists::of(arguments, &[0, 1], &item_of_result(arguments))?;
    let keys = Keys::of(&[&lists.items])?;
    let rows = (0..arguments.rows).map(|row| {
        let (left, right) = (
            lists.range(0, row)?.collect(),
            lists.range(1, row)?.collect(),
        );
        Some(rule(left, right, &keys))
    });
    lists.pick(rows)
}

fn union(arguments: &Arguments<'_>) -> Result<ArrayRef> {
    of_both(arguments, |left, right, keys| {
        unique(left.into_iter().chain(right), keys)
    })
}

fn intersect(arguments: &Arguments<'_>) -> Result<ArrayRef> {
    of_both(arguments, |left, right, keys| {
        let is_in_right = |item: &usize| {
            right
                .iter()
                .any(|other| keys.at(0, *other) == keys.at(0, *item))
        };
        unique(left.into_iter().filter(is_in_right), keys)
    })
}

/// What is in the second is not taken.
fn except(arguments: &Arguments<'_>) -> Result<ArrayRef> {
    of_both(arguments, |left, right, keys| {
        let is_left = |item: &usize| {
            right
                .iter()
                .all(|other| keys.at(0, *other) != keys.at(0, *item))
        };
        unique(left.into_iter().filter(is_left), keys)
    })
}
