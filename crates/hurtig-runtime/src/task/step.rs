//! The step machine of a subtask.

use std::task::{Poll, Waker};

use hurtig_env::{Clock, MonotonicTime};
use hurtig_metrics::MetricGroup;
use hurtig_types::{AlignmentType, Barrier, Error, Result, Timestamp};

use super::chain::{ChainState, OperatorChain};
use super::checkpoints::{CheckpointCommand, SnapshotReceiver, TaskCheckpoints};
use super::head::Head;
use super::metrics::{Spent, TaskMetrics};

/// How many calls of operators one step may make before it returns.
const CALLS_PER_STEP_MAX: usize = 64;

/// What a step came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StepOutcome {
    /// It did something; there may be more to do.
    Progressed,
    /// There is nothing to read. The waker is woken when there is.
    BlockedOnInput,
    /// There is no credit to send with. The waker is woken when there is.
    BlockedOnOutput,
    /// An operator waits for the outside world, which wakes the waker.
    BlockedOnOperator,
    /// The input has ended and everything was passed on.
    Finished,
}

/// A subtask: a head, a chain behind it, and nothing that runs by itself.
///
/// [`step`](Task::step) takes at most one batch, one signal or one slice of timers through the chain and returns. Who calls it, and on
/// which thread, is somebody else's concern.
pub struct Task {
    head: Head,
    chain: OperatorChain,
    clock: Clock,
    metrics: TaskMetrics,
    /// Since when, and with what, the task has been waiting or working.
    spending: (Spent, MonotonicTime),
    opened: bool,
    closed: bool,
    /// Whether the chain is full: neither a source nor a timer can do anything then.
    blocked: bool,
    checkpoints: TaskCheckpoints,
    /// Whether barriers may overtake.
    overtaking: bool,
    /// Operators have promised state that they still encode.
    encoding: bool,
}

impl Task {
    /// A task of this head and chain.
    pub fn new(head: Head, chain: OperatorChain, clock: Clock, metrics: &MetricGroup) -> Self {
        let spending = (Spent::Idle, clock.now());
        let metrics = TaskMetrics::register(metrics);
        Self {
            head,
            chain,
            clock,
            metrics,
            spending,
            opened: false,
            closed: false,
            blocked: false,
            checkpoints: TaskCheckpoints::default(),
            overtaking: false,
            encoding: false,
        }
    }

    /// The same task, in which barriers may overtake.
    #[must_use]
    pub fn with_overtaking(mut self) -> Self {
        self.overtaking = true;
        self
    }

    /// The same task, which hands its snapshots to `receiver`.
    #[must_use]
    pub fn with_checkpoints(mut self, receiver: Box<dyn SnapshotReceiver>) -> Self {
        self.checkpoints = TaskCheckpoints::new(Some(receiver));
        self
    }

    /// Takes in what is said about a checkpoint.
    ///
    /// # Errors
    /// When something that was prepared could not be committed.
    pub fn command(&mut self, command: CheckpointCommand) -> Result<()> {
        match command {
            CheckpointCommand::Trigger(barrier) => self.checkpoints.trigger(barrier),
            CheckpointCommand::Completed(checkpoint) => {
                self.head.checkpoint_completed(checkpoint)?;
                self.chain.checkpoint_completed(checkpoint)?;
            }
            CheckpointCommand::Aborted(checkpoint) => {
                self.checkpoints.abort(checkpoint);
                self.head.checkpoint_aborted(checkpoint);
            }
        }
        Ok(())
    }

    /// Does the next piece of work. After a `Blocked…` outcome it need not be called again before `waker` was woken or
    /// [`deadline`](Task::deadline) has come.
    ///
    /// # Errors
    /// Why the job must fail.
    pub fn step(&mut self, waker: &Waker) -> Result<StepOutcome> {
        let monotonic = self.clock.now();
        let now = Timestamp::from_millis(self.clock.wall_clock_ms());
        self.spend_until(monotonic);
        self.head.lend(now, monotonic, waker);
        self.chain.lend(now, monotonic, waker);
        self.chain.flush_due(monotonic, waker)?;
        let outcome = self.advance(now, waker);
        let outcome = outcome.inspect_err(|error| self.blame(error))?;
        self.blocked = matches!(
            outcome,
            StepOutcome::BlockedOnOutput | StepOutcome::BlockedOnOperator
        );
        if matches!(
            outcome,
            StepOutcome::BlockedOnInput | StepOutcome::BlockedOnOperator
        ) {
            self.chain.flush_idle(waker)?;
        }
        let outcome = self.encode_some(outcome);
        self.metrics.sent(self.chain.sent());
        let spent = Spent::from(outcome);
        if spent != self.spending.0 {
            // What was done in this step was work, also when it ends in waiting.
            let until = self.clock.now();
            self.metrics.spend(Spent::Busy, monotonic, until);
            self.spending = (spent, until);
        }
        Ok(outcome)
    }

