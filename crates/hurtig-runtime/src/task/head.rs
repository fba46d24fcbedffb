//! Where a task's data comes from: the channels of a gate, or a source of its own.

use std::task::{Poll, Waker};
use std::time::Duration;

use hurtig_env::MonotonicTime;
use hurtig_exchange::{
    AlignerOutput, AlignmentMode, BarrierAligner, InputGate, ValveOutput, WatermarkValve,
};
use hurtig_state::{ListPiece, StateImage};
use hurtig_types::{
    AlignmentType, Barrier, BarrierKind, CheckpointId, Error, OperatorId, Origin, Result, Signal,
    StreamElement, Timestamp,
};

use super::chain::OperatorChain;
use super::node::{Routes, guarded};
use super::overtaking::{ChannelPlace, Overtaking};
use super::replay::Replay;
use crate::source::{SourceOperator, SourceProgress};
use crate::{OperatorContext, Output};

/// The head of a task.
pub enum Head {
    /// Channels from other tasks.
    Inputs(Inputs),
    /// A source.
    Source(SourceHead),
}

/// Reads elements from the gate, merges watermarks, and hands what matters to the chain.
pub struct Inputs {
    gate: InputGate,
    valve: WatermarkValve,
    aligner: BarrierAligner,
    alignment: Alignment,
    /// The operator's input that each channel leads to.
    input_of_channel: Vec<usize>,
    /// Channels of each input that have not ended.
    open_channels: Vec<usize>,
    /// Where barriers may overtake.
    overtaking: Option<Box<Overtaking>>,
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

