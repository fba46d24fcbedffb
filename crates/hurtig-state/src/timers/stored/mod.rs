//! The timers of one operator in one time domain, in a store.

mod code;
mod head;
#[cfg(test)]
mod tests;

use std::collections::BTreeSet;

use hurtig_types::{Error, KeyGroup, KeyGroupRange, KeyHash, Result, Timestamp};
use serde::{Serialize, de::DeserializeOwned};

use super::queue::Timer;
use crate::store::{Column, StoreBatch, StoreHandle, group_end, group_prefix};
use code::{Code, read_entry};
use head::{Head, Limits};

/// Timers that may be more than fit into memory.
///
/// ```text
///  register, delete ─► Head: a key group's next timers, all up to a bound ─┬ evicted, or flush()
///                        │  ▲ scan from the bound, when it is empty        ▼
///                        ▼  └───────────────── Store ◄── written when large ── StoreBatch ◄─ what is beyond the bound
///               order: (first time, key group) ─► pop_due
/// ```
///
/// Laws:
/// 1. They fire in the order of their times; those of one time in the order of key groups, and in a key group in that of their keys'
///    bytes. (Timers on the heap fire in the order of registration there. The store would have to number them for that, and look each
///    number up.) Keys are the same if their bytes are.
/// 2. Which timer is next is known without a look at the store: no head is empty while the store has timers of its key group.
/// 3. What fails, fails at [`check`](Self::check). After that nothing fires, and what was done does not count.
pub(super) struct StoredTimers<K, N> {
    code: Code<K, N>,
    store: StoreHandle,
    column: Column,
    range: KeyGroupRange,
    /// For each key group of the range.
    heads: Box<[Head]>,
    /// The heads that have timers, by their first time.
    order: BTreeSet<(Timestamp, usize)>,
    /// Changes that the store does not know yet. All reads write them first.
    pending: StoreBatch,
    limits: Limits,
    /// The key of the timer at hand.
    key: Vec<u8>,
    failed: Option<Error>,
}

/// So many bytes of changes wait at most.
const PENDING_BYTES: usize = 64 << 10;
/// So many timers are in memory at most, in all key groups together…
const KEPT_MAX: usize = 64 << 10;
/// …and so many of one key group; at least so many, however many groups there are.
const HEAD_MAX: usize = 128;
const HEAD_MIN: usize = 8;
/// So many bytes of keys of one key group, and one key more.
const HEAD_BYTES: usize = 16 << 10;

impl Limits {
    /// What is usual for so many key groups.
    fn of(groups: usize) -> Self {
        Self {
            timers: (KEPT_MAX / groups.max(1)).clamp(HEAD_MIN, HEAD_MAX),
            bytes: HEAD_BYTES,
        }
    }
}

impl<K, N> StoredTimers<K, N>
where
    K: Serialize + DeserializeOwned,
    N: Serialize + DeserializeOwned,
{
    /// The timers that are in the column of this name: none, or those of the checkpoint from which the store was opened.
    pub(super) fn open(store: &StoreHandle, name: &str, range: KeyGroupRange) -> Result<Self> {
        Self::open_with(store, name, range, Limits::of(range.len()))
    }

    fn open_with(
        store: &StoreHandle,
        name: &str,
        range: KeyGroupRange,
        limits: Limits,
    ) -> Result<Self> {
        let mut timers = Self {
            code: Code::new(),
            store: store.clone(),
            column: store.column(name, None)?,
            range,
            heads: range.groups().map(|_| Head::default()).collect(),
            order: BTreeSet::new(),
            pending: StoreBatch::default(),
            limits,
            key: Vec::new(),
            failed: None,
        };
        let loaded = timers.load_heads();
        loaded.map_err(|error| error.context(format!("reading the stored `{name}`")))?;
        Ok(timers)
    }
}

impl<K, N> StoredTimers<K, N> {
    /// The time of the timer that fires next.
    pub(super) fn next_time(&self) -> Option<Timestamp> {
        self.order.first().map(|(time, _)| *time)
    }

    /// How many timers are in memory.
    pub(super) fn kept(&self) -> usize {
        self.heads.iter().map(Head::len).sum()
    }

