//! `FLOOR(x TO unit)` and `CEIL(x TO unit)` of dates and times.

use arrow_array::ArrayRef;
use arrow_schema::DataType;
use chrono::{DateTime, Datelike, Months, NaiveDate};
use datafusion_common::Result;

use super::super::arguments::Arguments;
use super::super::definition::{Definition, Returns};
use super::super::parameters::Kind;
use super::parts::date;
use super::unit::{Length, Unit};
use super::values::{Times, times_in};
use super::zone::Zone;

const PARAMETERS: &[Kind] = &[Kind::Time, Kind::Text];
const DAY_MILLIS: i64 = 86_400_000;

pub(super) static ALL: [Definition; 2] = [
    Definition::new("__floor_to", PARAMETERS, Returns::Argument(0), |a| {
        round(a, false)
    }),
    Definition::new("__ceil_to", PARAMETERS, Returns::Argument(0), |a| {
        round(a, true)
    }),
];

/// Of an instant, by how far the session's zone is from UTC then: also where that changes in between, as in Flink.
fn round(arguments: &Arguments<'_>, up: bool) -> Result<ArrayRef> {
    let unit = Unit::of("FLOOR", arguments.texts(1)?.at(0))?;
    let times = Times::of(arguments, 0)?.in_utc();
    let zone = match arguments.type_of(0) {
        DataType::Timestamp(_, Some(_)) => arguments.zone,
        _ => Zone::UTC,
    };
    times_in(arguments, Zone::UTC, |row| {
        let offset = match zone {
            Zone::UTC => 0,
            zone => i64::from(zone.offset_at(times.at(row)?)) * 1000,
        };
        let rounded = rounded(times.millis(row)? + offset, unit, up)? - offset;
        Some(DateTime::from_timestamp_millis(rounded)?.naive_utc())
    })
}

/// Weeks begin on Sundays. From weeks on the day alone counts, without its time; before 1970 that is the day after, as in Flink.
fn rounded(millis: i64, unit: Unit, up: bool) -> Option<i64> {
    match unit.length()? {
        Length::Nanos(nanos) if unit != Unit::Week => {
            let length = (nanos / 1_000_000).max(1);
            let floor = millis.div_euclid(length) * length;
            let is_above = up && floor != millis;
            Some(if is_above { floor + length } else { floor })
        }
        length => {
            let day = date(millis / DAY_MILLIS)?;
            let floor = match length {
                Length::Nanos(_) => {
                    let days = u64::from(day.weekday().num_days_from_sunday());
                    day.checked_sub_days(chrono::Days::new(days))?
                }
                Length::Months(months) => first_of(day, months)?,
            };
            let rounded = match length {
                _ if !up || floor == day => floor,
                Length::Nanos(_) => floor.checked_add_days(chrono::Days::new(7))?,
                Length::Months(months) => floor.checked_add_months(Months::new(months as u32))?,
            };
            Some(rounded.and_hms_opt(0, 0, 0)?.and_utc().timestamp_millis())
        }
    }
}

/// The first day of the months that a day is in; of centuries and millennia the first year is 1.
fn first_of(day: NaiveDate, months: i64) -> Option<NaiveDate> {
    let shift = if months >= 1200 { 12 } else { 0 };
    let month = i64::from(day.year()) * 12 + i64::from(day.month0()) - shift;
    let first = month.div_euclid(months) * months + shift;
    NaiveDate::from_ymd_opt(
        i32::try_from(first.div_euclid(12)).ok()?,
        first.rem_euclid(12) as u32 + 1,
        1,
    )
}
