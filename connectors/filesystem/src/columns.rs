//! Columns that are not in the bytes of a file.

use std::sync::Arc;

use arrow_array::{ArrayRef, RecordBatch, RecordBatchOptions, UInt32Array};
use arrow_schema::{FieldRef, SchemaRef};
use arrow_select::take::take;
use hurtig_connector_files::FileSplit;
use hurtig_table::columns::{ColumnBuilder, TimestampFormat};
use hurtig_table::{ArrowContext, RowBatch};
use hurtig_types::{Error, Result};

use crate::partition::value_in;

/// Where a column of the rows comes from.
#[derive(Clone, Debug)]
pub(crate) enum Origin {
    /// From the file: the column at this place of what is decoded.
    Data(usize),
    /// From the path.
    Partition(FieldRef),
    /// From what is known of the file.
    Metadata(Metadata, FieldRef),
}

/// What is known of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Metadata {
    Path,
    Name,
    Size,
    ModificationTime,
}

impl Metadata {
    pub(crate) const ALL: [(&str, Self); 4] = [
        ("file.path", Self::Path),
        ("file.name", Self::Name),
        ("file.size", Self::Size),
        ("file.modification-time", Self::ModificationTime),
    ];
}

/// How rows are put together.
#[derive(Clone, Debug)]
pub(crate) struct Plan {
    pub(crate) schema: SchemaRef,
    pub(crate) origins: Vec<Origin>,
    pub(crate) default_name: String,
}

impl Plan {
    /// Whether it must be known when a file was changed.
    pub(crate) fn wants_times(&self) -> bool {
        let is_time =
            |origin: &Origin| matches!(origin, Origin::Metadata(Metadata::ModificationTime, _));
        self.origins.iter().any(is_time)
    }

    /// The columns of a file that are the same in all of its rows: one row of them, by place.
    pub(crate) fn constants(
        &self,
        split: &FileSplit,
        changed_ms: i64,
    ) -> Result<Vec<Option<ArrayRef>>> {
        let constants = self.origins.iter().map(|origin| match origin {
            Origin::Data(_) => Ok(None),
            Origin::Partition(field) => {
                let value = value_in(split.name(), field.name(), &self.default_name);
                let Some(value) = value else {
                    let path = split.name();
                    let key = field.name();
                    return Err(Error::bad_record(format!(
                        "`{path}` is in no directory `{key}=…`"
                    )));
                };
                constant(field, value.as_deref(), split.name()).map(Some)
            }
            Origin::Metadata(metadata, field) => {
                let value = known(*metadata, split, changed_ms);
                constant(field, Some(&value), split.name()).map(Some)
            }
        });
        constants.collect()
    }

    /// The rows, with what the file is the same for.
    pub(crate) fn complete(
        &self,
        rows: RowBatch,
        constants: &[Option<ArrayRef>],
    ) -> Result<RowBatch> {
        let first = UInt32Array::from(vec![0; rows.rows()]);
        let columns = self
            .origins
            .iter()
            .zip(constants)
            .map(|(origin, constant)| match (origin, constant) {
                (_, Some(constant)) => take(constant, &first, None),
                (Origin::Data(place), None) => Ok(Arc::clone(rows.columns.column(*place))),
                (_, None) => Ok(arrow_array::new_null_array(
                    &arrow_schema::DataType::Null,
                    rows.rows(),
                )),
            });
        let columns = columns.collect::<std::result::Result<Vec<_>, _>>();
        let columns = columns.during("adding columns of the path")?;
        let options = RecordBatchOptions::new().with_row_count(Some(rows.rows()));
        let columns =
            RecordBatch::try_new_with_options(Arc::clone(&self.schema), columns, &options);
        rows.with_columns(columns.during("adding columns of the path")?)
    }
}

/// As a text, which the column's type takes.
fn known(metadata: Metadata, split: &FileSplit, changed_ms: i64) -> String {
    match metadata {
        Metadata::Path => split.name().to_string(),
        Metadata::Name => {
            let name = split.name().rsplit('/').next();
            name.unwrap_or_default().to_string()
        }
        Metadata::Size => split.file_size().to_string(),
        Metadata::ModificationTime => {
            let moment = hurtig_table::text::time::Moment::of(
                changed_ms,
                arrow_schema::TimeUnit::Millisecond,
            );
            let mut text = String::new();
            hurtig_table::text::time::write_timestamp(&mut text, moment, ' ');
            text.push('Z');
            text
        }
    }
}

/// A column of one value.
fn constant(field: &FieldRef, value: Option<&str>, path: &str) -> Result<ArrayRef> {
    let mut column = ColumnBuilder::new(field.data_type())?;
    match (value, &mut column) {
        (Some(text), ColumnBuilder::Scalar(scalar)) => {
            let added = scalar.append_text(text, TimestampFormat::Sql);
            added.map_err(|reason| {
                let name = field.name();
                Error::bad_record(format!("`{path}`, column `{name}`: {reason}"))
            })?;
        }
        _ => column.append_null(),
    }
    column.finish().during("making a column of the path")
}