    pub(super) fn memory_bytes(&self) -> usize {
        let heads = self.heads.iter().map(Head::memory_bytes);
        heads.sum::<usize>() + size_of_val(&*self.heads) + self.pending.bytes()
    }

    /// Why something that was done since the last call has failed.
    pub(super) fn check(&mut self) -> Result<()> {
        let Some(error) = self.failed.take() else {
            return Ok(());
        };
        self.failed = Some(Error::bug("timers are used after their store has failed"));
        Err(error.context("the timers in the store"))
    }

    /// Does what may fail, unless something has failed before.
    fn attempt<T>(&mut self, act: impl FnOnce(&mut Self) -> Result<T>) -> Option<T> {
        if self.failed.is_some() {
            return None;
        }
        act(self).map_err(|error| self.failed = Some(error)).ok()
    }

    /// Registers a timer; false if it was there. True also where the store would have to be asked.
    pub(super) fn register(
        &mut self,
        time: Timestamp,
        key: &K,
        hash: KeyHash,
        namespace: &N,
    ) -> bool {
        let registered = self.attempt(|it| {
            let place = it.write_key(time, (key, hash), namespace)?;
            it.register_at(place, hash)
        });
        registered.unwrap_or(true)
    }

    /// Deletes a timer; false if there was none. True also where the store would have to be asked.
    pub(super) fn delete(
        &mut self,
        time: Timestamp,
        key: &K,
        hash: KeyHash,
        namespace: &N,
    ) -> bool {
        let deleted = self.attempt(|it| {
            let place = it.write_key(time, (key, hash), namespace)?;
            it.delete_at(place)
        });
        deleted.unwrap_or(true)
    }

    /// Takes out the next timer if it is due: if its time is `up_to` or before.
    pub(super) fn pop_due(&mut self, up_to: Timestamp) -> Option<Timer<K, N>> {
        let &(time, place) = self.order.first().filter(|(time, _)| *time <= up_to)?;
        self.attempt(|it| it.pop_at(place, time)).flatten()
    }

    /// Writes what only memory knows, so that a snapshot of the store has it.
    pub(super) fn flush(&mut self) -> Result<()> {
        self.check()?;
        for head in &mut self.heads {
            head.store(|key, hash| put(&mut self.pending, self.column, key, hash))?;
        }
        self.write_pending()
    }

    /// Writes the key of a timer; also says where the head of its key group is.
    fn write_key(
        &mut self,
        time: Timestamp,
        (key, hash): (&K, KeyHash),
        namespace: &N,
    ) -> Result<usize> {
        let group = hash.key_group();
        self.code
            .write(time, (key, group), namespace, &mut self.key)?;
        let place = group.index().checked_sub(self.range.start());
        place
            .filter(|place| *place < self.heads.len())
            .ok_or_else(|| strange(group, self.range))
    }

    fn register_at(&mut self, place: usize, hash: KeyHash) -> Result<bool> {
        let Some(head) = self.heads.get_mut(place) else {
            return Ok(true);
        };
        if !head.covers(&self.key) {
            put(&mut self.pending, self.column, &self.key, hash)?;
            self.write_many()?;
            return Ok(true);
        }
        let first_time = head.first_time();
        let is_new = head.register(&self.key, hash);
        while let Some((key, kept)) = head.evict(self.limits) {
            if !kept.is_stored {
                put(&mut self.pending, self.column, &key, kept.hash)?;
            }
        }
        self.reorder(place, first_time);
        self.write_many()?;
        Ok(is_new)
    }

    fn delete_at(&mut self, place: usize) -> Result<bool> {
        let Some(head) = self.heads.get_mut(place) else {
            return Ok(true);
        };
        let first_time = head.first_time();
        let is_stored = if head.covers(&self.key) {
            let Some(kept) = head.remove(&self.key) else {
                return Ok(false);
            };
            kept.is_stored
        } else {
            true
        };
        if is_stored {
            delete(&mut self.pending, self.column, &self.key)?;
        }
        self.refill(place)?;
        self.reorder(place, first_time);
        self.write_many()?;
        Ok(true)
    }

