//! Dates and times by a pattern: DATE_FORMAT, FROM_UNIXTIME, CONVERT_TZ.

use std::fmt::Write;
use std::sync::Arc;

use arrow_array::ArrayRef;
use arrow_array::builder::StringViewBuilder;
use chrono::{DateTime, Datelike, NaiveDateTime, Timelike};
use datafusion_common::{Result, exec_datafusion_err, exec_err};

use super::super::arguments::{Arguments, Column};
use super::super::definition::{Definition, Returns};
use super::super::parameters::{Kind, is_text};
use super::pattern::{Pattern, Piece};
use super::read::{Manner, read};
use super::text::timestamp_of_text;
use super::values::Times;
use super::zone::Zone;

pub(super) const DEFAULT: &str = "yyyy-MM-dd HH:mm:ss";
const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];
const DAYS: [&str; 7] = [
    "Monday",
    "Tuesday",
    "Wednesday",
    "Thursday",
    "Friday",
    "Saturday",
    "Sunday",
];

pub(super) static ALL: [Definition; 3] = [
    Definition::new(
        "date_format",
        &[Kind::TimeOrText, Kind::Text],
        Returns::Text,
        date_format,
    ),
    Definition::new(
        "from_unixtime",
        &[Kind::Long, Kind::Text],
        Returns::Text,
        from_unixtime,
    )
    .optional(1),
    Definition::new(
        "convert_tz",
        &[Kind::Text, Kind::Text, Kind::Text],
        Returns::Text,
        convert_tz,
    )
    .nullable(),
];

/// A pattern for all rows, or one for each.
pub(super) struct Patterns {
    texts: Column<arrow_array::StringViewArray>,
    constant: Option<Pattern>,
}

impl Patterns {
    pub(super) fn of(arguments: &Arguments<'_>, index: usize) -> Result<Self> {
        let texts = arguments.texts(index)?;
        let constant = match texts.at(0) {
            Some(text) if texts.is_constant => Some(Pattern::parse(text)?),
            _ => None,
        };
        Ok(Self { texts, constant })
    }

    /// What `act` makes of the pattern of a row.
    pub(super) fn with<T>(
        &self,
        row: usize,
        act: impl FnOnce(&Pattern) -> Result<T>,
    ) -> Result<Option<T>> {
        match (&self.constant, self.texts.at(row)) {
            (Some(pattern), _) => act(pattern).map(Some),
            (None, Some(text)) => act(&Pattern::parse(text)?).map(Some),
            (None, None) => Ok(None),
        }
    }
}

fn date_format(arguments: &Arguments<'_>) -> Result<ArrayRef> {
    let times = Times::of(arguments, 0)?;
    let patterns = Patterns::of(arguments, 1)?;
    let is_instant = matches!(
        arguments.type_of(0),
        arrow_schema::DataType::Timestamp(_, Some(_))
    );
    let is_text = is_text(&arguments.type_of(0));
    let zone = if is_instant {
        arguments.zone
    } else {
        Zone::UTC
    };
    if let Some(pattern) = &patterns.constant
        && !is_text
        && zone == Zone::UTC
    {
        return in_runs(arguments, &times, pattern);
    }
    arguments.try_texts_of(|row| {
        let Some(time) = times.at(row) else {
            return Ok(None);
        };
        // Of text Flink reads whole seconds.
        let time = if is_text {
            time.with_nanosecond(0).unwrap_or(time)
        } else {
            time
        };
        patterns.with(row, |pattern| write(pattern, time, zone))
    })
}

/// Times of UTC by one pattern. Rows of a stream are near each other in time, and patterns seldom show all of it: a text is written
/// once for each run of rows that have it.
fn in_runs(arguments: &Arguments<'_>, times: &Times, pattern: &Pattern) -> Result<ArrayRef> {
    let step = pattern.millis();
    let mut texts = StringViewBuilder::with_capacity(arguments.rows);
    let mut last: Option<(i64, String)> = None;
    for row in 0..arguments.rows {
        let (Some(millis), Some(time)) = (times.millis(row), times.at(row)) else {
            texts.append_null();
            continue;
        };
        let run = millis.div_euclid(step);
        match &last {
            Some((of_run, text)) if *of_run == run && step > 1 => texts.append_value(text),
            _ => {
                let text = write(pattern, time, Zone::UTC)?;
                texts.append_value(&text);
                last = Some((run, text));
            }
        }
    }
    Ok(Arc::new(texts.finish()))
}

/// Of seconds since 1970, in the session's zone.
fn from_unixtime(arguments: &Arguments<'_>) -> Result<ArrayRef> {
    let seconds = arguments.longs(0)?;
    let default = Pattern::parse(DEFAULT)?;
    let patterns = match arguments.has(1) {
        true => Some(Patterns::of(arguments, 1)?),
        false => None,
    };
    let zone = arguments.zone;
    arguments.try_texts_of(|row| {
        let time = seconds
            .at(row)
            .and_then(|seconds| DateTime::from_timestamp(seconds, 0));
        let Some(time) = time.and_then(|time| zone.to_local(time.naive_utc())) else {
            return Ok(None);
        };
        match &patterns {
            Some(patterns) => patterns.with(row, |pattern| write(pattern, time, zone)),
            None => write(&default, time, zone).map(Some),
        }
    })
}

