//! The operator over slices.

use std::collections::BTreeSet;
use std::marker::PhantomData;

use hurtig_runtime::{OperatorContext, Output, OutputTag, Progress, SideOutputs, StreamOperator};
use hurtig_state::{StateImage, StateTable};
use hurtig_types::{
    Barrier, Data, ErasedBatch, Error, Key, KeyHash, MaxParallelism, Records, Result, Timestamp,
    Watermark,
};

use super::Slices;
use super::early::Early;
use super::fire::Firing;
use super::grid::AlignedWindows;
use super::marks::FiredMarks;
use super::open::OpenSlices;
use crate::KeySelector;
use crate::operators::{BYTES_PER_SLICE, GroupTimes};
use crate::window::function::{Finish, Gather, Stage};
use crate::window::operator::{LateRecords, no_timestamp};
use crate::window::window::Window;

/// Event-time windows on a grid over a keyed stream without lateness, that fire at their end, or by the clock before it.
pub(in crate::window) struct SliceWindowOperator<K, T, W: Window, G: Gather<T>, F, S> {
    selector: KeySelector<T, K>,
    pub(super) max_parallelism: MaxParallelism,
    pub(super) grid: AlignedWindows<W>,
    pub(super) gather: G,
    pub(super) stage: Stage<F, K, W>,
    pub(super) open: OpenSlices<K, G::Acc>,
    /// The slices that are not open.
    pub(super) table: StateTable<K, S>,
    /// The beginnings of all slices that some key has in the table.
    pub(super) starts: BTreeSet<i64>,
    pub(super) watermark: Timestamp,
    /// Windows that end here or before have fired.
    pub(super) fired_to: i64,
    /// Keys whose windows have fired further.
    pub(super) marks: FiredMarks<K>,
    /// Key groups whose event time is ahead.
    pub(super) ahead: GroupTimes,
    /// Slices that begin before this were part of a window that fired. Later ones of them join the table.
    pub(super) covered_to: i64,
    pub(super) firing: Option<Firing<K, G::Acc>>,
    /// Whether a barrier had come while windows were firing, and the rest is to fire at the same watermark.
    pub(super) was_interrupted: bool,
    /// Whether windows speak when they end.
    pub(super) at_end: bool,
    /// Whether they speak before as well.
    pub(super) early: Option<Box<Early<K, G::Acc, S>>>,
    late: LateRecords<T>,
    scratch: Scratch<K>,
    slices: PhantomData<fn() -> S>,
}

/// What is known of the records of a batch.
struct Scratch<K> {
    keys: Vec<K>,
    /// One after the other.
    stretches: Vec<Stretch>,
}

/// Records of a batch that follow each other in one slice.
#[derive(Clone, Copy)]
struct Stretch {
    /// Where the slice begins; [`LEFT_OUT`] for records that join none.
    start: i64,
    count: usize,
}

/// No slice begins at the end of time.
const LEFT_OUT: i64 = i64::MAX;

