//! Arrays in order, and their least and greatest items.

use std::cmp::Ordering;

use arrow_array::{Array, ArrayRef, UInt32Array};
use arrow_cast::cast;
use arrow_select::take::take;
use datafusion_common::Result;

use super::super::arguments::Arguments;
use super::super::definition::{Definition, Returns};
use super::super::parameters::Kind;
use super::array::{Lists, item_of};
use super::item::type_of_item;
use super::keys::Keys;

const SORT: &[Kind] = &[Kind::Array, Kind::Boolean, Kind::Boolean];
const ITEM: Returns = Returns::Type(type_of_item);

pub(super) static ALL: [Definition; 3] = [
    Definition::new("array_sort", SORT, Returns::Argument(0), sort).optional(2),
    Definition::new("array_max", &[Kind::Array], ITEM, |a| {
        extreme(a, Ordering::Greater)
    })
    .nullable(),
    Definition::new("array_min", &[Kind::Array], ITEM, |a| {
        extreme(a, Ordering::Less)
    })
    .nullable(),
];

/// Upwards unless said otherwise; NULLs come first upwards and last downwards, unless said otherwise.
fn sort(arguments: &Arguments<'_>) -> Result<ArrayRef> {
    let lists = Lists::of(arguments, &[0], &item_of(arguments, 0))?;
    let keys = Keys::of(&[&lists.items])?;
    let upwards = if arguments.has(1) {
        Some(arguments.booleans(1)?)
    } else {
        None
    };
    let nulls_first = if arguments.has(2) {
        Some(arguments.booleans(2)?)
    } else {
        None
    };
    let rows = (0..arguments.rows).map(|row| {
        let upwards = upwards
            .as_ref()
            .map_or(Some(true), |upwards| upwards.at(row))?;
        let nulls_first = nulls_first
            .as_ref()
            .map_or(Some(upwards), |first| first.at(row))?;
        let (mut nulls, mut items): (Vec<_>, Vec<_>) = lists
            .range(0, row)?
            .partition(|item| lists.items.is_null(*item));
        items.sort_by(|one, other| keys.at(0, *one).cmp(&keys.at(0, *other)));
        if !upwards {
            items.reverse();
        }
        if nulls_first {
            nulls.extend(items);
            return Some(nulls);
        }
        items.extend(nulls);
        Some(items)
    });
    Ok(cast(&lists.pick(rows)?, arguments.returns.data_type())?)
}

/// NULLs are left aside.
fn extreme(arguments: &Arguments<'_>, wanted: Ordering) -> Result<ArrayRef> {
    let lists = Lists::of(arguments, &[0], &item_of(arguments, 0))?;
    let keys = Keys::of(&[&lists.items])?;
    let best = |row: usize| {
        let items = lists
            .range(0, row)?
            .filter(|item| !lists.items.is_null(*item));
        let best = items.reduce(|best, item| {
            if keys.at(0, item).cmp(&keys.at(0, best)) == wanted {
                item
            } else {
                best
            }
        });
        u32::try_from(best?).ok()
    };
    let places: UInt32Array = (0..arguments.rows).map(best).collect();
    Ok(take(&lists.items, &places, None)?)
}
