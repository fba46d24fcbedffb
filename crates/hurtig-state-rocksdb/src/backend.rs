//! The backend: what makes and opens the stores of a process.

use std::path::PathBuf;
use std::sync::Arc;

use hurtig_state::store::{ReceivedDatabase, ReceivedFiles, StateBackend, Store};
use hurtig_types::{KeyGroupRange, Result};

use crate::balance::Balance;
use crate::database::Database;
use crate::engine::Engine;
use crate::local::{Directory, Root};
use crate::metrics::RocksDbMetrics;
use crate::options::RocksDbOptions;
use crate::received::RocksDbFiles;
use crate::registry::Registry;
use crate::rescale;
use crate::store::RocksDbStore;

/// Keyed state in RocksDB, on the local disk. One for a process: its memory and its threads are shared by all stores it makes.
///
/// ```
/// use hurtig_state::store::{Column, StateBackend, StoreBatch, StoreKeys};
/// use hurtig_state_rocksdb::{RocksDbBackend, RocksDbOptions};
/// use hurtig_types::KeyGroupRange;
///
/// # fn main() -> hurtig_types::Result<()> {
/// let scratch = tempfile::tempdir()?;
/// let backend = RocksDbBackend::new(RocksDbOptions::new(scratch.path()))?;
/// let mut store = backend.create("sum (1/1)", KeyGroupRange::new(0, 128))?;
/// let sums = store.column("sums", None)?;
///
/// let key = |bytes: &mut Vec<u8>| { bytes.extend(b"\x00\x07seven"); Ok(()) };
/// let mut batch = StoreBatch::default();
/// batch.put(sums, key, |bytes| { bytes.extend(b"28"); Ok(()) })?;
/// store.write(&batch)?;
///
/// let mut keys = StoreKeys::default();
/// keys.push(key)?;
/// let mut found = Vec::new();
/// store.get_many(sums, &keys, &mut |index, value| { found.push((index, value.to_vec())); Ok(()) })?;
/// assert_eq!(found, [(0, b"28".to_vec())]);
/// # Ok(())
/// # }
/// ```
pub struct RocksDbBackend {
    shared: Arc<Shared>,
}

/// What stores, snapshots and received files need of their backend, for as long as one of them lives.
pub(crate) struct Shared {
    pub(crate) options: RocksDbOptions,
    pub(crate) engine: Engine,
    pub(crate) balance: Balance,
    pub(crate) registry: Registry,
    // Behind the registry, whose directory lies in it.
    pub(crate) root: Root,
}

impl RocksDbBackend {
    /// A backend with these settings. What dead processes left below the local directory is removed.
    ///
    /// # Errors
    /// When a setting is out of its bounds, or the local directory cannot be made or written.
    pub fn new(options: RocksDbOptions) -> Result<Self> {
        options.check()?;
        let root = Root::create(&options.local_directory)?;
        let kept = Directory::create(root.fresh("kept", "files"))?;
        let shared = Shared {
            engine: Engine::new(&options)?,
            balance: Balance::new(options.write_buffer_limit()),
            registry: Registry::new(kept),
            root,
            options,
        };
        Ok(Self {
            shared: Arc::new(shared),
        })
    }

    /// The settings.
    pub fn options(&self) -> &RocksDbOptions {
        &self.shared.options
    }

    /// The directory below which all its databases lie. It goes with the last of them.
    pub fn directory(&self) -> PathBuf {
        self.shared.root.path().to_path_buf()
    }

    /// What its databases have done and hold.
    pub fn metrics(&self) -> RocksDbMetrics {
        self.shared.engine.metrics()
    }

    #[cfg(test)]
    pub(crate) fn shared(&self) -> &Arc<Shared> {
        &self.shared
    }
}

impl StateBackend for RocksDbBackend {
    fn name(&self) -> &'static str {
        "rocksdb"
    }

    fn cache_bytes(&self) -> usize {
        self.shared.options.hot_bytes()
    }

    fn create(&self, label: &str, _: KeyGroupRange) -> Result<Box<dyn Store>> {
        let database = Database::create(&self.shared, label)?;
        Ok(Box::new(RocksDbStore::new(database)))
    }

    fn receive(&self, label: &str) -> Result<Arc<dyn ReceivedFiles>> {
        let files = RocksDbFiles::create(Arc::clone(&self.shared), label)?;
        Ok(Arc::new(files))
    }

    fn open(
        &self,
        label: &str,
        range: KeyGroupRange,
        databases: Vec<ReceivedDatabase>,
    ) -> Result<Box<dyn Store>> {
        let database = rescale::open(&self.shared, label, range, databases)
            .map_err(|error| error.context(format!("restoring the state of {label}, {range:?}")))?;
        Ok(Box::new(RocksDbStore::new(database)))
    }
}
