//! Window and watermark arithmetic. Windows are aligned to time zero and named by their exclusive
//! end.

/// Length of the tumbling windows of workloads `c` and `d`.
pub const TUMBLING_MS: i64 = 10_000;

/// Length of the sliding windows of workload `e`.
pub const SLIDING_MS: i64 = 60_000;

/// Distance between the ends of two sliding windows of workload `e`.
pub const SLIDE_MS: i64 = 1_000;

/// How far an event may lag behind the greatest timestamp of its source.
pub const OUT_OF_ORDERNESS_MS: i64 = 50;

/// The end of the one tumbling window that holds this timestamp.
///
/// ```
/// use hurtig_bench_workloads::tumbling_end;
/// assert_eq!(tumbling_end(-1), 0);
/// assert_eq!(tumbling_end(0), 10_000);
/// ```
#[inline]
#[must_use]
pub const fn tumbling_end(timestamp_ms: i64) -> i64 {
    (timestamp_ms.div_euclid(TUMBLING_MS) + 1) * TUMBLING_MS
}

/// The end of the first sliding window that holds this timestamp. The others end at each further
/// [`SLIDE_MS`], and the last of the sixty [`SLIDING_MS`] − [`SLIDE_MS`] later. It is also the end
/// of the timestamp's slice.
#[inline]
#[must_use]
pub const fn slide_end(timestamp_ms: i64) -> i64 {
    (timestamp_ms.div_euclid(SLIDE_MS) + 1) * SLIDE_MS
}

/// The watermark of a source whose greatest timestamp so far is this one.
#[inline]
#[must_use]
pub const fn watermark_after(timestamp_max_ms: i64) -> i64 {
    timestamp_max_ms - OUT_OF_ORDERNESS_MS - 1
}

/// Whether a watermark says that the window with this end will get no more events.
#[inline]
#[must_use]
pub const fn is_complete(window_end_ms: i64, watermark_ms: i64) -> bool {
    window_end_ms - 1 <= watermark_ms
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{bid, timed_c, worker_indexes};

    #[test]
    fn a_slice_end_is_the_first_of_sixty_windows() {
        for timestamp in [-49, -1, 0, 1, 999, 1_000, 59_999, 60_000, 123_456] {
            let first = slide_end(timestamp);
            let holding = (0..200)
                .map(|n| first + (n - 100) * SLIDE_MS)
                .filter(|end| (end - SLIDING_MS..*end).contains(&timestamp))
                .collect::<Vec<_>>();
            assert_eq!(holding.len() as i64, SLIDING_MS / SLIDE_MS);
            assert_eq!(holding.first(), Some(&first));
        }
    }

    /// The watermark of either worker never passes an event that is still to come from the same
    /// worker.
    #[test]
    fn no_event_is_late() {
        let streams: [fn(u64) -> i64; 2] = [|i| timed_c(i).timestamp_ms, |i| bid(i).date_time];
        for (timestamp_of, worker) in streams.into_iter().flat_map(|s| [(s, 0), (s, 1)]) {
            let mut greatest = i64::MIN / 2;
            for i in worker_indexes(worker, 2, 50_000) {
                let timestamp = timestamp_of(i);
                assert!(timestamp > watermark_after(greatest), "event {i}");
                greatest = greatest.max(timestamp);
            }
        }
    }
}
