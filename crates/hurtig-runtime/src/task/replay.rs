//! What was in flight at an unaligned checkpoint, taken before everything else after a restart.

use std::collections::VecDeque;
use std::sync::Arc;

use hurtig_exchange::{BatchCodec, ChannelContents, InFlightElement, WatermarkValve};
use hurtig_types::{ErasedBatch, Result, Signal, StreamStatus, Watermark};

use super::chain::OperatorChain;

/// A channel that was, of which something was in flight or event time is known.
pub struct ReplayedChannel {
    /// The name of its edge.
    pub edge: Arc<str>,
    /// Which subtask wrote it.
    pub producer: u32,
    /// The operator's input that it led to.
    pub input: usize,
    /// By which its batches become bytes again, should the next checkpoint come before they are taken.
    pub codec: Arc<dyn BatchCodec>,
    /// How far event time had come on it before what is replayed.
    pub watermark: Watermark,
    /// Its status before what is replayed.
    pub status: StreamStatus,
}

/// Something that was in flight, decoded.
pub enum ReplayedElement {
    /// A batch.
    Batch(ErasedBatch),
    /// A watermark.
    Watermark(Watermark),
    /// The channel became idle or active.
    Status(StreamStatus),
}

/// What a task takes before it reads its gate: one channel's elements after another's, in order.
///
/// Event time advances as it would have: to the minimum over all channels that were. Of those whose elements others take this task
/// knows the last watermark: no record that is still to come, from wherever, is late by that minimum and was not before.
pub struct Replay {
    channels: Vec<ReplayedChannel>,
    elements: VecDeque<(usize, ReplayedElement)>,
    valve: WatermarkValve,
    has_begun: bool,
}

impl Replay {
    /// These elements, each with the index of its channel.
    pub fn new(
        channels: Vec<ReplayedChannel>,
        elements: VecDeque<(usize, ReplayedElement)>,
    ) -> Self {
        Self {
            valve: WatermarkValve::new(channels.len()),
            channels,
            elements,
            has_begun: false,
        }
    }

    /// Hands the next element to the (idle) chain; at the end the watermark that all this has come to.
    pub(super) fn step(&mut self, chain: &mut OperatorChain) -> Option<Watermark> {
        if !std::mem::replace(&mut self.has_begun, true) {
            self.begin(chain);
            return None;
        }
        let Some((channel, element)) = self.elements.pop_front() else {
            if self.valve.is_idle() {
                chain.accept_signal(0, Signal::Status(StreamStatus::Active));
            }
            return Some(self.valve.current());
        };
        let output = match element {
            ReplayedElement::Batch(batch) => {
                let input = self.channels.get(channel).map_or(0, |it| it.input);
                chain.accept_batch(input, batch);
                return None;
            }
            ReplayedElement::Watermark(watermark) => self.valve.watermark(channel, watermark),
            ReplayedElement::Status(status) => self.valve.status(channel, status),
        };
        if let Some(status) = output.status {
            chain.accept_signal(0, Signal::Status(status));
        }
        if let Some(watermark) = output.watermark {
            chain.accept_signal(0, Signal::Watermark(watermark));
        }
        None
    }

    /// Lets event time be where it was.
    fn begin(&mut self, chain: &mut OperatorChain) {
        for (channel, index) in self.channels.iter().zip(0..) {
            self.valve.watermark(index, channel.watermark);
        }
        for (channel, index) in self.channels.iter().zip(0..) {
            if channel.status == StreamStatus::Idle {
                self.valve.status(index, channel.status);
            }
        }
        if self.valve.is_idle() {
            chain.accept_signal(0, Signal::Status(StreamStatus::Idle));
        }
        if self.valve.current() > Watermark::MIN {
            chain.accept_signal(0, Signal::Watermark(self.valve.current()));
        }
    }

    /// What is left, for a checkpoint that comes before its end.
    ///
    /// # Errors
    /// When a batch cannot be encoded.
    pub(super) fn capture(&self) -> Result<Vec<(Arc<str>, ChannelContents)>> {
        let channels = self.channels.iter().zip(0..);
        let mut captured: Vec<_> = channels
            .map(|(channel, index)| (channel.edge.clone(), self.contents(channel, index)))
            .collect();
        for (index, element) in &self.elements {
            let (Some((_, contents)), Some(channel)) =
                (captured.get_mut(*index), self.channels.get(*index))
            else {
                continue;
            };
            match element {
                ReplayedElement::Batch(batch) => {
                    contents.add_batch(batch, channel.codec.as_ref())?;
                }
                ReplayedElement::Watermark(watermark) => {
                    let element = InFlightElement::Watermark(*watermark);
                    contents.elements.push(element);
                }
                ReplayedElement::Status(status) => {
                    contents.elements.push(InFlightElement::Status(*status));
                }
            }
        }
        Ok(captured)
    }

    fn contents(&self, channel: &ReplayedChannel, index: usize) -> ChannelContents {
        let (watermark, status) = if self.has_begun {
            let of = &self.valve;
            (of.of_channel(index), of.status_of_channel(index))
        } else {
            (channel.watermark, channel.status)
        };
        ChannelContents {
            peer: channel.producer,
            watermark,
            status,
            elements: Vec::new(),
        }
    }
}
