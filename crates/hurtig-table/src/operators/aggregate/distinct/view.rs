//! The arguments of one column.

use std::hash::Hash;

use arrow_schema::Fields;
use hurtig_runtime::OperatorContext;
use hurtig_state::store::OperatorStore;
use hurtig_state::{StateImage, StateTable};
use hurtig_types::{Error, Key, KeyHash, Result};
use smallvec::SmallVec;

use super::block::Block;
use crate::expiry::{Expiry, Sweep, Timed};
use crate::operators::aggregate::numbers;
use crate::operators::aggregate::plan::ViewPlan;
use crate::{RowBatch, RowBytes, RowCodec};

/// For each slot the numbers of a block.
type Blocks = SmallVec<[Block; 1]>;
/// For each slot how often a value is there.
type Counts = SmallVec<[i64; 2]>;

pub(super) enum View<K> {
    Blocks(Table<K, i64, Blocks>),
    Counts(Table<K, RowBytes, Counts>, RowCodec),
}

/// A state table with a part of the argument in its key.
pub(super) struct Table<K, P, V> {
    table: StateTable<(K, P), Timed<V>>,
    name: String,
    sweep: Sweep,
    /// Of the batch at hand: the rows that have an argument, and keys and hashes for each.
    rows: Vec<u32>,
    keys: Vec<(K, P)>,
    hashes: Vec<KeyHash>,
}

impl<K: Key> View<K> {
    pub(super) fn new(
        plan: &ViewPlan,
        fields: &Fields,
        name: String,
        place: (&OperatorContext, Option<&OperatorStore>),
        expiry: &Expiry,
    ) -> Result<Self> {
        if plan.is_blocks {
            return Ok(Self::Blocks(Table::new(name, place, expiry)));
        }
        let codec = RowCodec::of_columns(fields, &[plan.argument])?;
        Ok(Self::Counts(Table::new(name, place, expiry), codec))
    }

    /// `mask` says which slots want each row, and is told in which its argument has come or gone.
    pub(super) fn take(
        &mut self,
        plan: &ViewPlan,
        batch: &RowBatch,
        keys: (&[K], &[KeyHash]),
        expiry: &Expiry,
        mask: &mut [u64],
    ) -> Result<()> {
        let column = batch.columns.columns().get(plan.argument);
        let column = column.ok_or_else(|| Error::bug("an argument that is not there"))?;
        let slots = plan.filters.len();
        match self {
            Self::Blocks(table) => {
                let values = numbers::ints(column)?;
                table.look_up(keys, mask, |row| values.get(row).map(|value| value >> 16))?;
                table.insert(&values, slots, expiry, mask);
                Ok(())
            }
            Self::Counts(table, codec) => {
                let values = codec.encode(std::slice::from_ref(column))?;
                table.look_up(keys, mask, |row| values.get(row).cloned())?;
                table.count(batch, slots, expiry, mask);
                Ok(())
            }
        }
    }

    pub(super) fn forget(
        &mut self,
        is_gone: &impl Fn(&K) -> bool,
        hash_of: &impl Fn(&K) -> KeyHash,
    ) -> Result<()> {
        match self {
            Self::Blocks(table) => table.forget(is_gone, hash_of),
            Self::Counts(table, _) => table.forget(is_gone, hash_of),
        }
    }

    pub(super) fn tidy(&mut self, expiry: &Expiry) -> Result<()> {
        match self {
            Self::Blocks(table) => table.tidy(expiry),
            Self::Counts(table, _) => table.tidy(expiry),
        }
    }

    pub(super) fn freeze(&mut self, image: &mut StateImage) -> Result<()> {
        match self {
            Self::Blocks(table) => table.table.freeze(&table.name, image),
            Self::Counts(table, _) => table.table.freeze(&table.name, image),
        }
    }

    pub(super) fn encode_some(&mut self, bytes: usize) -> bool {
        match self {
            Self::Blocks(table) => table.table.encode_some(bytes),
            Self::Counts(table, _) => table.table.encode_some(bytes),
        }
    }

    pub(super) fn restore(
        &mut self,
        image: &mut StateImage,
        hash_of: &impl Fn(&K) -> KeyHash,
    ) -> Result<()> {
        fn hash<K, P: Hash>(hash_of: &impl Fn(&K) -> KeyHash) -> impl Fn(&(K, P)) -> KeyHash {
            move |(key, part)| hash_of(key).with(part)
        }
        match self {
            Self::Blocks(it) => it.table.restore_from(image, &it.name, hash(hash_of)),
            Self::Counts(it, _) => it.table.restore_from(image, &it.name, hash(hash_of)),
        }
    }
}