    fn poll_next(&mut self, chain: &mut OperatorChain, waker: &Waker) -> Poll<Result<()>> {
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
                if let Some(overtaking) = &mut self.overtaking
                    && barrier.alignment != AlignmentType::Aligned
                {
                    overtaking.announce(barrier);
                }
                let output = self.aligner.barrier(channel, barrier);
                self.align(channel, output, chain);
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

    /// The barrier at which the task is to take its snapshot, ahead of its turn. `triggered` is the checkpoint that is to be taken, if
    /// there is one whose barrier has not come.
    fn overtaking_due(
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
    fn overtake(&mut self, barrier: Barrier, chain: &mut OperatorChain) -> Result<()> {
        let Some(overtaking) = &mut self.overtaking else {
            return Ok(());
        };
        let inputs = (&mut self.gate, &self.valve, &self.aligner);
        overtaking.begin(barrier.checkpoint, inputs, self.replay.as_deref())?;
        self.aligner.cancel(barrier.checkpoint);
        self.gate.unblock();
        self.alignment.end();
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
            (None, None) => self.alignment.since = None,
            (Some(_), _) => self.alignment.begin(),
            (None, Some(_)) => self.alignment.end(),
        }
        if let Some(barrier) = output.complete {
            chain.accept_signal(0, Signal::Barrier(barrier));
        }
    }

    /// A checkpoint is to be taken. Tasks wait for the barriers of those before them; where all of those have ended, nobody else starts
    /// it. Whether nothing need be done any more.
    fn trigger(&mut self, barrier: Barrier, chain: &mut OperatorChain) -> bool {
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
    fn cancel(&mut self, checkpoint: CheckpointId) {
        if let Some(overtaking) = &mut self.overtaking {
            overtaking.cancel(checkpoint, &mut self.gate);
        }
        if self.aligner.cancel(checkpoint).unblock_all {
            self.alignment.since = None;
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

/// How long the channels whose barrier came first have waited for the others.
#[derive(Default)]
struct Alignment {
    now: MonotonicTime,
    since: Option<MonotonicTime>,
    took: Duration,
}

impl Alignment {
    fn begin(&mut self) {
        self.since.get_or_insert(self.now);
    }

    fn end(&mut self) {
        let since = self.since.take();
        self.took = since.map_or(Duration::ZERO, |since| self.now.saturating_since(since));
    }
}

/// A source with its output and its readers.
pub struct SourceHead {
    operator: Box<dyn SourceOperator>,
    output: Output,
    routes: Routes,
    label: super::node::NodeLabel,
    records_out: hurtig_metrics::Counter,
    /// Of the batch that is being handed on.
    origin: Origin,
    finished: bool,
    closed: bool,
    id: OperatorId,
    /// The savepoint with which the job ends: nothing is read behind it.
    stopped_at: Option<CheckpointId>,
    restored: Option<StateImage>,
    /// What the source handed over at the last barrier, until the task takes it.
    taken: Option<StateImage>,
}

impl SourceHead {
    /// A source whose output goes to these readers.
    pub fn new(
        operator: Box<dyn SourceOperator>,
        output: Output,
        routes: Routes,
        label: super::node::NodeLabel,
        context: &OperatorContext,
    ) -> Self {
        let records_out = context
            .metrics
            .counter(hurtig_metrics::names::NUM_RECORDS_OUT);
        Self {
            operator,
            output,
            routes,
            label,
            records_out,
            origin: Origin::UNKNOWN,
            finished: false,
            closed: false,
            id: context.operator_id,
            stopped_at: None,
            restored: None,
            taken: None,
        }
    }

    /// What the source is to start from.
    #[must_use]
    pub(crate) fn starting_from(mut self, image: StateImage) -> Self {
        self.restored = (!image.is_empty()).then_some(image);
        self
    }

    fn open(&mut self) -> Result<()> {
        let Some(image) = self.restored.take() else {
            return Ok(());
        };
        guarded(|| self.operator.restore(image))
            .map_err(|error| self.locate(error, &Origin::UNKNOWN).context("restoring"))
    }

    /// Takes the source's positions, and sends the barrier behind what was read up to them. False while the source must first say more.
    fn snapshot(
        &mut self,
        barrier: Barrier,
        chain: &mut OperatorChain,
        waker: &Waker,
    ) -> Result<bool> {
        if self.finished || !self.operator.is_between_batches() {
            return Ok(self.finished);
        }
        let mut image = StateImage::default();
        let taken = guarded(|| {
            self.operator
                .snapshot(barrier, &mut image, &mut self.output)
        });
        taken.map_err(|error| {
            let of = format!("taking checkpoint {}", barrier.checkpoint);
            self.locate(error, &Origin::UNKNOWN).context(of)
        })?;
        self.taken = Some(image);
        if barrier.kind == BarrierKind::Stop {
            self.stopped_at = Some(barrier.checkpoint);
        }
        self.output.emit(Signal::Barrier(barrier));
        self.hand_on(chain, waker)?;
        Ok(true)
    }

    fn poll_next(&mut self, chain: &mut OperatorChain, waker: &Waker) -> Poll<Result<()>> {
        if self.finished || self.stopped_at.is_some() {
            return Poll::Pending;
        }
        let polled = guarded(|| match self.operator.poll_next(&mut self.output) {
            Poll::Pending => Ok(None),
            Poll::Ready(progress) => progress.map(Some),
        });
        match polled {
            Ok(None) => return Poll::Pending,
            Err(error) => return Poll::Ready(Err(self.locate(error, &Origin::UNKNOWN))),
            Ok(Some(SourceProgress::Finished)) => {
                self.finished = true;
                self.output.emit(Signal::EndOfInput);
            }
            Ok(Some(SourceProgress::Emitted)) => {}
        }
        self.records_out.inc(self.output.main.len() as u64);
        Poll::Ready(self.hand_on(chain, waker))
    }

    fn hand_on(&mut self, chain: &mut OperatorChain, waker: &Waker) -> Result<()> {
        self.origin.clone_from(self.output.main.origin());
        guarded(|| chain.accept_output(&mut self.output, &self.routes, waker))
            .map_err(|error| self.locate(error.context("handing on"), &self.origin))
    }

    fn locate(&self, error: Error, origin: &Origin) -> Error {
        error.context(self.label.place(origin))
    }

    /// Closes the source, whatever it does; once.
    fn close(&mut self) -> Result<()> {
        if std::mem::replace(&mut self.closed, true) {
            return Ok(());
        }
        guarded(|| self.operator.close())
            .map_err(|error| self.locate(error, &Origin::UNKNOWN).context("closing"))
    }
}

/// A source that never got into a task is closed all the same.
impl Drop for SourceHead {
    fn drop(&mut self) {
        if let Err(error) = self.close() {
            tracing::warn!(%error, "a source that never ran could not be closed");
        }
    }
}

impl Head {
    /// Takes the next element to the (idle) chain.
    pub(super) fn poll_next(
        &mut self,
        chain: &mut OperatorChain,
        waker: &Waker,
    ) -> Poll<Result<()>> {
        match self {
            Self::Inputs(inputs) => inputs.poll_next(chain, waker),
            Self::Source(source) => source.poll_next(chain, waker),
        }
    }

    pub(super) fn lend(&mut self, now: Timestamp, monotonic: MonotonicTime, waker: &Waker) {
        match self {
            Self::Inputs(inputs) => {
                inputs.alignment.now = monotonic;
                if let Some(overtaking) = &mut inputs.overtaking {
                    overtaking.register(&mut inputs.gate, waker);
                }
            }
            Self::Source(source) => source.output.lend(now, monotonic, waker),
        }
    }

    /// When a source wants to be polled again, whatever happens.
    pub(super) fn deadline(&self) -> Option<MonotonicTime> {
        match self {
            Self::Inputs(_) => None,
            Self::Source(source) if source.finished || source.stopped_at.is_some() => None,
            Self::Source(source) => source.operator.deadline(),
        }
    }

    /// Restores and opens the source.
    pub(super) fn open(&mut self) -> Result<()> {
        match self {
            Self::Inputs(_) => Ok(()),
            Self::Source(source) => source.open(),
        }
    }

    /// A checkpoint is to be taken, and the chain is idle. Whether that was seen to; otherwise to be called again after
    /// [`poll_next`](Self::poll_next).
    pub(super) fn trigger(
        &mut self,
        barrier: Barrier,
        chain: &mut OperatorChain,
        waker: &Waker,
    ) -> Result<bool> {
        match self {
            Self::Inputs(inputs) => Ok(inputs.trigger(barrier, chain)),
            Self::Source(source) => source.snapshot(barrier, chain, waker),
        }
    }

    /// The barrier at which the task is to take its snapshot at once: that which was `triggered`, for a source.
    pub(super) fn overtaking_due(
        &mut self,
        triggered: Option<Barrier>,
        now: Timestamp,
    ) -> Result<Option<Barrier>> {
        match self {
            Self::Inputs(inputs) => inputs.overtaking_due(triggered, now),
            Self::Source(source) => {
                let barrier = triggered.filter(|barrier| barrier.overtakes(now));
                Ok(barrier
                    .filter(|_| !source.finished)
                    .map(|it| it.overtaking()))
            }
        }
    }

    /// The barrier that was due enters the (idle) chain. False for a source, which has its own way.
    pub(super) fn overtake(&mut self, barrier: Barrier, chain: &mut OperatorChain) -> Result<bool> {
        match self {
            Self::Inputs(inputs) => inputs.overtake(barrier, chain).map(|()| true),
            Self::Source(_) => Ok(false),
        }
    }

    /// When a barrier that waits here will overtake.
    pub(super) fn overtaking_deadline(&self) -> Option<Timestamp> {
        match self {
            Self::Inputs(inputs) => inputs.overtaking.as_ref()?.deadline(),
            Self::Source(_) => None,
        }
    }

    /// Whether all that came before a barrier in the channels is copied.
    pub(super) fn has_in_flight(&self, checkpoint: CheckpointId) -> bool {
        match self {
            Self::Inputs(inputs) => {
                let overtaking = inputs.overtaking.as_ref();
                overtaking.is_none_or(|it| it.is_complete(checkpoint))
            }
            Self::Source(_) => true,
        }
    }

    /// The copies, and how many bytes of records are in them.
    pub(super) fn take_in_flight(
        &mut self,
        checkpoint: CheckpointId,
    ) -> Result<(Vec<ListPiece>, u64)> {
        match self {
            Self::Inputs(Inputs {
                overtaking: Some(overtaking),
                gate,
                ..
            }) => overtaking.take(checkpoint, gate),
            _ => Ok((Vec::new(), 0)),
        }
    }

    /// What a source handed over at the last barrier, with its id.
    pub(super) fn take_image(&mut self) -> Option<(OperatorId, StateImage)> {
        match self {
            Self::Inputs(_) => None,
            Self::Source(source) => Some((source.id, source.taken.take()?)),
        }
    }

    /// How long the last barrier took to come on all channels. Once.
    pub(super) fn take_alignment(&mut self) -> Duration {
        match self {
            Self::Inputs(inputs) => std::mem::take(&mut inputs.alignment.took),
            Self::Source(_) => Duration::ZERO,
        }
    }

    /// A checkpoint came to nothing.
    pub(super) fn checkpoint_aborted(&mut self, checkpoint: CheckpointId) {
        match self {
            Self::Inputs(inputs) => inputs.cancel(checkpoint),
            Self::Source(source) => {
                source.stopped_at.take_if(|stopped| *stopped == checkpoint);
                source.operator.checkpoint_aborted(checkpoint);
            }
        }
    }

    pub(super) fn checkpoint_completed(&mut self, checkpoint: CheckpointId) -> Result<()> {
        match self {
            Self::Inputs(_) => Ok(()),
            Self::Source(source) => guarded(|| source.operator.checkpoint_completed(checkpoint)),
        }
    }

    pub(super) fn close(&mut self) -> Result<()> {
        match self {
            Self::Inputs(_) => Ok(()),
            Self::Source(source) => source.close(),
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
