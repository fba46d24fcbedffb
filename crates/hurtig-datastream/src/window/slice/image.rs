//! Slices in checkpoints.

use hurtig_state::{KeyedWriter, ListMode, ListPiece, StateImage};
use hurtig_types::{Data, Key, KeyHash, Result, Timestamp};

use super::{SliceWindowOperator, Slices};
use crate::window::function::{Finish, Gather};
use crate::window::image::{restore_watermark, store_watermark};
use crate::window::window::Window;

/// Open slices: beginning, key, accumulator.
const OPEN: &str = "slices/open";
/// All other slices of a key.
const SETTLED: &str = "slices/settled";
/// How far windows have fired, which slices were part of one that has, where slices begin, when windows speak early: the same in all
/// subtasks, or nearly.
const FIRED: &str = "slices/fired";

impl<K, T, W, G, F, S> SliceWindowOperator<K, T, W, G, F, S>
where
    K: Key,
    T: Data,
    W: Window,
    G: Gather<T>,
    F: Finish<K, W, G::Acc>,
    S: Slices<T, G>,
{
    pub(super) fn add_to_image(&self, image: &mut StateImage) -> Result<()> {
        let mut open = KeyedWriter::new(self.table.range());
        for (start, table) in self.open.iter() {
            for group in table.range().groups() {
                table
                    .iter_group(group)
                    .try_for_each(|(key, acc)| open.entry(group, &(*start, key, acc)))?;
            }
        }
        image.keyed.push(open.finish(OPEN));
        image.keyed.push(self.table.image(SETTLED)?);
        let early = self.early.as_ref().and_then(|early| early.next);
        let early = early.map(Timestamp::as_millis);
        let fired = (self.fired_to, self.covered_to, &self.starts, early);
        image
            .lists
            .push(ListPiece::of(FIRED, ListMode::Union, [fired])?);
        self.stage.snapshot(image)?;
        store_watermark(self.watermark, image)
    }

    pub(super) fn restore_image(&mut self, mut image: StateImage) -> Result<()> {
        let max_parallelism = self.max_parallelism;
        let hash_of = |key: &K| KeyHash::of(key, max_parallelism);
        for piece in image.take_keyed(SETTLED) {
            self.table.restore(&piece, hash_of)?;
        }
        let all: Vec<(i64, i64, Vec<i64>, Option<i64>)> = image.take_list(FIRED)?;
        self.fired_to = all.iter().map(|of| of.0).min().unwrap_or(i64::MIN);
        self.covered_to = all.iter().map(|of| of.1).max().unwrap_or(i64::MIN);
        if let Some(early) = &mut self.early {
            let next = all.iter().filter_map(|of| of.3).min();
            early.next = next.map(Timestamp::from_millis);
        }
        self.starts = all.into_iter().flat_map(|of| of.2).collect();
        for piece in image.take_keyed(OPEN) {
            piece.read(|_, (start, key, acc): (i64, K, G::Acc)| {
                self.restore_open(start, hash_of(&key), key, acc);
                Ok(())
            })?;
        }
        self.stage.restore(&mut image)?;
        self.watermark = restore_watermark(&mut image)?;
        image.finish()
    }

    /// A slice that was open is open again if it may be, and settled otherwise.
    fn restore_open(&mut self, start: i64, hash: KeyHash, key: K, acc: G::Acc) {
        let is_open = self.open.get(start).is_some() || self.opens(start);
        if is_open && let Some(table) = self.open.get(start) {
            table.insert(hash, key, acc);
            return;
        }
        self.starts.insert(start);
        let slices = self.table.get_or_insert_with(hash, key, S::new);
        slices.join(start, acc);
    }
}
