//! What checkpoints come to: the least, the most, the mean, and how they are spread.

use std::time::Duration;

use hurtig_runtime::{CheckpointHistory, CheckpointPart, CheckpointSample};
use serde::Serialize;

/// What Flink says where it does not know.
pub(super) const UNKNOWN: i64 = -1;

/// `summary` of `GET /jobs/:jobid/checkpoints`, over the last thousand that are complete.
#[derive(Serialize)]
pub(super) struct CheckpointSummary {
    checkpointed_size: Statistics,
    state_size: Statistics,
    end_to_end_duration: Statistics,
    processed_data: Statistics,
    persisted_data: Statistics,
}

impl CheckpointSummary {
    pub(super) fn of(history: &CheckpointHistory) -> Self {
        let all = |of: fn(&CheckpointSample) -> u64| Statistics::of(history.samples.iter().map(of));
        Self {
            checkpointed_size: all(|sample| sample.bytes),
            state_size: all(|sample| sample.full_bytes),
            end_to_end_duration: all(|sample| sample.duration_ms),
            processed_data: all(|sample| sample.processed_bytes),
            persisted_data: all(|sample| sample.persisted_bytes),
        }
    }
}

/// Of a row of numbers.
#[derive(Debug, Default, PartialEq, Eq, Serialize)]
pub(super) struct Statistics {
    min: u64,
    max: u64,
    avg: u64,
    p50: u64,
    p90: u64,
    p95: u64,
    p99: u64,
    p999: u64,
}

impl Statistics {
    pub(super) fn of(values: impl Iterator<Item = u64>) -> Self {
        let mut values: Vec<u64> = values.collect();
        values.sort_unstable();
        let (Some(min), Some(max)) = (values.first(), values.last()) else {
            return Self::default();
        };
        // The least value that so many of a thousand are not above.
        let percentile = |per_mille: usize| {
            let place = (values.len() * per_mille).div_ceil(1000).saturating_sub(1);
            values.get(place).copied().unwrap_or_default()
        };
        let sum: u128 = values.iter().map(|value| u128::from(*value)).sum();
        Self {
            min: *min,
            max: *max,
            avg: u64::try_from(sum / values.len() as u128).unwrap_or(u64::MAX),
            p50: percentile(500),
            p90: percentile(900),
            p95: percentile(950),
            p99: percentile(990),
            p999: percentile(999),
        }
    }
}

/// `summary` of a vertex at a checkpoint, over its subtasks.
#[derive(Serialize)]
pub(super) struct SubtaskSummary {
    checkpointed_size: Statistics,
    state_size: Statistics,
    end_to_end_duration: Statistics,
    checkpoint_duration: DurationStatistics,
    alignment: AlignmentStatistics,
    start_delay: Statistics,
}

#[derive(Serialize)]
struct DurationStatistics {
    sync: Statistics,
    #[serde(rename = "async")]
    asynchronous: Statistics,
}

#[derive(Serialize)]
struct AlignmentStatistics {
    processed: Statistics,
    persisted: Statistics,
    duration: Statistics,
}

impl SubtaskSummary {
    pub(super) fn of(parts: &[&CheckpointPart], triggered_ms: i64) -> Self {
        let all =
            |of: &dyn Fn(&CheckpointPart) -> u64| Statistics::of(parts.iter().map(|part| of(part)));
        let time = |of: fn(&CheckpointPart) -> Duration| {
            all(&|part: &CheckpointPart| of(part).as_millis() as u64)
        };
        Self {
            checkpointed_size: all(&|part| part.bytes),
            state_size: all(&|part| part.full_bytes),
            end_to_end_duration: all(&|part| {
                u64::try_from(part.acknowledged_ms - triggered_ms).unwrap_or(0)
            }),
            checkpoint_duration: DurationStatistics {
                sync: time(|part| part.sync),
                asynchronous: time(|part| part.asynchronous),
            },
            alignment: AlignmentStatistics {
                processed: all(&|part| part.processed_bytes),
                persisted: all(&|part| part.persisted_bytes),
                duration: time(|part| part.alignment),
            },
            start_delay: time(|part| part.start_delay),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_percentile_is_a_value_that_was_there() {
        let statistics = Statistics::of((1..=200).rev());
        assert_eq!(
            (statistics.min, statistics.max, statistics.avg),
            (1, 200, 100)
        );
        assert_eq!(
            (statistics.p50, statistics.p90, statistics.p95),
            (100, 180, 190)
        );
        assert_eq!((statistics.p99, statistics.p999), (198, 200));
        assert_eq!(Statistics::of(std::iter::empty()), Statistics::default());
        assert_eq!(Statistics::of([7].into_iter()).p50, 7);
    }
}
