//! What is remembered of the rows of a group.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use smallvec::SmallVec;

/// A value as bytes: of a text those of its characters, of others those of a row of one column.
pub(super) type Bytes = Box<[u8]>;

/// How often each value is there.
pub(super) type Multiset = BTreeMap<Bytes, i64>;

/// The accumulators of one group: one for each call, and how many rows there are.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct AccRow {
    pub(super) rows: i64,
    pub(super) cells: SmallVec<[Acc; 2]>,
}

impl AccRow {
    /// How many rows are in the group: those that came, less those that went.
    pub const fn rows(&self) -> i64 {
        self.rows
    }
}

/// One accumulator. Which one a call has is decided once, by its function and the type of its argument.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Acc {
    /// `COUNT(*)`: the row of accumulators knows.
    Rows,
    /// How many.
    Count(i64),
    /// Of whole numbers.
    Sum {
        /// The sum, wrapping.
        sum: i64,
        /// Of how many.
        count: i64,
    },
    /// Of decimals.
    WideSum {
        /// The sum, unscaled.
        sum: Wide,
        /// Of how many.
        count: i64,
    },
    /// Of floating-point numbers.
    FloatSum {
        /// The sum.
        sum: f64,
        /// Of how many.
        count: i64,
    },
    /// Sums of powers.
    Moments(Box<Moments>),
    /// The least or greatest number.
    Extreme(Option<i64>),
    /// The least or greatest decimal.
    WideExtreme(Option<Wide>),
    /// The least or greatest text.
    BytesExtreme(Option<Box<[u8]>>),
    /// All values, where the extreme may go again.
    Ordered(Box<Ordered>),
    /// The first or last value.
    Kept(Option<Box<[u8]>>),
    /// All values, in the order in which they arrived.
    List(Box<List>),
    /// All values, and how often each is there.
    Multiset(Box<BTreeMap<Box<[u8]>, i64>>),
    /// The only value, and how many there are.
    Single {
        /// The value.
        value: Option<Box<[u8]>>,
        /// How many there are.
        count: i64,
    },
    /// What a user's function knows.
    User(Box<[u8]>),
}

/// A number of 128 bits that needs no more alignment than one of 64.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Wide {
    high: i64,
    low: u64,
}

impl From<i128> for Wide {
    #[inline]
    fn from(value: i128) -> Self {
        Self {
            high: (value >> 64) as i64,
            low: value as u64,
        }
    }
}

impl Wide {
    #[inline]
    pub(super) const fn get(self) -> i128 {
        (self.high as i128) << 64 | self.low as i128
    }
}

/// Sums of powers of numbers, of which variances are made. As in Flink they can be taken back.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Moments {
    pub(super) count: i64,
    pub(super) sum: f64,
    pub(super) squares: f64,
}

impl Moments {
    #[inline]
    pub(super) fn change(&mut self, value: f64, sign: i64) {
        let signed = value * sign as f64;
        self.count += sign;
        self.sum += signed;
        self.squares += signed * value;
    }

    pub(super) fn merge(&mut self, other: &Self) {
        self.count += other.count;
        self.sum += other.sum;
        self.squares += other.squares;
    }

    /// The variance, of a sample or a population, or its root.
    pub(super) fn result(&self, is_sample: bool, is_root: bool) -> Option<f64> {
        let divisor = self.count - i64::from(is_sample);
        if self.count <= 0 || divisor <= 0 {
            return None;
        }
        let of_all = self.squares - self.sum * self.sum / self.count as f64;
        // Below zero by rounding alone.
        let variance = of_all.max(0.0) / divisor as f64;
        Some(if is_root { variance.sqrt() } else { variance })
    }
}

/// Values in their order, with how often each is there: below zero where one went before it came.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Ordered {
    /// Numbers.
    Ints(BTreeMap<i64, i64>),
    /// Decimals.
    Wides(BTreeMap<Wide, i64>),
    /// Texts.
    Texts(BTreeMap<Box<[u8]>, i64>),
}

impl Ordered {
    /// The extreme value, as an accumulator that holds nothing else.
    pub(super) fn extreme(&self, is_max: bool) -> Acc {
        match self {
            Self::Ints(bag) => Acc::Extreme(end_of(bag, is_max).copied()),
            Self::Wides(bag) => Acc::WideExtreme(end_of(bag, is_max).copied()),
            Self::Texts(bag) => Acc::BytesExtreme(end_of(bag, is_max).cloned()),
        }
    }

    pub(super) fn merge(&mut self, other: &Self) {
        match (self, other) {
            (Self::Ints(into), Self::Ints(from)) => merge_bags(into, from),
            (Self::Wides(into), Self::Wides(from)) => merge_bags(into, from),
            (Self::Texts(into), Self::Texts(from)) => merge_bags(into, from),
            // Accumulators of one call are of one kind.
            _ => {}
        }
    }
}

fn end_of<V: Ord>(bag: &BTreeMap<V, i64>, is_max: bool) -> Option<&V> {
    let mut there = bag.iter().filter(|(_, count)| **count > 0);
    let end = if is_max {
        there.next_back()
    } else {
        there.next()
    };
    end.map(|(value, _)| value)
}

pub(super) fn merge_bags<V: Ord + Clone>(into: &mut BTreeMap<V, i64>, from: &BTreeMap<V, i64>) {
    for (value, count) in from {
        change_bag(into, value.clone(), *count);
    }
}

/// A value is there so many times more. What is there as often as not is forgotten.
#[inline]
pub(super) fn change_bag<V: Ord>(bag: &mut BTreeMap<V, i64>, value: V, by: i64) {
    use std::collections::btree_map::Entry;
    match bag.entry(value) {
        Entry::Occupied(mut entry) => {
            *entry.get_mut() += by;
            if *entry.get() == 0 {
                entry.remove();
            }
        }
        Entry::Vacant(entry) => {
            entry.insert(by);
        }
    }
}

/// Values in the order in which they arrived, and those that went and are not known to have come: in a part of a group.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct List {
    pub(super) there: Vec<Box<[u8]>>,
    pub(super) owed: Vec<Box<[u8]>>,
}

impl List {
    pub(super) fn add(&mut self, value: &[u8]) {
        match self.owed.iter().position(|owed| **owed == *value) {
            Some(index) => drop(self.owed.remove(index)),
            None => self.there.push(value.into()),
        }
    }

    /// The oldest of equal values goes, as in Flink.
    pub(super) fn remove(&mut self, value: &[u8]) {
        match self.there.iter().position(|there| **there == *value) {
            Some(index) => drop(self.there.remove(index)),
            None => self.owed.push(value.into()),
        }
    }

    pub(super) fn merge(&mut self, later: &Self) {
        for value in &later.owed {
            self.remove(value);
        }
        for value in &later.there {
            self.add(value);
        }
    }
}
