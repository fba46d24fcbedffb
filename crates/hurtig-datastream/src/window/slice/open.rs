//! The newest slices, each a table of its own.

use hurtig_state::{Draining, StateTable};

/// What the tables of all open slices may take when they are empty: 64 bytes per key group each.
const EMPTY_BYTES_MAX: usize = 4 << 20;

/// How many slices have a table of their own. Records are ahead of the watermark by as many slices as its interval is
/// long, and by those that one source is ahead of another.
const TABLES_MAX: usize = 256;
const TABLES_MIN: usize = 4;

/// The slices that records come to, as tables from key to accumulator.
///
/// A key's entry is no larger than key and accumulator, and a record finds it with one look-up. Only the newest slices
/// are here; the others are in the table that has all slices of a key beside each other, and each slice is in one of
/// both.
pub(super) struct OpenSlices<K, A> {
    /// What a new table is like.
    empty: StateTable<K, A>,
    /// How many there may be.
    tables_max: usize,
    /// From the newest to the oldest.
    slices: Vec<(i64, StateTable<K, A>)>,
    /// Some empty tables, with the room that they had.
    spare: Vec<StateTable<K, A>>,
}

impl<K: Eq, A> OpenSlices<K, A> {
    /// Whose tables are like `empty`.
    pub(super) fn new(empty: StateTable<K, A>) -> Self {
        let fitting = EMPTY_BYTES_MAX / (64 * empty.range().len().max(1));
        Self {
            empty,
            tables_max: fitting.clamp(TABLES_MIN, TABLES_MAX),
            slices: Vec::new(),
            spare: Vec::new(),
        }
    }

    /// The table of the slice that begins at `start`.
    #[inline]
    pub(super) fn get(&mut self, start: i64) -> Option<&mut StateTable<K, A>> {
        let place = self.place(start);
        let slice = self.slices.get_mut(place)?;
        (slice.0 == start).then_some(&mut slice.1)
    }

    /// Gives a new slice a table, unless it is older than all there are, and they are as many as there may be.
    pub(super) fn open(&mut self, start: i64) -> bool {
        let place = self.place(start);
        if place == self.tables_max {
            return false;
        }
        let table = self.spare.pop().unwrap_or_else(|| self.empty.another());
        self.slices.insert(place, (start, table));
        true
    }

    /// Where a slice is, or would be.
    fn place(&self, start: i64) -> usize {
        self.slices.partition_point(|slice| slice.0 > start)
    }

    /// Takes the oldest slice out while there are more than there may be.
    pub(super) fn take_excess(&mut self) -> Option<(i64, Draining<K, A>)> {
        if self.slices.len() <= self.tables_max {
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
        if self.spare.len() < TABLES_MIN {
            self.spare.push(drained.finish());
        }
    }

    /// Where the oldest slice begins.
    pub(super) fn oldest(&self) -> Option<i64> {
        self.slices.last().map(|slice| slice.0)
    }

    /// All slices, from the newest to the oldest.
    pub(super) fn iter(&self) -> impl Iterator<Item = &(i64, StateTable<K, A>)> {
        self.slices.iter()
    }

    /// The same, to be changed.
    pub(super) fn iter_mut(&mut self) -> impl Iterator<Item = &mut (i64, StateTable<K, A>)> {
        self.slices.iter_mut()
    }

    /// The keys of all slices.
    #[cfg(test)]
    pub(super) fn keys(&self) -> impl Iterator<Item = &K> {
        let tables = self.slices.iter();
        tables.flat_map(|(_, table)| table.iter().map(|(key, _)| key))
    }
}
