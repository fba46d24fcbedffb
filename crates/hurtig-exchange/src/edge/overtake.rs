//! Barriers that pass what an edge has not sent.

use std::collections::VecDeque;

use hurtig_types::{Barrier, CheckpointId, Result, Signal, StreamElement};

use super::Edge;
use crate::{ChannelContents, Gather, InFlightElement, Payload};

/// How much an edge may keep beyond its credit while a task comes to the point where it can take a checkpoint: what the batch at hand
/// becomes on its way through the chain. With more to say (a flat map that makes a million records of one) it waits for credit, and the
/// barrier with it.
pub const OVERDRAFT_BYTES_MAX: usize = 4 << 20;

/// What was overtaken, by checkpoint and channel, until the task takes it.
#[derive(Default)]
pub(super) struct Overtaking(Vec<(CheckpointId, ChannelContents)>);

impl Overtaking {
    /// What belongs to a checkpoint. What those before it left, which came to nothing, goes.
    pub(super) fn take(&mut self, checkpoint: CheckpointId) -> Vec<ChannelContents> {
        let is_over = |(of, _): &mut (CheckpointId, ChannelContents)| *of <= checkpoint;
        let over = self.0.extract_if(.., is_over);
        let own = over.filter(|(of, _)| *of == checkpoint);
        own.map(|(_, contents)| contents).collect()
    }

    fn add(&mut self, checkpoint: CheckpointId, contents: ChannelContents) {
        if !contents.elements.is_empty() {
            self.0.push((checkpoint, contents));
        }
    }
}

/// What waits for the credit of one channel.
type Waiting = VecDeque<(StreamElement, usize)>;

impl<P: Payload> Edge<P> {
    /// Sends a barrier past all that is here, of which it takes a copy.
    pub(super) fn pass(&mut self, barrier: Barrier) -> Result<()> {
        let Some(overtaking) = &mut self.overtaking else {
            return Ok(());
        };
        let channels = self.senders.iter().zip(&self.waiting);
        for ((sender, waiting), peer) in channels.zip(0u32..) {
            let mut contents = ChannelContents::of_peer(peer);
            copy::<P>(waiting.iter(), &mut contents)?;
            if let Some(builder) = self.builders.get(peer as usize) {
                copy_builder::<P>(builder, &mut contents)?;
            }
            overtaking.add(barrier.checkpoint, contents);
            sender.send_signal(Signal::Barrier(barrier));
        }
        Ok(())
    }

    /// Takes a barrier out of what waits, and sends it past what waits before it.
    pub(super) fn hurry_on(&mut self, checkpoint: CheckpointId) -> Result<()> {
        let Some(overtaking) = &mut self.overtaking else {
            return Ok(());
        };
        let channels = self.senders.iter().zip(&mut self.waiting);
        for ((sender, waiting), peer) in channels.zip(0u32..) {
            let Some((place, barrier)) = find(waiting, checkpoint) else {
                continue;
            };
            let mut contents = ChannelContents::of_peer(peer);
            copy::<P>(waiting.iter().take(place), &mut contents)?;
            overtaking.add(checkpoint, contents);
            waiting.remove(place);
            self.waiting_count -= 1;
            sender.send_signal(Signal::Barrier(barrier.overtaking()));
        }
        Ok(())
    }

    /// Whether the barrier of a checkpoint waits for the credit of some channel.
    pub(super) fn has_waiting(&self, checkpoint: CheckpointId) -> bool {
        let mut waiting = self.waiting.iter();
        waiting.any(|waiting| find(waiting, checkpoint).is_some())
    }
}

fn find(waiting: &Waiting, checkpoint: CheckpointId) -> Option<(usize, Barrier)> {
    let mut elements = waiting.iter().zip(0..);
    elements.find_map(|((element, _), place)| match element {
        StreamElement::Signal(Signal::Barrier(barrier)) if barrier.checkpoint == checkpoint => {
            Some((place, *barrier))
        }
        _ => None,
    })
}

fn copy<'a, P: Payload>(
    waiting: impl Iterator<Item = &'a (StreamElement, usize)>,
    contents: &mut ChannelContents,
) -> Result<()> {
    for (element, _) in waiting {
        match element {
            StreamElement::Batch(batch) => {
                let mut bytes = Vec::new();
                batch.get::<P>()?.encode(&mut bytes)?;
                contents.elements.push(InFlightElement::Batch(bytes));
            }
            StreamElement::Signal(signal) => {
                let element = InFlightElement::of_signal(*signal);
                contents.elements.extend(element);
            }
        }
    }
    Ok(())
}

fn copy_builder<P: Payload>(builder: &P::Gather, contents: &mut ChannelContents) -> Result<()> {
    if builder.is_empty() {
        return Ok(());
    }
    let mut bytes = Vec::new();
    builder.encode(&mut bytes)?;
    contents.elements.push(InFlightElement::Batch(bytes));
    Ok(())
}
