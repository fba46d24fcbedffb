//! What was looked up before.

use std::collections::{BTreeMap, HashMap};
use std::hash::Hash;

use arrow_array::RecordBatch;
use foldhash::fast::FixedState;

use super::LookupCache;

/// Rows by key: those used longest ago go first.
pub(super) struct Cache<K> {
    rows_max: usize,
    ttl_ms: Option<i64>,
    entries: HashMap<K, Entry, FixedState>,
    /// The keys by their last use.
    uses: BTreeMap<u64, K>,
    next_use: u64,
    rows: usize,
}

struct Entry {
    rows: RecordBatch,
    /// When it was looked up.
    at: i64,
    used: u64,
}

impl Entry {
    fn weight(&self) -> usize {
        self.rows.num_rows().max(1)
    }
}

impl<K: Hash + Eq + Clone> Cache<K> {
    pub(super) fn new(options: LookupCache) -> Self {
        let millis = |ttl: std::time::Duration| i64::try_from(ttl.as_millis()).unwrap_or(i64::MAX);
        Self {
            rows_max: options.rows_max,
            ttl_ms: options.ttl.map(millis),
            entries: HashMap::default(),
            uses: BTreeMap::new(),
            next_use: 0,
            rows: 0,
        }
    }

    /// The rows of a key, if they were looked up and may still be used.
    pub(super) fn get(&mut self, key: &K, now: i64) -> Option<RecordBatch> {
        let at = self.entries.get(key)?.at;
        if self.ttl_ms.is_some_and(|ttl| at.saturating_add(ttl) <= now) {
            self.remove(key);
            return None;
        }
        let used = self.use_of(key);
        let entry = self.entries.get_mut(key)?;
        self.uses.remove(&entry.used);
        entry.used = used;
        Some(entry.rows.clone())
    }

    fn use_of(&mut self, key: &K) -> u64 {
        let used = self.next_use;
        self.next_use += 1;
        self.uses.insert(used, key.clone());
        used
    }

    fn remove(&mut self, key: &K) {
        if let Some(entry) = self.entries.remove(key) {
            self.uses.remove(&entry.used);
            self.rows -= entry.weight();
        }
    }

    /// Remembers the rows of a key, as far as there is room.
    pub(super) fn put(&mut self, key: &K, rows: RecordBatch, now: i64) {
        self.remove(key);
        if rows.num_rows().max(1) > self.rows_max {
            return;
        }
        let used = self.use_of(key);
        let entry = Entry {
            rows,
            at: now,
            used,
        };
        self.rows += entry.weight();
        self.entries.insert(key.clone(), entry);
        while self.rows > self.rows_max
            && let Some((_, oldest)) = self.uses.pop_first()
        {
            self.remove(&oldest);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use arrow_schema::Schema;
    use std::sync::Arc;
    use std::time::Duration;

    fn rows(count: usize) -> RecordBatch {
        let options = arrow_array::RecordBatchOptions::new().with_row_count(Some(count));
        RecordBatch::try_new_with_options(Arc::new(Schema::empty()), vec![], &options).unwrap()
    }

    #[test]
    fn the_rows_used_longest_ago_go_first_and_all_go_in_time() {
        let mut cache = Cache::new(LookupCache {
            rows_max: 3,
            ttl: Some(Duration::from_millis(10)),
        });
        cache.put(&1, rows(1), 0);
        cache.put(&2, rows(0), 0);
        assert!(cache.get(&1, 5).is_some());
        cache.put(&3, rows(2), 5);
        assert!(cache.get(&2, 5).is_none());
        assert_eq!(cache.get(&3, 5).map(|rows| rows.num_rows()), Some(2));
        cache.put(&4, rows(4), 5);
        assert!(cache.get(&4, 5).is_none());
        assert!(cache.get(&1, 10).is_none() && cache.get(&3, 10).is_some());
        cache.put(&3, rows(3), 12);
        assert_eq!(
            (cache.rows, cache.uses.len(), cache.entries.len()),
            (3, 1, 1)
        );
    }
}
