//! What tasks start from: all of them, or those that are started again while the others go on.

use std::sync::Arc;

use hurtig_checkpoint::{
    CheckpointId, CheckpointStore, CompletedCheckpoint, Epoch, Event, InFlightPiece, Participant,
    Runs, UnclaimedState, VertexPlan, assign,
};
use hurtig_connect::BoxFuture;
use hurtig_graph::Plan;
use hurtig_state::store::SharedBackend;
use hurtig_types::{JobId, Result};

use super::trigger::TriggerQueue;
use super::{JobCheckpoints, Restored};
use crate::job::in_flight::InFlight;
use crate::task::TaskControl;

/// What was read of a checkpoint, for some of the tasks of a job.
#[derive(Default)]
pub(in crate::job) struct Recovered {
    checkpoint: Option<CompletedCheckpoint>,
    pub(in crate::job) restored: Restored,
    pieces: Vec<InFlightPiece>,
}

impl Recovered {
    /// Of which checkpoint it is; none if the tasks start with nothing.
    pub(in crate::job) fn checkpoint(&self) -> Option<CheckpointId> {
        self.checkpoint.as_ref().map(CompletedCheckpoint::id)
    }

    /// What was in flight then.
    ///
    /// # Errors
    /// When it cannot be read, or there is no such edge any more.
    pub(in crate::job) fn take_in_flight(&mut self, plan: &Plan) -> Result<InFlight> {
        let pieces = std::mem::take(&mut self.pieces);
        let Some(checkpoint) = &self.checkpoint else {
            return Ok(InFlight::default());
        };
        let in_flight = InFlight::of(pieces, checkpoint.metadata(), plan);
        in_flight.map_err(|error| {
            error.context(format!("restoring from checkpoint {}", checkpoint.id()))
        })
    }
}

impl JobCheckpoints {
    /// Whether tasks can be started again while the others go on.
    pub(in crate::job) fn can_restart_regions(&self) -> bool {
        self.coordinator.can_restart_regions() && self.failure.is_none() && !self.stopped
    }

    /// A task has failed; it and those around it are being stopped.
    pub(in crate::job) fn region_failed(&mut self, failed: Participant) {
        self.triggers = TriggerQueue::default();
        let epoch = Epoch::new(self.epoch);
        self.feed(Event::RegionFailed { epoch, failed });
    }

    /// Reads what the wanted ones start from; none as long as it is in doubt which checkpoint that is.
    pub(in crate::job) fn recover(
        &self,
        vertices: Vec<VertexPlan>,
        wanted: impl Fn(Participant) -> bool + Send + 'static,
    ) -> Option<BoxFuture<'static, Result<Recovered>>> {
        let Some(checkpoint) = self.ready.as_ref()?.clone() else {
            return Some(Box::pin(std::future::ready(Ok(Recovered::default()))));
        };
        Some(self.read(checkpoint, vertices, wanted))
    }

    /// Reads what the wanted ones start from at this checkpoint.
    pub(super) fn read(
        &self,
        checkpoint: CompletedCheckpoint,
        vertices: Vec<VertexPlan>,
        wanted: impl Fn(Participant) -> bool + Send + 'static,
    ) -> BoxFuture<'static, Result<Recovered>> {
        let path = self.store.directory_of(checkpoint.location());
        self.log
            .restored(checkpoint.id(), path, self.wall_clock_ms());
        let reading = Reading {
            store: self.store.clone(),
            checkpoint,
            vertices,
            unclaimed: self.unclaimed,
            runs: (self.runs.clone(), self.job),
            backend: self.backend.clone(),
        };
        Box::pin(reading.read(wanted))
    }

    /// The tasks run again, with the others beside them.
    pub(in crate::job) fn region_deployed(
        &mut self,
        tasks: Vec<Arc<TaskControl>>,
        restarted: Vec<Participant>,
    ) {
        self.ready = None;
        self.epoch += 1;
        self.participants.tasks = tasks;
        let epoch = Epoch::new(self.epoch);
        self.feed(Event::RegionDeployed { epoch, restarted });
    }
}

struct Reading {
    store: CheckpointStore,
    checkpoint: CompletedCheckpoint,
    vertices: Vec<VertexPlan>,
    unclaimed: UnclaimedState,
    runs: (Runs, JobId),
    backend: Option<SharedBackend>,
}

impl Reading {
    async fn read(self, wanted: impl Fn(Participant) -> bool + Send) -> Result<Recovered> {
        let id = self.checkpoint.id();
        let read = self.read_wanted(wanted).await;
        read.map_err(|error| error.context(format!("restoring from checkpoint {id}")))
    }

    async fn read_wanted(self, wanted: impl Fn(Participant) -> bool + Send) -> Result<Recovered> {
        let (metadata, location) = (self.checkpoint.metadata(), self.checkpoint.location());
        let mut restored = Restored::new();
        for (participant, operators) in assign(metadata, &self.vertices, self.unclaimed)? {
            if !wanted(participant) {
                continue;
            }
            for (operator, state) in operators {
                let (runs, job) = &self.runs;
                let handles = state.pieces.iter().map(|piece| &*piece.handle);
                runs.restored_from(self.checkpoint.id(), *job, handles);
                let backend = self.backend.as_ref().map(SharedBackend::backend);
                let image = self.store.read_state(location, &state, backend).await?;
                restored
                    .entry(participant)
                    .or_default()
                    .insert(operator, image);
            }
        }
        let pieces = self.store.read_in_flight(location, metadata).await?;
        Ok(Recovered {
            checkpoint: Some(self.checkpoint),
            restored,
            pieces,
        })
    }
}
