//! Any value as text, for people: what Java's `toString` says of it.

use std::fmt::Write;

use arrow_array::cast::AsArray;
use arrow_array::types::{
    Date32Type, Decimal128Type, Float32Type, Float64Type, Int8Type, Int16Type, Int32Type,
    Int64Type, IntervalMonthDayNano, IntervalMonthDayNanoType, IntervalYearMonthType,
    Time32MillisecondType, Time32SecondType, Time64MicrosecondType, Time64NanosecondType,
    TimestampMicrosecondType, TimestampMillisecondType, TimestampNanosecondType,
    TimestampSecondType,
};
use arrow_array::{Array, ArrayRef, StructArray};
use arrow_schema::{DataType, IntervalUnit, TimeUnit};
use hurtig_types::RowKind;

use super::time::Moment;
use super::{decimal, number, time};

/// Adds a row as Flink's `print` does: `+I[1, a, null]`.
///
/// ```
/// use std::sync::Arc;
/// use arrow_array::{ArrayRef, Int64Array, StringViewArray};
/// use hurtig_types::RowKind;
///
/// let columns: [ArrayRef; 2] = [
///     Arc::new(Int64Array::from(vec![7])),
///     Arc::new(StringViewArray::from(vec![None::<&str>])),
/// ];
/// let mut text = String::new();
/// hurtig_table::text::write_row(&mut text, RowKind::UpdateAfter, &columns, 0);
/// assert_eq!(text, "+U[7, null]");
/// ```
pub fn write_row(out: &mut String, kind: RowKind, columns: &[ArrayRef], row: usize) {
    out.push_str(kind.symbol());
    write_list(out, columns.len(), |out, index| {
        if let Some(column) = columns.get(index) {
            write_value(out, column, row);
        }
    });
}

/// Adds the value of a row of a column; `null` for none.
pub fn write_value(out: &mut String, column: &dyn Array, row: usize) {
    if row >= column.len() || column.is_null(row) {
        out.push_str("null");
        return;
    }
    match column.data_type() {
        DataType::Struct(_) => write_struct(out, column.as_struct(), row),
        DataType::List(_) => {
            let items = column.as_list::<i32>().value(row);
            write_list(out, items.len(), |out, index| {
                write_value(out, &items, index)
            });
        }
        DataType::Map(..) => write_map(out, &column.as_map().value(row)),
        DataType::Binary => {
            let bytes = column.as_binary::<i32>().value(row);
            write_list(out, bytes.len(), |out, index| {
                let byte = bytes.get(index).copied().unwrap_or_default();
                push(out, format_args!("{}", byte as i8));
            });
        }
        _ => write_scalar(out, column, row),
    }
}

fn write_struct(out: &mut String, row: &StructArray, index: usize) {
    write_row(out, RowKind::Insert, row.columns(), index);
}

fn write_map(out: &mut String, entries: &StructArray) {
    let [keys, values] = entries.columns() else {
        return;
    };
    out.push('{');
    for index in 0..entries.len() {
        if index > 0 {
            out.push_str(", ");
        }
        write_value(out, keys, index);
        out.push('=');
        write_value(out, values, index);
    }
    out.push('}');
}

fn write_list(out: &mut String, length: usize, mut write: impl FnMut(&mut String, usize)) {
    out.push('[');
    for index in 0..length {
        if index > 0 {
            out.push_str(", ");
        }
        write(out, index);
    }
    out.push(']');
}

/// Writing to a text does not fail.
fn push(out: &mut String, value: std::fmt::Arguments<'_>) {
    let _written = out.write_fmt(value);
}

fn write_whole(out: &mut String, number: impl itoa::Integer) {
    out.push_str(itoa::Buffer::new().format(number));
}

