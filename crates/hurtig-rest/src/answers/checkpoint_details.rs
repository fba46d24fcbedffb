//! One checkpoint: what each vertex, and each of its subtasks, had to do for it.

use std::collections::BTreeMap;

use hurtig_graph::JobVertex;
use hurtig_runtime::{CheckpointPart, CheckpointRecord, CheckpointStatus, JobClient, Participant};
use hurtig_types::VertexId;
use serde::Serialize;

use super::checkpoint_summary::{SubtaskSummary, UNKNOWN};
use super::checkpoints::{Checkpoint, checkpoint};

/// `GET /jobs/:jobid/checkpoints/details/:checkpointid`
#[derive(Serialize)]
pub(crate) struct CheckpointDetails {
    #[serde(flatten)]
    checkpoint: Checkpoint,
    tasks: BTreeMap<String, TaskCheckpoint>,
}

impl CheckpointDetails {
    pub(crate) fn of(record: &CheckpointRecord, job: &JobClient) -> Self {
        let vertices = job.plan().job_graph.vertices().iter();
        let task = |vertex: &JobVertex| (vertex.id.to_string(), TaskCheckpoint::of(record, vertex));
        Self {
            checkpoint: checkpoint(record, job),
            tasks: vertices.map(task).collect(),
        }
    }
}

/// What the subtasks of a vertex did for a checkpoint.
#[derive(Serialize)]
struct TaskCheckpoint {
    id: u64,
    status: &'static str,
    latest_ack_timestamp: i64,
    checkpointed_size: u64,
    state_size: u64,
    end_to_end_duration: i64,
    /// Nothing is buffered: channels wait.
    alignment_buffered: u64,
    processed_data: u64,
    persisted_data: u64,
    num_subtasks: u32,
    num_acknowledged_subtasks: usize,
}

impl TaskCheckpoint {
    fn of(record: &CheckpointRecord, vertex: &JobVertex) -> Self {
        let parts = parts_of(record, vertex.id);
        let latest = parts.values().map(|part| part.acknowledged_ms).max();
        let bytes = parts.values().map(|part| part.bytes).sum();
        let full_bytes = parts.values().map(|part| part.full_bytes).sum();
        Self {
            id: record.id.get(),
            status: match record.status {
                CheckpointStatus::InProgress => "IN_PROGRESS",
                CheckpointStatus::Completed => "COMPLETED",
                CheckpointStatus::Failed => "FAILED",
            },
            latest_ack_timestamp: latest.unwrap_or(UNKNOWN),
            checkpointed_size: bytes,
            state_size: full_bytes,
            end_to_end_duration: latest.map_or(UNKNOWN, |latest| latest - record.triggered_ms),
            alignment_buffered: 0,
            processed_data: parts.values().map(|part| part.processed_bytes).sum(),
            persisted_data: parts.values().map(|part| part.persisted_bytes).sum(),
            num_subtasks: vertex.parallelism.get(),
            num_acknowledged_subtasks: parts.len(),
        }
    }
}

/// What the subtasks of a vertex handed in, by subtask.
fn parts_of(record: &CheckpointRecord, vertex: VertexId) -> BTreeMap<u32, &CheckpointPart> {
    let its = record
        .parts
        .iter()
        .filter_map(|part| match part.participant {
            Participant::Subtask(of, subtask) if of == vertex => Some((subtask, part)),
            Participant::Subtask(..) | Participant::Coordinator(_) => None,
        });
    its.collect()
}

/// `GET /jobs/:jobid/checkpoints/details/:checkpointid/subtasks/:vertexid`
#[derive(Serialize)]
pub(crate) struct SubtaskCheckpoints {
    #[serde(flatten)]
    task: TaskCheckpoint,
    summary: SubtaskSummary,
    subtasks: Vec<SubtaskCheckpoint>,
}

impl SubtaskCheckpoints {
    pub(crate) fn of(record: &CheckpointRecord, vertex: &JobVertex) -> Self {
        let parts = parts_of(record, vertex.id);
        let all: Vec<&CheckpointPart> = parts.values().copied().collect();
        let subtask = |index| match parts.get(&index) {
            Some(part) => SubtaskCheckpoint::completed(index, part, record.triggered_ms),
            None => SubtaskCheckpoint::PendingOrFailed {
                index,
                status: "pending_or_failed",
            },
        };
        Self {
            task: TaskCheckpoint::of(record, vertex),
            summary: SubtaskSummary::of(&all, record.triggered_ms),
            subtasks: (0..vertex.parallelism.get()).map(subtask).collect(),
        }
    }
}

/// What a subtask did for a checkpoint.
#[derive(Serialize)]
#[serde(untagged)]
enum SubtaskCheckpoint {
    Completed {
        index: u32,
        status: &'static str,
        ack_timestamp: i64,
        end_to_end_duration: i64,
        checkpointed_size: u64,
        state_size: u64,
        checkpoint: Phases,
        alignment: Alignment,
        start_delay: u128,
        unaligned_checkpoint: bool,
        aborted: bool,
    },
    PendingOrFailed {
        index: u32,
        status: &'static str,
    },
}

/// How long the halves of a snapshot took.
#[derive(Serialize)]
struct Phases {
    sync: u128,
    #[serde(rename = "async")]
    asynchronous: u128,
}

#[derive(Serialize)]
struct Alignment {
    buffered: u64,
    processed: u64,
    persisted: u64,
    duration: u128,
}

impl SubtaskCheckpoint {
    fn completed(index: u32, part: &CheckpointPart, triggered_ms: i64) -> Self {
        Self::Completed {
            index,
            status: "completed",
            ack_timestamp: part.acknowledged_ms,
            end_to_end_duration: part.acknowledged_ms - triggered_ms,
            checkpointed_size: part.bytes,
            state_size: part.full_bytes,
            checkpoint: Phases {
                sync: part.sync.as_millis(),
                asynchronous: part.asynchronous.as_millis(),
            },
            alignment: Alignment {
                buffered: 0,
                processed: part.processed_bytes,
                persisted: part.persisted_bytes,
                duration: part.alignment.as_millis(),
            },
            start_delay: part.start_delay.as_millis(),
            unaligned_checkpoint: part.is_unaligned,
            aborted: false,
        }
    }
}
