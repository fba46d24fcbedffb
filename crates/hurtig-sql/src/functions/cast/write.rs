//! Values as text and as bytes.

use std::fmt::Write;
use std::sync::Arc;

use arrow_array::builder::{BinaryBuilder, StringViewBuilder};
use arrow_array::cast::AsArray;
use arrow_array::types::*;
use arrow_array::{Array, ArrayRef};
use arrow_cast::cast as arrow_cast;
use arrow_schema::{DataType as Arrow, Field, IntervalUnit};
use chrono::Timelike;
use datafusion_common::{Result, internal_err};
use datafusion_expr::ColumnarValue;
use hurtig_sql_parser::TypeKind;

use super::super::arguments::Arguments;
use super::super::parameters::{is_bytes, is_text};
use super::super::time::{Times, Zone};
use super::digits::{text_of_double, text_of_float};
use crate::error::Carry;
use crate::types::flink_of;

/// Values as texts of a type: cut to its length, and filled up if it is CHAR.
pub(super) fn to_text(
    array: &ArrayRef,
    from: &TypeKind,
    to: &TypeKind,
    zone: Zone,
) -> Result<ArrayRef> {
    let length = match to {
        TypeKind::Char(length) | TypeKind::Varchar(length) => *length as usize,
        _ => usize::MAX,
    };
    let is_char = matches!(to, TypeKind::Char(_));
    if is_text(array.data_type()) && *to == TypeKind::STRING {
        return Ok(arrow_cast(array, &Arrow::Utf8View)?);
    }
    let mut texts = StringViewBuilder::with_capacity(array.len());
    for text in texts_of_values(array, from, zone)? {
        texts.append_option(text.map(|text| fitted(text, length, is_char)));
    }
    Ok(Arc::new(texts.finish()))
}

fn fitted(mut text: String, length: usize, is_char: bool) -> String {
    if let Some((end, _)) = text.char_indices().nth(length) {
        text.truncate(end);
    }
    if is_char {
        let count = text.chars().count();
        text.extend(std::iter::repeat_n(' ', length.saturating_sub(count)));
    }
    text
}

/// Values as bytes of a type: text as UTF-8.
pub(super) fn to_bytes(array: &ArrayRef, to: &TypeKind) -> Result<ArrayRef> {
    let array = if is_text(array.data_type()) {
        arrow_cast(&arrow_cast(array, &Arrow::Utf8)?, &Arrow::Binary)?
    } else {
        arrow_cast(array, &Arrow::Binary)?
    };
    let (length, is_fixed) = match to {
        TypeKind::Binary(length) => (*length as usize, true),
        TypeKind::Varbinary(length) => (*length as usize, false),
        _ => (usize::MAX, false),
    };
    let mut all = BinaryBuilder::with_capacity(array.len(), 0);
    for bytes in array.as_binary::<i32>() {
        let mut bytes = bytes.map(|bytes| bytes.get(..length).unwrap_or(bytes).to_vec());
        if let (Some(bytes), true) = (&mut bytes, is_fixed) {
            bytes.resize(length, 0);
        }
        all.append_option(bytes);
    }
    Ok(Arc::new(all.finish()))
}

/// Each value as text.
pub(in crate::functions) fn texts_of_values(
    array: &ArrayRef,
    kind: &TypeKind,
    zone: Zone,
) -> Result<Vec<Option<String>>> {
    let rows = 0..array.len();
    let texts = |text: &dyn Fn(usize) -> String| -> Vec<Option<String>> {
        rows.map(|row| (!array.is_null(row)).then(|| text(row)))
            .collect()
    };
    Ok(match array.data_type() {
        Arrow::Null => vec![None; array.len()],
        Arrow::Boolean => texts(&|row| {
            if array.as_boolean().value(row) {
                "TRUE"
            } else {
                "FALSE"
            }
            .to_string()
        }),
        Arrow::Float32 => {
            texts(&|row| text_of_float(array.as_primitive::<Float32Type>().value(row)))
        }
        Arrow::Float64 => {
            texts(&|row| text_of_double(array.as_primitive::<Float64Type>().value(row)))
        }
        Arrow::Decimal128(..) => {
            texts(&|row| array.as_primitive::<Decimal128Type>().value_as_string(row))
        }
        Arrow::Interval(unit) => texts(&|row| interval(array, *unit, row)),
        Arrow::Date32 | Arrow::Time32(_) | Arrow::Time64(_) | Arrow::Timestamp(..) => {
            times(array, kind, zone)?
        }
        Arrow::List(_) | Arrow::Map(..) | Arrow::Struct(_) => nested(array, zone)?,
        data_type if is_bytes(data_type) => {
            let bytes = arrow_cast(array, &Arrow::Binary)?;
            texts(&|row| String::from_utf8_lossy(bytes.as_binary::<i32>().value(row)).into_owned())
        }
        _ => {
            let written = arrow_cast(array, &Arrow::Utf8View)?;
            texts(&|row| written.as_string_view().value(row).to_string())
        }
    })
}

