//! One operator of a chain, with what was handed to it and where its output goes.

use std::panic::{AssertUnwindSafe, catch_unwind};

use hurtig_state::StateImage;
use hurtig_types::{
    Barrier, BarrierKind, CheckpointId, ErasedBatch, Error, ErrorKind, OperatorId, Origin, Result,
    Signal, Timestamp, Watermark,
};

use super::chain::Target;
use super::metrics::NodeMetrics;
use crate::operator::label;
use crate::{OperatorContext, Output, Progress, StreamOperator};

/// Later checkpoints may build on a checkpoint, not on a savepoint, which is the user's.
fn image_for(barrier: &Barrier) -> StateImage {
    match barrier.kind {
        BarrierKind::Checkpoint => StateImage::for_checkpoint(barrier.checkpoint, barrier.base),
        _ => StateImage::default(),
    }
}

/// How messages and metrics name an operator.
#[derive(Clone, Debug)]
pub struct NodeLabel {
    /// The operator's name.
    pub name: String,
    /// Which subtask.
    pub subtask: u32,
    /// Of how many.
    pub parallelism: u32,
}

impl NodeLabel {
    /// Where an error happened: operator, subtask, and the source position of what was being worked on.
    pub(super) fn place(&self, origin: &Origin) -> String {
        let place = label(&self.name, self.subtask, self.parallelism);
        if origin.is_unknown() {
            place
        } else if origin.is_single() {
            format!("{place}, at {origin}")
        } else {
            format!("{place}, in records from {origin}")
        }
    }
}

/// Where the outputs of a node go: the main one, and each side output in the order of [`Output`]'s.
#[derive(Clone, Debug, Default)]
pub struct Routes {
    /// Readers of the main output.
    pub main: Vec<Target>,
    /// Readers of the side outputs.
    pub sides: Vec<Vec<Target>>,
}

impl Routes {
    pub(super) fn all(&self) -> impl Iterator<Item = &Target> {
        self.main.iter().chain(self.sides.iter().flatten())
    }
}

/// An operator in its place.
///
/// It holds at most one batch, one set of due timers and the signals behind them, and works them off in this order.
pub struct Node {
    pub(super) label: NodeLabel,
    pub(super) operator: Box<dyn StreamOperator>,
    pub(super) output: Output,
    pub(super) routes: Routes,
    pub(super) metrics: NodeMetrics,
    context: OperatorContext,
    inbox: Inbox,
    /// What a call that answered `More` or `Blocked` was about.
    unfinished: Option<Unit>,
    /// What was unfinished when a barrier passed it.
    interrupted: Option<Unit>,
    inputs_open: usize,
    /// Of the batch that is being worked on.
    origin: Origin,
    rows: usize,
    closed: bool,
    /// What the operator starts from.
    restored: Option<StateImage>,
    /// What it handed over at the last barrier, until the task takes it.
    taken: Option<StateImage>,
    /// The barrier at which the operator is asked; it stays when that fails.
    asked: Option<Barrier>,
}

struct Inbox {
    batch: ErasedBatch,
    filled: bool,
    input: usize,
    time: Option<Timestamp>,
    signals: std::collections::VecDeque<(usize, Signal)>,
}

/// A piece of work for an operator.
#[derive(Clone, Copy, Debug)]
enum Unit {
    Batch,
    Time,
    Watermark(Watermark),
    Barrier(Barrier),
    End,
}

impl Node {
    /// A node of `inputs` inputs, whose (empty) inbox is of the type that the operator takes.
    pub fn new(
        label: NodeLabel,
        context: OperatorContext,
        operator: Box<dyn StreamOperator>,
        inbox: ErasedBatch,
        inputs: usize,
        output: Output,
        routes: Routes,
    ) -> Self {
        Self {
            label,
            operator,
            output,
            routes,
            metrics: NodeMetrics::register(&context.metrics),
            context,
            inbox: Inbox {
                batch: inbox,
                filled: false,
                input: 0,
                time: None,
                signals: std::collections::VecDeque::new(),
            },
            unfinished: None,
            interrupted: None,
            inputs_open: inputs,
            origin: Origin::UNKNOWN,
            rows: 0,
            closed: false,
            restored: None,
            taken: None,
            asked: None,
        }
    }

    /// What the operator is to start from.
    #[must_use]
    pub(crate) fn starting_from(mut self, image: StateImage) -> Self {
        self.restored = (!image.is_empty()).then_some(image);
        self
    }

    /// Restores and opens the operator.
    pub(super) fn open(&mut self) -> Result<()> {
        if let Some(image) = self.restored.take() {
            guarded(|| self.operator.restore(image))
                .map_err(|error| self.locate(error).context("restoring"))?;
        }
        guarded(|| self.operator.open(&self.context, &mut self.output))
            .map_err(|error| self.locate(error).context("opening"))?;
        if let Some(watermark) = self.operator.interrupted_at() {
            self.accept_signal(0, Signal::Watermark(watermark));
        }
        Ok(())
    }

