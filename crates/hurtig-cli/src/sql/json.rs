//! A JSON object for each change.

use arrow_array::cast::AsArray;
use arrow_array::types::*;
use arrow_array::{Array, ArrayRef};
use arrow_schema::DataType;
use hurtig_table::RowBatch;
use serde_json::{Map, Number, Value, json};

use super::cells::text;

/// The changes of a batch, a line each: `{"op":"+I","row":{"n":1}}`.
pub(super) fn lines(rows: &RowBatch) -> impl Iterator<Item = String> {
    let schema = rows.columns.schema();
    (0..rows.rows()).map(move |index| {
        let cells = schema.fields().iter().zip(rows.columns.columns());
        let row: Map<String, Value> = cells
            .map(|(field, column)| (field.name().clone(), value(column, index)))
            .collect();
        json!({"op": rows.kind(index).symbol(), "row": row}).to_string()
    })
}

/// Cells under their names: `{"table name":"bids"}`.
pub(super) fn object(columns: &[String], cells: &[String]) -> String {
    let cells = cells.iter().map(|cell| Value::String(cell.clone()));
    let row: Map<String, Value> = columns.iter().cloned().zip(cells).collect();
    Value::Object(row).to_string()
}

/// Numbers and truth as such, arrays, rows and maps nested, all else as text.
fn value(column: &ArrayRef, index: usize) -> Value {
    if column.is_null(index) {
        return Value::Null;
    }
    match column.data_type() {
        DataType::Boolean => column.as_boolean().value(index).into(),
        DataType::Int8 => column.as_primitive::<Int8Type>().value(index).into(),
        DataType::Int16 => column.as_primitive::<Int16Type>().value(index).into(),
        DataType::Int32 => column.as_primitive::<Int32Type>().value(index).into(),
        DataType::Int64 => column.as_primitive::<Int64Type>().value(index).into(),
        DataType::Float32 => number(f64::from(column.as_primitive::<Float32Type>().value(index))),
        DataType::Float64 => number(column.as_primitive::<Float64Type>().value(index)),
        DataType::Decimal128(..) => {
            let digits = column
                .as_primitive::<Decimal128Type>()
                .value_as_string(index);
            digits
                .parse::<Number>()
                .map_or(Value::String(digits), Value::Number)
        }
        DataType::List(_) => {
            let items = column.as_list::<i32>().value(index);
            (0..items.len()).map(|index| value(&items, index)).collect()
        }
        DataType::Struct(fields) => {
            let columns = fields.iter().zip(column.as_struct().columns());
            let cells = columns.map(|(field, column)| (field.name().clone(), value(column, index)));
            Value::Object(cells.collect())
        }
        DataType::Map(..) => {
            let entries = column.as_map().value(index);
            let [keys, values] = entries.columns() else {
                return Value::Null;
            };
            let pairs = (0..keys.len()).map(|index| {
                let key = text(keys, index).unwrap_or_else(|| "null".to_string());
                (key, value(values, index))
            });
            Value::Object(pairs.collect())
        }
        _ => text(column, index).map_or(Value::Null, Value::String),
    }
}

/// JSON has no infinity and no NaN.
fn number(value: f64) -> Value {
    Number::from_f64(value).map_or_else(|| Value::String(value.to_string()), Value::Number)
}
