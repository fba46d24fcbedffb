//! The newest slices, each a table of its own.

use hurtig_state::{Draining, StateTable};
use hurtig_types::KeyGroupRange;

/// How many slices have a table of their own: enough for the one that is ending and the one that has begun, and for
/// watermarks that come a few slices behind the records. A table costs 64 bytes per key group, so there are few.
const TABLES_MAX: usize = 4;

/// The slices that records come to, as tables from key to accumulator.
///
/// A key's entry is no larger than key and accumulator, and a record finds it with one look-up. Only the newest slices
/// are here; the others are in the table that has all slices of a key beside each other, and each slice is in one of
/// both.
pub(super) struct OpenSlices<K, A> {
    range: KeyGroupRange,
    /// From the newest to the oldest.
    slices: Vec<(i64, StateTable<K, A>)>,
    /// Empty tables, with the room that they had.
    spare: Vec<StateTable<K, A>>,
}

impl<K: Eq, A> OpenSlices<K, A> {
    pub(super) const fn new(range: KeyGroupRange) -> Self {
        Self {
            range,
            slices: Vec::new(),
            spare: Vec::new(),
        }
    }

    /// The table of the slice that begins at `start`.
    #[inline]
    pub(super) fn get(&mut self, start: i64) -> Option<&mut StateTable<K, A>> {
        let mut slices = self.slices.iter_mut();
        slices
            .find(|slice| slice.0 == start)
            .map(|(_, table)| table)
    }

    /// Gives a new slice a table, unless it is older than all there are, and they are as many as there may be.
    pub(super) fn open(&mut self, start: i64) -> bool {
        let place = self.slices.partition_point(|slice| slice.0 > start);
        if place == TABLES_MAX {
            return false;
        }
        let table = self
            .spare
            .pop()
            .unwrap_or_else(|| StateTable::new(self.range));
        self.slices.insert(place, (start, table));
        true
    }

    /// Takes the oldest slice out while there are more than there may be.
    pub(super) fn take_excess(&mut self) -> Option<(i64, Draining<K, A>)> {
        if self.slices.len() <= TABLES_MAX {
            return None;
        }
        self.take_oldest()
    }

    /// Takes the oldest slice out if it begins before `bound`.
    pub(super) fn take_before(&mut self, bound: i64) -> Option<(i64, Draining<K, A>)> {
        if self.oldest()? >= bound {
            return None;
        }
        self.take_oldest()
    }

    fn take_oldest(&mut self) -> Option<(i64, Draining<K, A>)> {
        let (start, table) = self.slices.pop()?;
        Some((start, table.drain()))
    }

    /// Takes back what was taken out.
    pub(super) fn give_back(&mut self, drained: Draining<K, A>) {
        self.spare.push(drained.finish());
    }

    /// Where the oldest slice begins.
    pub(super) fn oldest(&self) -> Option<i64> {
        self.slices.last().map(|slice| slice.0)
    }

    /// The keys of all slices.
    #[cfg(test)]
    pub(super) fn keys(&self) -> impl Iterator<Item = &K> {
        let tables = self.slices.iter();
        tables.flat_map(|(_, table)| table.iter().map(|(key, _)| key))
    }
}
