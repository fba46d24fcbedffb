//! ORDER BY of all there is, at the end.

use std::collections::BTreeMap;

use hurtig_metrics::Counter;
use hurtig_runtime::{OperatorContext, Output, Progress, StreamOperator};
use hurtig_state::StateImage;
use hurtig_types::{Barrier, ErasedBatch, Error, Result};

use super::one_key::OneKey;
use super::run::Sorted;
use super::spec::SortSpec;
use crate::backing::Backing;
use crate::operators::rank::as_count;
use crate::order::{OrderCodec, Orders};
use crate::{RowBatch, RowBytes, RowCodec};

/// Holds all rows, as they come, until the input ends: what it needs grows with the input.
pub(super) struct Sort {
    order: OrderCodec,
    rows: RowCodec,
    skipped: usize,
    kept: usize,
    batches: OneKey<RowBatch>,
    next: u64,
    has_changes: bool,
    sorted: Sorted,
    missed: Counter,
    backing: Backing,
}

impl Sort {
    pub(super) fn new(spec: SortSpec, context: &OperatorContext) -> Result<Self> {
        let fields = spec.schema.fields();
        let backing = Backing::of(context);
        Ok(Self {
            order: OrderCodec::new(fields, &spec.order)?,
            rows: RowCodec::new(fields.clone())?,
            skipped: as_count(spec.offset),
            kept: spec.limit.map_or(usize::MAX, as_count),
            batches: OneKey::new(context, &backing, "unsorted-rows"),
            next: 0,
            has_changes: false,
            sorted: Sorted::default(),
            missed: context.metrics.counter("numRetractionsOfUnknownRows"),
            backing,
        })
    }

    /// Puts all batches in one order, and lets go of them.
    fn gather(&mut self) -> Result<()> {
        let numbers = self.batches.numbers()?;
        let mut batches = Vec::with_capacity(numbers.len());
        for number in numbers {
            let batch = self.batches.remove(number)?;
            batches.push(batch.ok_or_else(|| Error::bug("a batch to be sorted was lost"))?);
        }
        let mut orders = Orders::default();
        if self.has_changes {
            let mut left = self.left(&batches)?.into_iter();
            for batch in batches {
                self.order.encode(&batch.columns, &mut orders)?;
                let rows = left.next().unwrap_or_default();
                self.sorted.add(batch.columns, &orders, rows.into_iter());
            }
        } else {
            for batch in batches {
                self.order.encode(&batch.columns, &mut orders)?;
                let rows = 0..batch.rows() as u32;
                self.sorted.add(batch.columns, &orders, rows);
            }
        }
        self.sorted.settle(self.skipped, self.kept);
        Ok(())
    }

    /// The rows of each batch that no other takes away.
    fn left(&self, batches: &[RowBatch]) -> Result<Vec<Vec<u32>>> {
        let mut there: BTreeMap<RowBytes, Vec<(usize, u32)>> = BTreeMap::new();
        for (number, batch) in batches.iter().enumerate() {
            let rows = self.rows.encode(batch.columns.columns())?;
            for (row, index) in rows.into_iter().zip(0u32..) {
                let places = there.entry(row).or_default();
                if batch.kind(index as usize).adds() {
                    places.push((number, index));
                } else if places.pop().is_none() {
                    self.missed.inc(1);
                }
            }
        }
        let mut left = vec![Vec::new(); batches.len()];
        for (number, index) in there.into_values().flatten() {
            if let Some(rows) = left.get_mut(number) {
                rows.push(index);
            }
        }
        left.iter_mut().for_each(|rows| rows.sort_unstable());
        Ok(left)
    }
}

impl StreamOperator for Sort {
    fn process_batch(
        &mut self,
        _: usize,
        batch: &mut ErasedBatch,
        _: &mut Output,
    ) -> Result<Progress> {
        let mut rows = batch.get_mut::<RowBatch>()?.take();
        rows.hashes = Vec::new();
        self.batches.check_owner()?;
        self.has_changes |= !rows.is_insert_only();
        self.batches.insert(self.next, rows);
        self.next += 1;
        self.batches.trim()?;
        Ok(Progress::Done)
    }

    fn end_input(&mut self, _: usize, output: &mut Output) -> Result<Progress> {
        self.gather()?;
        self.sorted.put(output)
    }

    fn resume(&mut self, output: &mut Output) -> Result<Progress> {
        self.sorted.put(output)
    }

    fn restore(&mut self, mut image: StateImage) -> Result<()> {
        self.backing.restore(&mut image)?;
        self.batches.restore(&mut image)?;
        let numbers = self.batches.numbers()?;
        self.next = numbers.last().map_or(0, |last| last + 1);
        for number in numbers {
            let rows = self.batches.get_mut(number)?;
            self.has_changes |= rows.is_some_and(|rows| !rows.is_insert_only());
            self.batches.trim()?;
        }
        image.finish()
    }

    fn snapshot(&mut self, _: Barrier, image: &mut StateImage, _: &mut Output) -> Result<Progress> {
        self.batches.freeze(image)?;
        self.backing.freeze(image)?;
        Ok(Progress::Done)
    }

    fn encode_some(&mut self) -> bool {
        self.batches.encode_some()
    }
}
