//! Aggregates over the rows before each row, of a table that changes: rows come and go anywhere in the order.
//!
//! ```text
//!  changes of a partition ─► the part of it whose frames they touch, before and after ─► results of both ─► what differs
//! ```
//!
//! Cost of a batch for a partition: with a bounded frame the rows between the first and the last change, and one frame more; else all
//! rows from the first on, and those before to begin with.

use std::collections::BTreeMap;
use std::ops::Bound::{Excluded, Included, Unbounded};
use std::sync::Arc;

use arrow_array::{ArrayRef, RecordBatch, UInt32Array};
use arrow_schema::{Schema, SchemaRef};
use arrow_select::take::take;
use hurtig_metrics::Counter;
use hurtig_runtime::{OperatorContext, Output, Progress, StreamOperator};
use hurtig_state::StateImage;
use hurtig_types::{Barrier, ErasedBatch, Error, KeyHash, Result, RowKind};
use serde::{Deserialize, Serialize};

use super::frame::Reads;
use super::{ChangingOverSpec, OverFrame};
use crate::distinct::Distinct;
use crate::emission::Outbox;
use crate::keyed::{KeyedTable, Touched};
use crate::operators::aggregate::{Accumulators, Bound, DistinctIn, Outlines};
use crate::order::{OrderCodec, Orders};
use crate::{ArrowContext, RowBatch, RowBytes, RowCodec, RowEncoder, TableKey};

/// The name of its state.
const ORDERED: &str = "ordered-rows";

/// Where a row stands: by its order, then by its arrival.
type Place = (RowBytes, u64);

/// The rows of a partition.
#[derive(Default, Serialize, Deserialize)]
struct Partition {
    rows: BTreeMap<Place, RowBytes>,
    next: u64,
    touched: i64,
}

impl Touched for Partition {
    fn touched(&self) -> i64 {
        self.touched
    }
}

/// Puts each row out with the aggregates of its frame, again whenever they change.
pub(super) struct ChangingOver<K> {
    frame: OverFrame,
    reads: Reads,
    reads_schema: SchemaRef,
    rows: RowCodec,
    order: OrderCodec,
    results: RowCodec,
    accumulators: Accumulators,
    state: KeyedTable<K, Partition>,
    output: SchemaRef,
    outlines: Outlines,
    outbox: Outbox,
    distinct: Distinct,
    orders: Orders,
    missed: Counter,
    emptied: Vec<(KeyHash, K)>,
}

/// A row of a part, and whether its result is wanted.
struct Member {
    number: u64,
    /// Where its bytes are.
    row: u32,
    /// Whether the next row stands at the same place of the order.
    ties: bool,
    wanted: bool,
}

/// A part of a partition before its changes, and after.
#[derive(Default)]
struct Part {
    before: Vec<Member>,
    after: Vec<Member>,
}

impl<K: TableKey> ChangingOver<K> {
    pub(super) fn new(spec: &ChangingOverSpec, context: &OperatorContext) -> Result<Self> {
        let fields = spec.input.fields();
        if matches!(spec.frame, OverFrame::RangeMs(_)) {
            return Err(Error::unsupported(
                "RANGE BETWEEN an interval PRECEDING over a table that changes: write ROWS",
            ));
        }
        let reads = Reads::of(&spec.calls, fields)?;
        let accumulators = Accumulators::new(
            &reads.calls,
            reads.codec.fields(),
            spec.frame.is_bounded(),
            DistinctIn::Accumulator,
        )?;
        let results = spec.calls.iter().map(|call| Arc::clone(&call.output));
        Ok(Self {
            frame: spec.frame,
            reads_schema: Schema::new(reads.codec.fields().clone()).into(),
            reads,
            rows: RowCodec::new(fields.clone())?,
            order: OrderCodec::new(fields, &spec.order)?,
            results: RowCodec::new(results.collect())?,
            outlines: Outlines::new(&accumulators),
            accumulators,
            state: KeyedTable::new(context, spec.key.clone(), ORDERED, spec.ttl),
            output: spec.output(),
            outbox: Outbox::default(),
            distinct: Distinct::default(),
            orders: Orders::default(),
            missed: context.metrics.counter("numRetractionsOfUnknownRows"),
            emptied: Vec::new(),
        })
    }

