//! Parts of dates and times: EXTRACT, YEAR, HOUR and the like.

use arrow_array::ArrayRef;
use chrono::{Datelike, NaiveDate, TimeDelta};
use datafusion_common::Result;

use super::super::arguments::Arguments;
use super::super::definition::{Definition, Returns};
use super::super::parameters::Kind;
use super::interval::millis_of_intervals;
use super::unit::Unit;
use super::values::Times;

const TIME: &[Kind] = &[Kind::TimeOrText];

pub(super) static ALL: [Definition; 11] = [
    Definition::new(
        "date_part",
        &[Kind::Text, Kind::Any],
        Returns::Long,
        extract,
    ),
    Definition::new("year", TIME, Returns::Long, |a| part(a, Unit::Year)),
    Definition::new("quarter", TIME, Returns::Long, |a| part(a, Unit::Quarter)),
    Definition::new("month", TIME, Returns::Long, |a| part(a, Unit::Month)),
    Definition::new("week", TIME, Returns::Long, |a| part(a, Unit::Week)),
    Definition::new("dayofyear", TIME, Returns::Long, |a| {
        part(a, Unit::DayOfYear)
    }),
    Definition::new("dayofmonth", TIME, Returns::Long, |a| part(a, Unit::Day)),
    Definition::new("dayofweek", TIME, Returns::Long, |a| {
        part(a, Unit::DayOfWeek)
    }),
    Definition::new("hour", TIME, Returns::Long, |a| part(a, Unit::Hour)),
    Definition::new("minute", TIME, Returns::Long, |a| part(a, Unit::Minute)),
    Definition::new("second", TIME, Returns::Long, |a| part(a, Unit::Second)),
];

/// `EXTRACT(unit FROM x)`: the unit is a text.
fn extract(arguments: &Arguments<'_>) -> Result<ArrayRef> {
    let unit = Unit::of("EXTRACT", arguments.texts(0)?.at(0))?;
    if matches!(arguments.type_of(1), arrow_schema::DataType::Interval(_)) {
        let intervals = millis_of_intervals(arguments, 1)?;
        return Ok(arguments.longs_of(|row| part_of_interval(intervals(row)?, unit)));
    }
    parts_of(arguments, 1, unit)
}

fn part(arguments: &Arguments<'_>, unit: Unit) -> Result<ArrayRef> {
    parts_of(arguments, 0, unit)
}

fn parts_of(arguments: &Arguments<'_>, index: usize, unit: Unit) -> Result<ArrayRef> {
    let times = Times::of(arguments, index)?;
    if unit == Unit::Epoch {
        let times = times.in_utc();
        return Ok(arguments.longs_of(|row| times.millis(row).map(|millis| millis / 1000)));
    }
    Ok(arguments.longs_of(|row| part_of(times.millis(row)?, unit)))
}

/// Before 1970 Flink cuts towards 1970, the day as the hour: so do we.
fn part_of(millis: i64, unit: Unit) -> Option<i64> {
    let of_day = millis % 86_400_000;
    Some(match unit {
        Unit::Nanosecond => of_day % 1000 * 1_000_000,
        Unit::Microsecond => of_day % 1000 * 1000,
        Unit::Millisecond => of_day % 1000,
        Unit::Second => of_day / 1000 % 60,
        Unit::Minute => of_day / 60_000 % 60,
        Unit::Hour => of_day / 3_600_000,
        _ => return part_of_date(date(millis / 86_400_000)?, unit),
    })
}

pub(super) fn date(days: i64) -> Option<NaiveDate> {
    NaiveDate::default().checked_add_signed(TimeDelta::try_days(days)?)
}

fn part_of_date(date: NaiveDate, unit: Unit) -> Option<i64> {
    let year = i64::from(date.year());
    // The year 0 belongs to the century before the first.
    let round_up = |years: i64| (year + years - 1).div_euclid(years);
    Some(match unit {
        Unit::Year => year,
        Unit::Quarter => i64::from(date.month0() / 3 + 1),
        Unit::Month => i64::from(date.month()),
        Unit::Week => i64::from(date.iso_week().week()),
        Unit::Day => i64::from(date.day()),
        Unit::DayOfYear => i64::from(date.ordinal()),
        Unit::DayOfWeek => i64::from(date.weekday().number_from_sunday()),
        Unit::IsoDayOfWeek => i64::from(date.weekday().number_from_monday()),
        Unit::IsoYear => i64::from(date.iso_week().year()),
        Unit::Decade => year.div_euclid(10),
        Unit::Century => round_up(100),
        Unit::Millennium => round_up(1000),
        _ => return None,
    })
}

/// Of an interval of months, or of milliseconds.
fn part_of_interval((months, millis): (i64, i64), unit: Unit) -> Option<i64> {
    Some(match unit {
        Unit::Year => months / 12,
        Unit::Quarter => months % 12 / 3 + 1,
        Unit::Month => months % 12,
        Unit::Day => millis / 86_400_000,
        Unit::Epoch => millis / 1000,
        _ => return part_of(millis, unit),
    })
}
