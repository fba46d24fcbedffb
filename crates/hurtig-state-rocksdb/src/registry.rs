//! Files of earlier checkpoints that still lie on this machine, so that a restart in place need not fetch them.
//!
//! A file that a checkpoint has stored gets a second name here (a hard link, so it takes no room while the database has it too), under
//! the number that the registry gives it. It stays while it belongs to one of the last two snapshots that its store has stored. The
//! store itself may be gone by then: that is what a restart is. What it left goes when its successor, the store of the same label, has
//! stored a snapshot of its own, or when many others have gone since.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::path::{Path, PathBuf};

use hurtig_types::Result;
use parking_lot::Mutex;

use crate::local::{self, Directory};

/// How many snapshots of a store are kept: the last one that is complete, and the one that is being stored.
const SNAPSHOTS: usize = 2;
/// Of how many stores that are gone files are kept.
const GONE: usize = 256;

/// The number of a store, for as long as the process runs.
pub(crate) type StoreNumber = u64;

/// All files that are kept, by the names that checkpoints have them under.
pub(crate) struct Registry {
    directory: Directory,
    inner: Mutex<Inner>,
}

#[derive(Default)]
struct Inner {
    next: u64,
    files: BTreeMap<String, KeptFile>,
    stores: BTreeMap<StoreNumber, KeptStore>,
    gone: VecDeque<StoreNumber>,
}

struct KeptFile {
    path: PathBuf,
    /// How many stores keep it.
    stores: usize,
}

#[derive(Default)]
struct KeptStore {
    label: String,
    /// The name in the database, and the one that a checkpoint has it under.
    kept: BTreeMap<String, String>,
    snapshots: VecDeque<(u64, BTreeSet<String>)>,
}

impl Registry {
    /// Keeps files in `directory`.
    pub(crate) fn new(directory: Directory) -> Self {
        Self {
            directory,
            inner: Mutex::default(),
        }
    }

    /// A store begins.
    pub(crate) fn enter(&self, label: &str) -> StoreNumber {
        let mut inner = self.inner.lock();
        inner.next += 1;
        let number = inner.next;
        let store = KeptStore {
            label: label.to_string(),
            ..KeptStore::default()
        };
        inner.stores.insert(number, store);
        number
    }

    /// A store ends. Its files stay for now.
    pub(crate) fn leave(&self, store: StoreNumber) {
        let mut inner = self.inner.lock();
        inner.gone.push_back(store);
        if inner.gone.len() > GONE
            && let Some(oldest) = inner.gone.pop_front()
        {
            inner.forget(oldest);
        }
    }

    /// A checkpoint has this file of the store under this name.
    pub(crate) fn keep(
        &self,
        store: StoreNumber,
        path: &Path,
        name: &str,
        stored: &str,
    ) -> Result<()> {
        let mut inner = self.inner.lock();
        let Some(entry) = inner.stores.get(&store) else {
            return Ok(());
        };
        if entry.kept.get(name).is_some_and(|kept| kept == stored) {
            return Ok(());
        }
        inner.link(&self.directory, path, stored)?;
        let names = (name.to_string(), stored.to_string());
        let entry = inner.stores.get_mut(&store);
        let before = entry.and_then(|entry| entry.kept.insert(names.0, names.1));
        inner.release(before);
        Ok(())
    }

    /// A snapshot of the store, of these files, is being stored: what is in none of the last ones goes.
    pub(crate) fn stored(&self, store: StoreNumber, snapshot: u64, files: &BTreeSet<String>) {
        let mut inner = self.inner.lock();
        let Some(entry) = inner.stores.get_mut(&store) else {
            return;
        };
        if entry.snapshots.iter().any(|(there, _)| *there == snapshot) {
            return;
        }
        entry.snapshots.push_back((snapshot, files.clone()));
        if entry.snapshots.len() > SNAPSHOTS {
            entry.snapshots.pop_front();
        }
        let unused = entry.take_unused();
        let label = entry.label.clone();
        inner.release(unused);
        inner.forget_predecessors(store, &label);
    }

    /// Where a file lies that a checkpoint has under this name, if it is here.
    pub(crate) fn find(&self, stored: &str) -> Option<PathBuf> {
        let inner = self.inner.lock();
        inner.files.get(stored).map(|file| file.path.clone())
    }

    /// How many files are kept.
    #[cfg(test)]
    pub(crate) fn len(&self) -> usize {
        self.inner.lock().files.len()
    }
}

impl KeptStore {
    /// The stored names of what is in no snapshot any more. A store that has not stored enough yet keeps what it was opened with.
    fn take_unused(&mut self) -> Vec<String> {
        if self.snapshots.len() < SNAPSHOTS {
            return Vec::new();
        }
        let snapshots = &self.snapshots;
        let is_used = |name: &String| snapshots.iter().any(|(_, files)| files.contains(name));
        let unused = self.kept.extract_if(.., |name, _| !is_used(name));
        unused.map(|(_, stored)| stored).collect()
    }
}

impl Inner {
    /// One more store keeps a file, which is linked if it is the first.
    fn link(&mut self, directory: &Directory, path: &Path, stored: &str) -> Result<()> {
        if let Some(file) = self.files.get_mut(stored) {
            file.stores += 1;
            return Ok(());
        }
        self.next += 1;
        let kept = directory.path().join(format!("{}.sst", self.next));
        local::link(path, &kept)?;
        let file = KeptFile {
            path: kept,
            stores: 1,
        };
        self.files.insert(stored.to_string(), file);
        Ok(())
    }

    /// A store does not keep these any more: those that no other keeps go.
    fn release(&mut self, stored: impl IntoIterator<Item = String>) {
        for stored in stored {
            let Some(file) = self.files.get_mut(&stored) else {
                continue;
            };
            file.stores -= 1;
            if file.stores == 0 {
                local::remove(&file.path);
                self.files.remove(&stored);
            }
        }
    }

    fn forget(&mut self, store: StoreNumber) {
        if let Some(store) = self.stores.remove(&store) {
            self.release(store.kept.into_values());
        }
    }

    /// A store has files of its own: what those of its label that are gone have left serves nobody.
    fn forget_predecessors(&mut self, store: StoreNumber, label: &str) {
        let of_label = |number: &StoreNumber| {
            let gone = self.stores.get(number);
            *number < store && gone.is_some_and(|gone| gone.label == label)
        };
        let (before, others): (VecDeque<_>, _) = self.gone.iter().copied().partition(of_label);
        self.gone = others;
        for number in before {
            self.forget(number);
        }
    }
}
