//! What a task has to do with checkpoints.

use std::collections::VecDeque;
use std::time::Duration;

use hurtig_env::MonotonicTime;
use hurtig_state::StateImage;
use hurtig_types::{AlignmentType, Barrier, CheckpointId, Error, OperatorId};

use super::alignment::Aligned;

/// What a task is told about checkpoints.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CheckpointCommand {
    /// Take one: for sources, which start the barrier.
    Trigger(Barrier),
    /// It is complete: what was prepared for it may be committed.
    Completed(CheckpointId),
    /// It came to nothing.
    Aborted(CheckpointId),
}

/// What a task hands over at a barrier: the state of each of its operators, and what taking it cost.
#[derive(Debug)]
pub struct TaskSnapshot {
    /// The barrier.
    pub barrier: Barrier,
    /// The operators' states, by id.
    pub images: Vec<(OperatorId, StateImage)>,
    /// How long the channels whose barrier came first had to wait.
    pub alignment: Duration,
    /// How long the processing stood still.
    pub sync: Duration,
    /// How many bytes of records came between the first barrier and the last, and were processed.
    pub processed_bytes: u64,
    /// How many bytes of records in flight are in it.
    pub persisted_bytes: u64,
}

/// Takes what a task hands over. It may not block: what takes time is done elsewhere.
pub trait SnapshotReceiver: Send {
    /// The task has taken a snapshot.
    fn receive(&mut self, snapshot: TaskSnapshot);

    /// The task could not take it, and fails with this error.
    fn failed(&mut self, barrier: Barrier, error: &Error);

    /// The task has nothing to do but to wait for a checkpoint.
    fn request(&mut self);
}

/// A task's checkpoints: what it was told and has not done yet, and where its snapshots go.
#[derive(Default)]
pub(super) struct TaskCheckpoints {
    receiver: Option<Box<dyn SnapshotReceiver>>,
    /// Triggered and not begun, in order.
    pub(super) triggered: VecDeque<Barrier>,
    /// Up to this one they were triggered, or came to nothing.
    newest: Option<CheckpointId>,
    /// When the barrier began to pass through the chain.
    begun: Option<MonotonicTime>,
    requested: bool,
    /// Taken at a barrier that overtakes, until all that it has overtaken is copied.
    incomplete: Option<TaskSnapshot>,
}

impl TaskCheckpoints {
    pub(super) fn new(receiver: Option<Box<dyn SnapshotReceiver>>) -> Self {
        Self {
            receiver,
            ..Self::default()
        }
    }

    /// The task ends with the next checkpoint. Said once.
    pub(super) fn request(&mut self) {
        if !std::mem::replace(&mut self.requested, true)
            && let Some(receiver) = &mut self.receiver
        {
            receiver.request();
        }
    }

    /// A checkpoint is to be taken. What is told twice, or late, when a later one was triggered or this one has come to nothing, is passed
    /// over: barriers go out in order, each once. If it was still wanted it will expire.
    pub(super) fn trigger(&mut self, barrier: Barrier) {
        if self.newest < Some(barrier.checkpoint) {
            self.newest = Some(barrier.checkpoint);
            self.triggered.push_back(barrier);
        }
    }

    /// A barrier enters the chain.
    pub(super) fn begin(&mut self, now: MonotonicTime) {
        self.begun.get_or_insert(now);
    }

    /// The operators have handed over their state. At a barrier that waits for all before it, that is all.
    pub(super) fn taken(
        &mut self,
        (barrier, images): (Barrier, Vec<(OperatorId, StateImage)>),
        alignment: Aligned,
        now: MonotonicTime,
    ) {
        let begun = self.begun.take();
        let snapshot = TaskSnapshot {
            barrier,
            images,
            alignment: alignment.time,
            processed_bytes: alignment.processed_bytes,
            sync: begun.map_or(Duration::ZERO, |begun| now.saturating_since(begun)),
            persisted_bytes: 0,
        };
        if barrier.alignment == AlignmentType::Aligned {
            self.hand_over(snapshot);
        } else {
            self.incomplete = Some(snapshot);
        }
    }

    /// The barrier of the snapshot that waits for copies of what is in flight.
    pub(super) fn incomplete(&self) -> Option<Barrier> {
        self.incomplete.as_ref().map(|snapshot| snapshot.barrier)
    }

    /// The snapshot whose copies are there.
    pub(super) fn take_incomplete(&mut self) -> Option<TaskSnapshot> {
        self.incomplete.take()
    }

    /// A checkpoint came to nothing.
    pub(super) fn abort(&mut self, checkpoint: CheckpointId) {
        self.newest = self.newest.max(Some(checkpoint));
        self.triggered
            .retain(|barrier| barrier.checkpoint != checkpoint);
        self.incomplete
            .take_if(|snapshot| snapshot.barrier.checkpoint == checkpoint);
    }

    /// An operator could not hand over its state at this barrier.
    pub(super) fn failed(&mut self, barrier: Barrier, error: &Error) {
        if let Some(receiver) = &mut self.receiver {
            receiver.failed(barrier, error);
        }
    }

    pub(super) fn hand_over(&mut self, snapshot: TaskSnapshot) {
        if let Some(receiver) = &mut self.receiver {
            receiver.receive(snapshot);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use hurtig_types::{BarrierKind, Epoch};

    fn barrier(id: u64) -> Barrier {
        Barrier {
            checkpoint: CheckpointId::new(id),
            epoch: Epoch::new(1),
            kind: BarrierKind::Checkpoint,
            alignment: AlignmentType::Aligned,
            base: None,
        }
    }

    #[test]
    fn barriers_go_out_in_order_each_once_whatever_is_told_twice_or_late() {
        let mut checkpoints = TaskCheckpoints::default();
        let mut begun = Vec::new();
        for id in [2, 2, 1, 3] {
            checkpoints.trigger(barrier(id));
            begun.extend(checkpoints.triggered.pop_front());
        }
        assert_eq!(begun, [barrier(2), barrier(3)]);
        checkpoints.abort(CheckpointId::new(4));
        checkpoints.trigger(barrier(4));
        assert_eq!(checkpoints.triggered, [], "it came to nothing before");
        checkpoints.trigger(barrier(5));
        checkpoints.abort(CheckpointId::new(5));
        assert_eq!(checkpoints.triggered, []);
    }
}
