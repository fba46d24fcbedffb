//! The slices of one key where each window is one slice.

use hurtig_types::Timestamp;
use serde::{Deserialize, Serialize};

use super::Slices;
use crate::window::function::{Contents, Gather};

/// One accumulator per open window. Two are in place: the window that is ending and the one that has begun.
#[derive(Serialize, Deserialize)]
pub(in crate::window) enum TumblingSlices<A> {
    None,
    One((i64, A)),
    Two([(i64, A); 2]),
    Many(Vec<(i64, A)>),
}

impl<A> TumblingSlices<A> {
    #[inline(always)]
    const fn as_slice(&self) -> &[(i64, A)] {
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

    fn push(&mut self, slice: (i64, A)) {
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

    #[cfg(test)]
    fn count(&self) -> usize {
        self.as_slice().len()
    }
}
