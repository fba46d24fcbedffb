//! What became of a job's checkpoints, for those who watch it.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use hurtig_checkpoint::{AbortCause, DeclinePhase, Participant, Snapshot, StateKind};
use hurtig_metrics::{MetricGroup, names};
use hurtig_types::CheckpointId;
use parking_lot::Mutex;

/// How many checkpoints are remembered, as in Flink (`web.checkpoints.history`).
const REMEMBERED_MAX: usize = 10;

/// How many are remembered in short, for the summary.
const SAMPLES_MAX: usize = 1000;

/// How far a checkpoint came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CheckpointStatus {
    /// It is under way.
    InProgress,
    /// It is complete.
    Completed,
    /// It came to nothing.
    Failed,
}

/// What a subtask, or the coordinator of a source, had to do for a checkpoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CheckpointPart {
    /// Who.
    pub participant: Participant,
    /// When it had acknowledged, in milliseconds since 1970.
    pub acknowledged_ms: i64,
    /// How long after the trigger its first barrier came.
    pub start_delay: Duration,
    /// How long the channels whose barrier came first waited for the others.
    pub alignment: Duration,
    /// How long the processing stood still.
    pub sync: Duration,
    /// How long storing took, beside the processing.
    pub asynchronous: Duration,
    /// How much was stored.
    pub bytes: u64,
    /// How much the state consists of, with what earlier checkpoints have stored.
    pub full_bytes: u64,
    /// How many bytes of records were processed while barriers had come on some channels and not on all.
    pub processed_bytes: u64,
    /// How much of it are records that were in flight.
    pub persisted_bytes: u64,
    /// Whether the barrier has overtaken what lay before it.
    pub is_unaligned: bool,
}

/// A checkpoint or savepoint, and how it went.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CheckpointRecord {
    /// Which one.
    pub id: CheckpointId,
    /// Whether somebody asked for it.
    pub is_savepoint: bool,
    /// How far it came.
    pub status: CheckpointStatus,
    /// When it began, in milliseconds since 1970.
    pub triggered_ms: i64,
    /// When it ended, likewise.
    pub ended_ms: Option<i64>,
    /// Who is to take part.
    pub participants: usize,
    /// Those who have, in the order in which they were done.
    pub parts: Vec<CheckpointPart>,
    /// Where it lies.
    pub path: String,
    /// Why it came to nothing, with who was at fault and in which phase.
    pub failure: Option<String>,
    /// Who was at fault, where somebody was.
    pub fault: Option<CheckpointFault>,
}

/// Who is to blame for a checkpoint that came to nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CheckpointFault {
    /// Who; where several had not acknowledged in time, one of them.
    pub participant: Participant,
    /// How far that one had come, if it has said so.
    pub phase: Option<DeclinePhase>,
}

impl CheckpointFault {
    fn of(cause: &AbortCause) -> Option<Self> {
        let (participant, phase) = match cause {
            AbortCause::Declined {
                participant, phase, ..
            } => (*participant, Some(*phase)),
            AbortCause::Expired { example, .. } => ((*example)?, None),
            AbortCause::Invalid { participant, .. }
            | AbortCause::TaskFinished(participant)
            | AbortCause::RegionFailed(participant) => (*participant, None),
            AbortCause::Subsumed(_) | AbortCause::MetadataFailed(_) | AbortCause::Suspended => {
                return None;
            }
        };
        Some(Self { participant, phase })
    }
}

/// What a complete checkpoint came to, in short.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CheckpointSample {
    /// From the trigger to the end, in milliseconds.
    pub duration_ms: u64,
    /// How much was stored.
    pub bytes: u64,
    /// How much it consists of, with what earlier ones have stored.
    pub full_bytes: u64,
    /// How many bytes of records were processed while barriers had come on some channels and not on all.
    pub processed_bytes: u64,
    /// How much of it are records that were in flight.
    pub persisted_bytes: u64,
}

impl CheckpointRecord {
    /// How much was stored so far.
    pub fn bytes(&self) -> u64 {
        self.parts.iter().map(|part| part.bytes).sum()
    }

    /// How much it consists of so far, with what earlier ones have stored.
    pub fn full_bytes(&self) -> u64 {
        self.parts.iter().map(|part| part.full_bytes).sum()
    }

    /// How many bytes of records were processed between barriers so far.
    pub fn processed_bytes(&self) -> u64 {
        self.parts.iter().map(|part| part.processed_bytes).sum()
    }

