//! Columns of values without parts, from their texts.

use std::str::FromStr;
use std::sync::Arc;

use arrow_array::builder::{
    BinaryBuilder, BooleanBuilder, Decimal128Builder, Float32Builder, Float64Builder, Int8Builder,
    Int16Builder, Int32Builder, Int64Builder, IntervalMonthDayNanoBuilder, StringViewBuilder,
};
use arrow_array::types::IntervalMonthDayNano;
use arrow_array::{Array, ArrayRef, make_array};
use arrow_schema::{ArrowError, DataType, IntervalUnit, TimeUnit};

use crate::text::time::{Moment, parse_date, parse_time, parse_timestamp};
use crate::text::{base64, decimal};

/// How timestamps are written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum TimestampFormat {
    /// `2020-12-30 12:13:14.123`, and `Z` behind it where there is a zone.
    #[default]
    Sql,
    /// `2020-12-30T12:13:14.123`, and `Z` behind it where there is a zone.
    Iso8601,
}

impl TimestampFormat {
    /// What stands between date and time.
    pub const fn between(self) -> char {
        match self {
            Self::Sql => ' ',
            Self::Iso8601 => 'T',
        }
    }
}

/// A column of values without parts.
pub struct ScalarBuilder {
    data_type: DataType,
    values: Values,
}

enum Values {
    Boolean(BooleanBuilder),
    Int8(Int8Builder),
    Int16(Int16Builder),
    /// Of whole numbers, dates, times of day and months.
    Int32(Int32Builder),
    /// Of whole numbers and timestamps.
    Int64(Int64Builder),
    Float32(Float32Builder),
    Float64(Float64Builder),
    Decimal(Decimal128Builder, u8, i8),
    Text(StringViewBuilder),
    Bytes(BinaryBuilder),
    Interval(IntervalMonthDayNanoBuilder),
}

/// Calls the same of every builder.
macro_rules! of_each {
    ($values:expr, $builder:ident => $call:expr) => {
        match $values {
            Values::Boolean($builder) => $call,
            Values::Int8($builder) => $call,
            Values::Int16($builder) => $call,
            Values::Int32($builder) => $call,
            Values::Int64($builder) => $call,
            Values::Float32($builder) => $call,
            Values::Float64($builder) => $call,
            Values::Decimal($builder, ..) => $call,
            Values::Text($builder) => $call,
            Values::Bytes($builder) => $call,
            Values::Interval($builder) => $call,
        }
    };
}

impl ScalarBuilder {
    pub(super) fn new(data_type: &DataType) -> Option<Self> {
        let values = match data_type {
            DataType::Boolean => Values::Boolean(BooleanBuilder::new()),
            DataType::Int8 => Values::Int8(Int8Builder::new()),
            DataType::Int16 => Values::Int16(Int16Builder::new()),
            DataType::Int32
            | DataType::Date32
            | DataType::Time32(TimeUnit::Millisecond)
            | DataType::Interval(IntervalUnit::YearMonth) => Values::Int32(Int32Builder::new()),
            DataType::Int64 | DataType::Timestamp(..) => Values::Int64(Int64Builder::new()),
            DataType::Float32 => Values::Float32(Float32Builder::new()),
            DataType::Float64 => Values::Float64(Float64Builder::new()),
            DataType::Decimal128(precision, scale) => {
                Values::Decimal(Decimal128Builder::new(), *precision, *scale)
            }
            DataType::Utf8View => Values::Text(StringViewBuilder::new()),
            DataType::Binary => Values::Bytes(BinaryBuilder::new()),
            DataType::Interval(IntervalUnit::MonthDayNano) => {
                Values::Interval(IntervalMonthDayNanoBuilder::new())
            }
            _ => return None,
        };
        let data_type = data_type.clone();
        Some(Self { data_type, values })
    }

    /// The type of the column.
    pub const fn data_type(&self) -> &DataType {
        &self.data_type
    }

    pub(super) fn len(&self) -> usize {
        of_each!(&self.values, builder => arrow_array::builder::ArrayBuilder::len(builder))
    }

    pub(super) fn append_filler(&mut self, nullable: bool) {
        if nullable {
            of_each!(&mut self.values, builder => builder.append_null());
        } else {
            self.append_default();
        }
    }

    fn append_default(&mut self) {
        match &mut self.values {
            Values::Boolean(builder) => builder.append_value(false),
            Values::Int8(builder) => builder.append_value(0),
            Values::Int16(builder) => builder.append_value(0),
            Values::Int32(builder) => builder.append_value(0),
            Values::Int64(builder) => builder.append_value(0),
            Values::Float32(builder) => builder.append_value(0.0),
            Values::Float64(builder) => builder.append_value(0.0),
            Values::Decimal(builder, ..) => builder.append_value(0),
            Values::Text(builder) => builder.append_value(""),
            Values::Bytes(builder) => builder.append_value(b""),
            Values::Interval(builder) => {
                builder.append_value(IntervalMonthDayNano::new(0, 0, 0));
            }
        }
    }

