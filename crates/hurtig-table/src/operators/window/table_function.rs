//! TUMBLE, HOP and CUMULATE as table functions.

use arrow_array::RecordBatch;
use arrow_schema::{FieldRef, SchemaRef};
use hurtig_runtime::{Output, Progress, StreamOperator};
use hurtig_types::{ErasedBatch, Error, Result};

use super::emit::window_columns;
use super::grid::{Grid, Slice};
use super::times::millis_of;
use super::{WindowTableFunctionSpec, WindowTime};
use crate::{ArrowContext, BATCH_ROWS, RowBatch};

/// Adds to each row its window, and makes as many rows of it as it has windows.
pub(super) struct WindowTableFunction {
    grid: Grid,
    time: WindowTime,
    window_fields: [FieldRef; 3],
    schema: SchemaRef,
    left: Option<Left>,
}

/// What is left of a batch.
struct Left {
    batch: RowBatch,
    times: Vec<i64>,
    row: usize,
    /// How many windows of that row were put out.
    windows: i64,
}

impl WindowTableFunction {
    pub(super) fn new(spec: &WindowTableFunctionSpec) -> Result<Self> {
        spec.window.check()?;
        let grid = Grid::new(spec.window).ok_or_else(|| {
            Error::unsupported(
                "SESSION without an aggregate over it: group by window_start and window_end",
            )
        })?;
        Ok(Self {
            grid,
            time: spec.time,
            window_fields: spec.window_fields.clone(),
            schema: spec.output(),
            left: None,
        })
    }

    /// The next rows, at most about a batch of them.
    fn slice(&mut self, output: &mut Output) -> Result<Progress> {
        let Some(left) = &mut self.left else {
            return Ok(Progress::Done);
        };
        let (rows, windows) = left.next_rows(&self.grid);
        if !rows.is_empty() {
            *output.batch()? = windowed(
                &left.batch,
                &rows,
                &windows,
                &self.window_fields,
                &self.schema,
            )?;
        }
        if left.row < left.times.len() {
            return Ok(Progress::More);
        }
        self.left = None;
        Ok(Progress::Done)
    }
}

impl Left {
    fn next_rows(&mut self, grid: &Grid) -> (Vec<u32>, Vec<Slice>) {
        let mut rows = Vec::with_capacity(BATCH_ROWS);
        let mut windows = Vec::with_capacity(BATCH_ROWS);
        while let Some(time) = self.times.get(self.row) {
            if rows.len() == BATCH_ROWS {
                break;
            }
            match grid.nth_window(*time, self.windows) {
                Some(window) => {
                    rows.push(self.row as u32);
                    windows.push(window);
                    self.windows += 1;
                }
                None => {
                    self.row += 1;
                    self.windows = 0;
                }
            }
        }
        (rows, windows)
    }
}

fn windowed(
    batch: &RowBatch,
    rows: &[u32],
    windows: &[Slice],
    fields: &[FieldRef; 3],
    schema: &SchemaRef,
) -> Result<RowBatch> {
    let picked = batch.pick(rows)?;
    let mut columns = picked.columns.columns().to_vec();
    columns.extend(window_columns(fields, windows)?);
    let columns = RecordBatch::try_new(SchemaRef::clone(schema), columns);
    picked.with_columns(columns.during("adding windows to rows")?)
}

impl StreamOperator for WindowTableFunction {
    fn process_batch(
        &mut self,
        _: usize,
        batch: &mut ErasedBatch,
        output: &mut Output,
    ) -> Result<Progress> {
        let batch = batch.get_mut::<RowBatch>()?.take();
        let times = match self.time {
            WindowTime::Rowtime(index) => millis_of(&batch.columns, index)?.into_owned(),
            WindowTime::Proctime => vec![output.now().as_millis(); batch.rows()],
        };
        self.left = Some(Left {
            batch,
            times,
            row: 0,
            windows: 0,
        });
        self.slice(output)
    }

    fn resume(&mut self, output: &mut Output) -> Result<Progress> {
        self.slice(output)
    }
}
