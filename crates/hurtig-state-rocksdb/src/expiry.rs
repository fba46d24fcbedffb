//! Entries that have expired go when their file is compacted.

use std::ffi::CStr;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use parking_lot::RwLock;
use rocksdb::CompactionDecision;
use rocksdb::compaction_filter::CompactionFilter;
use rocksdb::compaction_filter_factory::{CompactionFilterContext, CompactionFilterFactory};

/// Up to which time a column's entries have expired, if it is one whose entries do.
///
/// RocksDB wants to know what drops entries when a family is opened, and the table that knows its time comes only then and asks for
/// its column: so the time is told through this.
#[derive(Clone, Default)]
pub(crate) struct Expiry(Arc<RwLock<Option<Arc<AtomicI64>>>>);

impl Expiry {
    /// From now on what expired by the time in `until` may go.
    pub(crate) fn follow(&self, until: Arc<AtomicI64>) {
        *self.0.write() = Some(until);
    }

    fn now(&self) -> Option<i64> {
        let until = self.0.read();
        until.as_ref().map(|until| until.load(Ordering::Acquire))
    }
}

/// Makes the filter of a compaction. The time is read once for each, not once for each entry.
pub(crate) struct ExpiryFilters(pub(crate) Expiry);

impl CompactionFilterFactory for ExpiryFilters {
    type Filter = ExpiryFilter;

    fn create(&mut self, _: CompactionFilterContext) -> ExpiryFilter {
        ExpiryFilter {
            until: self.0.now(),
        }
    }

    fn name(&self) -> &CStr {
        c"hurtig.expiry"
    }
}

/// Drops what has expired by one time.
pub(crate) struct ExpiryFilter {
    until: Option<i64>,
}

impl CompactionFilter for ExpiryFilter {
    fn filter(&mut self, _: u32, _: &[u8], value: &[u8]) -> CompactionDecision {
        match (self.until, value.first_chunk::<8>()) {
            (Some(until), Some(expires)) if i64::from_le_bytes(*expires) <= until => {
                CompactionDecision::Remove
            }
            _ => CompactionDecision::Keep,
        }
    }

    fn name(&self) -> &CStr {
        c"hurtig.expiry"
    }
}
