//! Reading bytes, on the I/O lane, a few chunks ahead of decoding.

use std::ops::Range;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::{Bytes, BytesMut};
use futures::channel::mpsc::{Receiver, Sender, channel};
use futures::stream::BoxStream;
use futures::{SinkExt, Stream, StreamExt};
use hurtig_env::object_store::{
    Error as StoreError, GetOptions, GetResultPayload, ObjectStore, ObjectStoreExt,
};
use hurtig_env::{JoinHandle, Lane, Location, World};
use hurtig_types::{Error, Result};

use crate::cut::{LineCut, Piece};
use crate::failure::store_error;

/// How much is asked of a file at a time, and sent on at most.
const CHUNK_BYTES: u64 = 512 * 1024;
/// Smaller chunks that a store sends are put together to this.
const CHUNK_BYTES_MIN: usize = 128 * 1024;
/// Chunks that wait for decoding (and one more that waits for its place): so, with that which is decoded, a reader holds
/// about 2 MiB.
const CHUNKS_AHEAD: usize = 1;
/// How much is read at a time beyond the end of a part, where its last line ends.
const TAIL_BYTES: u64 = 64 * 1024;
/// How much of a file's start is read for the header, where a part begins elsewhere.
pub(crate) const HEADER_BYTES_MAX: u64 = 256 * 1024;

/// What is to be read of a file.
#[derive(Clone, Debug)]
pub(crate) struct FetchPlan {
    pub(crate) name: String,
    /// Whether the start of the file is to come first, for its header.
    pub(crate) header: bool,
    pub(crate) from: u64,
    pub(crate) end: u64,
    pub(crate) size: u64,
    pub(crate) cut: LineCut,
}

/// What comes of it.
#[derive(Debug)]
pub(crate) enum Fetched {
    /// The start of the file, and whether it is all of it.
    Header(Bytes, bool),
    /// The next bytes.
    Piece(Piece),
    /// There are no more.
    End,
}

/// A file that is being read.
pub(crate) struct Fetch {
    pieces: Receiver<Result<Fetched>>,
    task: JoinHandle<()>,
}

impl Fetch {
    /// Starts reading.
    pub(crate) fn start(world: &World, plan: FetchPlan) -> Result<Self> {
        let location = world.storage().open(&plan.name)?;
        let (mut sender, pieces) = channel(CHUNKS_AHEAD);
        let name = format!("read {}", plan.name);
        let task = world.spawner().spawn(Lane::Io, name, async move {
            let last = match read(&location, plan, &mut sender).await {
                Ok(()) => Ok(Fetched::End),
                Err(Stop::Failed(error)) => Err(error),
                Err(Stop::NobodyReads) => return,
            };
            let _nobody_reads = sender.send(last).await;
        });
        Ok(Self { pieces, task })
    }

    /// The next of what is read. Not to be called again after [`Fetched::End`] or an error.
    pub(crate) fn poll_next(&mut self, context: &mut Context<'_>) -> Poll<Result<Fetched>> {
        Pin::new(&mut self.pieces).poll_next(context).map(|next| {
            next.unwrap_or_else(|| Err(Error::cancelled().context("the task that read is gone")))
        })
    }
}