/// What the clocks of one zone show when those of another show this.
fn convert_tz(arguments: &Arguments<'_>) -> Result<ArrayRef> {
    let (times, from, to) = (
        arguments.texts(0)?,
        arguments.texts(1)?,
        arguments.texts(2)?,
    );
    let pattern = Pattern::parse(DEFAULT)?;
    arguments.try_texts_of(|row| {
        let (Some(time), Some(from), Some(to)) = (times.at(row), from.at(row), to.at(row)) else {
            return Ok(None);
        };
        let (from, to) = (zone_of(from)?, zone_of(to)?);
        let local = read(&pattern, time, Manner::Lenient).map(|time| time.local);
        let local = local.or_else(|| timestamp_of_text(time));
        let converted = local.and_then(|local| to.to_local(from.to_utc(local)?));
        converted.map(|time| write(&pattern, time, to)).transpose()
    })
}

pub(super) fn zone_of(text: &str) -> Result<Zone> {
    Zone::parse(text).ok_or_else(|| {
        exec_datafusion_err!(
            "there is no time zone '{text}': write it as Europe/Berlin or GMT+02:00"
        )
    })
}

/// A time as the pattern has it.
pub(super) fn write(pattern: &Pattern, time: NaiveDateTime, zone: Zone) -> Result<String> {
    let mut text = String::with_capacity(32);
    for piece in &pattern.pieces {
        match piece {
            Piece::Text(piece) => text.push_str(piece),
            Piece::Field(letter, count) => {
                if field(&mut text, *letter, *count, time, zone).is_none() {
                    return exec_err!(
                        "the pattern's letter {letter} cannot be written {count} times"
                    );
                }
            }
        }
    }
    Ok(text)
}

fn field(
    text: &mut String,
    letter: char,
    count: usize,
    time: NaiveDateTime,
    zone: Zone,
) -> Option<()> {
    let number = |text: &mut String, number: i64| write!(text, "{number:0count$}").ok();
    let hour = i64::from(time.hour());
    match letter {
        'y' | 'u' if count == 2 => write!(text, "{:02}", time.year().rem_euclid(100)).ok(),
        'y' | 'u' => number(text, i64::from(time.year())),
        'Y' => number(text, i64::from(time.iso_week().year())),
        'M' | 'L' if count >= 3 => name(text, &MONTHS, time.month0() as usize, count),
        'M' | 'L' => number(text, i64::from(time.month())),
        'E' => name(
            text,
            &DAYS,
            time.weekday().num_days_from_monday() as usize,
            count,
        ),
        'e' => number(text, i64::from(time.weekday().number_from_sunday())),
        'Q' | 'q' if count >= 3 => write!(text, "Q{}", time.month0() / 3 + 1).ok(),
        'Q' | 'q' => number(text, i64::from(time.month0() / 3 + 1)),
        'w' => number(text, i64::from(time.iso_week().week())),
        'd' => number(text, i64::from(time.day())),
        'D' => number(text, i64::from(time.ordinal())),
        'a' => text.write_str(if hour < 12 { "AM" } else { "PM" }).ok(),
        'G' => text
            .write_str(if time.year() > 0 { "AD" } else { "BC" })
            .ok(),
        'H' => number(text, hour),
        'k' => number(text, if hour == 0 { 24 } else { hour }),
        'K' => number(text, hour % 12),
        'h' => number(text, (hour + 11) % 12 + 1),
        'm' => number(text, i64::from(time.minute())),
        's' => number(text, i64::from(time.second())),
        'n' => number(text, i64::from(time.nanosecond())),
        'A' => number(
            text,
            i64::from(time.num_seconds_from_midnight()) * 1000
                + i64::from(time.nanosecond() / 1_000_000),
        ),
        'S' => {
            let digits = format!("{:09}", time.nanosecond());
            text.write_str(digits.get(..count)?).ok()
        }
        _ => offset(text, letter, count, time, zone),
    }
}

fn name(text: &mut String, names: &[&str], index: usize, count: usize) -> Option<()> {
    let name = names.get(index)?;
    let name = if count <= 3 { name.get(..3)? } else { name };
    text.write_str(name).ok()
}

/// The zone, or how far it is from UTC.
fn offset(
    text: &mut String,
    letter: char,
    count: usize,
    time: NaiveDateTime,
    zone: Zone,
) -> Option<()> {
    if matches!(letter, 'z' | 'V') {
        return text.write_str(&zone.name()).ok();
    }
    let seconds = zone.offset_at(zone.to_utc(time)?);
    if seconds == 0 && letter == 'X' {
        return text.write_str("Z").ok();
    }
    let sign = if seconds < 0 { '-' } else { '+' };
    let (hours, minutes) = (seconds.abs() / 3600, seconds.abs() / 60 % 60);
    match (letter, count) {
        ('X' | 'x', 1) if minutes == 0 => write!(text, "{sign}{hours:02}").ok(),
        ('X' | 'x', 1 | 2) | ('Z', 1..=3) => write!(text, "{sign}{hours:02}{minutes:02}").ok(),
        ('O', _) | ('Z', 4) => write!(text, "GMT{sign}{hours:02}:{minutes:02}").ok(),
        _ => write!(text, "{sign}{hours:02}:{minutes:02}").ok(),
    }
}

pub(super) const fn months() -> &'static [&'static str] {
    &MONTHS
}

pub(super) const fn days() -> &'static [&'static str] {
    &DAYS
}
