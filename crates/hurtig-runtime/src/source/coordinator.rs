//! Drives a source's enumerator: the rim around its pure step function.

use std::collections::VecDeque;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use hurtig_connect::{BoxFuture, EnumeratorAction, EnumeratorEvent, SourceSplit, SplitEnumerator};
use hurtig_env::{Sleep, World};
use hurtig_state::{ListMode, ListPiece, StateImage};
use hurtig_types::{CheckpointId, Result};

use super::link::{CoordinatorLink, SnapshotAnswer, ToEnumerator, ToReader};

/// Runs `enumerator` for the readers of `link` until it fails. Ends with the job, which drops it.
pub fn coordinate<S: SourceSplit>(
    enumerator: Box<dyn SplitEnumerator<S>>,
    link: CoordinatorLink<S>,
    world: World,
) -> impl Future<Output = Result<()>> + Send {
    let started = EnumeratorEvent::Started {
        parallelism: link.parallelism(),
    };
    Coordinator {
        enumerator,
        link,
        world,
        events: VecDeque::from([started]),
        pause: None,
        discovery: None,
    }
}

/// The name of an enumerator's state.
const ENUMERATOR: &str = "enumerator";

/// Lets a new enumerator go on where another one was at the checkpoint, if the job starts from one.
///
/// # Errors
/// When the state is of another source.
pub fn restore_enumerator<S: Send + 'static>(
    enumerator: &mut dyn SplitEnumerator<S>,
    restored: Option<StateImage>,
) -> Result<()> {
    let entries = restored.into_iter().flat_map(|image| image.lists);
    for state in entries.flat_map(|list| list.entries) {
        let of = || "restoring the enumerator of a source".to_string();
        enumerator
            .restore(&state)
            .map_err(|error| error.context(of()))?;
    }
    Ok(())
}

struct Coordinator<S> {
    enumerator: Box<dyn SplitEnumerator<S>>,
    link: CoordinatorLink<S>,
    world: World,
    events: VecDeque<EnumeratorEvent<S>>,
    pause: Option<Sleep>,
    discovery: Option<BoxFuture<'static, Result<Vec<S>>>>,
}

impl<S: SourceSplit> Coordinator<S> {
    /// The next thing that happened.
    fn poll_event(&mut self, context: &mut Context<'_>) -> Poll<Result<EnumeratorEvent<S>>> {
        if let Some(event) = self.events.pop_front() {
            return Poll::Ready(Ok(event));
        }
        while let Poll::Ready(message) = self.link.poll_receive(context.waker()) {
            return Poll::Ready(Ok(match message {
                ToEnumerator::Joined(subtask) => EnumeratorEvent::ReaderJoined { subtask },
                ToEnumerator::SplitRequested(subtask) => {
                    EnumeratorEvent::SplitRequested { subtask }
                }
                ToEnumerator::Snapshot(checkpoint, answer) => {
                    self.snapshot(checkpoint, answer);
                    continue;
                }
            }));
        }
        if let Some(pause) = &mut self.pause
            && Pin::new(pause).poll(context).is_ready()
        {
            self.pause = None;
            self.discovery = Some(self.enumerator.discover());
        }
        if let Some(discovery) = &mut self.discovery
            && let Poll::Ready(discovered) = discovery.as_mut().poll(context)
        {
            self.discovery = None;
            return Poll::Ready(discovered.map(EnumeratorEvent::Discovered));
        }
        Poll::Pending
    }

    /// Answers with the enumerator's state, and tells the readers what belongs behind it.
    fn snapshot(&mut self, checkpoint: CheckpointId, answer: SnapshotAnswer) {
        let image = self.enumerator.snapshot().map(|state| {
            let mut image = StateImage::default();
            image.lists.push(ListPiece {
                name: ENUMERATOR.to_string(),
                mode: ListMode::Split,
                entries: vec![state],
            });
            image
        });
        for subtask in 0..self.link.parallelism() {
            self.link.send(subtask, ToReader::Mark(checkpoint));
        }
        // Who asked may be gone, with the checkpoint.
        let _ = answer.send(image);
    }

    fn apply(&mut self, action: EnumeratorAction<S>) {
        match action {
            EnumeratorAction::Assign { subtask, splits } => {
                self.link.send(subtask, ToReader::Splits(splits));
            }
            EnumeratorAction::NoMoreSplits { subtask } => {
                self.link.send(subtask, ToReader::NoMoreSplits);
            }
            EnumeratorAction::DiscoverAfter(pause) => {
                self.pause = Some(self.world.clock().sleep(pause));
            }
        }
    }
}

impl<S: SourceSplit> Future for Coordinator<S> {
    type Output = Result<()>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Result<()>> {
        let this = &mut *self;
        loop {
            let Poll::Ready(event) = this.poll_event(context) else {
                return Poll::Pending;
            };
            let mut actions = Vec::new();
            let stepped = event.and_then(|event| this.enumerator.step(event, &mut actions));
            if let Err(error) = stepped {
                return Poll::Ready(Err(error));
            }
            actions.into_iter().for_each(|action| this.apply(action));
        }
    }
}

impl<S> Unpin for Coordinator<S> {}
