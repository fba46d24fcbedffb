//! The types of intervals.

use std::fmt;

/// `INTERVAL …`: months, or milliseconds; never both.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum IntervalType {
    /// Years and months.
    YearMonth {
        /// Which of them are written.
        fields: YearMonthFields,
        /// How many digits the years have, 1 to 4.
        precision: u32,
    },
    /// Days to seconds.
    DayTime {
        /// Which of them are written.
        fields: DayTimeFields,
        /// How many digits the days have, 1 to 6.
        precision: u32,
        /// How many digits a second's fraction has, 0 to 9.
        fraction: u32,
    },
}

/// What an interval of months is written in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum YearMonthFields {
    /// `YEAR`
    Year,
    /// `YEAR TO MONTH`
    YearToMonth,
    /// `MONTH`
    Month,
}

/// What an interval of time is written in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum DayTimeFields {
    /// `DAY`
    Day,
    /// `DAY TO HOUR`
    DayToHour,
    /// `DAY TO MINUTE`
    DayToMinute,
    /// `DAY TO SECOND`
    DayToSecond,
    /// `HOUR`
    Hour,
    /// `HOUR TO MINUTE`
    HourToMinute,
    /// `HOUR TO SECOND`
    HourToSecond,
    /// `MINUTE`
    Minute,
    /// `MINUTE TO SECOND`
    MinuteToSecond,
    /// `SECOND`
    Second,
}

impl DayTimeFields {
    /// The fields from one unit to another, if that is a range.
    pub(crate) fn between(from: &str, to: &str) -> Option<Self> {
        Some(match (from, to) {
            ("DAY", "DAY") => Self::Day,
            ("DAY", "HOUR") => Self::DayToHour,
            ("DAY", "MINUTE") => Self::DayToMinute,
            ("DAY", "SECOND") => Self::DayToSecond,
            ("HOUR", "HOUR") => Self::Hour,
            ("HOUR", "MINUTE") => Self::HourToMinute,
            ("HOUR", "SECOND") => Self::HourToSecond,
            ("MINUTE", "MINUTE") => Self::Minute,
            ("MINUTE", "SECOND") => Self::MinuteToSecond,
            ("SECOND", "SECOND") => Self::Second,
            _ => return None,
        })
    }
}

impl fmt::Display for IntervalType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::YearMonth {
                fields,
                precision: p,
            } => match fields {
                YearMonthFields::Year => write!(f, "INTERVAL YEAR({p})"),
                YearMonthFields::YearToMonth => write!(f, "INTERVAL YEAR({p}) TO MONTH"),
                YearMonthFields::Month => f.write_str("INTERVAL MONTH"),
            },
            Self::DayTime {
                fields,
                precision: p,
                fraction: s,
            } => match fields {
                DayTimeFields::Day => write!(f, "INTERVAL DAY({p})"),
                DayTimeFields::DayToHour => write!(f, "INTERVAL DAY({p}) TO HOUR"),
                DayTimeFields::DayToMinute => write!(f, "INTERVAL DAY({p}) TO MINUTE"),
                DayTimeFields::DayToSecond => write!(f, "INTERVAL DAY({p}) TO SECOND({s})"),
                DayTimeFields::Hour => f.write_str("INTERVAL HOUR"),
                DayTimeFields::HourToMinute => f.write_str("INTERVAL HOUR TO MINUTE"),
                DayTimeFields::HourToSecond => write!(f, "INTERVAL HOUR TO SECOND({s})"),
                DayTimeFields::Minute => f.write_str("INTERVAL MINUTE"),
                DayTimeFields::MinuteToSecond => write!(f, "INTERVAL MINUTE TO SECOND({s})"),
                DayTimeFields::Second => write!(f, "INTERVAL SECOND({s})"),
            },
        }
    }
}
