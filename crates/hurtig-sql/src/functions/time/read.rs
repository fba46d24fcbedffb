//! Text as dates and times, by a pattern.

use chrono::{NaiveDate, NaiveDateTime, NaiveTime};

use super::format::{days, months};
use super::pattern::{Pattern, Piece, is_number};
use super::text::nanos_of;
use super::zone::Zone;

/// How closely the text must follow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Manner {
    /// As many digits as letters, and nothing behind (Java's DateTimeFormatter).
    Strict,
    /// Numbers end where their digits do, days beyond the month's end run on, and what stands behind is let go (SimpleDateFormat).
    Lenient,
}

/// A time that was read.
pub(super) struct Read {
    pub(super) local: NaiveDateTime,
    /// If the text names its zone.
    pub(super) zone: Option<Zone>,
}

/// What has been read so far.
#[derive(Default)]
struct Fields {
    year: Option<i32>,
    month: Option<u32>,
    day: Option<u32>,
    day_of_year: Option<u32>,
    hour: Option<u32>,
    /// Of 12, with `afternoon`.
    half_hour: Option<u32>,
    is_afternoon: bool,
    minute: u32,
    second: u32,
    nanos: u32,
    zone: Option<Zone>,
}

/// The time that a text is, if it follows the pattern.
pub(super) fn read(pattern: &Pattern, text: &str, manner: Manner) -> Option<Read> {
    let mut rest = text;
    let mut fields = Fields::default();
    for (index, piece) in pattern.pieces.iter().enumerate() {
        rest = match piece {
            Piece::Text(expected) => rest.strip_prefix(expected.as_str())?,
            Piece::Field(letter, count) if is_number(*letter, *count) => {
                let fixed = manner == Manner::Strict && *count > 1 || pattern.is_tight(index);
                let (digits, behind) = split_digits(rest, *letter, *count, fixed)?;
                fields.set(*letter, *count, digits)?;
                behind
            }
            Piece::Field(letter, count) => fields.set_text(*letter, *count, rest)?,
        };
    }
    if manner == Manner::Strict && !rest.is_empty() {
        return None;
    }
    fields.resolve(manner)
}

/// The digits at the beginning, and what is behind.
fn split_digits(text: &str, letter: char, count: usize, fixed: bool) -> Option<(&str, &str)> {
    let there = text.bytes().take_while(u8::is_ascii_digit).count();
    let most = match letter {
        'y' | 'u' | 'Y' if count != 2 => {
            if fixed {
                count
            } else {
                9
            }
        }
        _ if fixed => count,
        'S' | 'n' => 9,
        _ => 10,
    };
    let length = there.min(most);
    if length == 0 || fixed && length < count {
        return None;
    }
    text.split_at_checked(length)
}

impl Fields {
    fn set(&mut self, letter: char, count: usize, digits: &str) -> Option<()> {
        let number: u32 = digits.parse().ok()?;
        match letter {
            'y' | 'u' | 'Y' if count == 2 && digits.len() == 2 => {
                self.year = Some(2000 + number as i32)
            }
            'y' | 'u' | 'Y' => self.year = Some(i32::try_from(number).ok()?),
            'M' | 'L' => self.month = Some(number),
            'd' => self.day = Some(number),
            'D' => self.day_of_year = Some(number),
            'H' => self.hour = Some(number),
            'k' => self.hour = Some(number % 24),
            'K' => self.half_hour = Some(number),
            'h' => self.half_hour = Some(number % 12),
            'm' => self.minute = number,
            's' => self.second = number,
            'S' => self.nanos = nanos_of(digits)?,
            'n' => self.nanos = number,
            // A quarter, a week, a day of the week: the date says them already.
            _ => {}
        }
        Some(())
    }

