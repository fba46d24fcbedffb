//! The closed slices of one key, of which windows are made.

use std::collections::VecDeque;

use hurtig_types::Timestamp;

use crate::window::function::{Contents, Gather};

/// Slices in the order of time, put together by two stacks.
///
/// ```text
///    front: each entry holds itself      back: as they came, with
///    and all of front behind it          one sum of them beside
///   ├─────────┬─────────┬─────────┼────────┬────────┬────────┤
///   │ a+b+c   │ b+c     │ c       │ d      │ e      │ f      │
///   └─────────┴─────────┴─────────┴────────┴────────┴────────┘
///    a+b+c is all of front                 d+e+f is `sum`
/// ```
///
/// A window is the first of front and `sum`: one merge. A slice that the window leaves behind is dropped from front;
/// when that is empty, back becomes front, from its end to its start. So each slice is merged into `sum` once and into
/// front once, whatever the number of slices in a window, and nothing is ever subtracted: `merge` is all it takes.
///
/// A record may still come for a slice that was fired with an earlier window, if a later one over it is open. It is
/// added wherever its slice is part of: as many additions as the general operator makes.
pub(super) struct SlidingSlices<A> {
    slices: VecDeque<(i64, A)>,
    /// How many of them are front.
    front: usize,
    /// Back put together; none where back is empty.
    sum: Option<A>,
}

impl<A: Clone> SlidingSlices<A> {
    pub(super) const fn new() -> Self {
        Self {
            slices: VecDeque::new(),
            front: 0,
            sum: None,
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.slices.is_empty()
    }

    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.slices.len()
    }

    /// Adds a slice behind all others.
    pub(super) fn push<T, G: Gather<T, Acc = A>>(&mut self, start: i64, acc: A, gather: &mut G) {
        match &mut self.sum {
            Some(sum) => gather.merge(sum, acc.clone()),
            none => *none = Some(acc.clone()),
        }
        self.slices.push_back((start, acc));
    }

    /// All slices put together, if there are any.
    pub(super) fn whole<T, G: Gather<T, Acc = A>>(
        &mut self,
        gather: &mut G,
    ) -> Option<Contents<'_, A>> {
        if self.front == 0 {
            return self.sum.as_mut().map(Contents::Borrowed);
        }
        let (_, first) = self.slices.front_mut()?;
        let Some(sum) = &self.sum else {
            return Some(Contents::Borrowed(first));
        };
        let mut whole = first.clone();
        gather.merge(&mut whole, sum.clone());
        Some(Contents::Owned(whole))
    }

    /// Drops the slices that begin before `bound`.
    pub(super) fn expire<T, G: Gather<T, Acc = A>>(&mut self, bound: i64, gather: &mut G) {
        let count = self
            .slices
            .iter()
            .take_while(|slice| slice.0 < bound)
            .count();
        self.slices.drain(..count);
        if count <= self.front {
            self.front -= count;
            return;
        }
        // Front is used up, and so is part of back: the rest of back becomes front.
        self.sum = None;
        self.front = self.slices.len();
        let mut behind: Option<&A> = None;
        for (_, acc) in self.slices.iter_mut().rev() {
            if let Some(behind) = behind {
                gather.merge(acc, behind.clone());
            }
            behind = Some(acc);
        }
    }

    /// Adds a record to a closed slice; says whether that is new.
    pub(super) fn add<T: Clone, G: Gather<T, Acc = A>>(
        &mut self,
        start: i64,
        value: T,
        gather: &mut G,
    ) -> bool {
        let place = self.slices.binary_search_by_key(&start, |slice| slice.0);
        let (Ok(index) | Err(index)) = place;
        let is_front = index < self.front;
        if let Some((_, acc)) = self.slices.get_mut(index).filter(|_| place.is_ok()) {
            gather.add(acc, value.clone(), Timestamp::NONE);
        } else {
            // In front an entry holds what is behind it as well.
            let behind = self
                .slices
                .get(index)
                .filter(|_| is_front)
                .map(|slice| slice.1.clone());
            let acc = match behind {
                Some(mut acc) => {
                    gather.add(&mut acc, value.clone(), Timestamp::NONE);
                    acc
                }
                None => gather.create(value.clone(), Timestamp::NONE),
            };
            self.slices.insert(index, (start, acc));
            self.front += usize::from(is_front);
        }
        if is_front {
            for (_, acc) in self.slices.range_mut(..index) {
                gather.add(acc, value.clone(), Timestamp::NONE);
            }
        } else {
            match &mut self.sum {
                Some(sum) => gather.add(sum, value, Timestamp::NONE),
                none => *none = Some(gather.create(value, Timestamp::NONE)),
            }
        }
        place.is_err()
    }
}
