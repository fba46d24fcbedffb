//! What a metric says when it is read.

use crate::HistogramSnapshot;

/// The value of a metric at one moment.
///
/// ```
/// use hurtig_metrics::MetricValue;
///
/// assert_eq!(MetricValue::Count(3).as_f64(), Some(3.0));
/// assert_eq!(MetricValue::Text("idle".into()).as_f64(), None);
/// ```
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum MetricValue {
    /// Of a counter.
    Count(u64),
    /// Of a gauge.
    Integer(i64),
    /// Of a gauge.
    Float(f64),
    /// Of a gauge that says something else than a number.
    Text(String),
    /// Of a meter: the rate per second over the last minute, and all events.
    Meter {
        /// All events so far.
        count: u64,
        /// Events a second.
        rate: f64,
    },
    /// Of a histogram.
    Histogram(HistogramSnapshot),
}

impl MetricValue {
    /// The one number, as REST and the dashboard show it: a meter's rate, a histogram's mean; none for text.
    ///
    /// ```
    /// # use hurtig_metrics::MetricValue;
    /// assert_eq!(MetricValue::Meter { count: 10, rate: 0.5 }.as_f64(), Some(0.5));
    /// ```
    pub fn as_f64(&self) -> Option<f64> {
        match self {
            Self::Count(count) => Some(*count as f64),
            Self::Integer(value) => Some(*value as f64),
            Self::Float(value) => Some(*value),
            Self::Text(_) => None,
            Self::Meter { rate, .. } => Some(*rate),
            Self::Histogram(seen) => Some(seen.mean),
        }
    }

    /// How many were counted, by a counter, a meter or a histogram; none for gauges.
    ///
    /// ```
    /// # use hurtig_metrics::MetricValue;
    /// assert_eq!(MetricValue::Meter { count: 10, rate: 0.5 }.count(), Some(10));
    /// assert_eq!(MetricValue::Integer(1).count(), None);
    /// ```
    pub fn count(&self) -> Option<u64> {
        match self {
            Self::Count(count) | Self::Meter { count, .. } => Some(*count),
            Self::Histogram(seen) => Some(seen.count),
            Self::Integer(_) | Self::Float(_) | Self::Text(_) => None,
        }
    }
}

impl From<i64> for MetricValue {
    fn from(value: i64) -> Self {
        Self::Integer(value)
    }
}

impl From<f64> for MetricValue {
    fn from(value: f64) -> Self {
        Self::Float(value)
    }
}

impl From<String> for MetricValue {
    fn from(value: String) -> Self {
        Self::Text(value)
    }
}

impl From<&str> for MetricValue {
    fn from(value: &str) -> Self {
        Self::Text(value.to_string())
    }
}
