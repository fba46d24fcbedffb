//! Units of time, by name.

use datafusion_common::{Result, plan_err};

/// A unit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Unit {
    Nanosecond,
    Microsecond,
    Millisecond,
    Second,
    Minute,
    Hour,
    Day,
    Week,
    Month,
    Quarter,
    Year,
    Decade,
    Century,
    Millennium,
    DayOfWeek,
    IsoDayOfWeek,
    DayOfYear,
    IsoYear,
    Epoch,
}

/// How long one is, where all are as long.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Length {
    Nanos(i64),
    Months(i64),
}

impl Unit {
    /// `DAY`, `SQL_TSI_DAY` and the like, in any case.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let text = text.to_uppercase();
        Some(match text.strip_prefix("SQL_TSI_").unwrap_or(&text) {
            "NANOSECOND" => Self::Nanosecond,
            "MICROSECOND" => Self::Microsecond,
            "MILLISECOND" => Self::Millisecond,
            "SECOND" => Self::Second,
            "MINUTE" => Self::Minute,
            "HOUR" => Self::Hour,
            "DAY" => Self::Day,
            "WEEK" => Self::Week,
            "MONTH" => Self::Month,
            "QUARTER" => Self::Quarter,
            "YEAR" => Self::Year,
            "DECADE" => Self::Decade,
            "CENTURY" => Self::Century,
            "MILLENNIUM" => Self::Millennium,
            "DOW" => Self::DayOfWeek,
            "ISODOW" => Self::IsoDayOfWeek,
            "DOY" => Self::DayOfYear,
            "ISOYEAR" => Self::IsoYear,
            "EPOCH" => Self::Epoch,
            _ => return None,
        })
    }

    /// The unit of a call.
    pub(super) fn of(function: &str, text: Option<&str>) -> Result<Self> {
        match text.and_then(Self::parse) {
            Some(unit) => Ok(unit),
            None => plan_err!(
                "{} knows no unit {}: there are SECOND, MINUTE, HOUR, DAY, WEEK, MONTH, QUARTER, YEAR",
                function.trim_start_matches('_').to_uppercase(),
                text.unwrap_or("that is computed")
            ),
        }
    }

    pub(super) const fn length(self) -> Option<Length> {
        Some(match self {
            Self::Nanosecond => Length::Nanos(1),
            Self::Microsecond => Length::Nanos(1000),
            Self::Millisecond => Length::Nanos(1_000_000),
            Self::Second => Length::Nanos(1_000_000_000),
            Self::Minute => Length::Nanos(60_000_000_000),
            Self::Hour => Length::Nanos(3_600_000_000_000),
            Self::Day => Length::Nanos(86_400_000_000_000),
            Self::Week => Length::Nanos(7 * 86_400_000_000_000),
            Self::Month => Length::Months(1),
            Self::Quarter => Length::Months(3),
            Self::Year => Length::Months(12),
            Self::Decade => Length::Months(120),
            Self::Century => Length::Months(1200),
            Self::Millennium => Length::Months(12_000),
            _ => return None,
        })
    }
}
