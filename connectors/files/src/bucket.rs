//! Which directory a record goes to.

use std::fmt;
use std::sync::Arc;

use hurtig_types::{Error, Result, Timestamp};

/// Gives each record its bucket: a directory below that of the sink.
pub(crate) enum Buckets<T> {
    /// All in the directory itself.
    One,
    /// By what the user's function says of the record.
    ByRecord(Arc<dyn Fn(&T) -> String + Send + Sync>),
    /// By when it is written.
    ByTime(TimePattern),
}

impl<T> Clone for Buckets<T> {
    fn clone(&self) -> Self {
        match self {
            Self::One => Self::One,
            Self::ByRecord(of) => Self::ByRecord(Arc::clone(of)),
            Self::ByTime(pattern) => Self::ByTime(pattern.clone()),
        }
    }
}

impl<T> fmt::Debug for Buckets<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::One => f.write_str("One"),
            Self::ByRecord(_) => f.write_str("ByRecord"),
            Self::ByTime(pattern) => pattern.fmt(f),
        }
    }
}

/// Looks whether a bucket is a path that stays below the sink's directory, in names that a source would not hide.
pub(crate) fn check_bucket(bucket: &str) -> Result<()> {
    let good = |name: &str| !name.is_empty() && name != ".." && name != "." && !name.contains('\0');
    if bucket.is_empty() || bucket.split('/').all(good) {
        return Ok(());
    }
    Err(Error::function(format!(
        "`{bucket}` is no bucket: it has to be names with `/` between them, none of them empty, `.` or `..`"
    )))
}

/// Java's date patterns, as far as buckets need them: `yyyy`, `MM`, `dd`, `HH`, `mm`, `ss`, `SSS`, text in single quotes,
/// and whatever is no letter. Times are UTC.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct TimePattern(Vec<Part>);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Part {
    Text(String),
    /// Characters of the ISO-8601 form of the time.
    Digits(std::ops::Range<usize>),
}

impl TimePattern {
    pub(crate) fn parse(pattern: &str) -> Result<Self> {
        let mut parts = Vec::new();
        let mut rest = pattern;
        while let Some(first) = rest.chars().next() {
            let run = rest.chars().take_while(|c| *c == first).count();
            let (length, part) = match (first, run) {
                ('y' | 'u', 4) => (4, Part::Digits(0..4)),
                ('M', 2) => (2, Part::Digits(5..7)),
                ('d', 2) => (2, Part::Digits(8..10)),
                ('H', 2) => (2, Part::Digits(11..13)),
                ('m', 2) => (2, Part::Digits(14..16)),
                ('s', 2) => (2, Part::Digits(17..19)),
                ('S', 3) => (3, Part::Digits(20..23)),
                ('\'', _) => {
                    let text = rest.get(1..).unwrap_or_default();
                    let Some(end) = text.find('\'') else {
                        return Err(Error::config(format!("`'` is not closed in `{pattern}`")));
                    };
                    let text = text.get(..end).unwrap_or_default();
                    (
                        end + 2,
                        Part::Text(if end == 0 { "'" } else { text }.to_string()),
                    )
                }
                (letter, run) if letter.is_ascii_alphabetic() => {
                    let letters = String::from(letter).repeat(run);
                    return Err(Error::config(format!(
                        "`{letters}` in the bucket pattern `{pattern}`: there are yyyy, MM, dd, HH, mm, ss and SSS, \
                         and text between single quotes"
                    )));
                }
                (other, _) => (other.len_utf8(), Part::Text(other.to_string())),
            };
            parts.push(part);
            rest = rest.get(length..).unwrap_or_default();
        }
        Ok(Self(parts))
    }

    /// The bucket of a time.
    pub(crate) fn format(&self, time: Timestamp) -> String {
        let iso = time.to_string();
        let part = |part: &Part| match part {
            Part::Text(text) => text.clone(),
            Part::Digits(range) => iso.get(range.clone()).unwrap_or_default().to_string(),
        };
        self.0.iter().map(part).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_are_those_of_java() {
        let at = Timestamp::from_millis(1_357_041_661_007);
        let shown = |pattern| TimePattern::parse(pattern).unwrap().format(at);
        assert_eq!(shown("yyyy-MM-dd--HH"), "2013-01-01--12");
        assert_eq!(
            shown("'dt'=yyyyMMdd/HH:mm:ss.SSS''"),
            "dt=20130101/12:01:01.007'"
        );
        for broken in ["yyyy-MMM", "EEE", "'a", "h"] {
            assert!(TimePattern::parse(broken).is_err(), "{broken}");
        }
    }

    #[test]
    fn buckets_stay_below_the_directory() {
        for good in ["", "a", "a/b=c", "..a"] {
            assert!(check_bucket(good).is_ok(), "{good}");
        }
        for bad in ["/a", "a/", "a//b", "..", "a/../b", "."] {
            assert!(check_bucket(bad).is_err(), "{bad}");
        }
    }
}
