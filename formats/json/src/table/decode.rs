//! From lines to columns.

use std::sync::Arc;

use arrow_schema::{DataType, Fields, SchemaRef};
use hurtig_connect::{
    DecodeInput, Decoder, DecodingFormat, LineEnds, RECORD_BYTES_MAX, RecordError, Taken,
    byte_order_mark,
};
use hurtig_table::RowBatch;
use hurtig_table::columns::{
    BatchBuilder, ColumnBuilder, DecodeRow, ListBuilder, MapBuilder, RowBuilder, RowsDecoder,
    ScalarBuilder, TimestampFormat,
};
use hurtig_types::Result;

use super::cursor::{Cursor, Malformed};

/// JSON lines as columns of a table.
#[derive(Clone, Debug)]
pub(crate) struct JsonDecoding {
    /// The columns that are read.
    pub(crate) schema: SchemaRef,
    pub(crate) options: DecodeOptions,
}

#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct DecodeOptions {
    pub(crate) fail_on_missing: bool,
    /// What can't be read is null.
    pub(crate) ignore_errors: bool,
    pub(crate) times: TimestampFormat,
}

impl DecodingFormat<RowBatch> for JsonDecoding {
    fn name(&self) -> &'static str {
        "json"
    }

    fn create_decoder(&self) -> Result<Box<dyn Decoder<RowBatch>>> {
        let rows = BatchBuilder::new(Arc::clone(&self.schema))?;
        let decode = JsonRows {
            fields: self.schema.fields().clone(),
            reader: Reader {
                options: self.options,
                problem: None,
            },
        };
        Ok(Box::new(RowsDecoder::new(
            LineEnds::default(),
            decode,
            rows,
            RECORD_BYTES_MAX,
        )))
    }
}

struct JsonRows {
    fields: Fields,
    reader: Reader,
}

impl DecodeRow for JsonRows {
    fn decode_header(&mut self, input: DecodeInput<'_>) -> Result<Option<Taken>> {
        Ok(byte_order_mark(input).map(|bytes| Taken {
            bytes,
            ..Taken::default()
        }))
    }

    fn decode_row(&mut self, record: &[u8], rows: &mut BatchBuilder) -> Result<(), RecordError> {
        if record.trim_ascii().is_empty() {
            return Ok(());
        }
        let Self { fields, reader } = self;
        reader.problem = None;
        let text = match std::str::from_utf8(record) {
            Ok(text) => text,
            Err(error) => {
                rows.end_row(false);
                return Err(RecordError::not_utf8(error));
            }
        };
        let mut cursor = Cursor::new(text);
        let length = rows.rows();
        let read = reader.object(&mut cursor, fields, rows.columns(), length);
        match read.and_then(|whole| cursor.end().map(|()| whole)) {
            Ok(whole) => {
                let problem = reader.problem.take();
                // Without a problem to be ignored the row stays; with one, unless it is null where it may not be.
                rows.end_row(whole && (problem.is_none() || reader.options.ignore_errors));
                problem.map_or(Ok(()), Err)
            }
            Err(Malformed(reason)) => {
                rows.end_row(false);
                Err(RecordError::new(reason))
            }
        }
    }
}

/// Reads values into columns.
struct Reader {
    options: DecodeOptions,
    /// What could not be read of the record: the first of it.
    problem: Option<RecordError>,
}

/// Whether a value is there, and not null.
type There = Result<bool, Malformed>;

impl Reader {
    fn fail(&mut self, reason: String) {
        if self.problem.is_none() {
            self.problem = Some(RecordError::of_field("", reason));
        }
    }

    /// Says in which field a problem is that came up since `before`.
    fn within(&mut self, before: bool, name: &str) {
        let Some(problem) = self.problem.as_mut().filter(|_| !before) else {
            return;
        };
        let field = problem.field.get_or_insert_default();
        *field = match field.as_str() {
            "" => name.to_string(),
            inner => format!("{name}.{inner}"),
        };
    }

    /// Reads an object into the columns of its fields, which have `length` values. False where a field is null that may not be.
    fn object(
        &mut self,
        cursor: &mut Cursor<'_>,
        fields: &Fields,
        columns: &mut [ColumnBuilder],
        length: usize,
    ) -> There {
        let mut whole = true;
        // Mostly names come in the order of the columns.
        let mut expected = 0;
        cursor.object(|cursor, name| {
            let Some(index) = find(fields, &name, expected) else {
                return cursor.skip().map(drop);
            };
            expected = index + 1;
            let (Some(field), Some(column)) = (fields.get(index), columns.get_mut(index)) else {
                return cursor.skip().map(drop);
            };
            if column.len() > length {
                return cursor.skip().map(drop);
            }
            let before = self.problem.is_some();
            let there = self.value(cursor, column)?;
            if !there && !field.is_nullable() {
                self.fail("it is null, and the column is NOT NULL".to_string());
                whole = false;
            }
            self.within(before, field.name());
            Ok(())
        })?;
        Ok(whole && self.all_may_be_missing(fields, columns, length))
    }

