//! Drives a source's enumerator: the rim around its pure step function.

use std::collections::VecDeque;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use hurtig_connect::{BoxFuture, EnumeratorAction, EnumeratorEvent, SourceSplit, SplitEnumerator};
use hurtig_env::{Sleep, World};
use hurtig_state::{ListMode, ListPiece, StateImage};
use hurtig_types::{CheckpointId, Result};

use super::assignments::Assignments;
use super::link::{CoordinatorLink, ReaderLife, SnapshotAnswer, ToEnumerator, ToReader};

/// Runs `enumerator` for the readers of `link` until it fails. Ends with the job, which drops it.
pub fn coordinate<S: SourceSplit>(
    enumerator: Box<dyn SplitEnumerator<S>>,
    link: CoordinatorLink<S>,
    world: World,
) -> impl Future<Output = Result<()>> + Send {
    let started = EnumeratorEvent::Started {
        parallelism: link.parallelism(),
    };
    let assignments = enumerator.takes_splits_back().then(Assignments::default);
    Coordinator {
        lives: (0..link.parallelism()).map(|_| 0).collect(),
        assignments,
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
    /// In which life each reader is, as far as the enumerator knows.
    lives: Vec<u32>,
    /// Who was given what since the last checkpoint; not kept for an enumerator that takes nothing back.
    assignments: Option<Assignments<S>>,
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
            if let Some(event) = self.receive(message) {
                return Poll::Ready(Ok(event));
            }
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

    /// Takes in a message; what the enumerator is to know of it.
    fn receive(&mut self, message: ToEnumerator) -> Option<EnumeratorEvent<S>> {
        match message {
            ToEnumerator::Joined(reader) if self.is_alive(reader) => {
                return Some(EnumeratorEvent::ReaderJoined {
                    subtask: reader.subtask,
                });
            }
            ToEnumerator::SplitRequested(reader) if self.is_alive(reader) => {
                return Some(EnumeratorEvent::SplitRequested {
                    subtask: reader.subtask,
                });
            }
            ToEnumerator::Joined(_) | ToEnumerator::SplitRequested(_) => {}
            ToEnumerator::Snapshot(checkpoint, answer) => self.snapshot(checkpoint, answer),
            ToEnumerator::Completed(checkpoint) => {
                if let Some(assignments) = &mut self.assignments {
                    assignments.completed(checkpoint);
                }
            }
            ToEnumerator::Aborted(checkpoint) => {
                if let Some(assignments) = &mut self.assignments {
                    assignments.aborted(checkpoint);
                }
            }
            ToEnumerator::Lost(reader, checkpoint) => return Some(self.lost(reader, checkpoint)),
        }
        None
    }

    fn is_alive(&self, reader: ReaderLife) -> bool {
        self.lives.get(reader.subtask as usize) == Some(&reader.life)
    }

    /// The reader of this subtask, in its life.
    fn reader(&self, subtask: u32) -> ReaderLife {
        let life = self.lives.get(subtask as usize).copied();
        ReaderLife {
            subtask,
            life: life.unwrap_or_default(),
        }
    }

    /// A reader begins a new life at a checkpoint.
    fn lost(&mut self, reader: ReaderLife, from: Option<CheckpointId>) -> EnumeratorEvent<S> {
        let subtask = reader.subtask;
        if let Some(life) = self.lives.get_mut(subtask as usize) {
            *life = reader.life;
        }
        let splits = self.assignments.as_mut().map(|assignments| {
            from.into_iter().for_each(|it| assignments.completed(it));
            assignments.take_back(subtask)
        });
        EnumeratorEvent::SplitsReturned {
            subtask,
            splits: splits.unwrap_or_default(),
        }
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
            let reader = self.reader(subtask);
            self.link.send(reader, ToReader::Mark(checkpoint));
        }
        if let Some(assignments) = &mut self.assignments {
            assignments.marked(checkpoint);
        }
        // Who asked may be gone, with the checkpoint.
        let _ = answer.send(image);
    }

    fn apply(&mut self, action: EnumeratorAction<S>) {
        match action {
            EnumeratorAction::Assign { subtask, splits } => {
                if let Some(assignments) = &mut self.assignments {
                    assignments.assigned(subtask, &splits);
                }
                let reader = self.reader(subtask);
                self.link.send(reader, ToReader::Splits(splits));
            }
            EnumeratorAction::NoMoreSplits { subtask } => {
                self.link.send(self.reader(subtask), ToReader::NoMoreSplits);
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
