//! Top-N as the table stands.

use std::sync::Arc;

use arrow_schema::SchemaRef;
use hurtig_metrics::Counter;
use hurtig_runtime::{OperatorContext, Output, Progress, StreamOperator};
use hurtig_state::StateImage;
use hurtig_types::{Barrier, ErasedBatch, Error, KeyHash, Result};

use super::diff::{Shown, Telling};
use super::ranking::{Arrivals, Ranking, Wanted, arrivals, as_count};
use super::spec::{RankEnd, RankInput, TopNSpec};
use crate::distinct::Distinct;
use crate::emission::{Emission, Outbox};
use crate::keyed::KeyedTable;
use crate::order::{OrderCodec, Orders};
use crate::{KeyCodec, RowBatch, RowBytes, RowCodec, TableKey};

/// Keeps a ranking a partition, and puts out how the ranks that are wanted change.
pub(super) struct TopN<K, S> {
    rows: RowCodec,
    order: OrderCodec,
    ends: Ends,
    ids: Ids,
    start: usize,
    telling: Telling,
    per_record: bool,
    schema: SchemaRef,
    state: KeyedTable<K, S>,
    distinct: Distinct,
    orders: Orders,
    shown: Shown,
    emission: Emission,
    outbox: Outbox,
    missed: Counter,
    emptied: Vec<(KeyHash, K)>,
}

/// The name of its state.
const RANKED: &str = "ranked-rows";

impl<K: TableKey, S: Ranking> TopN<K, S> {
    pub(super) fn new(spec: TopNSpec, key: KeyCodec, context: &OperatorContext) -> Result<Self> {
        let fields = spec.schema.fields();
        Ok(Self {
            rows: RowCodec::new(fields.clone())?,
            order: OrderCodec::new(fields, &spec.order)?,
            ends: Ends::new(&spec, context)?,
            ids: Ids::new(&spec)?,
            start: as_count(spec.start.max(1)),
            telling: Telling {
                by_rank: spec.is_by_rank(),
                ranks: spec.output_rank.is_some(),
                update_before: spec.generate_update_before,
            },
            per_record: spec.per_record,
            schema: spec.output_schema(),
            state: KeyedTable::new(context, key, RANKED, spec.ttl),
            distinct: Distinct::default(),
            orders: Orders::default(),
            shown: Shown::default(),
            emission: Emission::default(),
            outbox: Outbox::default(),
            missed: context.metrics.counter("numRetractionsOfUnknownRows"),
            emptied: Vec::new(),
        })
    }

    fn check(rows: &RowBatch) -> Result<()> {
        match rows.kinds.iter().find(|kind| !S::takes(**kind)) {
            Some(kind) => Err(Error::unsupported(format!(
                "{kind} in the input of a Top-N that keeps no more rows than are wanted"
            ))),
            None => Ok(()),
        }
    }

    fn rank(&mut self, rows: &RowBatch, now: i64) -> Result<()> {
        self.order.encode(&rows.columns, &mut self.orders)?;
        self.ids.read(rows)?;
        self.ends.read(rows)?;
        let ttl = self.state.ttl();
        let mut visit = Visit {
            arrivals: arrivals(rows, &self.rows, &self.orders, &self.ids.bytes)?,
            start: self.start,
            ends: &self.ends,
            telling: self.telling,
            shown: &mut self.shown,
            emission: &mut self.emission,
            now,
        };
        let emptied = &mut self.emptied;
        let KeyedTable { table, keys, .. } = &mut self.state;
        let mut step = |(hash, key, rows): (KeyHash, &K, &[u32]), ranking: Option<&mut S>| {
            let Some(ranking) = ranking else {
                let mut ranking = S::default();
                visit.partition(&mut ranking, rows);
                return (!ranking.is_empty()).then_some(ranking);
            };
            if ttl.is_over(ranking.touched(), now) {
                *ranking = S::default();
            }
            visit.partition(ranking, rows);
            if ranking.is_empty() {
                emptied.push((hash, key.clone()));
            }
            None
        };
        if self.per_record {
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

    /// Lets go of the partitions that have no rows any more.
    fn tidy(&mut self) {
        let table = &mut self.state.table;
        for (hash, key) in self.emptied.drain(..) {
            if table.get(hash, &key).is_some_and(Ranking::is_empty) {
                table.remove(hash, &key);
            }
        }
        self.missed.inc(self.shown.take_missed());
    }
}

/// A batch going through its partitions.
struct Visit<'a> {
    arrivals: Arrivals<'a>,
    start: usize,
    ends: &'a Ends,
    telling: Telling,
    shown: &'a mut Shown,
    emission: &'a mut Emission,
    now: i64,
}

impl Visit<'_> {
    fn partition<S: Ranking>(&mut self, ranking: &mut S, rows: &[u32]) {
        let wanted = Wanted {
            start: self.start,
            end: self.ends.of(ranking.end(), rows),
        };
        if !ranking.concerns(rows, &self.arrivals, wanted) {
            return;
        }
        self.shown.begin(ranking.next(), ranking.shown(wanted));
        ranking.change(rows, &self.arrivals, wanted, self.shown);
        ranking.touch(self.now);
        self.telling
            .tell(self.shown, ranking.shown(wanted), wanted, self.emission);
    }
}

