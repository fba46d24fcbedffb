//! One store in several hands: the tables and the timers of an operator's subtask.

use std::sync::atomic::AtomicI64;
use std::sync::{Arc, Mutex, MutexGuard};

use hurtig_types::{Error, Result};

use super::{Column, Store, StoreBatch, StoreKeys, StoreSnapshot};

/// A [`Store`] that the tables and timers of one subtask share. Cloning it is cheap.
///
/// All of them are used by one task, so its lock is never waited for. What `get_many` and `scan` call must not use the store itself.
///
/// ```no_run
/// use hurtig_state::store::{Store, StoreBatch, StoreHandle};
///
/// fn remember(store: Box<dyn Store>) -> hurtig_types::Result<()> {
///     let store = StoreHandle::new(store);
///     let column = store.column("numbers", None)?;
///     let mut batch = StoreBatch::default();
///     batch.put(column, |key| { key.extend(b"seven"); Ok(()) }, |value| { value.push(7); Ok(()) })?;
///     store.write(&batch)
/// }
/// ```
#[derive(Clone)]
pub struct StoreHandle(Arc<Mutex<Box<dyn Store>>>);

impl StoreHandle {
    /// Shares a store.
    pub fn new(store: Box<dyn Store>) -> Self {
        Self(Arc::new(Mutex::new(store)))
    }

    fn lock(&self) -> Result<MutexGuard<'_, Box<dyn Store>>> {
        self.0.lock().map_err(|_| {
            Error::bug("the store of an operator's state cannot be used any more: a call into it has panicked before")
        })
    }

    /// The column of this name, which is made if there is none: see [`Store::column`].
    ///
    /// # Errors
    /// When it cannot be made.
    pub fn column(&self, name: &str, expiry: Option<Arc<AtomicI64>>) -> Result<Column> {
        self.lock()?.column(name, expiry)
    }

    /// The names of all columns there are, also of those that nobody has asked for since it was opened.
    ///
    /// # Errors
    /// When a call into the store has panicked.
    pub fn columns(&self) -> Result<Vec<String>> {
        Ok(self.lock()?.columns())
    }

    /// Looks many keys up at once: see [`Store::get_many`].
    ///
    /// # Errors
    /// When the store cannot be read, or `found` fails.
    pub fn get_many(
        &self,
        column: Column,
        keys: &StoreKeys,
        found: &mut dyn FnMut(usize, &[u8]) -> Result<()>,
    ) -> Result<()> {
        self.lock()?.get_many(column, keys, found)
    }

    /// Puts and deletes many keys, in the order of the batch.
    ///
    /// # Errors
    /// When the store cannot be written; what is in it then is not known.
    pub fn write(&self, batch: &StoreBatch) -> Result<()> {
        self.lock()?.write(batch)
    }

    /// Calls `each` with all entries from key `from` on, before key `to`, in the order of keys, until it says false.
    ///
    /// # Errors
    /// When the store cannot be read, or `each` fails.
    pub fn scan(
        &self,
        column: Column,
        from: &[u8],
        to: &[u8],
        each: &mut dyn FnMut(&[u8], &[u8]) -> Result<bool>,
    ) -> Result<()> {
        self.lock()?.scan(column, from, to, each)
    }

    /// All that is in it now: see [`Store::snapshot`].
    ///
    /// # Errors
    /// When it cannot be taken.
    pub fn snapshot(&self) -> Result<Arc<dyn StoreSnapshot>> {
        self.lock()?.snapshot()
    }
}

impl std::fmt::Debug for StoreHandle {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("a shared store")
    }
}
