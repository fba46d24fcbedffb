//! The events of all workloads but `d`: small records made of their index.

use std::iter::StepBy;
use std::ops::Range;

/// The finaliser of splitmix64: a bijection on 64-bit numbers that spreads every input bit over all
/// output bits.
///
/// ```
/// use hurtig_bench_workloads::mix;
/// assert_eq!(mix(0), 0);
/// assert_eq!(mix(1), 0x5692_161d_100b_05e5);
/// ```
#[inline]
#[must_use]
pub const fn mix(x: u64) -> u64 {
    let x = (x ^ (x >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let x = (x ^ (x >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    x ^ (x >> 31)
}

/// The map of workload `a`.
#[inline]
#[must_use]
pub const fn map_a(i: u64) -> u64 {
    i.wrapping_mul(0x9E37_79B9_7F4A_7C15) ^ (i >> 7)
}

/// The filter of workload `a`: about three in four pass.
#[inline]
#[must_use]
pub const fn keep_a(y: u64) -> bool {
    y & 3 != 0
}

/// The key of event `i` in the `b` workloads.
#[inline]
#[must_use]
pub const fn key_b(i: u64, keys: u64) -> u64 {
    mix(i) % keys
}

/// An event of workloads `c` and `e`.
#[derive(
    Clone,
    Copy,
    Debug,
    Default,
    PartialEq,
    Eq,
    Hash,
    PartialOrd,
    Ord,
    serde::Serialize,
    serde::Deserialize,
)]
pub struct TimedKey {
    /// The key to count by.
    pub key: u64,
    /// The event's time in milliseconds; slightly negative for some of the first events.
    pub timestamp_ms: i64,
}

/// Event `i` of workload `c`: 20 events a millisecond, up to 49 ms late, 10 000 keys.
#[inline]
#[must_use]
pub const fn timed_c(i: u64) -> TimedKey {
    TimedKey {
        key: mix(i ^ 0xABCD) % 10_000,
        timestamp_ms: jittered(i, i / 20),
    }
}

/// Event `i` of workload `e`: as in `c`, with 1 000 keys.
#[inline]
#[must_use]
pub const fn timed_e(i: u64) -> TimedKey {
    TimedKey {
        key: mix(i ^ 0xABCD) % 1_000,
        timestamp_ms: jittered(i, i / 20),
    }
}

/// A time up to 49 ms before `base_ms`, chosen by the index.
#[inline]
pub(crate) const fn jittered(i: u64, base_ms: u64) -> i64 {
    base_ms as i64 - (mix(i) % 50) as i64
}

/// The indexes that one of `parallelism` workers takes: every `parallelism`-th one, so that all
/// workers advance in event time together.
///
/// ```
/// use hurtig_bench_workloads::worker_indexes;
/// assert_eq!(worker_indexes(1, 2, 7).collect::<Vec<_>>(), [1, 3, 5]);
/// ```
///
/// # Panics
///
/// If `worker` is not below `parallelism`.
pub fn worker_indexes(worker: usize, parallelism: usize, events: u64) -> StepBy<Range<u64>> {
    assert!(worker < parallelism, "worker {worker} of {parallelism}");
    (worker as u64..events).step_by(parallelism)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn workers_share_the_indexes_without_loss_or_overlap() {
        for parallelism in 1..5 {
            let mut seen: Vec<u64> = (0..parallelism)
                .flat_map(|w| worker_indexes(w, parallelism, 103))
                .collect();
            seen.sort_unstable();
            assert_eq!(seen, (0..103).collect::<Vec<_>>());
        }
    }

    #[test]
    fn events_stay_in_their_bounds() {
        for i in 0..100_000 {
            let (c, e) = (timed_c(i), timed_e(i));
            assert!(c.key < 10_000 && e.key < 1_000);
            assert!((0..50).contains(&((i / 20) as i64 - c.timestamp_ms)));
            assert_eq!(c.timestamp_ms, e.timestamp_ms);
        }
    }

    #[test]
    fn about_three_in_four_pass_the_filter() {
        let kept = (0..100_000).map(map_a).filter(|&y| keep_a(y)).count();
        assert!((74_000..76_000).contains(&kept), "{kept}");
    }
}
