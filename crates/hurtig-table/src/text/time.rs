//! Dates, times and timestamps.

use std::fmt::Write;

use arrow_schema::TimeUnit;

const SECONDS_PER_DAY: i64 = 86_400;
const NANOS_PER_SECOND: u32 = 1_000_000_000;

/// A point in time: seconds since 1970-01-01T00:00:00, and nanoseconds behind them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Moment {
    /// Seconds, negative before 1970.
    pub seconds: i64,
    /// Nanoseconds within the second.
    pub nanos: u32,
}

/// How many of a unit a second has.
const fn per_second(unit: TimeUnit) -> i64 {
    match unit {
        TimeUnit::Second => 1,
        TimeUnit::Millisecond => 1_000,
        TimeUnit::Microsecond => 1_000_000,
        TimeUnit::Nanosecond => 1_000_000_000,
    }
}

impl Moment {
    /// The point that a column holds as `value`.
    pub const fn of(value: i64, unit: TimeUnit) -> Self {
        let per_second = per_second(unit);
        let nanos = value.rem_euclid(per_second) * (NANOS_PER_SECOND as i64 / per_second);
        Self {
            seconds: value.div_euclid(per_second),
            nanos: nanos as u32,
        }
    }

    /// As a column holds it; digits that are finer than the unit are cut off. None where the unit does not reach so far.
    ///
    /// ```
    /// use arrow_schema::TimeUnit;
    /// use hurtig_table::text::time::{Moment, parse_timestamp};
    ///
    /// let noon = parse_timestamp("2020-12-30 12:00:00.1234").unwrap();
    /// assert_eq!(noon.value(TimeUnit::Millisecond), Some(1_609_329_600_123));
    /// assert_eq!(Moment::of(1_609_329_600_123, TimeUnit::Millisecond).seconds, noon.seconds);
    /// ```
    pub fn value(self, unit: TimeUnit) -> Option<i64> {
        let per_second = per_second(unit);
        let nanos = i64::from(self.nanos) / (i64::from(NANOS_PER_SECOND) / per_second);
        self.seconds.checked_mul(per_second)?.checked_add(nanos)
    }

    /// The day it is on, and the second of the day.
    const fn day(self) -> (i64, u32) {
        let second = self.seconds.rem_euclid(SECONDS_PER_DAY) as u32;
        (self.seconds.div_euclid(SECONDS_PER_DAY), second)
    }
}

/// Adds a date by its day since 1970-01-01: `2020-12-30`.
pub fn write_date(out: &mut String, day: i64) {
    let (year, month, day) = civil_of_day(day);
    let sign = match year {
        10_000.. => "+",
        ..0 => "-",
        _ => "",
    };
    out.push_str(sign);
    write_year(out, year.unsigned_abs());
    out.push('-');
    push_two_digits(out, month);
    out.push('-');
    push_two_digits(out, day);
}

fn write_year(out: &mut String, year: u64) {
    match u32::try_from(year) {
        Ok(year) if year < 10_000 => {
            push_two_digits(out, year / 100);
            push_two_digits(out, year % 100);
        }
        // Writing to a text does not fail.
        _ => drop(write!(out, "{year}")),
    }
}

/// Adds a number below 100. This, and not `write!`: most of what a format writes of a time is such.
fn push_two_digits(out: &mut String, number: u32) {
    let digit = |number: u32| char::from_digit(number % 10, 10).unwrap_or('0');
    out.push(digit(number / 10));
    out.push(digit(number));
}

/// Adds the time of a day: `12:00:00.123`, digits behind the point as there are.
pub fn write_time(out: &mut String, second: u32, nanos: u32) {
    let (hour, minute) = (second / 3600, second / 60 % 60);
    write_hour_and_minute(out, hour, minute);
    out.push(':');
    push_two_digits(out, second % 60);
    write_fraction(out, nanos, 1);
}

