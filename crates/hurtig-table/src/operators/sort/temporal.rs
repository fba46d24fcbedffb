//! ORDER BY event time.
//!
//! ```text
//! batch ─► sorted ─► a run; small ones become one ─► state
//! watermark ─► the fronts of all runs, as far as it has come, in one order ─► out
//! ```

use std::collections::BTreeMap;

use hurtig_metrics::{Counter, names};
use hurtig_runtime::{OperatorContext, Output, Progress, StreamOperator};
use hurtig_state::StateImage;
use hurtig_types::{Barrier, ErasedBatch, Error, Result, RowKind, Watermark};

use super::one_key::OneKey;
use super::run::{Run, Sorted};
use super::spec::TemporalSortSpec;
use crate::backing::Backing;
use crate::operators::rank::SortColumn;
use crate::order::OrderCodec;
use crate::times::{check_time, read_times};
use crate::{BATCH_ROWS, RowBatch, filter_rows};

/// Keeps rows, in sorted runs, until the watermark has come to their time.
pub(super) struct TemporalSort {
    rowtime: usize,
    order: OrderCodec,
    runs: OneKey<Run>,
    /// The time of the last row that is out, under number 0.
    last: OneKey<i64>,
    /// When the first row of each run that is not out is due.
    due: BTreeMap<u64, i64>,
    last_time: i64,
    times: Vec<i64>,
    sorted: Sorted,
    late: Counter,
    backing: Backing,
}

impl TemporalSort {
    pub(super) fn new(spec: TemporalSortSpec, context: &OperatorContext) -> Result<Self> {
        let fields = spec.schema.fields();
        check_time(fields, spec.rowtime)?;
        let mut order = vec![SortColumn::ascending(spec.rowtime)];
        order.extend(spec.then);
        let backing = Backing::of(context);
        Ok(Self {
            rowtime: spec.rowtime,
            order: OrderCodec::new(fields, &order)?,
            runs: OneKey::new(context, &backing, "sorted-runs"),
            last: OneKey::new(context, &backing, "last-time"),
            due: BTreeMap::new(),
            last_time: i64::MIN,
            times: Vec::new(),
            sorted: Sorted::default(),
            late: context.metrics.counter(names::NUM_LATE_RECORDS_DROPPED),
            backing,
        })
    }

    /// Rows that would have to come before others that are out already are counted, and dropped.
    fn drop_late(&mut self, rows: RowBatch) -> Result<RowBatch> {
        read_times(&rows.columns, self.rowtime, &mut self.times)?;
        let last = self.last_time;
        let late = self.times.iter().filter(|time| **time <= last).count();
        if late == 0 || last == i64::MIN {
            return Ok(rows);
        }
        self.late.inc(late as u64);
        let kept = self.times.iter().map(|time| Some(*time > last)).collect();
        filter_rows(&rows, &kept)
    }

    /// Adds a run. One about as small before it becomes one with it: so that rows which come one by one do not become a run each, and
    /// each is sorted again a few times at most.
    fn add(&mut self, rows: RowBatch) -> Result<()> {
        let mut rows = rows;
        let mut number = self.due.last_key_value().map_or(0, |(last, _)| *last + 1);
        while let Some(last) = number
            .checked_sub(1)
            .filter(|last| self.due.contains_key(last))
        {
            let Some(run) = self.runs.get_mut(last)? else {
                return Err(lost());
            };
            let left = run.left();
            if left > 2 * rows.rows() || left + rows.rows() > BATCH_ROWS {
                break;
            }
            let before = run.rows.slice(run.out, left);
            rows = RowBatch::concat(vec![before, rows])?.ok_or_else(lost)?;
            self.runs.remove(last)?;
            self.due.remove(&last);
            number = last;
        }
        let run = Run::sort(rows, &self.order)?;
        self.insert(number, run)
    }

    fn insert(&mut self, number: u64, run: Run) -> Result<()> {
        let head = run.rows.columns.slice(run.out, run.left().min(1));
        read_times(&head, self.rowtime, &mut self.times)?;
        let head = self.times.first().copied();
        self.due.insert(number, head.ok_or_else(lost)?);
        self.runs.insert(number, run);
        Ok(())
    }

    /// Gathers what is due by `watermark`.
    fn gather(&mut self, watermark: i64) -> Result<()> {
        let due = self.due.iter().filter(|(_, head)| **head <= watermark);
        let due: Vec<u64> = due.map(|(number, _)| *number).collect();
        let mut last = self.last_time;
        for number in due {
            let mut run = self.runs.remove(number)?.ok_or_else(lost)?;
            self.due.remove(&number);
            read_times(&run.rows.columns, self.rowtime, &mut self.times)?;
            let end = self.times.partition_point(|time| *time <= watermark);
            let latest = end.checked_sub(1).and_then(|index| self.times.get(index));
            last = last.max(latest.copied().unwrap_or(last));
            let columns = run.rows.columns.clone();
            let rows = run.out as u32..end as u32;
            self.sorted.add(columns, run.orders(&self.order)?, rows);
            run.out = end;
            if run.left() > 0 {
                self.insert(number, run)?;
            }
        }
        if last > self.last_time {
            self.last_time = last;
            self.last.insert(0, last);
        }
        self.sorted.settle(0, usize::MAX);
        self.runs.trim()
    }
}

fn lost() -> Error {
    Error::bug("a sorted run was lost")
}

impl StreamOperator for TemporalSort {
    fn process_batch(
        &mut self,
        _: usize,
        batch: &mut ErasedBatch,
        _: &mut Output,
    ) -> Result<Progress> {
        let mut rows = batch.get_mut::<RowBatch>()?.take();
        rows.hashes = Vec::new();
        if let Some(kind) = rows.kinds.iter().find(|kind| **kind != RowKind::Insert) {
            let message =
                format!("{kind} in the input of a sort by time, which takes inserts only");
            return Err(Error::unsupported(message));
        }
        self.runs.check_owner()?;
        let rows = self.drop_late(rows)?;
        if rows.rows() > 0 {
            self.add(rows)?;
        }
        self.runs.trim()?;
        Ok(Progress::Done)
    }

    fn process_watermark(&mut self, watermark: Watermark, output: &mut Output) -> Result<Progress> {
        self.gather(watermark.timestamp().as_millis())?;
        self.sorted.put(output)
    }

    fn resume(&mut self, output: &mut Output) -> Result<Progress> {
        self.sorted.put(output)
    }

    fn restore(&mut self, mut image: StateImage) -> Result<()> {
        self.backing.restore(&mut image)?;
        self.runs.restore(&mut image)?;
        self.last.restore(&mut image)?;
        if let Some(last) = self.last.get_mut(0)? {
            self.last_time = *last;
        }
        for number in self.runs.numbers()? {
            let run = self.runs.remove(number)?.ok_or_else(lost)?;
            self.insert(number, run)?;
            self.runs.trim()?;
        }
        image.finish()
    }

    fn snapshot(&mut self, _: Barrier, image: &mut StateImage, _: &mut Output) -> Result<Progress> {
        self.runs.freeze(image)?;
        self.last.freeze(image)?;
        self.backing.freeze(image)?;
        Ok(Progress::Done)
    }

    fn encode_some(&mut self) -> bool {
        self.runs.encode_some() || self.last.encode_some()
    }
}
