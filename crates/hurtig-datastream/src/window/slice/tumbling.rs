//! The slices of one key where each window is one slice.

use hurtig_types::Timestamp;
use serde::{Deserialize, Serialize};

use super::Slices;
use super::sums::Sums;
use crate::window::function::{Contents, Gather};

/// One accumulator per open window. Two are in place: the window that is ending and the one that has begun.
#[derive(Clone, Serialize, Deserialize)]
pub(in crate::window) enum TumblingSlices<A> {
    None,
    One((i64, A)),
    Two([(i64, A); 2]),
    Many(Vec<(i64, A)>),
}

impl<A> TumblingSlices<A> {
    #[inline(always)]
    pub(super) const fn as_slice(&self) -> &[(i64, A)] {
        match self {
            Self::None => &[],
            Self::One(slice) => std::slice::from_ref(slice),
            Self::Two(slices) => slices,
            Self::Many(slices) => slices.as_slice(),
        }
    }

    #[inline(always)]
    fn as_mut_slice(&mut self) -> &mut [(i64, A)] {
        match self {
            Self::None => &mut [],
            Self::One(slice) => std::slice::from_mut(slice),
            Self::Two(slices) => slices,
            Self::Many(slices) => slices,
        }
    }

    /// Takes all out, in the order in which they came.
    pub(super) fn take_all(&mut self, mut take: impl FnMut(i64, A)) {
        match std::mem::replace(self, Self::None) {
            Self::None => {}
            Self::One((start, acc)) => take(start, acc),
            Self::Two(slices) => slices.into_iter().for_each(|(start, acc)| take(start, acc)),
            Self::Many(slices) => slices.into_iter().for_each(|(start, acc)| take(start, acc)),
        }
    }

    pub(super) fn push(&mut self, slice: (i64, A)) {
        *self = match std::mem::replace(self, Self::None) {
            Self::None => Self::One(slice),
            Self::One(first) => Self::Two([first, slice]),
            Self::Two([first, second]) => Self::Many(vec![first, second, slice]),
            Self::Many(mut slices) => {
                slices.push(slice);
                Self::Many(slices)
            }
        };
    }

    fn take(&mut self, start: i64) -> Option<A> {
        let index = self.as_slice().iter().position(|slice| slice.0 == start)?;
        let taken;
        (*self, taken) = match std::mem::replace(self, Self::None) {
            Self::None => (Self::None, None),
            Self::One((_, acc)) => (Self::None, Some(acc)),
            Self::Two([(_, acc), other]) if index == 0 => (Self::One(other), Some(acc)),
            Self::Two([other, (_, acc)]) => (Self::One(other), Some(acc)),
            Self::Many(mut slices) => {
                let (_, acc) = slices.swap_remove(index);
                (Self::Many(slices), Some(acc))
            }
        };
        taken
    }
}

impl<T: Clone, G: Gather<T>> Slices<T, G> for TumblingSlices<G::Acc> {
    #[inline]
    fn new() -> Self {
        Self::None
    }

    #[inline(always)]
    fn add(&mut self, start: i64, value: T, timestamp: Timestamp, gather: &mut G) {
        if let Some((_, acc)) = self
            .as_mut_slice()
            .iter_mut()
            .find(|slice| slice.0 == start)
        {
            gather.add(acc, value, timestamp);
        } else {
            self.push((start, gather.create(value, timestamp)));
        }
    }

    fn join(&mut self, start: i64, acc: G::Acc) {
        self.push((start, acc));
    }

    #[inline]
    fn fire(&mut self, start: i64, _: i64, _: &mut G) -> Option<Contents<'_, G::Acc>> {
        self.take(start).map(Contents::Owned)
    }

    #[inline]
    fn expire(&mut self, _: i64, _: &mut G) -> bool {
        self.as_slice().is_empty()
    }

    fn copy_from(&mut self, other: &Self) {
        self.clone_from(other);
    }

    /// A window is a slice: there is nothing to put together.
    fn seal(&mut self, _: i64, _: &mut G) {}

    /// Such windows are one slice: there is no newer one.
    fn sum_up(&self, sums: &mut Sums<G::Acc>, gather: &mut G) {
        for (start, acc) in self.as_slice() {
            sums.push(*start, acc.clone(), gather);
        }
    }

    fn oldest(&self) -> Option<i64> {
        self.as_slice().iter().map(|slice| slice.0).min()
    }

    fn newest(&self) -> Option<i64> {
        self.as_slice().iter().map(|slice| slice.0).max()
    }

    #[cfg(test)]
    fn count(&self) -> usize {
        self.as_slice().len()
    }
}
