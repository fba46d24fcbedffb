//! Tests on real databases.

#![allow(
    clippy::disallowed_methods,
    reason = "files are damaged and looked for behind RocksDB's back"
)]

mod damage;
mod expiry;
mod filters;
mod idle;
mod local_files;
mod model;
mod rescaling;
mod snapshots;

use std::sync::Arc;

use hurtig_state::store::{
    Column, ReceivedDatabase, StateBackend, Store, StoreBatch, StoreKeys, StoreSnapshot,
};
use hurtig_types::KeyGroupRange;

use crate::database::Database;
use crate::{RocksDbBackend, RocksDbOptions};

/// A backend, and the directory that goes with it.
struct Scratch {
    backend: RocksDbBackend,
    local: tempfile::TempDir,
}

impl Scratch {
    fn new() -> Self {
        Self::with(|_| {})
    }

    fn with(set: impl FnOnce(&mut RocksDbOptions)) -> Self {
        let local = tempfile::tempdir().unwrap();
        let mut options = RocksDbOptions::new(local.path());
        options.memory_bytes = 64 << 20;
        set(&mut options);
        let backend = RocksDbBackend::new(options).unwrap();
        Self { backend, local }
    }

    fn store(&self) -> Box<dyn Store> {
        self.backend.create("test (1/1)", all()).unwrap()
    }

    /// Brings a snapshot's files to where a database is opened from.
    fn receive(&self, snapshot: &dyn StoreSnapshot, range: KeyGroupRange) -> ReceivedDatabase {
        let files = self.backend.receive("test (1/1)").unwrap();
        for file in snapshot.files().unwrap() {
            let bytes = snapshot.read(&file.name).unwrap();
            assert_eq!(bytes.len() as u64, file.length, "{}", file.name);
            let (front, back) = bytes.split_at(bytes.len() / 2);
            files.append(&file.name, front).unwrap();
            files.append(&file.name, back).unwrap();
        }
        ReceivedDatabase {
            range,
            files,
            stored_names: Vec::new(),
        }
    }

    /// Opens a store from a snapshot, as a restart does.
    fn restored(&self, snapshot: &dyn StoreSnapshot) -> Box<dyn Store> {
        let database = self.receive(snapshot, all());
        self.backend
            .open("test (1/1)", all(), vec![database])
            .unwrap()
    }
}

fn all() -> KeyGroupRange {
    KeyGroupRange::new(0, 32)
}

/// A key of a group.
fn key(group: u16, rest: impl AsRef<[u8]>) -> Vec<u8> {
    let mut key = group.to_be_bytes().to_vec();
    key.extend(rest.as_ref());
    key
}

fn append(bytes: &[u8]) -> impl FnOnce(&mut Vec<u8>) -> hurtig_types::Result<()> {
    move |to| {
        to.extend(bytes);
        Ok(())
    }
}

fn put(store: &mut dyn Store, column: Column, key: &[u8], value: &[u8]) {
    let mut batch = StoreBatch::default();
    batch.put(column, append(key), append(value)).unwrap();
    store.write(&batch).unwrap();
}

fn delete(store: &mut dyn Store, column: Column, key: &[u8]) {
    let mut batch = StoreBatch::default();
    batch.delete(column, append(key)).unwrap();
    store.write(&batch).unwrap();
}

/// What the store has under these keys.
fn get(store: &dyn Store, column: Column, keys: &[Vec<u8>]) -> Vec<Option<Vec<u8>>> {
    let mut wanted = StoreKeys::default();
    for key in keys {
        wanted.push(append(key)).unwrap();
    }
    let mut values = vec![None; keys.len()];
    let mut last = None;
    let mut found = |index: usize, value: &[u8]| {
        assert!(last < Some(index), "out of order");
        last = Some(index);
        values[index] = Some(value.to_vec());
        Ok(())
    };
    store.get_many(column, &wanted, &mut found).unwrap();
    values
}

/// All entries of a column, in order.
fn entries(store: &dyn Store, column: Column) -> Vec<(Vec<u8>, Vec<u8>)> {
    let mut entries = Vec::new();
    let mut each = |key: &[u8], value: &[u8]| {
        entries.push((key.to_vec(), value.to_vec()));
        Ok(true)
    };
    store.scan(column, &[], &[0xff; 4], &mut each).unwrap();
    entries
}

fn column(store: &mut dyn Store, name: &str) -> Column {
    store.column(name, None).unwrap()
}

/// Bytes that do not compress.
fn noise(mut seed: u64, length: usize) -> Vec<u8> {
    let mut next = || {
        seed = seed
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (seed >> 33) as u8
    };
    (0..length).map(|_| next()).collect()
}

fn wanted(store: &mut dyn Store) -> Arc<dyn StoreSnapshot> {
    store.snapshot().unwrap()
}

/// Brings all entries to the last level.
fn compact(database: &Database) {
    for column in database.columns() {
        let family = database.family(&column.family).unwrap();
        database.db.flush_cf(&family).unwrap();
        database
            .db
            .compact_range_cf(&family, None::<&[u8]>, None::<&[u8]>);
    }
}
