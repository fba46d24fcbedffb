//! JSON in text.

mod construct;
mod exists;
mod path;
mod query;
mod quote;
mod text;
mod value;
mod write;

use super::definition::Definition;

/// All of them.
pub(super) fn definitions() -> impl Iterator<Item = &'static Definition> {
    let all: [&[Definition]; 5] = [
        &construct::ALL,
        &exists::ALL,
        &query::ALL,
        &quote::ALL,
        &value::ALL,
    ];
    all.into_iter().flatten()
}
