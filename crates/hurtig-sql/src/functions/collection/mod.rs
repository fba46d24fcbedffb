//! Arrays, maps and rows. Places count from 1.

mod array;
mod construct;
mod item;
mod join;
mod keys;
mod map;
mod order;
mod set;
mod slice;
mod times;

use super::definition::Definition;

/// All of them.
pub(super) fn definitions() -> impl Iterator<Item = &'static Definition> {
    let all: [&[Definition]; 9] = [
        &array::ALL,
        &construct::ALL,
        &item::ALL,
        &join::ALL,
        &map::ALL,
        &order::ALL,
        &set::ALL,
        &slice::ALL,
        &times::ALL,
    ];
    all.into_iter().flatten()
}
