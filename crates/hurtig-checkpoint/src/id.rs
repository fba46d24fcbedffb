//! Who takes part in a checkpoint, which one it is, and of which attempt of the job.

use std::fmt;

use hurtig_types::{OperatorId, VertexId};
use serde::{Deserialize, Serialize};

/// A checkpoint or savepoint of a job. A later one has a greater id, and no id is ever given twice.
///
/// ```
/// use hurtig_checkpoint::CheckpointId;
/// assert!(CheckpointId::new(2) > CheckpointId::new(1));
/// assert_eq!(CheckpointId::new(7).to_string(), "7");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct CheckpointId(u64);

impl CheckpointId {
    /// The id of this number.
    pub const fn new(number: u64) -> Self {
        Self(number)
    }

    /// Its number.
    pub const fn get(self) -> u64 {
        self.0
    }
}

impl fmt::Display for CheckpointId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// An attempt at running the job. Every restart has a greater one; messages of a lesser one are ignored.
///
/// ```
/// use hurtig_checkpoint::Epoch;
/// assert!(Epoch::new(1) < Epoch::new(2));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Epoch(u64);

impl Epoch {
    /// The epoch of this number.
    pub const fn new(number: u64) -> Self {
        Self(number)
    }

    /// Its number.
    pub const fn get(self) -> u64 {
        self.0
    }
}

impl fmt::Display for Epoch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Who must acknowledge a checkpoint before it is complete.
///
/// ```
/// use hurtig_checkpoint::Participant;
/// use hurtig_types::OperatorId;
///
/// let source = OperatorId::from_uid("orders");
/// assert_ne!(Participant::Subtask(source.into(), 0), Participant::Coordinator(source));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Participant {
    /// A subtask of a vertex, for all the operators of its chain.
    Subtask(VertexId, u32),
    /// What coordinates the subtasks of an operator: the enumerator of a source, say, with the splits that it has not given out.
    Coordinator(OperatorId),
}

impl fmt::Display for Participant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Subtask(vertex, subtask) => write!(f, "subtask {subtask} of vertex {vertex}"),
            Self::Coordinator(operator) => write!(f, "the coordinator of operator {operator}"),
        }
    }
}
