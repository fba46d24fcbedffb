//! State that is larger than memory: the contract of what it lies in.
//!
//! ```text
//!  StateTable, timers ── hot entries in memory ── StoreBatch ─► Store ── one per operator's subtask, made by a StateBackend
//!                                                                 │ snapshot
//!                     checkpoint ◄── files, the unchanged ones named again ◄── StoreSnapshot
//! ```
//!
//! A key in a store is the key group, two bytes in big-endian order, and behind it whatever tells keys of the group apart: so key
//! groups are ranges, which is what rescaling cuts along. Laws:
//! 1. A store is used by one task at a time, and what it was told is what it answers: writes are seen by all reads after them.
//! 2. A snapshot holds what was written before it was taken, whatever is written after.

mod batch;
mod handle;
#[cfg(test)]
pub(crate) mod in_memory;

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::AtomicI64;

use hurtig_types::{KeyGroup, KeyGroupRange, Result};

pub use batch::{StoreBatch, StoreKeys, StoreOperation};
pub use handle::StoreHandle;

/// What the keyed state of a process's jobs lies in, if that is not its memory. Shared by all operators.
pub trait StateBackend: Send + Sync + 'static {
    /// Its name in the configuration, as `rocksdb`.
    fn name(&self) -> &'static str;

    /// How many bytes entries that are kept in memory may take, in all tables and timers together.
    fn cache_bytes(&self) -> usize;

    /// An empty store for an operator's subtask, for the keys of `range`. The label is for messages and names of directories.
    ///
    /// # Errors
    /// When there is no room, or no right to it.
    fn create(&self, label: &str, range: KeyGroupRange) -> Result<Box<dyn Store>>;

    /// A directory of its own for the files of a database that comes from a checkpoint.
    ///
    /// # Errors
    /// When it cannot be made.
    fn receive(&self, label: &str) -> Result<Arc<dyn ReceivedFiles>>;

    /// A store for the keys of `range` that holds what these databases hold of them. The databases hold different key groups.
    ///
    /// # Errors
    /// When one is not what a snapshot of this backend consists of.
    fn open(
        &self,
        label: &str,
        range: KeyGroupRange,
        databases: Vec<ReceivedDatabase>,
    ) -> Result<Box<dyn Store>>;
}

/// Where the files of a database go that comes from a checkpoint. May block: it is called where files may be opened. What it took goes
/// with the last reference to it.
pub trait ReceivedFiles: Send + Sync {
    /// Takes a file that lies on this machine still, since a checkpoint that stored it under `stored_name`; whether there is such a one.
    ///
    /// # Errors
    /// When it is there and cannot be taken.
    fn take_local(&self, name: &str, stored_name: &str) -> Result<bool>;

    /// Takes the next bytes of a file.
    ///
    /// # Errors
    /// When they cannot be written.
    fn append(&self, name: &str, bytes: &[u8]) -> Result<()>;

    /// Where the files are.
    fn directory(&self) -> PathBuf;
}

/// A database that came from a checkpoint.
#[derive(Clone)]
pub struct ReceivedDatabase {
    /// The key groups that are in it.
    pub range: KeyGroupRange,
    /// Its files.
    pub files: Arc<dyn ReceivedFiles>,
    /// Under which name a later checkpoint may name a file of it again instead of storing it: by its name in the database. Empty when
    /// that is another job's.
    pub stored_names: Vec<(String, String)>,
}

impl std::fmt::Debug for ReceivedDatabase {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "a database of {:?}", self.range)
    }
}

/// A part of a store, as a state's or the timers': keys in one say nothing of those in another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Column(pub u32);

/// The state of one operator's subtask: a sorted map from bytes to bytes for each column.
///
/// It may block for as long as a read from the local disk takes.
pub trait Store: Send {
    /// The column of this name, which is made if there is none.
    ///
    /// Where there is an `expiry`, the first eight bytes of each value are the time at which it expires (little-endian, signed), and
    /// the store may drop it once `expiry` has come to that.
    ///
    /// # Errors
    /// When it cannot be made.
    fn column(&mut self, name: &str, expiry: Option<Arc<AtomicI64>>) -> Result<Column>;

    /// The names of all columns there are, also of those that nobody has asked for since it was opened.
    fn columns(&self) -> Vec<String>;

    /// Looks many keys up at once, and calls `found` with the index and the value of each that is there, in the order of the keys.
    ///
    /// # Errors
    /// When the store cannot be read, or `found` fails.
    fn get_many(
        &self,
        column: Column,
        keys: &StoreKeys,
        found: &mut dyn FnMut(usize, &[u8]) -> Result<()>,
    ) -> Result<()>;

    /// Puts and deletes many keys, in the order of the batch.
    ///
    /// # Errors
    /// When the store cannot be written; what is in it then is not known.
    fn write(&mut self, batch: &StoreBatch) -> Result<()>;

    /// Calls `each` with all entries from key `from` on, before key `to`, in the order of keys, until it says false.
    ///
    /// # Errors
    /// When the store cannot be read, or `each` fails.
    fn scan(
        &self,
        column: Column,
        from: &[u8],
        to: &[u8],
        each: &mut dyn FnMut(&[u8], &[u8]) -> Result<bool>,
    ) -> Result<()>;

    /// All that is in it now. Takes no longer than a few pages of writing do: what takes time is done when the snapshot is asked for
    /// its files.
    ///
    /// # Errors
    /// When it cannot be taken.
    fn snapshot(&mut self) -> Result<Arc<dyn StoreSnapshot>>;
}

/// The files of a store as it was. They stay until the last reference goes.
pub trait StoreSnapshot: Send + Sync {
    /// What it consists of. Blocks for as long as it takes to write what was only in memory.
    ///
    /// # Errors
    /// When that is impossible.
    fn files(&self) -> Result<Vec<SnapshotFile>>;

    /// The bytes of a file. Blocks.
    ///
    /// # Errors
    /// When it cannot be read.
    fn read(&self, name: &str) -> Result<Vec<u8>>;

    /// A checkpoint has stored the file under this name: it need not be fetched as long as it lies on this machine.
    fn stored(&self, name: &str, stored_name: &str);
}

/// A file of a [`StoreSnapshot`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SnapshotFile {
    /// Its name in the database.
    pub name: String,
    /// How many bytes it has.
    pub length: u64,
    /// Whether a file of this name has these bytes in all snapshots of the store.
    pub is_immutable: bool,
    /// Under which name a checkpoint that the store was opened from has it, if so.
    pub stored_name: Option<String>,
}

/// The front of all keys of a key group.
pub const fn group_prefix(group: KeyGroup) -> [u8; 2] {
    (group.index() as u16).to_be_bytes()
}

/// What is behind all keys of a key group.
pub fn group_end(group: KeyGroup) -> Vec<u8> {
    match (group.index() as u16).checked_add(1) {
        Some(next) => next.to_be_bytes().to_vec(),
        None => vec![0xff; 3],
    }
}
