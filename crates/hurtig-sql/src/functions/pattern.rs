//! Patterns of dates and times, as Java's `DateTimeFormatter` has them: `yyyy-MM-dd HH:mm:ss.SSS`.

use std::fmt::Write as _;

use chrono::{DateTime, Datelike, NaiveDateTime, Timelike};

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
    "Sunday",
    "Monday",
    "Tuesday",
    "Wednesday",
    "Thursday",
    "Friday",
    "Saturday",
];

/// A pattern that was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Pattern(Vec<Part>);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Part {
    Text(String),
    /// A letter, and how often it stands there.
    Field(char, usize),
}

impl Pattern {
    /// Reads a pattern; or says what is wrong with it.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let mut parts = Vec::new();
        let mut letters = text.chars().peekable();
        while let Some(letter) = letters.next() {
            if letter == '\'' {
                parts.push(Part::Text(quoted(&mut letters)?));
            } else if letter.is_ascii_alphabetic() {
                let mut count = 1;
                while letters.next_if_eq(&letter).is_some() {
                    count += 1;
                }
                if !"yuMLdDHkKhmsSaE".contains(letter) {
                    return Err(format!(
                        "the letter `{letter}` of the pattern '{text}' is not known"
                    ));
                }
                parts.push(Part::Field(letter, count));
            } else {
                parts.push(Part::Text(letter.to_string()));
            }
        }
        Ok(Self(parts))
    }

    /// Times within the same span of so many milliseconds are written alike.
    pub(super) fn resolution_ms(&self) -> i64 {
        let of_part = |part: &Part| match part {
            Part::Text(_) => 86_400_000,
            Part::Field('S', _) => 1,
            Part::Field('s', _) => 1000,
            Part::Field('m', _) => 60_000,
            Part::Field('H' | 'k' | 'K' | 'h' | 'a', _) => 3_600_000,
            Part::Field(..) => 86_400_000,
        };
        self.0.iter().map(of_part).min().unwrap_or(86_400_000)
    }

    /// Writes a time; whether there is such a date.
    pub(super) fn write(&self, millis: i64, out: &mut String) -> bool {
        let Some(time) = DateTime::from_timestamp_millis(millis) else {
            return false;
        };
        let time = time.naive_utc();
        self.0.iter().for_each(|part| match part {
            Part::Text(text) => out.push_str(text),
            Part::Field(letter, count) => write_field(*letter, *count, time, out),
        });
        true
    }
}

/// What stands between quotes; two of them are one.
fn quoted(letters: &mut std::iter::Peekable<std::str::Chars<'_>>) -> Result<String, String> {
    if letters.next_if_eq(&'\'').is_some() {
        return Ok("'".to_string());
    }
    let mut text = String::new();
    loop {
        match letters.next() {
            Some('\'') if letters.next_if_eq(&'\'').is_some() => text.push('\''),
            Some('\'') => return Ok(text),
            Some(letter) => text.push(letter),
            None => return Err("a quote of the pattern is not closed".to_string()),
        }
    }
}

fn write_field(letter: char, count: usize, time: NaiveDateTime, out: &mut String) {
    let (hour, half) = (time.hour(), time.hour() % 12);
    let number = match letter {
        'y' | 'u' if count == 2 => time.year().rem_euclid(100).unsigned_abs(),
        'y' | 'u' => {
            let sign = if time.year() < 0 { "-" } else { "" };
            let year = time.year().unsigned_abs();
            // Writing into a string cannot fail.
            let _ = write!(out, "{sign}{year:0count$}");
            return;
        }
        'M' | 'L' if count >= 3 => return name(&MONTHS, time.month0() as usize, count, out),
        'E' => {
            let day = time.weekday().num_days_from_sunday() as usize;
            return name(&DAYS, day, count, out);
        }
        'a' => return out.push_str(if hour < 12 { "AM" } else { "PM" }),
        'S' => {
            let digits = format!("{:09}", time.nanosecond() % 1_000_000_000);
            return out.push_str(digits.get(..count.min(9)).unwrap_or(&digits));
        }
        'M' | 'L' => time.month(),
        'd' => time.day(),
        'D' => time.ordinal(),
        'H' => hour,
        'k' if hour == 0 => 24,
        'k' => hour,
        'K' => half,
        'h' if half == 0 => 12,
        'h' => half,
        'm' => time.minute(),
        _ => time.second(),
    };
    let _ = write!(out, "{number:0count$}");
}

/// A name, short where the letter stands three times or fewer.
fn name(names: &[&str], index: usize, count: usize, out: &mut String) {
    let name = names.get(index).copied().unwrap_or_default();
    let short = name.get(..3).unwrap_or(name);
    out.push_str(if count >= 4 { name } else { short });
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(pattern: &str, millis: i64) -> String {
        let mut text = String::new();
        assert!(Pattern::parse(pattern).unwrap().write(millis, &mut text));
        text
    }

    #[test]
    fn times_are_written_by_their_pattern() {
        let time = 1_436_967_845_067; // 2015-07-15T13:44:05.067Z, a Wednesday
        assert_eq!(
            written("yyyy-MM-dd HH:mm:ss.SSS", time),
            "2015-07-15 13:44:05.067"
        );
        assert_eq!(written("yy/M/d 'at' h:mm a", time), "15/7/15 at 1:44 PM");
        assert_eq!(
            written("EEE, d MMM yyyy; EEEE, MMMM; D", time),
            "Wed, 15 Jul 2015; Wednesday, July; 196"
        );
        assert_eq!(written("kk K h '' ''''", 0), "24 0 12 ' ''");
        assert_eq!(written("yyyy-MM-dd", -1), "1969-12-31");
    }

    #[test]
    fn a_pattern_knows_how_fine_it_is_and_what_is_wrong_with_it() {
        let resolution = |text| Pattern::parse(text).unwrap().resolution_ms();
        assert_eq!(resolution("yyyy-MM-dd"), 86_400_000);
        assert_eq!(resolution("HH:mm"), 60_000);
        assert!(Pattern::parse("yyyy-qq").unwrap_err().contains("`q`"));
        assert!(Pattern::parse("'open").unwrap_err().contains("not closed"));
    }
}
