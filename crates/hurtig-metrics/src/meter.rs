//! Events, and how many of them there are a second.

use std::collections::VecDeque;
use std::fmt;
use std::sync::Arc;

use parking_lot::Mutex;

use crate::Counter;

/// A rate is taken over this time, as by Flink's `MeterView`.
const SPAN_MS: u64 = 60_000;
/// Readings nearer to each other than this are not kept, so that at most 61 are.
const READING_EVERY_MS: u64 = 1_000;

pub(crate) type NowMs = Arc<dyn Fn() -> u64 + Send + Sync>;

/// Counts events and tells their rate per second over the last minute. Cheap to clone.
///
/// Counting reads no clock. The rate is the difference between now and the reading a minute ago; so somebody must
/// read now and then: [`MetricRegistry::update_views`](crate::MetricRegistry::update_views) every few seconds, or a
/// reporter's snapshots. Where the last reading is older than a minute, the rate is the mean since then.
///
/// ```
/// use std::sync::Arc;
/// use std::sync::atomic::{AtomicU64, Ordering};
/// use hurtig_metrics::Meter;
///
/// let now_ms = Arc::new(AtomicU64::new(0));
/// let clock = now_ms.clone();
/// let meter = Meter::new(move || clock.load(Ordering::Relaxed));
/// meter.mark(5000);
/// now_ms.store(10_000, Ordering::Relaxed);
/// assert_eq!(meter.rate(), 500.0);
/// assert_eq!(meter.count(), 5000);
/// ```
#[derive(Clone)]
pub struct Meter(Arc<Inner>);

struct Inner {
    events: Counter,
    now_ms: NowMs,
    readings: Mutex<VecDeque<Reading>>,
}

#[derive(Clone, Copy)]
struct Reading {
    at_ms: u64,
    count: u64,
}

impl Meter {
    /// A meter that no registry knows of; `now_ms` tells milliseconds since some fixed moment.
    ///
    /// ```
    /// assert_eq!(hurtig_metrics::Meter::new(|| 0).rate(), 0.0);
    /// ```
    pub fn new(now_ms: impl Fn() -> u64 + Send + Sync + 'static) -> Self {
        Self::over(Counter::new(), Arc::new(now_ms))
    }

    /// A meter of what `events` counts.
    pub(crate) fn over(events: Counter, now_ms: NowMs) -> Self {
        let first = Reading {
            at_ms: now_ms(),
            count: events.get(),
        };
        Self(Arc::new(Inner {
            events,
            now_ms,
            readings: Mutex::new(VecDeque::from([first])),
        }))
    }

    /// Counts `n` events.
    ///
    /// ```
    /// # let meter = hurtig_metrics::Meter::new(|| 0);
    /// meter.mark(2);
    /// assert_eq!(meter.count(), 2);
    /// ```
    pub fn mark(&self, n: u64) {
        self.0.events.inc(n);
    }

    /// All events so far.
    ///
    /// ```
    /// assert_eq!(hurtig_metrics::Meter::new(|| 0).count(), 0);
    /// ```
    pub fn count(&self) -> u64 {
        self.0.events.get()
    }

    /// Events a second over the last minute, or since the meter was made if that is shorter.
    ///
    /// ```
    /// assert_eq!(hurtig_metrics::Meter::new(|| 0).rate(), 0.0);
    /// ```
    pub fn rate(&self) -> f64 {
        let mut readings = self.0.readings.lock();
        let now = Reading {
            at_ms: (self.0.now_ms)(),
            count: self.count(),
        };
        // The first reading is the youngest that is a minute old; those before it are of no more use.
        while readings
            .get(1)
            .is_some_and(|second| second.at_ms + SPAN_MS <= now.at_ms)
        {
            readings.pop_front();
        }
        let rate = readings.front().map_or(0.0, |first| now.rate_since(*first));
        if readings
            .back()
            .is_none_or(|last| last.at_ms + READING_EVERY_MS <= now.at_ms)
        {
            readings.push_back(now);
        }
        rate
    }
}

impl Reading {
    fn rate_since(self, earlier: Self) -> f64 {
        let elapsed_ms = self.at_ms.saturating_sub(earlier.at_ms);
        if elapsed_ms == 0 {
            return 0.0;
        }
        self.count.saturating_sub(earlier.count) as f64 * 1000.0 / elapsed_ms as f64
    }
}

impl fmt::Debug for Meter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Meter")
            .field("count", &self.count())
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicU64, Ordering};

    fn at_time() -> (Meter, Arc<AtomicU64>) {
        let now = Arc::new(AtomicU64::new(1_000_000));
        let clock = now.clone();
        (Meter::new(move || clock.load(Ordering::Relaxed)), now)
    }

    #[test]
    fn forgets_what_is_older_than_a_minute() {
        let (meter, now) = at_time();
        meter.mark(60_000);
        for _ in 0..60 {
            now.fetch_add(1_000, Ordering::Relaxed);
            meter.rate();
        }
        assert_eq!(meter.rate(), 1_000.0);
        for _ in 0..60 {
            now.fetch_add(1_000, Ordering::Relaxed);
            meter.mark(10);
            meter.rate();
        }
        assert_eq!(meter.rate(), 10.0);
        assert!(meter.0.readings.lock().len() <= 62);
    }

    #[test]
    fn many_readers_do_not_disturb_the_rate() {
        let (meter, now) = at_time();
        for _ in 0..10_000 {
            now.fetch_add(10, Ordering::Relaxed);
            meter.mark(1);
            meter.rate();
        }
        assert!((meter.rate() - 100.0).abs() < 2.0, "{}", meter.rate());
        assert!(meter.0.readings.lock().len() <= 62);
    }
}
