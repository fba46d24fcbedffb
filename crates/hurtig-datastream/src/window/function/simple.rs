//! Counts, sums, extremes: what needs no function of the user.

use std::cmp::Ordering;

use hurtig_state::AggregateFunction;

/// How many records there are.
#[derive(Clone, Copy, Debug)]
pub(in crate::window) struct Count;

impl<T> AggregateFunction<T> for Count {
    type Acc = u64;
    type Out = u64;

    #[inline]
    fn create_accumulator(&self) -> u64 {
        0
    }

    #[inline]
    fn add(&self, acc: &mut u64, _: T) {
        *acc += 1;
    }

    #[inline]
    fn merge(&self, into: &mut u64, from: u64) {
        *into += from;
    }

    #[inline]
    fn result(&self, acc: &u64) -> u64 {
        *acc
    }
}

/// Which end of an order is wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::window) enum Extreme {
    Least,
    Greatest,
}

impl Extreme {
    /// Whether `new` goes before `old`; of equals the first stays.
    #[inline]
    pub(in crate::window) fn prefers<N: PartialOrd>(self, new: &N, old: &N) -> bool {
        match self {
            Self::Least => new.partial_cmp(old) == Some(Ordering::Less),
            Self::Greatest => new.partial_cmp(old) == Some(Ordering::Greater),
        }
    }
}

/// The first record, with the extreme of both in the field.
#[inline]
pub(in crate::window) fn replace_field<T, N: PartialOrd + Copy>(
    mut first: T,
    mut second: T,
    field: impl Fn(&mut T) -> &mut N,
    extreme: Extreme,
) -> T {
    let new = *field(&mut second);
    let old = field(&mut first);
    if extreme.prefers(&new, old) {
        *old = new;
    }
    first
}
