//! The timers of one point in time.

use std::collections::VecDeque;
use std::hash::Hash;
use std::mem;

use hurtig_types::KeyHash;

use crate::Probe;
use crate::index::{Index, SLOT_MAX};

/// A timer without its time.
pub(super) struct Entry<K, N> {
    pub(super) hash: KeyHash,
    pub(super) key: K,
    pub(super) namespace: N,
}

impl<K, N: Hash> Entry<K, N> {
    fn bits(&self) -> u64 {
        self.hash.with(&self.namespace).table_bits()
    }
}

/// One timer, in place, or many. Never empty while it is in the queue.
///
/// Most processing-time timers are alone at their millisecond, most window timers among thousands at theirs; the one
/// case should cost no allocation, the other no search.
pub(super) enum Bucket<K, N> {
    One(Entry<K, N>),
    Many(Box<Crowd<K, N>>),
}

impl<K: Eq, N: Eq + Hash> Bucket<K, N> {
    /// Adds a timer unless it is there.
    pub(super) fn register(&mut self, key: impl Probe<K>, hash: KeyHash, namespace: N) -> bool {
        if self.contains(hash, |there| key.matches(there), &namespace) {
            return false;
        }
        let entry = Entry {
            hash,
            key: key.into_key(),
            namespace,
        };
        match self {
            Self::Many(crowd) => crowd.push(entry),
            Self::One(_) => {
                let crowd = Box::new(Crowd::default());
                if let Self::One(first) = mem::replace(self, Self::Many(crowd))
                    && let Self::Many(crowd) = self
                {
                    crowd.push(first);
                    crowd.push(entry);
                }
            }
        }
        true
    }

    fn contains(&self, hash: KeyHash, is_key: impl Fn(&K) -> bool, namespace: &N) -> bool {
        match self {
            Self::One(only) => is(only, hash, is_key, namespace),
            Self::Many(crowd) => crowd.find(hash, is_key, namespace).is_some(),
        }
    }

    /// How many bytes it holds outside the queue's tree.
    pub(super) fn boxed_bytes(&self) -> usize {
        match self {
            Self::One(_) => 0,
            Self::Many(crowd) => crowd.bytes(),
        }
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &Entry<K, N>> {
        let (one, many) = match self {
            Self::One(only) => (Some(only), None),
            Self::Many(crowd) => (None, Some(crowd.entries.iter())),
        };
        one.into_iter().chain(many.into_iter().flatten())
    }
}

#[inline]
fn is<K, N: Eq>(
    entry: &Entry<K, N>,
    hash: KeyHash,
    is_key: impl Fn(&K) -> bool,
    namespace: &N,
) -> bool {
    entry.hash == hash && is_key(&entry.key) && entry.namespace == *namespace
}

/// Many timers of one time, in the order in which they will fire: that of registration, until one is deleted, whose
/// place the last one takes.
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
    pub(super) fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    fn bytes(&self) -> usize {
        size_of::<Self>() + self.entries.capacity() * size_of::<Entry<K, N>>() + self.index.bytes()
    }

    fn entry(&self, number: u32) -> Option<&Entry<K, N>> {
        self.entries.get(number.wrapping_sub(self.first) as usize)
    }
}

impl<K: Eq, N: Eq + Hash> Crowd<K, N> {
    /// The position of a timer.
    fn find(&self, hash: KeyHash, is_key: impl Fn(&K) -> bool, namespace: &N) -> Option<usize> {
        let is_it = |entry: &Entry<K, N>| is(entry, hash, &is_key, namespace);
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

    fn push(&mut self, entry: Entry<K, N>) {
        let number = self.first as usize + self.entries.len();
        let bits = entry.bits();
        self.entries.push_back(entry);
        if !self.index.is_allocated() && self.entries.len() <= SCANNED_MAX {
            return;
        }
        if self.entries.len() > self.index.capacity() || number > SLOT_MAX as usize {
            self.renumber();
        } else if let Err(place) = self.index.find(bits, |_| false) {
            self.index.fill(place, bits, number as u32);
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
