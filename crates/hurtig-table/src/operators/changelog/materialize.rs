//! Changes by one key become upserts by another.

use hurtig_metrics::Counter;
use hurtig_runtime::{OperatorContext, Output, Progress, StreamOperator};
use hurtig_state::StateImage;
use hurtig_types::{Barrier, ErasedBatch, KeyHash, Result, RowKind};
use serde::{Deserialize, Serialize};

use super::spec::UpsertMaterializerSpec;
use crate::distinct::Distinct;
use crate::emission::{Emission, Outbox};
use crate::keyed::{KeyedTable, Touched};
use crate::{KeyCodec, RowBatch, RowBytes, RowCodec, RowEncoder, TableKey};

/// A row that has the sink's key for now, and the key by which its changes come.
#[derive(Serialize, Deserialize)]
struct Candidate {
    id: RowBytes,
    row: RowBytes,
}

/// The rows that have one key of the sink, in the order of their arrival: the last one counts.
#[derive(Default, Serialize, Deserialize)]
struct Candidates {
    rows: Vec<Candidate>,
    touched: i64,
}

impl Touched for Candidates {
    fn touched(&self) -> i64 {
        self.touched
    }
}

/// Rows of a batch, as candidates.
struct Arrivals<'a> {
    batch: &'a RowBatch,
    encoder: RowEncoder<'a>,
    /// The keys by which changes come; none: rows are equal when all of them is.
    ids: Option<&'a [RowBytes]>,
}

impl Arrivals<'_> {
    fn candidate(&self, row: u32) -> Candidate {
        let id = self.ids.and_then(|ids| ids.get(row as usize)).cloned();
        Candidate {
            id: id.unwrap_or_default(),
            row: self.encoder.row(row as usize),
        }
    }
}

impl Candidates {
    fn place_of(&self, candidate: &Candidate, arrivals: &Arrivals<'_>) -> Option<usize> {
        let by_id = arrivals.ids.is_some();
        let is_same = |there: &Candidate| {
            if by_id {
                there.id == candidate.id
            } else {
                there.row == candidate.row
            }
        };
        self.rows.iter().position(is_same)
    }

    /// Applies a change. Answers false when it takes away what is not there.
    fn change(&mut self, row: u32, arrivals: &Arrivals<'_>) -> bool {
        let candidate = arrivals.candidate(row);
        let adds = arrivals.batch.kind(row as usize).adds();
        // Without a key, an equal row that comes is another one.
        let place = if adds && arrivals.ids.is_none() {
            None
        } else {
            self.place_of(&candidate, arrivals)
        };
        match (place, adds) {
            (Some(place), true) => {
                if let Some(there) = self.rows.get_mut(place) {
                    *there = candidate;
                }
            }
            (None, true) => self.rows.push(candidate),
            (Some(place), false) => drop(self.rows.remove(place)),
            (None, false) => return false,
        }
        true
    }

    fn last(&self) -> Option<&[u8]> {
        self.rows.last().map(|last| last.row.as_slice())
    }
}

/// Keeps the candidates of each key of the sink.
pub(super) struct SinkUpsertMaterializer<K> {
    spec: UpsertMaterializerSpec,
    rows: RowCodec,
    ids: Option<RowCodec>,
    id_bytes: Vec<RowBytes>,
    state: KeyedTable<K, Candidates>,
    distinct: Distinct,
    before: Vec<u8>,
    emission: Emission,
    outbox: Outbox,
    missed: Counter,
    emptied: Vec<(KeyHash, K)>,
}

/// The name of its state.
const CANDIDATES: &str = "sink-rows";

impl<K: TableKey> SinkUpsertMaterializer<K> {
    pub(super) fn new(
        spec: UpsertMaterializerSpec,
        key: KeyCodec,
        context: &OperatorContext,
    ) -> Result<Self> {
        let fields = spec.schema.fields();
        let ids = spec.upsert_key.as_ref();
        Ok(Self {
            rows: RowCodec::new(fields.clone())?,
            ids: ids
                .map(|columns| RowCodec::of_columns(fields, columns))
                .transpose()?,
            id_bytes: Vec::new(),
            state: KeyedTable::new(context, key, CANDIDATES, spec.ttl),
            distinct: Distinct::default(),
            before: Vec::new(),
            emission: Emission::default(),
            outbox: Outbox::default(),
            missed: context.metrics.counter("numRetractionsOfUnknownRows"),
            emptied: Vec::new(),
            spec,
        })
    }

