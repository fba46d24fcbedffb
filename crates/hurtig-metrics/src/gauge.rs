//! Numbers that go up and down.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};

/// A whole number that is set: a watermark, a queue's length. Cheap to clone; all clones show the last value set.
///
/// For a value that can be asked for instead, see [`MetricGroup::gauge_fn`](crate::MetricGroup::gauge_fn).
///
/// ```
/// use hurtig_metrics::Gauge;
///
/// let length = Gauge::new();
/// length.set(7);
/// length.add(-2);
/// assert_eq!(length.get(), 5);
/// ```
#[derive(Clone, Debug, Default)]
pub struct Gauge(Arc<AtomicI64>);

impl Gauge {
    /// A gauge at 0 that no registry knows of.
    ///
    /// ```
    /// assert_eq!(hurtig_metrics::Gauge::new().get(), 0);
    /// ```
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets the value.
    ///
    /// ```
    /// # let gauge = hurtig_metrics::Gauge::new();
    /// gauge.set(i64::MIN);
    /// assert_eq!(gauge.get(), i64::MIN);
    /// ```
    pub fn set(&self, value: i64) {
        self.0.store(value, Ordering::Relaxed);
    }

    /// Adds to the value.
    ///
    /// ```
    /// # let gauge = hurtig_metrics::Gauge::new();
    /// gauge.add(-1);
    /// assert_eq!(gauge.get(), -1);
    /// ```
    pub fn add(&self, delta: i64) {
        self.0.fetch_add(delta, Ordering::Relaxed);
    }

    /// The last value.
    ///
    /// ```
    /// # let gauge = hurtig_metrics::Gauge::new();
    /// assert_eq!(gauge.get(), 0);
    /// ```
    pub fn get(&self) -> i64 {
        self.0.load(Ordering::Relaxed)
    }
}

/// A fraction or another real number that is set: how full a pool is. Cheap to clone.
///
/// ```
/// use hurtig_metrics::FloatGauge;
///
/// let usage = FloatGauge::new();
/// usage.set(0.25);
/// assert_eq!(usage.get(), 0.25);
/// ```
#[derive(Clone, Debug, Default)]
pub struct FloatGauge(Arc<AtomicU64>);

impl FloatGauge {
    /// A gauge at 0 that no registry knows of.
    ///
    /// ```
    /// assert_eq!(hurtig_metrics::FloatGauge::new().get(), 0.0);
    /// ```
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets the value.
    ///
    /// ```
    /// # let gauge = hurtig_metrics::FloatGauge::new();
    /// gauge.set(-0.5);
    /// assert_eq!(gauge.get(), -0.5);
    /// ```
    pub fn set(&self, value: f64) {
        self.0.store(value.to_bits(), Ordering::Relaxed);
    }

    /// The last value.
    ///
    /// ```
    /// # let gauge = hurtig_metrics::FloatGauge::new();
    /// assert_eq!(gauge.get(), 0.0);
    /// ```
    pub fn get(&self) -> f64 {
        f64::from_bits(self.0.load(Ordering::Relaxed))
    }
}
