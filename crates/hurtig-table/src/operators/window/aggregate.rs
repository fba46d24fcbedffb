//! Aggregates in windows that are aligned to the clock, or that rows bring along.

use hurtig_metrics::Counter;
use hurtig_runtime::{OperatorContext, Output, Progress, StreamOperator};
use hurtig_state::{Cursor, StateImage};
use hurtig_types::{Barrier, ErasedBatch, KeyHash, MaxParallelism, Result, Timestamp, Watermark};

use super::emit::Results;
use super::grid::{Grid, Slice};
use super::progress::Done;
use super::slices::{Hashed, Slices};
use super::times::millis_of;
use super::totals::Totals;
use super::{LATE, WindowAggregateSpec, WindowTime, Windowing};
use crate::backing::{BYTES_PER_SLICE, Backing};
use crate::expiry::Expiry;
use crate::group::Grouping;
use crate::operators::aggregate::{Accumulators, DistinctIn, DistinctViews};
use crate::{BATCH_ROWS, KeyCodec, Keys, RowBatch, TableKey};

/// Aggregates by slice and key; puts a window out when it is over.
pub(super) struct WindowAggregate<K> {
    key: KeyCodec,
    windowing: Windowing,
    /// None where rows bring their windows along: each is a slice of its own.
    grid: Option<Grid>,
    is_proctime: bool,
    accumulators: Accumulators,
    views: DistinctViews<(Slice, K)>,
    slices: Slices<K>,
    /// Where windows share slices.
    totals: Option<Totals<K>>,
    done: Done,
    firing: Option<Firing<K>>,
    /// Windows that are over by then are to be put out.
    due: i64,
    results: Results<K>,
    backing: Backing,
    late: Counter,
    max_parallelism: MaxParallelism,
    keys: Keys<K>,
    grouping: Grouping,
}

/// The window that is being put out.
enum Firing<K> {
    /// One that shares nothing: its keys, and how many are out.
    Alone(Slice, Vec<Hashed<K>>, usize),
    /// One of several that share slices.
    Shared(Slice, Cursor),
}

impl<K: TableKey> WindowAggregate<K> {
    pub(super) fn new(spec: &WindowAggregateSpec, context: &OperatorContext) -> Result<Self> {
        let (grid, is_proctime) = match spec.windowing {
            Windowing::Assign { window, time } => (Grid::new(window), time == WindowTime::Proctime),
            Windowing::Attached { proctime, .. } => (None, proctime),
        };
        let shares = grid.is_some_and(|grid| grid.shares_slices());
        let distinct = if shares {
            DistinctIn::Accumulator
        } else {
            DistinctIn::Tables
        };
        let fields = spec.input.fields();
        let retracts = !spec.input_insert_only;
        let accumulators = Accumulators::new(&spec.calls, fields, retracts, distinct)?;
        let backing = Backing::of(context);
        let place = (context, backing.store());
        Ok(Self {
            key: spec.key.clone(),
            windowing: spec.windowing,
            grid,
            is_proctime,
            views: DistinctViews::new(&accumulators, fields, place, &Expiry::new(None))?,
            slices: Slices::new(context, backing.store()),
            totals: shares.then(|| Totals::new(context.key_groups)),
            done: Done::new(context, backing.store()),
            firing: None,
            due: i64::MIN,
            results: Results::new(spec, &accumulators),
            accumulators,
            backing,
            late: context.metrics.counter("numLateRecordsDropped"),
            max_parallelism: context.max_parallelism,
            keys: Keys::default(),
            grouping: Grouping::default(),
        })
    }

    /// The slice of each row.
    fn slices_of(&self, batch: &RowBatch, now: Timestamp) -> Result<Vec<Slice>> {
        match (self.windowing, self.grid) {
            (Windowing::Attached { start, end, .. }, _) => {
                let starts = millis_of(&batch.columns, start)?;
                let ends = millis_of(&batch.columns, end)?;
                let windows = starts.iter().zip(ends.iter());
                Ok(windows
                    .map(|(start, end)| Slice {
                        end: *end,
                        start: *start,
                    })
                    .collect())
            }
            (Windowing::Assign { time, .. }, Some(grid)) => match time {
                WindowTime::Rowtime(index) => {
                    let times = millis_of(&batch.columns, index)?;
                    Ok(times.iter().map(|time| grid.slice_of(*time)).collect())
                }
                WindowTime::Proctime => Ok(vec![grid.slice_of(now.as_millis()); batch.rows()]),
            },
            _ => Ok(Vec::new()),
        }
    }

