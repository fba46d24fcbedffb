//! Time zones: by name, or by offset.

use chrono::{FixedOffset, NaiveDateTime, Offset, TimeDelta, TimeZone};
use chrono_tz::Tz;

/// A time zone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Zone {
    /// One with a name and a history, `Europe/Berlin`.
    Named(Tz),
    /// One that is always as far from UTC, in seconds.
    Fixed(i32),
}

impl Zone {
    pub(crate) const UTC: Self = Self::Fixed(0);

    /// `Europe/Berlin`, `UTC`, `Z`, `GMT+02:00`, `UTC-8`, `+0130`.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let offset = ["GMT", "UTC", "UT"]
            .into_iter()
            .find_map(|prefix| text.strip_prefix(prefix))
            .unwrap_or(text);
        if offset.is_empty() || offset == "Z" {
            return (!text.is_empty()).then_some(Self::UTC);
        }
        match Self::parse_offset(offset) {
            Some(seconds) => Some(Self::Fixed(seconds)),
            None => text.parse().ok().map(Self::Named),
        }
    }

    /// The seconds of `+2`, `+02`, `+0200`, `+02:00`.
    pub(super) fn parse_offset(text: &str) -> Option<i32> {
        let (sign, digits) = match (text.strip_prefix('+'), text.strip_prefix('-')) {
            (Some(digits), _) => (1, digits),
            (_, Some(digits)) => (-1, digits),
            _ => return None,
        };
        let digits = digits.replace(':', "");
        if digits.is_empty() || !digits.bytes().all(|digit| digit.is_ascii_digit()) {
            return None;
        }
        let (hours, minutes) = match digits.len() {
            1 | 2 => (digits.as_str(), "0"),
            4 => digits.split_at(2),
            _ => return None,
        };
        let seconds = hours.parse::<i32>().ok()? * 3600 + minutes.parse::<i32>().ok()? * 60;
        (seconds <= 18 * 3600).then_some(sign * seconds)
    }

    /// How far it is from UTC at an instant, in seconds.
    pub(super) fn offset_at(self, utc: NaiveDateTime) -> i32 {
        match self {
            Self::Named(zone) => zone.offset_from_utc_datetime(&utc).fix().local_minus_utc(),
            Self::Fixed(seconds) => seconds,
        }
    }

    /// What its clocks show.
    pub(crate) fn to_local(self, utc: NaiveDateTime) -> Option<NaiveDateTime> {
        utc.checked_add_signed(TimeDelta::seconds(i64::from(self.offset_at(utc))))
    }

    /// When its clocks show this: at the first time, if they do so twice. What they leave out in spring is as much later.
    pub(crate) fn to_utc(self, local: NaiveDateTime) -> Option<NaiveDateTime> {
        let seconds = match self {
            Self::Fixed(seconds) => seconds,
            Self::Named(zone) => match zone.offset_from_local_datetime(&local).earliest() {
                Some(offset) => offset.fix().local_minus_utc(),
                // A day before, the clocks had not been changed yet.
                None => self.offset_at(local.checked_sub_signed(TimeDelta::days(1))?),
            },
        };
        local.checked_sub_signed(TimeDelta::seconds(i64::from(seconds)))
    }

    /// Its name, as patterns write it.
    pub(super) fn name(self) -> String {
        match self {
            Self::Named(zone) => zone.name().to_string(),
            Self::Fixed(0) => "UTC".to_string(),
            Self::Fixed(seconds) => match FixedOffset::east_opt(seconds) {
                Some(offset) => format!("GMT{offset}"),
                None => "GMT".to_string(),
            },
        }
    }
}
