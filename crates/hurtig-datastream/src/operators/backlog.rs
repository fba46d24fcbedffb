//! The part of a batch that a record-at-a-time operator has not come to yet.

use std::vec::IntoIter;

use hurtig_types::{KeyHash, Records, Timestamp};

/// Records with their timestamps, taken one at a time.
pub(crate) struct Backlog<T> {
    values: IntoIter<T>,
    timestamps: Vec<Timestamp>,
    taken: usize,
}

impl<T> Default for Backlog<T> {
    fn default() -> Self {
        Self {
            values: Vec::new().into_iter(),
            timestamps: Vec::new(),
            taken: 0,
        }
    }
}

impl<T> Backlog<T> {
    /// Takes over a batch. The last one has been used up.
    pub(crate) fn fill(&mut self, records: &mut Records<T>) {
        self.values = std::mem::take(&mut records.values).into_iter();
        std::mem::swap(&mut self.timestamps, &mut records.timestamps);
        records.timestamps.clear();
        self.taken = 0;
    }

    /// The index in the batch of the record that was taken last.
    pub(crate) fn last_taken(&self) -> Option<usize> {
        self.taken.checked_sub(1)
    }

    /// The next record.
    #[inline]
    pub(crate) fn next(&mut self) -> Option<(T, Timestamp)> {
        let value = self.values.next()?;
        let timestamp = self
            .timestamps
            .get(self.taken)
            .copied()
            .unwrap_or(Timestamp::NONE);
        self.taken += 1;
        Some((value, timestamp))
    }
}

/// How many records' state is fetched together: enough for cache misses to overlap, few enough to stay in the first-level cache.
const STRETCH: usize = 64;

/// How many records' state is fetched from a store together.
const FAR_STRETCH: usize = 512;

/// A backlog with the keys of its records.
pub(crate) struct KeyedBacklog<K, T> {
    records: Backlog<T>,
    keys: IntoIter<K>,
    hashes: Vec<KeyHash>,
}

/// One record of a keyed backlog.
pub(crate) struct KeyedRecord<K, T> {
    pub(crate) value: T,
    pub(crate) timestamp: Timestamp,
    pub(crate) key: K,
    pub(crate) hash: KeyHash,
}

impl<K, T> Default for KeyedBacklog<K, T> {
    fn default() -> Self {
        Self {
            records: Backlog::default(),
            keys: Vec::new().into_iter(),
            hashes: Vec::new(),
        }
    }
}

impl<K, T> KeyedBacklog<K, T> {
    /// Takes over a batch and its keys. The last one has been used up.
    pub(crate) fn fill(&mut self, records: &mut Records<T>, keys: Vec<K>) {
        std::mem::swap(&mut self.hashes, &mut records.hashes);
        records.hashes.clear();
        self.records.fill(records);
        self.keys = keys.into_iter();
    }

    /// The index in the batch of the record that was taken last.
    pub(crate) fn last_taken(&self) -> Option<usize> {
        self.records.last_taken()
    }

    /// At the start of every stretch of records: the hashes of those in it, whose state can be fetched together.
    #[inline]
    pub(crate) fn next_stretch(&self) -> Option<&[KeyHash]> {
        let taken = self.records.taken;
        if !taken.is_multiple_of(STRETCH) {
            return None;
        }
        let end = (taken + STRETCH).min(self.hashes.len());
        self.hashes.get(taken..end)
    }

    /// At the start of every long stretch: hashes and keys of the records in it, whose state can be fetched from a store together.
    pub(crate) fn next_far_stretch(&self) -> Option<(&[KeyHash], &[K])> {
        let taken = self.records.taken;
        if !taken.is_multiple_of(FAR_STRETCH) {
            return None;
        }
        let keys = self.keys.as_slice();
        let count = keys.len().min(FAR_STRETCH);
        self.hashes.get(taken..taken + count).zip(keys.get(..count))
    }

    /// The next record.
    #[inline]
    pub(crate) fn next(&mut self) -> Option<KeyedRecord<K, T>> {
        let hash = *self.hashes.get(self.records.taken)?;
        let (value, timestamp) = self.records.next()?;
        Some(KeyedRecord {
            value,
            timestamp,
            key: self.keys.next()?,
            hash,
        })
    }
}
