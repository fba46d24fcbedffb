//! How values are spread.

use std::fmt;
use std::sync::Arc;

use parking_lot::Mutex;

/// Values up to here are kept exactly; above, to within 1 part in 2^7.
const EXACT_BELOW: u64 = 256;
/// A power of two is divided into this many buckets.
const BUCKETS_PER_DOUBLING: usize = 128;

/// The distribution of all values recorded so far, to within 0.8 %, in at most 60 KB. Cheap to clone.
///
/// Flink's histograms remember the last ten thousand values; this one remembers all, at a fixed cost.
///
/// ```
/// use hurtig_metrics::Histogram;
///
/// let latency_ms = Histogram::new();
/// latency_ms.record_all(&[1, 2, 3, 4, 100]);
/// let seen = latency_ms.snapshot();
/// assert_eq!((seen.count, seen.min, seen.max, seen.p50), (5, 1, 100, 3));
/// assert_eq!(seen.mean, 22.0);
/// ```
#[derive(Clone, Default)]
pub struct Histogram(Arc<Mutex<Distribution>>);

impl Histogram {
    /// A histogram that no registry knows of.
    ///
    /// ```
    /// assert_eq!(hurtig_metrics::Histogram::new().snapshot().count, 0);
    /// ```
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds one value; takes a lock, so prefer [`record_all`](Self::record_all) where values come in batches.
    ///
    /// ```
    /// # let histogram = hurtig_metrics::Histogram::new();
    /// histogram.record(3);
    /// assert_eq!(histogram.snapshot().max, 3);
    /// ```
    pub fn record(&self, value: u64) {
        self.0.lock().record(value);
    }

    /// Adds a batch of values under one lock.
    ///
    /// ```
    /// # let histogram = hurtig_metrics::Histogram::new();
    /// histogram.record_all(&[1, 2]);
    /// assert_eq!(histogram.snapshot().count, 2);
    /// ```
    pub fn record_all(&self, values: &[u64]) {
        let mut distribution = self.0.lock();
        for value in values {
            distribution.record(*value);
        }
    }

    /// The figures of all values so far.
    ///
    /// ```
    /// # let histogram = hurtig_metrics::Histogram::new();
    /// assert_eq!(histogram.snapshot().p99, 0);
    /// ```
    pub fn snapshot(&self) -> HistogramSnapshot {
        self.0.lock().snapshot()
    }
}

impl fmt::Debug for Histogram {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.snapshot().fmt(f)
    }
}

/// A histogram's figures at one moment; all 0 when nothing was recorded.
///
/// ```
/// use hurtig_metrics::{Histogram, HistogramSnapshot};
///
/// assert_eq!(Histogram::new().snapshot(), HistogramSnapshot::default());
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct HistogramSnapshot {
    /// How many values.
    pub count: u64,
    /// The smallest, exactly.
    pub min: u64,
    /// The largest, exactly.
    pub max: u64,
    /// The mean, exactly.
    pub mean: f64,
    /// The standard deviation (of the population).
    pub std_dev: f64,
    /// Half the values are not above this.
    pub p50: u64,
    /// 75 % are not above this.
    pub p75: u64,
    /// 95 % are not above this.
    pub p95: u64,
    /// 98 % are not above this.
    pub p98: u64,
    /// 99 % are not above this.
    pub p99: u64,
    /// 99.9 % are not above this.
    pub p999: u64,
}

/// Log-linear buckets: exact ones first, then each doubling divided evenly.
struct Distribution {
    buckets: Vec<u64>,
    count: u64,
    min: u64,
    max: u64,
    sum: u128,
    /// Welford's running mean and sum of squared distances from it, which do not cancel as sums of squares do.
    mean: f64,
    squares: f64,
}

impl Default for Distribution {
    fn default() -> Self {
        Self {
            buckets: Vec::new(),
            count: 0,
            min: u64::MAX,
            max: 0,
            sum: 0,
            mean: 0.0,
            squares: 0.0,
        }
    }
}

impl Distribution {
    fn record(&mut self, value: u64) {
        let bucket = bucket_of(value);
        if bucket >= self.buckets.len() {
            self.buckets.resize(bucket + 1, 0);
        }
        self.buckets[bucket] += 1;
        self.count += 1;
        self.min = self.min.min(value);
        self.max = self.max.max(value);
        self.sum += u128::from(value);
        let distance = value as f64 - self.mean;
        self.mean += distance / self.count as f64;
        self.squares += distance * (value as f64 - self.mean);
    }

