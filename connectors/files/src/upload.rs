//! Bringing the bytes of a file to where they belong, on the I/O lane.
//!
//! ```text
//!  UploadHandle ──chunks, at most a few──► task: multipart upload ──finish──► commit: rename to the final name
//!       │                                         └──dropped without finish──► abort: nothing was ever to be seen
//! ```
//!
//! Committing is apart from finishing, so that a checkpoint can come between the two.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::{Bytes, BytesMut};
use futures::StreamExt;
use futures::channel::mpsc::{Receiver, Sender, channel};
use hurtig_env::object_store::{Error as StoreError, MultipartUpload, ObjectStoreExt, PutPayload};
use hurtig_env::{JoinHandle, Lane, Location, World};
use hurtig_types::Result;

use crate::commit::FinishedFile;
use crate::failure::store_error;
use crate::target::Target;

/// Chunks that wait for the store, beside the one it is writing.
const CHUNKS_AHEAD: usize = 2;
/// The least that object stores take as a part of a file that isn't the last.
const REMOTE_PART_BYTES: usize = 8 * 1024 * 1024;

enum Command {
    Write(Bytes),
    /// The last bytes.
    Finish(Bytes),
}

/// A file that is being written.
pub(crate) struct Upload {
    chunks: Sender<Command>,
    /// A sender that sends once: a channel has a place for each, so finishing never has to wait.
    finish: Sender<Command>,
    task: JoinHandle<Result<Option<FinishedFile>>>,
}

impl Upload {
    /// Begins a file.
    pub(crate) fn start(world: &World, target: Target) -> Self {
        let (chunks, receiver) = channel(CHUNKS_AHEAD);
        let name = format!("write {target}");
        let task = world
            .spawner()
            .spawn(Lane::Io, name, write_file(target, receiver));
        Self {
            finish: chunks.clone(),
            chunks,
            task,
        }
    }

    /// Whether a chunk may be written. After an error only [`Upload::poll_end`] says what it was.
    pub(crate) fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Ended>> {
        self.chunks
            .poll_ready(context)
            .map(|ready| ready.map_err(|_| Ended))
    }

    /// Writes a chunk, after [`Upload::poll_ready`] said so.
    pub(crate) fn write(&mut self, chunk: Bytes) -> Result<(), Ended> {
        self.chunks
            .start_send(Command::Write(chunk))
            .map_err(|_| Ended)
    }

    /// Says that these bytes are the last. The file is where it belongs when [`Upload::poll_end`] says so.
    pub(crate) fn finish(&mut self, last: Bytes) {
        // When the task is gone, its end says why.
        let _gone = self.finish.try_send(Command::Finish(last));
    }

    /// The end of the file: it is where it belongs, or waits for its commit, or an error says why not.
    pub(crate) fn poll_end(
        &mut self,
        context: &mut Context<'_>,
    ) -> Poll<Result<Option<FinishedFile>>> {
        Poll::Ready(ready!(Pin::new(&mut self.task).poll(context))?)
    }

    /// Waits for the end.
    pub(crate) async fn end(self) -> Result<Option<FinishedFile>> {
        self.task.await?
    }
}

/// The upload ended before it was to.
#[derive(Debug)]
pub(crate) struct Ended;

async fn write_file(
    target: Target,
    mut commands: Receiver<Command>,
) -> Result<Option<FinishedFile>> {
    let place = target.begin().await?;
    let failed = |error: &StoreError| store_error(&target.to_string(), error);
    let mut upload: Option<Box<dyn MultipartUpload>> = None;
    let part_bytes = if target.is_local() {
        1
    } else {
        REMOTE_PART_BYTES
    };
    let mut waiting = BytesMut::new();
    loop {
        let Some(command) = commands.next().await else {
            if let Some(mut upload) = upload {
                // It is given up; what can't be removed either is invisible all the same.
                let _not_removed = upload.abort().await;
            }
            return Ok(None);
        };
        let (bytes, last) = match command {
            Command::Write(bytes) => (bytes, false),
            Command::Finish(bytes) => (bytes, true),
        };
        let part = if waiting.is_empty() && (last || bytes.len() >= part_bytes) {
            bytes
        } else {
            waiting.extend_from_slice(&bytes);
            if waiting.len() < part_bytes && !last {
                continue;
            }
            waiting.split().freeze()
        };
        let written = match &mut upload {
            None if last => place.store.put(&place.path, part.into()).await.map(drop),
            _ => write_part(&place, &mut upload, part, last).await,
        };
        written.map_err(|error| failed(&error))?;
        if last {
            return target.finish(&place).await;
        }
    }
}

async fn write_part(
    place: &Location,
    upload: &mut Option<Box<dyn MultipartUpload>>,
    part: Bytes,
    last: bool,
) -> Result<(), StoreError> {
    let upload = match upload {
        Some(upload) => upload,
        None => upload.insert(place.store.put_multipart(&place.path).await?),
    };
    let written = async {
        if !part.is_empty() {
            upload.put_part(PutPayload::from(part)).await?;
        }
        if last {
            upload.complete().await?;
        }
        Ok(())
    };
    let result = written.await;
    if result.is_err() {
        let _not_removed = upload.abort().await;
    }
    result
}
