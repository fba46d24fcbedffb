//! `DISTINCT`: which arguments a group has had.
//!
//! A group may have millions of them, and a checkpoint must not write all again for one that is new. So they lie in tables of their
//! own, beside the accumulators: numbers of an input that only inserts in blocks of 65536, keyed by (key, value >> 16); all others
//! keyed by (key, value), with how often each is there. Calls with the same argument share a table, with a slot for each filter.
//!
//! What comes of it is a bit per row and slot: whether the argument came there for the first time, or went for the last. The
//! accumulators of the call see these rows alone, as if there was no `DISTINCT`.

mod block;
mod view;

use arrow_array::Array;
use arrow_schema::Fields;
use hurtig_runtime::OperatorContext;
use hurtig_state::StateImage;
use hurtig_state::store::OperatorStore;
use hurtig_types::{Error, Key, KeyHash, Result};

use super::Accumulators;
use super::bind::{Masks, is_true};
use super::plan::ViewPlan;
use crate::RowBatch;
use crate::expiry::Expiry;
use view::View;

/// The different arguments of all groups of a subtask.
pub struct DistinctViews<K> {
    views: Vec<(ViewPlan, View<K>)>,
    masks: Masks,
}

impl<K: Key> DistinctViews<K> {
    /// Tables for what these accumulators need, over rows with these columns.
    ///
    /// # Errors
    /// When an argument has a type that cannot lie in state.
    pub(crate) fn new(
        accumulators: &Accumulators,
        fields: &Fields,
        (context, store): (&OperatorContext, Option<&OperatorStore>),
        expiry: &Expiry,
    ) -> Result<Self> {
        let plans = accumulators.views().iter().enumerate();
        let views = plans.map(|(index, plan)| {
            let name = format!("distinct-{index}");
            let view = View::new(plan, fields, name, (context, store), expiry)?;
            Ok((plan.clone(), view))
        });
        let views = views.collect::<Result<Vec<_>>>()?;
        Ok(Self {
            masks: vec![Vec::new(); views.len()],
            views,
        })
    }

    /// Takes the arguments of a batch in, whose rows have these keys and hashes, and finds out which rows count.
    ///
    /// # Errors
    /// When the store fails.
    pub(crate) fn take(
        &mut self,
        batch: &RowBatch,
        (keys, hashes): (&[K], &[KeyHash]),
        expiry: &Expiry,
    ) -> Result<()> {
        for ((plan, view), mask) in self.views.iter_mut().zip(&mut self.masks) {
            wanted(plan, batch, mask)?;
            view.take(plan, batch, (keys, hashes), expiry, mask)?;
        }
        Ok(())
    }

    /// For each view and row the slots in which its argument has come or gone.
    pub(crate) const fn masks(&self) -> &Masks {
        &self.masks
    }

    /// Forgets the arguments of these keys. A walk over all that there are.
    ///
    /// # Errors
    /// When the store fails.
    pub(crate) fn forget(
        &mut self,
        is_gone: impl Fn(&K) -> bool,
        hash_of: impl Fn(&K) -> KeyHash,
    ) -> Result<()> {
        let mut views = self.views.iter_mut();
        views.try_for_each(|(_, view)| view.forget(&is_gone, &hash_of))
    }

    /// Between two batches: makes room in memory, and takes out a few entries that are over.
    ///
    /// # Errors
    /// When the store fails.
    pub(crate) fn tidy(&mut self, expiry: &Expiry) -> Result<()> {
        let mut views = self.views.iter_mut();
        views.try_for_each(|(_, view)| view.tidy(expiry))
    }

    /// As [`StateTable::freeze`](hurtig_state::StateTable::freeze).
    pub(crate) fn freeze(&mut self, image: &mut StateImage) -> Result<()> {
        let mut views = self.views.iter_mut();
        views.try_for_each(|(_, view)| view.freeze(image))
    }

    /// As [`StateTable::encode_some`](hurtig_state::StateTable::encode_some).
    pub(crate) fn encode_some(&mut self, bytes: usize) -> bool {
        let mut views = self.views.iter_mut();
        views.any(|(_, view)| view.encode_some(bytes))
    }

    /// As [`StateTable::restore_from`](hurtig_state::StateTable::restore_from).
    pub(crate) fn restore(
        &mut self,
        image: &mut StateImage,
        hash_of: impl Fn(&K) -> KeyHash,
    ) -> Result<()> {
        let mut views = self.views.iter_mut();
        views.try_for_each(|(_, view)| view.restore(image, &hash_of))
    }
}

/// For each row the slots whose filter it passes; none where it has no argument.
fn wanted(plan: &ViewPlan, batch: &RowBatch, mask: &mut Vec<u64>) -> Result<()> {
    let column = |index: usize| {
        let column = batch.columns.columns().get(index);
        column.ok_or_else(|| Error::bug("a column of an aggregate that is not there"))
    };
    mask.clear();
    mask.resize(batch.rows(), 0);
    for (slot, filter) in plan.filters.iter().enumerate() {
        let bit = 1u64 << slot;
        match filter {
            None => mask.iter_mut().for_each(|bits| *bits |= bit),
            Some(index) => {
                for row in is_true(column(*index)?)?.set_indices() {
                    if let Some(bits) = mask.get_mut(row) {
                        *bits |= bit;
                    }
                }
            }
        }
    }
    if let Some(nulls) = column(plan.argument)?.nulls() {
        for (bits, is_valid) in mask.iter_mut().zip(nulls) {
            if !is_valid {
                *bits = 0;
            }
        }
    }
    Ok(())
}
