//! Batches, joined with what is looked up for them.

use std::future::Future as _;
use std::ops::Range;
use std::pin::Pin;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use arrow_array::{ArrayRef, RecordBatch, UInt32Array};
use arrow_schema::{Schema, SchemaRef};
use arrow_select::concat::concat_batches;
use arrow_select::take::take_record_batch;
use hurtig_env::{Sleep, World};
use hurtig_runtime::{OperatorContext, Output, Progress, StreamOperator};
use hurtig_types::{ErasedBatch, Error, MaxParallelism, Result};
use std::sync::Arc;

use super::super::distinct::Distinct;
use super::super::pairs::{NO_ROW, Pairing, Said, Side, Sources};
use super::ask::Asking;
use super::cache::Cache;
use super::{JoinKind, LookupJoinSpec, MissRetry};
use crate::{ArrowContext, BATCH_ROWS, KeyCodec, Keys, RowBatch, RowBytes, RowCodec, TableKey};

impl LookupJoinSpec {
    /// The operator in a subtask.
    ///
    /// # Errors
    /// When the specification makes no sense.
    pub fn operator(self, context: &OperatorContext) -> Result<Box<dyn StreamOperator>> {
        if !matches!(self.kind, JoinKind::Inner | JoinKind::Left) {
            let message = format!("a lookup join cannot be a {:?} join", self.kind);
            return Err(Error::unsupported(message));
        }
        Ok(if self.key.is_number() {
            Box::new(LookupJoin::<Option<i64>>::new(self, context)?)
        } else {
            Box::new(LookupJoin::<RowBytes>::new(self, context)?)
        })
    }
}

/// Joins rows with what a table outside has.
struct LookupJoin<K> {
    pads: bool,
    key: KeyCodec,
    right: SchemaRef,
    key_schema: SchemaRef,
    asking: Asking,
    cache: Option<Cache<K>>,
    pairing: Pairing,
    max_parallelism: MaxParallelism,
    /// The batch at work, its keys, and what was found for each so far.
    rows: RowBatch,
    keys: Keys<K>,
    distinct: Distinct,
    found: Vec<Option<RecordBatch>>,
    /// Keys without an answer, the next one last; and those that are being asked for.
    missing: Vec<u32>,
    asked: Vec<u32>,
    /// Keys that had no rows and are to be asked for again, how often that was, and until when it is waited.
    retry: Option<MissRetry>,
    missed: Vec<u32>,
    attempts: u32,
    waits: Option<Sleep>,
    world: World,
    /// When all is found: the right rows, which of them each key has, and the next row.
    joined: Option<(Vec<ArrayRef>, Vec<Range<u32>>)>,
    next: usize,
    candidates: Said,
    said: Said,
}

impl<K: TableKey> LookupJoin<K> {
    fn new(spec: LookupJoinSpec, context: &OperatorContext) -> Result<Self> {
        let schemas = (&spec.left, &spec.right);
        let pairing = Pairing::new(spec.kind, spec.condition, schemas, spec.output.clone())?;
        Ok(Self {
            pads: spec.kind == JoinKind::Left,
            key_schema: Arc::new(Schema::new(spec.key.fields().clone())),
            key: spec.key,
            right: spec.right,
            retry: spec.options.misses,
            missed: Vec::new(),
            attempts: 0,
            waits: None,
            world: context.world.clone(),
            asking: Asking::new(spec.source, spec.options, context.world.clone()),
            cache: spec.cache.map(Cache::new),
            pairing,
            max_parallelism: context.max_parallelism,
            rows: RowBatch::empty(spec.left),
            keys: Keys::default(),
            distinct: Distinct::default(),
            found: Vec::new(),
            missing: Vec::new(),
            asked: Vec::new(),
            joined: None,
            next: 0,
            candidates: Said::default(),
            said: Said::default(),
        })
    }

    /// Looks for the keys of a batch in what was looked up before.
    fn begin(&mut self, mut rows: RowBatch, now: i64) -> Result<()> {
        self.keys.read(&self.key, &mut rows, self.max_parallelism)?;
        let columns = self.key.columns().len();
        let keys = &self.keys.keys;
        self.distinct
            .fill(keys, &self.keys.hashes, |key| key.has_null(columns));
        self.found.clear();
        self.missing.clear();
        self.attempts = 0;
        for (index, (_, key)) in (0u32..).zip(self.distinct.keys(keys)) {
            let found = self.cache.as_mut().and_then(|cache| cache.get(key, now));
            if found.is_none() {
                self.missing.push(index);
            }
            self.found.push(found);
        }
        self.missing.reverse();
        self.rows = rows;
        self.joined = None;
        self.next = 0;
        Ok(())
    }

