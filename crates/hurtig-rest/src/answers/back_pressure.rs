//! How far a vertex is held back by those behind it.

use hurtig_graph::JobVertex;
use hurtig_metrics::names;
use hurtig_runtime::JobClient;
use serde::Serialize;

use crate::readings::Readings;

/// `GET /jobs/:jobid/vertices/:vertexid/backpressure`. Flink writes the level under an old name and a new one.
#[derive(Serialize)]
pub(crate) struct VertexBackPressure {
    status: &'static str,
    #[serde(rename = "backpressureLevel")]
    level: &'static str,
    #[serde(rename = "backpressure-level")]
    level_once: &'static str,
    #[serde(rename = "end-timestamp")]
    end_timestamp: i64,
    subtasks: Vec<SubtaskBackPressure>,
}

#[derive(Serialize)]
struct SubtaskBackPressure {
    subtask: u32,
    #[serde(rename = "attempt-number")]
    attempt_number: u32,
    #[serde(rename = "backpressureLevel")]
    level: &'static str,
    #[serde(rename = "backpressure-level")]
    level_once: &'static str,
    /// The share of the last minute in which it had no credit to send with.
    ratio: f64,
    #[serde(rename = "idleRatio")]
    idle_ratio: f64,
    #[serde(rename = "busyRatio")]
    busy_ratio: f64,
}

impl VertexBackPressure {
    pub(crate) fn of(job: &JobClient, vertex: &JobVertex, now_ms: i64) -> Self {
        let readings = Readings::of(job);
        let subtasks = 0..vertex.parallelism.get();
        let subtasks: Vec<_> = subtasks
            .map(|subtask| subtask_of(&readings, vertex, subtask))
            .collect();
        let worst = subtasks.iter().map(|subtask| subtask.ratio);
        let level = level(worst.fold(0.0, f64::max));
        Self {
            status: "ok",
            level,
            level_once: level,
            end_timestamp: now_ms,
            subtasks,
        }
    }
}

fn subtask_of(readings: &Readings, vertex: &JobVertex, subtask: u32) -> SubtaskBackPressure {
    let share = |name| {
        let of_a_second = readings.of_task(vertex, subtask, name).unwrap_or(0.0);
        (of_a_second / 1000.0).clamp(0.0, 1.0)
    };
    let ratio = share(names::BACK_PRESSURED_TIME_MS_PER_SECOND);
    SubtaskBackPressure {
        subtask,
        attempt_number: 0,
        level: level(ratio),
        level_once: level(ratio),
        ratio,
        idle_ratio: share(names::IDLE_TIME_MS_PER_SECOND),
        busy_ratio: share(names::BUSY_TIME_MS_PER_SECOND),
    }
}

/// Flink's three levels.
fn level(ratio: f64) -> &'static str {
    match ratio {
        ratio if ratio <= 0.1 => "ok",
        ratio if ratio <= 0.5 => "low",
        _ => "high",
    }
}

#[cfg(test)]
mod tests {
    use super::level;

    #[test]
    fn the_levels_are_those_of_flink() {
        let levels = [0.0, 0.1, 0.11, 0.5, 0.51, 1.0].map(level);
        assert_eq!(levels, ["ok", "ok", "low", "low", "high", "high"]);
    }
}