fn write_hour_and_minute(out: &mut String, hour: u32, minute: u32) {
    push_two_digits(out, hour);
    out.push(':');
    push_two_digits(out, minute);
}

/// Adds the time of a day as Java does: no seconds where there are none, and digits by the three.
pub fn write_java_time(out: &mut String, second: u32, nanos: u32) {
    let (hour, minute, second) = (second / 3600, second / 60 % 60, second % 60);
    write_hour_and_minute(out, hour, minute);
    if second > 0 || nanos > 0 {
        out.push(':');
        push_two_digits(out, second);
        write_fraction(out, nanos, 3);
    }
}

/// Adds digits behind a point, without the zeros at their end but in multiples of `step`.
fn write_fraction(out: &mut String, nanos: u32, step: usize) {
    if nanos == 0 {
        return;
    }
    out.push('.');
    let (mut rest, mut unit, mut written) = (nanos, 100_000_000, 0usize);
    while unit > 0 && (rest > 0 || !written.is_multiple_of(step)) {
        out.push(char::from_digit(rest / unit % 10, 10).unwrap_or('0'));
        rest %= unit;
        unit /= 10;
        written += 1;
    }
}

/// Adds a timestamp, with `between` between date and time: `2020-12-30 12:00:00.123`.
pub fn write_timestamp(out: &mut String, moment: Moment, between: char) {
    let (day, second) = moment.day();
    write_date(out, day);
    out.push(between);
    write_time(out, second, moment.nanos);
}

/// Adds a timestamp as Java's `LocalDateTime` does: `2020-12-30T12:00`.
pub fn write_java_timestamp(out: &mut String, moment: Moment) {
    let (day, second) = moment.day();
    write_date(out, day);
    out.push('T');
    write_java_time(out, second, moment.nanos);
}

/// Adds a timestamp as Java's `Instant` does: `2020-12-30T12:00:00Z`.
pub fn write_instant(out: &mut String, moment: Moment) {
    let (day, second) = moment.day();
    write_date(out, day);
    out.push('T');
    write_time(out, second, 0);
    write_fraction(out, moment.nanos, 3);
    out.push('Z');
}

/// Reads a date: the day since 1970-01-01.
///
/// ```
/// assert_eq!(hurtig_table::text::time::parse_date("1970-02-01"), Some(31));
/// assert_eq!(hurtig_table::text::time::parse_date("2021-02-29"), None);
/// ```
pub fn parse_date(text: &str) -> Option<i64> {
    let (negative, rest) = match text.as_bytes().first()? {
        b'-' => (true, text.get(1..)?),
        b'+' => (false, text.get(1..)?),
        _ => (false, text),
    };
    let mut parts = rest.splitn(3, '-');
    let year = parts.next().filter(|year| (4..=6).contains(&year.len()))?;
    let year = i64::from(digits(year)?) * if negative { -1 } else { 1 };
    let month = two_digits(parts.next()?)?;
    let day = two_digits(parts.next()?)?;
    let since = day_of_civil(year, month, day);
    (civil_of_day(since) == (year, month, day)).then_some(since)
}

/// Reads the time of a day: its second and nanoseconds. Seconds may be missing.
pub fn parse_time(text: &str) -> Option<(u32, u32)> {
    let (time, fraction) = match text.split_once('.') {
        Some((time, fraction)) => (time, Some(fraction)),
        None => (text, None),
    };
    let mut parts = time.split(':').map(two_digits);
    let (hour, minute) = (parts.next()??, parts.next()??);
    let second = match parts.next() {
        Some(second) => second?,
        None if fraction.is_none() => 0,
        None => return None,
    };
    if parts.next().is_some() || hour > 23 || minute > 59 || second > 59 {
        return None;
    }
    let nanos = match fraction {
        None => 0,
        Some(digits_after) if digits_after.len() <= 9 => {
            digits(digits_after)? * 10u32.pow(9 - digits_after.len() as u32)
        }
        Some(_) => return None,
    };
    Some((hour * 3600 + minute * 60 + second, nanos))
}

