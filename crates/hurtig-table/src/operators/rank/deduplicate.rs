//! Deduplication with updates at once.

use hurtig_runtime::{OperatorContext, Output, Progress, StreamOperator};
use hurtig_state::StateImage;
use hurtig_types::{Barrier, ErasedBatch, Error, Result, RowKind};
use serde::{Deserialize, Serialize, de::DeserializeOwned};

use super::spec::{DeduplicateSpec, Keep, TimeOrder};
use crate::distinct::Distinct;
use crate::emission::{Emission, Outbox};
use crate::keyed::{KeyedTable, Touched};
use crate::times::read_times;
use crate::{KeyCodec, RowBatch, RowBytes, RowCodec, RowEncoder, TableKey};

/// What is kept of a row: all of it, or nothing where nobody asks for what an update takes away.
pub(super) trait KeptRow: Serialize + DeserializeOwned + Send + 'static {
    fn of(encoder: &RowEncoder<'_>, row: u32) -> Self;

    /// The row, if it was kept.
    fn bytes(&self) -> Option<&[u8]>;
}

impl KeptRow for () {
    fn of(_: &RowEncoder<'_>, _: u32) {}

    fn bytes(&self) -> Option<&[u8]> {
        None
    }
}

impl KeptRow for RowBytes {
    fn of(encoder: &RowEncoder<'_>, row: u32) -> Self {
        encoder.row(row as usize)
    }

    fn bytes(&self) -> Option<&[u8]> {
        Some(self.as_slice())
    }
}

/// The row that stays of a key.
#[derive(Serialize, Deserialize)]
pub(super) struct Kept<R> {
    time: i64,
    touched: i64,
    row: R,
}

impl<R> Touched for Kept<R> {
    fn touched(&self) -> i64 {
        self.touched
    }
}

/// One row a key: its state is asked once for each key of a batch (or, where each record has its say, once for each record).
pub(super) struct Deduplicate<K, R> {
    spec: DeduplicateSpec,
    rows: RowCodec,
    state: KeyedTable<K, Kept<R>>,
    distinct: Distinct,
    times: Vec<i64>,
    emission: Emission,
    outbox: Outbox,
}

/// The name of its state.
const KEPT: &str = "kept-row";

impl<K: TableKey, R: KeptRow> Deduplicate<K, R> {
    pub(super) fn new(
        spec: DeduplicateSpec,
        key: KeyCodec,
        context: &OperatorContext,
    ) -> Result<Self> {
        Ok(Self {
            rows: RowCodec::new(spec.schema.fields().clone())?,
            state: KeyedTable::new(context, key, KEPT, spec.ttl),
            distinct: Distinct::default(),
            times: Vec::new(),
            emission: Emission::default(),
            outbox: Outbox::default(),
            spec,
        })
    }

    /// Decides over the rows of a batch, whose changes go to the emission.
    fn decide(&mut self, rows: &RowBatch, now: i64) -> Result<()> {
        self.times.clear();
        if let TimeOrder::RowTime { column } = self.spec.order {
            read_times(&rows.columns, column, &mut self.times)?;
        }
        let encoder = self.rows.encoder(rows.columns.columns())?;
        let contest = Contest {
            spec: &self.spec,
            times: &self.times,
        };
        let (emission, ttl) = (&mut self.emission, self.state.ttl());
        let KeyedTable { table, keys, .. } = &mut self.state;
        let mut step = |row: u32, kept: Option<&mut Kept<R>>| {
            let time = contest.time(row);
            let before = kept.as_ref().filter(|kept| !ttl.is_over(kept.touched, now));
            if before.is_some_and(|before| !contest.wins(time, before.time)) {
                return None;
            }
            let after = Kept {
                time,
                touched: now,
                row: R::of(&encoder, row),
            };
            contest.emit(
                before.map(|before| &before.row),
                (&after.row, row),
                emission,
            );
            Some(after)
        };
        if self.spec.per_record {
            let records = keys.keys.iter().zip(0u32..);
            table.fold_batch(&keys.hashes, records, step);
        } else {
            self.distinct.arrange(&keys.keys, &keys.hashes);
            let groups = self.distinct.groups(&keys.keys);
            let winners = groups.map(|(key, rows)| (key, contest.winner(rows)));
            table.fold_batch(self.distinct.hashes(), winners, &mut step);
        }
        Ok(())
    }
}

/// Who stays.
struct Contest<'a> {
    spec: &'a DeduplicateSpec,
    /// None for the order of arrival.
    times: &'a [i64],
}

impl Contest<'_> {
    fn time(&self, row: u32) -> i64 {
        self.times.get(row as usize).copied().unwrap_or(0)
    }

    /// Whether a row of this time takes the place of one that came before it.
    const fn wins(&self, time: i64, before: i64) -> bool {
        match self.spec.keep {
            Keep::First => time < before,
            Keep::Last => time >= before,
        }
    }

    fn winner(&self, rows: &[u32]) -> u32 {
        let mut rows = rows.iter().copied();
        let first = rows.next().unwrap_or(0);
        rows.fold(first, |best, row| {
            if self.wins(self.time(row), self.time(best)) {
                row
            } else {
                best
            }
        })
    }

    /// The change from the row that was kept to one of the batch.
    fn emit<R: KeptRow>(
        &self,
        before: Option<&R>,
        (after, row): (&R, u32),
        emission: &mut Emission,
    ) {
        let Some(before) = before else {
            let is_insert = self.spec.generate_insert;
            let kind = if is_insert {
                RowKind::Insert
            } else {
                RowKind::UpdateAfter
            };
            return emission.fresh(kind, row);
        };
        // Who forgets by time needs to hear of a row that comes again; to others it is no change.
        let is_same = before.bytes().is_some() && before.bytes() == after.bytes();
        if is_same && self.spec.ttl.is_none() {
            return;
        }
        if let Some(before) = before.bytes().filter(|_| self.spec.generate_update_before) {
            emission.kept(RowKind::UpdateBefore, before);
        }
        emission.fresh(RowKind::UpdateAfter, row);
    }
}

/// Deduplication takes inserts only: of what a row was, nothing is known once another stays.
pub(super) fn check_inserts(rows: &RowBatch, operator: &str) -> Result<()> {
    match rows.kinds.iter().find(|kind| **kind != RowKind::Insert) {
        Some(kind) => Err(Error::unsupported(format!(
            "{kind} in the input of {operator}, which takes inserts only"
        ))),
        None => Ok(()),
    }
}

impl<K: TableKey, R: KeptRow> StreamOperator for Deduplicate<K, R> {
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
        self.decide(&rows, now)?;
        self.state.settle(now)?;
        let out = self
            .emission
            .finish(&rows.columns, &self.rows, &self.spec.schema)?;
        self.outbox.put(out, output)
    }

    fn resume(&mut self, output: &mut Output) -> Result<Progress> {
        self.outbox.resume(output)
    }

    fn restore(&mut self, mut image: StateImage) -> Result<()> {
        self.state.restore(&mut image)?;
        image.finish()
    }

    fn snapshot(&mut self, _: Barrier, image: &mut StateImage, _: &mut Output) -> Result<Progress> {
        self.state.freeze(image)?;
        self.state.backing.freeze(image)?;
        Ok(Progress::Done)
    }

    fn encode_some(&mut self) -> bool {
        self.state.encode_some()
    }
}