    fn pop_at(&mut self, place: usize, time: Timestamp) -> Result<Option<Timer<K, N>>> {
        let head = self.heads.get_mut(place);
        let Some((bytes, kept)) = head.and_then(Head::pop_first) else {
            return Ok(None);
        };
        if kept.is_stored {
            delete(&mut self.pending, self.column, &bytes)?;
        }
        self.refill(place)?;
        self.reorder(place, Some(time));
        self.write_many()?;
        let (key, namespace) = self.code.read(&bytes)?;
        let hash = kept.hash;
        Ok(Some(Timer {
            time,
            key,
            hash,
            namespace,
        }))
    }

    /// The first time of a head was this, and may be another now.
    fn reorder(&mut self, place: usize, before: Option<Timestamp>) {
        let now = self.heads.get(place).and_then(Head::first_time);
        if now != before {
            before.map(|time| self.order.remove(&(time, place)));
            self.order.extend(now.map(|time| (time, place)));
        }
    }

    /// Loads the next timers of a key group, if it has no more in memory.
    fn refill(&mut self, place: usize) -> Result<()> {
        let is_over = |head: &Head| head.rest().is_some();
        if !self.heads.get(place).is_some_and(is_over) {
            return Ok(());
        }
        self.write_pending()?;
        let group = KeyGroup::new((self.range.start() + place) as u16);
        let Some(head) = self.heads.get_mut(place) else {
            return Ok(());
        };
        let from = head.begin_load().unwrap_or_default();
        let limits = self.limits;
        self.store
            .scan(self.column, &from, &group_end(group), &mut |key, value| {
                head.load(key, value, limits)
            })
    }

    /// Loads the next timers of all key groups.
    fn load_heads(&mut self) -> Result<()> {
        let mut next = self.range.start();
        while next < self.range.end()
            && let Some(full) = self.load_until_full(KeyGroup::new(next as u16))?
        {
            next = full.index() + 1;
        }
        (0..self.heads.len()).for_each(|place| self.reorder(place, None));
        Ok(())
    }

    /// Loads the timers of key groups from this on, up to one that has more than are loaded.
    fn load_until_full(&mut self, from: KeyGroup) -> Result<Option<KeyGroup>> {
        let (limits, start) = (self.limits, self.range.start());
        let end = KeyGroup::new(self.range.end().saturating_sub(1) as u16);
        let mut full = None;
        let mut load = |key: &[u8], value: &[u8]| {
            let (group, _) = read_entry(key, value)?;
            let place = group.index().checked_sub(start);
            let Some(head) = place.and_then(|place| self.heads.get_mut(place)) else {
                return Err(strange(group, self.range));
            };
            let has_room = head.load(key, value, limits)?;
            full = Some(group).filter(|_| !has_room);
            Ok(has_room)
        };
        let (from, to) = (group_prefix(from), group_end(end));
        self.store.scan(self.column, &from, &to, &mut load)?;
        Ok(full)
    }

    fn write_many(&mut self) -> Result<()> {
        if self.pending.bytes() < PENDING_BYTES {
            return Ok(());
        }
        self.write_pending()
    }

    fn write_pending(&mut self) -> Result<()> {
        if !self.pending.is_empty() {
            self.store.write(&self.pending)?;
            self.pending.clear();
        }
        Ok(())
    }
}

#[cold]
fn strange(group: KeyGroup, range: KeyGroupRange) -> Error {
    Error::bug(format!(
        "a timer of {group:?} has come to the subtask of {range:?}"
    ))
}

fn put(pending: &mut StoreBatch, column: Column, key: &[u8], hash: KeyHash) -> Result<()> {
    pending.put(
        column,
        |bytes| {
            bytes.extend(key);
            Ok(())
        },
        |bytes| {
            bytes.extend(hash.to_bits().to_le_bytes());
            Ok(())
        },
    )
}

fn delete(pending: &mut StoreBatch, column: Column, key: &[u8]) -> Result<()> {
    pending.delete(column, |bytes| {
        bytes.extend(key);
        Ok(())
    })
}
