//! Records of the typed API as a payload.

use hurtig_codec::{Sizer, encode_records, heap_bytes};
use hurtig_types::{Data, Records, Result, Timestamp};

use super::{Gather, Payload};
use crate::scatter::Scatter;

/// Gathers records for a channel.
pub struct RecordsGather<T> {
    records: Records<T>,
    bytes: usize,
    /// The most records that a batch had: what the next one is given room for, so that it need not grow.
    rows_max: usize,
}

impl<T> Default for RecordsGather<T> {
    fn default() -> Self {
        Self {
            records: Records::new(),
            bytes: 0,
            rows_max: 0,
        }
    }
}

impl<T: Data> Gather<Records<T>> for RecordsGather<T> {
    fn is_empty(&self) -> bool {
        self.records.is_empty()
    }

    fn bytes(&self) -> usize {
        self.bytes
    }

    fn append(&mut self, batch: &mut Records<T>, bytes: usize) {
        if self.records.is_empty() {
            std::mem::swap(&mut self.records, batch);
        } else {
            self.records.append(batch);
        }
        self.bytes += bytes;
    }

    fn finish(&mut self) -> Result<(Records<T>, usize)> {
        self.rows_max = self.rows_max.max(self.records.len());
        let rows = self.rows_max;
        let room = Records {
            values: Vec::with_capacity(rows),
            timestamps: Vec::with_capacity(room_like(&self.records.timestamps, rows)),
            hashes: Vec::with_capacity(room_like(&self.records.hashes, rows)),
            ..Records::new()
        };
        let records = std::mem::replace(&mut self.records, room);
        Ok((records, std::mem::take(&mut self.bytes)))
    }

    fn encode(&self, bytes: &mut Vec<u8>) -> Result<()> {
        encode_records(&self.records, bytes)
    }
}

/// Room for `rows` in a column that is used, none in one that is not.
const fn room_like<C>(column: &[C], rows: usize) -> usize {
    if column.is_empty() { 0 } else { rows }
}

/// The bytes of a record beside its value: timestamp, hash.
const fn row_bytes<T>(records: &Records<T>) -> usize {
    let timestamp = if records.timestamps.is_empty() { 0 } else { 8 };
    let hash = if records.hashes.is_empty() { 0 } else { 8 };
    timestamp + hash
}

impl<T: Data> Payload for Records<T> {
    type Gather = RecordsGather<T>;

    fn bytes(&self) -> usize {
        let sizer = const { &Sizer::<T>::new() };
        sizer.records_bytes(&self.values) + self.len() * row_bytes(self)
    }

    /// Column by column.
    fn scatter(
        &mut self,
        chosen: &[u32],
        scatter: &mut Scatter,
        builders: &mut [RecordsGather<T>],
    ) -> Result<()> {
        weigh_each(self, chosen, builders);
        let row_bytes = size_of::<T>() + row_bytes(self);
        scatter.settle(chosen, builders.len())?;
        let columns = builders.iter_mut().map(|it| &mut it.records.values);
        scatter.move_column(&mut self.values, columns)?;
        if !self.hashes.is_empty() {
            let columns = builders.iter_mut().map(|it| &mut it.records.hashes);
            scatter.move_column(&mut self.hashes, columns)?;
        }
        if !self.timestamps.is_empty() {
            let columns = builders.iter_mut().map(|it| &mut it.records.timestamps);
            scatter.move_column(&mut self.timestamps, columns)?;
        }
        for (builder, count) in builders.iter_mut().zip(scatter.counts()) {
            builder.bytes += count * row_bytes;
            if count > 0 {
                builder.records.origin.merge(&self.origin);
            }
        }
        self.clear();
        Ok(())
    }

    fn align(&mut self, builders: &mut [RecordsGather<T>]) {
        align_timestamps(self, builders);
        align_hashes(self, builders);
    }

    fn encode(&self, bytes: &mut Vec<u8>) -> Result<()> {
        encode_records(self, bytes)
    }
}

/// Adds what the records hold outside themselves to the weight of their builders.
fn weigh_each<T: Data>(records: &Records<T>, chosen: &[u32], builders: &mut [RecordsGather<T>]) {
    if Sizer::<T>::FIXED {
        return;
    }
    for (value, &target) in records.values.iter().zip(chosen) {
        if let Some(builder) = builders.get_mut(target as usize) {
            builder.bytes += heap_bytes(value);
        }
    }
}

/// Records with and without timestamps don't share a builder: who is without gets the mark of none.
fn align_timestamps<T>(records: &mut Records<T>, builders: &mut [RecordsGather<T>]) {
    let stamped = !records.timestamps.is_empty();
    if stamped {
        records.timestamps.resize(records.len(), Timestamp::NONE);
    }
    for builder in builders {
        let gathered = &mut builder.records;
        let rows = gathered.len();
        if rows > 0 && stamped && gathered.timestamps.is_empty() {
            gathered.timestamps.resize(rows, Timestamp::NONE);
        } else if !gathered.timestamps.is_empty() && !stamped {
            records.timestamps.resize(records.len(), Timestamp::NONE);
        }
    }
}

/// Nor do records with and without hashes, which a union behind a `key_by` can bring: they all go without. An edge by key, which
/// needs them, has just made them for all.
fn align_hashes<T>(records: &mut Records<T>, builders: &mut [RecordsGather<T>]) {
    let hashed = !records.hashes.is_empty();
    let differs = |builder: &RecordsGather<T>| {
        !builder.records.is_empty() && builder.records.hashes.is_empty() == hashed
    };
    if builders.iter().any(differs) {
        records.hashes.clear();
        builders
            .iter_mut()
            .for_each(|builder| builder.records.hashes.clear());
    }
}