    /// How many bytes of records in flight were stored so far.
    pub fn persisted_bytes(&self) -> u64 {
        self.parts.iter().map(|part| part.persisted_bytes).sum()
    }

    /// Notes why it comes to nothing. What was said first counts: the rest is what came of it.
    fn blame(&mut self, cause: &AbortCause) {
        if self.failure.is_none() {
            self.failure = Some(cause.to_string());
            self.fault = CheckpointFault::of(cause);
        }
    }

    /// Whether a barrier has overtaken anything so far.
    pub fn is_unaligned(&self) -> bool {
        self.parts.iter().any(|part| part.is_unaligned)
    }
}

/// The checkpoints of a job: how many there were, and the last of them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CheckpointHistory {
    /// How many are complete.
    pub completed: u64,
    /// How many came to nothing.
    pub failed: u64,
    /// The last ones, oldest first.
    pub recent: VecDeque<CheckpointRecord>,
    /// What the last of those that are complete came to, oldest first: many more than are remembered in full.
    pub samples: VecDeque<CheckpointSample>,
    /// From which one the job last started, with where it lies.
    pub restored: Option<(CheckpointId, String)>,
    /// When that was, in milliseconds since 1970.
    pub restored_ms: Option<i64>,
    /// How often it, or a part of it, started from one.
    pub restores: u64,
}

impl CheckpointHistory {
    /// How many are under way.
    pub fn in_progress(&self) -> usize {
        let is_running = |it: &&CheckpointRecord| it.status == CheckpointStatus::InProgress;
        self.recent.iter().filter(is_running).count()
    }

    fn sample(&mut self, checkpoint: CheckpointId, now_ms: i64) {
        let mut records = self.recent.iter().rev();
        let Some(record) = records.find(|record| record.id == checkpoint) else {
            return;
        };
        let sample = CheckpointSample {
            duration_ms: u64::try_from(now_ms - record.triggered_ms).unwrap_or(0),
            bytes: record.bytes(),
            full_bytes: record.full_bytes(),
            processed_bytes: record.processed_bytes(),
            persisted_bytes: record.persisted_bytes(),
        };
        if self.samples.len() >= SAMPLES_MAX {
            self.samples.pop_front();
        }
        self.samples.push_back(sample);
    }

    /// The last complete one.
    pub fn last_completed(&self) -> Option<&CheckpointRecord> {
        let is_complete = |it: &&CheckpointRecord| it.status == CheckpointStatus::Completed;
        self.recent.iter().rev().find(is_complete)
    }
}

/// The history, shared by who writes and who reads.
#[derive(Clone, Default)]
pub(in crate::job) struct CheckpointLog(Arc<Mutex<CheckpointHistory>>);

impl CheckpointLog {
    pub(in crate::job) fn read(&self) -> CheckpointHistory {
        self.0.lock().clone()
    }

    /// Gauges of the job under Flink's names.
    pub(in crate::job) fn register(&self, group: &MetricGroup) {
        let gauge = |name, read: fn(&CheckpointHistory) -> u64| {
            let log = self.clone();
            group.gauge_fn(name, move || (read(&log.0.lock()) as i64).into());
        };
        gauge(names::NUMBER_OF_COMPLETED_CHECKPOINTS, |history| {
            history.completed
        });
        gauge(names::NUMBER_OF_FAILED_CHECKPOINTS, |history| {
            history.failed
        });
        gauge(names::NUMBER_OF_IN_PROGRESS_CHECKPOINTS, |history| {
            history.in_progress() as u64
        });
        gauge(names::TOTAL_NUMBER_OF_CHECKPOINTS, |history| {
            history.completed + history.failed + history.in_progress() as u64
        });
        gauge(names::LAST_CHECKPOINT_SIZE, |history| {
            history.last_completed().map_or(0, CheckpointRecord::bytes)
        });
        gauge(names::LAST_CHECKPOINT_FULL_SIZE, |history| {
            let last = history.last_completed();
            last.map_or(0, CheckpointRecord::full_bytes)
        });
        let log = self.clone();
        group.gauge_fn(names::LAST_CHECKPOINT_RESTORE_TIMESTAMP, move || {
            log.0.lock().restored_ms.unwrap_or(-1).into()
        });
        gauge(names::LAST_CHECKPOINT_PERSISTED_DATA, |history| {
            let last = history.last_completed();
            last.map_or(0, CheckpointRecord::persisted_bytes)
        });
        gauge(names::LAST_CHECKPOINT_DURATION, |history| {
            let last = history.last_completed();
            let took = last.and_then(|last| Some(last.ended_ms? - last.triggered_ms));
            took.map_or(0, i64::unsigned_abs)
        });
    }

