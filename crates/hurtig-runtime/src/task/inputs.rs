//! The inputs of a task: elements of a gate in the order in which they are to be taken.

use std::task::{Poll, Waker};

use hurtig_exchange::{
    AlignerOutput, AlignmentMode, BarrierAligner, InputGate, ValveOutput, WatermarkValve,
};
use hurtig_types::{
    AlignmentType, Barrier, CheckpointId, Result, Signal, StreamElement, Timestamp,
};

use super::alignment::Alignment;
use super::chain::OperatorChain;
use super::overtaking::{ChannelPlace, Overtaking};
use super::replay::Replay;

/// Reads elements from the gate, merges watermarks, and hands what matters to the chain.
pub struct Inputs {
    pub(super) gate: InputGate,
    pub(super) valve: WatermarkValve,
    aligner: BarrierAligner,
    pub(super) alignment: Alignment,
    /// The operator's input that each channel leads to.
    input_of_channel: Vec<usize>,
    /// Channels of each input that have not ended.
    open_channels: Vec<usize>,
    /// Where barriers may overtake.
    pub(super) overtaking: Option<Box<Overtaking>>,
    /// What is to be taken before anything is read.
    replay: Option<Box<Replay>>,
}

impl Inputs {
    /// Inputs from this gate, whose channels lead to these inputs of the operator.
    pub fn new(gate: InputGate, input_of_channel: Vec<usize>, mode: AlignmentMode) -> Self {
        let inputs = input_of_channel.iter().max().map_or(0, |&input| input + 1);
        let mut open_channels = vec![0; inputs];
        for &input in &input_of_channel {
            if let Some(open) = open_channels.get_mut(input) {
                *open += 1;
            }
        }
        Self {
            valve: WatermarkValve::new(input_of_channel.len()),
            aligner: BarrierAligner::new(input_of_channel.len(), mode),
            alignment: Alignment::default(),
            gate,
            input_of_channel,
            open_channels,
            overtaking: None,
            replay: None,
        }
    }

    /// The same inputs, on which barriers may overtake; the channels in the order of the gate's.
    #[must_use]
    pub fn with_overtaking(mut self, places: Vec<ChannelPlace>) -> Self {
        let overtaking = Overtaking::new(places, &mut self.gate);
        self.overtaking = Some(Box::new(overtaking));
        self
    }

    /// The same inputs, which begin with what was in flight.
    #[must_use]
    pub fn starting_with(mut self, replay: Replay) -> Self {
        self.replay = Some(Box::new(replay));
        self
    }

    pub(super) fn poll_next(
        &mut self,
        chain: &mut OperatorChain,
        waker: &Waker,
    ) -> Poll<Result<()>> {
        if let Some(replay) = &mut self.replay {
            if let Some(watermark) = replay.step(chain) {
                self.valve.raise(watermark);
                self.replay = None;
            }
            return Poll::Ready(Ok(()));
        }
        let Poll::Ready((channel, element)) = self.gate.poll_next(waker) else {
            return Poll::Pending;
        };
        if let Some(overtaking) = &mut self.overtaking
            && let Err(error) = overtaking.taken(channel, &element)
        {
            return Poll::Ready(Err(error));
        }
        let input = self.input_of_channel.get(channel).copied().unwrap_or(0);
        match element {
            #[cfg(feature = "planted-bugs")]
            StreamElement::Batch(_) if planted::loses_a_batch(&self.aligner) => {}
            StreamElement::Batch(batch) => chain.accept_batch(input, batch),
            StreamElement::Signal(Signal::EndOfInput) => self.end_channel(channel, input, chain),
            StreamElement::Signal(Signal::Barrier(barrier)) => {
                self.take_barrier(channel, barrier, chain);
            }
            StreamElement::Signal(Signal::Watermark(watermark)) => {
                let output = self.valve.watermark(channel, watermark);
                if let Some(watermark) = output.watermark {
                    chain.accept_signal(input, Signal::Watermark(watermark));
                }
            }
            StreamElement::Signal(Signal::Status(status)) => {
                self.apply_status(channel, status, chain);
            }
        }
        Poll::Ready(Ok(()))
    }

    fn take_barrier(&mut self, channel: usize, barrier: Barrier, chain: &mut OperatorChain) {
        if let Some(overtaking) = &mut self.overtaking
            && barrier.alignment != AlignmentType::Aligned
        {
            overtaking.announce(barrier);
        }
        let output = self.aligner.barrier(channel, barrier);
        self.align(channel, output, chain);
    }

    /// Takes the barriers that are next, while the chain has more to say and a barrier may pass that, until one enters the chain. A channel
    /// that is at its end sends none: that is taken as well, and goes into the chain behind what is being said. So are watermarks that
    /// say nothing new.
    pub(super) fn take_barriers(&mut self, chain: &mut OperatorChain) -> Result<()> {
        let known = self.valve.current();
        let is_wanted = |signal| match signal {
            Signal::Barrier(_) | Signal::EndOfInput => true,
            Signal::Watermark(watermark) => watermark <= known,
            Signal::Status(_) => false,
        };
        while chain.barrier().is_none()
            && self.replay.is_none()
            && let Some((channel, signal)) = self.gate.take_signal(is_wanted)
        {
            if let Some(overtaking) = &mut self.overtaking {
                overtaking.taken(channel, &StreamElement::Signal(signal))?;
            }
            match signal {
                Signal::Barrier(barrier) => self.take_barrier(channel, barrier, chain),
                Signal::Watermark(watermark) => {
                    Self::pass_on(self.valve.watermark(channel, watermark), chain);
                }
                _ => {
                    let input = self.input_of_channel.get(channel).copied().unwrap_or(0);
                    self.end_channel(channel, input, chain);
                }
            }
        }
        Ok(())
    }

