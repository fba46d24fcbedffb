//! Timestamps as text: `2013-01-01T10:00:00Z`.
//!
//! For a field of type [`Timestamp`]: `#[serde(with = "hurtig_connect::timestamp_serde")]`; for an `Option<Timestamp>`:
//! `#[serde(with = "hurtig_connect::timestamp_serde::option", default)]`.
//!
//! Reads ISO-8601 with seconds or without, with a fraction (kept to the millisecond), with `Z`, an offset (`+01:00`) or
//! neither (then it is UTC), with `T` or a space between date and time, or a date alone (its midnight). A number is taken
//! as milliseconds since 1970. Where the format is a binary one (between processes, in a checkpoint) it stays a number.
//!
//! ```
//! use hurtig_types::Timestamp;
//! use serde::{Deserialize, Serialize};
//!
//! #[derive(Serialize, Deserialize, PartialEq, Debug)]
//! struct Flight {
//!     #[serde(with = "hurtig_connect::timestamp_serde")]
//!     scheduled: Timestamp,
//!     #[serde(with = "hurtig_connect::timestamp_serde::option", default)]
//!     landed: Option<Timestamp>,
//! }
//!
//! let flight = Flight { scheduled: Timestamp::from_millis(1_357_034_400_000), landed: None };
//! let text = serde_json::to_string(&flight)?;
//! assert_eq!(text, r#"{"scheduled":"2013-01-01T10:00:00Z","landed":null}"#);
//! assert_eq!(serde_json::from_str::<Flight>(&text)?, flight);
//! assert!(serde_json::from_str::<Flight>(r#"{"scheduled":"2013-02-30T10:00:00Z"}"#).is_err());
//! # Ok::<(), serde_json::Error>(())
//! ```

use std::fmt;

use hurtig_types::Timestamp;
use serde::de::{self, Deserializer, Visitor};
use serde::ser::Serializer;

/// Writes a timestamp as text.
///
/// # Errors
/// Those of the format.
pub fn serialize<S: Serializer>(time: &Timestamp, serializer: S) -> Result<S::Ok, S::Error> {
    if serializer.is_human_readable() {
        serde::Serialize::serialize(&Iso(*time), serializer)
    } else {
        serializer.serialize_i64(time.as_millis())
    }
}

/// Reads a timestamp from text.
///
/// # Errors
/// When the text is no time.
pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Timestamp, D::Error> {
    if deserializer.is_human_readable() {
        deserializer.deserialize_any(TimeVisitor)
    } else {
        deserializer.deserialize_i64(TimeVisitor)
    }
}

/// The same for times that may be missing.
pub mod option {
    use hurtig_types::Timestamp;
    use serde::de::{Deserialize, Deserializer};
    use serde::ser::Serializer;

    /// Writes a timestamp as text, or none.
    ///
    /// # Errors
    /// Those of the format.
    pub fn serialize<S: Serializer>(
        time: &Option<Timestamp>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        match time {
            Some(time) if serializer.is_human_readable() => {
                serializer.serialize_some(&super::Iso(*time))
            }
            Some(time) => serializer.serialize_some(time),
            None => serializer.serialize_none(),
        }
    }

    /// Reads a timestamp from text, or none.
    ///
    /// # Errors
    /// When the text is no time.
    pub fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Option<Timestamp>, D::Error> {
        struct Read(Timestamp);
        impl<'de> Deserialize<'de> for Read {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                super::deserialize(deserializer).map(Self)
            }
        }
        Ok(Option::<Read>::deserialize(deserializer)?.map(|Read(time)| time))
    }
}

/// A timestamp that is shown as briefly as it can: without a fraction of zero.
struct Iso(Timestamp);

impl serde::Serialize for Iso {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut buffer = *b"0000-00-00T00:00:00.000Z";
        match self
            .write(&mut buffer)
            .and_then(|iso| std::str::from_utf8(iso).ok())
        {
            Some(iso) => serializer.serialize_str(iso),
            None => serializer.collect_str(&self.0.as_millis()),
        }
    }
}

impl Iso {
    /// Fills in the digits. `None` when the year has not four of them; then it is shown as a number.
    fn write<'a>(&self, buffer: &'a mut [u8; 24]) -> Option<&'a [u8]> {
        let millis = self.0.as_millis();
        let (days, of_day) = (millis.div_euclid(86_400_000), millis.rem_euclid(86_400_000));
        let (year, month, day) = civil_from_days(days).filter(|(year, ..)| *year <= 9999)?;
        let (seconds, fraction) = (of_day / 1000, of_day % 1000);
        let places = [
            (0, 4, year),
            (5, 2, month),
            (8, 2, day),
            (11, 2, seconds / 3600),
            (14, 2, seconds / 60 % 60),
            (17, 2, seconds % 60),
            (20, 3, fraction),
        ];
        for (start, digits, mut number) in places {
            for digit in buffer.get_mut(start..start + digits)?.iter_mut().rev() {
                *digit = b'0' + (number % 10) as u8;
                number /= 10;
            }
        }
        if fraction == 0 {
            *buffer.get_mut(19)? = b'Z';
            return buffer.get(..20);
        }
        Some(buffer)
    }
}