    /// A name or a zone at the beginning of a text; what is behind it is returned.
    fn set_text<'a>(&mut self, letter: char, count: usize, text: &'a str) -> Option<&'a str> {
        match letter {
            'M' | 'L' => {
                let (index, rest) = strip_name(text, months(), count)?;
                self.month = Some(index as u32 + 1);
                Some(rest)
            }
            'E' => strip_name(text, days(), count).map(|(_, rest)| rest),
            'a' => {
                let (index, rest) = strip_any(text, &["AM", "PM"], |name| name)?;
                self.is_afternoon = index == 1;
                Some(rest)
            }
            'G' => strip_any(text, &["AD", "BC"], |name| name).map(|(_, rest)| rest),
            _ => self.set_zone(text),
        }
    }

    fn set_zone<'a>(&mut self, text: &'a str) -> Option<&'a str> {
        let is_of_zone = |letter: char| letter.is_ascii_alphanumeric() || "+-:/_".contains(letter);
        let end = text
            .find(|letter| !is_of_zone(letter))
            .unwrap_or(text.len());
        let (zone, rest) = text.split_at_checked(end)?;
        self.zone = Some(Zone::parse(zone)?);
        Some(rest)
    }

    fn resolve(self, manner: Manner) -> Option<Read> {
        let time = self.time()?;
        let date = self.date(manner)?;
        Some(Read {
            local: date.and_time(time),
            zone: self.zone,
        })
    }

    fn time(&self) -> Option<NaiveTime> {
        let half = self
            .half_hour
            .map(|hour| hour + if self.is_afternoon { 12 } else { 0 });
        let hour = self.hour.or(half).unwrap_or(0);
        NaiveTime::from_hms_nano_opt(hour, self.minute, self.second, self.nanos)
    }

    /// Days that a month does not have are its last.
    fn date(&self, manner: Manner) -> Option<NaiveDate> {
        let year = self.year.unwrap_or(1970);
        if let Some(day) = self.day_of_year {
            return NaiveDate::from_yo_opt(year, day);
        }
        let (month, day) = (self.month.unwrap_or(1), self.day.unwrap_or(1));
        if let Some(date) = NaiveDate::from_ymd_opt(year, month, day) {
            return Some(date);
        }
        let first = NaiveDate::from_ymd_opt(year, month, 1)?;
        match manner {
            _ if !(1..=31).contains(&day) => None,
            Manner::Lenient => first.checked_add_days(chrono::Days::new(u64::from(day) - 1)),
            Manner::Strict => first.checked_add_months(chrono::Months::new(1))?.pred_opt(),
        }
    }
}

/// A name's index: all of it, or its first three letters.
fn strip_name<'a>(
    text: &'a str,
    names: &'static [&'static str],
    count: usize,
) -> Option<(usize, &'a str)> {
    let short = |name: &'static str| name.get(..3).unwrap_or(name);
    if count == 3 {
        return strip_any(text, names, short);
    }
    strip_any(text, names, |name| name).or_else(|| strip_any(text, names, short))
}

fn strip_any<'a>(
    text: &'a str,
    names: &[&'static str],
    form: impl Fn(&'static str) -> &'static str,
) -> Option<(usize, &'a str)> {
    names.iter().enumerate().find_map(|(index, name)| {
        let name = form(name);
        let (start, rest) = text.split_at_checked(name.len())?;
        start.eq_ignore_ascii_case(name).then_some((index, rest))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(pattern: &str, text: &str, manner: Manner) -> Option<String> {
        let pattern = Pattern::parse(pattern).unwrap();
        read(&pattern, text, manner).map(|read| read.local.to_string())
    }

    #[test]
    fn strict_and_lenient() {
        let pattern = "yyyy-MM-dd";
        let expected = Some("2024-02-03 00:00:00".to_string());
        assert_eq!(parsed(pattern, "2024-02-03", Manner::Strict), expected);
        assert_eq!(parsed(pattern, "2024-2-3", Manner::Strict), None);
        assert_eq!(parsed(pattern, "2024-2-3", Manner::Lenient), expected);
        assert_eq!(parsed(pattern, "2024-02-03 10", Manner::Strict), None);
        assert_eq!(parsed(pattern, "2024-02-03 10", Manner::Lenient), expected);
        let expected = Some("1970-01-01 07:00:00".to_string());
        assert_eq!(parsed("HH", "07", Manner::Strict), expected);
    }
}