    fn snapshot(&self) -> HistogramSnapshot {
        if self.count == 0 {
            return HistogramSnapshot::default();
        }
        let [p50, p75, p95, p98, p99, p999] = self.quantiles([0.5, 0.75, 0.95, 0.98, 0.99, 0.999]);
        HistogramSnapshot {
            count: self.count,
            min: self.min,
            max: self.max,
            mean: self.sum as f64 / self.count as f64,
            std_dev: (self.squares / self.count as f64).sqrt(),
            p50,
            p75,
            p95,
            p98,
            p99,
            p999,
        }
    }

    /// The values at these quantiles, which must ascend: one pass over the buckets.
    fn quantiles<const N: usize>(&self, quantiles: [f64; N]) -> [u64; N] {
        let mut buckets = self.buckets.iter().enumerate();
        let (mut bucket, mut below) = (0, 0);
        quantiles.map(|quantile| {
            let rank = ((quantile * self.count as f64).ceil() as u64).clamp(1, self.count);
            while below < rank {
                let Some((index, count)) = buckets.next() else {
                    break;
                };
                below += count;
                bucket = index;
            }
            middle_of(bucket).clamp(self.min, self.max)
        })
    }
}

fn bucket_of(value: u64) -> usize {
    if value < EXACT_BELOW {
        return value as usize;
    }
    // Shifted so that 8 bits are left, of which the highest is set.
    let shift = EXACT_BELOW.leading_zeros() - value.leading_zeros() + 1;
    let within = (value >> shift) as usize - BUCKETS_PER_DOUBLING;
    EXACT_BELOW as usize + (shift as usize - 1) * BUCKETS_PER_DOUBLING + within
}

fn middle_of(bucket: usize) -> u64 {
    let Some(above) = bucket.checked_sub(EXACT_BELOW as usize) else {
        return bucket as u64;
    };
    let shift = above / BUCKETS_PER_DOUBLING + 1;
    let first = ((above % BUCKETS_PER_DOUBLING + BUCKETS_PER_DOUBLING) as u64) << shift;
    first + (1 << (shift - 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn buckets_follow_each_other_without_a_gap() {
        let mut last = 0;
        for value in 0..200_000 {
            let bucket = bucket_of(value);
            assert!(
                bucket == last || bucket == last + 1,
                "{value}: {bucket} after {last}"
            );
            last = bucket;
        }
        assert_eq!(bucket_of(u64::MAX), 256 + 56 * 128 - 1);
    }

    #[test]
    fn every_value_is_near_the_middle_of_its_bucket() {
        let mut value = 1_u64;
        while value < u64::MAX / 3 {
            for near in [value - 1, value, value + 1, value + value / 3] {
                let error = middle_of(bucket_of(near)).abs_diff(near) as f64;
                assert!(error <= near as f64 / 128.0, "{near}");
            }
            value *= 2;
        }
    }

    #[test]
    fn figures_are_those_of_the_sorted_values() {
        let mut state = 1_u64;
        let mut values: Vec<u64> = (0..20_000)
            .map(|_| {
                state = state
                    .wrapping_mul(6_364_136_223_846_793_005)
                    .wrapping_add(1_442_695_040_888_963_407);
                state >> (24 + state % 36)
            })
            .collect();
        let histogram = Histogram::new();
        values
            .chunks(1000)
            .for_each(|batch| histogram.record_all(batch));
        values.sort_unstable();
        let seen = histogram.snapshot();
        assert_eq!(
            (seen.count, seen.min, seen.max),
            (20_000, values[0], values[19_999])
        );
        for (quantile, answer) in [
            (0.5, seen.p50),
            (0.75, seen.p75),
            (0.95, seen.p95),
            (0.999, seen.p999),
        ] {
            let exact = values[(quantile * 20_000.0) as usize - 1];
            assert!(
                answer.abs_diff(exact) as f64 <= exact as f64 / 128.0,
                "{quantile}: {answer} {exact}"
            );
        }
        let mean = values.iter().map(|value| *value as f64).sum::<f64>() / 20_000.0;
        let variance = values
            .iter()
            .map(|value| (*value as f64 - mean).powi(2))
            .sum::<f64>()
            / 20_000.0;
        assert!((seen.mean - mean).abs() < mean * 1e-9);
        assert!((seen.std_dev - variance.sqrt()).abs() < seen.std_dev * 1e-6);
    }
}
