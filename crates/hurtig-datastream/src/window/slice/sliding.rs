//! The slices of one key where windows are made of several.

use std::collections::VecDeque;
use std::ops::Range;

use hurtig_types::Timestamp;
use serde::{Deserialize, Serialize};

use super::Slices;
use super::sums::Sums;
use crate::window::function::{Contents, Gather};

/// Slices in the order of time, put together by two stacks.
///
/// ```text
///    front: each entry holds itself      back: as they came, with         not yet fired:
///    and all of front behind it          one sum of them beside           as they came
///   ├─────────┬─────────┬─────────┼────────┬────────┬────────┬────────────┼────────┬────────
///   │ a+b+c   │ b+c     │ c       │ d      │ e      │ f      │            │ g      │ h
///   └─────────┴─────────┴─────────┴────────┴────────┴────────┴────────────┴────────┴────────
///    a+b+c is all of front                 d+e+f is `sum`                 open
/// ```
///
/// A window is the first of front and `sum`: one merge. A slice that the window leaves behind is dropped from front;
/// when that is empty, back becomes front, from its end to its start. So each slice is merged into `sum` once and into
/// front once, whatever the number of slices in a window, and nothing is ever subtracted: `merge` is all it takes.
///
/// A record may still come for a slice that was fired with an earlier window, if a later one over it is open. It is
/// added wherever its slice is part of: as many additions as the general operator makes.
#[derive(Serialize, Deserialize)]
pub(in crate::window) struct SlidingSlices<A> {
    slices: VecDeque<(i64, A)>,
    /// How many of them are front.
    front: usize,
    /// How many of them are front or back.
    fired: usize,
    /// Back put together; none where back is empty.
    sum: Option<A>,
}

impl<A: Clone> SlidingSlices<A> {
    /// Drops the slices before `start`: after most windows that is the first one, and it is front.
    #[inline]
    fn drop_before<T, G: Gather<T, Acc = A>>(&mut self, start: i64, gather: &mut G) {
        while self.slices.front().is_some_and(|slice| slice.0 < start) {
            if self.front == 0 {
                return self.turn_over(start, gather);
            }
            self.slices.pop_front();
            self.front -= 1;
            self.fired = self.fired.saturating_sub(1);
        }
    }

    /// Drops slices of back, front being used up: the rest of back becomes front.
    #[cold]
    fn turn_over<T, G: Gather<T, Acc = A>>(&mut self, start: i64, gather: &mut G) {
        let expired = self.slices.partition_point(|slice| slice.0 < start);
        self.slices.drain(..expired);
        self.fired = self.fired.saturating_sub(expired);
        self.sum = None;
        self.front = self.fired;
        self.stack(0..self.fired, gather);
    }

    /// Lets each slice of a range hold what is behind it in the range as well.
    fn stack<T, G: Gather<T, Acc = A>>(&mut self, range: Range<usize>, gather: &mut G) {
        let mut behind: Option<&A> = None;
        for (_, acc) in self.slices.range_mut(range).rev() {
            if let Some(behind) = behind {
                gather.merge(acc, behind.clone());
            }
            behind = Some(acc);
        }
    }

    /// Makes all slices front: a window that reaches beyond the newest is then there as one accumulator.
    fn make_front<T, G: Gather<T, Acc = A>>(&mut self, gather: &mut G) {
        let (front, all) = (self.front, self.slices.len());
        self.stack(front..all, gather);
        if front > 0
            && let Some((_, behind)) = self.slices.get(front).cloned()
        {
            for (_, acc) in self.slices.range_mut(..front) {
                gather.merge(acc, behind.clone());
            }
        }
        (self.front, self.fired, self.sum) = (all, all, None);
    }

    /// Puts the slices before `end` together with those of back.
    fn cover<T, G: Gather<T, Acc = A>>(&mut self, end: i64, gather: &mut G) {
        while let Some((start, acc)) = self.slices.get(self.fired)
            && *start < end
        {
            match &mut self.sum {
                Some(sum) => gather.merge(sum, acc.clone()),
                none => *none = Some(acc.clone()),
            }
            self.fired += 1;
        }
    }

