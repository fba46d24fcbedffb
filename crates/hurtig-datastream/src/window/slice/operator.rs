//! The operator over slices.

use std::collections::BTreeSet;
use std::marker::PhantomData;

use hurtig_runtime::{OperatorContext, Output, OutputTag, Progress, SideOutputs, StreamOperator};
use hurtig_state::{Cursor, StateTable};
use hurtig_types::{
    Data, ErasedBatch, Key, KeyHash, MaxParallelism, Records, Result, Timestamp, Watermark,
};

use super::Slices;
use super::grid::{AlignedWindows, Slice};
use crate::KeySelector;
use crate::window::function::{Finish, Gather, Moment, Stage};
use crate::window::operator::{LateRecords, no_timestamp};
use crate::window::window::Window;

/// Event-time windows on a grid over a keyed stream, with the default trigger and no lateness.
pub(in crate::window) struct SliceWindowOperator<K, T, W: Window, G, F, S> {
    selector: KeySelector<T, K>,
    max_parallelism: MaxParallelism,
    grid: AlignedWindows<W>,
    gather: G,
    stage: Stage<F, K, W>,
    table: StateTable<K, S>,
    /// The beginnings of all slices that some key has.
    starts: BTreeSet<i64>,
    watermark: Timestamp,
    /// Windows that end here or before have fired.
    fired_to: i64,
    firing: Option<Firing>,
    late: LateRecords<T>,
    scratch: Scratch<K>,
    slices: PhantomData<fn() -> S>,
}

/// A window that is being fired for one key after another.
struct Firing {
    end: i64,
    cursor: Cursor,
}

