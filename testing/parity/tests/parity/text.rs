//! Values and types in the one form that both sides write: see README.md. `flink/Text.java` is the other half.

use arrow_array::cast::AsArray;
use arrow_array::types::*;
use arrow_array::{Array, ArrayRef};
use arrow_schema::{DataType as Arrow, IntervalUnit, Schema, TimeUnit};
use chrono::{DateTime, NaiveDate, TimeDelta};
use hurtig_sql::types::flink_of;
use hurtig_sql_parser::{DataType, IntervalType, TypeKind};
use hurtig_table::RowBatch;
use hurtig_types::{Result, RowKind};

/// The types of the columns, as a line.
pub(crate) fn types(schema: &Schema) -> Result<String> {
    let types = schema
        .fields()
        .iter()
        .map(|field| Ok(type_of(&flink_of(field)?)));
    let types: Result<Vec<_>> = types.collect();
    Ok(format!(": {}", types?.join(", ")))
}

fn type_of(data_type: &DataType) -> String {
    match &data_type.kind {
        TypeKind::Char(_) | TypeKind::Varchar(_) => "STRING".to_string(),
        TypeKind::Binary(_) | TypeKind::Varbinary(_) => "BYTES".to_string(),
        TypeKind::Time(_) => "TIME".to_string(),
        TypeKind::Timestamp(precision) => format!("TIMESTAMP({})", digits_of(*precision)),
        TypeKind::TimestampLtz(precision) => format!("TIMESTAMP_LTZ({})", digits_of(*precision)),
        TypeKind::Interval(IntervalType::YearMonth { .. }) => "INTERVAL MONTH".to_string(),
        TypeKind::Interval(IntervalType::DayTime { .. }) => "INTERVAL SECOND".to_string(),
        TypeKind::Array(item) => format!("ARRAY<{}>", type_of(item)),
        TypeKind::Map(key, value) => format!("MAP<{}, {}>", type_of(key), type_of(value)),
        TypeKind::Multiset(item) => format!("MULTISET<{}>", type_of(item)),
        TypeKind::Row(fields) => {
            let fields: Vec<_> = fields
                .iter()
                .map(|field| type_of(&field.data_type))
                .collect();
            format!("ROW<{}>", fields.join(", "))
        }
        kind => DataType::nullable(kind.clone()).to_string(),
    }
}

/// Times have as many digits as the unit that they are kept in.
const fn digits_of(precision: u32) -> usize {
    match precision {
        0..=3 => 3,
        4..=6 => 6,
        _ => 9,
    }
}

/// The rows of a batch, a line each.
pub(crate) fn rows(batch: &RowBatch) -> Vec<(RowKind, String)> {
    let line = |index| {
        let cells: Vec<_> = batch
            .columns
            .columns()
            .iter()
            .map(|column| value(column, index))
            .collect();
        (batch.kind(index), cells.join(" | "))
    };
    (0..batch.rows()).map(line).collect()
}

fn value(column: &ArrayRef, index: usize) -> String {
    if column.is_null(index) {
        return "NULL".to_string();
    }
    match column.data_type() {
        Arrow::Null => "NULL".to_string(),
        Arrow::Boolean => column.as_boolean().value(index).to_string(),
        Arrow::Utf8View => quoted(column.as_string_view().value(index)),
        Arrow::Utf8 => quoted(column.as_string::<i32>().value(index)),
        Arrow::LargeUtf8 => quoted(column.as_string::<i64>().value(index)),
        Arrow::Binary => bytes(column.as_binary::<i32>().value(index)),
        Arrow::BinaryView => bytes(column.as_binary_view().value(index)),
        Arrow::Decimal128(..) => column
            .as_primitive::<Decimal128Type>()
            .value_as_string(index),
        Arrow::Float32 => {
            let value = column.as_primitive::<Float32Type>().value(index);
            float(f64::from(value), &format!("{value:e}"))
        }
        Arrow::Float64 => {
            let value = column.as_primitive::<Float64Type>().value(index);
            float(value, &format!("{value:e}"))
        }
        Arrow::List(_) | Arrow::Struct(_) | Arrow::Map(..) => nested(column, index),
        Arrow::Date32
        | Arrow::Time32(_)
        | Arrow::Time64(_)
        | Arrow::Timestamp(..)
        | Arrow::Interval(_) => time(column, index),
        _ => integer(column, index),
    }
}

fn integer(column: &ArrayRef, index: usize) -> String {
    match column.data_type() {
        Arrow::Int8 => column.as_primitive::<Int8Type>().value(index).to_string(),
        Arrow::Int16 => column.as_primitive::<Int16Type>().value(index).to_string(),
        Arrow::Int32 => column.as_primitive::<Int32Type>().value(index).to_string(),
        Arrow::Int64 => column.as_primitive::<Int64Type>().value(index).to_string(),
        Arrow::UInt8 => column.as_primitive::<UInt8Type>().value(index).to_string(),
        Arrow::UInt16 => column.as_primitive::<UInt16Type>().value(index).to_string(),
        Arrow::UInt32 => column.as_primitive::<UInt32Type>().value(index).to_string(),
        Arrow::UInt64 => column.as_primitive::<UInt64Type>().value(index).to_string(),
        other => format!("<{other}>"),
    }
}

fn quoted(text: &str) -> String {
    let mut quoted = text.replace('\\', "\\\\");
    for (plain, escaped) in [("'", "\\'"), ("\n", "\\n"), ("\r", "\\r"), ("\t", "\\t")] {
        quoted = quoted.replace(plain, escaped);
    }
    format!("'{quoted}'")
}

fn bytes(bytes: &[u8]) -> String {
    let digits: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    format!("x'{digits}'")
}