/// With as many digits of a second as the type has.
fn times(array: &ArrayRef, kind: &TypeKind, zone: Zone) -> Result<Vec<Option<String>>> {
    let values = [ColumnarValue::Array(Arc::clone(array))];
    let arguments = Arguments {
        values: &values,
        fields: &[],
        rows: array.len(),
        returns: &Arc::new(Field::new("", Arrow::Utf8View, true)),
        zone,
    };
    let times = Times::of(&arguments, 0)?;
    let text = |row| {
        let time = times.at(row)?;
        Some(match kind {
            TypeKind::Date => time.date().to_string(),
            TypeKind::Time(digits) => format!(
                "{}{}",
                time.format("%H:%M:%S"),
                fraction(time.nanosecond(), *digits)
            ),
            TypeKind::Timestamp(digits) | TypeKind::TimestampLtz(digits) => {
                format!(
                    "{}{}",
                    time.format("%Y-%m-%d %H:%M:%S"),
                    fraction(time.nanosecond(), *digits)
                )
            }
            _ => time.to_string(),
        })
    };
    Ok((0..array.len()).map(text).collect())
}

fn fraction(nanos: u32, digits: u32) -> String {
    if digits == 0 {
        return String::new();
    }
    let all = format!("{nanos:09}");
    format!(".{}", all.get(..digits as usize).unwrap_or(&all))
}

/// `+1-02` of months, `+1 02:03:04.567` of time.
fn interval(array: &ArrayRef, unit: IntervalUnit, row: usize) -> String {
    let (months, millis) = match unit {
        IntervalUnit::YearMonth => (
            i64::from(array.as_primitive::<IntervalYearMonthType>().value(row)),
            0,
        ),
        IntervalUnit::DayTime => {
            let value = array.as_primitive::<IntervalDayTimeType>().value(row);
            (
                0,
                i64::from(value.days) * 86_400_000 + i64::from(value.milliseconds),
            )
        }
        IntervalUnit::MonthDayNano => {
            let value = array.as_primitive::<IntervalMonthDayNanoType>().value(row);
            (
                i64::from(value.months),
                i64::from(value.days) * 86_400_000 + value.nanoseconds / 1_000_000,
            )
        }
    };
    let sign = if months < 0 || millis < 0 { '-' } else { '+' };
    if months != 0 || unit == IntervalUnit::YearMonth {
        return format!("{sign}{}-{:02}", months.abs() / 12, months.abs() % 12);
    }
    let millis = millis.abs();
    let (hours, minutes, seconds) = (
        millis / 3_600_000 % 24,
        millis / 60_000 % 60,
        millis / 1000 % 60,
    );
    format!(
        "{sign}{} {hours:02}:{minutes:02}:{seconds:02}.{:03}",
        millis / 86_400_000,
        millis % 1000
    )
}

/// `[1, 2]`, `{a=1}`, `(1, x)`.
fn nested(array: &ArrayRef, zone: Zone) -> Result<Vec<Option<String>>> {
    let mut texts = Vec::with_capacity(array.len());
    for row in 0..array.len() {
        if array.is_null(row) {
            texts.push(None);
            continue;
        }
        texts.push(Some(match array.data_type() {
            Arrow::List(item) => {
                let items = items(&array.as_list::<i32>().value(row), item, zone)?;
                format!("[{}]", items.join(", "))
            }
            Arrow::Struct(fields) => {
                let columns = array.as_struct().columns().iter().zip(fields);
                let values =
                    columns.map(|(column, field)| items(&column.slice(row, 1), field, zone));
                let values = values.collect::<Result<Vec<_>>>()?.concat();
                format!("({})", values.join(", "))
            }
            _ => entries(array, row, zone)?,
        }));
    }
    Ok(texts)
}

fn items(array: &ArrayRef, field: &Field, zone: Zone) -> Result<Vec<String>> {
    let kind = flink_of(field).carried()?.kind;
    let texts = texts_of_values(array, &kind, zone)?;
    Ok(texts
        .into_iter()
        .map(|text| text.unwrap_or_else(|| "NULL".to_string()))
        .collect())
}

fn entries(array: &ArrayRef, row: usize, zone: Zone) -> Result<String> {
    let entries = array.as_map().value(row);
    let (columns, fields) = (entries.columns(), entries.fields());
    let ([keys, values], [key, value]) = (columns, fields.as_ref()) else {
        return internal_err!("a map without keys and values");
    };
    let pairs = items(keys, key, zone)?
        .into_iter()
        .zip(items(values, value, zone)?);
    let mut text = String::from("{");
    for (index, (key, value)) in pairs.enumerate() {
        let comma = if index > 0 { ", " } else { "" };
        // Writing to a string does not fail.
        let _ = write!(text, "{comma}{key}={value}");
    }
    text.push('}');
    Ok(text)
}
