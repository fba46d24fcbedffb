//! The state of one operator's subtask.

use std::sync::atomic::AtomicI64;
use std::sync::{Arc, Weak};

use hurtig_state::store::{Column, Store, StoreBatch, StoreKeys, StoreOperation, StoreSnapshot};
use hurtig_types::{Error, Result};
use rocksdb::{BoundColumnFamily, ReadOptions, WriteBatch};

use crate::database::{ColumnEntry, Database, without_log};
use crate::engine::failed;
use crate::snapshot::RocksDbSnapshot;

/// How many keys are looked up at once: enough for reads of files to be shared, and what they pin in memory is bounded.
const KEYS_AT_ONCE: usize = 512;
/// What RocksDB adds to a change of a batch, at most about.
const CHANGE_OVERHEAD: usize = 16;

/// A store in a database of its own.
pub(crate) struct RocksDbStore {
    database: Arc<Database>,
    columns: Vec<ColumnEntry>,
    /// Those snapshots that nobody may have made yet, oldest first.
    wanted: Vec<Weak<RocksDbSnapshot>>,
}

impl RocksDbStore {
    pub(crate) fn new(database: Database) -> Self {
        let database = Arc::new(database);
        database.shared.balance.join(&database);
        Self {
            columns: database.columns(),
            database,
            wanted: Vec::new(),
        }
    }

    /// To be called before anything changes: snapshots hold what was before.
    fn settle(&mut self) {
        for snapshot in self.wanted.drain(..) {
            // One that nobody has any more is never asked for.
            if let Some(snapshot) = snapshot.upgrade() {
                snapshot.make();
            }
        }
    }

    fn family(&self, column: Column) -> Result<Arc<BoundColumnFamily<'_>>> {
        let entry = self.columns.get(column.0 as usize);
        let entry = entry.ok_or_else(|| unknown(column))?;
        self.database.family(&entry.family)
    }

    fn families(&self) -> Result<Vec<Arc<BoundColumnFamily<'_>>>> {
        let columns = self.columns.iter();
        columns
            .map(|entry| self.database.family(&entry.family))
            .collect()
    }

    #[cfg(test)]
    pub(crate) fn database(&self) -> &Arc<Database> {
        &self.database
    }
}

impl Store for RocksDbStore {
    fn column(&mut self, name: &str, expiry: Option<Arc<AtomicI64>>) -> Result<Column> {
        let position = match self.database.position(name) {
            Some(position) => position,
            None => {
                self.settle();
                let position = self.database.add_column(name)?;
                self.columns = self.database.columns();
                position
            }
        };
        if let (Some(until), Some(entry)) = (expiry, self.columns.get(position)) {
            entry.expiry.follow(until);
        }
        Ok(Column(position as u32))
    }

    fn columns(&self) -> Vec<String> {
        self.columns
            .iter()
            .map(|entry| entry.name.clone())
            .collect()
    }

    fn get_many(
        &self,
        column: Column,
        keys: &StoreKeys,
        found: &mut dyn FnMut(usize, &[u8]) -> Result<()>,
    ) -> Result<()> {
        let family = self.family(column)?;
        let options = ReadOptions::default();
        let keys: Vec<&[u8]> = keys.iter().collect();
        let mut index = 0;
        for keys in keys.chunks(KEYS_AT_ONCE) {
            let keys = keys.iter().copied();
            let values =
                (self.database.db).batched_multi_get_cf_opt(&family, keys, false, &options);
            for value in values {
                if let Some(value) = value.map_err(failed("read", self.database.path()))? {
                    found(index, &value)?;
                }
                index += 1;
            }
        }
        Ok(())
    }

    fn write(&mut self, batch: &StoreBatch) -> Result<()> {
        self.settle();
        let families = self.families()?;
        let family = |column: Column| {
            let family = families.get(column.0 as usize);
            family.ok_or_else(|| unknown(column))
        };
        let bytes = batch.bytes() + batch.len() * CHANGE_OVERHEAD;
        let mut changes = WriteBatch::with_capacity_bytes(bytes);
        for operation in batch.iter() {
            match operation {
                StoreOperation::Put(column, key, value) => {
                    changes.put_cf(family(column)?, key, value);
                }
                StoreOperation::Delete(column, key) => changes.delete_cf(family(column)?, key),
            }
        }
        (self.database.db)
            .write_opt(changes, &without_log())
            .map_err(failed("write to", self.database.path()))?;
        let shared = &self.database.shared;
        let used = || shared.engine.write_buffer_bytes();
        shared.balance.wrote(bytes, used)
    }

    fn scan(
        &self,
        column: Column,
        from: &[u8],
        to: &[u8],
        each: &mut dyn FnMut(&[u8], &[u8]) -> Result<bool>,
    ) -> Result<()> {
        if from >= to {
            return Ok(());
        }
        let family = self.family(column)?;
        // It reads ahead by itself, more with every block: most scans, as those of timers, end within the first.
        let mut options = ReadOptions::default();
        options.set_iterate_upper_bound(to);
        options.set_total_order_seek(true);
        let mut entries = self.database.db.raw_iterator_cf_opt(&family, options);
        entries.seek(from);
        while let Some((key, value)) = entries.item() {
            if !each(key, value)? {
                return Ok(());
            }
            entries.next();
        }
        entries
            .status()
            .map_err(failed("scan", self.database.path()))
    }

    fn snapshot(&mut self) -> Result<Arc<dyn StoreSnapshot>> {
        self.wanted.retain(|snapshot| snapshot.strong_count() > 0);
        let snapshot = Arc::new(RocksDbSnapshot::of(&self.database));
        self.wanted.push(Arc::downgrade(&snapshot));
        Ok(snapshot)
    }
}

fn unknown(column: Column) -> Error {
    Error::bug(format!("{column:?} is another store's"))
}