/// The fewest digits that are read back as the same number; very large and very small ones as `1.5e300`.
fn float(value: f64, scientific: &str) -> String {
    if value.is_nan() {
        return "NaN".to_string();
    }
    if value.is_infinite() {
        return (if value > 0.0 { "Infinity" } else { "-Infinity" }).to_string();
    }
    let (digits, exponent) = scientific.split_once('e').unwrap();
    let exponent: i32 = exponent.parse().unwrap();
    if value != 0.0 && !(-7..17).contains(&exponent) {
        return scientific.to_string();
    }
    let (sign, digits) = digits
        .strip_prefix('-')
        .map_or(("", digits), |digits| ("-", digits));
    format!("{sign}{}", plain(&digits.replace('.', ""), exponent))
}

/// Digits with a point where the exponent says.
fn plain(digits: &str, exponent: i32) -> String {
    if exponent < 0 {
        return format!(
            "0.{}{digits}",
            "0".repeat(exponent.unsigned_abs() as usize - 1)
        );
    }
    let whole = exponent as usize + 1;
    if digits.len() <= whole {
        return format!("{digits}{}.0", "0".repeat(whole - digits.len()));
    }
    let (whole, fraction) = digits.split_at(whole);
    format!("{whole}.{fraction}")
}

fn time(column: &ArrayRef, index: usize) -> String {
    match column.data_type() {
        Arrow::Date32 => {
            let days = TimeDelta::days(i64::from(column.as_primitive::<Date32Type>().value(index)));
            let date = NaiveDate::default().checked_add_signed(days);
            date.map_or_else(|| "<no date>".to_string(), |date| date.to_string())
        }
        Arrow::Time32(TimeUnit::Second) => {
            time_of_day(i64::from(column.as_primitive::<Time32SecondType>().value(index)) * 1000)
        }
        Arrow::Time32(_) => time_of_day(i64::from(
            column.as_primitive::<Time32MillisecondType>().value(index),
        )),
        Arrow::Time64(TimeUnit::Microsecond) => {
            time_of_day(column.as_primitive::<Time64MicrosecondType>().value(index) / 1000)
        }
        Arrow::Time64(_) => {
            time_of_day(column.as_primitive::<Time64NanosecondType>().value(index) / 1_000_000)
        }
        Arrow::Timestamp(unit, zone) => {
            let end = if zone.is_some() { "Z" } else { "" };
            format!("{}{end}", timestamp(column, *unit, index))
        }
        Arrow::Interval(unit) => interval(column, *unit, index),
        other => format!("<{other}>"),
    }
}

fn time_of_day(millis: i64) -> String {
    let seconds = millis / 1000;
    format!(
        "{:02}:{:02}:{:02}.{:03}",
        seconds / 3600,
        seconds / 60 % 60,
        seconds % 60,
        millis % 1000
    )
}

fn timestamp(column: &ArrayRef, unit: TimeUnit, index: usize) -> String {
    let (time, digits) = match unit {
        TimeUnit::Second => (
            DateTime::from_timestamp(column.as_primitive::<TimestampSecondType>().value(index), 0),
            3,
        ),
        TimeUnit::Millisecond => (
            DateTime::from_timestamp_millis(
                column
                    .as_primitive::<TimestampMillisecondType>()
                    .value(index),
            ),
            3,
        ),
        TimeUnit::Microsecond => (
            DateTime::from_timestamp_micros(
                column
                    .as_primitive::<TimestampMicrosecondType>()
                    .value(index),
            ),
            6,
        ),
        TimeUnit::Nanosecond => (
            Some(DateTime::from_timestamp_nanos(
                column
                    .as_primitive::<TimestampNanosecondType>()
                    .value(index),
            )),
            9,
        ),
    };
    let Some(time) = time else {
        return "<no time>".to_string();
    };
    let nanos = format!("{:09}", time.timestamp_subsec_nanos());
    format!(
        "{}.{}",
        time.format("%Y-%m-%d %H:%M:%S"),
        nanos.split_at(digits).0
    )
}

fn interval(column: &ArrayRef, unit: IntervalUnit, index: usize) -> String {
    match unit {
        IntervalUnit::YearMonth => format!(
            "{} months",
            column.as_primitive::<IntervalYearMonthType>().value(index)
        ),
        IntervalUnit::DayTime => {
            let value = column.as_primitive::<IntervalDayTimeType>().value(index);
            format!(
                "{} ms",
                i64::from(value.days) * 86_400_000 + i64::from(value.milliseconds)
            )
        }
        IntervalUnit::MonthDayNano => {
            let value = column
                .as_primitive::<IntervalMonthDayNanoType>()
                .value(index);
            if value.months != 0 {
                return format!("{} months", value.months);
            }
            format!(
                "{} ms",
                i64::from(value.days) * 86_400_000 + value.nanoseconds / 1_000_000
            )
        }
    }
}

fn nested(column: &ArrayRef, index: usize) -> String {
    let all =
        |items: &ArrayRef| -> Vec<String> { (0..items.len()).map(|at| value(items, at)).collect() };
    match column.data_type() {
        Arrow::List(_) => format!(
            "[{}]",
            all(&column.as_list::<i32>().value(index)).join(", ")
        ),
        Arrow::Struct(_) => {
            let fields: Vec<_> = column
                .as_struct()
                .columns()
                .iter()
                .map(|field| value(field, index))
                .collect();
            format!("({})", fields.join(", "))
        }
        _ => {
            let entries = column.as_map().value(index);
            let pairs = all(entries.column(0))
                .into_iter()
                .zip(all(entries.column(1)));
            let mut pairs: Vec<_> = pairs.map(|(key, value)| format!("{key}={value}")).collect();
            pairs.sort();
            format!("{{{}}}", pairs.join(", "))
        }
    }
}
