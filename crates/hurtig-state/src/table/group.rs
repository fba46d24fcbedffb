//! The entries of one key group.

use hurtig_types::KeyHash;

use crate::Probe;
use crate::index::{Index, Place, SLOT_MAX};
use crate::machine::prefetch_value;

/// A dense slab of entries, the hash of each, and the index that finds them.
///
/// Exactly one cache line, so that finding a group costs one miss at most.
#[repr(align(64))]
pub(super) struct Group<K, V> {
    entries: Vec<(K, V)>,
    /// As long as `entries`.
    hashes: Vec<KeyHash>,
    /// Names every slot of `entries` once.
    index: Index,
}

impl<K, V> Group<K, V> {
    pub(super) fn new() -> Self {
        Self {
            entries: Vec::new(),
            hashes: Vec::new(),
            index: Index::default(),
        }
    }

    pub(super) fn len(&self) -> usize {
        self.entries.len()
    }

    pub(super) fn entries(&self) -> &[(K, V)] {
        &self.entries
    }

    pub(super) fn hash_at(&self, slot: u32) -> Option<KeyHash> {
        self.hashes.get(slot as usize).copied()
    }

    pub(super) fn bytes(&self) -> usize {
        self.entries.capacity() * size_of::<(K, V)>()
            + self.hashes.capacity() * size_of::<KeyHash>()
            + self.index.bytes()
    }

    #[inline(always)]
    pub(super) fn entry(&self, slot: u32) -> Option<&(K, V)> {
        self.entries.get(slot as usize)
    }

    #[inline(always)]
    pub(super) fn entry_mut(&mut self, slot: u32) -> Option<&mut (K, V)> {
        self.entries.get_mut(slot as usize)
    }

    #[inline(always)]
    pub(super) fn prefetch_index(&self, hash: KeyHash) {
        self.index.prefetch(hash.to_bits());
    }

    /// The slot that `hash` most probably means; its entry is asked for, not read.
    #[inline(always)]
    pub(super) fn prefetch_entry(&self, hash: KeyHash) -> Option<u32> {
        let slot = self.index.candidate(hash.to_bits())?;
        prefetch_value(self.entries.as_ptr().wrapping_add(slot as usize));
        Some(slot)
    }

    #[inline(always)]
    pub(super) fn find(&self, hash: KeyHash, is_key: impl Fn(&K) -> bool) -> Option<u32> {
        let is_it = |slot| entry_is(&self.entries, slot, &is_key);
        self.index.find(hash.to_bits(), is_it).ok()
    }

    /// The slot of `key`, or where the search for it ended.
    #[inline(always)]
    pub(super) fn search(&self, hash: KeyHash, key: &impl Probe<K>) -> Result<u32, Place> {
        let is_it = |slot| entry_is(&self.entries, slot, |there| key.matches(there));
        self.index.find(hash.to_bits(), is_it)
    }

    /// Adds an entry whose key is known to be new.
    pub(super) fn insert_new(&mut self, hash: KeyHash, key: K, value: V) -> u32 {
        let place = self.index.find_free(hash.to_bits());
        self.insert_at(place, hash, key, value)
    }

    /// Adds an entry, given where the search for it ended. Not inlined, for the sake of the loops around searches that
    /// succeed.
    #[inline(never)]
    pub(super) fn insert_at(&mut self, place: Place, hash: KeyHash, key: K, value: V) -> u32 {
        let slot = self.push(hash, key, value);
        if self.entries.len() <= self.index.capacity() {
            self.index.fill(place, hash.to_bits(), slot);
        } else {
            let all = self.hashes.iter().map(|hash| hash.to_bits()).zip(0..);
            self.index.rebuild(self.entries.len(), all);
        }
        slot
    }

    #[inline]
    fn push(&mut self, hash: KeyHash, key: K, value: V) -> u32 {
        let slot = self.entries.len();
        assert!(
            slot <= SLOT_MAX as usize,
            "a key group holds at most {SLOT_MAX} keys"
        );
        self.entries.push((key, value));
        self.hashes.push(hash);
        slot as u32
    }

    /// Takes the entry out; the last one takes its place.
    pub(super) fn remove_at(&mut self, slot: u32) -> Option<(K, V)> {
        let hash = self.hash_at(slot)?;
        let hashes = &self.hashes;
        let bits_of = |slot: u32| hashes.get(slot as usize).map_or(0, |hash| hash.to_bits());
        self.index.remove(hash.to_bits(), slot, bits_of);
        let last = self.entries.len() as u32 - 1;
        if slot != last {
            self.index.rename(bits_of(last), last, slot);
        }
        self.hashes.swap_remove(slot as usize);
        Some(self.entries.swap_remove(slot as usize))
    }

    /// Takes the last entry out. The index still names it: no look-ups until the group is [cleared](Self::clear), as it
    /// is with the answer none.
    #[inline]
    pub(super) fn pop(&mut self) -> Option<(KeyHash, K, V)> {
        let Some(((key, value), hash)) = self.entries.pop().zip(self.hashes.pop()) else {
            self.index.clear();
            return None;
        };
        Some((hash, key, value))
    }

    pub(super) fn clear(&mut self) {
        self.entries.clear();
        self.hashes.clear();
        self.index.clear();
    }
}

#[inline(always)]
fn entry_is<K, V>(entries: &[(K, V)], slot: u32, is_key: impl Fn(&K) -> bool) -> bool {
    entries
        .get(slot as usize)
        .is_some_and(|(key, _)| is_key(key))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_group_is_one_cache_line() {
        assert_eq!(size_of::<Group<String, [u64; 9]>>(), 64);
    }
}
