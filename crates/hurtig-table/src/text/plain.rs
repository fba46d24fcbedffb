//! Values without parts as formats write them: what `columns` reads back.

use arrow_array::cast::AsArray;
use arrow_array::types::{
    Date32Type, Decimal128Type, IntervalMonthDayNanoType, IntervalYearMonthType,
};
use arrow_array::{Array, Int64Array, StringViewArray, TimestampMillisecondArray};
use arrow_schema::{DataType, IntervalUnit, TimeUnit};

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

/// A column whose values are written one after another, as [`write_plain_value`] would: what depends on the column alone is looked at
/// once, and a date that many rows share is written once.
pub struct PlainColumn<'a> {
    values: Values<'a>,
    times: TimestampFormat,
    plain_decimals: bool,
    /// The day that was written last, and its text.
    date: (i64, String),
}

enum Values<'a> {
    Text(&'a StringViewArray),
    Long(&'a Int64Array),
    /// Without zone.
    Millis(&'a TimestampMillisecondArray),
    Other(&'a dyn Array),
}

impl<'a> PlainColumn<'a> {
    /// The values of a column.
    pub fn new(column: &'a dyn Array, times: TimestampFormat, plain_decimals: bool) -> Self {
        let values = match column.data_type() {
            DataType::Utf8View => Values::Text(column.as_string_view()),
            DataType::Int64 => Values::Long(column.as_primitive()),
            DataType::Timestamp(TimeUnit::Millisecond, None) => {
                Values::Millis(column.as_primitive())
            }
            _ => Values::Other(column),
        };
        Self {
            values,
            times,
            plain_decimals,
            date: (i64::MIN, String::new()),
        }
    }

    /// The text of a row, if the column is one of texts.
    pub fn text(&self, row: usize) -> Option<&'a str> {
        match self.values {
            Values::Text(texts) => Some(texts.value(row)),
            _ => None,
        }
    }

    /// Adds the value of a row that is not null.
    pub fn write(&mut self, out: &mut String, row: usize) {
        match self.values {
            Values::Text(texts) => out.push_str(texts.value(row)),
            Values::Long(longs) => out.push_str(itoa::Buffer::new().format(longs.value(row))),
            Values::Millis(millis) => self.write_millis(out, millis.value(row)),
            Values::Other(column) => {
                write_plain_value(out, column, row, self.times, self.plain_decimals);
            }
        }
    }

    fn write_millis(&mut self, out: &mut String, millis: i64) {
        let day = millis.div_euclid(DAY_MILLIS);
        if self.date.0 != day {
            self.date.0 = day;
            self.date.1.clear();
            time::write_date(&mut self.date.1, day);
        }
        let of_day = millis.rem_euclid(DAY_MILLIS) as u32;
        out.push_str(&self.date.1);
        out.push(self.times.between());
        time::write_time(out, of_day / 1000, of_day % 1000 * 1_000_000);
    }
}

const DAY_MILLIS: i64 = 86_400_000;

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow_array::ArrayRef;
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_column_is_written_as_its_values_are(
            millis in prop::collection::vec(-100_000_000_000_i64..100_000_000_000, 1..20),
            text: String,
        ) {
            let texts = vec![text.as_str(); millis.len()];
            let columns: [ArrayRef; 4] = [
                Arc::new(TimestampMillisecondArray::from(millis.clone())),
                Arc::new(Int64Array::from(millis.clone())),
                Arc::new(StringViewArray::from(texts)),
                Arc::new(TimestampMillisecondArray::from(millis).with_timezone("UTC")),
            ];
            for column in &columns {
                let mut plain = PlainColumn::new(column, TimestampFormat::Sql, true);
                for row in 0..column.len() {
                    let (mut one, mut other) = (String::new(), String::new());
                    plain.write(&mut one, row);
                    write_plain_value(&mut other, column, row, TimestampFormat::Sql, true);
                    prop_assert_eq!(one, other);
                }
            }
        }
    }
}
