//! Write buffers stay within their limit, whoever fills them.
//!
//! RocksDB has a limit for all databases together, but when it is reached flushes the one that is being written to. With many stores
//! that are written to now and then, most of the memory is in those that nobody writes to: they never flush, and the busy one flushes
//! every few entries. So whoever writes looks from time to time where the memory is, and has the fullest flushed.

use std::cmp::Reverse;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Weak};

use hurtig_types::Result;
use parking_lot::Mutex;
use rocksdb::{ErrorKind, FlushOptions, properties};

use crate::database::Database;
use crate::engine::failed;

/// Looks after the write buffers of all databases.
pub(crate) struct Balance {
    limit: usize,
    /// How many bytes were written since somebody looked.
    written: AtomicUsize,
    databases: Mutex<Vec<Weak<Database>>>,
}

impl Balance {
    pub(crate) fn new(limit: usize) -> Self {
        Self {
            limit,
            written: AtomicUsize::new(0),
            databases: Mutex::default(),
        }
    }

    /// A database that is written to from now on.
    pub(crate) fn join(&self, database: &Arc<Database>) {
        let mut databases = self.databases.lock();
        databases.retain(|database| database.strong_count() > 0);
        databases.push(Arc::downgrade(database));
    }

    /// Somebody wrote so many bytes, and all write buffers take `used` now.
    pub(crate) fn wrote(&self, bytes: usize, used: impl FnOnce() -> usize) -> Result<()> {
        let before = self.written.fetch_add(bytes, Ordering::Relaxed);
        if before + bytes < self.limit / 16 {
            return Ok(());
        }
        self.written.store(0, Ordering::Relaxed);
        let used = used();
        if used < self.limit / 4 * 3 {
            return Ok(());
        }
        // Above the limit the writer waits, and so do those who come behind it: memory is not borrowed from the rest of the process.
        self.flush_fullest(used > self.limit)
    }

    fn flush_fullest(&self, wait: bool) -> Result<()> {
        let databases = self.databases.lock();
        let mut open = Vec::new();
        for database in databases.iter().filter_map(Weak::upgrade) {
            open.push((unflushed(&database)?, database));
        }
        let mut sum: usize = open.iter().map(|(bytes, _)| bytes).sum();
        open.sort_by_key(|(bytes, _)| Reverse(*bytes));
        for (bytes, database) in &open {
            if sum <= self.limit / 2 {
                break;
            }
            flush(database, wait)?;
            sum -= bytes;
        }
        // The last reference to a database may be one of these, and closing it is not for others to wait for.
        drop(databases);
        Ok(())
    }
}

/// How many bytes of a database have been written and are not being flushed.
fn unflushed(database: &Database) -> Result<usize> {
    let mut sum = 0;
    for column in database.columns() {
        let family = database.family(&column.family)?;
        let size = database
            .db
            .property_int_value_cf(&family, properties::CUR_SIZE_ACTIVE_MEM_TABLE)
            .map_err(failed("look at", database.path()))?;
        sum += size.unwrap_or(0) as usize;
    }
    Ok(sum)
}

fn flush(database: &Database, wait: bool) -> Result<()> {
    let mut options = FlushOptions::default();
    options.set_wait(wait);
    for column in database.columns() {
        let family = database.family(&column.family)?;
        match database.db.flush_cf_opt(&family, &options) {
            // Who does not wait is sent away while writes stand still: flushes are what they wait for, and are under way.
            Err(error) if error.kind() == ErrorKind::TryAgain => {}
            flushed => flushed.map_err(failed("flush", database.path()))?,
        }
    }
    Ok(())
}
