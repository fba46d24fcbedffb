//! How far windows have fired, where that is not the same for all keys.

use std::collections::BTreeMap;

use hurtig_state::{Cursor, KeyedWriter, StateImage, StateTable, Visited};
use hurtig_types::{Key, KeyGroup, KeyGroupRange, KeyHash, Result, Timestamp};

use crate::operators::GroupTimes;

/// How far windows have fired, by key group.
const FIRED: &str = "slices/fired";
/// Of a key group in the middle of which a barrier came: the end of the window that was firing.
const FIRING: &str = "slices/firing";
/// The keys of that key group for which it had not fired.
const UNFIRED: &str = "slices/unfired";

/// Which windows have fired for some keys and not for all: after a restart from a checkpoint that came in the middle of firing, or found
/// subtasks at different times whose key groups one owns now. There are no marks at all other times.
pub(super) struct FiredMarks<K> {
    range: KeyGroupRange,
    ahead: GroupTimes,
    /// By the index of the key group.
    firing: BTreeMap<usize, i64>,
    unfired: StateTable<K, ()>,
}

impl<K: Key> FiredMarks<K> {
    pub(super) fn none(range: KeyGroupRange) -> Self {
        Self {
            range,
            ahead: GroupTimes::none(range),
            firing: BTreeMap::new(),
            unfired: StateTable::new(range),
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.ahead.is_empty() && self.firing.is_empty()
    }

    /// Whether the window that ends at `end` has fired for a key, when those up to `fired_to` have for all.
    #[cold]
    pub(super) fn has_fired(&self, (key, hash): (&K, KeyHash), end: i64, fired_to: i64) -> bool {
        let group = hash.key_group();
        let is_firing = self.firing.get(&group.index()) == Some(&end);
        self.fired_to(group, fired_to) >= end || is_firing && self.unfired.find(hash, key).is_none()
    }

    fn fired_to(&self, group: KeyGroup, fired_to: i64) -> i64 {
        let least = Timestamp::from_millis(fired_to);
        self.ahead.of(group, least).as_millis()
    }

    /// All windows up to `fired_to` have fired for all keys.
    pub(super) fn settle(&mut self, fired_to: i64) {
        self.ahead.settle(Timestamp::from_millis(fired_to));
        self.firing.retain(|_, end| *end > fired_to);
        if self.firing.is_empty() && !self.unfired.is_empty() {
            self.unfired = StateTable::new(self.range);
        }
    }

    /// Remembers how far windows have fired: that which ends at the end of `firing` for the keys that its walk has visited.
    pub(super) fn add_to_image<S>(
        &self,
        fired_to: i64,
        firing: Option<(i64, &Cursor)>,
        table: &StateTable<K, S>,
        image: &mut StateImage,
    ) -> Result<()> {
        let fired_to_of = |group: KeyGroup| match firing {
            Some((end, walk)) if walk.visited(group, table) == Visited::All => {
                self.fired_to(group, fired_to).max(end)
            }
            _ => self.fired_to(group, fired_to),
        };
        let time_of = |group| Timestamp::from_millis(fired_to_of(group));
        self.ahead.store(FIRED, image, time_of)?;
        let mut ends = KeyedWriter::new(self.range);
        let mut unfired = KeyedWriter::new(self.range);
        let mut any = false;
        for group in self.range.groups() {
            if let Some((end, walk)) = firing
                && walk.visited(group, table) == Visited::Some
            {
                any = true;
                ends.entry(group, &end)?;
                let mut slots = table.cursor_of(group);
                while let Some(slot) = slots.next(table) {
                    let (key, of) = (table.at(slot).0, (end, fired_to));
                    let hash = table.hash_at(slot);
                    if !walk.has_visited(slot, table) && !self.has_fired((key, hash), of.0, of.1) {
                        unfired.entry(group, &(key, ()))?;
                    }
                }
            } else if let Some(end) = self.firing.get(&group.index())
                && *end > fired_to_of(group)
            {
                any = true;
                ends.entry(group, end)?;
                let mut keys = self.unfired.iter_group(group);
                keys.try_for_each(|entry| unfired.entry(group, &entry))?;
            }
        }
        if any {
            image.keyed.push(ends.finish(FIRING));
            image.keyed.push(unfired.finish(UNFIRED));
        }
        Ok(())
    }

    /// Takes the marks out of an image; up to where windows have fired for all keys.
    pub(super) fn restore(
        &mut self,
        image: &mut StateImage,
        hash_of: impl Fn(&K) -> KeyHash,
    ) -> Result<i64> {
        let fired_to = self.ahead.restore(FIRED, image)?.as_millis();
        for piece in image.take_keyed(FIRING) {
            piece.read(|group, end: i64| {
                self.firing.insert(group.index(), end);
                Ok(())
            })?;
        }
        for piece in image.take_keyed(UNFIRED) {
            self.unfired.restore(&piece, &hash_of)?;
        }
        Ok(fired_to)
    }
}