    fn read_ids(&mut self, rows: &RowBatch) -> Result<()> {
        self.id_bytes.clear();
        match (&self.ids, &self.spec.upsert_key) {
            (Some(codec), Some(columns)) => {
                let columns = RowCodec::project(&rows.columns, columns)?;
                codec.encode_into(&columns, &mut self.id_bytes)
            }
            _ => Ok(()),
        }
    }

    fn materialize(&mut self, rows: &RowBatch, now: i64) -> Result<()> {
        let mut visit = Visit {
            arrivals: Arrivals {
                batch: rows,
                encoder: self.rows.encoder(rows.columns.columns())?,
                ids: self.ids.is_some().then_some(&self.id_bytes),
            },
            before: &mut self.before,
            emission: &mut self.emission,
            missed: &self.missed,
        };
        let (ttl, emptied) = (self.state.ttl(), &mut self.emptied);
        let KeyedTable { table, keys, .. } = &mut self.state;
        let mut step = |(hash, key, rows): (KeyHash, &K, &[u32]),
                        there: Option<&mut Candidates>| {
            let mut new = Candidates::default();
            let is_new = there.is_none();
            let candidates = there.unwrap_or(&mut new);
            if ttl.is_over(candidates.touched, now) {
                candidates.rows.clear();
            }
            candidates.touched = now;
            visit.key(candidates, rows);
            if candidates.rows.is_empty() && !is_new {
                emptied.push((hash, key.clone()));
            }
            (is_new && !new.rows.is_empty()).then_some(new)
        };
        if self.spec.per_record {
            let each: Vec<u32> = (0..rows.rows() as u32).collect();
            let records = keys.keys.iter().zip(&keys.hashes).zip(each.chunks(1));
            let records = records.map(|((key, hash), row)| (key, (*hash, key, row)));
            table.fold_batch(&keys.hashes, records, step);
        } else {
            self.distinct.arrange(&keys.keys, &keys.hashes);
            let groups = self.distinct.groups(&keys.keys).zip(self.distinct.hashes());
            let groups = groups.map(|((key, rows), hash)| (key, (*hash, key, rows)));
            table.fold_batch(self.distinct.hashes(), groups, &mut step);
        }
        Ok(())
    }

    /// Lets go of the keys that have no rows any more.
    fn tidy(&mut self) {
        let table = &mut self.state.table;
        for (hash, key) in self.emptied.drain(..) {
            if table
                .get(hash, &key)
                .is_some_and(|there| there.rows.is_empty())
            {
                table.remove(hash, &key);
            }
        }
    }
}

/// A batch going through its keys.
struct Visit<'a> {
    arrivals: Arrivals<'a>,
    before: &'a mut Vec<u8>,
    emission: &'a mut Emission,
    missed: &'a Counter,
}

impl Visit<'_> {
    fn key(&mut self, candidates: &mut Candidates, rows: &[u32]) {
        self.before.clear();
        let was_there = candidates.last().is_some();
        self.before
            .extend_from_slice(candidates.last().unwrap_or_default());
        let mut latest = None;
        for &row in rows {
            if !candidates.change(row, &self.arrivals) {
                self.missed.inc(1);
            } else if self.arrivals.batch.kind(row as usize).adds() {
                latest = Some(row);
            }
        }
        match candidates.last() {
            Some(after) if was_there && after == self.before.as_slice() => {}
            Some(after) => {
                let kind = if was_there {
                    RowKind::UpdateAfter
                } else {
                    RowKind::Insert
                };
                self.put(kind, after, latest);
            }
            None if was_there => self.emission.kept(RowKind::Delete, self.before),
            None => {}
        }
    }

    /// Puts out a row, which need not be decoded if it came with the batch.
    fn put(&mut self, kind: RowKind, row: &[u8], latest: Option<u32>) {
        let is_it = |index: &u32| self.arrivals.encoder.row(*index as usize).as_slice() == row;
        match latest.filter(is_it) {
            Some(index) => self.emission.fresh(kind, index),
            None => self.emission.kept(kind, row),
        }
    }
}

impl<K: TableKey> StreamOperator for SinkUpsertMaterializer<K> {
    fn process_batch(
        &mut self,
        _: usize,
        batch: &mut ErasedBatch,
        output: &mut Output,
    ) -> Result<Progress> {
        let mut rows = batch.get_mut::<RowBatch>()?.take();
        let now = output.now().as_millis();
        self.read_ids(&rows)?;
        self.state.load(&mut rows)?;
        self.materialize(&rows, now)?;
        self.tidy();
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
