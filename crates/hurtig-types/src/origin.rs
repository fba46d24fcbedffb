//! Where the records of a batch came from, so that an error can say it.

use std::fmt;
use std::sync::Arc;

/// A run of positions in one split of a source.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OriginRange {
    /// The source and its split, as a person would name them: `flights.csv.gz`, `topic-0`.
    pub split: Arc<str>,
    /// What a position counts: `line`, `offset`, `record`.
    pub unit: &'static str,
    /// The first position.
    pub first: u64,
    /// The last position, inclusive.
    pub last: u64,
}

/// The source positions that a batch may hold records of. Kept per batch, at no cost per record; at most
/// [`Origin::RANGES_MAX`] ranges, after which it says so.
///
/// ```
/// use hurtig_types::{Origin, OriginRange};
///
/// let range = |first, last| OriginRange { split: "flights.csv".into(), unit: "line", first, last };
/// let mut origin = Origin::from(range(2, 100));
/// origin.merge(&Origin::from(range(101, 200)));
/// assert_eq!(origin.to_string(), "flights.csv line 2 to 200");
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Origin {
    first: Option<OriginRange>,
    rest: Vec<OriginRange>,
    cut: bool,
}

impl Origin {
    /// How many ranges are kept.
    pub const RANGES_MAX: usize = 4;

    /// Nothing is known: records made by a timer or a window.
    pub const UNKNOWN: Self = Self {
        first: None,
        rest: Vec::new(),
        cut: false,
    };

    /// Adds the positions of `other`.
    pub fn merge(&mut self, other: &Self) {
        self.cut |= other.cut;
        for range in other.first.iter().chain(&other.rest) {
            self.add(range);
        }
    }

    /// Whether nothing is known.
    pub fn is_unknown(&self) -> bool {
        self.first.is_none()
    }

    fn add(&mut self, range: &OriginRange) {
        let Some(first) = &mut self.first else {
            self.first = Some(range.clone());
            return;
        };
        let same = std::iter::once(first)
            .chain(&mut self.rest)
            .find(|known| known.split == range.split);
        if let Some(known) = same {
            known.first = known.first.min(range.first);
            known.last = known.last.max(range.last);
        } else if self.rest.len() + 1 < Self::RANGES_MAX {
            self.rest.push(range.clone());
        } else {
            self.cut = true;
        }
    }
}

impl From<OriginRange> for Origin {
    fn from(range: OriginRange) -> Self {
        Self {
            first: Some(range),
            rest: Vec::new(),
            cut: false,
        }
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some(first) = &self.first else {
            return f.write_str("unknown position");
        };
        for (index, range) in std::iter::once(first).chain(&self.rest).enumerate() {
            let comma = if index == 0 { "" } else { ", " };
            let OriginRange {
                split,
                unit,
                first,
                last,
            } = range;
            if first == last {
                write!(f, "{comma}{split} {unit} {first}")?;
            } else {
                write!(f, "{comma}{split} {unit} {first} to {last}")?;
            }
        }
        if self.cut {
            f.write_str(" and other splits")
        } else {
            Ok(())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn says_so_when_there_are_too_many_splits_to_name() {
        let range = |split: usize| OriginRange {
            split: split.to_string().into(),
            unit: "line",
            first: 1,
            last: 1,
        };
        let mut origin = Origin::UNKNOWN;
        (0..6).for_each(|split| origin.merge(&Origin::from(range(split))));
        assert_eq!(
            origin.to_string(),
            "0 line 1, 1 line 1, 2 line 1, 3 line 1 and other splits"
        );
    }
}
