//! From records to columns.

use std::sync::Arc;

use arrow_schema::{DataType, SchemaRef};
use hurtig_connect::{
    DecodeInput, Decoder, DecodingFormat, FindEnd, RecordError, Taken, byte_order_mark,
};
use hurtig_table::RowBatch;
use hurtig_table::columns::{BatchBuilder, ColumnBuilder, DecodeRow, RowsDecoder, TimestampFormat};
use hurtig_types::Result;

use crate::ends::QuotedEnds;
use crate::fields::{Field, Fields, Record};
use crate::format::Options;

/// CSV as columns of a table.
#[derive(Clone, Debug)]
pub(crate) struct CsvDecoding {
    /// The columns that are read.
    pub(crate) schema: SchemaRef,
    /// Which of them a field is, by its place.
    pub(crate) targets: Vec<Option<usize>>,
    pub(crate) options: Arc<Options>,
    pub(crate) elements: String,
    pub(crate) ignore_errors: bool,
    pub(crate) skip_header: bool,
}

impl DecodingFormat<RowBatch> for CsvDecoding {
    fn name(&self) -> &'static str {
        "csv"
    }

    fn splittable(&self) -> bool {
        false
    }

    fn create_decoder(&self) -> Result<Box<dyn Decoder<RowBatch>>> {
        let rows = BatchBuilder::new(Arc::clone(&self.schema))?;
        let ends = QuotedEnds::new(Arc::clone(&self.options));
        let decode = CsvRows {
            decoding: self.clone(),
            fields: Fields::default(),
        };
        let bytes_max = self.options.record_bytes_max;
        Ok(Box::new(RowsDecoder::new(ends, decode, rows, bytes_max)))
    }
}

struct CsvRows {
    decoding: CsvDecoding,
    fields: Fields,
}

impl DecodeRow for CsvRows {
    fn decode_header(&mut self, input: DecodeInput<'_>) -> Result<Option<Taken>> {
        let Some(mark) = byte_order_mark(input) else {
            return Ok(None);
        };
        if !self.decoding.skip_header {
            return Ok(Some(Taken {
                bytes: mark,
                ..Taken::default()
            }));
        }
        let mut ends = QuotedEnds::new(Arc::clone(&self.decoding.options));
        let line = ends.find_end(input.bytes.get(mark..).unwrap_or_default(), input.last);
        Ok(match line {
            Some(end) => Some(Taken {
                bytes: mark + end.next,
                lines: end.lines,
                inside_record: false,
            }),
            None if input.last => Some(Taken {
                bytes: input.bytes.len(),
                ..Taken::default()
            }),
            None => None,
        })
    }

    fn decode_row(&mut self, record: &[u8], rows: &mut BatchBuilder) -> Result<(), RecordError> {
        let Self { decoding, fields } = self;
        let comment = decoding.options.comment.as_ref();
        let is_comment = comment.is_some_and(|comment| record.starts_with(comment.as_bytes()));
        // Where there is one column, nothing is a value.
        let is_blank = record.is_empty() && decoding.targets.len() > 1;
        if is_blank || is_comment {
            return Ok(());
        }
        let record = fields.split(record, &decoding.options);
        let record = match record {
            Ok(record) => record,
            Err(error) => {
                rows.end_row(false);
                return Err(error);
            }
        };
        let (whole, problem) = decoding.values(&record, rows);
        rows.end_row(whole && (problem.is_none() || decoding.ignore_errors));
        problem.map_or(Ok(()), Err)
    }
}

impl CsvDecoding {
    /// Adds the fields of a record to their columns. Whether it is a row, and the first thing that is wrong with it.
    fn values(&self, record: &Record<'_>, rows: &mut BatchBuilder) -> (bool, Option<RecordError>) {
        let (found, expected) = (record.len(), self.targets.len());
        let reason = || RecordError::new(format!("it has {found} fields instead of {expected}"));
        let mut problem = (found != expected).then(reason);
        let mut whole = true;
        for (place, target) in self.targets.iter().enumerate() {
            let Some((target, column)) =
                target.and_then(|it| Some((it, self.schema.fields().get(it)?)))
            else {
                continue;
            };
            let read = match place < found {
                true => self.value(record.field(place), target, rows),
                false => Ok(false),
            };
            let reason = match read {
                Ok(true) => continue,
                Ok(false) if column.is_nullable() => continue,
                Ok(false) => "it is null, and the column is NOT NULL".to_string(),
                Err(reason) => reason,
            };
            whole &= column.is_nullable();
            problem.get_or_insert_with(|| RecordError::of_field(column.name(), reason));
        }
        (whole, problem)
    }

    /// Adds a field to its column. Whether it is there, and not null; what can't be read is added later, as null.
    fn value(
        &self,
        field: Field<'_>,
        target: usize,
        rows: &mut BatchBuilder,
    ) -> Result<bool, String> {
        let Some(column) = rows.column(target) else {
            return Ok(false);
        };
        let text = std::str::from_utf8(field.bytes()).map_err(|_| "it is not UTF-8".to_string())?;
        let is_text =
            matches!(column, ColumnBuilder::Scalar(it) if *it.data_type() == DataType::Utf8View);
        if self.is_null(text, field.quoted) || (text.is_empty() && !field.quoted && !is_text) {
            column.append_null();
            return Ok(false);
        }
        self.append(text, column)?;
        Ok(true)
    }

    fn is_null(&self, text: &str, quoted: bool) -> bool {
        !quoted
            && self
                .options
                .null_literals
                .iter()
                .any(|literal| literal == text)
    }

    fn append(&self, text: &str, column: &mut ColumnBuilder) -> Result<(), String> {
        match column {
            ColumnBuilder::Scalar(scalar) => scalar.append_text(text, TimestampFormat::Sql),
            ColumnBuilder::List(list) => {
                let nullable = list.item().is_nullable();
                for element in self.elements(text) {
                    self.element(element, list.items(), nullable)?;
                }
                list.end(true);
                Ok(())
            }
            ColumnBuilder::Row(row) => {
                let fields = row.fields().clone();
                let elements: Vec<_> = self.elements(text).collect();
                if elements.len() != fields.len() {
                    let (found, expected) = (elements.len(), fields.len());
                    return Err(format!("the row has {found} fields instead of {expected}"));
                }
                for ((element, field), column) in elements.iter().zip(&fields).zip(row.columns()) {
                    self.element(element, column, field.is_nullable())?;
                }
                row.end(true);
                Ok(())
            }
            ColumnBuilder::Map(_) => Err("CSV knows no maps".to_string()),
        }
    }

    fn elements<'a>(&'a self, text: &'a str) -> impl Iterator<Item = &'a str> {
        text.split(self.elements.as_str())
            .filter(move |_| !text.is_empty())
    }

    fn element(
        &self,
        text: &str,
        column: &mut ColumnBuilder,
        nullable: bool,
    ) -> Result<(), String> {
        if !self.is_null(text, false) {
            return self.append(text, column);
        }
        if !nullable {
            return Err("a part of it is null, and that is NOT NULL".to_string());
        }
        column.append_null();
        Ok(())
    }
}