    /// The barrier at which the task is to take its snapshot, ahead of its turn. `triggered` is the checkpoint that is to be taken, if
    /// there is one whose barrier has not come.
    pub(super) fn overtaking_due(
        &mut self,
        triggered: Option<Barrier>,
        now: Timestamp,
    ) -> Result<Option<Barrier>> {
        let Some(overtaking) = &mut self.overtaking else {
            return Ok(None);
        };
        overtaking.look(&mut self.gate)?;
        if let Some(barrier) = triggered
            && barrier.overtakes(now)
            && !self.aligner.has_seen(barrier.checkpoint)
        {
            // Where all producers have said their last words, nobody sends barriers any more.
            let has_ended = |channel| {
                self.aligner.has_come(barrier.checkpoint, channel) || self.gate.has_ended(channel)
            };
            if (0..self.input_of_channel.len()).all(has_ended) {
                overtaking.announce(barrier);
            }
        }
        Ok(overtaking.due(&self.aligner, now))
    }

    /// Takes a copy of what lies before the barrier, and hands it to the (idle) chain.
    pub(super) fn overtake(&mut self, barrier: Barrier, chain: &mut OperatorChain) -> Result<()> {
        let Some(overtaking) = &mut self.overtaking else {
            return Ok(());
        };
        let inputs = (&mut self.gate, &self.valve, &self.aligner);
        overtaking.begin(barrier.checkpoint, inputs, self.replay.as_deref())?;
        self.aligner.cancel(barrier.checkpoint);
        self.gate.unblock();
        self.alignment.overtaken(self.gate.received_bytes());
        chain.accept_signal(0, Signal::Barrier(barrier));
        Ok(())
    }

    /// Does what the aligner says about a channel.
    fn align(&mut self, channel: usize, output: AlignerOutput, chain: &mut OperatorChain) {
        if output.unblock_all {
            self.gate.unblock();
        }
        #[cfg(feature = "planted-bugs")]
        let output = planted::without_alignment(output);
        if output.block {
            self.gate.block(channel);
        }
        match (self.aligner.current(), output.complete) {
            (None, None) => self.alignment.give_up(),
            (Some(_), _) => self.alignment.begin(&self.gate),
            (None, Some(_)) => self.alignment.end(self.gate.received_bytes()),
        }
        if let Some(barrier) = output.complete {
            chain.accept_signal(0, Signal::Barrier(barrier));
        }
    }

    /// A checkpoint is to be taken. Tasks wait for the barriers of those before them; where all of those have ended, nobody else starts
    /// it. Whether nothing need be done any more.
    pub(super) fn trigger(&mut self, barrier: Barrier, chain: &mut OperatorChain) -> bool {
        if self.aligner.has_seen(barrier.checkpoint) {
            return true;
        }
        let all_ended = self.open_channels.iter().all(|open| *open == 0);
        if all_ended {
            chain.accept_signal(0, Signal::Barrier(barrier));
        }
        all_ended
    }

    /// A checkpoint came to nothing: no channel waits for its barriers any more.
    pub(super) fn cancel(&mut self, checkpoint: CheckpointId) {
        if let Some(overtaking) = &mut self.overtaking {
            overtaking.cancel(checkpoint, &mut self.gate);
        }
        self.alignment.forget_overtaken();
        if self.aligner.cancel(checkpoint).unblock_all {
            self.alignment.give_up();
            self.gate.unblock();
        }
    }

    fn apply_status(
        &mut self,
        channel: usize,
        status: hurtig_types::StreamStatus,
        chain: &mut OperatorChain,
    ) {
        let output = self.valve.status(channel, status);
        Self::pass_on(output, chain);
    }

    fn pass_on(output: ValveOutput, chain: &mut OperatorChain) {
        if let Some(status) = output.status {
            chain.accept_signal(0, Signal::Status(status));
        }
        if let Some(watermark) = output.watermark {
            chain.accept_signal(0, Signal::Watermark(watermark));
        }
    }

    fn end_channel(&mut self, channel: usize, input: usize, chain: &mut OperatorChain) {
        let Some(open) = self.open_channels.get_mut(input) else {
            return;
        };
        *open = open.saturating_sub(1);
        let input_ended = *open == 0;
        Self::pass_on(self.valve.end(channel), chain);
        if input_ended {
            chain.accept_signal(input, Signal::EndOfInput);
        }
        let mut output = self.aligner.end(channel);
        while output.complete.is_some() {
            self.align(channel, output, chain);
            output = self.aligner.next_complete();
        }
    }
}

#[cfg(feature = "planted-bugs")]
mod planted {
    use hurtig_checkpoint::planted::{Bug, is_planted};
    use hurtig_exchange::{AlignerOutput, BarrierAligner};

    /// What the aligner says, but for the channel that is to wait.
    pub(super) fn without_alignment(output: AlignerOutput) -> AlignerOutput {
        AlignerOutput {
            block: output.block && !is_planted(Bug::SkipAlignment),
            ..output
        }
    }

    /// Whether a batch gets lost that comes before its channel's barrier and behind another's.
    pub(super) fn loses_a_batch(aligner: &BarrierAligner) -> bool {
        aligner.current().is_some() && is_planted(Bug::LoseABatch)
    }
}
