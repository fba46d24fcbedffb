//! The first row of each key by event time, once it cannot change.

use hurtig_runtime::{OperatorContext, Output, Progress, StreamOperator};
use hurtig_state::{StateImage, TimerService};
use hurtig_types::{Barrier, ErasedBatch, KeyHash, Result, RowKind, Timestamp, Watermark};
use serde::{Deserialize, Serialize};

use super::deduplicate::check_inserts;
use super::spec::DeduplicateSpec;
use crate::backing::BYTES_PER_SLICE;
use crate::distinct::Distinct;
use crate::emission::Emission;
use crate::keyed::{KeyedTable, Touched};
use crate::times::read_times;
use crate::{BATCH_ROWS, KeyCodec, RowBatch, RowBytes, RowCodec, TableKey};

/// The first row of a key so far; no bytes once it was put out.
#[derive(Serialize, Deserialize)]
struct First {
    time: i64,
    touched: i64,
    row: RowBytes,
}

impl Touched for First {
    fn touched(&self) -> i64 {
        self.touched
    }
}

impl First {
    fn is_out(&self) -> bool {
        self.row.as_slice().is_empty()
    }
}

/// Keeps the first row of each key back until the watermark has come to its time, and remembers that it was put out.
pub(super) struct FirstAtWatermark<K> {
    spec: DeduplicateSpec,
    column: usize,
    rows: RowCodec,
    state: KeyedTable<K, First>,
    timers: TimerService<K>,
    distinct: Distinct,
    times: Vec<i64>,
    emission: Emission,
    context: OperatorContext,
}

/// The name of its state.
const FIRST: &str = "first-row";

impl<K: TableKey> FirstAtWatermark<K> {
    pub(super) fn new(
        spec: DeduplicateSpec,
        column: usize,
        key: KeyCodec,
        context: &OperatorContext,
    ) -> Result<Self> {
        Ok(Self {
            rows: RowCodec::new(spec.schema.fields().clone())?,
            state: KeyedTable::new(context, key, FIRST, spec.ttl),
            timers: TimerService::new(),
            distinct: Distinct::default(),
            times: Vec::new(),
            emission: Emission::default(),
            context: context.clone(),
            column,
            spec,
        })
    }

    fn admit(&mut self, rows: &RowBatch, now: i64) -> Result<()> {
        read_times(&rows.columns, self.column, &mut self.times)?;
        let encoder = self.rows.encoder(rows.columns.columns())?;
        let (times, timers, ttl) = (&self.times, &mut self.timers, self.state.ttl());
        let time_of = |row: u32| times.get(row as usize).copied().unwrap_or(0);
        let KeyedTable { table, keys, .. } = &mut self.state;
        self.distinct.arrange(&keys.keys, &keys.hashes);
        let hashes = self.distinct.hashes();
        let groups = self.distinct.groups(&keys.keys).zip(hashes);
        let records = groups.map(|((key, rows), hash)| {
            let first = rows.iter().copied().min_by_key(|row| (time_of(*row), *row));
            (key, (key, *hash, first.unwrap_or(0)))
        });
        table.fold_batch(hashes, records, |(key, hash, row), kept| {
            let time = time_of(row);
            let at = Timestamp::from_millis;
            if let Some(kept) = kept.filter(|kept| !ttl.is_over(kept.touched, now)) {
                if kept.is_out() || time >= kept.time {
                    return None;
                }
                timers.delete_event_time_timer(at(kept.time), key, hash, &());
            }
            timers.register_event_time_timer(at(time), key, hash, ());
            Some(First {
                time,
                touched: now,
                row: encoder.row(row as usize),
            })
        });
        self.timers.check()
    }

    /// Puts out the rows whose time has come, about a batch of them.
    fn fire(&mut self, output: &mut Output) -> Result<Progress> {
        let (mut hashes, mut keys) = (Vec::new(), Vec::new());
        while hashes.len() < BATCH_ROWS
            && let Some(timer) = self.timers.pop_due_event_time()
        {
            hashes.push(timer.hash);
            keys.push(timer.key);
        }
        self.timers.check()?;
        let watermark = self.timers.current_watermark().as_millis();
        let table = &mut self.state.table;
        table.load_batch(&hashes, &keys)?;
        for (hash, key) in hashes.iter().zip(&keys) {
            if let Some(first) = table.get_mut(*hash, key)
                && !first.is_out()
                && first.time <= watermark
            {
                let row = std::mem::take(&mut first.row);
                self.emission.kept(RowKind::Insert, row.as_slice());
            }
        }
        table.trim()?;
        let nothing = RowBatch::empty(self.spec.schema.clone());
        let out = self
            .emission
            .finish(&nothing.columns, &self.rows, &self.spec.schema)?;
        if let Some(out) = out {
            *output.batch()? = out;
        }
        let is_full = hashes.len() >= BATCH_ROWS;
        Ok(if is_full {
            Progress::More
        } else {
            Progress::Done
        })
    }
}

impl<K: TableKey> StreamOperator for FirstAtWatermark<K> {
    fn open(&mut self, _: &OperatorContext, _: &mut Output) -> Result<()> {
        self.state.backing.open_timers(&mut self.timers)
    }

    fn process_batch(
        &mut self,
        _: usize,
        batch: &mut ErasedBatch,
        output: &mut Output,
    ) -> Result<Progress> {
        let mut rows = batch.get_mut::<RowBatch>()?.take();
        check_inserts(&rows, "a deduplication")?;
        let now = output.now().as_millis();
        self.state.load(&mut rows)?;
        self.admit(&rows, now)?;
        self.state.settle(now)?;
        Ok(Progress::Done)
    }

    fn process_watermark(&mut self, watermark: Watermark, output: &mut Output) -> Result<Progress> {
        self.timers.advance_watermark(watermark.timestamp());
        self.fire(output)
    }

    fn resume(&mut self, output: &mut Output) -> Result<Progress> {
        self.fire(output)
    }

    fn restore(&mut self, mut image: StateImage) -> Result<()> {
        let max_parallelism = self.context.max_parallelism;
        self.state.restore(&mut image)?;
        self.state.backing.open_timers(&mut self.timers)?;
        self.timers
            .restore(&mut image, |key| KeyHash::of(key, max_parallelism))?;
        image.finish()
    }

    fn snapshot(&mut self, _: Barrier, image: &mut StateImage, _: &mut Output) -> Result<Progress> {
        self.state.freeze(image)?;
        self.timers.freeze(self.context.key_groups, image)?;
        self.state.backing.freeze(image)?;
        Ok(Progress::Done)
    }

    fn encode_some(&mut self) -> bool {
        self.state.encode_some() || self.timers.encode_some(BYTES_PER_SLICE)
    }
}
