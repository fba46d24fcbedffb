//! The state of an operator that keeps one value a key: with its checkpoints, and with values that expire.

use std::time::Duration;

use hurtig_runtime::OperatorContext;
use hurtig_state::{Cursor, StateImage, StateTable};
use hurtig_types::{KeyHash, MaxParallelism, Result};
use serde::{Serialize, de::DeserializeOwned};

use crate::backing::{BYTES_PER_SLICE, Backing};
use crate::{KeyCodec, Keys, RowBatch, TableKey};

/// A value that remembers when it was written last (in milliseconds of processing time), so that it can expire.
pub(crate) trait Touched {
    fn touched(&self) -> i64;
}

/// A table by the key of rows, and the keys of the batch at hand.
pub(crate) struct KeyedTable<K, V> {
    pub(crate) table: StateTable<K, V>,
    pub(crate) keys: Keys<K>,
    pub(crate) backing: Backing,
    codec: KeyCodec,
    name: &'static str,
    max_parallelism: MaxParallelism,
    ttl: Ttl,
    walk: Cursor,
}

impl<K: TableKey, V: Touched + Serialize + DeserializeOwned> KeyedTable<K, V> {
    pub(crate) fn new(
        context: &OperatorContext,
        codec: KeyCodec,
        name: &'static str,
        ttl: Option<Duration>,
    ) -> Self {
        let backing = Backing::of(context);
        Self {
            table: context.state_table(backing.store(), name),
            keys: Keys::default(),
            backing,
            codec,
            name,
            max_parallelism: context.max_parallelism,
            ttl: Ttl::of(ttl),
            walk: Cursor::default(),
        }
    }

    /// Reads the keys of a batch, and has their values at hand.
    pub(crate) fn load(&mut self, rows: &mut RowBatch) -> Result<()> {
        self.keys.read(&self.codec, rows, self.max_parallelism)?;
        self.table.load_batch(&self.keys.hashes, &self.keys.keys)
    }

    /// When values expire.
    pub(crate) const fn ttl(&self) -> Ttl {
        self.ttl
    }

    /// After a batch: makes room, and lets go of some of the values that have expired. Twice as many are looked at as there were rows, so
    /// that however fast keys come they also go.
    pub(crate) fn settle(&mut self, now: i64) -> Result<()> {
        if self.ttl.0.is_some() {
            for _ in 0..2 * self.keys.keys.len() {
                let Some(slot) = self.walk.next(&self.table) else {
                    self.walk = self.table.cursor();
                    break;
                };
                if self.ttl.is_over(self.table.at(slot).1.touched(), now) {
                    self.table.remove_at(slot);
                }
            }
        }
        self.table.check()?;
        self.table.trim()
    }

    pub(crate) fn restore(&mut self, image: &mut StateImage) -> Result<()> {
        let max_parallelism = self.max_parallelism;
        let hash_of = |key: &K| KeyHash::of(key, max_parallelism);
        self.backing.restore(image)?;
        self.table.restore_from(image, self.name, hash_of)
    }

    /// Promises the table to an image. The [backing](Backing::freeze) follows when all that lies in it is flushed.
    pub(crate) fn freeze(&mut self, image: &mut StateImage) -> Result<()> {
        self.table.freeze(self.name, image)
    }

    pub(crate) fn encode_some(&mut self) -> bool {
        self.table.encode_some(BYTES_PER_SLICE)
    }
}

/// After how many milliseconds values expire, if they do.
#[derive(Clone, Copy)]
pub(crate) struct Ttl(Option<i64>);

impl Ttl {
    fn of(ttl: Option<Duration>) -> Self {
        Self(ttl.map(|ttl| i64::try_from(ttl.as_millis()).unwrap_or(i64::MAX)))
    }

    /// Whether a value that was written at `touched` is gone by `now`.
    pub(crate) const fn is_over(self, touched: i64, now: i64) -> bool {
        match self.0 {
            Some(ttl) => now.saturating_sub(touched) >= ttl,
            None => false,
        }
    }
}
