//! Values as JSON.

use std::fmt::Write;

use arrow_array::cast::AsArray;
use arrow_array::types::{Float32Type, Float64Type};
use arrow_array::{Array, ArrayRef, StructArray};
use arrow_schema::{DataType, Fields};
use hurtig_table::columns::TimestampFormat;
use hurtig_table::text::{base64, number, write_plain_value};

/// How values are written.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct EncodeOptions {
    pub(crate) times: TimestampFormat,
    pub(crate) plain_decimals: bool,
    pub(crate) ignore_nulls: bool,
}

impl EncodeOptions {
    /// Adds an object of the values in a row of columns.
    pub(crate) fn write_object(
        self,
        out: &mut String,
        fields: &Fields,
        columns: &[ArrayRef],
        row: usize,
    ) {
        out.push('{');
        let mut is_first = true;
        for (field, column) in fields.iter().zip(columns) {
            if self.ignore_nulls && column.is_null(row) {
                continue;
            }
            separate(out, &mut is_first);
            write_text(out, field.name());
            out.push(':');
            self.write(out, column, row);
        }
        out.push('}');
    }

    /// Adds a value.
    fn write(self, out: &mut String, column: &dyn Array, row: usize) {
        if column.is_null(row) {
            return out.push_str("null");
        }
        match column.data_type() {
            DataType::Struct(fields) => {
                self.write_object(out, fields, column.as_struct().columns(), row);
            }
            DataType::List(_) => {
                let items = column.as_list::<i32>().value(row);
                out.push('[');
                let mut is_first = true;
                for index in 0..items.len() {
                    separate(out, &mut is_first);
                    self.write(out, &items, index);
                }
                out.push(']');
            }
            DataType::Map(..) => self.write_map(out, &column.as_map().value(row)),
            _ => self.write_scalar(out, column, row),
        }
    }

    fn write_map(self, out: &mut String, entries: &StructArray) {
        let [keys, values] = entries.columns() else {
            return;
        };
        out.push('{');
        let mut is_first = true;
        for index in 0..entries.len() {
            separate(out, &mut is_first);
            write_text(out, keys.as_string_view().value(index));
            out.push(':');
            self.write(out, values, index);
        }
        out.push('}');
    }

    fn write_scalar(self, out: &mut String, column: &dyn Array, row: usize) {
        match column.data_type() {
            DataType::Utf8View => write_text(out, column.as_string_view().value(row)),
            DataType::Binary => {
                out.push('"');
                base64::write(out, column.as_binary::<i32>().value(row));
                out.push('"');
            }
            DataType::Float64 => {
                let value = column.as_primitive::<Float64Type>().value(row);
                write_float(out, value.is_finite(), |out| number::write_f64(out, value));
            }
            DataType::Float32 => {
                let value = column.as_primitive::<Float32Type>().value(row);
                write_float(out, value.is_finite(), |out| number::write_f32(out, value));
            }
            DataType::Date32 | DataType::Time32(_) | DataType::Timestamp(..) => {
                out.push('"');
                write_plain_value(out, column, row, self.times, self.plain_decimals);
                out.push('"');
            }
            _ => write_plain_value(out, column, row, self.times, self.plain_decimals),
        }
    }
}

fn separate(out: &mut String, is_first: &mut bool) {
    if !std::mem::replace(is_first, false) {
        out.push(',');
    }
}

/// JSON has no numbers that are none.
fn write_float(out: &mut String, is_finite: bool, write: impl FnOnce(&mut String)) {
    if is_finite {
        return write(out);
    }
    out.push('"');
    write(out);
    out.push('"');
}

/// Adds a text in quotes.
fn write_text(out: &mut String, text: &str) {
    out.push('"');
    let mut rest = text;
    while let Some(at) = rest.find(|c: char| c == '"' || c == '\\' || c < ' ') {
        let (plain, special) = rest.split_at(at);
        out.push_str(plain);
        let mut characters = special.chars();
        match characters.next() {
            Some('\n') => out.push_str("\\n"),
            Some('\r') => out.push_str("\\r"),
            Some('\t') => out.push_str("\\t"),
            Some(c @ ('"' | '\\')) => out.extend(['\\', c]),
            // Writing to a text does not fail.
            Some(c) => drop(write!(out, "\\u{:04x}", u32::from(c))),
            None => {}
        }
        rest = characters.as_str();
    }
    out.push_str(rest);
    out.push('"');
}
