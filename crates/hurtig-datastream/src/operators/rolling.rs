//! Rolling aggregates: one update for each record.

use hurtig_runtime::{OperatorContext, Output, Progress, StreamOperator};
use hurtig_state::{StateImage, StateTable};
use hurtig_types::{
    Barrier, Data, ErasedBatch, Error, Key, KeyHash, MaxParallelism, Records, Result,
};

use super::{BYTES_PER_SLICE, Backing};
use crate::KeySelector;

/// Keeps one value per key: that of its first record. For each one after it `combine` folds the record into the value, and turns the
/// record into the result. The state is probed by the batch, and the batch becomes the output as it stands.
pub(crate) struct RollingOperator<K, T, F> {
    combine: F,
    selector: KeySelector<T, K>,
    table: StateTable<K, T>,
    backing: Backing,
    keys: Vec<K>,
    max_parallelism: MaxParallelism,
}

/// The name of its state.
const KEPT: &str = "rolling";

impl<K: Key, T: Data, F: FnMut(&mut T, &mut T)> RollingOperator<K, T, F> {
    pub(crate) fn new(combine: F, selector: KeySelector<T, K>, context: &OperatorContext) -> Self {
        let backing = Backing::of(context);
        Self {
            combine,
            selector,
            table: context.state_table(backing.store(), KEPT),
            backing,
            keys: Vec::new(),
            max_parallelism: context.max_parallelism,
        }
    }
}

impl<K, T, F> StreamOperator for RollingOperator<K, T, F>
where
    K: Key,
    T: Data,
    F: FnMut(&mut T, &mut T) + Send,
{
    fn process_batch(
        &mut self,
        _: usize,
        batch: &mut ErasedBatch,
        output: &mut Output,
    ) -> Result<Progress> {
        let batch = batch.get_mut::<Records<T>>()?;
        self.selector.keys_into(&batch.values, &mut self.keys);
        if batch.hashes.len() != self.keys.len() {
            return Err(Error::bug("a keyed batch without the hashes of its keys"));
        }
        self.table.load_batch(&batch.hashes, &self.keys)?;
        let combine = &mut self.combine;
        let records = self.keys.iter().zip(&mut batch.values);
        self.table
            .fold_batch(&batch.hashes, records, |value, kept| match kept {
                Some(kept) => {
                    combine(kept, value);
                    None
                }
                None => Some(value.clone()),
            });
        self.table.trim()?;
        batch.hashes.clear();
        std::mem::swap(output.main::<T>()?, batch);
        Ok(Progress::Done)
    }

    fn restore(&mut self, mut image: StateImage) -> Result<()> {
        let max_parallelism = self.max_parallelism;
        let hash_of = |key: &K| KeyHash::of(key, max_parallelism);
        self.backing.restore(&mut image)?;
        self.table.restore_from(&mut image, KEPT, hash_of)?;
        image.finish()
    }

    fn snapshot(&mut self, _: Barrier, image: &mut StateImage, _: &mut Output) -> Result<Progress> {
        self.table.freeze(KEPT, image)?;
        self.backing.freeze(image)?;
        Ok(Progress::Done)
    }

    fn encode_some(&mut self) -> bool {
        self.table.encode_some(BYTES_PER_SLICE)
    }
}
