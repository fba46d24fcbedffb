//! A state backend whose stores hold whatever a fuzzer says.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::AtomicI64;

use hurtig_state::store::{
    Column, OperatorStore, ReceivedDatabase, ReceivedFiles, SharedBackend, StateBackend, Store,
    StoreBatch, StoreHandle, StoreKeys, StoreOperation, StoreSnapshot,
};
use hurtig_types::{Error, KeyGroupRange, Result};

use crate::GROUPS;

/// How many bytes of tables may be in memory: few, so that they come and go.
const CACHE_BYTES: usize = 1_000;

/// Makes stores in memory; each column is there from the start, and has these bytes in it as its entries.
#[derive(Clone)]
pub struct FuzzedBackend(Arc<Vec<u8>>);

impl FuzzedBackend {
    /// Stores with these entries.
    pub fn new(entries: &[u8]) -> Self {
        Self(Arc::new(entries.to_vec()))
    }

    /// A store for the keys of all groups, as an operator's subtask shares it.
    pub fn operator_store(&self) -> OperatorStore {
        let range = KeyGroupRange::new(0, GROUPS);
        SharedBackend::new(Arc::new(self.clone())).store("fuzzed", range)
    }

    /// A store, as timers use it.
    pub fn handle(&self) -> StoreHandle {
        StoreHandle::new(Box::new(self.store()))
    }

    fn store(&self) -> FuzzedStore {
        FuzzedStore {
            entries: entries_of(&self.0),
            columns: Vec::new(),
        }
    }
}

/// An entry is a byte that says how long its key is, one for its value, and these.
fn entries_of(mut bytes: &[u8]) -> BTreeMap<Vec<u8>, Vec<u8>> {
    let mut entries = BTreeMap::new();
    while let Some(([key, value], rest)) = bytes.split_first_chunk::<2>() {
        let (key, rest) = rest.split_at(rest.len().min(usize::from(*key)));
        let (value, rest) = rest.split_at(rest.len().min(usize::from(*value)));
        entries.insert(key.to_vec(), value.to_vec());
        bytes = rest;
    }
    entries
}

impl StateBackend for FuzzedBackend {
    fn name(&self) -> &'static str {
        "fuzzed"
    }

    fn cache_bytes(&self) -> usize {
        CACHE_BYTES
    }

    fn create(&self, _: &str, _: KeyGroupRange) -> Result<Box<dyn Store>> {
        Ok(Box::new(self.store()))
    }

    fn receive(&self, _: &str) -> Result<Arc<dyn ReceivedFiles>> {
        Ok(Arc::new(NamedFiles))
    }

    fn open(&self, _: &str, _: KeyGroupRange, _: Vec<ReceivedDatabase>) -> Result<Box<dyn Store>> {
        Ok(Box::new(self.store()))
    }
}

/// Columns of a store; a copy of the entries is made of each that is asked for.
struct FuzzedStore {
    entries: BTreeMap<Vec<u8>, Vec<u8>>,
    columns: Vec<(String, BTreeMap<Vec<u8>, Vec<u8>>)>,
}

impl FuzzedStore {
    fn entries(&self, column: Column) -> &BTreeMap<Vec<u8>, Vec<u8>> {
        &self.columns[column.0 as usize].1
    }
}

impl Store for FuzzedStore {
    fn column(&mut self, name: &str, _: Option<Arc<AtomicI64>>) -> Result<Column> {
        let place = self.columns.iter().position(|(there, _)| there == name);
        let place = place.unwrap_or_else(|| {
            self.columns.push((name.to_string(), self.entries.clone()));
            self.columns.len() - 1
        });
        Ok(Column(place as u32))
    }

    fn columns(&self) -> Vec<String> {
        self.columns.iter().map(|(name, _)| name.clone()).collect()
    }

    fn get_many(
        &self,
        column: Column,
        keys: &StoreKeys,
        found: &mut dyn FnMut(usize, &[u8]) -> Result<()>,
    ) -> Result<()> {
        let entries = self.entries(column);
        for (index, key) in keys.iter().enumerate() {
            if let Some(value) = entries.get(key) {
                found(index, value)?;
            }
        }
        Ok(())
    }

    fn write(&mut self, batch: &StoreBatch) -> Result<()> {
        for operation in batch.iter() {
            match operation {
                StoreOperation::Put(column, key, value) => {
                    let (_, entries) = &mut self.columns[column.0 as usize];
                    entries.insert(key.to_vec(), value.to_vec());
                }
                StoreOperation::Delete(column, key) => {
                    self.columns[column.0 as usize].1.remove(key);
                }
            }
        }
        Ok(())
    }

    fn scan(
        &self,
        column: Column,
        from: &[u8],
        to: &[u8],
        each: &mut dyn FnMut(&[u8], &[u8]) -> Result<bool>,
    ) -> Result<()> {
        let entries = self.entries(column).iter();
        for (key, value) in entries.skip_while(|(key, _)| key.as_slice() < from) {
            if key.as_slice() >= to || !each(key, value)? {
                break;
            }
        }
        Ok(())
    }

    fn snapshot(&mut self) -> Result<Arc<dyn StoreSnapshot>> {
        Err(Error::io("a fuzzed store has no files"))
    }
}

/// Takes files, and looks that their names lead nowhere else.
struct NamedFiles;

impl ReceivedFiles for NamedFiles {
    fn take_local(&self, name: &str, _: &str) -> Result<bool> {
        self.append(name, &[]).map(|()| false)
    }

    fn append(&self, name: &str, _: &[u8]) -> Result<()> {
        let leads_away = name.contains(['/', '\\', '\0', ':']) || name.starts_with('.');
        assert!(!name.is_empty() && !leads_away, "a file is named {name:?}");
        Ok(())
    }

    fn directory(&self) -> PathBuf {
        PathBuf::new()
    }
}
