//! A backend of sorted maps: state goes through bytes as it does to a disk, and its snapshots are files that lie in memory.

use std::collections::BTreeMap;
use std::ops::Bound;
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicI64;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use hurtig_state::store::{
    Column, ReceivedDatabase, ReceivedFiles, SharedBackend, SnapshotFile, StateBackend, Store,
    StoreOperation, StoreSnapshot,
};
use hurtig_state::{StateImage, StoreBatch, StoreKeys};
use hurtig_types::{Error, KeyGroup, KeyGroupRange, Result};

type Columns = Vec<(String, BTreeMap<Vec<u8>, Vec<u8>>)>;

/// What tables keep in memory is next to nothing: what is restored comes from the maps, key by key.
const CACHE_BYTES: usize = 1024;

/// The backend of sorted maps.
#[derive(Default)]
pub struct SortedMaps {
    received: Mutex<Vec<Arc<Files>>>,
}

impl SortedMaps {
    /// For the operators of a harness.
    pub fn shared() -> SharedBackend {
        SharedBackend::new(Arc::new(Self::default()))
    }
}

impl StateBackend for SortedMaps {
    fn name(&self) -> &'static str {
        "sorted-maps"
    }

    fn cache_bytes(&self) -> usize {
        CACHE_BYTES
    }

    fn create(&self, _: &str, _: KeyGroupRange) -> Result<Box<dyn Store>> {
        Ok(Box::new(Maps::default()))
    }

    fn receive(&self, _: &str) -> Result<Arc<dyn ReceivedFiles>> {
        let mut received = lock(&self.received);
        let files = Arc::new(Files {
            directory: format!("/maps/{}", received.len()).into(),
            bytes: Mutex::default(),
        });
        received.push(Arc::clone(&files));
        Ok(files)
    }

    fn open(
        &self,
        _: &str,
        range: KeyGroupRange,
        databases: Vec<ReceivedDatabase>,
    ) -> Result<Box<dyn Store>> {
        let mut maps = Maps::default();
        for database in databases {
            let directory = database.files.directory();
            let received = lock(&self.received);
            let files = received.iter().find(|files| files.directory == directory);
            let files = files.ok_or_else(|| Error::bug("files that were never received"))?;
            for (name, bytes) in lock(&files.bytes).iter() {
                maps.add(name, bytes, range)?;
            }
        }
        Ok(Box::new(maps))
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

struct Files {
    directory: PathBuf,
    bytes: Mutex<BTreeMap<String, Vec<u8>>>,
}

impl ReceivedFiles for Files {
    fn take_local(&self, _: &str, _: &str) -> Result<bool> {
        Ok(false)
    }

    fn append(&self, name: &str, bytes: &[u8]) -> Result<()> {
        let mut files = lock(&self.bytes);
        files.entry(name.to_string()).or_default().extend(bytes);
        Ok(())
    }

    fn directory(&self) -> PathBuf {
        Path::new(&self.directory).to_path_buf()
    }
}

#[derive(Clone, Default)]
struct Maps(Columns);

impl Maps {
    /// Adds the entries of a file that are of these key groups.
    fn add(&mut self, name: &str, mut bytes: &[u8], range: KeyGroupRange) -> Result<()> {
        let column = Store::column(self, name, None)?;
        let entries = self.0.get_mut(column.0 as usize);
        let (_, entries) = entries.ok_or_else(no_column)?;
        while !bytes.is_empty() {
            let (key, value) = (take(&mut bytes)?, take(&mut bytes)?);
            let group = key.first_chunk().map(|group| u16::from_be_bytes(*group));
            if group.is_some_and(|group| range.contains(KeyGroup::new(group))) {
                entries.insert(key, value);
            }
        }
        Ok(())
    }

    fn entries(&self, column: Column) -> Result<&BTreeMap<Vec<u8>, Vec<u8>>> {
        let column = self.0.get(column.0 as usize);
        column.map(|column| &column.1).ok_or_else(no_column)
    }

    fn entries_mut(&mut self, column: Column) -> Result<&mut BTreeMap<Vec<u8>, Vec<u8>>> {
        let column = self.0.get_mut(column.0 as usize);
        column.map(|column| &mut column.1).ok_or_else(no_column)
    }
}

fn no_column() -> Error {
    Error::bug("no such column")
}

fn take(bytes: &mut &[u8]) -> Result<Vec<u8>> {
    let cut = || Error::bug("a file that is cut short");
    let (length, rest) = bytes.split_first_chunk().ok_or_else(cut)?;
    let length = u32::from_le_bytes(*length) as usize;
    let (taken, rest) = rest.split_at_checked(length).ok_or_else(cut)?;
    *bytes = rest;
    Ok(taken.to_vec())
}

impl Store for Maps {
    fn column(&mut self, name: &str, _: Option<Arc<AtomicI64>>) -> Result<Column> {
        let index = self.0.iter().position(|(there, _)| there == name);
        let index = index.unwrap_or_else(|| {
            self.0.push((name.to_string(), BTreeMap::new()));
            self.0.len() - 1
        });
        Ok(Column(index as u32))
    }

    fn columns(&self) -> Vec<String> {
        self.0.iter().map(|(name, _)| name.clone()).collect()
    }

    fn get_many(
        &self,
        column: Column,
        keys: &StoreKeys,
        found: &mut dyn FnMut(usize, &[u8]) -> Result<()>,
    ) -> Result<()> {
        let entries = self.entries(column)?;
        let keys = keys.iter().enumerate();
        let values = keys.filter_map(|(index, key)| Some((index, entries.get(key)?)));
        values
            .into_iter()
            .try_for_each(|(index, value)| found(index, value))
    }

    fn write(&mut self, batch: &StoreBatch) -> Result<()> {
        for operation in batch.iter() {
            match operation {
                StoreOperation::Put(column, key, value) => {
                    self.entries_mut(column)?
                        .insert(key.to_vec(), value.to_vec());
                }
                StoreOperation::Delete(column, key) => {
                    self.entries_mut(column)?.remove(key);
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
        let range = (Bound::Included(from), Bound::Excluded(to));
        for (key, value) in self.entries(column)?.range::<[u8], _>(range) {
            if !each(key, value)? {
                break;
            }
        }
        Ok(())
    }

    fn snapshot(&mut self) -> Result<Arc<dyn StoreSnapshot>> {
        Ok(Arc::new(self.clone()))
    }
}

impl StoreSnapshot for Maps {
    fn files(&self) -> Result<Vec<SnapshotFile>> {
        let names = self.0.iter().map(|(name, _)| name);
        names
            .map(|name| {
                Ok(SnapshotFile {
                    name: name.clone(),
                    length: self.read(name)?.len() as u64,
                    is_immutable: false,
                    stored_name: None,
                })
            })
            .collect()
    }

    fn read(&self, name: &str) -> Result<Vec<u8>> {
        let column = self.0.iter().find(|(there, _)| there == name);
        let (_, entries) = column.ok_or_else(no_column)?;
        let mut bytes = Vec::new();
        for part in entries.iter().flat_map(|(key, value)| [key, value]) {
            bytes.extend((part.len() as u32).to_le_bytes());
            bytes.extend(part);
        }
        Ok(bytes)
    }

    fn stored(&self, _: &str, _: &str) {}
}

/// Hands the databases of an image over, as a checkpoint does between attempts.
pub(crate) fn receive(image: &mut StateImage, backend: &SharedBackend) -> Result<()> {
    for database in std::mem::take(&mut image.databases) {
        let files = backend.backend().receive("test")?;
        for file in database.snapshot.files()? {
            files.append(&file.name, &database.snapshot.read(&file.name)?)?;
        }
        let received = ReceivedDatabase {
            range: database.range,
            files,
            stored_names: Vec::new(),
        };
        image.received.push((database.name, received));
    }
    Ok(())
}