/// The date of a day counted from 1970-01-01, over eras of 400 years that begin in March; `None` before the year 0.
fn civil_from_days(days: i64) -> Option<(i64, i64, i64)> {
    let days = days + 719_468;
    let (era, day_of_era) = (days.div_euclid(146_097), days.rem_euclid(146_097));
    let leap_days = day_of_era / 1_460 - day_of_era / 36_524 + day_of_era / 146_096;
    let year_of_era = (day_of_era - leap_days) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = (month_from_march + 2) % 12 + 1;
    let year = era * 400 + year_of_era + i64::from(month <= 2);
    (year >= 0).then_some((year, month, day))
}

struct TimeVisitor;

impl Visitor<'_> for TimeVisitor {
    type Value = Timestamp;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a time like 2013-01-01T10:00:00Z")
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Timestamp, E> {
        parse(text).ok_or_else(|| E::invalid_value(de::Unexpected::Str(text), &self))
    }

    fn visit_i64<E: de::Error>(self, millis: i64) -> Result<Timestamp, E> {
        Ok(Timestamp::from_millis(millis))
    }

    fn visit_u64<E: de::Error>(self, millis: u64) -> Result<Timestamp, E> {
        let too_late = || E::invalid_value(de::Unexpected::Unsigned(millis), &self);
        i64::try_from(millis)
            .map(Timestamp::from_millis)
            .map_err(|_| too_late())
    }
}

/// Reads a time; `None` when it is none.
///
/// ```
/// use hurtig_connect::timestamp_serde::parse;
/// use hurtig_types::Timestamp;
///
/// let noon = Some(Timestamp::from_millis(1_357_041_600_000));
/// assert_eq!(parse("2013-01-01T12:00:00Z"), noon);
/// assert_eq!(parse("2013-01-01 13:00:00.000+01:00"), noon);
/// assert_eq!(parse("2013-01-01T12:00"), noon);
/// assert_eq!(parse("2013-02-30"), None);
/// ```
pub fn parse(text: &str) -> Option<Timestamp> {
    let Some((&[y0, y1, y2, y3, b'-', m0, m1, b'-', d0, d1], rest)) =
        text.as_bytes().split_first_chunk()
    else {
        let digits = text.strip_prefix('-').unwrap_or(text);
        return is_number(digits).then(|| text.parse().ok().map(Timestamp::from_millis))?;
    };
    let year = two(y0, y1)? * 100 + two(y2, y3)?;
    let days = days_from_civil(year, two(m0, m1)?, two(d0, d1)?)?;
    let millis = match rest.split_first() {
        None => 0,
        Some((b'T' | b't' | b' ', time)) => millis_of_time(time)?,
        Some(_) => return None,
    };
    Some(Timestamp::from_millis(days * 86_400_000 + millis))
}

fn is_number(digits: &str) -> bool {
    !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit())
}

/// `12:00`, `12:00:00`, `12:00:00.123Z`, `12:00:00+01:00`: milliseconds of the day, minus the offset.
fn millis_of_time(time: &[u8]) -> Option<i64> {
    let (&[h0, h1, b':', m0, m1], mut rest) = time.split_first_chunk()? else {
        return None;
    };
    let (hour, minute) = (two(h0, h1)?, two(m0, m1)?);
    let (mut second, mut fraction) = (0, 0);
    if let Some((&[b':', s0, s1], after)) = rest.split_first_chunk() {
        second = two(s0, s1)?;
        (fraction, rest) = millis_of_fraction(after)?;
    }
    if hour > 23 || minute > 59 || second > 59 {
        return None;
    }
    let offset_minutes = match *rest {
        [] | [b'Z' | b'z'] => 0,
        [sign, h0, h1, b':', m0, m1] | [sign, h0, h1, m0, m1] => {
            signed(sign, two(h0, h1)? * 60 + two(m0, m1)?)?
        }
        [sign, h0, h1] => signed(sign, two(h0, h1)? * 60)?,
        _ => return None,
    };
    Some(((hour * 60 + minute - offset_minutes) * 60 + second) * 1000 + fraction)
}

