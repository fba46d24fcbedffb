//! A JSON object for each change.

use std::fmt::Write as _;

use arrow_array::cast::AsArray;
use arrow_array::types::*;
use arrow_array::{Array, ArrayRef};
use arrow_schema::DataType;
use hurtig_table::RowBatch;
use serde_json::Value;

use super::cells::text;

/// The changes of a batch, a line each, columns in their order: `{"op":"+I","row":{"n":1}}`.
pub(super) fn lines(rows: &RowBatch) -> impl Iterator<Item = String> {
    let schema = rows.columns.schema();
    (0..rows.rows()).map(move |index| {
        let mut line = format!("{{\"op\":\"{}\",\"row\":", rows.kind(index).symbol());
        let names = schema.fields().iter().map(|field| field.name().clone());
        object(names.zip(rows.columns.columns()), index, &mut line);
        line.push('}');
        line
    })
}

/// Cells under their names: `{"table name":"bids"}`.
pub(super) fn named(columns: &[String], cells: &[String]) -> String {
    let cells = columns.iter().zip(cells).map(|(name, cell)| {
        let mut text = String::new();
        quoted(name.clone(), &mut text);
        text.push(':');
        quoted(cell.clone(), &mut text);
        text
    });
    format!("{{{}}}", cells.collect::<Vec<_>>().join(","))
}

fn object<'a>(cells: impl Iterator<Item = (String, &'a ArrayRef)>, index: usize, out: &mut String) {
    out.push('{');
    for (place, (name, column)) in cells.enumerate() {
        if place > 0 {
            out.push(',');
        }
        quoted(name, out);
        out.push(':');
        value(column, index, out);
    }
    out.push('}');
}

fn quoted(text: String, out: &mut String) {
    out.push_str(&Value::String(text).to_string());
}

/// Numbers (DECIMAL with all digits) and truth as such, arrays, rows and maps nested, all else as text.
fn value(column: &ArrayRef, index: usize, out: &mut String) {
    if column.is_null(index) {
        return out.push_str("null");
    }
    match column.data_type() {
        DataType::Boolean => out.push_str(match column.as_boolean().value(index) {
            true => "true",
            false => "false",
        }),
        DataType::Float32 => number(
            f64::from(column.as_primitive::<Float32Type>().value(index)),
            out,
        ),
        DataType::Float64 => number(column.as_primitive::<Float64Type>().value(index), out),
        DataType::Int8
        | DataType::Int16
        | DataType::Int32
        | DataType::Int64
        | DataType::Decimal128(..) => out.push_str(&text(column, index).unwrap_or_default()),
        DataType::List(_) => list(&column.as_list::<i32>().value(index), out),
        DataType::Struct(fields) => {
            let names = fields.iter().map(|field| field.name().clone());
            object(names.zip(column.as_struct().columns()), index, out);
        }
        DataType::Map(..) => {
            let entries = column.as_map().value(index);
            map(entries.columns(), out);
        }
        _ => quoted(text(column, index).unwrap_or_default(), out),
    }
}

fn list(items: &ArrayRef, out: &mut String) {
    out.push('[');
    for index in 0..items.len() {
        if index > 0 {
            out.push(',');
        }
        value(items, index, out);
    }
    out.push(']');
}

fn map(entries: &[ArrayRef], out: &mut String) {
    out.push('{');
    if let [keys, values] = entries {
        for index in 0..keys.len() {
            if index > 0 {
                out.push(',');
            }
            quoted(text(keys, index).unwrap_or_else(|| "null".to_string()), out);
            out.push(':');
            value(values, index, out);
        }
    }
    out.push('}');
}

/// JSON has no infinity and no NaN.
fn number(value: f64, out: &mut String) {
    // Writing into a string cannot fail.
    let _ = match serde_json::Number::from_f64(value) {
        Some(number) => write!(out, "{number}"),
        None => write!(out, "\"{value}\""),
    };
}
