//! What the coordinator wants done in the store, one thing after the other.

use std::collections::VecDeque;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use hurtig_checkpoint::{
    CheckpointId, CheckpointLocation, CheckpointStore, Epoch, Event, Metadata, StateFile,
};
use hurtig_connect::BoxFuture;
use hurtig_env::Clock;
use hurtig_types::Result;

/// How often metadata is written again while nobody knows whether it is there, and the first pause, which doubles.
const WRITES_MAX: u32 = 8;
const FIRST_PAUSE: Duration = Duration::from_millis(100);

/// Something to do in the store.
pub(super) enum StoreAction {
    Write(Epoch, CheckpointLocation, Arc<Metadata>),
    Delete(CheckpointId, CheckpointLocation, Vec<StateFile>),
    DeleteShared(Vec<StateFile>),
    ReserveIds(Option<CheckpointId>),
}

/// Does one after the other: what is deleted was named by what was deleted before.
pub(super) struct StoreQueue {
    store: CheckpointStore,
    clock: Clock,
    waiting: VecDeque<StoreAction>,
    running: Option<BoxFuture<'static, Result<Option<Event>>>>,
}

impl StoreQueue {
    pub(super) fn new(store: CheckpointStore, clock: Clock) -> Self {
        Self {
            store,
            clock,
            waiting: VecDeque::new(),
            running: None,
        }
    }

    pub(super) fn push(&mut self, action: StoreAction) {
        self.waiting.push_back(action);
    }

    /// Whether there is nothing to do.
    pub(super) fn is_idle(&self) -> bool {
        self.running.is_none() && self.waiting.is_empty()
    }

    /// The next answer that the coordinator waits for; `Pending` while there is none.
    pub(super) fn poll(&mut self, context: &mut Context<'_>) -> Poll<Result<Event>> {
        loop {
            let running = match &mut self.running {
                Some(running) => running,
                None => match self.waiting.pop_front() {
                    Some(action) => {
                        let run = run(self.store.clone(), self.clock.clone(), action);
                        self.running.insert(run)
                    }
                    None => return Poll::Pending,
                },
            };
            let Poll::Ready(answer) = running.as_mut().poll(context) else {
                return Poll::Pending;
            };
            self.running = None;
            if let Some(event) = answer.transpose() {
                return Poll::Ready(event);
            }
        }
    }
}

fn run(
    store: CheckpointStore,
    clock: Clock,
    action: StoreAction,
) -> BoxFuture<'static, Result<Option<Event>>> {
    Box::pin(async move {
        match action {
            StoreAction::Write(epoch, location, metadata) => {
                let checkpoint = metadata.checkpoint;
                let written = write(&store, &clock, &location, &metadata).await;
                Ok(Some(match written {
                    Ok(()) => Event::MetadataWritten { epoch, checkpoint },
                    Err(error) => Event::MetadataFailed {
                        epoch,
                        checkpoint,
                        cause: error.to_string(),
                    },
                }))
            }
            StoreAction::Delete(id, location, files) => {
                left_behind(store.delete(id, &location, &files).await);
                Ok(None)
            }
            StoreAction::DeleteShared(files) => {
                left_behind(store.delete_shared(&files).await);
                Ok(None)
            }
            StoreAction::ReserveIds(above) => {
                let ids = store.reserve_ids(above).await?;
                Ok(Some(Event::IdsReserved(ids)))
            }
        }
    })
}

/// Writes metadata, again and again while it is in doubt whether it is there: what is declared failed must not turn up later. A store
/// that is silent for the whole time gets the benefit: the metadata is the first thing of a failed checkpoint that is deleted.
async fn write(
    store: &CheckpointStore,
    clock: &Clock,
    location: &CheckpointLocation,
    metadata: &Metadata,
) -> Result<()> {
    let mut pause = FIRST_PAUSE;
    let mut writes = 1;
    loop {
        let Err(error) = store.write(location, metadata).await else {
            return Ok(());
        };
        if writes == WRITES_MAX || !store.is_in_doubt(location, metadata).await {
            return Err(error);
        }
        tracing::warn!(%error, ?pause, "it is in doubt whether a checkpoint was written: writing again");
        clock.sleep(pause).await;
        pause *= 2;
        writes += 1;
    }
}

/// What could not be deleted costs room, and no job fails for it.
fn left_behind(deleted: Result<()>) {
    if let Err(error) = deleted {
        tracing::warn!(%error, "a checkpoint that nobody needs could not be deleted");
    }
}