    /// Asks until nothing is missing, then joins.
    fn work(&mut self, output: &mut Output) -> Result<Progress> {
        loop {
            if !self.asking.is_busy() {
                if self.missing.is_empty() && self.missed.is_empty() {
                    break;
                }
                if self.missing.is_empty() && self.wait(output.waker()).is_pending() {
                    return Ok(Progress::Blocked);
                }
                self.ask()?;
            }
            match self.asking.poll(output.waker()) {
                Poll::Pending => return Ok(Progress::Blocked),
                Poll::Ready(answer) => self.take_answer(answer?, output.now().as_millis())?,
            }
        }
        if self.joined.is_none() {
            self.joined = Some(self.put_together()?);
        }
        self.join(output)
    }

    /// Waits, then asks again for the keys that had no rows.
    fn wait(&mut self, waker: &Waker) -> Poll<()> {
        let delay = self.retry.map_or(Duration::ZERO, |retry| retry.delay);
        let clock = self.world.clock();
        let waits = self.waits.get_or_insert_with(|| clock.sleep(delay));
        std::task::ready!(Pin::new(waits).poll(&mut Context::from_waker(waker)));
        self.waits = None;
        self.attempts += 1;
        self.missing = std::mem::take(&mut self.missed);
        self.missing.reverse();
        Poll::Ready(())
    }

    fn ask(&mut self) -> Result<()> {
        let left = self.missing.len().saturating_sub(self.asking.capacity());
        self.asked = self.missing.split_off(left);
        self.asked.reverse();
        let rows = self.asked.iter().map(|key| self.distinct.row_of(*key));
        let rows: UInt32Array = rows.collect();
        let columns = RowCodec::project(&self.rows.columns, self.key.columns())?;
        let keys = RecordBatch::try_new(self.key_schema.clone(), columns);
        let keys = keys.during("taking the keys of a lookup")?;
        let keys = take_record_batch(&keys, &rows).during("taking the keys of a lookup")?;
        self.asking.ask(keys);
        Ok(())
    }

    fn take_answer(&mut self, answer: Vec<RecordBatch>, now: i64) -> Result<()> {
        for (index, rows) in self.asked.iter().zip(answer) {
            let columns = rows.columns().to_vec();
            let options =
                arrow_array::RecordBatchOptions::new().with_row_count(Some(rows.num_rows()));
            let rows = RecordBatch::try_new_with_options(self.right.clone(), columns, &options);
            let rows = rows.during("taking what a lookup has found")?;
            let row = self.distinct.row_of(*index) as usize;
            let again = self.retry.is_some_and(|it| self.attempts < it.attempts);
            if again && rows.num_rows() == 0 {
                self.missed.push(*index);
                continue;
            }
            if let Some(cache) = &mut self.cache
                && let Some(key) = self.keys.keys.get(row)
            {
                cache.put(key, rows.clone(), now);
            }
            if let Some(found) = self.found.get_mut(*index as usize) {
                *found = Some(rows);
            }
        }
        self.asked.clear();
        Ok(())
    }

    /// The rows of all keys, and where those of each are.
    fn put_together(&self) -> Result<(Vec<ArrayRef>, Vec<Range<u32>>)> {
        let batches = || self.found.iter().flatten();
        let rows = concat_batches(&self.right, batches()).during("joining what was looked up")?;
        let mut end = 0;
        let spans = batches().map(|batch| {
            let start = end;
            end += batch.num_rows() as u32;
            start..end
        });
        let spans = spans.collect();
        Ok((rows.columns().to_vec(), spans))
    }

    /// Joins the next rows, about as many as fill a batch.
    fn join(&mut self, output: &mut Output) -> Result<Progress> {
        let Some((right, spans)) = &self.joined else {
            return Ok(Progress::Done);
        };
        let found = &mut self.candidates;
        found.clear();
        while self.next < self.rows.rows() && found.kinds.len() < BATCH_ROWS {
            let (row, kind) = (self.next as u32, self.rows.kind(self.next));
            let span = spans.get(self.distinct.of_row(self.next) as usize);
            match span.filter(|span| !span.is_empty()) {
                Some(span) => span
                    .clone()
                    .for_each(|other| found.push(kind, Side::Left, row, other)),
                None => found.push(kind, Side::Left, row, NO_ROW),
            }
            self.next += 1;
        }
        let sources = Sources {
            left: self.rows.columns.columns().to_vec(),
            right: right.clone(),
        };
        let joined = self
            .pairing
            .left_with(&sources, found, self.pads, &mut self.said)?;
        if joined.rows() > 0 {
            *output.batch()? = joined;
        }
        if self.next < self.rows.rows() {
            return Ok(Progress::More);
        }
        self.joined = None;
        drop(self.rows.take());
        self.found.clear();
        Ok(Progress::Done)
    }
}

impl<K: TableKey> StreamOperator for LookupJoin<K> {
    fn process_batch(
        &mut self,
        _: usize,
        batch: &mut ErasedBatch,
        output: &mut Output,
    ) -> Result<Progress> {
        let rows = batch.get_mut::<RowBatch>()?.take();
        self.begin(rows, output.now().as_millis())?;
        self.work(output)
    }

    fn resume(&mut self, output: &mut Output) -> Result<Progress> {
        self.work(output)
    }
}
