//! Values as Flink's clients write them.

use arrow_array::cast::AsArray;
use arrow_array::types::*;
use arrow_array::{Array, ArrayRef};
use arrow_schema::{DataType, TimeUnit};
use chrono::{DateTime, NaiveDate, NaiveDateTime, TimeDelta};
use hurtig_table::text::write_value;

/// A cell as text; `None` for NULL.
pub(super) fn text(column: &ArrayRef, index: usize) -> Option<String> {
    if column.is_null(index) {
        return None;
    }
    Some(match column.data_type() {
        DataType::Boolean => {
            let value = column.as_boolean().value(index);
            (if value { "TRUE" } else { "FALSE" }).to_string()
        }
        DataType::Int8 => column.as_primitive::<Int8Type>().value(index).to_string(),
        DataType::Int16 => column.as_primitive::<Int16Type>().value(index).to_string(),
        DataType::Int32 => column.as_primitive::<Int32Type>().value(index).to_string(),
        DataType::Int64 => column.as_primitive::<Int64Type>().value(index).to_string(),
        DataType::Float32 => float(
            f64::from(column.as_primitive::<Float32Type>().value(index)),
            true,
        ),
        DataType::Float64 => float(column.as_primitive::<Float64Type>().value(index), false),
        DataType::Decimal128(..) => column
            .as_primitive::<Decimal128Type>()
            .value_as_string(index),
        DataType::Utf8View => column.as_string_view().value(index).to_string(),
        DataType::Utf8 => column.as_string::<i32>().value(index).to_string(),
        DataType::Binary => bytes(column.as_binary::<i32>().value(index)),
        DataType::Date32 => date(column.as_primitive::<Date32Type>().value(index)),
        DataType::Time32(_) => time(column.as_primitive::<Time32MillisecondType>().value(index)),
        DataType::Timestamp(unit, _) => timestamp(column, *unit, index),
        _ => return nested(column, index),
    })
}

fn nested(column: &ArrayRef, index: usize) -> Option<String> {
    let items = |column: &ArrayRef| -> Vec<String> {
        (0..column.len())
            .map(|index| text(column, index).unwrap_or_else(|| "NULL".to_string()))
            .collect()
    };
    Some(match column.data_type() {
        DataType::List(_) => {
            let list = column.as_list::<i32>().value(index);
            format!("[{}]", items(&list).join(", "))
        }
        DataType::Struct(_) => {
            let fields = column.as_struct().columns().iter();
            let fields =
                fields.map(|field| text(field, index).unwrap_or_else(|| "NULL".to_string()));
            format!("({})", fields.collect::<Vec<_>>().join(", "))
        }
        DataType::Map(..) => {
            let entries = column.as_map().value(index);
            let [keys, values] = entries.columns() else {
                return None;
            };
            let pairs = items(keys).into_iter().zip(items(values));
            let pairs = pairs.map(|(key, value)| format!("{key}={value}"));
            format!("{{{}}}", pairs.collect::<Vec<_>>().join(", "))
        }
        // Intervals: as `print` writes them.
        _ => {
            let mut out = String::new();
            write_value(&mut out, column, index);
            out
        }
    })
}

/// As Java writes it: at least one digit behind the point, an exponent for large and small ones.
fn float(value: f64, single: bool) -> String {
    if value.is_nan() {
        return "NaN".to_string();
    }
    if value.is_infinite() {
        return (if value > 0.0 { "Infinity" } else { "-Infinity" }).to_string();
    }
    let plain = value == 0.0 || (1e-3..1e7).contains(&value.abs());
    let shortest = |value: f64, exponent: bool| match (single, exponent) {
        (true, false) => format!("{:?}", value as f32),
        (true, true) => format!("{:e}", value as f32),
        (false, false) => format!("{value:?}"),
        (false, true) => format!("{value:e}"),
    };
    if plain {
        return shortest(value, false);
    }
    let text = shortest(value, true);
    match text.split_once('e') {
        Some((digits, exponent)) if digits.contains('.') => format!("{digits}E{exponent}"),
        Some((digits, exponent)) => format!("{digits}.0E{exponent}"),
        None => text,
    }
}

fn bytes(value: &[u8]) -> String {
    let digits: Vec<_> = value.iter().map(|byte| format!("{byte:02x}")).collect();
    format!("x'{}'", digits.concat())
}

fn date(days: i32) -> String {
    let epoch = NaiveDate::default();
    let date = epoch.checked_add_signed(TimeDelta::days(i64::from(days)));
    date.map_or_else(|| format!("day {days}"), |date| date.to_string())
}

fn time(millis: i32) -> String {
    let seconds = millis.div_euclid(1000);
    let (hours, minutes) = (seconds / 3600, seconds / 60 % 60);
    let time = format!("{hours:02}:{minutes:02}:{:02}", seconds % 60);
    match millis.rem_euclid(1000) {
        0 => time,
        millis => format!("{time}.{millis:03}"),
    }
}

/// Instants (TIMESTAMP_LTZ) are shown in UTC.
fn timestamp(column: &ArrayRef, unit: TimeUnit, index: usize) -> String {
    let (time, digits) = match unit {
        TimeUnit::Second => {
            let seconds = column.as_primitive::<TimestampSecondType>().value(index);
            (DateTime::from_timestamp(seconds, 0), 0)
        }
        TimeUnit::Millisecond => {
            let millis = column
                .as_primitive::<TimestampMillisecondType>()
                .value(index);
            (DateTime::from_timestamp_millis(millis), 3)
        }
        TimeUnit::Microsecond => {
            let micros = column
                .as_primitive::<TimestampMicrosecondType>()
                .value(index);
            (DateTime::from_timestamp_micros(micros), 6)
        }
        TimeUnit::Nanosecond => {
            let nanos = column
                .as_primitive::<TimestampNanosecondType>()
                .value(index);
            (Some(DateTime::from_timestamp_nanos(nanos)), 9)
        }
    };
    let time = time.map(|time| time.naive_utc());
    time.map_or_else(|| "<out of range>".to_string(), |time| stamp(time, digits))
}

fn stamp(time: NaiveDateTime, digits: usize) -> String {
    let seconds = time.format("%Y-%m-%d %H:%M:%S").to_string();
    if digits == 0 {
        return seconds;
    }
    let nanos = format!("{:09}", time.and_utc().timestamp_subsec_nanos());
    let fraction = nanos.get(..digits).unwrap_or(&nanos);
    format!("{seconds}.{fraction}")
}

#[cfg(test)]
mod tests {
    use super::float;

    #[test]
    fn numbers_are_written_as_java_does() {
        let written = [1.0, 0.5, 1e7, 1.25e-5, 123456789.5, -0.0, 1e100];
        let written: Vec<_> = written
            .into_iter()
            .map(|value| float(value, false))
            .collect();
        let expected = [
            "1.0",
            "0.5",
            "1.0E7",
            "1.25E-5",
            "1.234567895E8",
            "-0.0",
            "1.0E100",
        ];
        assert_eq!(written, expected);
    }
}
