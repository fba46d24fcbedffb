//! What overlapping windows have in common, merged once.
//!
//! ```text
//!  slices   a  b  c  d | e  f            window a…e: front[a] + back
//!  front    abcd bcd cd d                window b…f: front[b] + back
//!  back                | ef              and when the front is used up, the back becomes the next one
//! ```
//!
//! So a window costs the keys of its newest slice and a merge for each of its keys, however many slices it has: two stacks, as of a
//! queue. No function has to be inverted, and the order of slices is kept.

use hurtig_state::{Cursor, Slot, StateTable};
use hurtig_types::{KeyGroupRange, Result};

use super::grid::Slice;
use super::slices::Slices;
use crate::TableKey;
use crate::operators::aggregate::{AccRow, Accumulators};

/// For each key what the current window has of it. Not part of checkpoints: it is made from the slices.
pub(super) struct Totals<K> {
    table: StateTable<K, Total>,
    /// The back has the slices behind the first, up to the second.
    back_from: i64,
    back_to: i64,
}

#[derive(Default)]
struct Total {
    /// From each slice on all up to the end of the front: the last is the longest that is still in the window.
    front: Vec<(i64, AccRow)>,
    back: Option<AccRow>,
}

impl<K: TableKey> Totals<K> {
    pub(super) fn new(range: KeyGroupRange) -> Self {
        Self {
            table: StateTable::new(range),
            back_from: i64::MIN,
            back_to: i64::MIN,
        }
    }

    /// A row has come to this slice. If that is merged already, all is made again.
    pub(super) fn touch(&mut self, slice: Slice) {
        if slice.end <= self.back_to {
            self.table.clear();
            self.back_from = i64::MIN;
            self.back_to = i64::MIN;
        }
    }

    /// Goes on to a window: what is before it goes, what is new comes.
    ///
    /// # Errors
    /// When the store of the slices fails.
    pub(super) fn advance(
        &mut self,
        window: Slice,
        slices: &mut Slices<K>,
        accumulators: &Accumulators,
    ) -> Result<()> {
        if self.back_from < window.start {
            self.turn(window, slices, accumulators)?;
        }
        let new = slices.open().keys();
        let new = new.filter(|slice| self.back_to < slice.end && slice.end <= window.end);
        for slice in new.copied().collect::<Vec<_>>() {
            slices.visit_open(slice, |(hash, key), acc| {
                let total = self.table.get_or_insert_with(*hash, key, Total::default);
                match &mut total.back {
                    Some(back) => accumulators.merge(back, acc),
                    None => total.back = Some(acc.clone()),
                }
            })?;
        }
        self.back_to = window.end;
        Ok(())
    }

    /// The front is used up: what is in the back is the new one.
    fn turn(
        &mut self,
        window: Slice,
        slices: &mut Slices<K>,
        accumulators: &Accumulators,
    ) -> Result<()> {
        self.table.clear();
        let known = slices.open().keys().rev();
        let known = known.filter(|slice| window.start < slice.end && slice.end <= self.back_to);
        for slice in known.copied().collect::<Vec<_>>() {
            slices.visit_open(slice, |(hash, key), acc| {
                let total = self.table.get_or_insert_with(*hash, key, Total::default);
                let mut from_here = acc.clone();
                if let Some((_, behind)) = total.front.last() {
                    accumulators.merge(&mut from_here, behind);
                }
                total.front.push((slice.end, from_here));
            })?;
        }
        self.back_from = self.back_to.max(window.start);
        self.back_to = self.back_from;
        Ok(())
    }

    /// A walk over all keys.
    pub(super) fn cursor(&self) -> Cursor {
        self.table.cursor()
    }

    /// The next key of a walk and what the window has of it, if anything.
    pub(super) fn next(
        &mut self,
        cursor: &mut Cursor,
        window: Slice,
        accumulators: &Accumulators,
    ) -> Option<(Slot, Option<(K, AccRow)>)> {
        let slot = cursor.next(&self.table)?;
        let (key, total) = self.table.at_mut(slot);
        while total
            .front
            .last()
            .is_some_and(|(end, _)| *end <= window.start)
        {
            total.front.pop();
        }
        let merged = match (total.front.last(), &total.back) {
            (Some((_, front)), Some(back)) => {
                let mut merged = front.clone();
                accumulators.merge(&mut merged, back);
                merged
            }
            (Some((_, front)), None) => front.clone(),
            (None, Some(back)) => back.clone(),
            (None, None) => {
                self.table.remove_at(slot);
                return Some((slot, None));
            }
        };
        Some((slot, Some((key.clone(), merged))))
    }
}
