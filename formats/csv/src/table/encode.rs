//! From columns to lines.

use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::{Array, ArrayRef};
use arrow_buffer::NullBuffer;
use arrow_schema::DataType;
use hurtig_connect::{Encoder, EncodingFormat};
use hurtig_table::columns::TimestampFormat;
use hurtig_table::text::{PlainColumn, write_plain_value};
use hurtig_table::{ArrowContext, RowBatch};
use hurtig_types::Result;

use crate::format::Options;
use crate::quoting::Quoting;

/// Columns of a table as CSV.
#[derive(Clone, Debug)]
pub(crate) struct CsvEncoding {
    /// The columns of the batches that are written.
    pub(crate) projection: Vec<usize>,
    pub(crate) options: Arc<Options>,
    pub(crate) elements: String,
    pub(crate) plain_decimals: bool,
}

impl EncodingFormat<RowBatch> for CsvEncoding {
    fn name(&self) -> &'static str {
        "csv"
    }

    fn extension(&self) -> &'static str {
        ".csv"
    }

    fn create_encoder(&self) -> Result<Box<dyn Encoder<RowBatch>>> {
        Ok(Box::new(CsvLines {
            quoting: Quoting::new(Arc::clone(&self.options)),
            encoding: self.clone(),
            text: String::new(),
        }))
    }
}

struct CsvLines {
    encoding: CsvEncoding,
    quoting: Quoting,
    /// The value that is being written.
    text: String,
}

impl CsvLines {
    fn encode_batch(&mut self, batch: &RowBatch, out: &mut Vec<u8>) -> Result<()> {
        let columns = batch.columns.project(&self.encoding.projection);
        let columns = columns.during("choosing the columns of a line")?;
        let mut fields: Vec<_> = columns
            .columns()
            .iter()
            .map(|column| Field::new(column, self.encoding.plain_decimals))
            .collect();
        for row in 0..columns.num_rows() {
            for (place, field) in fields.iter_mut().enumerate() {
                if place > 0 {
                    out.push(self.encoding.options.delimiter);
                }
                self.field(field, row, place == 0, out);
            }
            out.push(b'\n');
        }
        Ok(())
    }

    fn field(&mut self, field: &mut Field<'_>, row: usize, is_first: bool, out: &mut Vec<u8>) {
        if field.nulls.is_some_and(|nulls| nulls.is_null(row)) {
            out.extend_from_slice(self.encoding.null().as_bytes());
            return;
        }
        let text = match field.values.text(row) {
            Some(text) => text,
            None => {
                self.text.clear();
                if field.is_nested {
                    self.encoding.write(&mut self.text, field.column, row);
                } else {
                    field.values.write(&mut self.text, row);
                }
                self.text.as_str()
            }
        };
        // An empty text is read as such, quoted or not, but alone in its line it would be none.
        let needs_quotes = self.quoting.needs_quotes(text, is_first);
        match self.encoding.options.quote.filter(|_| needs_quotes) {
            Some(quote) => {
                out.push(quote);
                self.escaped(text, quote, out);
                out.push(quote);
            }
            None => out.extend_from_slice(text.as_bytes()),
        }
    }

    fn escaped(&self, text: &str, quote: u8, out: &mut Vec<u8>) {
        let escape = self.encoding.options.escape;
        for byte in text.bytes() {
            if byte == quote || Some(byte) == escape {
                out.push(escape.unwrap_or(quote));
            }
            out.push(byte);
        }
    }
}

/// A column of a batch, with what is the same for all its rows.
struct Field<'a> {
    column: &'a ArrayRef,
    nulls: Option<&'a NullBuffer>,
    is_nested: bool,
    values: PlainColumn<'a>,
}

impl<'a> Field<'a> {
    fn new(column: &'a ArrayRef, plain_decimals: bool) -> Self {
        Self {
            column,
            nulls: column.nulls(),
            is_nested: column.data_type().is_nested(),
            values: PlainColumn::new(column, TimestampFormat::Sql, plain_decimals),
        }
    }
}

impl CsvEncoding {
    fn null(&self) -> &str {
        self.options
            .null_literals
            .first()
            .map_or("", String::as_str)
    }

    fn write(&self, out: &mut String, column: &dyn Array, row: usize) {
        if column.is_null(row) {
            return out.push_str(self.null());
        }
        match column.data_type() {
            DataType::List(_) => {
                let items = column.as_list::<i32>().value(row);
                for index in 0..items.len() {
                    if index > 0 {
                        out.push_str(&self.elements);
                    }
                    self.write(out, &items, index);
                }
            }
            DataType::Struct(_) => {
                for (index, column) in column.as_struct().columns().iter().enumerate() {
                    if index > 0 {
                        out.push_str(&self.elements);
                    }
                    self.write(out, column, row);
                }
            }
            _ => write_plain_value(out, column, row, TimestampFormat::Sql, self.plain_decimals),
        }
    }
}

impl Encoder<RowBatch> for CsvLines {
    fn encode(
        &mut self,
        batches: &[RowBatch],
        bytes_max: usize,
        out: &mut Vec<u8>,
    ) -> Result<usize> {
        for (index, batch) in batches.iter().enumerate() {
            if index > 0 && out.len() >= bytes_max {
                return Ok(index);
            }
            self.encode_batch(batch, out)?;
        }
        Ok(batches.len())
    }
}
