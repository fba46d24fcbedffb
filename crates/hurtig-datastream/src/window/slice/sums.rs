//! The windows of a key that all reach beyond its newest slice.

use crate::window::function::Gather;

/// Each slice of a key put together with all that are newer: such a sum is the contents of every window that begins
/// with its slice, or in a gap before it.
///
/// From the newest to the oldest, so that what a window leaves behind goes from the end.
pub(in crate::window) struct Sums<A>(Vec<(i64, A)>);

impl<A: Clone> Sums<A> {
    pub(super) const fn new() -> Self {
        Self(Vec::new())
    }

    pub(super) const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn clear(&mut self) {
        self.0.clear();
    }

    /// Adds a slice that is older than all that there are.
    #[inline]
    pub(super) fn push<T, G: Gather<T, Acc = A>>(
        &mut self,
        start: i64,
        mut acc: A,
        gather: &mut G,
    ) {
        if let Some((_, newer)) = self.0.last() {
            gather.merge(&mut acc, newer.clone());
        }
        self.0.push((start, acc));
    }

    /// Adds slices, from the newest to the oldest, that hold each other already, but nothing newer.
    #[inline]
    pub(super) fn push_sums<'a, T, G: Gather<T, Acc = A>>(
        &mut self,
        sums: impl Iterator<Item = &'a (i64, A)>,
        gather: &mut G,
    ) where
        A: 'a,
    {
        let newer = self.0.last().map(|newest| newest.1.clone());
        for (start, sum) in sums {
            let mut sum = sum.clone();
            if let Some(newer) = &newer {
                gather.merge(&mut sum, newer.clone());
            }
            self.0.push((*start, sum));
        }
    }

    /// The contents of a window over all slices that are left.
    #[inline]
    pub(super) fn get_mut(&mut self) -> Option<&mut A> {
        self.0.last_mut().map(|oldest| &mut oldest.1)
    }

    /// Forgets slices that begin before `bound`; where the oldest that is left begins.
    #[inline]
    pub(super) fn expire(&mut self, bound: i64) -> Option<i64> {
        while let Some((start, _)) = self.0.last() {
            if *start >= bound {
                return Some(*start);
            }
            self.0.pop();
        }
        None
    }
}
