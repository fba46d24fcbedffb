//! A registered table: what the backend knows of it, and what its tokens know.

use std::any::Any;
use std::marker::PhantomData;

use hurtig_types::{Key, KeyGroupRange, KeyHash, Result};

use super::sort::Sort;
use crate::{KeyedPiece, Slot, StateTable};

/// What a backend does with all its tables alike, whatever they hold.
pub(super) trait AnyTable<K>: Any + Send {
    /// How many keys have a value.
    fn len(&self) -> usize;

    fn memory_bytes(&self) -> usize;

    /// Removes the value of this key.
    fn clear_key(&mut self, hash: KeyHash, key: &K);

    /// The keys that have a value, by key group.
    fn keys(&self) -> Vec<K>;

    /// Asks for the cache lines of these keys.
    fn prefetch(&self, hashes: &[KeyHash]);

    /// Its entries as bytes.
    fn image(&self, name: String) -> Result<KeyedPiece>;
}

/// The table of one state, and where in it the current key lies.
pub(super) struct TypedTable<K, S: Sort> {
    table: StateTable<K, S::Stored>,
    memo: Memo,
    /// A value to put where another is worked on by value: see [`fold`](super::access::Access::fold).
    pub(super) spare: Option<S::Stored>,
    sort: PhantomData<fn(S)>,
}

/// What the last probe found out, so that reading and then writing under one key probes once.
#[derive(Clone, Copy)]
struct Memo {
    /// The turn of the backend in which it holds; turns begin with 1.
    turn: u64,
    slot: Option<Slot>,
}

impl Memo {
    const NONE: Self = Self {
        turn: 0,
        slot: None,
    };
}

impl<K: Key, S: Sort> TypedTable<K, S> {
    pub(super) fn new(range: KeyGroupRange) -> Self {
        Self {
            table: StateTable::new(range),
            memo: Memo::NONE,
            spare: None,
            sort: PhantomData,
        }
    }

    /// The table itself; whatever is done to it, nothing wrong is remembered after.
    pub(super) fn table_mut(&mut self) -> &mut StateTable<K, S::Stored> {
        self.memo = Memo::NONE;
        &mut self.table
    }

    /// Where the key lies, asked of the table once a turn.
    #[inline]
    pub(super) fn find(&mut self, turn: u64, hash: KeyHash, key: &K) -> Option<Slot> {
        if self.memo.turn != turn {
            self.memo = Memo {
                turn,
                slot: self.table.find(hash, key),
            };
        }
        self.memo.slot
    }

    /// Where the key lies, after its value was made if there was none.
    #[inline]
    pub(super) fn find_or_insert_with(
        &mut self,
        turn: u64,
        hash: KeyHash,
        key: &K,
        make: impl FnOnce() -> S::Stored,
    ) -> Slot {
        let slot = match self.memo {
            Memo { turn: known, slot } if known == turn => match slot {
                Some(slot) => slot,
                None => self.table.insert_new(hash, key.clone(), make()),
            },
            _ => self.table.find_or_insert_with(hash, key, make),
        };
        self.memo = Memo {
            turn,
            slot: Some(slot),
        };
        slot
    }

    #[inline]
    pub(super) fn at_mut(&mut self, slot: Slot) -> &mut S::Stored {
        self.table.at_mut(slot).1
    }

    pub(super) fn remove(&mut self, turn: u64, hash: KeyHash, key: &K) -> Option<S::Stored> {
        let slot = self.find(turn, hash, key)?;
        self.memo = Memo { turn, slot: None };
        Some(self.table.remove_at(slot).1)
    }
}

impl<K: Key, S: Sort> AnyTable<K> for TypedTable<K, S> {
    fn len(&self) -> usize {
        self.table.len()
    }

    fn memory_bytes(&self) -> usize {
        self.table.memory_bytes()
    }

    fn clear_key(&mut self, hash: KeyHash, key: &K) {
        self.table_mut().remove(hash, key);
    }

    fn keys(&self) -> Vec<K> {
        self.table.iter().map(|(key, _)| key.clone()).collect()
    }

    fn prefetch(&self, hashes: &[KeyHash]) {
        self.table.prefetch(hashes);
    }

    fn image(&self, name: String) -> Result<KeyedPiece> {
        self.table.image(name)
    }
}
