//! Aggregates over the rows before each row.

use std::collections::BTreeMap;

use arrow_array::{RecordBatch, RecordBatchOptions};
use arrow_schema::{Schema, SchemaRef};
use hurtig_metrics::Counter;
use hurtig_runtime::{OperatorContext, Output, Progress, StreamOperator};
use hurtig_state::{StateImage, StateTable};
use hurtig_types::{Barrier, ErasedBatch, KeyHash, MaxParallelism, Result, Watermark};

use super::frame::{Arrivals, Partition, Reads, Share, TimedRow, leaving, lost};
use super::{OverFrame, OverSpec, OverTime};
use crate::backing::{BYTES_PER_SLICE, Backing};
use crate::group::Grouping;
use crate::operators::aggregate::{Accumulators, DistinctIn, Outlines};
use crate::operators::window::LATE;
use crate::operators::window::progress::Done;
use crate::operators::window::times::millis_of;
use crate::{ArrowContext, BATCH_ROWS, KeyCodec, Keys, RowBatch, RowBytes, RowCodec, TableKey};

/// The name of the state.
const PARTITIONS: &str = "partitions";

/// Puts each row out with the aggregates of its frame: in event time once the watermark has come to it, so that rows are in order; in
/// processing time at once.
pub(super) struct OverAggregate<K> {
    key: KeyCodec,
    frame: OverFrame,
    time: OverTime,
    reads: Reads,
    reads_schema: SchemaRef,
    rows: RowCodec,
    accumulators: Accumulators,
    table: StateTable<K, Partition>,
    /// When partitions have rows that are due, or rows that go for good.
    due: BTreeMap<i64, Vec<(KeyHash, K)>>,
    done: Done,
    /// How far event time has come.
    watermark: i64,
    input: SchemaRef,
    output: SchemaRef,
    outlines: Outlines,
    backing: Backing,
    late: Counter,
    max_parallelism: MaxParallelism,
    keys: Keys<K>,
    grouping: Grouping,
}

/// Rows of one partition that are put out together.
struct Turn<K> {
    hash: KeyHash,
    key: K,
    coming: Vec<(i64, u32)>,
    leaving_from: u32,
}

impl<K: TableKey> OverAggregate<K> {
    pub(super) fn new(spec: &OverSpec, context: &OperatorContext) -> Result<Self> {
        let fields = spec.input.fields();
        let reads = Reads::of(&spec.calls, fields)?;
        let retracts = spec.frame.is_bounded();
        let accumulators = Accumulators::new(
            &reads.calls,
            reads.codec.fields(),
            retracts,
            DistinctIn::Accumulator,
        )?;
        let backing = Backing::of(context);
        Ok(Self {
            key: spec.key.clone(),
            frame: spec.frame,
            time: spec.time,
            reads_schema: Schema::new(reads.codec.fields().clone()).into(),
            reads,
            rows: RowCodec::new(fields.clone())?,
            outlines: Outlines::new(&accumulators),
            accumulators,
            table: context.state_table(backing.store(), PARTITIONS),
            due: BTreeMap::new(),
            done: Done::new(context, backing.store()),
            watermark: i64::MIN,
            input: SchemaRef::clone(&spec.input),
            output: spec.output(),
            backing,
            late: context.metrics.counter("numLateRecordsDropped"),
            max_parallelism: context.max_parallelism,
            keys: Keys::default(),
            grouping: Grouping::default(),
        })
    }

