//! What a stretch of a stream is.

use std::fmt;
use std::hash::Hash;

use hurtig_types::{Data, Timestamp};
use serde::{Deserialize, Serialize};

/// A finite (or, for [`GlobalWindow`], endless) stretch of a stream, by which records are gathered.
///
/// The law: a window is its bounds. Two windows that are equal are the same one, under the same key.
///
/// ```
/// use hurtig_types::Timestamp;
/// use hurtig_datastream::{GlobalWindow, TimeWindow, Window};
///
/// assert_eq!(TimeWindow::of_millis(0, 10).max_timestamp(), Timestamp::from_millis(9));
/// assert_eq!(GlobalWindow.max_timestamp(), Timestamp::MAX);
/// ```
pub trait Window: Copy + Ord + Hash + fmt::Debug + Data {
    /// The last point in time that belongs to it: what its results are stamped with.
    fn max_timestamp(&self) -> Timestamp;
}

/// From `start`, inclusive, to `end`, exclusive.
///
/// ```
/// use hurtig_types::Timestamp;
/// use hurtig_datastream::TimeWindow;
///
/// let morning = TimeWindow::of_millis(0, 10);
/// let noon = TimeWindow::of_millis(10, 20);
/// assert!(morning.contains(Timestamp::from_millis(9)) && !morning.contains(Timestamp::from_millis(10)));
/// assert!(morning.touches(&noon));
/// assert_eq!(morning.cover(&noon), TimeWindow::of_millis(0, 20));
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct TimeWindow {
    /// The first point in time that belongs to it.
    pub start: Timestamp,
    /// The first that no longer does.
    pub end: Timestamp,
}

impl TimeWindow {
    /// From `start` up to, not including, `end`.
    #[inline]
    pub const fn new(start: Timestamp, end: Timestamp) -> Self {
        Self { start, end }
    }

    /// The same, in milliseconds.
    #[inline]
    pub const fn of_millis(start: i64, end: i64) -> Self {
        Self::new(Timestamp::from_millis(start), Timestamp::from_millis(end))
    }

    /// Whether `time` belongs to it.
    pub fn contains(&self, time: Timestamp) -> bool {
        self.start <= time && time < self.end
    }

    /// Whether the two overlap, or one begins where the other ends: sessions that touch are one.
    pub fn touches(&self, other: &Self) -> bool {
        self.start <= other.end && other.start <= self.end
    }

    /// The smallest window that holds both.
    #[must_use]
    pub fn cover(&self, other: &Self) -> Self {
        Self::new(self.start.min(other.start), self.end.max(other.end))
    }
}

impl Window for TimeWindow {
    #[inline]
    fn max_timestamp(&self) -> Timestamp {
        self.end.saturating_add_millis(-1)
    }
}

impl fmt::Debug for TimeWindow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl fmt::Display for TimeWindow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "[{}, {})", self.start, self.end)
    }
}

/// The one window that holds everything: what count windows are cut from.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
pub struct GlobalWindow;

impl Window for GlobalWindow {
    #[inline]
    fn max_timestamp(&self) -> Timestamp {
        Timestamp::MAX
    }
}
