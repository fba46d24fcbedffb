//! Sorted runs, and how they become one.

use arrow_array::RecordBatch;
use arrow_select::interleave::interleave_record_batch;
use hurtig_runtime::{Output, Progress};
use hurtig_types::Result;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::order::{OrderCodec, Orders};
use crate::{ArrowContext, BATCH_ROWS, RowBatch};

/// Rows in order, of which the first may be out already. Stored as those that are not.
pub(super) struct Run {
    pub(super) rows: RowBatch,
    /// How many are out.
    pub(super) out: usize,
    /// None if it came from a store or a checkpoint.
    orders: Option<Orders>,
}

impl Serialize for Run {
    fn serialize<S: Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        self.rows.slice(self.out, usize::MAX).serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Run {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> std::result::Result<Self, D::Error> {
        RowBatch::deserialize(deserializer).map(Self::of)
    }
}

impl Run {
    /// Rows that are in order.
    pub(super) const fn of(rows: RowBatch) -> Self {
        Self {
            rows,
            out: 0,
            orders: None,
        }
    }

    /// Puts rows in order; those that compare as equal stay as they are.
    pub(super) fn sort(rows: RowBatch, order: &OrderCodec) -> Result<Self> {
        let mut orders = Orders::default();
        order.encode(&rows.columns, &mut orders)?;
        let mut indexes: Vec<u32> = (0..rows.rows() as u32).collect();
        let is_sorted = indexes.is_sorted_by_key(|row| orders.get(*row));
        if is_sorted {
            return Ok(Self {
                orders: Some(orders),
                ..Self::of(rows)
            });
        }
        indexes.sort_by(|a, b| orders.get(*a).cmp(orders.get(*b)));
        rows.pick(&indexes).map(Self::of)
    }

    /// How many rows are not out yet.
    pub(super) fn left(&self) -> usize {
        self.rows.rows().saturating_sub(self.out)
    }

    /// The orders of all its rows.
    pub(super) fn orders(&mut self, order: &OrderCodec) -> Result<&Orders> {
        if self.orders.is_none() {
            let mut orders = Orders::default();
            order.encode(&self.rows.columns, &mut orders)?;
            self.orders = Some(orders);
        }
        Ok(self.orders.get_or_insert_default())
    }
}

/// Rows of several batches in one order, put out slice by slice.
#[derive(Default)]
pub(super) struct Sorted {
    batches: Vec<RecordBatch>,
    places: Vec<(u32, u32)>,
    orders: Vec<u8>,
    ends: Vec<usize>,
    out: usize,
}

impl Sorted {
    /// Adds a batch. The rows of batches that were added before come before equal ones of those added later.
    pub(super) fn add(
        &mut self,
        batch: RecordBatch,
        orders: &Orders,
        rows: impl Iterator<Item = u32>,
    ) {
        let number = self.batches.len() as u32;
        self.batches.push(batch);
        for row in rows {
            self.places.push((number, row));
            self.orders.extend_from_slice(orders.get(row));
            self.ends.push(self.orders.len());
        }
    }

    /// Puts the rows in order, all that were added, and keeps these alone.
    pub(super) fn settle(&mut self, skipped: usize, kept: usize) {
        let order_of = |index: usize| {
            let start = index
                .checked_sub(1)
                .and_then(|before| self.ends.get(before));
            let end = self.ends.get(index).copied().unwrap_or(0);
            self.orders.get(start.copied().unwrap_or(0)..end)
        };
        let mut indexes: Vec<usize> = (0..self.places.len()).collect();
        indexes.sort_by(|a, b| order_of(*a).cmp(&order_of(*b)));
        let indexes = indexes.into_iter().skip(skipped).take(kept);
        self.places = indexes
            .filter_map(|index| self.places.get(index).copied())
            .collect();
        self.orders = Vec::new();
        self.ends = Vec::new();
        self.out = 0;
    }

    /// Puts out the next slice.
    pub(super) fn put(&mut self, output: &mut Output) -> Result<Progress> {
        let end = self.places.len().min(self.out + BATCH_ROWS);
        let slice = self.places.get(self.out..end).unwrap_or_default();
        if !slice.is_empty() {
            let places = slice
                .iter()
                .map(|(batch, row)| (*batch as usize, *row as usize));
            let places: Vec<_> = places.collect();
            let batches: Vec<_> = self.batches.iter().collect();
            let rows = interleave_record_batch(&batches, &places).during("sorting rows")?;
            *output.batch()? = RowBatch::inserts(rows);
        }
        self.out = end;
        if end < self.places.len() {
            return Ok(Progress::More);
        }
        *self = Self::default();
        Ok(Progress::Done)
    }
}
