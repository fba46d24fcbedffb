//! The messages between a source's readers and its enumerator. In process they are queues; in a cluster, RPCs.

use std::collections::VecDeque;
use std::sync::Arc;
use std::task::{Poll, Waker};

use futures::channel::oneshot;
use hurtig_connect::BoxFuture;
use hurtig_state::StateImage;
use hurtig_types::{CheckpointId, Error, Result};
use parking_lot::Mutex;

/// To a reader.
#[derive(Debug)]
pub(super) enum ToReader<S> {
    Splits(Vec<S>),
    /// What was sent before is part of this checkpoint, what comes after is not.
    Mark(CheckpointId),
    NoMoreSplits,
}

/// A reader, in one of its lives: it is started again after a failure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct ReaderLife {
    pub(super) subtask: u32,
    /// Counted from 0.
    pub(super) life: u32,
}

/// To the enumerator.
#[derive(Debug)]
pub(super) enum ToEnumerator {
    Joined(ReaderLife),
    SplitRequested(ReaderLife),
    /// A checkpoint is being taken; the answer goes to who asked.
    Snapshot(CheckpointId, SnapshotAnswer),
    Completed(CheckpointId),
    Aborted(CheckpointId),
    /// The reader is started again, in this life, from this checkpoint: what it was given behind it is nobody's.
    Lost(ReaderLife, Option<CheckpointId>),
}

/// Where an enumerator's state goes.
pub(super) type SnapshotAnswer = oneshot::Sender<Result<StateImage>>;

struct Queue<M> {
    messages: VecDeque<M>,
    waker: Option<Waker>,
    /// Nobody receives any more.
    is_closed: bool,
    /// Of which life of the reader it is: messages to and from another are of the dead.
    life: u32,
}

impl<M> Queue<M> {
    const fn new() -> Self {
        Self {
            messages: VecDeque::new(),
            waker: None,
            is_closed: false,
            life: 0,
        }
    }

    /// A new queue in its place.
    fn begin_anew(&mut self) -> u32 {
        *self = Self {
            life: self.life + 1,
            ..Self::new()
        };
        self.life
    }
}

struct Shared<S> {
    readers: Vec<Mutex<Queue<ToReader<S>>>>,
    enumerator: Mutex<Queue<ToEnumerator>>,
}

/// The enumerator's end.
pub struct CoordinatorLink<S>(Arc<Shared<S>>);

/// A reader's end.
pub struct ReaderLink<S> {
    shared: Arc<Shared<S>>,
    reader: ReaderLife,
}

/// Links one enumerator with `parallelism` readers. A reader has at most one request open, and gets splits only on request or as
/// the enumerator decides: the queues stay as short as the source's own bound.
pub fn link<S>(parallelism: u32) -> (CoordinatorLink<S>, Vec<ReaderLink<S>>) {
    let readers = (0..parallelism).map(|_| Mutex::new(Queue::new())).collect();
    let shared = Arc::new(Shared {
        readers,
        enumerator: Mutex::new(Queue::new()),
    });
    let reader = |subtask| ReaderLink {
        shared: Arc::clone(&shared),
        reader: ReaderLife { subtask, life: 0 },
    };
    let readers = (0..parallelism).map(reader).collect();
    (CoordinatorLink(shared), readers)
}

fn send<M>(queue: &Mutex<Queue<M>>, life: u32, message: M) {
    let waker = {
        let mut queue = queue.lock();
        if queue.is_closed || queue.life != life {
            return;
        }
        queue.messages.push_back(message);
        queue.waker.take()
    };
    if let Some(waker) = waker {
        waker.wake();
    }
}

fn poll_receive<M>(queue: &Mutex<Queue<M>>, life: u32, waker: &Waker) -> Poll<M> {
    let mut queue = queue.lock();
    if queue.life != life {
        return Poll::Pending;
    }
    if let Some(message) = queue.messages.pop_front() {
        return Poll::Ready(message);
    }
    if !queue
        .waker
        .as_ref()
        .is_some_and(|known| known.will_wake(waker))
    {
        queue.waker = Some(waker.clone());
    }
    Poll::Pending
}

