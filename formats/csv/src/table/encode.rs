//! From columns to lines.

use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::{Array, ArrayRef};
use arrow_schema::DataType;
use hurtig_connect::{Encoder, EncodingFormat};
use hurtig_table::columns::TimestampFormat;
use hurtig_table::text::write_plain_value;
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
        for row in 0..columns.num_rows() {
            for (place, column) in columns.columns().iter().enumerate() {
                if place > 0 {
                    out.push(self.encoding.options.delimiter);
                }
                self.field(column, row, place == 0, out);
            }
            out.push(b'\n');
        }
        Ok(())
    }

    fn field(&mut self, column: &ArrayRef, row: usize, is_first: bool, out: &mut Vec<u8>) {
        if column.is_null(row) {
            out.extend_from_slice(self.encoding.null().as_bytes());
            return;
        }
        self.text.clear();
        self.encoding.write(&mut self.text, column, row);
        // An empty text is read as such, quoted or not, but alone in its line it would be none.
        let needs_quotes = self.quoting.needs_quotes(&self.text, is_first);
        match self.encoding.options.quote.filter(|_| needs_quotes) {
            Some(quote) => {
                out.push(quote);
                self.escaped(quote, out);
                out.push(quote);
            }
            None => out.extend_from_slice(self.text.as_bytes()),
        }
    }

    fn escaped(&self, quote: u8, out: &mut Vec<u8>) {
        let escape = self.encoding.options.escape;
        for byte in self.text.bytes() {
            if byte == quote || Some(byte) == escape {
                out.push(escape.unwrap_or(quote));
            }
            out.push(byte);
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
