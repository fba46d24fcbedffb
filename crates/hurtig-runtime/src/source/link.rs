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

/// To the enumerator.
#[derive(Debug)]
pub(super) enum ToEnumerator {
    Joined(u32),
    SplitRequested(u32),
    /// A checkpoint is being taken; the answer goes to who asked.
    Snapshot(CheckpointId, SnapshotAnswer),
}

/// Where an enumerator's state goes.
pub(super) type SnapshotAnswer = oneshot::Sender<Result<StateImage>>;

struct Queue<M> {
    messages: VecDeque<M>,
    waker: Option<Waker>,
    /// Nobody receives any more.
    is_closed: bool,
}

impl<M> Queue<M> {
    const fn new() -> Self {
        Self {
            messages: VecDeque::new(),
            waker: None,
            is_closed: false,
        }
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
    subtask: u32,
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
        subtask,
    };
    let readers = (0..parallelism).map(reader).collect();
    (CoordinatorLink(shared), readers)
}

fn send<M>(queue: &Mutex<Queue<M>>, message: M) {
    let waker = {
        let mut queue = queue.lock();
        if queue.is_closed {
            return;
        }
        queue.messages.push_back(message);
        queue.waker.take()
    };
    if let Some(waker) = waker {
        waker.wake();
    }
}

fn poll_receive<M>(queue: &Mutex<Queue<M>>, waker: &Waker) -> Poll<M> {
    let mut queue = queue.lock();
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
        if let Some(queue) = self.shared.readers.get(self.subtask as usize) {
            let mut queue = queue.lock();
            queue.is_closed = true;
            queue.messages.clear();
        }
    }
}

impl<S> CoordinatorLink<S> {
    pub(super) fn poll_receive(&self, waker: &Waker) -> Poll<ToEnumerator> {
        poll_receive(&self.0.enumerator, waker)
    }

    pub(super) fn send(&self, subtask: u32, message: ToReader<S>) {
        if let Some(queue) = self.0.readers.get(subtask as usize) {
            send(queue, message);
        }
    }

    pub(super) fn parallelism(&self) -> u32 {
        self.0.readers.len() as u32
    }
}

impl<S: Send + 'static> ReaderLink<S> {
    pub(super) fn poll_receive(&self, waker: &Waker) -> Poll<ToReader<S>> {
        match self.shared.readers.get(self.subtask as usize) {
            Some(queue) => poll_receive(queue, waker),
            None => Poll::Pending,
        }
    }

    pub(super) fn join(&self) {
        send(&self.shared.enumerator, ToEnumerator::Joined(self.subtask));
    }

    /// What the reader calls when it wants a split.
    pub fn requester(&self) -> hurtig_connect::SplitRequester {
        let (shared, subtask) = (Arc::clone(&self.shared), self.subtask);
        Box::new(move || send(&shared.enumerator, ToEnumerator::SplitRequested(subtask)))
    }
}

/// Asks a source's enumerator for its state.
pub trait SnapshotEnumerator: Send + Sync {
    /// The state as of now; the splits that it gives out later reach the readers behind their own snapshots of this checkpoint.
    fn snapshot(&self, checkpoint: CheckpointId) -> BoxFuture<'static, Result<StateImage>>;
}

impl<S: Send + 'static> SnapshotEnumerator for Shared<S> {
    fn snapshot(&self, checkpoint: CheckpointId) -> BoxFuture<'static, Result<StateImage>> {
        let (answer, answered) = oneshot::channel();
        send(&self.enumerator, ToEnumerator::Snapshot(checkpoint, answer));
        Box::pin(async move {
            let gone = |_| Error::bug("the coordinator of a source is gone");
            answered.await.map_err(gone)?
        })
    }
}

impl<S: Send + 'static> CoordinatorLink<S> {
    /// The way to the enumerator for checkpoints.
    pub fn checkpoints(&self) -> Arc<dyn SnapshotEnumerator> {
        Arc::clone(&self.0) as Arc<dyn SnapshotEnumerator>
    }
}
