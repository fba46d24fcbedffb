//! The asynchronous half of a snapshot: stores what a participant handed over, and acknowledges.

use std::collections::BTreeMap;
use std::sync::Arc;

use hurtig_checkpoint::{AbortCause, DeclinePhase, Event, Participant, Snapshot, SnapshotFiles};
use hurtig_env::{Lane, World};
use hurtig_state::StateImage;
use hurtig_types::{Barrier, CheckpointId, Error, OperatorId, Result};
use parking_lot::Mutex;

use super::history::{CheckpointLog, CheckpointPart, bytes_of, is_unaligned};
use super::mailbox::Mailbox;
use crate::{SnapshotReceiver, TaskSnapshot};

/// Where the participants of the checkpoints in flight put their states, and whom they tell.
#[derive(Clone)]
pub(in crate::job) struct SnapshotDesk {
    open: Arc<Mutex<BTreeMap<CheckpointId, SnapshotFiles>>>,
    events: Mailbox,
    log: CheckpointLog,
    world: World,
}

impl SnapshotDesk {
    pub(super) fn new(events: Mailbox, log: CheckpointLog, world: World) -> Self {
        Self {
            open: Arc::default(),
            events,
            log,
            world,
        }
    }

    /// A checkpoint begins, whose files go there.
    pub(super) fn open(&self, checkpoint: CheckpointId, files: SnapshotFiles) {
        self.open.lock().insert(checkpoint, files);
    }

    /// A checkpoint is complete, or came to nothing: nothing is stored for it any more.
    pub(super) fn close(&self, checkpoint: CheckpointId) -> Option<SnapshotFiles> {
        self.open.lock().remove(&checkpoint)
    }

    /// Where the participants are.
    pub(super) fn world(&self) -> &World {
        &self.world
    }

    /// A receiver for a task.
    pub(in crate::job) fn receiver(&self, participant: Participant) -> Box<dyn SnapshotReceiver> {
        Box::new(TaskReceiver {
            desk: self.clone(),
            participant,
        })
    }

    /// Stores a participant's state beside everything else, and acknowledges or declines.
    pub(super) fn store(
        &self,
        TaskSnapshot {
            barrier,
            images,
            alignment,
            sync,
            processed_bytes,
            persisted_bytes,
        }: TaskSnapshot,
        participant: Participant,
    ) {
        let Some(files) = self.open.lock().get(&barrier.checkpoint).cloned() else {
            // It came to nothing before the barrier came here.
            return;
        };
        let (events, log, world) = (self.events.clone(), self.log.clone(), self.world.clone());
        let behind_trigger = log.age(barrier.checkpoint, world.clock().wall_clock_ms());
        let store = async move {
            let begun = world.clock().now();
            let event = acknowledgement(files, barrier, participant, images).await;
            if let Event::Ack { snapshot, .. } = &event {
                let (full_bytes, bytes) = bytes_of(snapshot, barrier.checkpoint);
                let part = CheckpointPart {
                    participant,
                    acknowledged_ms: world.clock().wall_clock_ms(),
                    start_delay: behind_trigger.saturating_sub(alignment + sync),
                    alignment,
                    sync,
                    asynchronous: world.clock().now().saturating_since(begun),
                    bytes,
                    full_bytes,
                    processed_bytes,
                    persisted_bytes,
                    is_unaligned: is_unaligned(snapshot),
                };
                log.part(barrier.checkpoint, part);
            }
            world.deliver("ack", event, move |event| events.send(event));
            #[cfg(feature = "planted-bugs")]
            for upload in hurtig_checkpoint::planted::take_uploads() {
                upload.await;
            }
        };
        let name = format!("state of checkpoint {}", barrier.checkpoint);
        drop(self.world.spawner().spawn(Lane::Io, name, store));
    }

    /// A participant fails because of its snapshot. Only noted: it takes the checkpoint with it. To decline as well would count it as a
    /// failed checkpoint that may be tolerated or not, and that would race with the failure itself.
    fn failed(&self, checkpoint: CheckpointId, participant: Participant, error: &Error) {
        let cause = AbortCause::Declined {
            participant,
            phase: DeclinePhase::Sync,
            cause: error.to_string(),
        };
        self.log.blame(checkpoint, &cause);
    }

    /// A participant cannot take part.
    pub(super) fn decline(&self, barrier: Barrier, participant: Participant, cause: String) {
        self.events.send(Event::Decline {
            epoch: barrier.epoch,
            checkpoint: barrier.checkpoint,
            participant,
            phase: DeclinePhase::Sync,
            cause,
        });
    }
}

async fn acknowledgement(
    files: SnapshotFiles,
    Barrier {
        checkpoint, epoch, ..
    }: Barrier,
    participant: Participant,
    images: Vec<(OperatorId, StateImage)>,
) -> Event {
    match store_complete(&files, participant, images).await {
        Ok(snapshot) => Event::Ack {
            epoch,
            checkpoint,
            participant,
            snapshot,
        },
        Err(error) => {
            if let Err(error) = files.discard(participant).await {
                tracing::warn!(%error, "a state file of a declined checkpoint is left behind");
            }
            Event::Decline {
                epoch,
                checkpoint,
                participant,
                phase: DeclinePhase::Async,
                cause: error.to_string(),
            }
        }
    }
}

/// Stores what is there, and what was promised, once it has come.
async fn store_complete(
    files: &SnapshotFiles,
    participant: Participant,
    mut images: Vec<(OperatorId, StateImage)>,
) -> Result<Snapshot> {
    for (_, image) in &mut images {
        image.complete().await?;
    }
    files.store(participant, images).await
}

struct TaskReceiver {
    desk: SnapshotDesk,
    participant: Participant,
}

impl SnapshotReceiver for TaskReceiver {
    fn receive(&mut self, snapshot: TaskSnapshot) {
        self.desk.store(snapshot, self.participant);
    }

    fn failed(&mut self, barrier: Barrier, error: &Error) {
        self.desk
            .failed(barrier.checkpoint, self.participant, error);
    }

    fn request(&mut self) {
        self.desk.events.send(Event::CheckpointRequested);
    }
}