    fn change(&mut self, batch: &RowBatch, now: i64) -> Result<Option<RowBatch>> {
        self.order.encode(&batch.columns, &mut self.orders)?;
        let arrivals = Arrivals {
            batch,
            orders: &self.orders,
            encoder: self.rows.encoder(batch.columns.columns())?,
            frame: self.frame,
        };
        let ttl = self.state.ttl();
        let KeyedTable { table, keys, .. } = &mut self.state;
        self.distinct.arrange(&keys.keys, &keys.hashes);
        let (mut parts, mut bytes, mut missed) = (Vec::new(), Vec::new(), 0);
        let emptied = &mut self.emptied;
        let groups = self.distinct.groups(&keys.keys).zip(self.distinct.hashes());
        let groups = groups.map(|((key, rows), hash)| (key, (*hash, key, rows)));
        table.fold_batch(
            self.distinct.hashes(),
            groups,
            |(hash, key, rows), there| {
                let mut new = Partition::default();
                let is_new = there.is_none();
                let partition = there.unwrap_or(&mut new);
                if ttl.is_over(partition.touched, now) {
                    *partition = Partition::default();
                }
                partition.touched = now;
                let mut part = Part::default();
                let span = arrivals.span(rows);
                arrivals.members(partition, &span, &mut bytes, &mut part.before);
                missed += arrivals.apply(partition, rows);
                arrivals.members(partition, &span, &mut bytes, &mut part.after);
                parts.push(part);
                if partition.rows.is_empty() && !is_new {
                    emptied.push((hash, K::clone(key)));
                }
                (is_new && !new.rows.is_empty()).then_some(new)
            },
        );
        self.missed.inc(missed);
        self.results_of(&parts, &bytes)
    }

    /// Computes the results of the members, and puts out what differs between before and after.
    fn results_of(&mut self, parts: &[Part], bytes: &[RowBytes]) -> Result<Option<RowBatch>> {
        let columns = self.rows.decode(bytes.iter().map(RowBytes::as_slice))?;
        let read = self.reads.columns.iter();
        let read = read
            .filter_map(|column| columns.get(*column).cloned())
            .collect();
        let options = arrow_array::RecordBatchOptions::new().with_row_count(Some(bytes.len()));
        let schema = Arc::clone(&self.reads_schema);
        let read = RecordBatch::try_new_with_options(schema, read, &options);
        let read = RowBatch::inserts(read.during("reading the rows of frames")?);
        self.outlines.clear();
        let none = Vec::new();
        let bound = self.accumulators.bind(&read, &none)?;
        for part in parts {
            for members in [&part.before, &part.after] {
                accumulate(
                    self.frame,
                    members,
                    &self.accumulators,
                    &bound,
                    &mut self.outlines,
                )?;
            }
        }
        let results = self.outlines.output(&self.accumulators)?;
        self.outlines.clear();
        let encoded = self.results.encode(&results)?;
        let mut changes = Changes::default();
        let mut first = 0;
        for part in parts {
            first = changes.compare(part, first, &encoded);
        }
        changes.finish(&columns, &results, &self.output)
    }

    /// Lets go of the partitions that have no rows any more.
    fn tidy(&mut self) {
        let table = &mut self.state.table;
        for (hash, key) in self.emptied.drain(..) {
            if table.get(hash, &key).is_some_and(|it| it.rows.is_empty()) {
                table.remove(hash, &key);
            }
        }
    }
}

/// Rows of a batch on their way into partitions.
struct Arrivals<'a> {
    batch: &'a RowBatch,
    orders: &'a Orders,
    encoder: RowEncoder<'a>,
    frame: OverFrame,
}

impl Arrivals<'_> {
    /// The lowest and the highest place of the order at which these rows are.
    fn span(&self, rows: &[u32]) -> (RowBytes, RowBytes) {
        let orders = rows.iter().map(|row| self.orders.get(*row));
        let (lowest, highest) = (orders.clone().min(), orders.max());
        let bytes = |order: Option<&[u8]>| RowBytes::from(order.unwrap_or_default());
        (bytes(lowest), bytes(highest))
    }

    /// The rows whose frames changes within `span` can touch, and before them those that their frames begin with.
    fn members(
        &self,
        partition: &Partition,
        (lowest, highest): &(RowBytes, RowBytes),
        bytes: &mut Vec<RowBytes>,
        members: &mut Vec<Member>,
    ) {
        let start = (lowest.clone(), 0);
        let end = (highest.clone(), u64::MAX);
        let preceding = match self.frame {
            OverFrame::Rows(rows) => usize::try_from(rows).unwrap_or(usize::MAX),
            _ => usize::MAX,
        };
        let before = partition.rows.range((Unbounded, Excluded(&start)));
        let mut before: Vec<_> = before.rev().take(preceding).collect();
        before.reverse();
        let within = partition.rows.range((Included(&start), Included(&end)));
        let behind = partition
            .rows
            .range((Excluded(&end), Unbounded))
            .take(preceding);
        let before = before.into_iter().map(|it| (it, false));
        let wanted = within.chain(behind).map(|it| (it, true));
        let mut rows = before.chain(wanted).peekable();
        while let Some((((order, number), row), wanted)) = rows.next() {
            let next = rows.peek().map(|(((next, _), _), _)| next);
            members.push(Member {
                number: *number,
                row: bytes.len() as u32,
                ties: next == Some(order),
                wanted,
            });
            bytes.push(row.clone());
        }
    }

    /// Takes rows in, and out; how many should go that are not there.
    fn apply(&self, partition: &mut Partition, rows: &[u32]) -> u64 {
        let mut missed = 0;
        for &row in rows {
            let order = RowBytes::from(self.orders.get(row));
            let bytes = self.encoder.row(row as usize);
            if self.batch.kind(row as usize).adds() {
                partition.rows.insert((order, partition.next), bytes);
                partition.next += 1;
                continue;
            }
            let mut there = partition.rows.range((order.clone(), 0)..=(order, u64::MAX));
            match there
                .find(|(_, there)| **there == bytes)
                .map(|(place, _)| place.clone())
            {
                Some(place) => drop(partition.rows.remove(&place)),
                None => missed += 1,
            }
        }
        missed
    }
}