    /// Whether a barrier may pass though the operator has more to say: what it is saying was brought about by time.
    pub(super) fn is_interruptible(&self) -> bool {
        matches!(self.unfinished, Some(Unit::Watermark(_) | Unit::Time))
            && self.operator.can_be_interrupted()
    }

    /// Lets a barrier that has come pass what is unfinished.
    fn interrupt(&mut self) {
        if !self.is_interruptible() {
            return;
        }
        let is_barrier = |(_, signal): &(usize, Signal)| matches!(signal, Signal::Barrier(_));
        let place = self.inbox.signals.iter().position(is_barrier);
        if let Some((_, Signal::Barrier(barrier))) =
            place.and_then(|place| self.inbox.signals.remove(place))
        {
            self.interrupted = self.unfinished.replace(Unit::Barrier(barrier));
        }
    }

    pub(super) fn operator_id(&self) -> OperatorId {
        self.context.operator_id
    }

    /// Whether the operator has handed something over, and the barrier has passed it.
    pub(super) fn has_image(&self) -> bool {
        self.taken.is_some() && !matches!(self.unfinished, Some(Unit::Barrier(_)))
    }

    /// What the operator handed over at the last barrier, with its id.
    pub(super) fn take_image(&mut self) -> Option<(OperatorId, StateImage)> {
        Some((self.context.operator_id, self.taken.take()?))
    }

    /// A checkpoint is complete.
    pub(super) fn checkpoint_completed(&mut self, checkpoint: CheckpointId) -> Result<()> {
        guarded(|| self.operator.checkpoint_completed(checkpoint)).map_err(|error| {
            let of = format!("committing checkpoint {checkpoint}");
            self.locate(error).context(of)
        })
    }

    /// Whether there is something to do.
    pub(super) fn is_busy(&self) -> bool {
        self.unfinished.is_some()
            || self.inbox.filled
            || self.inbox.time.is_some()
            || !self.inbox.signals.is_empty()
    }

    /// Whether all inputs have ended, and everything is said.
    pub(super) fn has_ended(&self) -> bool {
        self.inputs_open == 0 && !self.is_busy()
    }

    /// Whether all inputs have ended and everything is done.
    pub(super) fn is_finished(&self) -> bool {
        self.has_ended() && self.operator.is_committed()
    }

    /// Hands over a batch that the node may keep; leaves an empty one of the same kind.
    pub(super) fn accept_batch(&mut self, input: usize, batch: &mut ErasedBatch) {
        std::mem::swap(&mut self.inbox.batch, batch);
        self.inbox.filled = true;
        self.inbox.input = input;
    }

    pub(super) fn accept_owned(&mut self, input: usize, batch: ErasedBatch) {
        self.inbox.batch = batch;
        self.inbox.filled = true;
        self.inbox.input = input;
    }

    pub(super) fn accept_signal(&mut self, input: usize, signal: Signal) {
        self.inbox.signals.push_back((input, signal));
    }

    pub(super) fn accept_time(&mut self, now: Timestamp) {
        self.inbox.time = Some(now);
    }

    /// Does one piece of work: a batch, a timer slice, a signal.
    pub(super) fn work(&mut self) -> Result<Progress> {
        guarded(|| self.work_unguarded()).map_err(|error| self.locate_record(error))
    }

    fn work_unguarded(&mut self) -> Result<Progress> {
        if !self.inbox.signals.is_empty() {
            self.interrupt();
        }
        let (unit, progress) = match self.unfinished.take() {
            Some(Unit::Barrier(barrier)) => (Unit::Barrier(barrier), self.snapshot(barrier)?),
            Some(unit) => (unit, self.operator.resume(&mut self.output)?),
            None => match self.begin()? {
                Some(begun) => begun,
                None => return Ok(Progress::Done),
            },
        };
        if progress == Progress::Done {
            self.finish(unit);
        } else {
            self.unfinished = Some(unit);
        }
        self.stamp_origin();
        Ok(progress)
    }