/// A reader that is gone is told nothing more: otherwise what is said at every checkpoint would pile up.
impl<S> Drop for ReaderLink<S> {
    fn drop(&mut self) {
        if let Some(queue) = self.shared.readers.get(self.reader.subtask as usize) {
            let mut queue = queue.lock();
            if queue.life == self.reader.life {
                queue.is_closed = true;
                queue.messages.clear();
            }
        }
    }
}

impl<S> CoordinatorLink<S> {
    pub(super) fn poll_receive(&self, waker: &Waker) -> Poll<ToEnumerator> {
        poll_receive(&self.0.enumerator, 0, waker)
    }

    pub(super) fn send(&self, reader: ReaderLife, message: ToReader<S>) {
        if let Some(queue) = self.0.readers.get(reader.subtask as usize) {
            send(queue, reader.life, message);
        }
    }

    pub(super) fn parallelism(&self) -> u32 {
        self.0.readers.len() as u32
    }
}

impl<S: Send + 'static> ReaderLink<S> {
    pub(super) fn poll_receive(&self, waker: &Waker) -> Poll<ToReader<S>> {
        match self.shared.readers.get(self.reader.subtask as usize) {
            Some(queue) => poll_receive(queue, self.reader.life, waker),
            None => Poll::Pending,
        }
    }

    pub(super) fn join(&self) {
        self.shared.tell(ToEnumerator::Joined(self.reader));
    }

    /// What the reader calls when it wants a split.
    pub fn requester(&self) -> hurtig_connect::SplitRequester {
        let (shared, reader) = (Arc::clone(&self.shared), self.reader);
        Box::new(move || shared.tell(ToEnumerator::SplitRequested(reader)))
    }
}

impl<S> Shared<S> {
    fn tell(&self, message: ToEnumerator) {
        send(&self.enumerator, 0, message);
    }
}

/// By which readers are linked again after they were lost, each for itself.
pub(super) struct ReaderLinks<S>(Arc<Shared<S>>);

impl<S> ReaderLinks<S> {
    /// A link for a reader that is started again from `checkpoint`, or from nothing. Whatever the one before it still says is not heard
    /// any more; the enumerator hears that it was lost before it hears the new one.
    pub(super) fn link_again(
        &self,
        subtask: u32,
        checkpoint: Option<CheckpointId>,
    ) -> Option<ReaderLink<S>> {
        let queue = self.0.readers.get(subtask as usize)?;
        let life = queue.lock().begin_anew();
        let reader = ReaderLife { subtask, life };
        self.0.tell(ToEnumerator::Lost(reader, checkpoint));
        let shared = Arc::clone(&self.0);
        Some(ReaderLink { shared, reader })
    }
}

/// Asks a source's enumerator for its state.
pub trait SnapshotEnumerator: Send + Sync {
    /// The state as of now; the splits that it gives out later reach the readers behind their own snapshots of this checkpoint.
    fn snapshot(&self, checkpoint: CheckpointId) -> BoxFuture<'static, Result<StateImage>>;

    /// The checkpoint is complete.
    fn checkpoint_completed(&self, checkpoint: CheckpointId) {
        let _ = checkpoint;
    }

    /// The checkpoint came to nothing.
    fn checkpoint_aborted(&self, checkpoint: CheckpointId) {
        let _ = checkpoint;
    }
}

impl<S: Send + 'static> SnapshotEnumerator for Shared<S> {
    fn snapshot(&self, checkpoint: CheckpointId) -> BoxFuture<'static, Result<StateImage>> {
        let (answer, answered) = oneshot::channel();
        self.tell(ToEnumerator::Snapshot(checkpoint, answer));
        Box::pin(async move {
            let gone = |_| Error::bug("the coordinator of a source is gone");
            answered.await.map_err(gone)?
        })
    }

    fn checkpoint_completed(&self, checkpoint: CheckpointId) {
        self.tell(ToEnumerator::Completed(checkpoint));
    }

    fn checkpoint_aborted(&self, checkpoint: CheckpointId) {
        self.tell(ToEnumerator::Aborted(checkpoint));
    }
}

impl<S: Send + 'static> CoordinatorLink<S> {
    /// The way to the enumerator for checkpoints.
    pub fn checkpoints(&self) -> Arc<dyn SnapshotEnumerator> {
        Arc::clone(&self.0) as Arc<dyn SnapshotEnumerator>
    }

    pub(super) fn reader_links(&self) -> ReaderLinks<S> {
        ReaderLinks(Arc::clone(&self.0))
    }
}