/// Notes the aggregates of the members that are wanted.
fn accumulate(
    frame: OverFrame,
    members: &[Member],
    accumulators: &Accumulators,
    bound: &Bound<'_>,
    outlines: &mut Outlines,
) -> Result<()> {
    let mut acc = accumulators.create();
    let is_range = matches!(frame, OverFrame::UnboundedRange);
    let mut owed = 0;
    let mut leaving = members.iter();
    for (index, member) in members.iter().enumerate() {
        bound.add(member.row, &mut acc)?;
        if let OverFrame::Rows(preceding) = frame
            && index as u64 > preceding
            && let Some(gone) = leaving.next()
        {
            bound.retract(gone.row, &mut acc)?;
        }
        owed += usize::from(member.wanted);
        if !(is_range && member.ties) {
            (0..owed).for_each(|_| outlines.push(accumulators, &acc));
            owed = 0;
        }
    }
    Ok(())
}

/// What is put out: a kind, a row by its place among the bytes, and a result by its place among the results.
#[derive(Default)]
struct Changes {
    kinds: Vec<RowKind>,
    rows: Vec<u32>,
    results: Vec<u32>,
}

impl Changes {
    fn push(&mut self, kind: RowKind, member: &Member, result: u32) {
        self.kinds.push(kind);
        self.rows.push(member.row);
        self.results.push(result);
    }

    /// Compares a part before and after, whose results begin at `first`; where those of the next begin.
    fn compare(&mut self, part: &Part, first: u32, results: &[RowBytes]) -> u32 {
        let before: Vec<_> = part
            .before
            .iter()
            .filter(|it| it.wanted)
            .zip(first..)
            .collect();
        let behind = first + before.len() as u32;
        let after: Vec<_> = part
            .after
            .iter()
            .filter(|it| it.wanted)
            .zip(behind..)
            .collect();
        let of_after: BTreeMap<u64, u32> = after
            .iter()
            .map(|(it, result)| (it.number, *result))
            .collect();
        let of_before: BTreeMap<u64, (&Member, u32)> = before
            .iter()
            .map(|(it, result)| (it.number, (*it, *result)))
            .collect();
        for (member, result) in &before {
            if !of_after.contains_key(&member.number) {
                self.push(RowKind::Delete, member, *result);
            }
        }
        for (member, result) in &after {
            match of_before.get(&member.number) {
                None => self.push(RowKind::Insert, member, *result),
                Some((_, old)) if results.get(*old as usize) == results.get(*result as usize) => {}
                Some((there, old)) => {
                    self.push(RowKind::UpdateBefore, there, *old);
                    self.push(RowKind::UpdateAfter, member, *result);
                }
            }
        }
        behind + after.len() as u32
    }

    fn finish(
        self,
        columns: &[ArrayRef],
        results: &[ArrayRef],
        output: &SchemaRef,
    ) -> Result<Option<RowBatch>> {
        if self.kinds.is_empty() {
            return Ok(None);
        }
        let (rows, places) = (
            UInt32Array::from(self.rows),
            UInt32Array::from(self.results),
        );
        let rows = columns.iter().map(|column| take(column, &rows, None));
        let results = results.iter().map(|column| take(column, &places, None));
        let all = rows
            .chain(results)
            .collect::<std::result::Result<Vec<_>, _>>();
        let all = all.during("picking the results of OVER")?;
        let batch = RecordBatch::try_new(Arc::clone(output), all);
        RowBatch::changes(batch.during("making the results of OVER")?, self.kinds).map(Some)
    }
}

impl<K: TableKey> StreamOperator for ChangingOver<K> {
    fn process_batch(
        &mut self,
        _: usize,
        batch: &mut ErasedBatch,
        output: &mut Output,
    ) -> Result<Progress> {
        let mut rows = batch.get_mut::<RowBatch>()?.take();
        let now = output.now().as_millis();
        self.state.load(&mut rows)?;
        let out = self.change(&rows, now)?;
        self.tidy();
        self.state.settle(now)?;
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
