//! Dates and times as text, in the form that SQL has for them.

use chrono::{NaiveDate, NaiveDateTime, NaiveTime};

/// `2024-02-29`, `2024-2-9`, `2024-02`, `2024`; what stands behind a space is let go.
pub(in crate::functions) fn date_of_text(text: &str) -> Option<NaiveDate> {
    let text = text.trim();
    let text = text.split_once(' ').map_or(text, |(date, _)| date);
    let mut parts = text.splitn(3, '-');
    let year = digits(parts.next()?, 1..=4)?;
    let month = parts.next().map_or(Some(1), |part| digits(part, 1..=2))?;
    let day = parts.next().map_or(Some(1), |part| digits(part, 1..=2))?;
    NaiveDate::from_ymd_opt(year as i32, month, day)
}

/// `13:14:15.678`, `13:14:15`, `13:14`, `13`.
pub(in crate::functions) fn time_of_text(text: &str) -> Option<NaiveTime> {
    let text = text.trim();
    let (clock, nanos) = match text.split_once('.') {
        Some((clock, fraction)) => (clock, nanos_of(fraction)?),
        None => (text, 0),
    };
    let mut parts = clock.splitn(3, ':');
    let hour = digits(parts.next()?, 1..=2)?;
    let minute = parts.next().map_or(Some(0), |part| digits(part, 1..=2))?;
    let second = parts.next().map_or(Some(0), |part| digits(part, 1..=2))?;
    NaiveTime::from_hms_nano_opt(hour, minute, second, nanos)
}

/// `2024-02-29 13:14:15.678`, or a date alone.
pub(in crate::functions) fn timestamp_of_text(text: &str) -> Option<NaiveDateTime> {
    let text = text.trim();
    match text.split_once(' ') {
        Some((date, time)) => Some(full_date(date)?.and_time(time_of_text(time)?)),
        None => full_date(text)?.and_hms_opt(0, 0, 0),
    }
}

fn full_date(text: &str) -> Option<NaiveDate> {
    let dashes = text.bytes().filter(|byte| *byte == b'-').count();
    if dashes == 2 {
        date_of_text(text)
    } else {
        None
    }
}

/// The number of so many digits.
fn digits(text: &str, length: std::ops::RangeInclusive<usize>) -> Option<u32> {
    let is_number = text.bytes().all(|byte| byte.is_ascii_digit());
    if !is_number || !length.contains(&text.len()) {
        return None;
    }
    text.parse().ok()
}

/// A second's fraction; digits beyond the ninth are let go.
pub(super) fn nanos_of(fraction: &str) -> Option<u32> {
    if fraction.is_empty() || !fraction.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let digits = fraction.get(..9).unwrap_or(fraction);
    let number: u32 = digits.parse().ok()?;
    Some(number * 10u32.pow(9 - digits.len() as u32))
}
