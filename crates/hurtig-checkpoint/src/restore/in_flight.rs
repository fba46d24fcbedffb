//! Batches that barriers have overtaken: read as they are stored, for the runtime to share out along its edges.

use std::sync::Arc;

use hurtig_types::{OperatorId, Result};

use super::{AssignedPiece, Share};
use crate::{CheckpointLocation, CheckpointStore, Metadata, StateKind};

/// What a subtask had in flight on one edge.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InFlightPiece {
    /// Whether it lay before the subtask; otherwise behind it.
    pub is_input: bool,
    /// The operator that read it, or had put it out.
    pub operator: OperatorId,
    /// Which subtask of it.
    pub subtask: u32,
    /// The edge, by the name that the runtime gave it.
    pub edge: String,
    /// What its channels held.
    pub channels: Vec<Vec<u8>>,
}

impl CheckpointStore {
    /// Reads all batches in flight of a checkpoint; none are in an aligned one. Call it on [`Lane::Io`](hurtig_env::Lane::Io).
    ///
    /// # Errors
    /// As [`read_state`](Self::read_state).
    pub async fn read_in_flight(
        &self,
        location: &CheckpointLocation,
        metadata: &Metadata,
    ) -> Result<Vec<InFlightPiece>> {
        let mut pieces = Vec::new();
        for state in &metadata.operators {
            for subtask in &state.subtasks {
                for handle in &subtask.states {
                    let is_input = match handle.kind {
                        StateKind::InputInFlight => true,
                        StateKind::OutputInFlight => false,
                        _ => continue,
                    };
                    let assigned = AssignedPiece {
                        handle: Arc::new(handle.clone()),
                        share: Share::Whole,
                    };
                    let list = self.read_list(location, &assigned).await?;
                    pieces.push(InFlightPiece {
                        is_input,
                        operator: state.operator,
                        subtask: subtask.subtask,
                        edge: list.name,
                        channels: list.entries,
                    });
                }
            }
        }
        Ok(pieces)
    }
}
