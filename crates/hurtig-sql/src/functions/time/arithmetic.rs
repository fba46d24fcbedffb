//! `TIMESTAMPADD(unit, n, x)` and `TIMESTAMPDIFF(unit, x, y)`.

use arrow_array::ArrayRef;
use arrow_schema::{DataType, TimeUnit};
use chrono::{Datelike, Months, NaiveDateTime, TimeDelta};
use datafusion_common::{Result, plan_err};

use super::super::arguments::Arguments;
use super::super::definition::{Call, Definition, Returns};
use super::super::parameters::Kind;
use super::unit::{Length, Unit};
use super::values::{Times, times_in};
use super::zone::Zone;

pub(super) static ALL: [Definition; 2] = [
    Definition::new(
        "timestampadd",
        &[Kind::Text, Kind::Long, Kind::Time],
        Returns::Type(type_of_sum),
        add,
    ),
    Definition::new(
        "timestampdiff",
        &[Kind::Text, Kind::Time, Kind::Time],
        Returns::Int,
        difference,
    ),
];

/// The type of what is added to; a DATE and hours are a TIMESTAMP.
fn type_of_sum(call: &Call<'_>) -> Result<DataType> {
    let Some(length) = Unit::of(call.name, call.text(0))?.length() else {
        return plan_err!(
            "TIMESTAMPADD cannot add {}",
            call.text(0).unwrap_or_default()
        );
    };
    Ok(match (call.type_of(2), length) {
        (DataType::Date32, Length::Nanos(nanos)) if nanos % 86_400_000_000_000 != 0 => {
            DataType::Timestamp(TimeUnit::Millisecond, None)
        }
        (other, _) => other.clone(),
    })
}

fn add(arguments: &Arguments<'_>) -> Result<ArrayRef> {
    let unit = Unit::of("TIMESTAMPADD", arguments.texts(0)?.at(0))?;
    let (numbers, times) = (arguments.longs(1)?, Times::of(arguments, 2)?.in_utc());
    times_in(arguments, Zone::UTC, |row| {
        sum(times.at(row)?, numbers.at(row)?, unit.length()?)
    })
}

/// A day that the month does not have is its last.
fn sum(time: NaiveDateTime, number: i64, length: Length) -> Option<NaiveDateTime> {
    match length {
        Length::Nanos(nanos) if nanos % 1_000_000 == 0 => time.checked_add_signed(
            TimeDelta::try_milliseconds(number.checked_mul(nanos / 1_000_000)?)?,
        ),
        Length::Nanos(nanos) => {
            time.checked_add_signed(TimeDelta::nanoseconds(number.checked_mul(nanos)?))
        }
        Length::Months(months) => {
            let months = number.checked_mul(months)?;
            let count = Months::new(u32::try_from(months.unsigned_abs()).ok()?);
            if months < 0 {
                time.checked_sub_months(count)
            } else {
                time.checked_add_months(count)
            }
        }
    }
}

/// How many whole units there are between two times.
fn difference(arguments: &Arguments<'_>) -> Result<ArrayRef> {
    let Some(length) = Unit::of("TIMESTAMPDIFF", arguments.texts(0)?.at(0))?.length() else {
        return plan_err!(
            "TIMESTAMPDIFF counts SECOND, MINUTE, HOUR, DAY, WEEK, MONTH, QUARTER and YEAR"
        );
    };
    let (from, to) = (
        Times::of(arguments, 1)?.in_utc(),
        Times::of(arguments, 2)?.in_utc(),
    );
    Ok(arguments.ints_of(|row| match length {
        Length::Nanos(nanos) if nanos >= 1_000_000 => {
            Some((to.millis(row)? - from.millis(row)?) / (nanos / 1_000_000))
        }
        Length::Nanos(nanos) => {
            Some((to.millis(row)? - from.millis(row)?).checked_mul(1_000_000)? / nanos)
        }
        Length::Months(months) => Some(whole_months(from.at(row)?, to.at(row)?) / months),
    }))
}

/// Months between two times; the last counts if its day and time have been reached.
pub(super) fn whole_months(from: NaiveDateTime, to: NaiveDateTime) -> i64 {
    let months = |time: NaiveDateTime| i64::from(time.year()) * 12 + i64::from(time.month0());
    let in_month = |time: NaiveDateTime| (time.day(), time.time());
    let count = months(to) - months(from);
    if count > 0 && in_month(to) < in_month(from) {
        count - 1
    } else if count < 0 && in_month(to) > in_month(from) {
        count + 1
    } else {
        count
    }
}
