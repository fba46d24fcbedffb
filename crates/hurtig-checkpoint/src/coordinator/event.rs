//! What the coordinator is told.

use std::fmt;
use std::ops::Range;

use hurtig_types::{MaxParallelism, OperatorId, VertexId};

use crate::{CheckpointId, Epoch, JobEnd, Participant, Snapshot};

/// A vertex of the running job.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VertexPlan {
    /// Its id.
    pub vertex: VertexId,
    /// The operators of its chain.
    pub operators: Vec<OperatorId>,
    /// Those of them that have a coordinator which takes part in checkpoints.
    pub coordinators: Vec<OperatorId>,
    /// How many subtasks it has.
    pub parallelism: u32,
    /// How many key groups.
    pub max_parallelism: MaxParallelism,
}

/// Whether a savepoint is the job's last word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StopMode {
    /// The job goes on.
    GoOn,
    /// The job ends with it, its windows and timers as they are.
    Stop,
    /// The job ends with it, after all windows and timers have fired.
    Drain,
}

/// During what a participant had to decline.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DeclinePhase {
    /// While it waited for barriers.
    Alignment,
    /// While its processing stood still.
    Sync,
    /// While its state was encoded and uploaded beside the processing.
    Async,
}

impl fmt::Display for DeclinePhase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Alignment => "alignment",
            Self::Sync => "the sync phase",
            Self::Async => "the async phase",
        })
    }
}

/// What has happened. Events of an epoch other than the running one are ignored.
#[derive(Clone, Debug, PartialEq)]
pub enum Event {
    /// Time has passed; comes no later than the last [`Action::WakeAt`](crate::Action::WakeAt) asked for.
    Tick,
    /// All tasks run, in a new epoch, from what [`Action::ReadyToRestore`](crate::Action::ReadyToRestore) named, if they had failed.
    Deployed {
        /// Greater than any before.
        epoch: Epoch,
        /// Who runs.
        vertices: Vec<VertexPlan>,
    },
    /// Tasks are stopped, because one of them has failed, and will be started again; the others go on.
    RegionFailed {
        /// In which they ran.
        epoch: Epoch,
        /// The one that failed.
        failed: Participant,
    },
    /// Tasks that were stopped run again, from what [`Action::ReadyToRestore`](crate::Action::ReadyToRestore) named. From now on all
    /// tasks are in a new epoch: those that went on hear of it with the next barrier.
    RegionDeployed {
        /// Greater than any before.
        epoch: Epoch,
        /// Who was started again.
        restarted: Vec<Participant>,
    },
    /// A participant's state is stored.
    Ack {
        /// In which it runs.
        epoch: Epoch,
        /// Which checkpoint it is for.
        checkpoint: CheckpointId,
        /// Who it is.
        participant: Participant,
        /// Its state.
        snapshot: Snapshot,
    },
    /// A participant cannot take part, and has removed what it wrote.
    Decline {
        /// In which it runs.
        epoch: Epoch,
        /// Which checkpoint it is for.
        checkpoint: CheckpointId,
        /// Who it is.
        participant: Participant,
        /// How far it came.
        phase: DeclinePhase,
        /// Why.
        cause: String,
    },
    /// A participant has said its last word and needs no state any more.
    TaskFinished {
        /// In which it ran.
        epoch: Epoch,
        /// Who it is.
        participant: Participant,
    },
    /// A task has nothing to do but to wait for a checkpoint: the next one is due, as soon as it may be.
    CheckpointRequested,
    /// Somebody wants a savepoint.
    SavepointRequested {
        /// By which it is answered.
        request: u64,
        /// Where it goes; empty, and for it alone.
        directory: String,
        /// What becomes of the job.
        stop: StopMode,
    },
    /// The metadata is there, for good.
    MetadataWritten {
        /// Of the [`Action::WriteMetadata`](crate::Action::WriteMetadata).
        epoch: Epoch,
        /// Likewise.
        checkpoint: CheckpointId,
    },
    /// The metadata is not there, and will not be.
    MetadataFailed {
        /// Of the [`Action::WriteMetadata`](crate::Action::WriteMetadata).
        epoch: Epoch,
        /// Likewise.
        checkpoint: CheckpointId,
        /// Why.
        cause: String,
    },
    /// These ids are ours, asked for by [`Action::ReserveIds`](crate::Action::ReserveIds).
    IdsReserved(Range<u64>),
    /// The attempt is over, and another may follow.
    Suspended,
    /// The job is over.
    Ended(JobEnd),
}
