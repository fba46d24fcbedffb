//! Results of windows as rows.

use arrow_array::{ArrayRef, RecordBatch};
use arrow_schema::{FieldRef, SchemaRef};
use hurtig_types::Result;

use super::WindowAggregateSpec;
use super::grid::Slice;
use super::times::time_column;
use crate::operators::aggregate::{AccRow, Accumulators, Outlines};
use crate::{ArrowContext, KeyCodec, RowBatch, TableKey};

/// The columns `window_start`, `window_end`, `window_time`.
pub(super) fn window_columns(fields: &[FieldRef; 3], windows: &[Slice]) -> Result<[ArrayRef; 3]> {
    let [start, end, time] = fields;
    Ok([
        time_column(start.data_type(), windows.iter().map(|it| it.start))?,
        time_column(end.data_type(), windows.iter().map(|it| it.end))?,
        time_column(
            time.data_type(),
            windows.iter().map(|it| it.end.saturating_sub(1)),
        )?,
    ])
}

/// Gathers the results of windows, and makes a batch of them.
pub(super) struct Results<K> {
    key: KeyCodec,
    window_fields: [FieldRef; 3],
    schema: SchemaRef,
    keys: Vec<K>,
    windows: Vec<Slice>,
    outlines: Outlines,
}

impl<K: TableKey> Results<K> {
    pub(super) fn new(spec: &WindowAggregateSpec, accumulators: &Accumulators) -> Self {
        Self {
            key: spec.key.clone(),
            window_fields: spec.window_fields.clone(),
            schema: spec.output(),
            keys: Vec::new(),
            windows: Vec::new(),
            outlines: Outlines::new(accumulators),
        }
    }

    pub(super) fn len(&self) -> usize {
        self.keys.len()
    }

    /// The result of a window, if there is a row in it.
    pub(super) fn push(
        &mut self,
        accumulators: &Accumulators,
        key: K,
        window: Slice,
        acc: &AccRow,
    ) {
        if acc.rows() > 0 {
            self.outlines.push(accumulators, acc);
            self.keys.push(key);
            self.windows.push(window);
        }
    }

    /// All that was gathered; none if nothing was.
    pub(super) fn take(&mut self, accumulators: &Accumulators) -> Result<Option<RowBatch>> {
        if self.keys.is_empty() {
            return Ok(None);
        }
        let mut columns = K::write(&self.key, self.keys.iter())?;
        columns.extend(self.outlines.output(accumulators)?);
        columns.extend(window_columns(&self.window_fields, &self.windows)?);
        let columns = RecordBatch::try_new(SchemaRef::clone(&self.schema), columns);
        self.keys.clear();
        self.windows.clear();
        self.outlines.clear();
        let columns = columns.during("making the results of windows")?;
        Ok(Some(RowBatch::inserts(columns)))
    }
}
