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
/// As long as the batch is as the source made it, each record for itself, the position of [each](Self::each) is known as well.
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
    /// How far the positions of neighbouring records are apart; 0 where nobody knows which record has which position.
    step: u64,
}

impl Origin {
    /// How many ranges are kept.
    pub const RANGES_MAX: usize = 4;

    /// Nothing is known: records made by a timer or a window.
    pub const UNKNOWN: Self = Self {
        first: None,
        rest: Vec::new(),
        cut: false,
        step: 0,
    };

    /// The records are those at every `step`th position of the range, in order, and no others.
    ///
    /// ```
    /// use hurtig_types::{Origin, OriginRange};
    ///
    /// let odd = OriginRange { split: "numbers".into(), unit: "record", first: 1, last: 9 };
    /// let origin = Origin::each(odd, 2);
    /// assert_eq!(origin.to_string(), "numbers record 1 to 9");
    /// assert_eq!(origin.at(3).unwrap().to_string(), "numbers record 7");
    /// assert_eq!(origin.at(5), None);
    /// ```
    pub fn each(range: OriginRange, step: u64) -> Self {
        Self {
            step,
            ..Self::from(range)
        }
    }

    /// The position of the record at `index` of the batch, where it is known.
    #[must_use]
    pub fn at(&self, index: usize) -> Option<Self> {
        let range = self.first.as_ref().filter(|_| self.step > 0)?;
        let behind = self.step.checked_mul(index as u64)?;
        let position = range.first.checked_add(behind)?;
        (position <= range.last).then(|| {
            Self::from(OriginRange {
                first: position,
                last: position,
                ..range.clone()
            })
        })
    }

    /// Whether it is one position alone.
    pub fn is_single(&self) -> bool {
        let single = |range: &OriginRange| range.first == range.last;
        self.first.as_ref().is_some_and(single) && self.rest.is_empty() && !self.cut
    }

    /// Forgets which record has which position: some have been left out, or others made of them.
    pub fn blur(&mut self) {
        self.step = 0;
    }

    /// Adds the positions of records that stand right behind all others.
    pub fn append(&mut self, other: &Self) {
        let adjoins = match (&self.first, &other.first) {
            (Some(front), Some(back)) => {
                front.split == back.split && front.last.checked_add(self.step) == Some(back.first)
            }
            _ => false,
        };
        let step = if adjoins && self.step == other.step {
            self.step
        } else {
            0
        };
        self.merge(other);
        self.step = step;
    }

    /// The positions of the records from `at` on, where they are known; all, where they are not.
    #[must_use]
    pub fn split_off(&mut self, at: usize) -> Self {
        let mut behind = self.clone();
        if let (Some(front), Some(back)) = (&mut self.first, &mut behind.first)
            && self.step > 0
            && at > 0
        {
            back.first = back
                .first
                .saturating_add(self.step.saturating_mul(at as u64));
            front.last = back.first.saturating_sub(self.step);
        }
        behind
    }

    /// Adds the positions of `other`, whose records come anywhere among the others.
    pub fn merge(&mut self, other: &Self) {
        self.step = 0;
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
            step: 0,
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
    fn each_position_is_known_while_records_are_cut_and_joined_in_order_and_no_longer() {
        let range = |first, last| OriginRange {
            split: "a".into(),
            unit: "line",
            first,
            last,
        };
        let name = |origin: &Origin, index| origin.at(index).map(|at| at.to_string());
        let mut front = Origin::each(range(3, 11), 2);
        let mut back = front.split_off(2);
        assert_eq!(
            (name(&front, 1), name(&front, 2)),
            (Some("a line 5".into()), None)
        );
        assert_eq!(name(&back, 0), Some("a line 7".into()));
        front.append(&back);
        assert_eq!(front, Origin::each(range(3, 11), 2));
        let mut gap = front.clone();
        gap.append(&Origin::each(range(15, 17), 2));
        front.merge(&Origin::UNKNOWN);
        back.blur();
        assert_eq!(
            (name(&gap, 0), name(&front, 0), name(&back, 0)),
            (None, None, None)
        );
    }

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