    /// Adds the value that a text stands for; or nothing, where it stands for none.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn append_text(&mut self, text: &str, times: TimestampFormat) -> Result<(), String> {
        let data_type = &self.data_type;
        match &mut self.values {
            Values::Text(builder) => builder.append_value(text),
            Values::Boolean(builder) => {
                let word = text.trim();
                let value = ["false", "true"]
                    .iter()
                    .position(|it| word.eq_ignore_ascii_case(it));
                let value = value.ok_or_else(|| not(text, "`true` or `false`"))?;
                builder.append_value(value == 1);
            }
            Values::Int8(builder) => builder.append_value(number(text, "a TINYINT")?),
            Values::Int16(builder) => builder.append_value(number(text, "a SMALLINT")?),
            Values::Int32(builder) => builder.append_value(int32(text, data_type)?),
            Values::Int64(builder) => builder.append_value(int64(text, data_type, times)?),
            Values::Float32(builder) => builder.append_value(number(text, "a number")?),
            Values::Float64(builder) => builder.append_value(number(text, "a number")?),
            Values::Decimal(builder, precision, scale) => {
                let value = decimal::parse(text.trim(), *precision, *scale);
                let value =
                    value.ok_or_else(|| not(text, &format!("a DECIMAL({precision}, {scale})")))?;
                builder.append_value(value);
            }
            Values::Bytes(builder) => {
                let bytes = base64::parse(text).ok_or_else(|| not(text, "base 64"))?;
                builder.append_value(bytes);
            }
            Values::Interval(builder) => {
                let millis: i64 = number(text, "milliseconds")?;
                let (days, millis) = (millis / 86_400_000, millis % 86_400_000);
                let days = i32::try_from(days).map_err(|_| not(text, "an interval"))?;
                builder.append_value(IntervalMonthDayNano::new(0, days, millis * 1_000_000));
            }
        }
        Ok(())
    }

    pub(super) fn finish(&mut self) -> Result<ArrayRef, ArrowError> {
        let column: ArrayRef = match &mut self.values {
            Values::Decimal(builder, precision, scale) => {
                let decimals = builder.finish();
                return Ok(Arc::new(
                    decimals.with_precision_and_scale(*precision, *scale)?,
                ));
            }
            other => of_each!(other, builder => Arc::new(builder.finish())),
        };
        if *column.data_type() == self.data_type {
            return Ok(column);
        }
        // Times are whole numbers of the same width.
        let data = column.to_data().into_builder();
        Ok(make_array(data.data_type(self.data_type.clone()).build()?))
    }
}

fn not(text: &str, what: &str) -> String {
    let shown: String = text.chars().take(40).collect();
    format!("`{shown}` is not {what}")
}

fn number<N: FromStr>(text: &str, what: &str) -> Result<N, String> {
    text.trim().parse().map_err(|_| not(text, what))
}

fn int32(text: &str, data_type: &DataType) -> Result<i32, String> {
    match data_type {
        DataType::Date32 => {
            let day = parse_date(text.trim()).and_then(|day| i32::try_from(day).ok());
            day.ok_or_else(|| not(text, "a DATE"))
        }
        DataType::Time32(_) => {
            let time = parse_time(text.trim().trim_end_matches('Z'));
            let (second, nanos) = time.ok_or_else(|| not(text, "a TIME"))?;
            Ok(second as i32 * 1000 + (nanos / 1_000_000) as i32)
        }
        DataType::Interval(_) => number(text, "months"),
        _ => number(text, "an INT"),
    }
}

fn int64(text: &str, data_type: &DataType, times: TimestampFormat) -> Result<i64, String> {
    let DataType::Timestamp(unit, zone) = data_type else {
        return number(text, "a BIGINT");
    };
    let moment = timestamp(text.trim(), zone.is_some(), times).and_then(|it| it.value(*unit));
    let example = match (times, zone.is_some()) {
        (TimestampFormat::Sql, false) => "a TIMESTAMP like 2020-12-30 12:13:14.123",
        (TimestampFormat::Sql, true) => "a TIMESTAMP_LTZ like 2020-12-30 12:13:14.123Z",
        (TimestampFormat::Iso8601, false) => "a TIMESTAMP like 2020-12-30T12:13:14.123",
        (TimestampFormat::Iso8601, true) => "a TIMESTAMP_LTZ like 2020-12-30T12:13:14.123Z",
    };
    moment.ok_or_else(|| not(text, example))
}

fn timestamp(text: &str, has_zone: bool, times: TimestampFormat) -> Option<Moment> {
    let text = if has_zone {
        text.strip_suffix('Z')?
    } else {
        text
    };
    text.contains(times.between())
        .then(|| parse_timestamp(text))
        .flatten()
}