fn write_scalar(out: &mut String, column: &dyn Array, row: usize) {
    match column.data_type() {
        DataType::Utf8View => out.push_str(column.as_string_view().value(row)),
        DataType::Utf8 => out.push_str(column.as_string::<i32>().value(row)),
        DataType::Boolean => push(out, format_args!("{}", column.as_boolean().value(row))),
        DataType::Int8 => write_whole(out, column.as_primitive::<Int8Type>().value(row)),
        DataType::Int16 => write_whole(out, column.as_primitive::<Int16Type>().value(row)),
        DataType::Int32 => write_whole(out, column.as_primitive::<Int32Type>().value(row)),
        DataType::Int64 => write_whole(out, column.as_primitive::<Int64Type>().value(row)),
        DataType::Float32 => {
            number::write_f32(out, column.as_primitive::<Float32Type>().value(row))
        }
        DataType::Float64 => {
            number::write_f64(out, column.as_primitive::<Float64Type>().value(row))
        }
        DataType::Decimal128(_, scale) => {
            let value = column.as_primitive::<Decimal128Type>().value(row);
            decimal::write_scientific(out, value, *scale);
        }
        DataType::Interval(IntervalUnit::YearMonth) => {
            let months = column.as_primitive::<IntervalYearMonthType>().value(row);
            write_period(out, months);
        }
        DataType::Interval(IntervalUnit::MonthDayNano) => {
            let interval = column.as_primitive::<IntervalMonthDayNanoType>().value(row);
            write_duration(out, interval_millis(interval));
        }
        _ => write_temporal(out, column, row),
    }
}

fn write_temporal(out: &mut String, column: &dyn Array, row: usize) {
    match column.data_type() {
        DataType::Date32 => {
            time::write_date(out, column.as_primitive::<Date32Type>().value(row).into());
        }
        DataType::Timestamp(_, zone) => {
            let Some(moment) = timestamp(column, row) else {
                return;
            };
            match zone {
                Some(_) => time::write_instant(out, moment),
                None => time::write_java_timestamp(out, moment),
            }
        }
        other => match time_of_day(column, row) {
            Some(moment) => time::write_java_time(out, moment.seconds as u32, moment.nanos),
            None => push(out, format_args!("<{other}>")),
        },
    }
}

/// The point in time of a timestamp column, whatever its unit; none for other types.
pub(super) fn timestamp(column: &dyn Array, row: usize) -> Option<Moment> {
    let DataType::Timestamp(unit, _) = column.data_type() else {
        return None;
    };
    let value = match unit {
        TimeUnit::Second => column.as_primitive::<TimestampSecondType>().value(row),
        TimeUnit::Millisecond => column.as_primitive::<TimestampMillisecondType>().value(row),
        TimeUnit::Microsecond => column.as_primitive::<TimestampMicrosecondType>().value(row),
        TimeUnit::Nanosecond => column.as_primitive::<TimestampNanosecondType>().value(row),
    };
    Some(Moment::of(value, *unit))
}

/// The time of day of a time column, whatever its unit; none for other types.
pub(super) fn time_of_day(column: &dyn Array, row: usize) -> Option<Moment> {
    let (value, unit) = match column.data_type() {
        DataType::Time32(TimeUnit::Second) => {
            let value = column.as_primitive::<Time32SecondType>().value(row);
            (i64::from(value), TimeUnit::Second)
        }
        DataType::Time32(TimeUnit::Millisecond) => {
            let value = column.as_primitive::<Time32MillisecondType>().value(row);
            (i64::from(value), TimeUnit::Millisecond)
        }
        DataType::Time64(TimeUnit::Microsecond) => {
            let value = column.as_primitive::<Time64MicrosecondType>().value(row);
            (value, TimeUnit::Microsecond)
        }
        DataType::Time64(TimeUnit::Nanosecond) => {
            let value = column.as_primitive::<Time64NanosecondType>().value(row);
            (value, TimeUnit::Nanosecond)
        }
        _ => return None,
    };
    Some(Moment::of(value, unit))
}

/// The milliseconds of an interval of days and smaller.
pub(super) fn interval_millis(interval: IntervalMonthDayNano) -> i64 {
    i64::from(interval.days) * 86_400_000 + interval.nanoseconds / 1_000_000
}

