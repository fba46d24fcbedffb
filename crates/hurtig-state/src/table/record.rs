//! A table by record: what a hash map offers, and slots.

use hurtig_types::KeyHash;

use super::{Slot, StateTable, lost, no_such_slot, slot};
use crate::Probe;

impl<K: Eq, V> StateTable<K, V> {
    /// The value of `key`.
    ///
    /// ```
    /// # use hurtig_state::StateTable;
    /// # use hurtig_types::{KeyGroup, KeyGroupRange, KeyHash};
    /// let hash = |key: u64| KeyHash::new(KeyGroup::new(0), key);
    /// let mut table = StateTable::new(KeyGroupRange::new(0, 1));
    /// assert_eq!(table.insert(hash(7), 7, "a"), None);
    /// assert_eq!(table.insert(hash(7), 7, "b"), Some("a"));
    /// if let Some(value) = table.get_mut(hash(7), &7) {
    ///     *value = "c";
    /// }
    /// assert_eq!(table.get(hash(7), &7), Some(&"c"));
    /// assert_eq!(table.remove(hash(7), &7), Some((7, "c")));
    /// assert_eq!(table.get(hash(7), &7), None);
    /// ```
    #[inline]
    pub fn get(&self, hash: KeyHash, key: &K) -> Option<&V> {
        let group = self.group(hash.key_group());
        let index = group.find(hash, |there| there == key)?;
        group.entry(index).map(|(_, value)| value)
    }

    /// The value of `key`, to be changed.
    #[inline]
    pub fn get_mut(&mut self, hash: KeyHash, key: &K) -> Option<&mut V> {
        if self.is_watched() {
            self.touch_key(hash, |there| there == key);
        }
        let group = self.group_mut(hash.key_group());
        let index = group.find(hash, |there| there == key)?;
        group.entry_mut(index).map(|(_, value)| value)
    }

    /// The value of `key`, which is made if the key is new.
    ///
    /// A key that is passed by value is moved in or dropped; one that is passed by reference is cloned if new.
    ///
    /// ```
    /// # use hurtig_state::StateTable;
    /// # use hurtig_types::{KeyGroup, KeyGroupRange, KeyHash};
    /// let hash = KeyHash::new(KeyGroup::new(0), 1);
    /// let mut table = StateTable::new(KeyGroupRange::new(0, 1));
    /// table.get_or_insert_with(hash, "pear".to_string(), Vec::new).push(1);
    /// table.get_or_insert_with(hash, "pear", Vec::new).push(2);
    /// assert_eq!(table.iter().next(), Some((&"pear".to_string(), &vec![1, 2])));
    /// ```
    #[inline]
    pub fn get_or_insert_with(
        &mut self,
        hash: KeyHash,
        key: impl Probe<K>,
        make: impl FnOnce() -> V,
    ) -> &mut V {
        if self.is_watched() {
            self.touch_key(hash, |there| key.matches(there));
        }
        let (group, len) = self.group_and_len(hash.key_group());
        // Each arm finds its own entry, so that the check of the slot is one with that of the search.
        match group.search(hash, &key) {
            Ok(slot) => {
                if let Some((_, value)) = self.group_mut(hash.key_group()).entry_mut(slot) {
                    return value;
                }
            }
            Err(place) => {
                let slot = group.insert_at(place, hash, key.into_key(), make());
                *len += 1;
                self.added(hash.key_group(), slot);
                if let Some((_, value)) = self.group_mut(hash.key_group()).entry_mut(slot) {
                    return value;
                }
            }
        }
        lost(hash.key_group())
    }

    /// The slot of `key`, whose value is made if the key is new.
    #[inline]
    pub fn find_or_insert_with(
        &mut self,
        hash: KeyHash,
        key: impl Probe<K>,
        make: impl FnOnce() -> V,
    ) -> Slot {
        let (group, len) = self.group_and_len(hash.key_group());
        match group.search(hash, &key) {
            Ok(index) => slot(hash, index),
            Err(place) => {
                let index = group.insert_at(place, hash, key.into_key(), make());
                *len += 1;
                self.added(hash.key_group(), index);
                slot(hash, index)
            }
        }
    }

    /// Sets the value of `key`; the value that was there is returned.
    #[inline]
    pub fn insert(&mut self, hash: KeyHash, key: impl Probe<K>, value: V) -> Option<V> {
        let group = self.group(hash.key_group());
        let found = group.find(hash, |there| key.matches(there));
        let Some(slot) = found.map(|index| slot(hash, index)) else {
            self.insert_new(hash, key.into_key(), value);
            return None;
        };
        Some(std::mem::replace(self.at_mut(slot).1, value))
    }

    /// Adds a key of which the caller knows, from a [`find`](Self::find) just before, that it is not there.
    #[inline]
    pub(crate) fn insert_new(&mut self, hash: KeyHash, key: K, value: V) -> Slot {
        let index = self
            .group_mut(hash.key_group())
            .insert_new(hash, key, value);
        self.len += 1;
        self.added(hash.key_group(), index);
        slot(hash, index)
    }

    /// Removes `key`.
    ///
    /// The last entry of its key group takes its slot.
    pub fn remove(&mut self, hash: KeyHash, key: &K) -> Option<(K, V)> {
        let slot = self.find(hash, key)?;
        Some(self.remove_at(slot))
    }

    /// Where `key` lies.
    #[inline]
    pub fn find(&self, hash: KeyHash, key: &K) -> Option<Slot> {
        let index = self
            .group(hash.key_group())
            .find(hash, |there| there == key)?;
        Some(slot(hash, index))
    }
}

impl<K, V> StateTable<K, V> {
    /// The entry at `slot`.
    ///
    /// # Panics
    /// When there is none: the slot is older than a removal, or of another table.
    #[inline]
    pub fn at(&self, slot: Slot) -> (&K, &V) {
        let Some((key, value)) = self.group(slot.group).entry(slot.index) else {
            no_such_slot(slot.group, slot.index)
        };
        (key, value)
    }

    /// The entry at `slot`, its value to be changed.
    ///
    /// # Panics
    /// As [`at`](Self::at).
    #[inline]
    pub fn at_mut(&mut self, slot: Slot) -> (&K, &mut V) {
        self.touch(slot.group, slot.index);
        let Some((key, value)) = self.group_mut(slot.group).entry_mut(slot.index) else {
            no_such_slot(slot.group, slot.index)
        };
        (key, value)
    }

    /// The entry at `slot`, its value to be changed in a way that no reader sees: the next checkpoint need not hold it.
    ///
    /// # Panics
    /// As [`at`](Self::at).
    pub(crate) fn at_mut_unseen(&mut self, slot: Slot) -> (&K, &mut V) {
        self.settle(slot.group, slot.index);
        let Some((key, value)) = self.group_mut(slot.group).entry_mut(slot.index) else {
            no_such_slot(slot.group, slot.index)
        };
        (key, value)
    }

    /// The hash of the key at `slot`.
    ///
    /// # Panics
    /// As [`at`](Self::at).
    #[inline]
    pub fn hash_at(&self, slot: Slot) -> KeyHash {
        let Some(hash) = self.group(slot.group).hash_at(slot.index) else {
            no_such_slot(slot.group, slot.index)
        };
        hash
    }

    /// Takes the entry at `slot` out. The last entry of its key group takes the slot.
    ///
    /// # Panics
    /// As [`at`](Self::at).
    pub fn remove_at(&mut self, slot: Slot) -> (K, V) {
        let Some(entry) = self.take_out(slot.group, slot.index) else {
            no_such_slot(slot.group, slot.index)
        };
        entry
    }
}
