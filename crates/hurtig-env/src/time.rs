//! A point of monotonic time.

use std::fmt;
use std::ops::Add;
use std::time::Duration;

/// Nanoseconds since the start of the [`World`](crate::World) whose clock was read; never goes back.
///
/// Two worlds' times can't be compared, and none of them is the time of day: that is
/// [`Clock::wall_clock_ms`](crate::Clock::wall_clock_ms).
///
/// ```
/// use std::time::Duration;
/// use hurtig_env::MonotonicTime;
///
/// let start = MonotonicTime::ZERO;
/// let later = start + Duration::from_millis(5);
/// assert_eq!(later.saturating_since(start), Duration::from_millis(5));
/// assert_eq!(start.saturating_since(later), Duration::ZERO);
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MonotonicTime(u64);

impl MonotonicTime {
    /// The start of the world.
    pub const ZERO: Self = Self(0);
    /// Later than everything: a sleep until then does not end.
    pub const MAX: Self = Self(u64::MAX);

    /// The time `nanos` after the start of the world.
    ///
    /// ```
    /// # use hurtig_env::MonotonicTime;
    /// assert_eq!(MonotonicTime::from_nanos(7).as_nanos(), 7);
    /// ```
    pub const fn from_nanos(nanos: u64) -> Self {
        Self(nanos)
    }

    /// Nanoseconds since the start of the world.
    ///
    /// ```
    /// # use hurtig_env::MonotonicTime;
    /// assert_eq!(MonotonicTime::ZERO.as_nanos(), 0);
    /// ```
    pub const fn as_nanos(self) -> u64 {
        self.0
    }

    /// Whole milliseconds since the start of the world.
    ///
    /// ```
    /// # use hurtig_env::MonotonicTime;
    /// assert_eq!(MonotonicTime::from_nanos(2_999_999).as_millis(), 2);
    /// ```
    pub const fn as_millis(self) -> u64 {
        self.0 / 1_000_000
    }

    /// How long after `earlier` this is; zero when it is not after it.
    ///
    /// ```
    /// # use hurtig_env::MonotonicTime;
    /// let (a, b) = (MonotonicTime::from_nanos(3), MonotonicTime::from_nanos(10));
    /// assert_eq!(b.saturating_since(a).as_nanos(), 7);
    /// ```
    pub const fn saturating_since(self, earlier: Self) -> Duration {
        Duration::from_nanos(self.0.saturating_sub(earlier.0))
    }
}

/// Saturates at [`MonotonicTime::MAX`], some 584 years after the start.
impl Add<Duration> for MonotonicTime {
    type Output = Self;

    fn add(self, duration: Duration) -> Self {
        let nanos = u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX);
        Self(self.0.saturating_add(nanos))
    }
}

impl fmt::Display for MonotonicTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", Duration::from_nanos(self.0))
    }
}