/// Up to which rank rows are wanted.
enum Ends {
    Constant(usize),
    /// As a column says, by the row.
    Column(KeyCodec, Vec<Option<i64>>, Counter),
}

impl Ends {
    fn new(spec: &TopNSpec, context: &OperatorContext) -> Result<Self> {
        let column = match spec.end {
            RankEnd::Constant(end) => return Ok(Self::Constant(as_count(end))),
            RankEnd::Column(column) => column,
        };
        let codec = KeyCodec::new(spec.schema.fields(), &[column])?;
        if !codec.is_number() {
            let message = "the last rank of a Top-N must be a whole number";
            return Err(Error::invalid_job(message));
        }
        let invalid = context.metrics.counter("topn.invalidTopSize");
        Ok(Self::Column(codec, Vec::new(), invalid))
    }

    fn read(&mut self, rows: &RowBatch) -> Result<()> {
        match self {
            Self::Constant(_) => Ok(()),
            Self::Column(codec, ends, _) => Option::<i64>::read(codec, &rows.columns, ends),
        }
    }

    /// That of a partition, which may remember it. Rows that say otherwise are counted, as in Flink.
    fn of(&self, known: &mut Option<i64>, rows: &[u32]) -> usize {
        let (ends, invalid) = match self {
            Self::Constant(end) => return *end,
            Self::Column(_, ends, invalid) => (ends, invalid),
        };
        let mut said = rows
            .iter()
            .map(|row| ends.get(*row as usize).copied().flatten().unwrap_or(0));
        let first = said.next().unwrap_or(0);
        let end = *known.get_or_insert(first);
        let others = std::iter::once(first)
            .chain(said)
            .filter(|said| *said != end);
        invalid.inc(others.count() as u64);
        usize::try_from(end).unwrap_or(0)
    }
}

/// The unique keys of rows, where there are any.
struct Ids {
    codec: Option<(RowCodec, Vec<usize>)>,
    bytes: Vec<RowBytes>,
}

impl Ids {
    fn new(spec: &TopNSpec) -> Result<Self> {
        let codec = match &spec.input {
            RankInput::Update { unique_key } => {
                let codec = RowCodec::of_columns(spec.schema.fields(), unique_key)?;
                Some((codec, unique_key.clone()))
            }
            RankInput::Append | RankInput::Retract => None,
        };
        Ok(Self {
            codec,
            bytes: Vec::new(),
        })
    }

    fn read(&mut self, rows: &RowBatch) -> Result<()> {
        self.bytes.clear();
        match &self.codec {
            Some((codec, columns)) => {
                let columns = RowCodec::project(&rows.columns, columns)?;
                codec.encode_into(&columns, &mut self.bytes)
            }
            None => Ok(()),
        }
    }
}

impl<K: TableKey, S: Ranking> StreamOperator for TopN<K, S> {
    fn process_batch(
        &mut self,
        _: usize,
        batch: &mut ErasedBatch,
        output: &mut Output,
    ) -> Result<Progress> {
        let mut rows = batch.get_mut::<RowBatch>()?.take();
        Self::check(&rows)?;
        let now = output.now().as_millis();
        self.state.load(&mut rows)?;
        self.rank(&rows, now)?;
        self.tidy();
        self.state.settle(now)?;
        let schema = Arc::clone(&self.schema);
        let out = self.emission.finish(&rows.columns, &self.rows, &schema)?;
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
