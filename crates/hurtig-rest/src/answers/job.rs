//! One job: its states, its vertices, its plan.

use std::collections::BTreeMap;

use hurtig_graph::{JobVertex, explain};
use hurtig_runtime::{Execution, ExecutionState, JobClient};
use hurtig_types::OperatorId;
use serde::Serialize;
use serde_json::Value;

use super::IoMetrics;
use super::states::{Span, StateCounts, merged_state, state_counts, timestamps};
use crate::readings::Readings;

/// `GET /jobs/:jobid`
#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) struct JobDetails {
    jid: String,
    name: String,
    #[serde(rename = "isStoppable")]
    is_stoppable: bool,
    state: String,
    job_type: &'static str,
    start_time: i64,
    end_time: i64,
    duration: i64,
    #[serde(rename = "maxParallelism")]
    max_parallelism: i64,
    now: i64,
    timestamps: BTreeMap<String, i64>,
    vertices: Vec<VertexSummary>,
    status_counts: StateCounts,
    plan: Value,
    pending_operators: u32,
}

#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
struct VertexSummary {
    id: String,
    #[serde(rename = "slotSharingGroupId")]
    slot_sharing_group_id: String,
    name: String,
    #[serde(rename = "maxParallelism")]
    max_parallelism: u32,
    parallelism: u32,
    status: String,
    start_time: i64,
    end_time: i64,
    duration: i64,
    tasks: StateCounts,
    metrics: IoMetrics,
}

impl JobDetails {
    pub(crate) fn of(job: &JobClient, now_ms: i64) -> Self {
        let span = Span::of_job(job, now_ms);
        let readings = Readings::of(job);
        let executions = job.executions();
        let vertices = job.plan().job_graph.vertices().iter().map(|vertex| {
            let of_vertex: Vec<Execution> = subtasks(&executions, vertex);
            let state = merged_state(&states(&of_vertex));
            (
                state,
                summary(job, vertex, state, &of_vertex, &readings, now_ms),
            )
        });
        let (states, vertices): (Vec<ExecutionState>, Vec<VertexSummary>) = vertices.unzip();
        Self {
            jid: job.job_id().to_string(),
            name: job.job_name().to_string(),
            is_stoppable: false,
            state: job.status().to_string(),
            job_type: "STREAMING",
            start_time: span.start,
            end_time: span.end,
            duration: span.duration,
            // Each operator has its own; Flink says -1 as well unless the job was given one.
            max_parallelism: -1,
            now: now_ms,
            timestamps: timestamps(job),
            vertices,
            status_counts: state_counts(states.into_iter()),
            plan: plan_json(job),
            pending_operators: 0,
        }
    }
}

pub(super) fn subtasks(executions: &[Execution], vertex: &JobVertex) -> Vec<Execution> {
    let of_vertex = executions.iter().filter(|one| one.vertex == vertex.id);
    of_vertex.cloned().collect()
}

fn states(executions: &[Execution]) -> Vec<ExecutionState> {
    executions.iter().map(Execution::state).collect()
}

fn summary(
    job: &JobClient,
    vertex: &JobVertex,
    state: ExecutionState,
    executions: &[Execution],
    readings: &Readings,
    now_ms: i64,
) -> VertexSummary {
    let span = Span::of_vertex(executions, now_ms);
    let graph = &job.plan().job_graph;
    let metrics = executions.iter();
    let metrics = metrics.map(|execution| readings.io(graph, vertex, execution.subtask));
    // Flink's groups have ids beside their names; ours has the id that an operator of this name would have.
    let group = OperatorId::from_uid(&vertex.slot_sharing_group);
    VertexSummary {
        id: vertex.id.to_string(),
        slot_sharing_group_id: group.to_string(),
        name: vertex.name.clone(),
        max_parallelism: vertex.max_parallelism.get(),
        parallelism: vertex.parallelism.get(),
        status: state.to_string(),
        start_time: span.start,
        end_time: span.end,
        duration: span.duration,
        tasks: state_counts(executions.iter().map(Execution::state)),
        metrics: IoMetrics::sum(metrics),
    }
}

/// `GET /jobs/:jobid/plan`
#[derive(Serialize)]
pub(crate) struct JobPlan {
    plan: Value,
}

impl JobPlan {
    pub(crate) fn of(job: &JobClient) -> Self {
        Self {
            plan: plan_json(job),
        }
    }
}

fn plan_json(job: &JobClient) -> Value {
    explain::job_plan_json(&job.plan().job_graph, job.job_id())
}
