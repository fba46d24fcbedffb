//! Rolling aggregates: one update for each record.

use hurtig_runtime::{OperatorContext, Output, Progress, StreamOperator};
use hurtig_state::StateTable;
use hurtig_types::{Data, ErasedBatch, Error, Key, Records, Result};

use crate::KeySelector;

/// Keeps one value per key. For each record `combine` folds the record into the value of its key (`None` for the first), and turns the
/// record into the result. The state is probed by the batch, and the batch becomes the output as it stands.
pub(crate) struct RollingOperator<K, T, F> {
    combine: F,
    selector: KeySelector<T, K>,
    table: StateTable<K, Option<T>>,
    keys: Vec<K>,
}

impl<K: Key, T: Data, F: FnMut(&mut Option<T>, &mut T)> RollingOperator<K, T, F> {
    pub(crate) fn new(combine: F, selector: KeySelector<T, K>, context: &OperatorContext) -> Self {
        Self {
            combine,
            selector,
            table: StateTable::new(context.key_groups),
            keys: Vec::new(),
        }
    }
}

impl<K, T, F> StreamOperator for RollingOperator<K, T, F>
where
    K: Key,
    T: Data,
    F: FnMut(&mut Option<T>, &mut T) + Send,
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
        let (combine, keys) = (&mut self.combine, self.keys.as_slice());
        let mut values = batch.values.iter_mut();
        // The table calls back once per record, in order: so the values can be walked beside it.
        self.table.upsert_batch(
            &batch.hashes,
            |index| &keys[index],
            |_| None,
            |_, _, kept| {
                if let Some(value) = values.next() {
                    combine(kept, value);
                }
            },
        );
        batch.hashes.clear();
        std::mem::swap(output.main::<T>()?, batch);
        Ok(Progress::Done)
    }
}
