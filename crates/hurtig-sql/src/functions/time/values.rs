//! Columns of dates and times as calendars show them, and back.

use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::types::Int64Type;
use arrow_array::{ArrayRef, Int32Array, Int64Array};
use arrow_cast::cast;
use arrow_schema::{DataType, TimeUnit};
use chrono::{DateTime, NaiveDateTime};
use datafusion_common::{Result, internal_err};

use super::super::arguments::{Arguments, Column};
use super::super::parameters::is_text;
use super::text::timestamp_of_text;
use super::zone::Zone;

const DAY_MILLIS: i64 = 86_400_000;

/// The values of an argument.
pub(in crate::functions) struct Times {
    source: Source,
    zone: Zone,
}

enum Source {
    /// Days since 1970.
    Days(Column<Int64Array>),
    /// So many ticks a second since 1970; of a TIME, since midnight.
    Ticks(Column<Int64Array>, i64),
    Texts(Column<arrow_array::StringViewArray>),
}

impl Times {
    /// As the session's clocks show them. What is no date or time of a text is NULL.
    pub(in crate::functions) fn of(arguments: &Arguments<'_>, index: usize) -> Result<Self> {
        let data_type = arguments.type_of(index);
        let zone = match &data_type {
            DataType::Timestamp(_, Some(_)) => arguments.zone,
            _ => Zone::UTC,
        };
        let source = if is_text(&data_type) {
            Source::Texts(arguments.texts(index)?)
        } else {
            let column = numbers(arguments.column(index)?)?;
            match per_second(&data_type) {
                Some(ticks) => Source::Ticks(column, ticks),
                None => Source::Days(column),
            }
        };
        Ok(Self { source, zone })
    }

    /// As UTC has them.
    pub(in crate::functions) fn in_utc(mut self) -> Self {
        self.zone = Zone::UTC;
        self
    }

    /// The date and time; a TIME's date is the first of 1970.
    pub(in crate::functions) fn at(&self, row: usize) -> Option<NaiveDateTime> {
        let utc = match &self.source {
            Source::Texts(texts) => return timestamp_of_text(texts.at(row)?),
            Source::Days(days) => DateTime::from_timestamp(days.at(row)?.checked_mul(86_400)?, 0)?,
            Source::Ticks(ticks, per_second) => {
                let ticks = ticks.at(row)?;
                let nanos = ticks.rem_euclid(*per_second) * (1_000_000_000 / per_second);
                DateTime::from_timestamp(ticks.div_euclid(*per_second), nanos as u32)?
            }
        };
        match self.zone {
            Zone::Fixed(0) => Some(utc.naive_utc()),
            zone => zone.to_local(utc.naive_utc()),
        }
    }

    /// The same as milliseconds since 1970.
    pub(in crate::functions) fn millis(&self, row: usize) -> Option<i64> {
        match (&self.source, self.zone) {
            (Source::Days(days), _) => days.at(row)?.checked_mul(DAY_MILLIS),
            (Source::Ticks(ticks, per_second), Zone::Fixed(0)) => {
                let ticks = ticks.at(row)?;
                if *per_second >= 1000 {
                    return Some(ticks.div_euclid(per_second / 1000));
                }
                ticks.checked_mul(1000 / per_second)
            }
            _ => self.at(row).map(|time| time.and_utc().timestamp_millis()),
        }
    }
}

fn numbers(column: Column<ArrayRef>) -> Result<Column<Int64Array>> {
    let narrow = matches!(
        column.array.data_type(),
        DataType::Date32 | DataType::Time32(_)
    );
    let array = if narrow {
        cast(&column.array, &DataType::Int32)?
    } else {
        column.array
    };
    Ok(Column {
        array: cast(&array, &DataType::Int64)?
            .as_primitive::<Int64Type>()
            .clone(),
        is_constant: column.is_constant,
    })
}

/// How many ticks a second has; a DATE has none.
const fn per_second(data_type: &DataType) -> Option<i64> {
    match data_type {
        DataType::Timestamp(unit, _) | DataType::Time32(unit) | DataType::Time64(unit) => {
            Some(match unit {
                TimeUnit::Second => 1,
                TimeUnit::Millisecond => 1000,
                TimeUnit::Microsecond => 1_000_000,
                TimeUnit::Nanosecond => 1_000_000_000,
            })
        }
        _ => None,
    }
}

/// A time in the ticks of a type: of a DATE days, of a TIME since midnight. `None` if it is out of range.
pub(in crate::functions) fn ticks_of(
    time: NaiveDateTime,
    data_type: &DataType,
    zone: Zone,
) -> Option<i64> {
    let time = match data_type {
        DataType::Timestamp(_, Some(_)) => zone.to_utc(time)?,
        _ => time,
    };
    let seconds = time.and_utc().timestamp();
    let nanos = i64::from(time.and_utc().timestamp_subsec_nanos());
    let Some(per_second) = per_second(data_type) else {
        return Some(seconds.div_euclid(86_400));
    };
    let seconds = match data_type {
        DataType::Timestamp(..) => seconds,
        _ => seconds.rem_euclid(86_400),
    };
    let whole = seconds.checked_mul(per_second)?;
    whole.checked_add(nanos / (1_000_000_000 / per_second))
}

/// A column of the function's result, which is a date or a time, of what the session's clocks show.
pub(in crate::functions) fn times_of(
    arguments: &Arguments<'_>,
    value: impl Fn(usize) -> Option<NaiveDateTime>,
) -> Result<ArrayRef> {
    times_in(arguments, arguments.zone, value)
}

/// The same, of what the clocks of a zone show.
pub(in crate::functions) fn times_in(
    arguments: &Arguments<'_>,
    zone: Zone,
    value: impl Fn(usize) -> Option<NaiveDateTime>,
) -> Result<ArrayRef> {
    let data_type = arguments.returns.data_type();
    let ticks =
        (0..arguments.rows).map(|row| value(row).and_then(|time| ticks_of(time, data_type, zone)));
    as_times(ticks.collect(), data_type)
}

/// Ticks as dates or times.
pub(in crate::functions) fn as_times(ticks: Int64Array, data_type: &DataType) -> Result<ArrayRef> {
    Ok(match data_type {
        DataType::Date32 | DataType::Time32(_) => {
            let ticks = ticks.iter().map(|ticks| ticks.map(|ticks| ticks as i32));
            cast(&ticks.collect::<Int32Array>(), data_type)?
        }
        DataType::Timestamp(..) | DataType::Time64(_) => {
            let ticks: ArrayRef = Arc::new(ticks);
            cast(&ticks, data_type)?
        }
        other => return internal_err!("{other} is no date or time"),
    })
}