/// Reads a timestamp without zone, with a space or a `T` between date and time.
pub fn parse_timestamp(text: &str) -> Option<Moment> {
    let (date, time) = text.split_once([' ', 'T'])?;
    let (second, nanos) = parse_time(time)?;
    let seconds = parse_date(date)? * SECONDS_PER_DAY + i64::from(second);
    Some(Moment { seconds, nanos })
}

/// Reads a number without sign of at most nine digits.
fn digits(text: &str) -> Option<u32> {
    let all = !text.is_empty() && text.len() <= 9 && text.bytes().all(|b| b.is_ascii_digit());
    all.then(|| text.parse().ok()).flatten()
}

fn two_digits(text: &str) -> Option<u32> {
    (text.len() == 2).then(|| digits(text)).flatten()
}

/// Years are counted from March, so that the leap day comes last; 400 of them are an era of always as many days.
fn civil_of_day(day: i64) -> (i64, u32, u32) {
    let day = day + 719_468;
    let era = day.div_euclid(146_097);
    let of_era = day.rem_euclid(146_097);
    let year_of_era = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let from_march = (5 * of_year + 2) / 153;
    let month = if from_march < 10 {
        from_march + 3
    } else {
        from_march - 9
    };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    (
        year,
        month as u32,
        (of_year - (153 * from_march + 2) / 5 + 1) as u32,
    )
}

fn day_of_civil(year: i64, month: u32, day: u32) -> i64 {
    let year = year - i64::from(month <= 2);
    let (era, of_era) = (year.div_euclid(400), year.rem_euclid(400));
    let from_march = (i64::from(month) + 9) % 12;
    let of_year = (153 * from_march + 2) / 5 + i64::from(day) - 1;
    era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn timestamps_look_like_flinks_and_javas() {
        let moment = parse_timestamp("2020-12-30T12:13:00").unwrap();
        let mut text = String::new();
        write_java_timestamp(&mut text, moment);
        text.push(' ');
        write_instant(&mut text, moment);
        text.push(' ');
        write_timestamp(
            &mut text,
            Moment {
                nanos: 120_000_000,
                ..moment
            },
            'T',
        );
        text.push(' ');
        write_java_timestamp(
            &mut text,
            Moment {
                nanos: 120_000_000,
                ..moment
            },
        );
        let expected =
            "2020-12-30T12:13 2020-12-30T12:13:00Z 2020-12-30T12:13:00.12 2020-12-30T12:13:00.120";
        assert_eq!(text, expected);
    }

    #[test]
    fn what_is_no_time_is_refused() {
        for text in [
            "2020-1-1 00:00:00",
            "2020-13-01 00:00:00",
            "2020-01-01",
            "2020-01-01 24:00:00",
            "",
        ] {
            assert_eq!(parse_timestamp(text), None, "{text}");
        }
        assert_eq!(parse_time("12:00"), Some((43_200, 0)));
        assert_eq!(parse_time("12:00:00.1234567890"), None);
        assert_eq!(parse_time("12:00.5"), None);
        let far = parse_timestamp("9999-12-31 23:59:59").unwrap();
        assert_eq!(far.value(TimeUnit::Nanosecond), None);
    }

    proptest! {
        #[test]
        fn a_timestamp_comes_back_from_its_text(millis in -60_000_000_000_000i64..250_000_000_000_000) {
            let moment = Moment::of(millis, TimeUnit::Millisecond);
            prop_assert_eq!(moment.value(TimeUnit::Millisecond), Some(millis));
            let mut text = String::new();
            write_timestamp(&mut text, moment, ' ');
            prop_assert_eq!(parse_timestamp(&text), Some(moment));
        }

        #[test]
        fn garbage_is_no_time_and_no_panic(text: String, time in "[0-9:.T -]{0,30}") {
            for text in [text, time] {
                let _ = (parse_date(&text), parse_time(&text), parse_timestamp(&text));
            }
        }
    }
}
