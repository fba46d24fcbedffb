//! Where a task's data comes from: the channels of a gate, or a source of its own.

use std::task::{Poll, Waker};

use hurtig_env::MonotonicTime;
use hurtig_state::{ListPiece, StateImage};
use hurtig_types::{
    Barrier, BarrierKind, CheckpointId, Error, OperatorId, Origin, Result, Signal, Timestamp,
    Watermark,
};

use super::alignment::Aligned;
use super::chain::OperatorChain;
use super::inputs::Inputs;
use super::node::{Routes, guarded};
use crate::source::{SourceOperator, SourceProgress};
use crate::{OperatorContext, Output};

/// The head of a task.
#[allow(clippy::large_enum_variant, reason = "there is one in a task")]
pub enum Head {
    /// Channels from other tasks.
    Inputs(Inputs),
    /// A source.
    Source(SourceHead),
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
    /// The barrier at which the source is asked; it stays when that fails.
    asked: Option<Barrier>,
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
            asked: None,
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
    /// Behind the end of a source it matters to those alone who wait in its chain for a checkpoint to commit.
    fn snapshot(
        &mut self,
        barrier: Barrier,
        chain: &mut OperatorChain,
        waker: &Waker,
    ) -> Result<bool> {
        if self.finished && !chain.waits_for_commit() {
            return Ok(true);
        }
        if !self.finished && !self.operator.is_between_batches() {
            return Ok(false);
        }
        self.asked = Some(barrier);
        let mut image = StateImage::default();
        let taken = guarded(|| {
            self.operator
                .snapshot(barrier, &mut image, &mut self.output)
        });
        taken.map_err(|error| {
            let of = format!("taking checkpoint {}", barrier.checkpoint);
            self.locate(error, &Origin::UNKNOWN).context(of)
        })?;
        self.asked = None;
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

    /// Takes the barriers that are next, while the chain has more to say, until one enters the chain.
    pub(super) fn take_barriers(&mut self, chain: &mut OperatorChain) -> Result<()> {
        match self {
            Self::Inputs(inputs) => inputs.take_barriers(chain),
            Self::Source(_) => Ok(()),
        }
    }

    /// Event time had come as far as this on all channels.
    pub(super) fn raise(&mut self, watermark: Watermark) {
        if let Self::Inputs(inputs) = self {
            inputs.valve.raise(watermark);
        }
    }

    pub(super) const fn is_source(&self) -> bool {
        matches!(self, Self::Source(_))
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

    /// The barrier at which the source could not hand over its positions.
    pub(super) const fn failed_at_barrier(&self) -> Option<Barrier> {
        match self {
            Self::Inputs(_) => None,
            Self::Source(source) => source.asked,
        }
    }

    /// What it took until the last barrier had come on all channels. Once.
    pub(super) fn take_alignment(&mut self) -> Aligned {
        match self {
            Self::Inputs(inputs) => std::mem::take(&mut inputs.alignment.took),
            Self::Source(_) => Aligned::default(),
        }
    }

    /// How many bytes were processed since a barrier has overtaken them. Once.
    pub(super) fn take_overtaken(&mut self) -> u64 {
        match self {
            Self::Inputs(inputs) => {
                let received_bytes = inputs.gate.received_bytes();
                inputs.alignment.take_overtaken(received_bytes)
            }
            Self::Source(_) => 0,
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
