//! Rows on an edge: weighed, scattered to channels, gathered again.

use arrow_array::UInt32Array;
use arrow_select::concat::concat_batches;
use arrow_select::take::take_record_batch;
use hurtig_exchange::{Gather, Payload, Scatter};
use hurtig_types::{Batch, Result};

use crate::codec::encode_rows;
use crate::{ArrowContext, RowBatch};

impl Payload for RowBatch {
    type Gather = RowsGather;

    /// What the rows take, not the buffers that they share with others.
    fn bytes(&self) -> usize {
        let columns = self.columns.columns().iter();
        let columns: usize = columns
            .map(|column| column.to_data().get_slice_memory_size().unwrap_or(0))
            .sum();
        columns + self.kinds.len() + 8 * self.hashes.len()
    }

    fn scatter(
        &mut self,
        chosen: &[u32],
        scatter: &mut Scatter,
        builders: &mut [RowsGather],
    ) -> Result<()> {
        scatter.settle(chosen, builders.len())?;
        let row_bytes = self.bytes() / self.rows().max(1);
        for (builder, indexes) in builders.iter_mut().zip(scatter.targets()) {
            if indexes.len() == self.rows() {
                let bytes = row_bytes * indexes.len();
                builder.append(self, bytes);
                return Ok(());
            }
            if !indexes.is_empty() {
                let mut rows = self.pick(indexes)?;
                builder.append(&mut rows, row_bytes * indexes.len());
            }
        }
        self.clear();
        Ok(())
    }

    fn encode(&self, bytes: &mut Vec<u8>) -> Result<()> {
        encode_rows(self, bytes)
    }
}

impl RowBatch {
    /// The rows at these indexes, in their order.
    ///
    /// # Errors
    /// When there is no row at an index, which is a bug.
    pub fn pick(&self, indexes: &[u32]) -> Result<Self> {
        let picked = UInt32Array::from(indexes.to_vec());
        let columns = take_record_batch(&self.columns, &picked).during("picking rows")?;
        Ok(Self {
            columns,
            kinds: pick_column(&self.kinds, indexes),
            hashes: pick_column(&self.hashes, indexes),
            origin: {
                let mut origin = self.origin.clone();
                origin.blur();
                origin
            },
        })
    }

    /// One batch of several with the same columns; none where there are none.
    ///
    /// # Errors
    /// When their columns differ, which is a bug.
    pub fn concat(mut batches: Vec<Self>) -> Result<Option<Self>> {
        if batches.len() <= 1 {
            return Ok(batches.pop());
        }
        let Some(first) = batches.first() else {
            return Ok(None);
        };
        let schema = first.columns.schema();
        let columns = batches.iter().map(|batch| &batch.columns);
        let columns = concat_batches(&schema, columns).during("putting rows together")?;
        let mut all = Self::inserts(columns);
        let changes = batches.iter().any(|batch| !batch.is_insert_only());
        let hashed = batches
            .iter()
            .all(|batch| batch.hashes.len() == batch.rows());
        for batch in &batches {
            if changes {
                all.kinds
                    .extend((0..batch.rows()).map(|index| batch.kind(index)));
            }
            if hashed {
                all.hashes.extend(&batch.hashes);
            }
            all.origin.merge(&batch.origin);
        }
        Ok(Some(all))
    }
}

fn pick_column<C: Copy>(column: &[C], indexes: &[u32]) -> Vec<C> {
    let values = indexes
        .iter()
        .filter_map(|index| column.get(*index as usize));
    values.copied().collect()
}

/// Gathers rows for a channel: batches wait as they are, and are put together once.
#[derive(Default)]
pub struct RowsGather {
    batches: Vec<RowBatch>,
    bytes: usize,
}

impl RowsGather {
    fn together(&self) -> Result<Option<RowBatch>> {
        RowBatch::concat(self.batches.clone())
    }
}

impl Gather<RowBatch> for RowsGather {
    fn is_empty(&self) -> bool {
        self.batches.is_empty()
    }

    fn bytes(&self) -> usize {
        self.bytes
    }

    fn append(&mut self, batch: &mut RowBatch, bytes: usize) {
        self.batches.push(batch.take());
        self.bytes += bytes;
    }

    fn finish(&mut self) -> Result<(RowBatch, usize)> {
        let bytes = std::mem::take(&mut self.bytes);
        let batch = RowBatch::concat(std::mem::take(&mut self.batches))?;
        let batch = batch.ok_or_else(|| hurtig_types::Error::bug("no rows were gathered"))?;
        Ok((batch, bytes))
    }

    fn encode(&self, bytes: &mut Vec<u8>) -> Result<()> {
        match self.together()? {
            Some(batch) => encode_rows(&batch, bytes),
            None => Ok(()),
        }
    }
}
