//! Who wants to know of each change of a table: a snapshot in progress, and the next one.

use hurtig_types::{KeyGroup, KeyHash};

use super::changes::Changes;
use super::freeze::Freeze;
use super::{StateTable, offset};

/// One of the two at least.
pub(super) struct Watch<K, V> {
    /// A snapshot in progress.
    pub(super) freeze: Option<Freeze<K, V>>,
    /// What has changed since the last snapshot.
    pub(super) changes: Option<Changes<K>>,
}

impl<K, V> Watch<K, V> {
    /// A watch that watches nothing yet.
    pub(super) const NONE: Self = Self {
        freeze: None,
        changes: None,
    };
}

impl<K, V> StateTable<K, V> {
    /// Whether anybody wants to know of changes.
    #[inline]
    pub(super) const fn is_watched(&self) -> bool {
        self.watch.is_some()
    }

    pub(super) fn changes_mut(&mut self) -> Option<&mut Changes<K>> {
        self.watch.as_mut()?.changes.as_mut()
    }

    /// The entry of this slot is about to be changed.
    #[inline(always)]
    pub(super) fn touch(&mut self, group: KeyGroup, slot: u32) {
        if self.watch.is_some() {
            self.touch_watched(group, slot);
        }
    }

    /// The same for the entry that `is_key` knows, if there is one.
    #[cold]
    #[inline(never)]
    pub(super) fn touch_key(&mut self, hash: KeyHash, is_key: impl Fn(&K) -> bool) {
        let group = hash.key_group();
        if let Some(slot) = self.group(group).find(hash, is_key) {
            self.touch_watched(group, slot);
        }
    }

    #[inline]
    pub(super) fn touch_watched(&mut self, group: KeyGroup, slot: u32) {
        let place = offset(self.range, group);
        if let Some(changes) = self.changes_mut() {
            changes.changed(place, slot);
        }
        self.settle(group, slot);
    }

    /// What a snapshot in progress owes of this slot is encoded.
    #[inline]
    pub(super) fn settle(&mut self, group: KeyGroup, slot: u32) {
        let place = offset(self.range, group);
        if let Some(watch) = &mut self.watch
            && let Some(freeze) = &mut watch.freeze
            && let Some(entries) = self.groups.get(place)
        {
            freeze.settle((place, group), slot, entries);
        }
    }

    /// The entry of this slot was added.
    #[inline(always)]
    pub(super) fn added(&mut self, group: KeyGroup, slot: u32) {
        if let Some(watch) = &mut self.watch
            && let Some(changes) = &mut watch.changes
        {
            changes.added(offset(self.range, group), slot);
        }
    }

    /// Takes an entry out; the last one of its group takes its slot.
    pub(super) fn take_out(&mut self, group: KeyGroup, slot: u32) -> Option<(K, V)> {
        self.touch(group, slot);
        let place = offset(self.range, group);
        let entries = self.groups.get_mut(place)?;
        let taken = entries.remove_at(slot)?;
        self.len -= 1;
        let last = entries.len() as u32;
        if let Some(watch) = &mut self.watch {
            if let Some(freeze) = &mut watch.freeze {
                freeze.moved(place, last, slot);
            }
            if let Some(changes) = &mut watch.changes {
                changes.removed((place, group), &taken.0, (last, slot));
            }
        }
        Some(taken)
    }

    /// All entries are about to be changed or removed, in ways that are not told one by one.
    pub(super) fn touch_all(&mut self) {
        if self.watch.is_some() {
            while self.encode_some(usize::MAX) {}
            if let Some(changes) = self.changes_mut() {
                changes.lost_track();
            }
        }
    }
}