    fn advance(&mut self, now: Timestamp, waker: &Waker) -> Result<StepOutcome> {
        if !std::mem::replace(&mut self.opened, true) {
            self.chain.open()?;
            self.head.open()?;
            if let Some(watermark) = self.chain.interrupted_at() {
                self.head.raise(watermark);
            }
        }
        let mut due = if self.overtaking {
            self.overtaking_due(now)?
        } else {
            None
        };
        if self.chain.is_interruptible() {
            self.interrupt(due.take(), waker)?;
        }
        match self.run_chain(waker, now, due.is_some())? {
            ChainState::Idle => {}
            ChainState::Busy => return Ok(StepOutcome::Progressed),
            ChainState::BlockedOnOutput => return Ok(StepOutcome::BlockedOnOutput),
            ChainState::BlockedOnOperator => return Ok(StepOutcome::BlockedOnOperator),
        }
        if let Some(barrier) = due
            && self.chain.barrier().is_none()
            && self.head.overtake(barrier, &mut self.chain)?
        {
            return Ok(StepOutcome::Progressed);
        }
        if self.chain.is_finished(waker) {
            return Ok(StepOutcome::Finished);
        }
        if self.chain.waits_for_commit() {
            self.checkpoints.request();
        }
        if let Some(&barrier) = self.checkpoints.triggered.front()
            && self.head.trigger(barrier, &mut self.chain, waker)?
        {
            self.checkpoints.triggered.pop_front();
            return Ok(StepOutcome::Progressed);
        }
        if self.chain.fire_due(now) {
            return Ok(StepOutcome::Progressed);
        }
        match self.head.poll_next(&mut self.chain, waker) {
            Poll::Pending => Ok(StepOutcome::BlockedOnInput),
            Poll::Ready(Err(error)) => Err(error),
            Poll::Ready(Ok(())) => Ok(match self.run_chain(waker, now, due.is_some())? {
                ChainState::Idle | ChainState::Busy => StepOutcome::Progressed,
                ChainState::BlockedOnOutput => StepOutcome::BlockedOnOutput,
                ChainState::BlockedOnOperator => StepOutcome::BlockedOnOperator,
            }),
        }
    }

    /// Tells whose snapshot it was, where the error came of one: the checkpoint ends with the attempt, and would not say why.
    fn blame(&mut self, error: &Error) {
        let at = self.head.failed_at_barrier();
        if let Some(barrier) = at.or_else(|| self.chain.failed_at_barrier()) {
            self.checkpoints.failed(barrier, error);
        }
    }

    /// Encodes a part of what a snapshot promised, beside the processing: instead of waiting, if there is nothing else to do. Nor does
    /// a task end before all is encoded: the checkpoint would come to nothing, and with it the job.
    fn encode_some(&mut self, outcome: StepOutcome) -> StepOutcome {
        if !self.encoding {
            return outcome;
        }
        self.encoding = self.chain.encode_some();
        match outcome {
            StepOutcome::Finished if !self.encoding => StepOutcome::Finished,
            _ => StepOutcome::Progressed,
        }
    }

    /// Lets a barrier pass what the chain is saying, if one may now: that which is due, which is next in the channels, or which nobody
    /// sends because all inputs have ended.
    fn interrupt(&mut self, due: Option<Barrier>, waker: &Waker) -> Result<()> {
        if let Some(barrier) = due {
            return self.head.overtake(barrier, &mut self.chain).map(drop);
        }
        self.head.take_barriers(&mut self.chain)?;
        if let Some(&barrier) = self.checkpoints.triggered.front()
            && self.chain.barrier().is_none()
            && !self.head.is_source()
            && self.head.trigger(barrier, &mut self.chain, waker)?
        {
            self.checkpoints.triggered.pop_front();
        }
        Ok(())
    }

    /// Lets the chain work, and hands over what its operators handed over at a barrier.
    fn run_chain(&mut self, waker: &Waker, now: Timestamp, is_due: bool) -> Result<ChainState> {
        if self.chain.barrier().is_some() {
            self.checkpoints.begin(self.clock.now());
        }
        let overdraft = self.chain.overdraft_bytes_max(is_due, now);
        let chain = &mut self.chain;
        let state = chain.run_within(waker, CALLS_PER_STEP_MAX, overdraft)?;
        if let Some((barrier, mut images)) = self.chain.take_snapshot() {
            images.extend(self.head.take_image());
            self.encoding |= images.iter().any(|(_, image)| !image.promised.is_empty());
            let (alignment, at) = (self.head.take_alignment(), self.clock.now());
            self.metrics.aligned(alignment.time);
            self.checkpoints.taken((barrier, images), alignment, at);
            self.complete(now)?;
        }
        Ok(state)
    }

