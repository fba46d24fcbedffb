//! What the coordinator wants done in the store, one thing after the other.

use std::collections::VecDeque;
use std::sync::Arc;
use std::task::{Context, Poll};

use hurtig_checkpoint::{
    CheckpointId, CheckpointLocation, CheckpointStore, Epoch, Event, Metadata, StateFile,
};
use hurtig_connect::BoxFuture;
use hurtig_types::Result;

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
    waiting: VecDeque<StoreAction>,
    running: Option<BoxFuture<'static, Result<Option<Event>>>>,
}

impl StoreQueue {
    pub(super) fn new(store: CheckpointStore) -> Self {
        Self {
            store,
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
                    Some(action) => self.running.insert(run(self.store.clone(), action)),
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

fn run(store: CheckpointStore, action: StoreAction) -> BoxFuture<'static, Result<Option<Event>>> {
    Box::pin(async move {
        match action {
            StoreAction::Write(epoch, location, metadata) => {
                let checkpoint = metadata.checkpoint;
                Ok(Some(match store.write(&location, &metadata).await {
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

/// What could not be deleted costs room, and no job fails for it.
fn left_behind(deleted: Result<()>) {
    if let Err(error) = deleted {
        tracing::warn!(%error, "a checkpoint that nobody needs could not be deleted");
    }
}