impl<K, T, W, G, F, S> SliceWindowOperator<K, T, W, G, F, S>
where
    K: Key,
    T: Data,
    W: Window,
    G: Gather<T>,
    F: Finish<K, W, G::Acc>,
    S: Slices<T, G>,
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
            stage: Stage::new(finish, false, None, context),
            open: OpenSlices::new(context.state_table(None, "")),
            table: context.state_table(None, ""),
            starts: BTreeSet::new(),
            watermark: Timestamp::MIN,
            fired_to: i64::MIN,
            marks: FiredMarks::none(context.key_groups),
            ahead: GroupTimes::none(context.key_groups),
            covered_to: i64::MIN,
            firing: None,
            was_interrupted: false,
            at_end: true,
            early: None,
            late: LateRecords::new(late, context),
            scratch: Scratch {
                keys: Vec::new(),
                stretches: Vec::new(),
            },
            slices: PhantomData,
        }
    }

    /// Lets windows speak early, whenever the clock passes a multiple of `interval` milliseconds, and also at their end,
    /// or only go then.
    pub(in crate::window) fn with_early(mut self, interval: i64, at_end: bool) -> Self {
        self.at_end = at_end;
        self.early = Some(Box::new(Early::new(interval, S::new())));
        self
    }

    /// Finds the slice of each record; whether some belong to none, or only to windows that have fired.
    fn find_slices(&mut self, timestamps: &[Timestamp]) -> Result<bool> {
        self.scratch.stretches.clear();
        let (mut rest, mut some_left_out) = (timestamps, false);
        while let Some(first) = rest.first() {
            if !first.is_some() {
                return Err(no_timestamp());
            }
            let slice = self.grid.slice_at(first.as_millis());
            // Records come in about the order of time: mostly all of a batch are in the slice of the first.
            let mut times = rest.iter();
            let end = times.position(|time| !slice.contains(time.as_millis()));
            let (stretch, others) = rest.split_at(end.unwrap_or(rest.len()).max(1));
            let is_over = slice.last_window_end.saturating_sub(1) <= self.watermark.as_millis();
            let is_left_out = slice.is_gap() || is_over;
            some_left_out |= is_left_out;
            self.scratch.stretches.push(Stretch {
                start: if is_left_out { LEFT_OUT } else { slice.start },
                count: stretch.len(),
            });
            rest = others;
        }
        Ok(some_left_out)
    }

    /// As [`find_slices`](Self::find_slices), where what is late depends on the key group.
    #[cold]
    fn find_slices_by_group(&mut self, records: &Records<T>) -> Result<bool> {
        let mut some_left_out = false;
        self.scratch.stretches.clear();
        for (timestamp, index) in records.timestamps.iter().zip(0..) {
            if !timestamp.is_some() {
                return Err(no_timestamp());
            }
            let slice = self.grid.slice_at(timestamp.as_millis());
            let watermark = self.watermark_of(records.hashes.get(index).copied());
            let is_over = slice.last_window_end.saturating_sub(1) <= watermark.as_millis();
            let is_left_out = slice.is_gap() || is_over;
            some_left_out |= is_left_out;
            self.scratch.stretches.push(Stretch {
                start: if is_left_out { LEFT_OUT } else { slice.start },
                count: 1,
            });
        }
        Ok(some_left_out)
    }

    /// How far event time has come for a record.
    fn watermark_of(&self, hash: Option<KeyHash>) -> Timestamp {
        hash.map_or(self.watermark, |hash| {
            self.ahead.of(hash.key_group(), self.watermark)
        })
    }

    /// Takes the records that join no slice out of the batch.
    #[cold]
    fn leave_out(&mut self, records: &mut Records<T>, sides: &mut SideOutputs<'_>) -> Result<()> {
        let mut kept = Records::new();
        let hashes = std::mem::take(&mut records.hashes);
        let timestamps = std::mem::take(&mut records.timestamps);
        let mut values = records.values.drain(..).zip(timestamps).enumerate();
        for stretch in &self.scratch.stretches {
            for (index, (value, timestamp)) in values.by_ref().take(stretch.count) {
                if stretch.start != LEFT_OUT {
                    kept.push(value, timestamp);
                    kept.hashes.extend(hashes.get(index).copied());
                } else if timestamp <= self.watermark_of(hashes.get(index).copied()) {
                    self.late.take(value, timestamp, sides)?;
                }
            }
        }
        drop(values);
        let stretches = &mut self.scratch.stretches;
        stretches.retain(|stretch| stretch.start != LEFT_OUT);
        *records = kept;
        self.late.count();
        Ok(())
    }

    /// Adds each record to its slice: a stretch of records of one slice after the other.
    fn add(&mut self, records: &mut Records<T>) -> Result<()> {
        let mut keys = std::mem::take(&mut self.scratch.keys);
        let stretches = std::mem::take(&mut self.scratch.stretches);
        self.selector.keys_into(&records.values, &mut keys);
        if records.hashes.len() != keys.len() {
            let max_parallelism = self.max_parallelism;
            let hash = |key| KeyHash::of(key, max_parallelism);
            records.hashes = keys.iter().map(hash).collect();
        }
        let mut values = records.values.drain(..);
        let mut first = 0;
        for stretch in &stretches {
            let range = first..first + stretch.count;
            first = range.end;
            let (Some(hashes), Some(keys), Some(times)) = (
                records.hashes.get(range.clone()),
                keys.get(range.clone()),
                records.timestamps.get(range),
            ) else {
                return Err(Error::bug("a batch whose columns differ in length"));
            };
            let entries = keys.iter().zip(times.iter().zip(&mut values));
            self.add_stretch(stretch.start, hashes, entries);
        }
        drop(values);
        self.scratch = Scratch { keys, stretches };
        Ok(())
    }

    /// Adds the entries, of which there are as many as hashes, to the slice that begins at `start`.
    fn add_stretch<'a>(
        &mut self,
        start: i64,
        hashes: &[KeyHash],
        entries: impl Iterator<Item = (&'a K, (&'a Timestamp, T))>,
    ) {
        let is_open = self.open.get(start).is_some() || self.opens(start);
        let gather = &mut self.gather;
        if is_open && let Some(table) = self.open.get(start) {
            table.fold_batch(hashes, entries, |(&timestamp, value), acc| match acc {
                Some(acc) => {
                    gather.add(acc, value, timestamp);
                    None
                }
                None => Some(gather.create(value, timestamp)),
            });
            return;
        }
        self.starts.insert(start);
        let fold = |(&timestamp, value): (&Timestamp, T), slices: Option<&mut S>| {
            if let Some(slices) = slices {
                slices.add(start, value, timestamp, gather);
                return None;
            }
            let mut slices = S::new();
            slices.add(start, value, timestamp, gather);
            Some(slices)
        };
        self.table.fold_batch(hashes, entries, fold);
    }

    /// Opens a slice if it is a new one that may be.
    pub(super) fn opens(&mut self, start: i64) -> bool {
        if start < self.covered_to || self.starts.contains(&start) || !self.open.open(start) {
            return false;
        }
        while let Some((start, drained)) = self.open.take_excess() {
            self.settle(start, drained);
        }
        true
    }
}