    /// Takes the rows out all of whose windows are out; those in no window, which there are where windows leave gaps, are in neither.
    fn split_late(&self, slices: &[Slice]) -> Option<(Vec<u32>, Vec<u32>)> {
        let (mut kept, mut late) = (Vec::new(), Vec::new());
        for ((row, slice), hash) in (0u32..).zip(slices).zip(&self.keys.hashes) {
            let (first, last) = match self.grid {
                Some(grid) => (grid.first_end(*slice), grid.last_end(*slice)),
                None => (slice.end, slice.end),
            };
            if last.saturating_sub(1) <= self.done.in_group(hash.key_group()) {
                late.push(row);
            } else if first <= last {
                kept.push(row);
            }
        }
        (kept.len() < slices.len()).then_some((kept, late))
    }

    fn take(&mut self, mut batch: RowBatch, output: &mut Output) -> Result<()> {
        self.keys
            .read(&self.key, &mut batch, self.max_parallelism)?;
        let mut slices = self.slices_of(&batch, output.now())?;
        if let Some((kept, late)) = self.split_late(&slices) {
            self.drop_late(&batch, &late, output)?;
            slices = pick(&slices, &kept);
            self.keys.keys = pick(&self.keys.keys, &kept);
            self.keys.hashes = pick(&self.keys.hashes, &kept);
            batch = batch.pick(&kept)?;
        }
        if let Some(totals) = &mut self.totals {
            slices.iter().for_each(|slice| totals.touch(*slice));
        }
        self.aggregate(&batch, slices)
    }

    fn drop_late(&self, batch: &RowBatch, late: &[u32], output: &mut Output) -> Result<()> {
        if late.is_empty() {
            return Ok(());
        }
        self.late.inc(late.len() as u64);
        if let Some(side) = output.side_batch::<RowBatch>(LATE)? {
            *side = batch.pick(late)?;
            side.hashes.clear();
        }
        Ok(())
    }

    fn aggregate(&mut self, batch: &RowBatch, slices: Vec<Slice>) -> Result<()> {
        let hashes = self.keys.hashes.iter().zip(&slices);
        let hashes: Vec<_> = hashes.map(|(hash, slice)| hash.with(slice)).collect();
        let keys = slices.into_iter().zip(self.keys.keys.drain(..));
        let keys: Vec<(Slice, K)> = keys.collect();
        self.grouping.group(&keys, &hashes);
        let grouping = &self.grouping;
        self.views
            .take(batch, (&keys, &hashes), &Expiry::new(None))?;
        let bound = self.accumulators.bind(batch, self.views.masks())?;
        let of_groups: Vec<_> = grouping.of_firsts(&hashes).copied().collect();
        let rows = (0..grouping.len()).map(|group| grouping.rows(group));
        let groups = grouping.of_firsts(&keys).zip(rows);
        self.slices
            .aggregate(&self.accumulators, &bound, &of_groups, groups)?;
        self.views.tidy(&Expiry::new(None))
    }

    /// The next window that is not out yet.
    fn next_window(&self) -> Option<Slice> {
        let slice = self.slices.open().keys().next()?;
        Some(match self.grid {
            Some(grid) => grid.window(grid.next_end(*slice, self.done.everywhere())),
            None => *slice,
        })
    }

    /// Puts windows out that are due, at most about a batch of rows.
    fn fire(&mut self, output: &mut Output) -> Result<Progress> {
        loop {
            if self.firing.is_none() && !self.begin_firing()? {
                break;
            }
            self.go_on_firing()?;
            if self.results.len() >= BATCH_ROWS {
                self.emit(output)?;
                return Ok(Progress::More);
            }
        }
        self.emit(output)?;
        self.done.advance(self.due);
        Ok(Progress::Done)
    }

    fn emit(&mut self, output: &mut Output) -> Result<()> {
        if let Some(rows) = self.results.take(&self.accumulators)? {
            *output.batch()? = rows;
        }
        Ok(())
    }

    /// Begins with the next window that is due; false if there is none.
    fn begin_firing(&mut self) -> Result<bool> {
        let due = self.due;
        let is_due = |window: &Slice| window.end.saturating_sub(1) <= due;
        let Some(window) = self.next_window().filter(is_due) else {
            return Ok(false);
        };
        self.firing = Some(match &mut self.totals {
            Some(totals) => {
                totals.advance(window, &mut self.slices, &self.accumulators)?;
                Firing::Shared(window, totals.cursor())
            }
            None => Firing::Alone(window, self.slices.close(window), 0),
        });
        Ok(true)
    }

