//! Walking a table in slices.

use std::cmp::Ordering;

use hurtig_types::KeyGroup;

use super::{Slot, StateTable, offset};

/// A place in a walk over all entries of a table, which may be left and taken up again.
///
/// For what has more to say than fits a batch: a window that fires for a million keys, state that expires. The walk
/// visits every entry once, from the end backwards, and the entry that was visited last may be removed with
/// [`StateTable::remove_at`]: what takes its slot was visited before. Until the walk is over nothing may be inserted
/// and nothing else removed; entries may then be visited twice or not at all, though nothing worse happens. The default
/// is the end of a walk.
///
/// ```
/// use hurtig_state::StateTable;
/// use hurtig_types::{KeyGroup, KeyGroupRange, KeyHash};
///
/// let mut table = StateTable::new(KeyGroupRange::new(0, 1));
/// for key in 0..5u64 {
///     table.insert(KeyHash::new(KeyGroup::new(0), key), key, key * 10);
/// }
/// let mut cursor = table.cursor();
/// let mut fired = Vec::new();
/// while let Some(slot) = cursor.next(&table) {
///     if *table.at(slot).0 != 2 {
///         fired.push(table.remove_at(slot).1);
///     }
/// }
/// assert_eq!(fired, [40, 30, 10, 0]);
/// assert_eq!(table.len(), 1);
/// ```
#[derive(Clone, Debug, Default)]
pub struct Cursor {
    /// How many groups were not entered yet; when one was, it is the one of this index.
    group: usize,
    /// The index of the last group to be entered.
    last: usize,
    /// How many entries of that group were not visited yet.
    left: u32,
}

/// Which entries of a key group a walk has visited.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Visited {
    /// None yet.
    None,
    /// Some: [`Cursor::has_visited`] tells which.
    Some,
    /// All.
    All,
}

impl Cursor {
    /// How much of a key group of `table` was visited.
    ///
    /// ```
    /// use hurtig_state::{StateTable, Visited};
    /// use hurtig_types::{KeyGroup, KeyGroupRange, KeyHash};
    ///
    /// let mut table = StateTable::new(KeyGroupRange::new(0, 3));
    /// for key in 0..6u64 {
    ///     table.insert(KeyHash::new(KeyGroup::new(key as u16 / 2), key), key, ());
    /// }
    /// let mut cursor = table.cursor();
    /// let slots: Vec<_> = (0..3).filter_map(|_| cursor.next(&table)).collect();
    /// let visited = [0, 1, 2].map(|group| cursor.visited(KeyGroup::new(group), &table));
    /// assert_eq!(visited, [Visited::None, Visited::Some, Visited::All]);
    /// assert!(cursor.has_visited(slots[2], &table));
    /// ```
    pub fn visited<K, V>(&self, group: KeyGroup, table: &StateTable<K, V>) -> Visited {
        match offset(table.range, group).cmp(&self.group) {
            Ordering::Less => Visited::None,
            Ordering::Equal => Visited::Some,
            Ordering::Greater => Visited::All,
        }
    }

    /// Whether an entry of `table` was visited.
    pub fn has_visited<K, V>(&self, slot: Slot, table: &StateTable<K, V>) -> bool {
        match self.visited(slot.group, table) {
            Visited::None => false,
            Visited::Some => slot.index >= self.left,
            Visited::All => true,
        }
    }

    /// The next entry, or none when all were visited.
    #[inline]
    pub fn next<K, V>(&mut self, table: &StateTable<K, V>) -> Option<Slot> {
        loop {
            let (group, key_group) = (table.groups.get(self.group), self.group);
            if let Some(group) = group {
                self.left = self.left.min(group.len() as u32);
                if let Some(left) = self.left.checked_sub(1) {
                    self.left = left;
                    return table.slot_in(key_group, left);
                }
            }
            if self.group == self.last {
                return None;
            }
            self.group -= 1;
            self.left = u32::MAX;
        }
    }
}

impl<K, V> StateTable<K, V> {
    /// The start of a walk over all entries.
    pub fn cursor(&self) -> Cursor {
        Cursor {
            group: self.groups.len(),
            last: 0,
            left: 0,
        }
    }

    /// The start of a walk over the entries of one key group.
    ///
    /// ```
    /// use hurtig_state::StateTable;
    /// use hurtig_types::{KeyGroup, KeyGroupRange, KeyHash};
    ///
    /// let mut table = StateTable::new(KeyGroupRange::new(4, 8));
    /// for key in 0..40u64 {
    ///     table.insert(KeyHash::new(KeyGroup::new(4 + key as u16 % 4), key), key, ());
    /// }
    /// let mut cursor = table.cursor_of(KeyGroup::new(5));
    /// let mut walked = Vec::new();
    /// while let Some(slot) = cursor.next(&table) {
    ///     walked.push(*table.at(slot).0);
    /// }
    /// assert_eq!(walked, [37, 33, 29, 25, 21, 17, 13, 9, 5, 1]);
    /// ```
    pub fn cursor_of(&self, group: KeyGroup) -> Cursor {
        let index = offset(self.range, group);
        Cursor {
            group: index.saturating_add(1),
            last: index,
            left: 0,
        }
    }

    fn slot_in(&self, offset: usize, index: u32) -> Option<Slot> {
        let group = u16::try_from(self.range.start() + offset).ok()?;
        Some(Slot {
            group: KeyGroup::new(group),
            index,
        })
    }
}
