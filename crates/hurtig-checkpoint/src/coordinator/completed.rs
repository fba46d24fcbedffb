//! A checkpoint that is there, and whose it is.

use std::sync::Arc;

use super::CheckpointLocation;
use crate::{CheckpointId, Metadata, StateFile};

/// Whether the job may delete what it started from, as `execution.state-recovery.claim-mode` says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClaimMode {
    /// `CLAIM`: it becomes one of the job's own checkpoints, and is deleted in its turn. A savepoint, too, if it was
    /// [claimed](CheckpointLocation::Claimed); those that a job takes for its user never are.
    Claim,
    /// `NO_CLAIM`: it stays the user's, and the job's first checkpoint builds on nothing.
    NoClaim,
}

/// A checkpoint or savepoint that exists.
///
/// ```
/// use std::sync::Arc;
/// use hurtig_checkpoint::{CheckpointId, CheckpointLocation, ClaimMode, CompletedCheckpoint, Epoch, Metadata};
/// use hurtig_types::JobId;
///
/// let metadata = Metadata {
///     job: JobId::from_bytes([1; 16]),
///     checkpoint: CheckpointId::new(3),
///     epoch: Epoch::new(1),
///     is_savepoint: true,
///     operators: Vec::new(),
/// };
/// let location = CheckpointLocation::Savepoint("s3://bucket/savepoint-1".to_string());
/// let savepoint = CompletedCheckpoint::new(location, Arc::new(metadata), ClaimMode::Claim);
/// assert!(!savepoint.belongs_to_job(), "the user's, until somebody starts from it and claims it");
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct CompletedCheckpoint {
    location: CheckpointLocation,
    metadata: Arc<Metadata>,
    mode: ClaimMode,
}

impl CompletedCheckpoint {
    /// What was read from `location`.
    pub fn new(location: CheckpointLocation, metadata: Arc<Metadata>, mode: ClaimMode) -> Self {
        Self {
            location,
            metadata,
            mode,
        }
    }

    /// Its id.
    pub fn id(&self) -> CheckpointId {
        self.metadata.checkpoint
    }

    /// Where it lies.
    pub fn location(&self) -> &CheckpointLocation {
        &self.location
    }

    /// What it holds.
    pub fn metadata(&self) -> &Arc<Metadata> {
        &self.metadata
    }

    /// Whether the job deletes it when it is not needed any more.
    pub fn belongs_to_job(&self) -> bool {
        self.mode == ClaimMode::Claim
            && match self.location {
                CheckpointLocation::Checkpoint(..) => !self.metadata.is_savepoint,
                CheckpointLocation::Savepoint(_) => false,
                CheckpointLocation::Claimed(..) => true,
            }
    }

    /// The files that it names, each once.
    pub(super) fn files(&self) -> impl Iterator<Item = &StateFile> + Clone {
        self.metadata.files().into_iter()
    }
}