/// What comes after the seconds: a fraction, cut at the millisecond, or none; and what follows it.
fn millis_of_fraction(bytes: &[u8]) -> Option<(i64, &[u8])> {
    let Some((b'.' | b',', bytes)) = bytes.split_first() else {
        return Some((0, bytes));
    };
    let digits = bytes
        .iter()
        .take_while(|byte| byte.is_ascii_digit())
        .count();
    let (fraction, rest) = bytes.split_at_checked(digits)?;
    let millis = (0..3).fold(0, |sum, at| {
        sum * 10 + fraction.get(at).map_or(0, |d| i64::from(d - b'0'))
    });
    (digits > 0).then_some((millis, rest))
}

fn signed(sign: u8, minutes: i64) -> Option<i64> {
    match sign {
        b'+' => Some(minutes),
        b'-' => Some(-minutes),
        _ => None,
    }
}

fn two(tens: u8, ones: u8) -> Option<i64> {
    let digit = |byte: u8| byte.is_ascii_digit().then(|| i64::from(byte - b'0'));
    Some(digit(tens)? * 10 + digit(ones)?)
}

/// Days since 1970-01-01, counting years from March so that the leap day comes last; `None` for a day that never was.
fn days_from_civil(year: i64, month: i64, day: i64) -> Option<i64> {
    let is_leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let days_in_month = match month {
        1 | 3 | 5 | 7 | 8 | 10 | 12 => 31,
        4 | 6 | 9 | 11 => 30,
        2 => 28 + i64::from(is_leap),
        _ => return None,
    };
    if !(1..=days_in_month).contains(&day) {
        return None;
    }
    let year = year - i64::from(month <= 2);
    let (era, year_of_era) = (year.div_euclid(400), year.rem_euclid(400));
    let month_from_march = (month + 9) % 12;
    let day_of_year = (153 * month_from_march + 2) / 5 + day - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    Some(era * 146_097 + day_of_era - 719_468)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(time: Timestamp) -> String {
        let text = serde_json::to_string(&Iso(time)).unwrap();
        text.trim_matches('"').to_string()
    }

    #[test]
    fn every_day_of_four_centuries_is_read_as_it_is_shown() {
        for day in (-719_528..2_932_897).step_by(7).chain(-2000..20_000) {
            for millis in [0, 1, 43_199_999] {
                let time = Timestamp::from_millis(day * 86_400_000 + millis);
                assert_eq!(parse(&time.to_string()), Some(time));
                assert_eq!(shown(time), time.to_string().replace(".000Z", "Z"));
            }
        }
    }

    #[test]
    fn offsets_fractions_and_short_forms() {
        let millis = |text: &str| parse(text).map(Timestamp::as_millis);
        assert_eq!(millis("1970-01-01T00:00:01.5Z"), Some(1500));
        assert_eq!(millis("1970-01-01T00:00:01.123456789"), Some(1123));
        assert_eq!(millis("1970-01-01T01:00-0130"), Some(9_000_000));
        assert_eq!(millis("1970-01-01 01+01"), None);
        assert_eq!(millis("1970-01-01 01:00+01"), Some(0));
        assert_eq!(millis("1970-01-02"), Some(86_400_000));
        assert_eq!(millis("-17"), Some(-17));
        assert_eq!(millis("1357041600000"), Some(1_357_041_600_000));
    }

    #[test]
    fn what_is_no_time_is_refused() {
        for text in [
            "",
            "NA",
            "2013",
            "2013-1-1",
            "2013-13-01",
            "2013-00-01",
            "2013-02-29",
            "2013-01-01T",
            "2013-01-01T24:00:00Z",
            "2013-01-01T10:60:00Z",
            "2013-01-01T10:00:00.Z",
            "2013-01-01x10:00",
            "2013-01-01T10:00:00Zx",
            "2013-01-01T10:00:00+1",
            "zwölf-01-01",
            "99999999999999999999",
        ] {
            // `2013` is a number: 2013 ms.
            assert_eq!(parse(text).is_some(), text == "2013", "{text}");
        }
    }

    #[test]
    fn times_that_have_no_date_stay_numbers() {
        assert_eq!(shown(Timestamp::MAX), i64::MAX.to_string());
        assert_eq!(shown(Timestamp::MIN), i64::MIN.to_string());
        let last = Timestamp::from_millis(253_402_300_799_999);
        assert_eq!(shown(last), "9999-12-31T23:59:59.999Z");
        assert_eq!(shown(last.saturating_add_millis(1)), "253402300800000");
        assert_eq!(parse(&i64::MAX.to_string()), Some(Timestamp::MAX));
        assert_eq!(parse(&i64::MIN.to_string()), Some(Timestamp::MIN));
    }
}