    pub(super) fn triggered(&self, record: CheckpointRecord) {
        let mut history = self.0.lock();
        if history.recent.len() >= REMEMBERED_MAX {
            history.recent.pop_front();
        }
        history.recent.push_back(record);
    }

    /// How long ago it was triggered.
    pub(super) fn age(&self, checkpoint: CheckpointId, now_ms: i64) -> Duration {
        let history = self.0.lock();
        let mut records = history.recent.iter().rev();
        let record = records.find(|record| record.id == checkpoint);
        let age = record.map_or(0, |record| now_ms - record.triggered_ms);
        Duration::from_millis(u64::try_from(age).unwrap_or(0))
    }

    pub(super) fn part(&self, checkpoint: CheckpointId, part: CheckpointPart) {
        self.change(checkpoint, |record| record.parts.push(part));
    }

    pub(super) fn completed(&self, checkpoint: CheckpointId, now_ms: i64) {
        self.0.lock().completed += 1;
        self.change(checkpoint, |record| {
            record.status = CheckpointStatus::Completed;
            record.ended_ms = Some(now_ms);
        });
        self.0.lock().sample(checkpoint, now_ms);
    }

    pub(super) fn aborted(&self, checkpoint: CheckpointId, cause: &AbortCause, now_ms: i64) {
        self.0.lock().failed += 1;
        self.change(checkpoint, |record| {
            record.status = CheckpointStatus::Failed;
            record.ended_ms = Some(now_ms);
            record.blame(cause);
        });
    }

    /// Why a checkpoint is about to come to nothing.
    pub(super) fn blame(&self, checkpoint: CheckpointId, cause: &AbortCause) {
        self.change(checkpoint, |record| record.blame(cause));
    }

    pub(super) fn restored(&self, checkpoint: CheckpointId, path: String, now_ms: i64) {
        let mut history = self.0.lock();
        history.restored = Some((checkpoint, path));
        history.restored_ms = Some(now_ms);
        history.restores += 1;
    }

    fn change(&self, checkpoint: CheckpointId, change: impl FnOnce(&mut CheckpointRecord)) {
        let mut history = self.0.lock();
        let mut records = history.recent.iter_mut().rev();
        if let Some(record) = records.find(|record| record.id == checkpoint) {
            change(record);
        }
    }
}

/// How many bytes a snapshot consists of, and how many of those this checkpoint has written.
pub(super) fn bytes_of(snapshot: &Snapshot, checkpoint: CheckpointId) -> (u64, u64) {
    let handles = snapshot.iter().flat_map(|(_, handles)| handles);
    handles.fold((0, 0), |(full, written), handle| {
        let length = handle.length();
        let is_new = handle.is_written_by(checkpoint);
        (full + length, written + if is_new { length } else { 0 })
    })
}

/// Whether it holds what was in flight.
pub(super) fn is_unaligned(snapshot: &Snapshot) -> bool {
    let mut handles = snapshot.iter().flat_map(|(_, handles)| handles);
    handles.any(|handle| {
        matches!(
            handle.kind,
            StateKind::InputInFlight | StateKind::OutputInFlight
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use hurtig_types::OperatorId;

    #[test]
    fn a_failed_checkpoint_names_the_subtask_and_the_phase_at_fault() {
        let log = CheckpointLog::default();
        let id = CheckpointId::new(7);
        log.triggered(CheckpointRecord {
            id,
            is_savepoint: false,
            status: CheckpointStatus::InProgress,
            triggered_ms: 10,
            ended_ms: None,
            participants: 1,
            parts: Vec::new(),
            path: String::new(),
            failure: None,
            fault: None,
        });
        let participant = Participant::Subtask(OperatorId::from_uid("counts").into(), 3);
        let cause = AbortCause::Declined {
            participant,
            phase: DeclinePhase::Async,
            cause: "disk full".to_string(),
        };
        log.aborted(id, &cause, 20);
        let history = log.read();
        let record = &history.recent[0];
        let phase = Some(DeclinePhase::Async);
        assert_eq!(record.fault, Some(CheckpointFault { participant, phase }));
        let failure = record.failure.as_deref().unwrap();
        assert!(failure.contains("the async phase: disk full"), "{failure}");
        assert!(history.samples.is_empty());
    }
}
