//! Emptying a table in slices.

use hurtig_types::KeyHash;

use super::StateTable;
use super::group::Group;

/// A table that is being emptied, which may be left and taken up again: what [`StateTable::drain`] returns.
///
/// Costs a few instructions an entry, where [`StateTable::remove_at`] must find each in the index.
///
/// ```
/// use hurtig_state::StateTable;
/// use hurtig_types::{KeyGroup, KeyGroupRange, KeyHash};
///
/// let mut table = StateTable::new(KeyGroupRange::new(0, 1));
/// for key in 0..3u64 {
///     table.insert(KeyHash::new(KeyGroup::new(0), key), key, key * 10);
/// }
/// let mut draining = table.drain();
/// assert_eq!(draining.next().map(|(_, key, value)| (key, value)), Some((2, 20)));
/// assert_eq!(draining.size_hint(), (2, Some(2)));
/// assert!(draining.finish().is_empty());
/// ```
pub struct Draining<K, V> {
    table: StateTable<K, V>,
    /// The groups before it are empty.
    group: usize,
}

impl<K, V> Draining<K, V> {
    /// What was not taken out yet.
    pub const fn left(&self) -> &StateTable<K, V> {
        &self.table
    }

    /// The empty table, with the room that it had. What was not taken out yet is dropped.
    #[must_use]
    pub fn finish(mut self) -> StateTable<K, V> {
        let groups = self.table.groups.iter_mut();
        groups.skip(self.group).for_each(Group::clear);
        self.table.len = 0;
        self.table
    }
}

impl<K, V> Iterator for Draining<K, V> {
    type Item = (KeyHash, K, V);

    #[inline]
    fn next(&mut self) -> Option<Self::Item> {
        loop {
            let group = self.table.groups.get_mut(self.group)?;
            if let Some(entry) = group.pop() {
                self.table.len -= 1;
                return Some(entry);
            }
            self.group += 1;
        }
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.table.len, Some(self.table.len))
    }
}

impl<K, V> StateTable<K, V> {
    /// Takes the entries out, group by group, within a group from the last to the first.
    pub fn drain(mut self) -> Draining<K, V> {
        self.touch_all();
        Draining {
            table: self,
            group: 0,
        }
    }
}
