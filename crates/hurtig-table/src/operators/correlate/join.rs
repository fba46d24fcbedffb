//! A row with each row that is made of it.

use std::sync::Arc;

use arrow_array::{Array, ArrayRef, RecordBatch, UInt32Array};
use arrow_schema::SchemaRef;
use arrow_select::take::take;
use hurtig_runtime::{Output, Progress, StreamOperator};
use hurtig_types::{ErasedBatch, Error, Result, RowKind};

use super::spec::TableFunction;
use crate::{ArrowContext, BATCH_ROWS, RowBatch};

/// Calls a table function, and puts out each row with what was made of it.
pub(super) struct Correlate {
    function: Box<dyn TableFunction>,
    left: bool,
    output: SchemaRef,
    pending: Option<Pairs>,
}

impl Correlate {
    pub(super) const fn new(
        function: Box<dyn TableFunction>,
        left: bool,
        output: SchemaRef,
    ) -> Self {
        Self {
            function,
            left,
            output,
            pending: None,
        }
    }

    fn put(&mut self, output: &mut Output) -> Result<Progress> {
        let Some(pairs) = &mut self.pending else {
            return Ok(Progress::Done);
        };
        if let Some(rows) = pairs.next_slice(&self.output)? {
            *output.batch()? = rows;
        }
        if pairs.is_done() {
            self.pending = None;
            return Ok(Progress::Done);
        }
        Ok(Progress::More)
    }
}

impl StreamOperator for Correlate {
    fn process_batch(
        &mut self,
        _: usize,
        batch: &mut ErasedBatch,
        output: &mut Output,
    ) -> Result<Progress> {
        let rows = batch.get_mut::<RowBatch>()?.take();
        let (results, parents) = self.function.call(&rows.columns)?;
        self.pending = Some(Pairs::new(rows, results, &parents, self.left)?);
        self.put(output)
    }

    fn resume(&mut self, output: &mut Output) -> Result<Progress> {
        self.put(output)
    }
}

/// Rows and what was made of them, on their way out.
struct Pairs {
    rows: RowBatch,
    results: RecordBatch,
    parents: Vec<u32>,
    /// The result beside each parent; none for a row that stays alone.
    items: Vec<Option<u32>>,
    out: usize,
}

impl Pairs {
    fn new(
        rows: RowBatch,
        results: RecordBatch,
        parents: &UInt32Array,
        left: bool,
    ) -> Result<Self> {
        let parents = parents.values();
        let is_ordered = parents.is_sorted();
        let is_within = parents
            .last()
            .is_none_or(|last| (*last as usize) < rows.rows());
        if !is_ordered || !is_within || parents.len() != results.num_rows() {
            let message = "a table function whose rows do not follow those that they are made of";
            return Err(Error::bug(message));
        }
        let mut pairs = Self {
            rows,
            results,
            parents: Vec::new(),
            items: Vec::new(),
            out: 0,
        };
        if left {
            pairs.with_the_childless(parents);
        } else {
            pairs.parents = parents.to_vec();
            pairs.items = (0..parents.len() as u32).map(Some).collect();
        }
        Ok(pairs)
    }

    /// Pairs that begin with each row, also where nothing was made of it.
    fn with_the_childless(&mut self, parents: &[u32]) {
        let mut children = parents.iter().zip(0u32..).peekable();
        for row in 0..self.rows.rows() as u32 {
            let before = self.parents.len();
            while let Some((_, item)) = children.next_if(|(parent, _)| **parent == row) {
                self.parents.push(row);
                self.items.push(Some(item));
            }
            if self.parents.len() == before {
                self.parents.push(row);
                self.items.push(None);
            }
        }
    }

    const fn is_done(&self) -> bool {
        self.out >= self.parents.len()
    }

    fn next_slice(&mut self, schema: &SchemaRef) -> Result<Option<RowBatch>> {
        let end = self.parents.len().min(self.out + BATCH_ROWS);
        let parents = self.parents.get(self.out..end).unwrap_or_default();
        let items = self.items.get(self.out..end).unwrap_or_default();
        self.out = end;
        if parents.is_empty() {
            return Ok(None);
        }
        let kinds = if self.rows.is_insert_only() {
            vec![RowKind::Insert; parents.len()]
        } else {
            parents
                .iter()
                .map(|row| self.rows.kind(*row as usize))
                .collect()
        };
        let parents = UInt32Array::from(parents.to_vec());
        let items: UInt32Array = items.iter().copied().collect();
        let mut columns = taken(&self.rows.columns, &parents)?;
        columns.extend(taken(&self.results, &items)?);
        let columns = RecordBatch::try_new(Arc::clone(schema), columns);
        RowBatch::changes(columns.during("joining rows with their items")?, kinds).map(Some)
    }
}

fn taken(batch: &RecordBatch, indexes: &UInt32Array) -> Result<Vec<ArrayRef>> {
    let columns = batch.columns().iter();
    columns
        .map(|column| take(column.as_ref() as &dyn Array, indexes, None).during("picking rows"))
        .collect()
}