    /// Rows wait for the watermark.
    fn wait(&mut self, batch: &RowBatch, column: usize, output: &mut Output) -> Result<()> {
        let times = millis_of(&batch.columns, column)?;
        let encoded = self.rows.encode(batch.columns.columns())?;
        let Keys { keys, hashes } = &self.keys;
        self.grouping.group(keys, hashes);
        let grouping = &self.grouping;
        let of_groups: Vec<_> = grouping.of_firsts(hashes).copied().collect();
        self.table
            .load_batch(&of_groups, grouping.of_firsts(keys))?;
        let mut late = Vec::new();
        let (done, due) = (&self.done, &mut self.due);
        let groups = grouping.of_firsts(keys).zip(&of_groups).enumerate();
        let records = groups.map(|(group, (key, hash))| (key, (group, key, *hash)));
        self.table
            .fold_batch(&of_groups, records, |(group, key, hash), there| {
                let mut new = Partition::default();
                let is_new = there.is_none();
                let partition = there.unwrap_or(&mut new);
                let before = partition.first_waiting();
                for row in grouping.rows(group) {
                    let time = times.get(*row as usize).copied().unwrap_or(i64::MIN);
                    match encoded.get(*row as usize) {
                        Some(bytes) if time > done.in_group(hash.key_group()) => {
                            partition.waiting.push((time, bytes.clone()));
                        }
                        _ => late.push(*row),
                    }
                }
                if let Some(first) = partition.first_waiting()
                    && before.is_none_or(|before| first < before)
                {
                    due.entry(first).or_default().push((hash, key.clone()));
                }
                (is_new && !new.waiting.is_empty()).then_some(new)
            });
        self.table.trim()?;
        self.drop_late(batch, late, output)
    }

    fn drop_late(&self, batch: &RowBatch, mut late: Vec<u32>, output: &mut Output) -> Result<()> {
        if late.is_empty() {
            return Ok(());
        }
        late.sort_unstable();
        self.late.inc(late.len() as u64);
        if let Some(side) = output.side_batch::<RowBatch>(LATE)? {
            *side = batch.pick(&late)?;
            side.hashes.clear();
        }
        Ok(())
    }

    /// Rows are put out as they come.
    fn pass(&mut self, batch: &RowBatch, now: i64) -> Result<Option<RowBatch>> {
        let Keys { keys, hashes } = &self.keys;
        self.grouping.group(keys, hashes);
        let grouping = &self.grouping;
        let of_groups: Vec<_> = grouping.of_firsts(hashes).copied().collect();
        self.table
            .load_batch(&of_groups, grouping.of_firsts(keys))?;
        let mut turns = Vec::with_capacity(grouping.len());
        let mut order = vec![0; batch.rows()];
        let mut place = 0;
        let firsts = grouping.of_firsts(keys).zip(&of_groups).enumerate();
        for (group, (key, hash)) in firsts {
            self.table
                .get_or_insert_with(*hash, key, Partition::default);
            for row in grouping.rows(group) {
                if let Some(slot) = order.get_mut(*row as usize) {
                    *slot = place;
                }
                place += 1;
            }
            turns.push(Turn {
                hash: *hash,
                key: key.clone(),
                coming: grouping.rows(group).iter().map(|row| (now, *row)).collect(),
                leaving_from: 0,
            });
        }
        let columns = RecordBatch::try_new(
            SchemaRef::clone(&self.input),
            batch.columns.columns().to_vec(),
        );
        self.take_turns(&mut turns, &columns.during("reading rows")?)?;
        self.table.trim()?;
        // Results are in the order of partitions; rows go out in the order in which they came.
        let results = self.outlines.output(&self.accumulators)?;
        let order = arrow_array::UInt32Array::from(order);
        let results = results
            .iter()
            .map(|column| arrow_select::take::take(column, &order, None));
        let results = results.collect::<std::result::Result<Vec<_>, _>>();
        let columns = batch.columns.columns().iter().cloned();
        let columns = columns
            .chain(results.during("putting results in order")?)
            .collect();
        self.outlines.clear();
        let mut rows = self.batch_of(columns, batch.rows())?;
        rows.origin = batch.origin.clone();
        Ok(Some(rows))
    }

    fn batch_of(&self, columns: Vec<arrow_array::ArrayRef>, rows: usize) -> Result<RowBatch> {
        let options = RecordBatchOptions::new().with_row_count(Some(rows));
        let schema = SchemaRef::clone(&self.output);
        let columns = RecordBatch::try_new_with_options(schema, columns, &options);
        Ok(RowBatch::inserts(
            columns.during("making the results of OVER")?,
        ))
    }

