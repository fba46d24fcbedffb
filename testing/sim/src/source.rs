//! A source of drawn events: splits that are dealt out at the start, each with its position.

use std::collections::{BTreeSet, VecDeque};
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use hurtig_connect::{
    BadRecord, Boundedness, EnumeratorAction, EnumeratorEvent, ReaderContext, ReaderEvent,
    ReaderOutput, Source, SourceReader, SourceSplit, SplitEnumerator, decode_value, encode_value,
};
use hurtig_env::{Clock, Rng, Sleep, World};
use hurtig_types::{Origin, OriginRange, Result, Timestamp};
use serde::{Deserialize, Serialize};

use crate::data::{Event, Input};
use crate::storm::{Site, Storm};

/// Reads one stream of the input.
pub(crate) struct EventSource {
    pub(crate) input: Arc<Input>,
    pub(crate) stream: usize,
    pub(crate) storm: Storm,
    /// Records of a batch, at most.
    pub(crate) batch_max: u64,
    /// How long a reader waits after a batch, on average.
    pub(crate) pause: Duration,
}

/// A split, and how far it was read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct EventSplit {
    id: String,
    pub(crate) number: usize,
    pub(crate) position: usize,
}

impl SourceSplit for EventSplit {
    fn id(&self) -> &str {
        &self.id
    }
}

impl EventSource {
    fn splits(&self) -> usize {
        let stream = self.input.streams.get(self.stream);
        stream.map_or(0, |stream| stream.splits.len())
    }
}

impl Source for EventSource {
    type Item = Event;
    type Split = EventSplit;

    fn boundedness(&self) -> Boundedness {
        Boundedness::Bounded
    }

    fn create_enumerator(&self, _: &World) -> Result<Box<dyn SplitEnumerator<EventSplit>>> {
        Ok(Box::new(Dealer {
            left: (0..self.splits()).collect(),
            parallelism: 1,
        }))
    }

    fn create_reader(
        &self,
        context: ReaderContext,
    ) -> Result<Box<dyn SourceReader<Event, EventSplit>>> {
        let label = format!("pace of reader {}-{}", self.stream, context.subtask);
        Ok(Box::new(EventReader {
            input: Arc::clone(&self.input),
            stream: self.stream,
            storm: self.storm.clone(),
            batch_max: self.batch_max,
            pause: self.pause,
            pace: context.world.fresh_rng(&label),
            clock: context.world.clock().clone(),
            sleep: None,
            splits: VecDeque::new(),
            dealt: false,
        }))
    }
}

/// Deals the splits out, in turn, to the readers that there are: nobody reads before all are dealt, so no split begins when event time
/// is past its first records.
struct Dealer {
    left: BTreeSet<usize>,
    parallelism: usize,
}

/// What the dealer leaves in a checkpoint: the splits that nobody has.
pub(crate) fn undealt(state: &[u8]) -> Result<BTreeSet<usize>> {
    decode_value(state)
}

impl SplitEnumerator<EventSplit> for Dealer {
    fn step(
        &mut self,
        event: EnumeratorEvent<EventSplit>,
        actions: &mut Vec<EnumeratorAction<EventSplit>>,
    ) -> Result<()> {
        match event {
            EnumeratorEvent::Started { parallelism } => self.parallelism = parallelism as usize,
            EnumeratorEvent::ReaderJoined { subtask } => {
                let parallelism = self.parallelism.max(1);
                let is_its = |split: &usize| split % parallelism == subtask as usize;
                let split = |number| EventSplit {
                    id: format!("split-{number}"),
                    number,
                    position: 0,
                };
                let splits: Vec<_> = self.left.extract_if(.., is_its).map(split).collect();
                if !splits.is_empty() {
                    actions.push(EnumeratorAction::Assign { subtask, splits });
                }
                actions.push(EnumeratorAction::NoMoreSplits { subtask });
            }
            EnumeratorEvent::SplitsReturned { splits, .. } => {
                self.left.extend(splits.iter().map(|split| split.number));
            }
            EnumeratorEvent::SplitRequested { .. } | EnumeratorEvent::Discovered(_) => {}
        }
        Ok(())
    }

