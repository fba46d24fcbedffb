//! What makes a checkpoint one: which operators it holds, and where their states are.

mod check;
mod codec;

use std::collections::BTreeSet;

use hurtig_types::{JobId, OperatorId};
use serde::{Deserialize, Serialize};

use crate::{CheckpointId, Epoch, StateFile, StateHandle};

pub use codec::METADATA_BYTES_MAX;

/// A checkpoint or savepoint, whole but for the contents of its files.
///
/// ```
/// use hurtig_checkpoint::{CheckpointId, Epoch, Metadata};
/// use hurtig_types::JobId;
///
/// let metadata = Metadata {
///     job: JobId::from_bytes([1; 16]),
///     checkpoint: CheckpointId::new(7),
///     epoch: Epoch::new(2),
///     is_savepoint: false,
///     operators: Vec::new(),
/// };
/// let bytes = metadata.encode()?;
/// assert_eq!(Metadata::decode(&bytes)?, metadata);
///
/// let torn = Metadata::decode(&bytes[..20]).unwrap_err();
/// assert!(torn.to_string().contains("truncated"), "{torn}");
/// # Ok::<(), hurtig_types::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Metadata {
    /// Whose it is.
    pub job: JobId,
    /// Which one it is.
    pub checkpoint: CheckpointId,
    /// The attempt that took it.
    pub epoch: Epoch,
    /// Whether it is the user's, and self-contained.
    pub is_savepoint: bool,
    /// In the order of their ids.
    pub operators: Vec<OperatorState>,
}

/// The state of an operator.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OperatorState<F = StateFile> {
    /// Its id: the state is found again by it.
    pub operator: OperatorId,
    /// How many subtasks it had.
    pub parallelism: u32,
    /// How many key groups.
    pub max_parallelism: u32,
    /// Of what coordinates its subtasks.
    pub coordinator: Vec<StateHandle<F>>,
    /// Of its subtasks, in order.
    pub subtasks: Vec<SubtaskState<F>>,
}

/// The state of an operator's subtask.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SubtaskState<F = StateFile> {
    /// Its index.
    pub subtask: u32,
    /// Whether it had ended, and is not run again.
    pub is_finished: bool,
    /// Its pieces.
    pub states: Vec<StateHandle<F>>,
}

impl Metadata {
    /// The files that it names, each once, in order.
    pub fn files(&self) -> Vec<&StateFile> {
        let files: BTreeSet<&StateFile> = self.handles().filter_map(StateHandle::file).collect();
        files.into_iter().collect()
    }

    /// All pieces of state.
    pub fn handles(&self) -> impl Iterator<Item = &StateHandle> {
        self.operators.iter().flat_map(OperatorState::handles)
    }
}

impl<F> OperatorState<F> {
    fn handles(&self) -> impl Iterator<Item = &StateHandle<F>> {
        let of_subtasks = self.subtasks.iter().flat_map(|subtask| &subtask.states);
        self.coordinator.iter().chain(of_subtasks)
    }
}