    /// Brings the rows of `columns` into the frames of their partitions; outlines have the aggregates of each, partition by partition.
    fn take_turns(&mut self, turns: &mut [Turn<K>], columns: &RecordBatch) -> Result<()> {
        let mut leave: Vec<RowBytes> = Vec::new();
        for turn in &mut *turns {
            let partition = self.table.get(turn.hash, &turn.key).ok_or_else(lost)?;
            let last = turn.coming.last().map_or(i64::MIN, |(time, _)| *time);
            turn.leaving_from = (columns.num_rows() + leave.len()) as u32;
            leave.extend(leaving(self.frame, partition, turn.coming.len(), last));
        }
        let read = RowCodec::project(columns, &self.reads.columns)?;
        let encoded = match self.frame.is_bounded() {
            true if read.is_empty() => vec![RowBytes::default(); columns.num_rows()],
            true => self.reads.codec.encode(&read)?,
            false => Vec::new(),
        };
        let rows = columns.num_rows() + leave.len();
        let read = self.reads.with_leaving(read, &leave)?;
        let options = RecordBatchOptions::new().with_row_count(Some(rows));
        let schema = SchemaRef::clone(&self.reads_schema);
        let batch = RecordBatch::try_new_with_options(schema, read, &options);
        let batch = RowBatch::inserts(batch.during("reading the rows of frames")?);
        let arrivals = Arrivals {
            frame: self.frame,
            accumulators: &self.accumulators,
            bound: &self.accumulators.bind(&batch, &Vec::new())?,
            encoded: &encoded,
        };
        self.outlines.clear();
        for turn in turns {
            let partition = self.table.get_mut(turn.hash, &turn.key).ok_or_else(lost)?;
            let share = Share {
                coming: &turn.coming,
                leaving_from: turn.leaving_from,
            };
            arrivals.bring(&share, partition, &mut self.outlines)?;
        }
        Ok(())
    }

    /// Puts rows out that are due, about a batch of them.
    fn fire(&mut self, output: &mut Output) -> Result<Progress> {
        let mut turns = Vec::new();
        let mut idle = Vec::new();
        let mut rows: Vec<TimedRow> = Vec::new();
        while rows.len() < BATCH_ROWS {
            let Some(entry) = self
                .due
                .first_entry()
                .filter(|it| *it.key() <= self.watermark)
            else {
                break;
            };
            for (hash, key) in entry.remove() {
                if let Some(key) = self.take_due(hash, key, &mut turns, &mut rows)? {
                    idle.push((hash, key));
                }
            }
        }
        if rows.is_empty() {
            self.forget(idle);
            self.done.advance(self.watermark);
            self.table.trim()?;
            return Ok(Progress::Done);
        }
        let columns = self
            .rows
            .decode(rows.iter().map(|(_, row)| row.as_slice()))?;
        let columns = RecordBatch::try_new(SchemaRef::clone(&self.input), columns);
        let columns = columns.during("reading rows that have waited")?;
        self.take_turns(&mut turns, &columns)?;
        let mut all = columns.columns().to_vec();
        all.extend(self.outlines.output(&self.accumulators)?);
        self.outlines.clear();
        *output.batch()? = self.batch_of(all, rows.len())?;
        for turn in &turns {
            self.expect_end(turn);
        }
        self.forget(idle);
        self.table.trim()?;
        Ok(Progress::More)
    }

    /// Forgets those of these partitions that are over, now that no rows of theirs are on the way.
    fn forget(&mut self, partitions: Vec<(KeyHash, K)>) {
        for (hash, key) in partitions {
            let partition = self.table.get(hash, &key);
            let is_over = partition.is_some_and(|partition| {
                partition.waiting.is_empty() && is_over(self.frame, partition, self.watermark)
            });
            if is_over {
                self.table.remove(hash, &key);
            }
        }
    }

    /// The rows of a partition that are due go to `rows`. Hands the key back if there are none.
    fn take_due(
        &mut self,
        hash: KeyHash,
        key: K,
        turns: &mut Vec<Turn<K>>,
        rows: &mut Vec<TimedRow>,
    ) -> Result<Option<K>> {
        self.table.load_batch(&[hash], [&key])?;
        let Some(partition) = self.table.get_mut(hash, &key) else {
            return Ok(None);
        };
        let due = partition.take_due(self.watermark, BATCH_ROWS);
        let rest = partition.first_waiting();
        if due.is_empty() {
            return Ok(Some(key));
        }
        if let Some(rest) = rest {
            self.due.entry(rest).or_default().push((hash, key.clone()));
        }
        let first = rows.len() as u32;
        let coming = due.iter().zip(first..).map(|((time, _), row)| (*time, row));
        turns.push(Turn {
            hash,
            key,
            coming: coming.collect(),
            leaving_from: 0,
        });
        rows.extend(due);
        Ok(None)
    }

