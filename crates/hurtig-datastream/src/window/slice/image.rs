//! Slices in checkpoints.

use std::collections::BTreeMap;

use hurtig_state::{KeyedPiece, KeyedWriter, ListMode, ListPiece, StateImage, StateTable};
use hurtig_types::{Data, Key, KeyHash, Result, Timestamp};

use super::{SliceWindowOperator, Slices};
use crate::operators::{restore_interrupted, store_interrupted};
use crate::window::function::{Finish, Gather};
use crate::window::window::Window;

/// Behind this stands when an open slice begins; its entries are beginning, key, accumulator.
const OPEN: &str = "slices/open/";
/// All other slices of a key.
const SETTLED: &str = "slices/settled";
/// Which slices were part of a window that has fired, where slices begin, when windows speak early: the same in all subtasks, or nearly.
const SLICES: &str = "slices";

impl<K, T, W, G, F, S> SliceWindowOperator<K, T, W, G, F, S>
where
    K: Key,
    T: Data,
    W: Window,
    G: Gather<T>,
    F: Finish<K, W, G::Acc>,
    S: Slices<T, G>,
{
    pub(super) fn add_to_image(&mut self, image: &mut StateImage) -> Result<()> {
        for (start, table) in self.open.iter_mut() {
            let start = *start;
            let entry = move |writer: &mut KeyedWriter, group, key: &K, acc: &G::Acc| {
                writer.entry(group, &(start, key, acc))
            };
            table.freeze_with(format!("{OPEN}{start}"), entry, image)?;
        }
        if let Some((start, left)) = self.firing.as_ref().and_then(|it| it.slice.as_ref()) {
            let left = left.left();
            let mut writer = KeyedWriter::new(left.range());
            for group in left.range().groups() {
                left.iter_group(group)
                    .try_for_each(|(key, acc)| writer.entry(group, &(*start, key, acc)))?;
            }
            image.keyed.push(writer.finish(format!("{OPEN}{start}")));
        }
        self.table.freeze(SETTLED, image)?;
        let early = self.early.as_ref().and_then(|early| early.next);
        let early = early.map(Timestamp::as_millis);
        let slices = (self.covered_to, &self.starts, early);
        image
            .lists
            .push(ListPiece::of(SLICES, ListMode::Union, [slices])?);
        let firing = self.firing.as_ref().map(|it| (it.end, &it.cursor));
        let (marks, table) = (&self.marks, &self.table);
        marks.add_to_image(self.fired_to, firing, table, image)?;
        if firing.is_some() {
            store_interrupted(image)?;
        }
        self.stage.freeze(image)?;
        self.ahead.store_watermark(self.watermark, image)
    }

    pub(super) fn restore_image(&mut self, mut image: StateImage) -> Result<()> {
        let max_parallelism = self.max_parallelism;
        let hash_of = |key: &K| KeyHash::of(key, max_parallelism);
        self.table.restore_from(&mut image, SETTLED, hash_of)?;
        self.was_interrupted = restore_interrupted(&mut image)?;
        self.fired_to = self.marks.restore(&mut image, hash_of)?;
        let all: Vec<(i64, Vec<i64>, Option<i64>)> = image.take_list(SLICES)?;
        self.covered_to = all.iter().map(|of| of.0).max().unwrap_or(i64::MIN);
        if let Some(early) = &mut self.early {
            let next = all.iter().filter_map(|of| of.2).min();
            early.next = next.map(Timestamp::from_millis);
        }
        self.starts = all.into_iter().flat_map(|of| of.1).collect();
        let is_open = |piece: &mut KeyedPiece| piece.name.starts_with(OPEN);
        let open: Vec<_> = image.keyed.extract_if(.., is_open).collect();
        for pieces in by_slice(open).into_values() {
            self.restore_slice(pieces, hash_of)?;
        }
        self.stage.restore(&mut image)?;
        self.watermark = self.ahead.restore_watermark(&mut image)?;
        image.finish()
    }

    /// A slice that was open is open again if it may be, and settled otherwise. Of a key that comes again the last is what counts.
    fn restore_slice(
        &mut self,
        pieces: Vec<KeyedPiece>,
        hash_of: impl Fn(&K) -> KeyHash,
    ) -> Result<()> {
        let mut settled = StateTable::new(self.table.range());
        let mut at = None;
        for piece in pieces {
            piece.read(|_, (start, key, acc): (i64, K, G::Acc)| {
                let hash = hash_of(&key);
                at = Some(start);
                let is_open = self.open.get(start).is_some() || self.opens(start);
                let open = self.open.get(start).filter(|_| is_open);
                open.unwrap_or(&mut settled).insert(hash, key, acc);
                Ok(())
            })?;
        }
        if let Some(start) = at.filter(|_| !settled.is_empty()) {
            self.starts.insert(start);
            for (hash, key, acc) in settled.drain() {
                let slices = self.table.get_or_insert_with(hash, key, S::new);
                slices.join(start, acc);
            }
        }
        Ok(())
    }
}

/// The pieces of each slice, in their order.
fn by_slice(open: Vec<KeyedPiece>) -> BTreeMap<String, Vec<KeyedPiece>> {
    let mut slices = BTreeMap::<_, Vec<_>>::new();
    for piece in open {
        slices.entry(piece.name.clone()).or_default().push(piece);
    }
    slices
}
