//! Text and numbers as dates and times: TO_DATE, TO_TIMESTAMP, TO_TIMESTAMP_LTZ, UNIX_TIMESTAMP.

use arrow_array::ArrayRef;
use arrow_schema::{DataType, TimeUnit};
use chrono::{DateTime, NaiveDateTime};
use datafusion_common::{Result, exec_err};

use super::super::arguments::Arguments;
use super::super::definition::{Definition, Returns};
use super::super::parameters::{Kind, is_text};
use super::format::{DEFAULT, Patterns, zone_of};
use super::pattern::Pattern;
use super::read::{Manner, Read, read};
use super::text::{date_of_text, timestamp_of_text};
use super::values::{times_in, times_of};
use super::zone::Zone;
use crate::types::UTC;

const TIMESTAMP: Returns = Returns::Type(|_| Ok(DataType::Timestamp(TimeUnit::Millisecond, None)));
const INSTANT: Returns =
    Returns::Type(|_| Ok(DataType::Timestamp(TimeUnit::Millisecond, Some(UTC.into()))));

pub(super) static ALL: [Definition; 4] = [
    Definition::new(
        "to_date",
        &[Kind::Text, Kind::Text],
        Returns::Type(|_| Ok(DataType::Date32)),
        to_date,
    )
    .optional(1)
    .nullable(),
    Definition::new(
        "to_timestamp",
        &[Kind::Text, Kind::Text],
        TIMESTAMP,
        to_timestamp,
    )
    .optional(1)
    .nullable(),
    Definition::new(
        "to_timestamp_ltz",
        &[Kind::NumberOrText, Kind::NumberOrText, Kind::Text],
        INSTANT,
        to_timestamp_ltz,
    )
    .optional(2)
    .nullable(),
    Definition::new(
        "unix_timestamp",
        &[Kind::Text, Kind::Text],
        Returns::Long,
        unix_timestamp,
    )
    .optional(1),
];

fn to_date(arguments: &Arguments<'_>) -> Result<ArrayRef> {
    if arguments.has(1) {
        return by_pattern(arguments);
    }
    let texts = arguments.texts(0)?;
    times_of(arguments, |row| {
        date_of_text(texts.at(row)?)?.and_hms_opt(0, 0, 0)
    })
}

fn to_timestamp(arguments: &Arguments<'_>) -> Result<ArrayRef> {
    if arguments.has(1) {
        return by_pattern(arguments);
    }
    let texts = arguments.texts(0)?;
    times_of(arguments, |row| timestamp_of_text(texts.at(row)?))
}

/// Of seconds (0) or milliseconds (3) since 1970; or of text, by a pattern, in UTC or a zone that is named.
fn to_timestamp_ltz(arguments: &Arguments<'_>) -> Result<ArrayRef> {
    if is_text(&arguments.type_of(0)) {
        return instants_of_texts(arguments);
    }
    let precision = if arguments.has(1) {
        arguments.longs(1)?.at(0)
    } else {
        Some(3)
    };
    let millis: i64 = match precision {
        Some(0) => 1000,
        Some(3) => 1,
        None => return times_of(arguments, |_| None),
        Some(other) => {
            return exec_err!(
                "TO_TIMESTAMP_LTZ has the precision {other}, and should have 0 (seconds) or 3 (milliseconds)"
            );
        }
    };
    let numbers = arguments.longs(0)?;
    times_in(arguments, Zone::UTC, |row| {
        let utc = DateTime::from_timestamp_millis(numbers.at(row)?.checked_mul(millis)?)?;
        Some(utc.naive_utc())
    })
}

fn instants_of_texts(arguments: &Arguments<'_>) -> Result<ArrayRef> {
    let texts = arguments.texts(0)?;
    let patterns = if arguments.has(1) {
        Some(Patterns::of(arguments, 1)?)
    } else {
        None
    };
    let zones = if arguments.has(2) {
        Some(arguments.texts(2)?)
    } else {
        None
    };
    let mut instants = Vec::with_capacity(arguments.rows);
    for row in 0..arguments.rows {
        let zone = match &zones {
            Some(zones) => zones.at(row).map(zone_of).transpose()?,
            None => Some(Zone::UTC),
        };
        let local = match (&patterns, texts.at(row)) {
            (_, None) => None,
            (None, Some(text)) => timestamp_of_text(text),
            (Some(patterns), Some(text)) => {
                let read = patterns.with(row, |pattern| Ok(read(pattern, text, Manner::Strict)))?;
                read.flatten().map(|read| read.local)
            }
        };
        instants.push(local.zip(zone).and_then(|(local, zone)| zone.to_utc(local)));
    }
    times_in(arguments, Zone::UTC, |row| {
        instants.get(row).copied().flatten()
    })
}

fn by_pattern(arguments: &Arguments<'_>) -> Result<ArrayRef> {
    let times = read_all(arguments, Manner::Strict)?;
    times_of(arguments, |row| {
        times.get(row)?.as_ref().map(|read| read.local)
    })
}

fn read_all(arguments: &Arguments<'_>, manner: Manner) -> Result<Vec<Option<Read>>> {
    let texts = arguments.texts(0)?;
    let patterns = Patterns::of(arguments, 1)?;
    let rows = (0..arguments.rows).map(|row| {
        let Some(text) = texts.at(row) else {
            return Ok(None);
        };
        let read = patterns.with(row, |pattern| Ok(read(pattern, text, manner)))?;
        Ok(read.flatten())
    });
    rows.collect()
}

/// Seconds since 1970 of a time in the session's zone; what is no time is the least number, as in Flink.
fn unix_timestamp(arguments: &Arguments<'_>) -> Result<ArrayRef> {
    let zone = arguments.zone;
    let seconds = |read: Option<Read>| {
        let Some(Read { local, zone: own }) = read else {
            return Some(i64::MIN);
        };
        let utc: NaiveDateTime = own.unwrap_or(zone).to_utc(local)?;
        Some(utc.and_utc().timestamp())
    };
    let texts = arguments.texts(0)?;
    if arguments.has(1) {
        let mut times = read_all(arguments, Manner::Lenient)?.into_iter();
        let seconds: Vec<_> = times.by_ref().map(seconds).collect();
        let second_texts = arguments.texts(1)?;
        return Ok(arguments.longs_of(|row| {
            texts.at(row).and(second_texts.at(row))?;
            seconds.get(row).copied().flatten()
        }));
    }
    let pattern = Pattern::parse(DEFAULT)?;
    Ok(arguments.longs_of(|row| seconds(read(&pattern, texts.at(row)?, Manner::Lenient))))
}
