//! What an operator puts out: rows of the batch at hand and rows of its state, in one order.

use std::sync::Arc;

use arrow_array::{Array, ArrayRef, Int64Array, RecordBatch, UInt32Array};
use arrow_schema::SchemaRef;
use arrow_select::interleave::interleave;
use arrow_select::take::take;
use hurtig_runtime::{Output, Progress};
use hurtig_types::{Result, RowKind};

use crate::{ArrowContext, BATCH_ROWS, RowBatch, RowCodec};

/// Changes in the making.
#[derive(Default)]
pub(crate) struct Emission {
    kinds: Vec<RowKind>,
    /// For each change its row: of the batch (0), or of state (1), and which.
    rows: Vec<(usize, usize)>,
    /// The rows of state, one behind the other, and where each ends.
    bytes: Vec<u8>,
    ends: Vec<usize>,
    /// The rank of each change, where ranks are wanted.
    ranks: Vec<i64>,
}

impl Emission {
    /// How many changes there are.
    pub(crate) fn len(&self) -> usize {
        self.kinds.len()
    }

    /// A change by a row of the batch.
    pub(crate) fn fresh(&mut self, kind: RowKind, row: u32) {
        self.kinds.push(kind);
        self.rows.push((0, row as usize));
    }

    /// A change by a row of state.
    pub(crate) fn kept(&mut self, kind: RowKind, row: &[u8]) {
        self.kinds.push(kind);
        self.rows.push((1, self.ends.len()));
        self.bytes.extend_from_slice(row);
        self.ends.push(self.bytes.len());
    }

    /// The rank of the change that was put in last.
    pub(crate) fn rank(&mut self, rank: u64) {
        self.ranks.push(rank as i64);
    }

    /// The changes as a batch with the columns of `schema`: those of `batch`, which `codec` knows, and behind them the rank if it has one
    /// more. None if there are no changes.
    pub(crate) fn finish(
        &mut self,
        batch: &RecordBatch,
        codec: &RowCodec,
        schema: &SchemaRef,
    ) -> Result<Option<RowBatch>> {
        if self.kinds.is_empty() {
            return Ok(None);
        }
        let mut columns = self.columns(batch, codec)?;
        if schema.fields().len() > columns.len() {
            let ranks = std::mem::take(&mut self.ranks);
            columns.push(Arc::new(Int64Array::from(ranks)));
        }
        let columns =
            RecordBatch::try_new(Arc::clone(schema), columns).during("putting out rows")?;
        let kinds = std::mem::take(&mut self.kinds);
        self.clear();
        RowBatch::changes(columns, kinds).map(Some)
    }

    fn columns(&self, batch: &RecordBatch, codec: &RowCodec) -> Result<Vec<ArrayRef>> {
        let fresh = batch.columns().iter();
        if self.ends.is_empty() {
            let rows = self.rows.iter().map(|(_, row)| *row as u32);
            let rows = UInt32Array::from_iter_values(rows);
            return fresh
                .map(|column| take(column, &rows, None).during("picking rows"))
                .collect();
        }
        let kept = codec.decode(self.kept_rows())?;
        if self.ends.len() == self.rows.len() {
            return Ok(kept);
        }
        let pairs = fresh.zip(&kept);
        pairs
            .map(|(fresh, kept)| {
                let sources: [&dyn Array; 2] = [fresh, kept];
                interleave(&sources, &self.rows).during("picking rows")
            })
            .collect()
    }

    fn kept_rows(&self) -> impl Iterator<Item = &[u8]> {
        let starts = std::iter::once(0).chain(self.ends.iter().copied());
        let bounds = starts.zip(&self.ends);
        bounds.map(|(start, end)| self.bytes.get(start..*end).unwrap_or_default())
    }

    pub(crate) fn clear(&mut self) {
        self.kinds.clear();
        self.rows.clear();
        self.bytes.clear();
        self.ends.clear();
        self.ranks.clear();
    }
}

/// Puts out what may be more than a batch, slice by slice.
#[derive(Default)]
pub(crate) struct Outbox {
    rest: Option<RowBatch>,
}

impl Outbox {
    /// Puts out these rows, or the first of them.
    pub(crate) fn put(&mut self, rows: Option<RowBatch>, output: &mut Output) -> Result<Progress> {
        self.rest = rows;
        self.resume(output)
    }

    /// Puts out the next slice, if there is one.
    pub(crate) fn resume(&mut self, output: &mut Output) -> Result<Progress> {
        let Some(rows) = self.rest.take() else {
            return Ok(Progress::Done);
        };
        // A little more than a batch is not worth a slice of its own.
        if rows.rows() <= 2 * BATCH_ROWS {
            *output.batch()? = rows;
            return Ok(Progress::Done);
        }
        *output.batch()? = rows.slice(0, BATCH_ROWS);
        self.rest = Some(rows.slice(BATCH_ROWS, rows.rows() - BATCH_ROWS));
        Ok(Progress::More)
    }
}

impl RowBatch {
    /// `rows` rows from `start` on, or as many as there are.
    pub(crate) fn slice(&self, start: usize, rows: usize) -> Self {
        let start = start.min(self.rows());
        let rows = rows.min(self.rows() - start);
        Self {
            columns: self.columns.slice(start, rows),
            kinds: slice(&self.kinds, start, rows),
            hashes: slice(&self.hashes, start, rows),
            origin: self.origin.clone(),
        }
    }
}

fn slice<C: Copy>(column: &[C], start: usize, rows: usize) -> Vec<C> {
    column.iter().skip(start).take(rows).copied().collect()
}
