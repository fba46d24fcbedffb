//! A few thousand timers of one point in time.

use std::collections::VecDeque;
use std::hash::Hash;

use hurtig_types::KeyHash;

use super::bucket::Entry;
use crate::Probe;
use crate::index::{Index, SLOT_MAX};

/// Timers of one time, in the order in which they will fire: that of registration, until one is deleted, whose place the
/// last one takes.
///
/// Entries are numbered as they come, and the index holds numbers: so that taking the first one out moves nothing.
pub(super) struct Crowd<K, N> {
    entries: VecDeque<Entry<K, N>>,
    /// The number of the first entry.
    first: u32,
    /// Finds entries by hash, once there are more than [`SCANNED_MAX`]; then it stays.
    index: Index,
}

/// So few are found faster by looking at each.
const SCANNED_MAX: usize = 8;

impl<K, N> Default for Crowd<K, N> {
    fn default() -> Self {
        Self {
            entries: VecDeque::new(),
            first: 0,
            index: Index::default(),
        }
    }
}

impl<K, N> Crowd<K, N> {
    pub(super) fn len(&self) -> usize {
        self.entries.len()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &Entry<K, N>> {
        self.entries.iter()
    }

    /// All but so many at the front.
    pub(super) fn iter_from(&self, skipped: usize) -> impl Iterator<Item = &Entry<K, N>> {
        self.entries.range(skipped.min(self.entries.len())..)
    }

    pub(super) fn into_entries(self) -> impl Iterator<Item = Entry<K, N>> {
        self.entries.into_iter()
    }

    /// What it holds outside of itself.
    pub(super) fn bytes(&self) -> usize {
        self.entries.capacity() * size_of::<Entry<K, N>>() + self.index.bytes()
    }

    fn entry(&self, number: u32) -> Option<&Entry<K, N>> {
        self.entries.get(number.wrapping_sub(self.first) as usize)
    }
}

impl<K: Eq, N: Eq + Hash> Crowd<K, N> {
    /// Adds a timer unless it is there.
    pub(super) fn register(&mut self, key: impl Probe<K>, hash: KeyHash, namespace: N) -> bool {
        let is_new = self
            .find(hash, |there| key.matches(there), &namespace)
            .is_none();
        if is_new {
            self.push(Entry {
                hash,
                key: key.into_key(),
                namespace,
            });
        }
        is_new
    }

    /// The position of a timer.
    fn find(&self, hash: KeyHash, is_key: impl Fn(&K) -> bool, namespace: &N) -> Option<usize> {
        let is_it = |entry: &Entry<K, N>| entry.is(hash, &is_key, namespace);
        if !self.index.is_allocated() {
            return self.entries.iter().position(is_it);
        }
        let bits = hash.with(namespace).table_bits();
        let number = self
            .index
            .find(bits, |number| self.entry(number).is_some_and(is_it))
            .ok()?;
        Some(number.wrapping_sub(self.first) as usize)
    }

    /// Adds a timer that is known to be new.
    pub(super) fn push(&mut self, entry: Entry<K, N>) {
        let number = self.first as usize + self.entries.len();
        let bits = entry.bits();
        self.entries.push_back(entry);
        if !self.index.is_allocated() && self.entries.len() <= SCANNED_MAX {
            return;
        }
        if self.entries.len() > self.index.capacity() || number > SLOT_MAX as usize {
            self.renumber();
        } else {
            self.index
                .fill(self.index.find_free(bits), bits, number as u32);
        }
    }

    /// Numbers all entries from 0 and makes the index anew, with room for them.
    #[cold]
    fn renumber(&mut self) {
        let len = self.entries.len();
        assert!(
            len <= SLOT_MAX as usize,
            "one point in time has at most {SLOT_MAX} timers"
        );
        self.first = 0;
        self.index
            .rebuild(len, self.entries.iter().map(Entry::bits).zip(0..));
    }

    pub(super) fn pop_front(&mut self) -> Option<Entry<K, N>> {
        self.unlink(0);
        let entry = self.entries.pop_front()?;
        self.first = if self.entries.is_empty() {
            0
        } else {
            self.first + 1
        };
        Some(entry)
    }

    /// Deletes a timer if it is there.
    pub(super) fn delete(&mut self, key: &K, hash: KeyHash, namespace: &N) -> bool {
        let Some(position) = self.find(hash, |there| there == key, namespace) else {
            return false;
        };
        self.unlink(position);
        let last = self.entries.len() - 1;
        if position != last
            && let Some(moved) = self.entries.back()
        {
            let number = |position: usize| self.first + position as u32;
            self.index
                .rename(moved.bits(), number(last), number(position));
        }
        self.entries.swap_remove_back(position);
        true
    }

    /// Takes the entry at this position out of the index.
    fn unlink(&mut self, position: usize) {
        let Some(entry) = self.entries.get(position) else {
            return;
        };
        let bits_of = |number: u32| {
            self.entries
                .get((number - self.first) as usize)
                .map_or(0, Entry::bits)
        };
        self.index
            .remove(entry.bits(), self.first + position as u32, bits_of);
    }
}
