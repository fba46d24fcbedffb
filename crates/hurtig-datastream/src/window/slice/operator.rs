//! The operator over slices.

use std::collections::BTreeSet;

use hurtig_runtime::{OperatorContext, Output, OutputTag, Progress, StreamOperator};
use hurtig_state::StateTable;
use hurtig_types::{
    Data, ErasedBatch, Key, KeyHash, MaxParallelism, Records, Result, Timestamp, Watermark,
};

use super::fire::Firing;
use super::grid::{AlignedWindows, Slice};
use super::mixed::Share;
use super::open::OpenSlices;
use super::sliding::SlidingSlices;
use crate::KeySelector;
use crate::window::function::{Finish, Gather, Stage};
use crate::window::operator::{LateRecords, no_timestamp};
use crate::window::window::Window;

/// Event-time windows on a grid over a keyed stream, with the default trigger and no lateness.
pub(in crate::window) struct SliceWindowOperator<K, T, W: Window, G: Gather<T>, F> {
    selector: KeySelector<T, K>,
    max_parallelism: MaxParallelism,
    pub(super) grid: AlignedWindows<W>,
    pub(super) gather: G,
    pub(super) stage: Stage<F, K, W>,
    pub(super) open: OpenSlices<K, G::Acc>,
    /// The closed slices of each key, where windows are made of several.
    pub(super) closed: StateTable<K, SlidingSlices<G::Acc>>,
    /// The beginnings of all closed slices that some key may have.
    pub(super) closed_starts: BTreeSet<i64>,
    pub(super) watermark: Timestamp,
    /// Slices that begin before this are closed: it is where the last window that fired ended.
    pub(super) closed_to: i64,
    pub(super) firing: Option<Firing<K, G::Acc>>,
    pub(super) late: LateRecords<T>,
    /// The keys of a batch.
    pub(super) keys: Vec<K>,
    /// The slices of a batch that lies in several.
    pub(super) shares: Vec<Share<K, T>>,
}

impl<K, T, W, G, F> SliceWindowOperator<K, T, W, G, F>
where
    K: Key,
    T: Data,
    W: Window,
    G: Gather<T>,
    F: Finish<K, W, G::Acc>,
{
    pub(in crate::window) fn new(
        selector: KeySelector<T, K>,
        grid: AlignedWindows<W>,
        (gather, finish): (G, F),
        late: Option<OutputTag<T>>,
        context: &OperatorContext,
    ) -> Self {
        Self {
            selector,
            max_parallelism: context.max_parallelism,
            grid,
            gather,
            stage: Stage::new(finish, false, context),
            open: OpenSlices::new(context.key_groups),
            closed: StateTable::new(context.key_groups),
            closed_starts: BTreeSet::new(),
            watermark: Timestamp::MIN,
            closed_to: i64::MIN,
            firing: None,
            late: LateRecords::new(late, context),
            keys: Vec::new(),
            shares: Vec::new(),
        }
    }

    /// The one slice in which all these times lie: that is how it mostly is.
    fn common_slice(&self, timestamps: &[Timestamp]) -> Option<Slice> {
        let (first, last) = timestamps
            .iter()
            .fold((i64::MAX, i64::MIN), |(first, last), time| {
                (first.min(time.as_millis()), last.max(time.as_millis()))
            });
        // A record without time is the first of all.
        let slice = (first != Timestamp::NONE.as_millis()).then(|| self.grid.slice_at(first));
        slice.filter(|slice| slice.contains(last))
    }

    /// Whether a record of this slice joins a window that has not fired.
    pub(super) const fn is_open(&self, slice: &Slice) -> bool {
        !slice.is_gap() && slice.last_window_end.saturating_sub(1) > self.watermark.as_millis()
    }
}

/// Adds records of one slice to its table.
#[inline]
pub(super) fn add_to_table<K: Key, T, G: Gather<T>>(
    table: &mut StateTable<K, G::Acc>,
    keys: &[K],
    hashes: &[KeyHash],
    mut values: impl Iterator<Item = T>,
    gather: &mut G,
) {
    table.upsert_batch(
        hashes,
        |index| key_at(keys, index),
        |_| gather.create_empty(),
        |_, _, acc| {
            if let Some(value) = values.next() {
                gather.add(acc, value, Timestamp::NONE);
            }
        },
    );
}

/// The key of a record of the batch. There is one for each: the selector made them.
#[inline(always)]
fn key_at<K>(keys: &[K], index: usize) -> &K {
    let Some(key) = keys.get(index) else {
        no_key(index)
    };
    key
}

#[cold]
#[inline(never)]
fn no_key(index: usize) -> ! {
    panic!("record {index} of the batch has a hash, but no key")
}
