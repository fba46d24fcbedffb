//! A registered table: what the backend knows of it, and what its tokens know.

use std::any::Any;
use std::marker::PhantomData;

use hurtig_types::{Key, KeyHash, Result};

use super::sort::Sort;
use super::ttl::{Clock, StateTime, StateTtl};
use crate::{Cursor, KeyedWriter, Slot, StateImage, StateTable};

/// What a backend does with all its tables alike, whatever they hold.
pub(super) trait AnyTable<K>: Any + Send {
    /// How many keys have a value.
    fn len(&self) -> usize;

    fn memory_bytes(&self) -> usize;

    /// Removes the value of this key.
    fn clear_key(&mut self, hash: KeyHash, key: &K);

    /// The keys that have a value, by key group.
    ///
    /// # Errors
    /// When they lie in a store that cannot be read.
    fn keys(&mut self) -> Result<Vec<K>>;

    /// Fetches what lies in a store of these keys.
    fn load_batch(&mut self, hashes: &[KeyHash], keys: &[K]) -> Result<()>;

    /// Makes room in memory for a store's other entries; or says what went wrong with it.
    fn trim(&mut self, time: &StateTime) -> Result<()>;

    /// Whether its entries lie in a store.
    fn is_spilled(&self) -> bool;

    /// Asks for the cache lines of these keys.
    fn prefetch(&self, hashes: &[KeyHash]);

    /// Whether its entries have a time to live.
    fn expires(&self) -> bool;

    /// A record comes: looks at a few entries, if that is wished.
    fn on_record(&mut self, time: &StateTime);

    /// Begins to add its entries as they are now to an image, without those that have expired.
    fn freeze(&mut self, name: String, time: &StateTime, image: &mut StateImage) -> Result<()>;

    /// Encodes about so many bytes of what was promised; whether there is more.
    fn encode_some(&mut self, bytes: usize) -> bool;
}

/// The table of one state, and where in it the current key lies.
pub(super) struct TypedTable<K, S: Sort> {
    table: StateTable<K, S::Stored>,
    memo: Memo,
    /// A value to put where another is worked on by value: see [`fold`](super::access::Access::fold).
    pub(super) spare: Option<S::Stored>,
    /// How long its entries live, if they expire.
    ttl: Option<StateTtl>,
    /// How far the entries were looked at for what has expired.
    cleaned: Option<Cursor>,
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
    pub(super) fn of(mut table: StateTable<K, S::Stored>) -> Self {
        if S::EXPIRES {
            // Until it is known for how long: for ever.
            table.set_expiry(|_| i64::MAX);
        }
        Self {
            table,
            memo: Memo::NONE,
            spare: None,
            ttl: None,
            cleaned: None,
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
            let mut slot = self.table.find(hash, key);
            if slot.is_none() && self.table.is_spilled() {
                self.table.load(hash, key);
                slot = self.table.find(hash, key);
            }
            self.memo = Memo { turn, slot };
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
        if self.table.is_spilled() {
            self.find(turn, hash, key);
        }
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
    pub(super) fn at(&self, slot: Slot) -> &S::Stored {
        self.table.at(slot).1
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

/// What states that expire ask for.
impl<K: Key, S: Sort> TypedTable<K, S> {
    /// Says how long its entries live; whether that was not known.
    #[inline]
    pub(super) fn set_ttl(&mut self, ttl: StateTtl) -> bool {
        let is_new = self.ttl.replace(ttl).is_none();
        if is_new && self.table.is_spilled() {
            self.expire_in_store(ttl);
        }
        is_new
    }

    /// What has expired may go from the store, where nobody looks for it.
    #[cold]
    fn expire_in_store(&mut self, ttl: StateTtl) {
        let expires_at = move |stored: &S::Stored| {
            let last_used = S::last_used(stored);
            if last_used.is_some() {
                last_used.saturating_add_millis(ttl.millis()).as_millis()
            } else {
                i64::MAX
            }
        };
        self.table.set_expiry(expires_at);
    }

    /// Whether nothing was asked of it in this turn.
    #[inline]
    pub(super) const fn is_first_of(&self, turn: u64) -> bool {
        self.memo.turn != turn
    }

    /// Removes all that has expired.
    pub(super) fn prune_all(&mut self, clock: &Clock) {
        if self.table.is_spilled() {
            return;
        }
        self.table_mut().retain(|_, stored| S::prune(stored, clock));
    }

    /// Looks at the next few entries, and removes what has expired.
    pub(super) fn prune_some(&mut self, count: usize, clock: &Clock) {
        if self.table.is_spilled() {
            return;
        }
        let cursor = self.cleaned.take();
        let mut cursor = cursor.unwrap_or_else(|| self.table.cursor());
        for _ in 0..count {
            // At the end it begins again with the next call, so that no call goes round and round a small table.
            let Some(slot) = cursor.next(&self.table) else {
                return;
            };
            if !S::prune(self.table.at_mut_unseen(slot).1, clock) {
                self.table_mut().remove_at(slot);
            }
        }
        self.cleaned = Some(cursor);
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
        self.table.load(hash, key);
        self.table_mut().remove(hash, key);
    }

    fn keys(&mut self) -> Result<Vec<K>> {
        self.table_mut().all_keys()
    }

    fn load_batch(&mut self, hashes: &[KeyHash], keys: &[K]) -> Result<()> {
        self.table_mut().load_batch(hashes, keys)
    }

    fn trim(&mut self, time: &StateTime) -> Result<()> {
        if let Some(ttl) = &self.ttl {
            self.table.set_now(Clock::of(ttl, time).time().as_millis());
        }
        self.table_mut().trim()?;
        self.table.check()
    }

    fn is_spilled(&self) -> bool {
        self.table.is_spilled()
    }

    fn prefetch(&self, hashes: &[KeyHash]) {
        self.table.prefetch(hashes);
    }

    fn expires(&self) -> bool {
        S::EXPIRES
    }

    fn on_record(&mut self, time: &StateTime) {
        if let Some(ttl) = self.ttl.filter(StateTtl::cleans_with_every_record) {
            self.prune_some(ttl.cleaned(), &Clock::of(&ttl, time));
        }
    }

    fn freeze(&mut self, name: String, time: &StateTime, image: &mut StateImage) -> Result<()> {
        let clock = self.ttl.as_ref().map(|ttl| Clock::of(ttl, time));
        let Some(clock) = clock else {
            return self.table.freeze(name, image);
        };
        let live = move |writer: &mut KeyedWriter, group, key: &K, stored: &S::Stored| {
            let live = S::live(stored, &clock);
            live.map_or(Ok(()), |live| writer.entry(group, &(key, live)))
        };
        self.table.freeze_with(name, live, image)
    }

    fn encode_some(&mut self, bytes: usize) -> bool {
        self.table.encode_some(bytes)
    }
}
