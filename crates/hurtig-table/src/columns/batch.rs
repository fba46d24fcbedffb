//! Rows that are put together record by record.

use arrow_array::{BooleanArray, RecordBatch, RecordBatchOptions};
use arrow_schema::SchemaRef;
use arrow_select::filter::filter;
use hurtig_types::Result;

use super::ColumnBuilder;
use crate::ArrowContext;

/// Rows that are being put together.
///
/// ```
/// use std::sync::Arc;
/// use arrow_schema::{DataType, Field, Schema};
/// use hurtig_table::columns::{BatchBuilder, ColumnBuilder, TimestampFormat};
///
/// let schema = Arc::new(Schema::new(vec![Field::new("n", DataType::Int64, false)]));
/// let mut rows = BatchBuilder::new(schema)?;
/// for text in ["1", "x"] {
///     let Some(ColumnBuilder::Scalar(n)) = rows.column(0) else { unreachable!() };
///     let read = n.append_text(text, TimestampFormat::Sql);
///     rows.end_row(read.is_ok());
/// }
/// assert_eq!(rows.finish()?.num_rows(), 1);
/// # Ok::<(), hurtig_types::Error>(())
/// ```
pub struct BatchBuilder {
    schema: SchemaRef,
    columns: Vec<ColumnBuilder>,
    /// Which rows stay.
    kept: Vec<bool>,
    all_kept: bool,
}

impl BatchBuilder {
    /// No rows of these columns.
    ///
    /// # Errors
    /// When a column has a type that tables do not have.
    pub fn new(schema: SchemaRef) -> Result<Self> {
        let fields = schema.fields().iter();
        let columns = fields.map(|field| ColumnBuilder::new(field.data_type()));
        Ok(Self {
            columns: columns.collect::<Result<_>>()?,
            schema,
            kept: Vec::new(),
            all_kept: true,
        })
    }

    /// The columns as they are declared.
    pub const fn schema(&self) -> &SchemaRef {
        &self.schema
    }

    /// The column at an index.
    pub fn column(&mut self, index: usize) -> Option<&mut ColumnBuilder> {
        self.columns.get_mut(index)
    }

    /// All columns.
    pub fn columns(&mut self) -> &mut [ColumnBuilder] {
        &mut self.columns
    }

    /// Rows so far, with those that will be left out.
    pub fn rows(&self) -> usize {
        self.kept.len()
    }

    /// The record has ended. What it said nothing about is null; one that is not kept is left out.
    pub fn end_row(&mut self, kept: bool) {
        self.kept.push(kept);
        self.all_kept &= kept;
        for (column, field) in self.columns.iter_mut().zip(self.schema.fields()) {
            column.fill(self.kept.len(), field.is_nullable());
        }
    }

    /// The rows, and begins anew.
    ///
    /// # Errors
    /// When a column does not fit, which is a bug; or a kept row has null where that may not be.
    pub fn finish(&mut self) -> Result<RecordBatch> {
        let kept = BooleanArray::from(std::mem::take(&mut self.kept));
        let all_kept = std::mem::replace(&mut self.all_kept, true);
        let columns = self.columns.iter_mut().map(|column| {
            let column = column.finish()?;
            if all_kept {
                Ok(column)
            } else {
                filter(&column, &kept)
            }
        });
        let columns = columns.collect::<std::result::Result<_, _>>();
        let columns = columns.during("putting rows together")?;
        let options = RecordBatchOptions::new().with_row_count(Some(kept.true_count()));
        let schema = SchemaRef::clone(&self.schema);
        RecordBatch::try_new_with_options(schema, columns, &options).during("putting rows together")
    }
}
