//! How a job's checkpoints went.

use hurtig_runtime::{
    CheckpointHistory, CheckpointPart, CheckpointRecord, CheckpointStatus, JobClient,
};
use serde::Serialize;

use super::checkpoint_fault::FailedBy;
use super::checkpoint_summary::CheckpointSummary;

/// `GET /jobs/:jobid/checkpoints`
#[derive(Serialize)]
pub(crate) struct JobCheckpoints {
    counts: Counts,
    summary: CheckpointSummary,
    latest: Latest,
    history: Vec<Checkpoint>,
}

#[derive(Serialize)]
struct Counts {
    restored: u64,
    total: u64,
    in_progress: u64,
    completed: u64,
    failed: u64,
}

#[derive(Serialize)]
struct Latest {
    completed: Option<Checkpoint>,
    savepoint: Option<Checkpoint>,
    failed: Option<Checkpoint>,
    restored: Option<Restored>,
}

#[derive(Serialize)]
struct Restored {
    id: u64,
    external_path: String,
}

/// A checkpoint, with Flink's names; times in milliseconds.
#[derive(Serialize)]
pub(super) struct Checkpoint {
    id: u64,
    status: &'static str,
    is_savepoint: bool,
    checkpoint_type: &'static str,
    trigger_timestamp: i64,
    end_to_end_duration: Option<i64>,
    state_size: u64,
    checkpointed_size: u64,
    num_subtasks: usize,
    num_acknowledged_subtasks: usize,
    processed_data: u64,
    persisted_data: u64,
    alignment_duration_max: u128,
    sync_duration_max: u128,
    async_duration_max: u128,
    external_path: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    failure_message: Option<String>,
    /// Who was at fault; Flink has it in the message alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    failed_by: Option<FailedBy>,
}

impl JobCheckpoints {
    pub(crate) fn of(job: &JobClient) -> Self {
        let history = job.checkpoints();
        let last = |is_it: &dyn Fn(&CheckpointRecord) -> bool| {
            let found = history.recent.iter().rev().find(|record| is_it(record));
            found.map(|record| checkpoint(record, job))
        };
        let is_complete = |it: &CheckpointRecord| it.status == CheckpointStatus::Completed;
        let latest = Latest {
            completed: last(&|it| is_complete(it) && !it.is_savepoint),
            savepoint: last(&|it| is_complete(it) && it.is_savepoint),
            failed: last(&|it| it.status == CheckpointStatus::Failed),
            restored: history
                .restored
                .clone()
                .map(|(id, external_path)| Restored {
                    id: id.get(),
                    external_path,
                }),
        };
        Self {
            counts: counts(&history),
            summary: CheckpointSummary::of(&history),
            latest,
            history: history
                .recent
                .iter()
                .rev()
                .map(|record| checkpoint(record, job))
                .collect(),
        }
    }
}

fn counts(history: &CheckpointHistory) -> Counts {
    let in_progress = history.in_progress() as u64;
    Counts {
        restored: history.restores,
        total: history.completed + history.failed + in_progress,
        in_progress,
        completed: history.completed,
        failed: history.failed,
    }
}

pub(super) fn checkpoint(record: &CheckpointRecord, job: &JobClient) -> Checkpoint {
    let longest = |of: fn(&CheckpointPart) -> std::time::Duration| {
        let all = record.parts.iter().map(of);
        all.max().unwrap_or_default().as_millis()
    };
    Checkpoint {
        id: record.id.get(),
        status: match record.status {
            CheckpointStatus::InProgress => "IN_PROGRESS",
            CheckpointStatus::Completed => "COMPLETED",
            CheckpointStatus::Failed => "FAILED",
        },
        is_savepoint: record.is_savepoint,
        checkpoint_type: match (record.is_savepoint, record.is_unaligned()) {
            (true, _) => "SAVEPOINT",
            (false, true) => "UNALIGNED_CHECKPOINT",
            (false, false) => "CHECKPOINT",
        },
        trigger_timestamp: record.triggered_ms,
        end_to_end_duration: record.ended_ms.map(|ended| ended - record.triggered_ms),
        state_size: record.full_bytes(),
        checkpointed_size: record.bytes(),
        num_subtasks: record.participants,
        num_acknowledged_subtasks: record.parts.len(),
        processed_data: record.processed_bytes(),
        persisted_data: record.persisted_bytes(),
        alignment_duration_max: longest(|part| part.alignment),
        sync_duration_max: longest(|part| part.sync),
        async_duration_max: longest(|part| part.asynchronous),
        external_path: record.path.clone(),
        failure_message: record.failure.clone(),
        failed_by: record.fault.map(|fault| FailedBy::of(fault, job)),
    }
}
