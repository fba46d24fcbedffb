//! What the coordinator wants done.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use hurtig_types::JobId;

use super::{CompletedCheckpoint, DeclinePhase, StopMode};
use crate::{CheckpointId, Epoch, Metadata, Participant, StateFile};

/// Where a checkpoint or savepoint lies.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CheckpointLocation {
    /// In `<dir>/<job-id>/chk-<id>`.
    Checkpoint(JobId, CheckpointId),
    /// In a directory of the user's.
    Savepoint(String),
    /// In a directory that was the user's, of a savepoint or of a checkpoint of this job: whoever started from it took it over.
    Claimed(JobId, String),
}

/// What is triggered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CheckpointKind {
    /// For recovery.
    Checkpoint,
    /// For the user, self-contained: every file is [`Exclusive`](crate::FileScope::Exclusive).
    Savepoint {
        /// Where its files go.
        directory: String,
        /// What becomes of the job.
        stop: StopMode,
    },
}

/// Why a checkpoint came to nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AbortCause {
    /// It took longer than `execution.checkpointing.timeout`.
    Expired {
        /// How many participants had not acknowledged.
        missing: usize,
        /// One of them.
        example: Option<Participant>,
    },
    /// A participant declined.
    Declined {
        /// Who.
        participant: Participant,
        /// How far it came.
        phase: DeclinePhase,
        /// Why.
        cause: String,
    },
    /// A participant ended before it had acknowledged.
    TaskFinished(Participant),
    /// A later one was complete before it.
    Subsumed(CheckpointId),
    /// What a participant handed in contradicts the plan, or what others did.
    Invalid {
        /// Who.
        participant: Participant,
        /// In what.
        cause: String,
    },
    /// The metadata could not be written.
    MetadataFailed(String),
    /// This task failed, and those around it are started again.
    RegionFailed(Participant),
    /// The attempt was over.
    Suspended,
}

impl AbortCause {
    /// Whether it counts towards `execution.checkpointing.tolerable-failed-checkpoints`: the job's doing, not the protocol's.
    ///
    /// ```
    /// use hurtig_checkpoint::{AbortCause, CheckpointId};
    /// assert!(AbortCause::MetadataFailed("disk full".to_string()).is_failure());
    /// assert!(!AbortCause::Subsumed(CheckpointId::new(3)).is_failure());
    /// ```
    pub fn is_failure(&self) -> bool {
        match self {
            Self::Expired { .. }
            | Self::Declined { .. }
            | Self::Invalid { .. }
            | Self::MetadataFailed(_) => true,
            Self::TaskFinished(_) | Self::Subsumed(_) | Self::RegionFailed(_) | Self::Suspended => {
                false
            }
        }
    }
}

impl fmt::Display for AbortCause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Expired { missing, example } => {
                write!(f, "expired: {missing} had not acknowledged")?;
                example.map_or(Ok(()), |who| write!(f, ", {who} among them"))
            }
            Self::Declined {
                participant,
                phase,
                cause,
            } => write!(f, "declined by {participant} in {phase}: {cause}"),
            Self::TaskFinished(who) => write!(f, "{who} ended before it had acknowledged"),
            Self::Subsumed(by) => write!(f, "checkpoint {by} was complete first"),
            Self::Invalid { participant, cause } => {
                write!(f, "{participant} handed in what cannot be: {cause}")
            }
            Self::MetadataFailed(cause) => write!(f, "its metadata was not written: {cause}"),
            Self::RegionFailed(who) => {
                write!(f, "{who} failed, and its region is started again")
            }
            Self::Suspended => f.write_str("the attempt was over"),
        }
    }
}

/// What is to be done, in this order, by whoever drives the coordinator.
#[derive(Clone, Debug, PartialEq)]
pub enum Action {
    /// Tell all participants that are running: take a snapshot.
    Trigger {
        /// The attempt.
        epoch: Epoch,
        /// The checkpoint.
        checkpoint: CheckpointId,
        /// What for.
        kind: CheckpointKind,
        /// Whose shared files may be named again instead of uploaded. None: everything is uploaded.
        base: Option<CheckpointId>,
    },
    /// Write this metadata, only if there is none, and say how it went. Until then the checkpoint is neither there nor not.
    WriteMetadata {
        /// The attempt.
        epoch: Epoch,
        /// Where.
        location: CheckpointLocation,
        /// What.
        metadata: Arc<Metadata>,
    },
    /// For the history: it is complete.
    Completed(CheckpointId),
    /// For the history: it came to nothing.
    Aborted {
        /// The checkpoint.
        checkpoint: CheckpointId,
        /// Why.
        cause: AbortCause,
    },
    /// Tell all participants that it is complete: transactions may be committed.
    NotifyComplete {
        /// The attempt.
        epoch: Epoch,
        /// The checkpoint.
        checkpoint: CheckpointId,
    },
    /// Tell all participants that it came to nothing.
    NotifyAborted {
        /// The attempt.
        epoch: Epoch,
        /// The checkpoint.
        checkpoint: CheckpointId,
    },
    /// Tell whoever asked for a savepoint where it is, or why it isn't.
    AnswerSavepoint {
        /// The request.
        request: u64,
        /// Its directory, or the reason.
        outcome: Result<String, String>,
    },
    /// Delete a checkpoint that nobody needs: first its metadata, then these files beside it, which may be missing. Of one in
    /// `chk-<id>` also whatever else is there.
    DeleteCheckpoint {
        /// Which.
        checkpoint: CheckpointId,
        /// Where it lies.
        location: CheckpointLocation,
        /// Its exclusive files, as far as they are known.
        files: Vec<StateFile>,
    },
    /// Delete shared files that nobody names. Comes after the checkpoints that named them.
    DeleteShared(Vec<StateFile>),
    /// Too many checkpoints have failed: fail the attempt.
    FailJob {
        /// Why the last one did.
        cause: String,
    },
    /// Reserve more ids, for good, and say which.
    ReserveIds,
    /// After [`Event::Suspended`](super::Event::Suspended) and [`Event::RegionFailed`](super::Event::RegionFailed): no write is in doubt
    /// any more, and what is started again starts from this.
    ReadyToRestore(Option<CompletedCheckpoint>),
    /// After [`Event::Ended`](super::Event::Ended): nothing more will come. These are left.
    Released(Vec<CheckpointLocation>),
    /// Send a [`Tick`](super::Event::Tick) at this time, in place of what was asked for before.
    WakeAt(Duration),
}
