//! Accumulators by slice and key, and which keys a slice has.

use std::collections::BTreeMap;

use hurtig_runtime::OperatorContext;
use hurtig_state::store::OperatorStore;
use hurtig_state::{StateImage, StateTable};
use hurtig_types::{KeyHash, MaxParallelism, Result};

use super::grid::Slice;
use crate::operators::aggregate::{AccRow, Accumulators, Bound};
use crate::{BATCH_ROWS, TableKey};

/// The name of the state.
const SLICES: &str = "slices";

/// A key, and its hash without a slice.
pub(super) type Hashed<K> = (KeyHash, K);

/// What was aggregated, slice by slice.
///
/// The keys of each open slice are in memory, in the order in which they came, whatever lies behind the table: so that a slice can be
/// walked when its time has come.
pub(super) struct Slices<K> {
    table: StateTable<(Slice, K), AccRow>,
    open: BTreeMap<Slice, Vec<Hashed<K>>>,
    max_parallelism: MaxParallelism,
}

impl<K: TableKey> Slices<K> {
    pub(super) fn new(context: &OperatorContext, store: Option<&OperatorStore>) -> Self {
        Self {
            table: context.state_table(store, SLICES),
            open: BTreeMap::new(),
            max_parallelism: context.max_parallelism,
        }
    }

    /// The slices that have rows, those first that end first.
    pub(super) const fn open(&self) -> &BTreeMap<Slice, Vec<Hashed<K>>> {
        &self.open
    }

    /// Aggregates the rows of a batch, group by group.
    ///
    /// # Errors
    /// When an accumulator fails, or the store does.
    pub(super) fn aggregate<'a>(
        &mut self,
        accumulators: &Accumulators,
        bound: &Bound<'_>,
        hashes: &[KeyHash],
        groups: impl Iterator<Item = (&'a (Slice, K), &'a [u32])> + Clone,
    ) -> Result<()> {
        let keys = groups.clone().map(|(key, _)| key);
        self.table.load_batch(hashes, keys)?;
        let mut failed = Ok(());
        let mut new = Vec::new();
        let records = groups.map(|(key, rows)| (key, (key, rows)));
        self.table.fold_batch(hashes, records, |(key, rows), acc| {
            let result = match acc {
                Some(acc) => bound.accumulate(rows, acc).map(|()| None),
                None => {
                    let mut acc = accumulators.create();
                    new.push(key);
                    bound.accumulate(rows, &mut acc).map(|()| Some(acc))
                }
            };
            result.unwrap_or_else(|error| {
                failed = Err(error);
                None
            })
        });
        for (slice, key) in new {
            let hash = KeyHash::of(key, self.max_parallelism);
            let keys = self.open.entry(*slice).or_default();
            keys.push((hash, key.clone()));
        }
        failed?;
        self.table.trim()
    }

    /// Takes a slice off that is to be put out: its keys.
    pub(super) fn close(&mut self, slice: Slice) -> Vec<Hashed<K>> {
        self.open.remove(&slice).unwrap_or_default()
    }

    /// Calls `each` with these keys of a slice and their accumulators.
    ///
    /// # Errors
    /// When the store or `each` fails.
    pub(super) fn visit(
        &mut self,
        slice: Slice,
        keys: &[Hashed<K>],
        mut each: impl FnMut(&Hashed<K>, &AccRow),
    ) -> Result<()> {
        for keys in keys.chunks(BATCH_ROWS) {
            let looked_up = self.load(slice, keys)?;
            for (hashed, (hash, key)) in keys.iter().zip(&looked_up) {
                if let Some(acc) = self.table.get(*hash, key) {
                    each(hashed, acc);
                }
            }
            self.table.trim()?;
        }
        Ok(())
    }

    /// The same for a slice that is open.
    ///
    /// # Errors
    /// As [`visit`](Self::visit).
    pub(super) fn visit_open(
        &mut self,
        slice: Slice,
        each: impl FnMut(&Hashed<K>, &AccRow),
    ) -> Result<()> {
        let keys = self.open.get_mut(&slice).map(std::mem::take);
        let keys = keys.unwrap_or_default();
        let visited = self.visit(slice, &keys, each);
        self.open.insert(slice, keys);
        visited
    }

    /// Takes these keys of a closed slice out, and calls `each` with what they were.
    ///
    /// # Errors
    /// When the store fails.
    pub(super) fn take(
        &mut self,
        slice: Slice,
        keys: &[Hashed<K>],
        mut each: impl FnMut(Hashed<K>, AccRow),
    ) -> Result<()> {
        for keys in keys.chunks(BATCH_ROWS) {
            let looked_up = self.load(slice, keys)?;
            for ((hash_of_key, _), (hash, key)) in keys.iter().zip(&looked_up) {
                if let Some(((_, key), acc)) = self.table.remove(*hash, key) {
                    each((*hash_of_key, key), acc);
                }
            }
            self.table.trim()?;
        }
        Ok(())
    }

    fn load(&mut self, slice: Slice, keys: &[Hashed<K>]) -> Result<Vec<(KeyHash, (Slice, K))>> {
        let keys = keys.iter();
        let looked_up: Vec<_> = keys
            .map(|(hash, key)| (hash.with(&slice), (slice, key.clone())))
            .collect();
        if self.table.is_spilled() {
            let hashes: Vec<_> = looked_up.iter().map(|(hash, _)| *hash).collect();
            let keys = looked_up.iter().map(|(_, key)| key);
            self.table.load_batch(&hashes, keys)?;
        }
        Ok(looked_up)
    }

    pub(super) fn freeze(&mut self, image: &mut StateImage) -> Result<()> {
        self.table.freeze(SLICES, image)
    }

    pub(super) fn encode_some(&mut self, bytes: usize) -> bool {
        self.table.encode_some(bytes)
    }

    pub(super) fn restore(&mut self, image: &mut StateImage) -> Result<()> {
        let max_parallelism = self.max_parallelism;
        let hash_of = |(slice, key): &(Slice, K)| KeyHash::of(key, max_parallelism).with(slice);
        self.table.restore_from(image, SLICES, hash_of)?;
        for (slice, key) in self.table.all_keys()? {
            let hash = KeyHash::of(&key, max_parallelism);
            self.open.entry(slice).or_default().push((hash, key));
        }
        Ok(())
    }
}
