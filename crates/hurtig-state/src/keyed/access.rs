//! One state under one key.

use hurtig_types::Key;

use super::sort::Sort;
use super::state::Current;
use super::table::TypedTable;

/// What a token reaches: its table, and the key of the moment.
pub(super) struct Access<'a, K, S: Sort> {
    pub(super) table: &'a mut TypedTable<K, S>,
    pub(super) current: &'a Current<K>,
}

impl<'a, K: Key, S: Sort> Access<'a, K, S> {
    /// The same, lent on.
    #[inline]
    pub(super) fn reborrow(&mut self) -> Access<'_, K, S> {
        Access {
            table: self.table,
            current: self.current,
        }
    }

    #[inline]
    pub(super) fn get(self) -> Option<&'a S::Stored> {
        let Current { key, hash, turn } = self.current;
        let slot = self.table.find(*turn, *hash, key)?;
        Some(self.table.at(slot))
    }

    #[inline]
    pub(super) fn get_mut(self) -> Option<&'a mut S::Stored> {
        let Current { key, hash, turn } = self.current;
        let slot = self.table.find(*turn, *hash, key)?;
        Some(self.table.at_mut(slot))
    }

    #[inline]
    pub(super) fn get_or_insert_with(self, make: impl FnOnce() -> S::Stored) -> &'a mut S::Stored {
        let Current { key, hash, turn } = self.current;
        let slot = self.table.find_or_insert_with(*turn, *hash, key, make);
        self.table.at_mut(slot)
    }

    #[inline]
    pub(super) fn set(self, value: S::Stored) {
        let Current { key, hash, turn } = self.current;
        match self.table.find(*turn, *hash, key) {
            Some(slot) => *self.table.at_mut(slot) = value,
            None => {
                self.table.find_or_insert_with(*turn, *hash, key, || value);
            }
        }
    }

    /// Sets `value` if there is none, and what `join` makes of the two if there is.
    ///
    /// `join` is given the value that was there, not a copy: meanwhile a spare one, cloned once in the life of the
    /// table, takes its place. Were it an `Option`, each entry of numbers would be larger by half.
    #[inline]
    pub(super) fn fold(self, value: S::Stored, join: impl FnOnce(S::Stored, S::Stored) -> S::Stored)
    where
        S::Stored: Clone,
    {
        let Current { key, hash, turn } = self.current;
        let Some(slot) = self.table.find(*turn, *hash, key) else {
            self.table.find_or_insert_with(*turn, *hash, key, || value);
            return;
        };
        let spare = self.table.spare.take().unwrap_or_else(|| value.clone());
        let there = self.table.at_mut(slot);
        let joined = join(std::mem::replace(there, spare), value);
        self.table.spare = Some(std::mem::replace(there, joined));
    }

    #[inline]
    pub(super) fn remove(self) -> Option<S::Stored> {
        let Current { key, hash, turn } = self.current;
        self.table.remove(*turn, *hash, key)
    }
}
