//! A store for tests: sorted maps.

use std::collections::BTreeMap;
use std::ops::Bound;
use std::sync::Arc;
use std::sync::atomic::AtomicI64;

use hurtig_types::{Error, Result};

use super::{Column, Store, StoreBatch, StoreKeys, StoreOperation, StoreSnapshot};

type Columns = Vec<(String, BTreeMap<Vec<u8>, Vec<u8>>)>;

/// Columns in memory. Clones share them, so that a test can look inside.
#[derive(Clone, Default)]
pub(crate) struct InMemoryStore(Arc<std::sync::Mutex<Columns>>);

impl InMemoryStore {
    /// A copy of all that is in it.
    pub(crate) fn copy(&self) -> Self {
        Self(Arc::new(std::sync::Mutex::new(
            self.0.lock().unwrap().clone(),
        )))
    }

    /// How many entries a column has.
    pub(crate) fn len(&self, name: &str) -> usize {
        let columns = self.0.lock().unwrap();
        let column = columns.iter().find(|(there, _)| there == name);
        column.map_or(0, |(_, entries)| entries.len())
    }
}

impl Store for InMemoryStore {
    fn column(&mut self, name: &str, _: Option<Arc<AtomicI64>>) -> Result<Column> {
        let mut columns = self.0.lock().unwrap();
        let index = columns.iter().position(|(there, _)| there == name);
        let index = index.unwrap_or_else(|| {
            columns.push((name.to_string(), BTreeMap::new()));
            columns.len() - 1
        });
        Ok(Column(index as u32))
    }

    fn columns(&self) -> Vec<String> {
        let columns = self.0.lock().unwrap();
        columns.iter().map(|(name, _)| name.clone()).collect()
    }

    fn get_many(
        &self,
        column: Column,
        keys: &StoreKeys,
        found: &mut dyn FnMut(usize, &[u8]) -> Result<()>,
    ) -> Result<()> {
        let columns = self.0.lock().unwrap();
        for (index, key) in keys.iter().enumerate() {
            if let Some(value) = columns[column.0 as usize].1.get(key) {
                found(index, value)?;
            }
        }
        Ok(())
    }

    fn write(&mut self, batch: &StoreBatch) -> Result<()> {
        let mut columns = self.0.lock().unwrap();
        for operation in batch.iter() {
            match operation {
                StoreOperation::Put(column, key, value) => {
                    columns[column.0 as usize]
                        .1
                        .insert(key.to_vec(), value.to_vec());
                }
                StoreOperation::Delete(column, key) => {
                    columns[column.0 as usize].1.remove(key);
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
        let columns = self.0.lock().unwrap();
        let entries = &columns[column.0 as usize].1;
        let range = (Bound::Included(from), Bound::Excluded(to));
        for (key, value) in entries.range::<[u8], _>(range) {
            if !each(key, value)? {
                break;
            }
        }
        Ok(())
    }

    fn snapshot(&mut self) -> Result<Arc<dyn StoreSnapshot>> {
        Err(Error::bug("a store of tests has no files"))
    }
}