    /// Whether fields of which nothing was said may be null.
    fn all_may_be_missing(
        &mut self,
        fields: &Fields,
        columns: &[ColumnBuilder],
        length: usize,
    ) -> bool {
        let mut whole = true;
        let columns = columns.iter().zip(fields);
        for (_, field) in columns.filter(|(column, _)| column.len() <= length) {
            let before = self.problem.is_some();
            if self.options.fail_on_missing {
                self.fail("it is missing".to_string());
            } else if !field.is_nullable() {
                self.fail("it is missing, and the column is NOT NULL".to_string());
            }
            whole &= field.is_nullable();
            self.within(before, field.name());
        }
        whole
    }

    /// Reads a value into a column, to which it adds one.
    fn value(&mut self, cursor: &mut Cursor<'_>, column: &mut ColumnBuilder) -> There {
        if cursor.peek() == Some(b'n') {
            cursor.word()?;
            column.append_null();
            return Ok(false);
        }
        match column {
            ColumnBuilder::Scalar(scalar) => {
                let read = scalar_value(cursor, scalar, self.options.times)?;
                if let Err(reason) = read {
                    self.fail(reason);
                    column.append_null();
                    return Ok(false);
                }
                Ok(true)
            }
            ColumnBuilder::Row(row) => self.row(cursor, row),
            ColumnBuilder::List(list) => self.list(cursor, list),
            ColumnBuilder::Map(map) => self.map(cursor, map),
        }
    }

    fn row(&mut self, cursor: &mut Cursor<'_>, row: &mut RowBuilder) -> There {
        if cursor.peek() != Some(b'{') {
            self.fail(format!("`{}` is no object", shown(cursor.skip()?)));
            row.end(false);
            return Ok(false);
        }
        let (fields, length) = (row.fields().clone(), row.rows());
        let whole = self.object(cursor, &fields, row.columns(), length)?;
        row.end(whole);
        Ok(whole)
    }

    fn list(&mut self, cursor: &mut Cursor<'_>, list: &mut ListBuilder) -> There {
        if cursor.peek() != Some(b'[') {
            self.fail(format!("`{}` is no array", shown(cursor.skip()?)));
            list.end(false);
            return Ok(false);
        }
        let nullable = list.item().is_nullable();
        let mut whole = true;
        cursor.array(|cursor| {
            if nullable || cursor.peek() != Some(b'n') {
                whole &= self.value(cursor, list.items())? || nullable;
                return Ok(());
            }
            self.fail("an item is null, and items are NOT NULL".to_string());
            whole = false;
            cursor.skip().map(drop)
        })?;
        list.end(whole);
        Ok(whole)
    }

    fn map(&mut self, cursor: &mut Cursor<'_>, map: &mut MapBuilder) -> There {
        if cursor.peek() != Some(b'{') {
            self.fail(format!("`{}` is no object", shown(cursor.skip()?)));
            map.end(false);
            return Ok(false);
        }
        let nullable = map.has_nullable_values();
        let mut whole = true;
        cursor.object(|cursor, name| {
            let (keys, values) = map.entries();
            let ColumnBuilder::Scalar(keys) = keys else {
                self.fail("a key of a map is no text".to_string());
                whole = false;
                return cursor.skip().map(drop);
            };
            if !nullable && cursor.peek() == Some(b'n') {
                self.fail("a value is null, and values are NOT NULL".to_string());
                whole = false;
                return cursor.skip().map(drop);
            }
            if let Err(reason) = keys.append_text(&name, self.options.times) {
                self.fail(reason);
                return cursor.skip().map(drop);
            }
            whole &= self.value(cursor, values)? || nullable;
            Ok(())
        })?;
        map.end(whole);
        Ok(whole)
    }
}

fn find(fields: &Fields, name: &str, expected: usize) -> Option<usize> {
    let is_it = |index: usize| fields.get(index).is_some_and(|field| field.name() == name);
    if is_it(expected) {
        return Some(expected);
    }
    (0..fields.len()).find(|index| is_it(*index))
}

/// A value without parts; a column of texts takes any, as it is written.
fn scalar_value(
    cursor: &mut Cursor<'_>,
    column: &mut ScalarBuilder,
    times: TimestampFormat,
) -> Result<Result<(), String>, Malformed> {
    let takes_numbers = !matches!(
        column.data_type(),
        DataType::Boolean
            | DataType::Binary
            | DataType::Date32
            | DataType::Time32(_)
            | DataType::Timestamp(..)
    );
    let is_text = *column.data_type() == DataType::Utf8View;
    Ok(match cursor.peek() {
        Some(b'"') => {
            let text = cursor.string()?;
            column.append_text(&text, times)
        }
        Some(b't' | b'f') => {
            let word = cursor.word()?;
            column.append_text(word, times)
        }
        Some(b'{' | b'[') => {
            let text = cursor.skip()?;
            if is_text {
                column.append_text(text, times)
            } else {
                Err(format!("`{}` is no single value", shown(text)))
            }
        }
        _ => {
            let number = cursor.number()?;
            if takes_numbers {
                column.append_text(number, times)
            } else {
                Err(format!("`{}` is a number", shown(number)))
            }
        }
    })
}

fn shown(text: &str) -> String {
    text.chars().take(40).collect()
}