    fn snapshot(&self) -> Result<Vec<u8>> {
        encode_value(&self.left)
    }

    fn restore(&mut self, state: &[u8]) -> Result<()> {
        self.left = undealt(state)?;
        Ok(())
    }

    fn takes_splits_back(&self) -> bool {
        true
    }
}

struct EventReader {
    input: Arc<Input>,
    stream: usize,
    storm: Storm,
    batch_max: u64,
    pause: Duration,
    pace: Rng,
    clock: Clock,
    sleep: Option<Sleep>,
    /// They take turns.
    splits: VecDeque<(EventSplit, Arc<str>)>,
    dealt: bool,
}

impl EventReader {
    /// Reads the next records of the split whose turn it is; whether there are more.
    fn read(&mut self, out: &mut ReaderOutput<Event>) -> Option<bool> {
        let (split, id) = self.splits.front_mut()?;
        let stream = self.input.streams.get(self.stream)?;
        let events = stream.splits.get(split.number)?;
        let wanted = 1 + self.pace.below(self.batch_max) as usize;
        let end = events.len().min(split.position + wanted);
        out.set_split(id);
        for event in events.get(split.position..end)? {
            if !self.input.is_readable(event) {
                self.storm.marks().hit("record.unreadable");
                out.bad.push(unreadable(id, event));
                continue;
            }
            let time = Timestamp::from_millis(event.time);
            out.records.push(event.clone(), time);
        }
        // Where one is left out nobody knows any more which is which.
        if end - split.position == out.records.len() && end > split.position {
            let range = OriginRange {
                split: Arc::clone(id),
                unit: "record",
                first: split.position as u64,
                last: end as u64 - 1,
            };
            out.records.origin = Origin::each(range, 1);
        }
        split.position = end;
        Some(end < events.len())
    }

    fn rest(&mut self) {
        let pause = self.pause.as_micros() as u64;
        let pause = Duration::from_micros(self.pace.below(2 * pause + 1));
        self.sleep = Some(self.clock.sleep(pause));
    }
}

/// An event as a source with a side output for bad records shows it.
fn unreadable(split: &str, event: &Event) -> BadRecord {
    BadRecord {
        split: split.to_string(),
        position: event.id,
        unit: "record".to_string(),
        field: None,
        reason: "drawn to be unreadable".to_string(),
        raw: Vec::new(),
    }
}

impl SourceReader<Event, EventSplit> for EventReader {
    fn add_splits(&mut self, splits: Vec<EventSplit>) -> Result<()> {
        self.splits.extend(splits.into_iter().map(|split| {
            let id = Arc::from(split.id());
            (split, id)
        }));
        Ok(())
    }

    fn no_more_splits(&mut self) {
        self.dealt = true;
    }

    fn poll_next(
        &mut self,
        context: &mut Context<'_>,
        out: &mut ReaderOutput<Event>,
    ) -> Poll<Result<ReaderEvent>> {
        if !self.dealt {
            return Poll::Pending;
        }
        if let Some(sleep) = &mut self.sleep {
            if Pin::new(sleep).poll(context).is_pending() {
                return Poll::Pending;
            }
            self.sleep = None;
        }
        if let Err(error) = self.storm.pass(Site::Source) {
            return Poll::Ready(Err(error));
        }
        let Some(more) = self.read(out) else {
            return Poll::Ready(Ok(ReaderEvent::EndOfInput));
        };
        self.rest();
        if more {
            self.splits.rotate_left(1);
            return Poll::Ready(Ok(ReaderEvent::Batch));
        }
        self.splits.pop_front();
        Poll::Ready(Ok(ReaderEvent::SplitFinished))
    }

    fn snapshot(&self) -> Vec<EventSplit> {
        self.splits.iter().map(|(split, _)| split.clone()).collect()
    }
}
