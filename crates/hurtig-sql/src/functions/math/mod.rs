//! Numbers.

mod decimal;
mod extreme;
mod real;
mod round;
mod sign;

use super::definition::Definition;

pub(crate) use decimal::{DecimalType, OPERATORS};
pub(in crate::functions) use round::{Rounding, divide_rounded};

/// All of them.
pub(super) fn definitions() -> impl Iterator<Item = &'static Definition> {
    let all: [&[Definition]; 5] = [
        &decimal::ALL,
        &extreme::ALL,
        &real::ALL,
        &round::ALL,
        &sign::ALL,
    ];
    all.into_iter().flatten()
}