impl<K, T, W, G, F, S> StreamOperator for SliceWindowOperator<K, T, W, G, F, S>
where
    K: Key,
    T: Data,
    W: Window,
    G: Gather<T>,
    F: Finish<K, W, G::Acc>,
    S: Slices<T, G>,
{
    fn open(&mut self, context: &OperatorContext, _: &mut Output) -> Result<()> {
        self.stage.finish().open(context)
    }

    fn process_batch(
        &mut self,
        _: usize,
        batch: &mut ErasedBatch,
        output: &mut Output,
    ) -> Result<Progress> {
        let records: &mut Records<T> = batch.get_mut()?;
        if self.grid.is_whole() {
            let count = records.values.len();
            records.timestamps.resize(count, Timestamp::NONE);
            let start = i64::MIN;
            self.scratch.stretches.clear();
            self.scratch.stretches.push(Stretch { start, count });
        } else {
            if records.timestamps.len() != records.values.len() {
                return Err(no_timestamp());
            }
            let some_left_out = if self.ahead.is_empty() {
                self.find_slices(&records.timestamps)?
            } else {
                self.find_slices_by_group(records)?
            };
            if some_left_out {
                self.leave_out(records, &mut output.sides())?;
            }
        }
        self.add(records)?;
        records.clear();
        self.plan_early(output.now());
        Ok(Progress::Done)
    }

    fn process_watermark(&mut self, watermark: Watermark, output: &mut Output) -> Result<Progress> {
        let again = std::mem::take(&mut self.was_interrupted);
        let is_known = watermark.timestamp() <= self.watermark;
        if is_known && !(again && watermark.timestamp() == self.watermark) {
            return Ok(Progress::Done);
        }
        self.watermark = watermark.timestamp();
        self.ahead.settle(self.watermark);
        self.fire(output)
    }

    fn process_time(&mut self, now: Timestamp, output: &mut Output) -> Result<Progress> {
        self.begin_early(now);
        self.fire_early(output)
    }

    fn next_time(&self) -> Option<Timestamp> {
        self.early.as_ref().and_then(|early| early.next)
    }

    fn resume(&mut self, output: &mut Output) -> Result<Progress> {
        if self.is_early() {
            return self.fire_early(output);
        }
        self.fire(output)
    }

    fn restore(&mut self, image: StateImage) -> Result<()> {
        self.restore_image(image)
    }

    fn snapshot(&mut self, _: Barrier, image: &mut StateImage, _: &mut Output) -> Result<Progress> {
        self.add_to_image(image)?;
        Ok(Progress::Done)
    }

    fn encode_some(&mut self) -> bool {
        let mut open = self.open.iter_mut().map(|(_, table)| table);
        open.any(|table| table.encode_some(BYTES_PER_SLICE))
            || self.table.encode_some(BYTES_PER_SLICE)
            || self.stage.encode_some()
    }

    /// Between two keys, at the end of windows; not while they speak early.
    fn can_be_interrupted(&self) -> bool {
        self.firing.is_some()
    }

    fn interrupted_at(&self) -> Option<Watermark> {
        let watermark = Watermark::new(self.watermark);
        self.was_interrupted.then_some(watermark)
    }

    fn close(&mut self) -> Result<()> {
        self.stage.finish().close()
    }
}

#[cfg(test)]
impl<K, T, W, G, F, S> crate::window::tests::Measure for SliceWindowOperator<K, T, W, G, F, S>
where
    K: Key,
    T: Data,
    W: Window,
    G: Gather<T>,
    F: Finish<K, W, G::Acc>,
    S: Slices<T, G>,
{
    fn measure(&self) -> crate::window::tests::Size {
        let in_both = self.table.iter().map(|(key, _)| key);
        let keys: std::collections::HashSet<_> = in_both.chain(self.open.keys()).collect();
        let in_table: usize = self.table.iter().map(|(_, slices)| slices.count()).sum();
        crate::window::tests::Size {
            keys: keys.len(),
            accumulators: in_table + self.open.keys().count(),
            timers: self.starts.len() + usize::from(self.open.oldest().is_some()),
            states: self.stage.entry_count(),
            entry_bytes: size_of::<(K, G::Acc)>(),
        }
    }
}