/// What is known of the records of a batch.
struct Scratch<K> {
    keys: Vec<K>,
    /// Where the slice of each record begins; [`LEFT_OUT`] for one that joins none.
    starts: Vec<i64>,
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
            stage: Stage::new(finish, false, context),
            table: StateTable::new(context.key_groups),
            starts: BTreeSet::new(),
            watermark: Timestamp::MIN,
            fired_to: i64::MIN,
            firing: None,
            late: LateRecords::new(late, context),
            scratch: Scratch {
                keys: Vec::new(),
                starts: Vec::new(),
            },
            slices: PhantomData,
        }
    }

    /// Finds the slice of each record; how many belong to none, or only to windows that have fired.
    fn find_slices(&mut self, timestamps: &[Timestamp]) -> Result<usize> {
        let (starts, watermark) = (&mut self.scratch.starts, self.watermark);
        starts.clear();
        starts.reserve(timestamps.len());
        let (mut slice, mut start, mut left_out) = (Slice::NOWHERE, LEFT_OUT, 0);
        for timestamp in timestamps {
            let time = timestamp.as_millis();
            // Records come in about the order of time: mostly the slice is that of the record before.
            if !slice.contains(time) {
                if !timestamp.is_some() {
                    return Err(no_timestamp());
                }
                slice = self.grid.slice_at(time);
                let is_over = slice.last_window_end.saturating_sub(1) <= watermark.as_millis();
                start = if slice.is_gap() || is_over {
                    LEFT_OUT
                } else {
                    slice.start
                };
            }
            left_out += usize::from(start == LEFT_OUT);
            starts.push(start);
        }
        Ok(left_out)
    }

    /// Takes the records that join no slice out of the batch.
    #[cold]
    fn leave_out(&mut self, records: &mut Records<T>, sides: &mut SideOutputs<'_>) -> Result<()> {
        let mut kept = Records::new();
        let hashes = std::mem::take(&mut records.hashes);
        let timestamps = std::mem::take(&mut records.timestamps);
        let values = records.values.drain(..).zip(timestamps);
        for (index, (value, timestamp)) in values.enumerate() {
            if self
                .scratch
                .starts
                .get(index)
                .is_some_and(|start| *start != LEFT_OUT)
            {
                kept.push(value, timestamp);
                kept.hashes.extend(hashes.get(index).copied());
            } else if timestamp <= self.watermark {
                self.late.take(value, timestamp, sides)?;
            }
        }
        self.scratch.starts.retain(|start| *start != LEFT_OUT);
        *records = kept;
        self.late.count();
        Ok(())
    }

    /// Adds each record to its slice.
    fn add(&mut self, records: &mut Records<T>) {
        let Scratch { keys, starts } = &mut self.scratch;
        self.selector.keys_into(&records.values, keys);
        if records.hashes.len() != keys.len() {
            let max_parallelism = self.max_parallelism;
            records.hashes = keys
                .iter()
                .map(|key| KeyHash::of(key, max_parallelism))
                .collect();
        }
        let (gather, known, mut newest) = (&mut self.gather, &mut self.starts, None);
        let times = records.timestamps.iter();
        let mut values = records.values.drain(..).zip(starts.iter().zip(times));
        self.table.upsert_batch(
            &records.hashes,
            |index| key_at(keys, index),
            |_| S::new(),
            |_, _, slices| {
                let Some((value, (&start, &timestamp))) = values.next() else {
                    return;
                };
                if slices.add(start, value, timestamp, gather) && newest != Some(start) {
                    known.insert(start);
                    newest = Some(start);
                }
            },
        );
    }

    /// Fires all windows that the watermark has passed, in the order of their ends, until the output is full.
    fn fire(&mut self, output: &mut Output) -> Result<Progress> {
        let now = output.now();
        let (records, mut sides) = output.split::<F::Out>()?;
        let moment = Moment {
            watermark: self.watermark,
            now,
        };
        while let Some(mut firing) = self.firing.take().or_else(|| self.next_firing()) {
            if self.fire_window(&mut firing, moment, records, &mut sides)? == Progress::More {
                self.firing = Some(firing);
                return Ok(Progress::More);
            }
            self.fired_to = firing.end;
            self.starts = self.starts.split_off(&self.grid.next_start_of(firing.end));
        }
        self.fired_to = self
            .fired_to
            .max(self.watermark.as_millis().saturating_add(1));
        Ok(Progress::Done)
    }

    /// The next window that has passed and holds a slice.
    fn next_firing(&self) -> Option<Firing> {
        let first = *self.starts.first()?;
        // All slices that are left belong to a window that has not fired; so the first end after the first slice, or
        // after the last that fired, is the end of a window over it.
        let after = first.max(self.fired_to);
        let end = self.grid.first_end_after(after);
        let has_passed = end > after && end.saturating_sub(1) <= self.watermark.as_millis();
        has_passed.then(|| Firing {
            end,
            cursor: self.table.cursor(),
        })
    }

    fn fire_window(
        &mut self,
        firing: &mut Firing,
        moment: Moment,
        records: &mut Records<F::Out>,
        sides: &mut SideOutputs<'_>,
    ) -> Result<Progress> {
        let (start, end) = (self.grid.start_of(firing.end), firing.end);
        let (next_start, window) = (
            self.grid.next_start_of(end),
            self.grid.window_ending_at(end),
        );
        loop {
            if records.is_full() {
                return Ok(Progress::More);
            }
            let Some(slot) = firing.cursor.next(&self.table) else {
                return Ok(Progress::Done);
            };
            let hash = self.table.hash_at(slot);
            let (key, slices) = self.table.at_mut(slot);
            if let Some(contents) = slices.fire(start, end, &mut self.gather) {
                let of = (key, hash, window);
                self.stage
                    .fire(of, contents, moment, records, sides.reborrow())?;
                self.stage.clear(of, moment, sides.reborrow())?;
            }
            if slices.expire(next_start, &mut self.gather) {
                self.table.remove_at(slot);
            }
        }
    }
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
        if records.timestamps.len() != records.values.len() {
            return Err(no_timestamp());
        }
        if self.find_slices(&records.timestamps)? > 0 {
            self.leave_out(records, &mut output.sides())?;
        }
        self.add(records);
        records.clear();
        Ok(Progress::Done)
    }

    fn process_watermark(&mut self, watermark: Watermark, output: &mut Output) -> Result<Progress> {
        if watermark.timestamp() <= self.watermark {
            return Ok(Progress::Done);
        }
        self.watermark = watermark.timestamp();
        self.fire(output)
    }

    fn resume(&mut self, output: &mut Output) -> Result<Progress> {
        self.fire(output)
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
        crate::window::tests::Size {
            keys: self.table.len(),
            accumulators: self.table.iter().map(|(_, slices)| slices.count()).sum(),
            timers: self.starts.len(),
            states: self.stage.entry_count(),
            entry_bytes: size_of::<(K, S)>(),
        }
    }
}
