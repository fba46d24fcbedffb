//! A table that is larger than memory: the entries used last are here, all others in a store.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use hurtig_codec::{append_value, take_value};
use hurtig_types::{CheckpointId, Error, KeyGroup, KeyGroupRange, KeyHash, Result};
use serde::{Serialize, de::DeserializeOwned};

use super::changes::Changes;
use super::slots::Slots;
use super::watch::Watch;
use super::{StateTable, offset};
use crate::store::{
    CacheShare, Column, StoreBatch, StoreHandle, StoreKeys, group_end, group_prefix,
};

/// Changed entries are written at the latest when there are so many: what a barrier has to write is bounded by it.
const CHANGES_MAX: usize = if cfg!(test) { 16 } else { 8192 };
/// However small its share of memory is, a table keeps so many entries: a batch's.
const ENTRIES_MIN: usize = if cfg!(test) { 12 } else { 4096 };

/// How entries become bytes, and the other way round. Functions, so that who only uses a table needs to know nothing of it.
struct Codec<K, V> {
    write_key: fn(&K, &mut Vec<u8>) -> Result<()>,
    read_key: fn(&[u8]) -> Result<K>,
    write_value: fn(&V, &mut Vec<u8>) -> Result<()>,
    read_value: fn(&[u8]) -> Result<V>,
}

/// When an entry expires.
type ExpiresAt<V> = Box<dyn Fn(&V) -> i64 + Send>;

/// What is behind a table in memory.
pub(super) struct Spill<K, V> {
    store: StoreHandle,
    name: String,
    /// None until it is used first: the store may be another one by then, that of a checkpoint.
    column: Option<Column>,
    codec: Codec<K, V>,
    share: CacheShare,
    /// Where values begin with the time at which they expire: that time, and how far it has come.
    expiry: Option<(ExpiresAt<V>, Arc<AtomicI64>)>,
    /// The next key group to make room in.
    next: usize,
    keys: StoreKeys,
    /// Of each key that is looked up, its index among those that were asked for.
    missing: Vec<usize>,
    batch: StoreBatch,
    /// The bytes of all entries that were written, and how many these were.
    written: (usize, usize),
    error: Option<Error>,
}

impl<K, V> Spill<K, V> {
    fn column(&mut self) -> Result<Column> {
        if let Some(column) = self.column {
            return Ok(column);
        }
        let expiry = self.expiry.as_ref().map(|(_, now)| Arc::clone(now));
        let column = self.store.column(&self.name, expiry)?;
        self.column = Some(column);
        Ok(column)
    }

    fn write_value(
        &mut self,
        column: Column,
        group: KeyGroup,
        (key, value): &(K, V),
    ) -> Result<()> {
        let before = self.batch.bytes();
        let (codec, expiry) = (&self.codec, &self.expiry);
        let put_key = |bytes: &mut Vec<u8>| {
            bytes.extend(group_prefix(group));
            (codec.write_key)(key, bytes)
        };
        let put_value = |bytes: &mut Vec<u8>| {
            if let Some((expires_at, _)) = expiry {
                bytes.extend(expires_at(value).to_le_bytes());
            }
            (codec.write_value)(value, bytes)
        };
        self.batch.put(column, put_key, put_value)?;
        self.written.0 += self.batch.bytes() - before;
        self.written.1 += 1;
        Ok(())
    }

    /// How many entries may be in memory.
    fn entries_max(&self) -> usize {
        let (bytes, entries) = self.written;
        let encoded = bytes.checked_div(entries).unwrap_or(0);
        let each = size_of::<(K, V)>() + 24 + encoded;
        (self.share.bytes() / each).max(ENTRIES_MIN)
    }
}

impl<K: Serialize + DeserializeOwned, V: Serialize + DeserializeOwned> StateTable<K, V> {
    /// A table whose entries lie in a store, under this name, as far as they don't fit into its share of memory.
    ///
    /// Whoever uses it [loads](Self::load_batch) the keys of a batch before it asks for them, and lets it [make room](Self::trim) after
    /// it. In between it is like any other, for the keys that were loaded; what goes over all entries sees those in memory alone.
    pub fn in_store(
        range: KeyGroupRange,
        store: StoreHandle,
        name: impl Into<String>,
        share: CacheShare,
    ) -> Self {
        let mut table = Self::new(range);
        let changes =
            Some(Changes::of(range, super::changes::write_key).counted_from(CheckpointId::new(0)));
        table.watch = Some(Box::new(Watch {
            changes,
            ..Watch::NONE
        }));
        table.spill = Some(Box::new(Spill {
            store,
            name: name.into(),
            column: None,
            codec: Codec {
                write_key: |key, bytes| append_value(key, bytes),
                read_key: |mut bytes| take_value(&mut bytes),
                write_value: |value, bytes| append_value(value, bytes),
                read_value: |mut bytes| take_value(&mut bytes),
            },
            share,
            expiry: None,
            next: 0,
            keys: StoreKeys::default(),
            missing: Vec::new(),
            batch: StoreBatch::default(),
            written: (0, 0),
            error: None,
        }));
        table
    }
}