impl Drop for Fetch {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// Why reading stopped early.
enum Stop {
    Failed(Error),
    NobodyReads,
}

impl From<Error> for Stop {
    fn from(error: Error) -> Self {
        Self::Failed(error)
    }
}

async fn read(
    location: &Location,
    mut plan: FetchPlan,
    sender: &mut Sender<Result<Fetched>>,
) -> Result<(), Stop> {
    if plan.header {
        let end = plan.size.min(HEADER_BYTES_MAX);
        let mut body = Body::open(location, &plan, 0..end).await?;
        let mut start = BytesMut::new();
        while let Some(bytes) = body.next(location, &plan).await? {
            start.extend_from_slice(&bytes);
        }
        send(sender, Fetched::Header(start.freeze(), end == plan.size)).await?;
    }
    let mut at = plan.from;
    while at < plan.size && !plan.cut.is_done() {
        let stop = if at < plan.end {
            plan.end
        } else {
            plan.size.min(at + TAIL_BYTES)
        };
        let mut body = Body::open(location, &plan, at..stop).await?;
        while let Some(bytes) = body.next(location, &plan).await? {
            let piece = Piece { offset: at, bytes };
            at += piece.bytes.len() as u64;
            if let Some(piece) = plan.cut.take(piece) {
                send(sender, Fetched::Piece(piece)).await?;
            }
            if plan.cut.is_done() {
                return Ok(());
            }
        }
    }
    Ok(())
}

async fn send(sender: &mut Sender<Result<Fetched>>, fetched: Fetched) -> Result<(), Stop> {
    sender
        .send(Ok(fetched))
        .await
        .map_err(|_| Stop::NobodyReads)
}

/// A range of a file, as it comes.
struct Body {
    source: BodySource,
    /// What has not come yet.
    rest: Range<u64>,
}

enum BodySource {
    /// A local file: asked for chunk by chunk, because the store would stream it in very small ones.
    File,
    /// A store that streams, and what it sent more than fits in a chunk.
    Stream(BoxStream<'static, Result<Bytes, StoreError>>, Bytes),
}

impl Body {
    async fn open(location: &Location, plan: &FetchPlan, range: Range<u64>) -> Result<Self> {
        let options = GetOptions::new().with_range(Some(range.clone()));
        let source = match location.store.get_opts(&location.path, options).await {
            Ok(result) => result.payload,
            Err(error) => return Err(failed(location, plan, range.start, &error).await),
        };
        let source = match source {
            GetResultPayload::File(..) => BodySource::File,
            GetResultPayload::Stream(stream) => BodySource::Stream(stream, Bytes::new()),
        };
        Ok(Self {
            source,
            rest: range,
        })
    }

    /// The next chunk; `None` at the end of the range.
    async fn next(&mut self, location: &Location, plan: &FetchPlan) -> Result<Option<Bytes>> {
        if self.rest.is_empty() {
            return Ok(None);
        }
        let at = self.rest.start;
        let bytes = match &mut self.source {
            BodySource::File => {
                let end = self.rest.end.min(at + CHUNK_BYTES);
                location.store.get_range(&location.path, at..end).await
            }
            BodySource::Stream(stream, more) => next_of_stream(stream, more).await,
        };
        let bytes = match bytes {
            Ok(bytes) => bytes,
            Err(error) => return Err(failed(location, plan, at, &error).await),
        };
        if bytes.is_empty() {
            return Err(cut_short(plan, at));
        }
        self.rest.start += bytes.len() as u64;
        Ok(Some(bytes))
    }
}

/// The next chunk of a stream, neither too small nor too large; empty at its end.
async fn next_of_stream(
    stream: &mut BoxStream<'static, Result<Bytes, StoreError>>,
    more: &mut Bytes,
) -> Result<Bytes, StoreError> {
    if more.is_empty() {
        let mut together = BytesMut::new();
        while let Some(bytes) = stream.next().await {
            let bytes = bytes?;
            if together.is_empty() && bytes.len() >= CHUNK_BYTES_MIN {
                *more = bytes;
                break;
            }
            together.extend_from_slice(&bytes);
            if together.len() >= CHUNK_BYTES_MIN {
                break;
            }
        }
        if more.is_empty() {
            *more = together.freeze();
        }
    }
    Ok(more.split_to(more.len().min(CHUNK_BYTES as usize)))
}

/// What is wrong with the file: often it is not what it was when it was found.
async fn failed(location: &Location, plan: &FetchPlan, at: u64, error: &StoreError) -> Error {
    let FetchPlan { name, size, .. } = plan;
    match (error, location.store.head(&location.path).await) {
        (StoreError::NotFound { .. }, _) | (_, Err(StoreError::NotFound { .. })) => Error::io(
            format!("`{name}` vanished: it was there when files were listed"),
        ),
        (_, Ok(meta)) if meta.size < *size => cut_short(plan, meta.size),
        _ => store_error(name, error).context(format!("reading on from byte {at}")),
    }
}

fn cut_short(plan: &FetchPlan, at: u64) -> Error {
    let FetchPlan { name, size, .. } = plan;
    Error::io(format!(
        "`{name}` ends at byte {at}, but had {size} bytes when files were listed: it was cut short since"
    ))
}
