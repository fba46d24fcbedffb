//! Who takes part in a checkpoint.

use std::fmt;

use hurtig_types::{OperatorId, VertexId};

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
