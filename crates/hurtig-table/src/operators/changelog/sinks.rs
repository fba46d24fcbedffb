//! What stands before sinks that do not take everything.

use arrow_array::{Array, BooleanArray};
use arrow_buffer::NullBuffer;
use hurtig_metrics::Counter;
use hurtig_runtime::{OperatorContext, Output, Progress, StreamOperator};
use hurtig_types::{ErasedBatch, Error, Result, RowKind};

use super::spec::{NotNullEnforcer, NotNullSpec};
use crate::{RowBatch, filter_rows};

/// Leaves `-U` out: a sink of upserts has no use for it.
pub(super) struct DropUpdateBefore;

impl StreamOperator for DropUpdateBefore {
    fn process_batch(
        &mut self,
        _: usize,
        batch: &mut ErasedBatch,
        output: &mut Output,
    ) -> Result<Progress> {
        let rows = batch.get_mut::<RowBatch>()?.take();
        let is_kept = |kind: &RowKind| *kind != RowKind::UpdateBefore;
        *output.batch()? = if rows.kinds.iter().all(is_kept) {
            rows
        } else {
            let kept = rows.kinds.iter().map(|kind| Some(is_kept(kind)));
            filter_rows(&rows, &kept.collect::<BooleanArray>())?
        };
        Ok(Progress::Done)
    }

    fn makes_at_most_one(&self) -> bool {
        true
    }
}

/// Fails at all that is no insert.
pub(super) struct InsertsOnly {
    pub(super) sink: String,
}

impl StreamOperator for InsertsOnly {
    fn process_batch(
        &mut self,
        _: usize,
        batch: &mut ErasedBatch,
        output: &mut Output,
    ) -> Result<Progress> {
        let rows = batch.get_mut::<RowBatch>()?.take();
        if let Some(kind) = rows.kinds.iter().find(|kind| **kind != RowKind::Insert) {
            let sink = &self.sink;
            return Err(Error::unsupported(format!(
                "{kind} for the sink `{sink}`, which takes inserts only"
            )));
        }
        *output.batch()? = rows;
        Ok(Progress::Done)
    }

    fn makes_at_most_one(&self) -> bool {
        true
    }
}

/// Lets no NULL pass in some columns.
pub(super) struct NotNull {
    columns: Vec<(usize, String)>,
    enforcer: NotNullEnforcer,
    dropped: Counter,
    failed_at: Option<usize>,
}

impl NotNull {
    pub(super) fn new(spec: &NotNullSpec, context: &OperatorContext) -> Result<Self> {
        let fields = spec.schema.fields();
        let columns = spec.columns.iter().map(|column| {
            let field = fields.get(*column);
            let field = field.ok_or_else(|| Error::bug("a NOT NULL column that is not there"))?;
            Ok((*column, field.name().clone()))
        });
        Ok(Self {
            columns: columns.collect::<Result<_>>()?,
            enforcer: spec.enforcer,
            dropped: context.metrics.counter("numNullRecordsDropped"),
            failed_at: None,
        })
    }

    /// The nulls of these columns together; none if there are none.
    fn nulls(&mut self, rows: &RowBatch) -> Result<Option<NullBuffer>> {
        let mut all = None;
        for (column, name) in &self.columns {
            let nulls = rows.columns.columns().get(*column);
            let nulls = nulls.and_then(|column| column.logical_nulls());
            let Some(nulls) = nulls.filter(|nulls| nulls.null_count() > 0) else {
                continue;
            };
            if self.enforcer == NotNullEnforcer::Error {
                self.failed_at = nulls.iter().position(|is_valid| !is_valid);
                return Err(Error::bad_record(format!(
                    "NULL for the column `{name}` of a sink, which is NOT NULL; \
                     'table.exec.sink.not-null-enforcer' = 'DROP' leaves such rows out"
                )));
            }
            all = NullBuffer::union(all.as_ref(), Some(&nulls));
        }
        Ok(all)
    }
}

impl StreamOperator for NotNull {
    fn process_batch(
        &mut self,
        _: usize,
        batch: &mut ErasedBatch,
        output: &mut Output,
    ) -> Result<Progress> {
        let rows = batch.get_mut::<RowBatch>()?;
        let nulls = self.nulls(rows)?;
        let rows = rows.take();
        *output.batch()? = match nulls {
            Some(nulls) => {
                self.dropped.inc(nulls.null_count() as u64);
                filter_rows(&rows, &BooleanArray::new(nulls.into_inner(), None))?
            }
            None => rows,
        };
        Ok(Progress::Done)
    }

    fn makes_at_most_one(&self) -> bool {
        true
    }

    fn failed_at(&self, _: &Output) -> Option<usize> {
        self.failed_at
    }
}