impl<K: Key, P: Key, V> Table<K, P, V>
where
    V: serde::Serialize + serde::de::DeserializeOwned,
{
    fn new(
        name: String,
        (context, store): (&OperatorContext, Option<&OperatorStore>),
        expiry: &Expiry,
    ) -> Self {
        let mut table = context.state_table(store, &name);
        expiry.adorn(&mut table);
        Self {
            table,
            name,
            sweep: Sweep::default(),
            rows: Vec::new(),
            keys: Vec::new(),
            hashes: Vec::new(),
        }
    }

    /// Makes the keys of the rows that some slot wants, and fetches their entries.
    fn look_up(
        &mut self,
        (keys, hashes): (&[K], &[KeyHash]),
        mask: &[u64],
        part_of: impl Fn(usize) -> Option<P>,
    ) -> Result<()> {
        self.rows.clear();
        self.keys.clear();
        self.hashes.clear();
        for (row, (key, hash)) in keys.iter().zip(hashes).enumerate() {
            if mask.get(row).is_some_and(|bits| *bits != 0)
                && let Some(part) = part_of(row)
            {
                self.rows.push(row as u32);
                self.hashes.push(hash.with(&part));
                self.keys.push((key.clone(), part));
            }
        }
        self.table.load_batch(&self.hashes, &self.keys)
    }

    fn forget(
        &mut self,
        is_gone: &impl Fn(&K) -> bool,
        hash_of: &impl Fn(&K) -> KeyHash,
    ) -> Result<()> {
        if !self.table.is_spilled() {
            self.table.retain(|(key, _), _| !is_gone(key));
            return Ok(());
        }
        for key in self.table.all_keys()? {
            if is_gone(&key.0) {
                let hash = hash_of(&key.0).with(&key.1);
                self.table.load_batch(&[hash], [&key])?;
                self.table.remove(hash, &key);
            }
        }
        self.table.trim()
    }

    fn tidy(&mut self, expiry: &Expiry) -> Result<()> {
        self.sweep.go_on(&mut self.table, expiry);
        self.table.trim()
    }
}

impl<K: Key> Table<K, i64, Blocks> {
    fn insert(&mut self, values: &[i64], slots: usize, expiry: &Expiry, mask: &mut [u64]) {
        let records = self.keys.iter().zip(&self.rows);
        self.table.fold_batch(&self.hashes, records, |row, entry| {
            let bits = mask.get_mut(*row as usize)?;
            let number = values.get(*row as usize).copied().unwrap_or(0) as u16;
            match entry {
                Some(entry) if !expiry.is_over(entry) => {
                    entry.written = expiry.now();
                    *bits = insert_into(&mut entry.value, number, *bits);
                    None
                }
                _ => {
                    let mut value: Blocks = SmallVec::new();
                    value.resize_with(slots, Block::default);
                    *bits = insert_into(&mut value, number, *bits);
                    let written = expiry.now();
                    Some(Timed { written, value })
                }
            }
        });
    }
}

/// Inserts a number into these slots; in which it was not.
fn insert_into(blocks: &mut Blocks, number: u16, wanted: u64) -> u64 {
    let mut came = 0;
    for (slot, block) in blocks.iter_mut().enumerate() {
        if wanted >> slot & 1 == 1 && block.insert(number) {
            came |= 1 << slot;
        }
    }
    came
}

impl<K: Key> Table<K, RowBytes, Counts> {
    fn count(&mut self, batch: &RowBatch, slots: usize, expiry: &Expiry, mask: &mut [u64]) {
        let mut empty = Vec::new();
        let is_insert_only = batch.is_insert_only();
        let records = self.keys.iter().zip(self.rows.iter().enumerate());
        self.table
            .fold_batch(&self.hashes, records, |(index, row), entry| {
                let bits = mask.get_mut(*row as usize)?;
                let sign = batch.kind(*row as usize).sign();
                match entry {
                    Some(entry) if !expiry.is_over(entry) => {
                        entry.written = expiry.now();
                        *bits = change_counts(&mut entry.value, sign, *bits);
                        if !is_insert_only && entry.value.iter().all(|count| *count == 0) {
                            empty.push(index);
                        }
                        None
                    }
                    _ => {
                        let mut value = SmallVec::from_elem(0, slots);
                        *bits = change_counts(&mut value, sign, *bits);
                        let written = expiry.now();
                        (*bits != 0).then_some(Timed { written, value })
                    }
                }
            });
        for index in empty {
            self.remove_if_empty(index);
        }
    }

    fn remove_if_empty(&mut self, index: usize) {
        let Some((hash, key)) = self.hashes.get(index).zip(self.keys.get(index)) else {
            return;
        };
        let value = self.table.get(*hash, key);
        if value.is_some_and(|it| it.value.iter().all(|count| *count == 0)) {
            self.table.remove(*hash, key);
        }
    }
}

/// A value comes to these slots or goes from them; in which it was not before, or is not after.
fn change_counts(counts: &mut Counts, sign: i64, wanted: u64) -> u64 {
    let mut changed = 0;
    for (slot, count) in counts.iter_mut().enumerate() {
        if wanted >> slot & 1 == 0 {
            continue;
        }
        let before = *count;
        // What is taken away and was never there is ignored, as the group ignores it.
        *count = (before + sign).max(0);
        if (before == 0) != (*count == 0) {
            changed |= 1 << slot;
        }
    }
    changed
}