/// Java's `Period`: `P1Y2M`.
fn write_period(out: &mut String, months: i32) {
    if months == 0 {
        return out.push_str("P0D");
    }
    out.push('P');
    for (number, letter) in [(months / 12, 'Y'), (months % 12, 'M')] {
        if number != 0 {
            push(out, format_args!("{number}{letter}"));
        }
    }
}

/// Java's `Duration`: `PT1H30M`.
fn write_duration(out: &mut String, millis: i64) {
    if millis == 0 {
        return out.push_str("PT0S");
    }
    out.push_str("PT");
    let seconds = millis / 1000;
    for (number, letter) in [(seconds / 3600, 'H'), (seconds / 60 % 60, 'M')] {
        if number != 0 {
            push(out, format_args!("{number}{letter}"));
        }
    }
    let (seconds, millis) = (seconds % 60, millis % 1000);
    if seconds == 0 && millis == 0 {
        return;
    }
    let sign = if seconds < 0 || millis < 0 { "-" } else { "" };
    push(out, format_args!("{sign}{}", seconds.unsigned_abs()));
    if millis != 0 {
        let digits = format!("{:03}", millis.unsigned_abs());
        push(out, format_args!(".{}", digits.trim_end_matches('0')));
    }
    out.push('S');
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;

    use arrow_array::builder::{Int32Builder, ListBuilder, MapBuilder, StringBuilder};
    use arrow_array::{
        BinaryArray, Date32Array, Decimal128Array, Float64Array, Int64Array,
        Time32MillisecondArray, TimestampMillisecondArray,
    };
    use arrow_schema::Field;

    fn shown(column: ArrayRef) -> String {
        let mut text = String::new();
        write_value(&mut text, &column, 0);
        text
    }

    #[test]
    fn values_look_like_javas() {
        assert_eq!(shown(Arc::new(Float64Array::from(vec![10.0]))), "10.0");
        let decimal = Decimal128Array::from(vec![150]).with_precision_and_scale(10, 2);
        assert_eq!(shown(Arc::new(decimal.unwrap())), "1.50");
        let noon = TimestampMillisecondArray::from(vec![1_609_329_600_000]);
        assert_eq!(shown(Arc::new(noon.clone())), "2020-12-30T12:00");
        assert_eq!(
            shown(Arc::new(noon.with_timezone("UTC"))),
            "2020-12-30T12:00:00Z"
        );
        assert_eq!(shown(Arc::new(Date32Array::from(vec![31]))), "1970-02-01");
        assert_eq!(
            shown(Arc::new(Time32MillisecondArray::from(vec![61_500]))),
            "00:01:01.500"
        );
        assert_eq!(
            shown(Arc::new(BinaryArray::from_vec(vec![&[1, 255]]))),
            "[1, -1]"
        );
    }

    #[test]
    fn nested_values_look_like_javas() {
        let mut list = ListBuilder::new(Int32Builder::new());
        list.append_value([Some(1), None]);
        assert_eq!(shown(Arc::new(list.finish())), "[1, null]");
        let mut map = MapBuilder::new(None, StringBuilder::new(), Int32Builder::new());
        for (key, value) in [("a", 1), ("b", 2)] {
            map.keys().append_value(key);
            map.values().append_value(value);
        }
        map.append(true).unwrap();
        assert_eq!(shown(Arc::new(map.finish())), "{a=1, b=2}");
        let id: ArrayRef = Arc::new(Int64Array::from(vec![7]));
        let field = Arc::new(Field::new("id", DataType::Int64, true));
        assert_eq!(
            shown(Arc::new(StructArray::from(vec![(field, id)]))),
            "+I[7]"
        );
    }

    #[test]
    fn intervals_look_like_javas() {
        let of = |millis| {
            let mut text = String::new();
            write_duration(&mut text, millis);
            text
        };
        assert_eq!(of(5_400_000), "PT1H30M");
        assert_eq!(of(1_500), "PT1.5S");
        let mut text = String::new();
        write_period(&mut text, 14);
        assert_eq!(text, "P1Y2M");
    }
}