impl<K, V> StateTable<K, V> {
    /// Whether entries may lie in a store.
    #[inline]
    pub const fn is_spilled(&self) -> bool {
        self.spill.is_some()
    }

    /// From now on values are stored with the time at which they expire, and may be dropped once [that](Self::set_now) has come. Said
    /// first before any is stored.
    pub fn set_expiry(&mut self, expires_at: impl Fn(&V) -> i64 + Send + 'static) {
        if let Some(spill) = &mut self.spill {
            let known = spill.expiry.take().map(|(_, now)| now);
            let now = known.unwrap_or_else(|| Arc::new(AtomicI64::new(i64::MIN)));
            spill.expiry = Some((Box::new(expires_at), now));
        }
    }

    /// Tells the store how far the time has come by which entries expire.
    pub fn set_now(&self, now: i64) {
        if let Some((_, told)) = self.spill.as_ref().and_then(|spill| spill.expiry.as_ref()) {
            told.store(now, Ordering::Relaxed);
        }
    }

    /// The first error of its store that nobody was told. Whatever was made of the table since then is wrong.
    ///
    /// # Errors
    /// That one.
    pub fn check(&mut self) -> Result<()> {
        match self.spill.as_mut().and_then(|spill| spill.error.take()) {
            Some(error) => Err(error),
            None => Ok(()),
        }
    }

    /// Writes what has changed to the store, and forgets no entry.
    ///
    /// # Errors
    /// When an entry cannot be encoded, or the store not be written.
    pub fn flush(&mut self) -> Result<()> {
        if self.spill.is_none() {
            return Ok(());
        }
        self.flush_removed()?;
        let Some(changes) = self.changes_mut() else {
            return Ok(());
        };
        let changed = changes.take_changed();
        let flushed = self.write_changed(changed);
        flushed.map_err(|error| self.describe(error))
    }

    fn write_changed(&mut self, changed: Box<[Slots]>) -> Result<()> {
        let (range, groups) = (self.range, &self.groups);
        let Some(spill) = &mut self.spill else {
            return Ok(());
        };
        let column = spill.column()?;
        for ((mut slots, group), entries) in changed.into_iter().zip(range.groups()).zip(groups) {
            while let Some(slot) = slots.take_next() {
                if let Some(entry) = entries.entry(slot) {
                    spill.write_value(column, group, entry)?;
                }
            }
        }
        let written = spill.store.write(&spill.batch);
        spill.batch.clear();
        written
    }

    /// Deletes what was removed: before it is looked up again, and before it is written again.
    fn flush_removed(&mut self) -> Result<()> {
        let removed = self.changes_mut().and_then(Changes::take_removed);
        let Some(removed) = removed else {
            return Ok(());
        };
        let deleted = removed.and_then(|removed| {
            let Some(spill) = &mut self.spill else {
                return Ok(());
            };
            let column = spill.column()?;
            let (codec, batch) = (&spill.codec, &mut spill.batch);
            removed.each_entry(|group, bytes| {
                let key = (codec.read_key)(bytes)?;
                let before = batch.bytes();
                batch.delete(column, |out| {
                    out.extend(group_prefix(group));
                    (codec.write_key)(&key, out)
                })?;
                Ok(batch.bytes() - before - group_prefix(group).len())
            })?;
            let written = spill.store.write(&spill.batch);
            spill.batch.clear();
            written
        });
        deleted.map_err(|error| self.describe(error))
    }

    fn describe(&self, error: Error) -> Error {
        let name = self.spill.as_ref().map_or("", |spill| &spill.name);
        error.context(format!("state `{name}` in its store"))
    }