    /// Takes the next piece of work; `None` when it was a signal that concerns the operator not.
    fn begin(&mut self) -> Result<Option<(Unit, Progress)>> {
        if self.inbox.filled {
            self.inbox.filled = false;
            let batch = &mut self.inbox.batch;
            self.rows = batch.len();
            self.metrics.records_in(self.rows);
            self.origin.clone_from(batch.origin());
            let progress =
                self.operator
                    .process_batch(self.inbox.input, batch, &mut self.output)?;
            return Ok(Some((Unit::Batch, progress)));
        }
        self.origin = Origin::UNKNOWN;
        if let Some(now) = self.inbox.time.take() {
            return Ok(Some((
                Unit::Time,
                self.operator.process_time(now, &mut self.output)?,
            )));
        }
        match self.inbox.signals.pop_front() {
            Some((_, Signal::Watermark(watermark))) => {
                self.metrics.watermark_in(watermark);
                let progress = self
                    .operator
                    .process_watermark(watermark, &mut self.output)?;
                Ok(Some((Unit::Watermark(watermark), progress)))
            }
            Some((input, Signal::EndOfInput)) => {
                self.inputs_open = self.inputs_open.saturating_sub(1);
                Ok(Some((
                    Unit::End,
                    self.operator.end_input(input, &mut self.output)?,
                )))
            }
            Some((_, Signal::Barrier(barrier))) => {
                Ok(Some((Unit::Barrier(barrier), self.snapshot(barrier)?)))
            }
            Some((_, Signal::Status(status))) => {
                if !self.operator.generates_watermarks() {
                    self.output.emit(Signal::Status(status));
                }
                Ok(None)
            }
            None => Ok(None),
        }
    }

    /// Asks the operator for what it must remember. What it said before, when it had to wait, does not count.
    fn snapshot(&mut self, barrier: Barrier) -> Result<Progress> {
        self.asked = Some(barrier);
        let mut image = image_for(&barrier);
        let progress = self
            .operator
            .snapshot(barrier, &mut image, &mut self.output)
            .map_err(|error| error.context(format!("taking checkpoint {}", barrier.checkpoint)))?;
        self.asked = None;
        self.taken = Some(image);
        Ok(progress)
    }

    /// The barrier at which the operator could not hand over its state.
    pub(super) const fn failed_at_barrier(&self) -> Option<Barrier> {
        self.asked
    }

    /// Passes on what a finished piece of work means for those behind.
    fn finish(&mut self, unit: Unit) {
        match unit {
            Unit::Batch => self.inbox.batch.clear(),
            Unit::Time => {}
            Unit::Watermark(watermark) => {
                if !self.operator.generates_watermarks() || watermark == Watermark::MAX {
                    self.output.emit(Signal::Watermark(watermark));
                }
            }
            Unit::Barrier(barrier) => {
                self.output.emit(Signal::Barrier(barrier));
                self.unfinished = self.interrupted.take();
            }
            Unit::End if self.inputs_open == 0 => self.output.emit(Signal::EndOfInput),
            Unit::End => {}
        }
    }

    fn stamp_origin(&mut self) {
        if self.origin.is_unknown() {
            return;
        }
        let blurred = || {
            let mut origin = self.origin.clone();
            origin.blur();
            origin
        };
        let rows = self.output.main.len();
        if rows > 0 {
            // At most one for each, and as many as there were: one for each.
            let each = rows == self.rows && self.operator.makes_at_most_one();
            let origin = if each { self.origin.clone() } else { blurred() };
            self.output.main.set_origin(origin);
        }
        for side in &mut self.output.sides {
            if !side.batch.is_empty() {
                side.batch.set_origin(blurred());
            }
        }
    }

    /// As [`locate`](Self::locate), and names the very record where the operator can tell which it was, and the origin where that was.
    fn locate_record(&self, error: Error) -> Error {
        let failed_at = self.operator.failed_at(&self.output);
        match failed_at.and_then(|index| self.origin.at(index)) {
            Some(record) => error.context(self.label.place(&record)),
            None => self.locate(error),
        }
    }

    /// Names the operator, the subtask and the source position that an error belongs to.
    pub(super) fn locate(&self, error: Error) -> Error {
        error.context(self.label.place(&self.origin))
    }

    /// Closes the operator, whatever it does; once.
    pub(super) fn close(&mut self) -> Result<()> {
        if std::mem::replace(&mut self.closed, true) {
            return Ok(());
        }
        self.origin = Origin::UNKNOWN;
        guarded(|| self.operator.close()).map_err(|error| self.locate(error).context("closing"))
    }
}

/// A node that never got into a task (the job could not be deployed, or was cancelled first) is closed all the same.
impl Drop for Node {
    fn drop(&mut self) {
        if let Err(error) = self.close() {
            tracing::warn!(%error, "an operator that never ran could not be closed");
        }
    }
}

/// Calls what may run code of the user; a panic in it is an error like any other.
pub(crate) fn guarded<R>(call: impl FnOnce() -> Result<R>) -> Result<R> {
    catch_unwind(AssertUnwindSafe(call)).unwrap_or_else(|panic| Err(panic_error(&*panic)))
}

/// What a function of the user said when it panicked.
pub(crate) fn panic_error(panic: &(dyn std::any::Any + Send)) -> Error {
    let message = match (panic.downcast_ref::<&str>(), panic.downcast_ref::<String>()) {
        (Some(text), _) => (*text).to_string(),
        (_, Some(text)) => text.clone(),
        _ => "a panic without a message".to_string(),
    };
    Error::new(ErrorKind::Function, format!("panicked: {message}"))
}