    /// A record for slice `index`, which is in front or back, or for a new one there.
    #[cold]
    fn add_fired<T: Clone, G: Gather<T, Acc = A>>(
        &mut self,
        (start, place): (i64, Result<usize, usize>),
        value: T,
        timestamp: Timestamp,
        gather: &mut G,
    ) {
        let (Ok(index) | Err(index)) = place;
        let is_front = index < self.front;
        if place.is_err() {
            // In front an entry holds what is behind it as well.
            let behind = self
                .slices
                .get(index)
                .filter(|_| is_front)
                .map(|slice| slice.1.clone());
            let acc = match behind {
                Some(mut acc) => {
                    gather.add(&mut acc, value.clone(), timestamp);
                    acc
                }
                None => gather.create(value.clone(), timestamp),
            };
            self.slices.insert(index, (start, acc));
            self.fired += 1;
            self.front += usize::from(is_front);
        } else if let Some((_, acc)) = self.slices.get_mut(index) {
            gather.add(acc, value.clone(), timestamp);
        }
        if !is_front {
            if let Some(sum) = &mut self.sum {
                gather.add(sum, value, timestamp);
            }
            return;
        }
        for (_, acc) in self.slices.range_mut(..index) {
            gather.add(acc, value.clone(), timestamp);
        }
    }
}

impl<T: Clone, G: Gather<T>> Slices<T, G> for SlidingSlices<G::Acc> {
    fn new() -> Self {
        Self {
            slices: VecDeque::new(),
            front: 0,
            fired: 0,
            sum: None,
        }
    }

    fn add(&mut self, start: i64, value: T, timestamp: Timestamp, gather: &mut G) {
        let place = self.slices.binary_search_by_key(&start, |slice| slice.0);
        match place {
            Ok(index) | Err(index) if index < self.fired => {
                self.add_fired((start, place), value, timestamp, gather);
            }
            Ok(index) => {
                if let Some((_, acc)) = self.slices.get_mut(index) {
                    gather.add(acc, value, timestamp);
                }
            }
            Err(index) => self
                .slices
                .insert(index, (start, gather.create(value, timestamp))),
        }
    }

    fn join(&mut self, start: i64, acc: G::Acc) {
        // Slices mostly come from the oldest to the newest.
        if self.slices.back().is_none_or(|last| last.0 < start) {
            self.slices.push_back((start, acc));
        } else {
            let place = self.slices.partition_point(|slice| slice.0 < start);
            self.slices.insert(place, (start, acc));
        }
    }

    #[inline]
    fn fire(&mut self, start: i64, end: i64, gather: &mut G) -> Option<Contents<'_, G::Acc>> {
        // What lies before was forgotten when the last window over it had fired.
        debug_assert!(self.slices.front().is_none_or(|first| first.0 >= start));
        self.cover(end, gather);
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

    #[inline]
    fn expire(&mut self, bound: i64, gather: &mut G) -> bool {
        self.drop_before(bound, gather);
        self.slices.is_empty()
    }

    fn copy_from(&mut self, other: &Self) {
        self.slices.clone_from(&other.slices);
        self.sum.clone_from(&other.sum);
        (self.front, self.fired) = (other.front, other.fired);
    }

    #[inline]
    fn seal(&mut self, end: i64, gather: &mut G) {
        if self.front < self.slices.len() && self.slices.back().is_some_and(|last| last.0 < end) {
            self.make_front(gather);
        }
    }

    #[inline]
    fn sum_up(&self, sums: &mut Sums<G::Acc>, gather: &mut G) {
        for (start, acc) in self.slices.range(self.front..).rev() {
            sums.push(*start, acc.clone(), gather);
        }
        sums.push_sums(self.slices.range(..self.front).rev(), gather);
    }

    #[inline]
    fn oldest(&self) -> Option<i64> {
        self.slices.front().map(|slice| slice.0)
    }

    #[inline]
    fn newest(&self) -> Option<i64> {
        self.slices.back().map(|slice| slice.0)
    }

    #[cfg(test)]
    fn count(&self) -> usize {
        self.slices.len()
    }
}