    /// Makes room if more entries are in memory than may be, and writes what has changed if it is much. Call it between batches: slots
    /// are void after it.
    ///
    /// # Errors
    /// As [`flush`](Self::flush).
    pub fn trim(&mut self) -> Result<()> {
        let Some(spill) = &self.spill else {
            return Ok(());
        };
        let entries_max = spill.entries_max();
        let changes = self.watch.as_ref().and_then(|watch| watch.changes.as_ref());
        let is_much = changes.is_some_and(|changes| changes.touched() > CHANGES_MAX);
        if self.len <= entries_max {
            return if is_much { self.flush() } else { Ok(()) };
        }
        self.flush()?;
        // A quarter goes, group by group: keys in use come back with their next batch.
        let until = entries_max - entries_max / 4;
        let Some(spill) = &mut self.spill else {
            return Ok(());
        };
        for _ in 0..self.groups.len() {
            if self.len <= until {
                break;
            }
            if let Some(group) = self.groups.get_mut(spill.next) {
                self.len -= group.len();
                group.clear();
            }
            spill.next = (spill.next + 1) % self.groups.len().max(1);
        }
        Ok(())
    }
}

impl<K: Eq, V> StateTable<K, V> {
    /// Fetches the entries of these keys that are not in memory. Does nothing for a table that is all in memory.
    ///
    /// # Errors
    /// When the store cannot be read, or what it holds is no such entry.
    pub fn load_batch<'k>(
        &mut self,
        hashes: &[KeyHash],
        keys: impl IntoIterator<Item = &'k K>,
    ) -> Result<()>
    where
        K: Clone + 'k,
    {
        if self.spill.is_none() {
            return Ok(());
        }
        let keys: Vec<&K> = keys.into_iter().collect();
        let loaded = self.load_missing(hashes, &keys);
        loaded.map_err(|error| self.describe(error))
    }

    /// The same for one key; what goes wrong is told by [`check`](Self::check).
    pub fn load(&mut self, hash: KeyHash, key: &K)
    where
        K: Clone,
    {
        if self.spill.is_none() {
            return;
        }
        if let Err(error) = self.load_batch(&[hash], [key])
            && let Some(spill) = &mut self.spill
        {
            spill.error.get_or_insert(error);
        }
    }

    fn load_missing(&mut self, hashes: &[KeyHash], keys: &[&K]) -> Result<()>
    where
        K: Clone,
    {
        self.flush_removed()?;
        let (range, groups, len) = (self.range, &mut self.groups, &mut self.len);
        let Some(spill) = &mut self.spill else {
            return Ok(());
        };
        spill.keys.clear();
        spill.missing.clear();
        for (index, (hash, key)) in hashes.iter().zip(keys).enumerate() {
            let group = groups.get(offset(range, hash.key_group()));
            if group.is_some_and(|group| group.find(*hash, |there| there == *key).is_none()) {
                spill.missing.push(index);
                spill.keys.push(|bytes| {
                    bytes.extend(group_prefix(hash.key_group()));
                    (spill.codec.write_key)(key, bytes)
                })?;
            }
        }
        if spill.keys.is_empty() {
            return Ok(());
        }
        let column = spill.column()?;
        let front = if spill.expiry.is_some() { 8 } else { 0 };
        let (missing, read_value) = (&spill.missing, spill.codec.read_value);
        spill
            .store
            .get_many(column, &spill.keys, &mut |index, bytes| {
                let place = missing.get(index).copied().unwrap_or(usize::MAX);
                let Some((hash, key)) = hashes.get(place).zip(keys.get(place)) else {
                    return Err(Error::bug("the store found what was not looked up"));
                };
                let value = read_value(bytes.get(front..).unwrap_or_default())?;
                if let Some(group) = groups.get_mut(offset(range, hash.key_group()))
                    && group.find(*hash, |there| there == *key).is_none()
                {
                    // It is as it is in the store: nothing has changed.
                    group.insert_new(*hash, (*key).clone(), value);
                    *len += 1;
                }
                Ok(())
            })
    }

    /// The keys of all entries, wherever they lie.
    ///
    /// # Errors
    /// When the store cannot be read or written.
    pub fn all_keys(&mut self) -> Result<Vec<K>>
    where
        K: Clone,
    {
        if self.spill.is_none() {
            return Ok(self.iter().map(|(key, _)| key.clone()).collect());
        }
        self.flush()?;
        let range = self.range;
        let Some(spill) = &mut self.spill else {
            return Ok(Vec::new());
        };
        let (column, read_key) = (spill.column()?, spill.codec.read_key);
        let mut keys = Vec::new();
        for group in range.groups() {
            let (from, to) = (group_prefix(group), group_end(group));
            spill.store.scan(column, &from, &to, &mut |key, _| {
                keys.push(read_key(key.get(2..).unwrap_or_default())?);
                Ok(true)
            })?;
        }
        Ok(keys)
    }
}

#[cfg(test)]
mod tests;