    /// Comes back to a partition when its last row is out of every frame.
    fn expect_end(&mut self, turn: &Turn<K>) {
        if let (OverFrame::RangeMs(range), Some((last, _))) = (self.frame, turn.coming.last()) {
            let end = last.saturating_add(range).saturating_add(1);
            let keys = self.due.entry(end).or_default();
            keys.push((turn.hash, turn.key.clone()));
        }
    }

    /// Finds out which partitions wait for what, after a restore.
    fn find_due(&mut self) -> Result<()> {
        let keys = self.table.all_keys()?;
        for keys in keys.chunks(BATCH_ROWS) {
            let hash_of = |key| KeyHash::of(key, self.max_parallelism);
            let hashes: Vec<_> = keys.iter().map(hash_of).collect();
            self.table.load_batch(&hashes, keys)?;
            for (hash, key) in hashes.iter().zip(keys) {
                let Some(partition) = self.table.get(*hash, key) else {
                    continue;
                };
                let end = match (self.frame, partition.past.back()) {
                    (OverFrame::RangeMs(range), Some((last, _))) => {
                        Some(last.saturating_add(range))
                    }
                    _ => None,
                };
                let times = [
                    partition.first_waiting(),
                    end.map(|end| end.saturating_add(1)),
                ];
                for time in times.into_iter().flatten() {
                    let keys = self.due.entry(time).or_default();
                    keys.push((*hash, key.clone()));
                }
            }
            self.table.trim()?;
        }
        Ok(())
    }
}

/// Whether no row that may come has a frame with rows of the partition in it.
fn is_over(frame: OverFrame, partition: &Partition, watermark: i64) -> bool {
    match (frame, partition.past.back()) {
        (OverFrame::RangeMs(range), Some((last, _))) => last.saturating_add(range) < watermark,
        _ => false,
    }
}

impl<K: TableKey> StreamOperator for OverAggregate<K> {
    fn process_batch(
        &mut self,
        _: usize,
        batch: &mut ErasedBatch,
        output: &mut Output,
    ) -> Result<Progress> {
        let mut batch = batch.get_mut::<RowBatch>()?.take();
        self.keys
            .read(&self.key, &mut batch, self.max_parallelism)?;
        match self.time {
            OverTime::Rowtime(column) => self.wait(&batch, column, output)?,
            OverTime::Proctime => {
                if let Some(rows) = self.pass(&batch, output.now().as_millis())? {
                    *output.batch()? = rows;
                }
            }
        }
        Ok(Progress::Done)
    }

    fn process_watermark(&mut self, watermark: Watermark, output: &mut Output) -> Result<Progress> {
        if self.time == OverTime::Proctime {
            return Ok(Progress::Done);
        }
        self.watermark = self.watermark.max(watermark.timestamp().as_millis());
        self.fire(output)
    }

    fn resume(&mut self, output: &mut Output) -> Result<Progress> {
        self.fire(output)
    }

    fn restore(&mut self, mut image: StateImage) -> Result<()> {
        let max_parallelism = self.max_parallelism;
        self.backing.restore(&mut image)?;
        let hash_of = |key: &K| KeyHash::of(key, max_parallelism);
        self.table.restore_from(&mut image, PARTITIONS, hash_of)?;
        if self.time != OverTime::Proctime {
            self.find_due()?;
        }
        self.done.restore(&mut image)?;
        image.finish()
    }

    fn snapshot(&mut self, _: Barrier, image: &mut StateImage, _: &mut Output) -> Result<Progress> {
        self.table.freeze(PARTITIONS, image)?;
        self.done.freeze(image)?;
        self.backing.freeze(image)?;
        Ok(Progress::Done)
    }

    fn encode_some(&mut self) -> bool {
        self.table.encode_some(BYTES_PER_SLICE) || self.done.encode_some(BYTES_PER_SLICE)
    }
}
