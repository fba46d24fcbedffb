//! Values without parts as formats write them: what `columns` reads back.

use arrow_array::Array;
use arrow_array::cast::AsArray;
use arrow_array::types::{
    Date32Type, Decimal128Type, IntervalMonthDayNanoType, IntervalYearMonthType,
};
use arrow_schema::{DataType, IntervalUnit};

use super::value::{interval_millis, time_of_day, timestamp};
use super::{base64, decimal, time, write_value};
use crate::columns::TimestampFormat;

/// Adds a value without parts as a format writes it: timestamps in one of two ways, bytes in base 64, intervals as months or milliseconds;
/// decimals in plain digits, if asked for. The value is not null.
pub fn write_plain_value(
    out: &mut String,
    column: &dyn Array,
    row: usize,
    times: TimestampFormat,
    plain_decimals: bool,
) {
    match column.data_type() {
        DataType::Decimal128(_, scale) => {
            let value = column.as_primitive::<Decimal128Type>().value(row);
            if plain_decimals {
                decimal::write_plain(out, value, *scale);
            } else {
                decimal::write_scientific(out, value, *scale);
            }
        }
        DataType::Binary => base64::write(out, column.as_binary::<i32>().value(row)),
        DataType::Date32 => {
            time::write_date(out, column.as_primitive::<Date32Type>().value(row).into());
        }
        DataType::Time32(_) | DataType::Time64(_) => {
            if let Some(moment) = time_of_day(column, row) {
                time::write_time(out, moment.seconds as u32, moment.nanos);
            }
        }
        DataType::Timestamp(_, zone) => {
            if let Some(moment) = timestamp(column, row) {
                time::write_timestamp(out, moment, times.between());
            }
            if zone.is_some() {
                out.push('Z');
            }
        }
        DataType::Interval(IntervalUnit::YearMonth) => {
            let months = column.as_primitive::<IntervalYearMonthType>().value(row);
            out.push_str(&months.to_string());
        }
        DataType::Interval(IntervalUnit::MonthDayNano) => {
            let interval = column.as_primitive::<IntervalMonthDayNanoType>().value(row);
            out.push_str(&interval_millis(interval).to_string());
        }
        _ => write_value(out, column, row),
    }
}
