//! Values of SQL as JSON.

use arrow_array::cast::AsArray;
use arrow_array::types::{Float32Type, Float64Type};
use arrow_array::{Array, ArrayRef};
use arrow_cast::cast;
use arrow_schema::{DataType, Field};
use base64::Engine;
use datafusion_common::{Result, exec_err};

use super::super::cast::{text_of_double, texts_of_values};
use super::super::parameters::{is_bytes, is_text};
use super::super::time::Zone;
use super::text::{quoted, separate};
use crate::error::Carry;
use crate::types::flink_of;

/// Whether values of this type can be JSON; dates and times cannot, as in Flink.
pub(super) fn is_writable(data_type: &DataType) -> bool {
    match data_type {
        DataType::List(item) => is_writable(item.data_type()),
        DataType::Struct(fields) => fields.iter().all(|field| is_writable(field.data_type())),
        DataType::Map(entries, _) => is_writable(entries.data_type()),
        other => {
            other.is_numeric()
                || is_text(other)
                || is_bytes(other)
                || matches!(other, DataType::Boolean | DataType::Null)
        }
    }
}

/// Each value as JSON; `None` for NULL.
pub(super) fn values_of(
    array: &ArrayRef,
    field: &Field,
    zone: Zone,
) -> Result<Vec<Option<String>>> {
    let rows = 0..array.len();
    let texts = |text: &dyn Fn(usize) -> String| -> Vec<Option<String>> {
        rows.map(|row| (!array.is_null(row)).then(|| text(row)))
            .collect()
    };
    Ok(match array.data_type() {
        DataType::Null => vec![None; array.len()],
        DataType::Boolean => texts(&|row| array.as_boolean().value(row).to_string()),
        DataType::Float32 => {
            texts(&|row| text_of_double(f64::from(array.as_primitive::<Float32Type>().value(row))))
        }
        DataType::Float64 => {
            texts(&|row| text_of_double(array.as_primitive::<Float64Type>().value(row)))
        }
        data_type if is_text(data_type) => {
            let views = cast(array, &DataType::Utf8View)?;
            texts(&|row| quoted(views.as_string_view().value(row)))
        }
        data_type if is_bytes(data_type) => {
            let bytes = cast(array, &DataType::Binary)?;
            let base64 = base64::engine::general_purpose::STANDARD;
            texts(&|row| quoted(&base64.encode(bytes.as_binary::<i32>().value(row))))
        }
        DataType::List(_) | DataType::Struct(_) | DataType::Map(..) => nested(array, zone)?,
        data_type if data_type.is_numeric() => {
            let kind = flink_of(field).carried()?.kind;
            texts_of_values(array, &kind, zone)?
        }
        other => return exec_err!("{other} cannot be JSON: CAST it to STRING"),
    })
}

fn nested(array: &ArrayRef, zone: Zone) -> Result<Vec<Option<String>>> {
    let mut texts = Vec::with_capacity(array.len());
    for row in 0..array.len() {
        if array.is_null(row) {
            texts.push(None);
            continue;
        }
        texts.push(Some(match array.data_type() {
            DataType::List(item) => {
                let items = values_of(&array.as_list::<i32>().value(row), item, zone)?;
                written_array(items)
            }
            DataType::Struct(fields) => {
                let mut values = Vec::new();
                for (column, field) in array.as_struct().columns().iter().zip(fields) {
                    values.extend(values_of(&column.slice(row, 1), field, zone)?);
                }
                let keys = fields.iter().map(|field| field.name().clone());
                written_object(keys.zip(values))
            }
            _ => {
                let entries = array.as_map().value(row);
                let [key, value] = entries.fields().as_ref() else {
                    return exec_err!("a map without keys and values");
                };
                let kind = flink_of(key).carried()?.kind;
                let keys = texts_of_values(entries.column(0), &kind, zone)?
                    .into_iter()
                    .flatten();
                written_object(keys.zip(values_of(entries.column(1), value, zone)?))
            }
        }));
    }
    Ok(texts)
}

/// NULLs are null.
pub(super) fn written_array(items: impl IntoIterator<Item = Option<String>>) -> String {
    let mut text = String::from("[");
    for (index, item) in items.into_iter().enumerate() {
        separate(&mut text, index);
        text.push_str(item.as_deref().unwrap_or("null"));
    }
    text.push(']');
    text
}

pub(super) fn written_object(
    entries: impl IntoIterator<Item = (String, Option<String>)>,
) -> String {
    let mut text = String::from("{");
    for (index, (key, value)) in entries.into_iter().enumerate() {
        separate(&mut text, index);
        text.push_str(&quoted(&key));
        text.push(':');
        text.push_str(value.as_deref().unwrap_or("null"));
    }
    text.push('}');
    text
}
