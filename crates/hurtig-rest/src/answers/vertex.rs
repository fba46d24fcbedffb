//! One vertex: its subtasks, its watermarks.

use std::collections::BTreeMap;

use hurtig_graph::JobVertex;
use hurtig_metrics::names;
use hurtig_runtime::{Execution, JobClient};
use serde::Serialize;

use super::job::subtasks;
use super::states::Span;
use super::{IoMetrics, MetricAnswer};
use crate::readings::Readings;

/// `GET /jobs/:jobid/vertices/:vertexid`
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct VertexDetails {
    id: String,
    name: String,
    parallelism: u32,
    max_parallelism: u32,
    now: i64,
    subtasks: Vec<Subtask>,
}

#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
struct Subtask {
    subtask: u32,
    status: String,
    attempt: u32,
    endpoint: &'static str,
    start_time: i64,
    end_time: i64,
    duration: i64,
    taskmanager_id: &'static str,
    metrics: IoMetrics,
    /// Milliseconds in each state that it has been in.
    status_duration: BTreeMap<String, i64>,
}

impl VertexDetails {
    pub(crate) fn of(job: &JobClient, vertex: &JobVertex, now_ms: i64) -> Self {
        let readings = Readings::of(job);
        let executions = subtasks(&job.executions(), vertex);
        let graph = &job.plan().job_graph;
        let subtask = |execution: &Execution| {
            let metrics = readings.io(graph, vertex, execution.subtask);
            subtask(execution, metrics, now_ms)
        };
        Self {
            id: vertex.id.to_string(),
            name: vertex.name.clone(),
            parallelism: vertex.parallelism.get(),
            max_parallelism: vertex.max_parallelism.get(),
            now: now_ms,
            subtasks: executions.iter().map(subtask).collect(),
        }
    }
}

fn subtask(execution: &Execution, metrics: IoMetrics, now_ms: i64) -> Subtask {
    let span = Span::of_subtask(execution, now_ms);
    Subtask {
        subtask: execution.subtask,
        status: execution.state().to_string(),
        attempt: execution.attempt,
        endpoint: super::cluster::ENDPOINT,
        start_time: span.start,
        end_time: span.end,
        duration: span.duration,
        taskmanager_id: super::cluster::TASK_MANAGER_ID,
        metrics,
        status_duration: status_durations(execution, now_ms),
    }
}

fn status_durations(execution: &Execution, now_ms: i64) -> BTreeMap<String, i64> {
    let states = execution.states();
    let ends = states.iter().skip(1).map(|(_, since_ms)| *since_ms);
    let ends = ends.chain([now_ms]);
    let spans = states.iter().zip(ends);
    // A state that nothing follows lasts no time.
    let spans = spans.filter(|((state, _), _)| !state.is_terminal());
    spans
        .map(|((state, since_ms), until_ms)| (state.to_string(), (until_ms - since_ms).max(0)))
        .collect()
}

/// `GET /jobs/:jobid/vertices/:vertexid/watermarks`: how far event time has come at the head of each subtask.
pub(crate) fn watermarks(job: &JobClient, vertex: &JobVertex) -> Vec<MetricAnswer> {
    let readings = Readings::of(job);
    let Some(head) = vertex.operators.first() else {
        return Vec::new();
    };
    let operator = head.operator_id.to_string();
    let subtasks = 0..vertex.parallelism.get();
    let watermark = |subtask| {
        let name = names::CURRENT_INPUT_WATERMARK;
        let value = readings.of_operator(vertex, subtask, &operator, name)?;
        Some(MetricAnswer::new(format!("{subtask}.{name}"), Some(value)))
    };
    subtasks.filter_map(watermark).collect()
}
