//! Barriers that overtake what lies before a task: when they do, and what they pass.
//!
//! ```text
//!  a barrier comes to the end of a queue ─► announced ─ overtakes? ─ no: it is read in its turn, and channels wait for each other
//!                                                          │ yes
//!        every channel where barriers never overtake has read it, and the chain has done what it was at
//!                                                          ▼
//!            the operators take their snapshots; meanwhile and afterwards the channels' contents up to the barrier are copied
//! ```

use std::sync::Arc;

use hurtig_exchange::{
    BarrierAligner, BatchCodec, CaptureFrom, ChannelContents, InputCapture, InputGate,
    WatermarkValve,
};
use hurtig_state::{ListMode, ListPiece};
use hurtig_types::{AlignmentType, Barrier, CheckpointId, Result, StreamElement, Timestamp};

use super::replay::Replay;

/// A channel into a task, as checkpoints know it.
pub struct ChannelPlace {
    /// The name of its edge.
    pub edge: Arc<str>,
    /// Which subtask writes it.
    pub producer: u32,
    /// By which batches that are overtaken become bytes; none where barriers never overtake.
    pub codec: Option<Arc<dyn BatchCodec>>,
}

/// The inputs of a task on which barriers may overtake.
pub(super) struct Overtaking {
    places: Vec<ChannelPlace>,
    /// The newest barrier that has come on some channel.
    announced: Option<Barrier>,
    capture: Option<InputCapture>,
    /// What was left to replay when the capture began.
    replayed: Vec<(Arc<str>, ChannelContents)>,
    waker: Option<std::task::Waker>,
}

impl Overtaking {
    pub(super) fn new(places: Vec<ChannelPlace>, gate: &mut InputGate) -> Self {
        for (place, channel) in places.iter().zip(0..) {
            if place.codec.is_some() {
                gate.announce(channel);
            }
        }
        Self {
            places,
            announced: None,
            capture: None,
            replayed: Vec::new(),
            waker: None,
        }
    }

    /// Lets barriers wake the task, whatever it waits for.
    pub(super) fn register(&mut self, gate: &mut InputGate, waker: &std::task::Waker) {
        let is_known = self.waker.as_ref().is_some_and(|it| it.will_wake(waker));
        if !is_known {
            gate.set_urgent_waker(waker);
            self.waker = Some(waker.clone());
        }
    }

    /// A barrier has come, or is to come.
    pub(super) fn announce(&mut self, barrier: Barrier) {
        let known = self.announced.get_or_insert(barrier);
        if known.checkpoint < barrier.checkpoint {
            *known = barrier;
        } else if *known != barrier && barrier.alignment == AlignmentType::Unaligned {
            known.alignment = AlignmentType::Unaligned;
        }
    }

    /// Takes in what has come to the gate. An announcement of what is being copied ends the copy of its channel.
    pub(super) fn look(&mut self, gate: &mut InputGate) -> Result<()> {
        for (channel, barrier) in gate.take_announced() {
            match &mut self.capture {
                Some(capture) if capture.checkpoint() == barrier.checkpoint => {
                    capture.barrier_came(gate, channel)?;
                }
                _ => self.announce(barrier),
            }
        }
        Ok(())
    }

    /// The barrier at which the task is to take its snapshot, ahead of its turn.
    pub(super) fn due(&mut self, aligner: &BarrierAligner, now: Timestamp) -> Option<Barrier> {
        let barrier = self.announced?;
        if aligner.is_over(barrier.checkpoint) {
            self.announced = None;
            return None;
        }
        let mut waiting = self.places.iter().zip(0..);
        let may_begin = |(place, channel): (&ChannelPlace, usize)| {
            place.codec.is_some() || aligner.has_come(barrier.checkpoint, channel)
        };
        let is_due = barrier.overtakes(now) && waiting.all(may_begin);
        is_due.then(|| barrier.overtaking())
    }

    /// When a barrier that waits will overtake.
    pub(super) fn deadline(&self) -> Option<Timestamp> {
        match self.announced?.alignment {
            AlignmentType::AlignedUntil(time) => Some(time),
            AlignmentType::Aligned | AlignmentType::Unaligned => None,
        }
    }

