//! A database in a directory of its own, which goes with it.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use hurtig_types::{Error, Result};
use parking_lot::Mutex;
use rocksdb::checkpoint::Checkpoint;
use rocksdb::{
    BoundColumnFamily, ColumnFamilyDescriptor, DBWithThreadMode, DEFAULT_COLUMN_FAMILY_NAME,
    MultiThreaded, Options, WriteOptions,
};

use crate::backend::Shared;
use crate::engine::failed;
use crate::expiry::Expiry;
use crate::local::Directory;
use crate::names;
use crate::registry::StoreNumber;

/// RocksDB's handle, to which families can be added while it is shared.
pub(crate) type Db = DBWithThreadMode<MultiThreaded>;

/// An open database: `db` in its directory, beside the snapshots that were made of it.
pub(crate) struct Database {
    // In this order: the database is closed before its files go, and they before the backend's directory.
    pub(crate) db: Db,
    home: Arc<Directory>,
    pub(crate) shared: Arc<Shared>,
    /// Its number among those who keep files for a restart.
    pub(crate) number: StoreNumber,
    /// Under which names a checkpoint has files that it was opened with, by their names here.
    pub(crate) stored_names: BTreeMap<String, String>,
    columns: Mutex<Vec<ColumnEntry>>,
}

/// A column: the family it is, and when its entries expire.
#[derive(Clone)]
pub(crate) struct ColumnEntry {
    pub(crate) name: String,
    pub(crate) family: String,
    pub(crate) expiry: Expiry,
}

impl ColumnEntry {
    fn new(name: String) -> Self {
        Self {
            family: names::family_of(&name),
            expiry: Expiry::default(),
            name,
        }
    }
}

/// A directory for a database to be, with nothing in it.
pub(crate) fn home(shared: &Shared, label: &str) -> Result<Directory> {
    Directory::create(shared.root.fresh("db", label))
}

/// Where in its directory the database lies.
pub(crate) fn inside(home: &Directory) -> PathBuf {
    home.path().join("db")
}

impl Database {
    /// An empty one.
    pub(crate) fn create(shared: &Arc<Shared>, label: &str) -> Result<Self> {
        let mut settings = shared.engine.database().clone();
        settings.create_if_missing(true);
        Self::with_columns(shared, label, home(shared, label)?, &settings, Vec::new())
    }

    /// The one whose files are in this directory.
    pub(crate) fn open(shared: &Arc<Shared>, label: &str, home: Directory) -> Result<Self> {
        let settings = shared.engine.database();
        let columns = columns_in(shared, &inside(&home))?;
        Self::with_columns(shared, label, home, settings, columns)
    }

    fn with_columns(
        shared: &Arc<Shared>,
        label: &str,
        home: Directory,
        settings: &Options,
        columns: Vec<ColumnEntry>,
    ) -> Result<Self> {
        let path = inside(&home);
        let families = descriptors(shared, &columns);
        let db =
            Db::open_cf_descriptors(settings, &path, families).map_err(failed("open", &path))?;
        Ok(Self {
            db,
            home: Arc::new(home),
            shared: Arc::clone(shared),
            number: shared.registry.enter(label),
            stored_names: BTreeMap::new(),
            columns: Mutex::new(columns),
        })
    }

    /// Its columns, in the order of their numbers.
    pub(crate) fn columns(&self) -> Vec<ColumnEntry> {
        self.columns.lock().clone()
    }

    /// The number of the column of this name, if it is there.
    pub(crate) fn position(&self, name: &str) -> Option<usize> {
        let columns = self.columns.lock();
        columns.iter().position(|column| column.name == name)
    }

    /// Adds a column, which is not there yet.
    pub(crate) fn add_column(&self, name: &str) -> Result<usize> {
        let column = ColumnEntry::new(name.to_string());
        let settings = self.shared.engine.family(&column.expiry);
        self.db
            .create_cf(&column.family, &settings)
            .map_err(failed("add a column to", self.path()))?;
        let mut columns = self.columns.lock();
        columns.push(column);
        Ok(columns.len() - 1)
    }

    /// The handle of a family.
    pub(crate) fn family(&self, family: &str) -> Result<Arc<BoundColumnFamily<'_>>> {
        self.db.cf_handle(family).ok_or_else(|| {
            Error::bug(format!(
                "there is no family {family} in {}",
                self.path().display()
            ))
        })
    }

    /// Where its files are.
    pub(crate) fn path(&self) -> &Path {
        self.db.path()
    }

    /// The directory that its files and its snapshots are in.
    pub(crate) fn home(&self) -> &Arc<Directory> {
        &self.home
    }

    /// Writes what is only in memory, and gives all files second names in this directory, which must not be there yet.
    pub(crate) fn checkpoint(&self, directory: &Path) -> Result<()> {
        let checkpoint = Checkpoint::new(&self.db).map_err(failed("snapshot", self.path()))?;
        checkpoint
            .create_checkpoint(directory)
            .map_err(failed("snapshot", self.path()))
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        self.shared.registry.leave(self.number);
    }
}

/// The columns of the database in this directory, opened or not.
pub(crate) fn columns_in(shared: &Shared, path: &Path) -> Result<Vec<ColumnEntry>> {
    let families =
        Db::list_cf(shared.engine.database(), path).map_err(failed("list the columns of", path))?;
    let ours = families
        .into_iter()
        .filter(|family| family != DEFAULT_COLUMN_FAMILY_NAME);
    let column = |family: String| match names::column_of(&family) {
        Some(name) => Ok(ColumnEntry::new(name)),
        None => Err(Error::io(format!(
            "the database in {} has a family {family:?}, which no store of Hurtig has: it is another program's",
            path.display()
        ))),
    };
    ours.map(column).collect()
}

/// What RocksDB must be told of these columns, and of the family that it always has.
pub(crate) fn descriptors(shared: &Shared, columns: &[ColumnEntry]) -> Vec<ColumnFamilyDescriptor> {
    let of = |column: &ColumnEntry| {
        let settings = shared.engine.family(&column.expiry);
        ColumnFamilyDescriptor::new(column.family.clone(), settings)
    };
    let default =
        ColumnFamilyDescriptor::new(DEFAULT_COLUMN_FAMILY_NAME, shared.engine.database().clone());
    std::iter::once(default)
        .chain(columns.iter().map(of))
        .collect()
}

/// Checkpoints are what survives a failure, so nothing is logged.
pub(crate) fn without_log() -> WriteOptions {
    let mut options = WriteOptions::default();
    options.disable_wal(true);
    options
}
