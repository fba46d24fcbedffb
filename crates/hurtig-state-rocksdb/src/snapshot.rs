//! What a store held at one time, as hard links to its files.
//!
//! ```text
//!  Store::snapshot ─► wanted ── files(), from another thread ──┐
//!                       │                                      ├─► made: a directory of links, until the last reference goes
//!                       └─ the store's next write, if it comes first ┘
//! ```
//!
//! Taking one costs nothing: as long as nothing is written, what is in the store is what the snapshot holds. Whoever comes first makes
//! it, and the other waits. The road not taken is a snapshot of RocksDB's own, which later writes do not disturb: its files cannot be had.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use hurtig_state::store::{SnapshotFile, StoreSnapshot};
use hurtig_types::{Error, Result};
use parking_lot::Mutex;

use crate::backend::Shared;
use crate::database::Database;
use crate::local::{self, Directory};
use crate::registry::StoreNumber;

static NEXT: AtomicU64 = AtomicU64::new(0);

/// A snapshot of a [`RocksDbStore`](crate::store::RocksDbStore).
pub(crate) struct RocksDbSnapshot {
    number: u64,
    state: Mutex<State>,
}

enum State {
    /// Not made yet. The database stays open for it.
    Wanted(Arc<Database>),
    Made(Arc<Made>),
    Failed(String),
}

struct Made {
    directory: Directory,
    files: Vec<SnapshotFile>,
    immutable: BTreeSet<String>,
    store: StoreNumber,
    // Behind the directory, which lies in the first and with it in the second.
    _home: Arc<Directory>,
    shared: Arc<Shared>,
}

impl RocksDbSnapshot {
    /// One of what is in the database now, and stays in it until [`make`](Self::make) has been called.
    pub(crate) fn of(database: &Arc<Database>) -> Self {
        Self {
            number: NEXT.fetch_add(1, Ordering::Relaxed),
            state: Mutex::new(State::Wanted(Arc::clone(database))),
        }
    }

    /// Makes it, unless somebody has; waits if somebody is. That it failed is told to who asks for the files: the store goes on.
    pub(crate) fn make(&self) {
        let mut state = self.state.lock();
        let made = match &*state {
            State::Wanted(database) => Made::of(database, self.number),
            State::Made(_) | State::Failed(_) => return,
        };
        let next = match made {
            Ok(made) => State::Made(Arc::new(made)),
            Err(error) => State::Failed(error.to_string()),
        };
        let before = std::mem::replace(&mut *state, next);
        drop(state);
        // This may close the database, which nobody need wait for.
        drop(before);
    }

    /// It, once it is made. The lock is not held while its files are read: the store's next write takes it.
    fn made(&self) -> Result<Arc<Made>> {
        self.make();
        match &*self.state.lock() {
            State::Made(made) => Ok(Arc::clone(made)),
            State::Failed(message) => Err(Error::io(message.clone())),
            State::Wanted(_) => Err(Error::bug("a snapshot was made and is not")),
        }
    }
}

impl Made {
    fn of(database: &Arc<Database>, number: u64) -> Result<Self> {
        let home = Arc::clone(database.home());
        let directory = Directory::adopt(home.path().join(format!("snapshot-{number}")));
        database.checkpoint(directory.path())?;
        let mut files = Vec::new();
        for name in local::names(directory.path())? {
            let is_immutable = is_immutable(&name);
            files.push(SnapshotFile {
                length: local::length(&directory.path().join(&name))?,
                is_immutable,
                stored_name: database.stored_names.get(&name).cloned(),
                name,
            });
        }
        let immutable = files.iter().filter(|file| file.is_immutable);
        Ok(Self {
            immutable: immutable.map(|file| file.name.clone()).collect(),
            directory,
            files,
            store: database.number,
            _home: home,
            shared: Arc::clone(&database.shared),
        })
    }

    fn is_of_it(&self, name: &str) -> bool {
        self.files.iter().any(|file| file.name == name)
    }
}

impl StoreSnapshot for RocksDbSnapshot {
    fn files(&self) -> Result<Vec<SnapshotFile>> {
        Ok(self.made()?.files.clone())
    }

    fn read(&self, name: &str) -> Result<Vec<u8>> {
        let made = self.made()?;
        if made.is_of_it(name) {
            return local::read(&made.directory.path().join(name));
        }
        Err(Error::bug(format!("a snapshot has no file {name:?}")))
    }

    fn stored(&self, name: &str, stored_name: &str) {
        // Nobody stores files before they were asked for, nor those that could not be made.
        let Ok(made) = self.made() else {
            return;
        };
        let registry = &made.shared.registry;
        if made.immutable.contains(name) {
            let path = made.directory.path().join(name);
            // A file that is not kept is fetched once more, which is all that is lost.
            let _ = registry.keep(made.store, &path, name, stored_name);
        }
        registry.stored(made.store, self.number, &made.immutable);
    }
}

/// Files of entries get a number that no other of the database has, and are never written again.
pub(crate) fn is_immutable(name: &str) -> bool {
    name.ends_with(".sst")
}
