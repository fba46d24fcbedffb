//! The batch of the typed API: a structure of arrays.

use crate::{Batch, ErasedBatch, KeyGroupRange, KeyHash, Origin, Timestamp};

/// How many records a batch holds at most. Large enough that what is paid per batch vanishes, small enough that a
/// batch of numbers stays in the first-level cache while it passes through a chain.
pub const BATCH_RECORDS_MAX: usize = 2048;

/// How many bytes of values a batch aims at: Flink's memory segment.
pub const BATCH_BYTES_TARGET: usize = 32 * 1024;

/// How many records of type `T` an operator puts in one batch.
///
/// ```
/// assert_eq!(hurtig_types::batch_capacity::<u64>(), 2048);
/// assert_eq!(hurtig_types::batch_capacity::<[u64; 64]>(), 64);
/// ```
pub const fn batch_capacity<T>() -> usize {
    let size = if size_of::<T>() == 0 {
        1
    } else {
        size_of::<T>()
    };
    let fitting = BATCH_BYTES_TARGET / size;
    if fitting > BATCH_RECORDS_MAX {
        BATCH_RECORDS_MAX
    } else if fitting < 16 {
        16
    } else {
        fitting
    }
}

/// Records of one type with their timestamps and, after a `key_by`, the hashes of their keys.
///
/// `timestamps` and `hashes` are either empty (no record has one) or as long as `values`.
///
/// ```
/// use hurtig_types::{Records, Timestamp};
///
/// let mut records = Records::from_values(vec!["a", "b"]);
/// assert_eq!(records.timestamp(1), Timestamp::NONE);
/// records.timestamps = vec![Timestamp::from_millis(1), Timestamp::from_millis(2)];
/// assert_eq!(records.timestamp(1), Timestamp::from_millis(2));
/// ```
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Records<T> {
    /// The values.
    pub values: Vec<T>,
    /// The event time of each value, or empty.
    pub timestamps: Vec<Timestamp>,
    /// The key hash of each value, or empty.
    pub hashes: Vec<KeyHash>,
    /// Where they came from.
    pub origin: Origin,
}

impl<T> Records<T> {
    /// No records, no room yet.
    pub const fn new() -> Self {
        Self {
            values: Vec::new(),
            timestamps: Vec::new(),
            hashes: Vec::new(),
            origin: Origin::UNKNOWN,
        }
    }

    /// These values, without timestamps.
    pub fn from_values(values: Vec<T>) -> Self {
        Self {
            values,
            ..Self::new()
        }
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.values.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.values.is_empty()
    }

    /// Whether a batch is full.
    pub fn is_full(&self) -> bool {
        self.values.len() >= const { batch_capacity::<T>() }
    }

    /// The time of record `index`, or [`Timestamp::NONE`].
    #[inline]
    pub fn timestamp(&self, index: usize) -> Timestamp {
        self.timestamps
            .get(index)
            .copied()
            .unwrap_or(Timestamp::NONE)
    }

    /// Adds a value with its time; [`Timestamp::NONE`] for none.
    ///
    /// The column of timestamps appears with the first value that has one.
    #[inline]
    pub fn push(&mut self, value: T, timestamp: Timestamp) {
        if timestamp.is_some() || !self.timestamps.is_empty() {
            if self.timestamps.len() != self.values.len() {
                self.timestamps.resize(self.values.len(), Timestamp::NONE);
            }
            self.timestamps.push(timestamp);
        }
        self.values.push(value);
    }

    /// Moves all of `other` to the end of this, leaving `other` empty with its room.
    pub fn append(&mut self, other: &mut Self) {
        if !self.timestamps.is_empty() || !other.timestamps.is_empty() {
            self.timestamps.resize(self.values.len(), Timestamp::NONE);
            other.timestamps.resize(other.values.len(), Timestamp::NONE);
        }
        let other_origin = std::mem::take(&mut other.origin);
        if self.is_empty() {
            self.origin = other_origin;
        } else {
            self.origin.append(&other_origin);
        }
        self.values.append(&mut other.values);
        self.timestamps.append(&mut other.timestamps);
        self.hashes.append(&mut other.hashes);
    }

    /// Takes the records from `at` on out. None where there are none; that costs nothing.
    #[must_use]
    pub fn split_off(&mut self, at: usize) -> Self {
        if at >= self.len() {
            return Self::new();
        }
        let timestamps = at.min(self.timestamps.len());
        let hashes = at.min(self.hashes.len());
        Self {
            values: self.values.split_off(at),
            timestamps: self.timestamps.split_off(timestamps),
            hashes: self.hashes.split_off(hashes),
            origin: self.origin.split_off(at),
        }
    }

    /// Leaves those records alone whose key is in one of these groups: none where no record has a hash.
    ///
    /// ```
    /// use hurtig_types::{KeyGroup, KeyGroupRange, KeyHash, Records};
    ///
    /// let mut records = Records::from_values(vec!["a", "b", "c"]);
    /// records.hashes = [3, 7, 4].map(|group| KeyHash::new(KeyGroup::new(group), 0)).to_vec();
    /// records.retain_key_groups(KeyGroupRange::new(0, 5));
    /// assert_eq!(records.values, ["a", "c"]);
    /// ```
    pub fn retain_key_groups(&mut self, groups: KeyGroupRange) {
        if self.hashes.len() != self.values.len() {
            return self.clear();
        }
        let is_in = |hash: &KeyHash| groups.contains(hash.key_group());
        let kept: Vec<bool> = self.hashes.iter().map(is_in).collect();
        retain(&mut self.values, &kept);
        retain(&mut self.timestamps, &kept);
        retain(&mut self.hashes, &kept);
        self.origin.blur();
    }

    /// Forgets the records and keeps the room.
    pub fn clear(&mut self) {
        self.values.clear();
        self.timestamps.clear();
        self.hashes.clear();
        self.origin = Origin::UNKNOWN;
    }
}

/// Leaves the entries of a column alone that are kept.
fn retain<C>(column: &mut Vec<C>, kept: &[bool]) {
    let mut kept = kept.iter();
    column.retain(|_| kept.next().copied().unwrap_or(false));
}

impl<T: Clone + Send + 'static> Batch for Records<T> {
    fn len(&self) -> usize {
        self.values.len()
    }

    fn duplicate(&self) -> ErasedBatch {
        ErasedBatch::new(self.clone())
    }

    fn clear(&mut self) {
        Self::clear(self);
    }

    fn origin(&self) -> &Origin {
        &self.origin
    }

    fn set_origin(&mut self, origin: Origin) {
        self.origin = origin;
    }

    fn type_name(&self) -> &'static str {
        std::any::type_name::<T>()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn timestamps_are_all_or_none() {
        let at = Timestamp::from_millis;
        let mut records = Records::new();
        records.push('a', Timestamp::NONE);
        assert!(records.timestamps.is_empty());
        records.push('b', at(7));
        assert_eq!(records.timestamps, [Timestamp::NONE, at(7)]);

        let mut none = Records::from_values(vec!['c']);
        records.append(&mut none);
        assert_eq!(
            records.timestamps,
            [Timestamp::NONE, at(7), Timestamp::NONE]
        );
        assert!(none.is_empty() && none.timestamps.is_empty());
    }
}