    fn go_on_firing(&mut self) -> Result<()> {
        let room = BATCH_ROWS.saturating_sub(self.results.len()).max(1);
        match self.firing.take() {
            Some(Firing::Alone(window, keys, out)) => {
                let end = keys.len().min(out + room);
                let some = keys.get(out..end).unwrap_or_default();
                let (results, accumulators) = (&mut self.results, &self.accumulators);
                self.slices.take(window, some, |(_, key), acc| {
                    results.push(accumulators, key, window, &acc);
                })?;
                if end < keys.len() {
                    self.firing = Some(Firing::Alone(window, keys, end));
                } else {
                    self.forget_arguments(window)?;
                }
            }
            Some(Firing::Shared(window, cursor)) => self.fire_shared(window, cursor)?,
            None => {}
        }
        Ok(())
    }

    fn fire_shared(&mut self, window: Slice, mut cursor: Cursor) -> Result<()> {
        let Some(totals) = &mut self.totals else {
            return Ok(());
        };
        while self.results.len() < BATCH_ROWS {
            let Some((slot, total)) = totals.next(&mut cursor, window, &self.accumulators) else {
                return self.finish_shared(window);
            };
            // Behind a change of parallelism some key groups may have it out.
            if let Some((key, acc)) = total
                && self.done.in_group(slot.key_group()) < window.end.saturating_sub(1)
            {
                self.results.push(&self.accumulators, key, window, &acc);
            }
        }
        self.firing = Some(Firing::Shared(window, cursor));
        Ok(())
    }

    /// The window is out: slices that belong to no later one go.
    fn finish_shared(&mut self, window: Slice) -> Result<()> {
        self.done.advance(window.end.saturating_sub(1));
        let Some(grid) = self.grid else {
            return Ok(());
        };
        let open = self.slices.open().keys();
        let gone = open.take_while(|slice| grid.last_end(**slice) <= window.end);
        for slice in gone.copied().collect::<Vec<_>>() {
            let keys = self.slices.close(slice);
            self.slices.take(slice, &keys, |_, _| {})?;
        }
        Ok(())
    }

    fn forget_arguments(&mut self, window: Slice) -> Result<()> {
        let max_parallelism = self.max_parallelism;
        let hash_of = |(slice, key): &(Slice, K)| KeyHash::of(key, max_parallelism).with(slice);
        self.views.forget(|(slice, _)| *slice == window, hash_of)
    }
}

fn pick<V: Clone>(values: &[V], rows: &[u32]) -> Vec<V> {
    let picked = rows.iter().filter_map(|row| values.get(*row as usize));
    picked.cloned().collect()
}

impl<K: TableKey> StreamOperator for WindowAggregate<K> {
    fn process_batch(
        &mut self,
        _: usize,
        batch: &mut ErasedBatch,
        output: &mut Output,
    ) -> Result<Progress> {
        let batch = batch.get_mut::<RowBatch>()?.take();
        self.take(batch, output)?;
        Ok(Progress::Done)
    }

    fn process_watermark(&mut self, watermark: Watermark, output: &mut Output) -> Result<Progress> {
        if self.is_proctime {
            return Ok(Progress::Done);
        }
        self.due = self.due.max(watermark.timestamp().as_millis());
        self.fire(output)
    }

    fn process_time(&mut self, now: Timestamp, output: &mut Output) -> Result<Progress> {
        self.due = self.due.max(now.as_millis().saturating_sub(1));
        self.fire(output)
    }

    fn next_time(&self) -> Option<Timestamp> {
        let window = self.next_window().filter(|_| self.is_proctime)?;
        Some(Timestamp::from_millis(window.end))
    }

    fn resume(&mut self, output: &mut Output) -> Result<Progress> {
        self.fire(output)
    }

    fn restore(&mut self, mut image: StateImage) -> Result<()> {
        let max_parallelism = self.max_parallelism;
        let hash_of = |(slice, key): &(Slice, K)| KeyHash::of(key, max_parallelism).with(slice);
        self.backing.restore(&mut image)?;
        self.slices.restore(&mut image)?;
        self.views.restore(&mut image, hash_of)?;
        self.done.restore(&mut image)?;
        image.finish()
    }

    fn snapshot(&mut self, _: Barrier, image: &mut StateImage, _: &mut Output) -> Result<Progress> {
        self.slices.freeze(image)?;
        self.views.freeze(image)?;
        self.done.freeze(image)?;
        self.backing.freeze(image)?;
        Ok(Progress::Done)
    }

    fn encode_some(&mut self) -> bool {
        self.slices.encode_some(BYTES_PER_SLICE)
            || self.views.encode_some(BYTES_PER_SLICE)
            || self.done.encode_some(BYTES_PER_SLICE)
    }
}