    /// The snapshot begins: copies what lies before the barrier, on every channel on which it has not been read.
    pub(super) fn begin(
        &mut self,
        checkpoint: CheckpointId,
        (gate, valve, aligner): (&mut InputGate, &WatermarkValve, &BarrierAligner),
        replay: Option<&Replay>,
    ) -> Result<()> {
        if let Some(before) = self.capture.take() {
            before.cancel(gate);
        }
        self.announced = None;
        self.replayed = replay.map(Replay::capture).transpose()?.unwrap_or_default();
        let from = |(place, channel): (&ChannelPlace, usize)| CaptureFrom {
            contents: ChannelContents {
                peer: place.producer,
                watermark: valve.of_channel(channel),
                status: valve.status_of_channel(channel),
                elements: Vec::new(),
            },
            codec: place.codec.clone(),
            has_come: aligner.has_come(checkpoint, channel),
        };
        let channels = self.places.iter().zip(0..).map(from).collect();
        self.capture = Some(InputCapture::begin(gate, checkpoint, channels)?);
        Ok(())
    }

    /// The task has read this.
    pub(super) fn taken(&mut self, channel: usize, element: &StreamElement) -> Result<()> {
        match &mut self.capture {
            Some(capture) => capture.taken(channel, element),
            None => Ok(()),
        }
    }

    /// A checkpoint came to nothing.
    pub(super) fn cancel(&mut self, checkpoint: CheckpointId, gate: &mut InputGate) {
        self.announced.take_if(|it| it.checkpoint <= checkpoint);
        if let Some(capture) = self.capture.take_if(|it| it.checkpoint() <= checkpoint) {
            capture.cancel(gate);
            self.replayed.clear();
        }
    }

    /// Whether the channels' part of a checkpoint is there. Of one that was aligned here there is none.
    pub(super) fn is_complete(&self, checkpoint: CheckpointId) -> bool {
        let capture = self.capture.as_ref();
        let capture = capture.filter(|it| it.checkpoint() == checkpoint);
        capture.is_none_or(InputCapture::is_complete)
    }

    /// The channels' part of a checkpoint, and how many bytes of records are in it. Once.
    pub(super) fn take(
        &mut self,
        checkpoint: CheckpointId,
        gate: &mut InputGate,
    ) -> Result<(Vec<ListPiece>, u64)> {
        let is_it = |it: &mut InputCapture| it.checkpoint() == checkpoint;
        let Some(capture) = self.capture.take_if(is_it) else {
            return Ok((Vec::new(), 0));
        };
        let edges = self.places.iter().map(|place| place.edge.clone());
        let channels = edges.zip(capture.finish(gate));
        let all: Vec<_> = self.replayed.drain(..).chain(channels).collect();
        pieces_of(ListMode::InputInFlight, all)
    }
}

/// One list for each edge, in order, and how many bytes of records are in them.
pub(super) fn pieces_of(
    mode: ListMode,
    channels: impl IntoIterator<Item = (Arc<str>, ChannelContents)>,
) -> Result<(Vec<ListPiece>, u64)> {
    let mut pieces: Vec<ListPiece> = Vec::new();
    let mut bytes = 0;
    for (edge, contents) in channels {
        #[cfg(feature = "planted-bugs")]
        let contents = planted::without_a_buffer(contents);
        bytes += contents.bytes();
        let entry = contents.encode()?;
        match pieces.iter_mut().find(|piece| *piece.name == *edge) {
            Some(piece) => piece.entries.push(entry),
            None => pieces.push(ListPiece {
                name: edge.to_string(),
                mode,
                entries: vec![entry],
            }),
        }
    }
    Ok((pieces, bytes))
}

#[cfg(feature = "planted-bugs")]
mod planted {
    use hurtig_checkpoint::planted::{Bug, is_planted};
    use hurtig_exchange::{ChannelContents, InFlightElement};

    /// What is in flight on a channel, but for the last batch.
    pub(super) fn without_a_buffer(mut contents: ChannelContents) -> ChannelContents {
        let is_batch = |it: &InFlightElement| matches!(it, InFlightElement::Batch(_));
        if is_planted(Bug::LoseABuffer)
            && let Some(last) = contents.elements.iter().rposition(is_batch)
        {
            contents.elements.remove(last);
        }
        contents
    }
}