    /// The barrier at which a snapshot is to be taken at once. Completes that of the one before, if what it has overtaken is copied.
    fn overtaking_due(&mut self, now: Timestamp) -> Result<Option<Barrier>> {
        let triggered = self.checkpoints.triggered.front().copied();
        let due = self.head.overtaking_due(triggered, now)?;
        self.complete(now)?;
        Ok(due)
    }

    /// Hands over a snapshot as soon as the barrier has left, and all that it has overtaken is copied.
    fn complete(&mut self, now: Timestamp) -> Result<()> {
        let Some(barrier) = self.checkpoints.incomplete() else {
            return Ok(());
        };
        let checkpoint = barrier.checkpoint;
        if barrier.overtakes(now) {
            self.chain.hurry(checkpoint)?;
        }
        if self.chain.holds_back(checkpoint) || !self.head.has_in_flight(checkpoint) {
            return Ok(());
        }
        if let Some(mut snapshot) = self.checkpoints.take_incomplete() {
            let (pieces, bytes) = self.head.take_in_flight(checkpoint)?;
            self.chain.add_in_flight(&mut snapshot.images, pieces);
            let overtaken = self
                .chain
                .take_overtaken(checkpoint, &mut snapshot.images)?;
            snapshot.persisted_bytes = bytes + overtaken;
            snapshot.processed_bytes += self.head.take_overtaken();
            self.checkpoints.hand_over(snapshot);
        }
        Ok(())
    }

    /// When a barrier that waits, before the task, in it or behind it, will overtake. What is past is not waited for.
    fn overtaking_deadline(&self) -> Option<MonotonicTime> {
        let until = |barrier: Option<Barrier>| match barrier?.alignment {
            AlignmentType::AlignedUntil(time) => Some(time),
            AlignmentType::Aligned | AlignmentType::Unaligned => None,
        };
        let triggered = self.checkpoints.triggered.front().copied();
        let times = [
            self.head.overtaking_deadline(),
            until(triggered),
            until(self.chain.barrier()),
            until(self.checkpoints.incomplete()),
        ];
        let now = self.clock.wall_clock_ms();
        let to_come = times.into_iter().flatten();
        let to_come = to_come.filter(|time| time.as_millis() > now);
        to_come.min().map(|time| self.monotonic_of(time))
    }

    /// Whether it is told to stop and may: nothing is on its way through the chain, and all that was prepared is committed.
    pub(super) fn may_stop(&self, outcome: StepOutcome) -> bool {
        outcome == StepOutcome::BlockedOnInput && self.chain.is_committed()
    }

    /// When it wants to be stepped again even if nobody wakes it: a timer, a partial batch, a periodic watermark.
    ///
    /// While it is blocked on output or on an operator, timers and sources wait for that, however long they are due: a deadline that
    /// is past and stays so would make the task spin.
    pub fn deadline(&self) -> Option<MonotonicTime> {
        let overtaking = if self.overtaking {
            self.overtaking_deadline()
        } else {
            None
        };
        if self.blocked {
            let flush = self.chain.flush_deadline();
            return flush.into_iter().chain(overtaking).min();
        }
        let timer = self.chain.next_time().map(|time| self.monotonic_of(time));
        let others = [
            self.chain.flush_deadline(),
            self.head.deadline(),
            timer,
            overtaking,
        ];
        others.into_iter().flatten().min()
    }

    /// Closes every operator and the source; once, whatever happened. The first error counts.
    ///
    /// # Errors
    /// What could not be ended well.
    pub fn close(&mut self) -> Result<()> {
        if std::mem::replace(&mut self.closed, true) {
            return Err(Error::bug("a task was closed twice"));
        }
        let until = self.clock.now();
        self.spend_until(until);
        let chain = self.chain.close();
        let head = self.head.close();
        chain.and(head)
    }

    fn spend_until(&mut self, until: MonotonicTime) {
        let (spent, since) = self.spending;
        self.metrics.spend(spent, since, until);
        self.spending = (spent, until);
    }

    /// Timers are set by the wall clock, sleeping is done by the monotonic one.
    fn monotonic_of(&self, time: Timestamp) -> MonotonicTime {
        let ahead = time
            .as_millis()
            .saturating_sub(self.clock.wall_clock_ms())
            .max(0);
        self.clock.now() + std::time::Duration::from_millis(ahead.unsigned_abs())
    }
}
