//! How a checkpoint comes to be, or to nothing.

use std::sync::Arc;

use super::pending::{Pending, Stage};
use super::{
    ABORTED_REMEMBERED_MAX, AbortCause, Action, CheckpointLocation, ClaimMode, CompletedCheckpoint,
    Coordinator, DeclinePhase, Phase,
};
use crate::shared::is_shared;
use crate::state::files_of;
use crate::{CheckpointId, FileScope, Participant, Snapshot, StateFile};

impl Coordinator {
    pub(super) fn acknowledged(
        &mut self,
        id: CheckpointId,
        participant: Participant,
        snapshot: Snapshot,
    ) {
        let Some(pending) = self.pending.get_mut(&id) else {
            return self.came_late(id, &snapshot);
        };
        if !pending.is_missing(participant) {
            return; // Unknown, or said twice.
        }
        let added = match pending.acknowledge(participant, snapshot, &self.plan) {
            Ok(added) => added,
            Err(cause) => return self.abort(id, cause),
        };
        if let Err(error) = self.shared.retain(added.iter()) {
            // None of these was counted, so none may be given back.
            pending.forget(&added);
            let cause = error.to_string();
            self.abort(id, AbortCause::Invalid { participant, cause });
        }
    }

    /// An aborted checkpoint leaves no files, not even those that came after its end. Of one that is not known to be aborted
    /// nothing is deleted: it may be complete, and this a message sent twice.
    fn came_late(&mut self, id: CheckpointId, snapshot: &Snapshot) {
        let aborted = self.aborted.iter().find(|(aborted, _)| *aborted == id);
        let Some((_, location)) = aborted else {
            return;
        };
        self.actions.push(Action::DeleteCheckpoint {
            checkpoint: id,
            location: location.clone(),
            files: exclusive(files_of(snapshot)),
        });
        let shared: Vec<StateFile> = files_of(snapshot)
            .filter(|f| is_shared(f))
            .cloned()
            .collect();
        // Counted for a moment: what somebody else names stays, and what nobody names goes.
        if self.shared.retain(shared.iter()).is_ok() {
            self.shared.release(shared.iter(), self.last_id());
        }
    }

    pub(super) fn declined(
        &mut self,
        id: CheckpointId,
        participant: Participant,
        phase: DeclinePhase,
        cause: String,
    ) {
        let pending = self.pending.get(&id);
        if pending.is_some_and(|pending| pending.is_missing(participant)) {
            self.abort(
                id,
                AbortCause::Declined {
                    participant,
                    phase,
                    cause,
                },
            );
        }
    }

    /// A checkpoint without the last words of a participant that has ended would lose them.
    pub(super) fn task_finished(&mut self, participant: Participant) {
        if !self.plan.finish(participant) {
            return;
        }
        let waiting = self.pending.values().filter(|p| p.is_missing(participant));
        let waiting: Vec<CheckpointId> = waiting.map(|p| p.id).collect();
        for id in waiting {
            self.abort(id, AbortCause::TaskFinished(participant));
        }
    }

    pub(super) fn expire(&mut self) {
        let is_expired = |p: &&Pending| p.stage == Stage::Acking && p.deadline <= self.now;
        let expired = self.pending.values().filter(is_expired);
        let expired: Vec<_> = expired.map(|p| (p.id, p.expired())).collect();
        for (id, cause) in expired {
            self.abort(id, cause);
        }
    }

    /// One at a time, and the oldest first: so they complete in order.
    pub(super) fn write_next(&mut self) {
        let Some(epoch) = self.epoch.filter(|_| !self.is_writing()) else {
            return;
        };
        let mut acked = self
            .pending
            .values_mut()
            .filter(|p| p.stage == Stage::Acked);
        let Some(pending) = acked.next() else {
            return;
        };
        let metadata = Arc::new(pending.take_metadata(epoch, &self.plan));
        pending.stage = Stage::Writing;
        pending.metadata = Some(metadata.clone());
        self.actions.push(Action::WriteMetadata {
            epoch,
            location: pending.location(&self.plan),
            metadata,
        });
    }

    pub(super) fn written(&mut self, id: CheckpointId) {
        let Some(pending) = self.take_writing(id) else {
            return;
        };
        let Some(metadata) = pending.metadata.clone() else {
            return;
        };
        self.actions.push(Action::Completed(id));
        let location = pending.location(&self.plan);
        let completed = CompletedCheckpoint::new(location, metadata, ClaimMode::Claim);
        if pending.is_savepoint() {
            self.savepoint_complete(&pending, completed);
        } else {
            self.checkpoint_complete(completed);
        }
    }

    fn checkpoint_complete(&mut self, completed: CompletedCheckpoint) {
        let id = completed.id();
        self.notify_complete(id);
        self.failures = 0;
        self.schedule.ended(self.now, &self.config);
        self.retained.push_back(completed);
        let earlier = self.pending.range(..id).map(|(_, pending)| pending);
        let earlier: Vec<_> = earlier
            .filter(|p| !p.is_savepoint())
            .map(|p| p.id)
            .collect();
        for subsumed in earlier {
            self.abort(subsumed, AbortCause::Subsumed(id));
        }
        while self.retained.len() > self.config.num_retained as usize {
            self.drop_oldest();
        }
    }

    /// Savepoints that the job outlives commit nothing: recovery may go back behind them. One that ends the job commits, and
    /// so must be what a next attempt starts from; unless the attempt was over before anybody was told.
    fn savepoint_complete(&mut self, pending: &Pending, completed: CompletedCheckpoint) {
        self.answer(pending, Ok(()));
        if pending.ends_job() && self.has_tasks() {
            self.notify_complete(completed.id());
            self.foreign = Some(completed);
            if self.phase == Phase::Running {
                self.phase = Phase::Stopping;
            }
        }
    }

    fn notify_complete(&mut self, checkpoint: CheckpointId) {
        if let Some(epoch) = self.epoch.filter(|_| self.has_tasks()) {
            self.actions
                .push(Action::NotifyComplete { epoch, checkpoint });
        }
    }

    pub(super) fn drop_oldest(&mut self) {
        if let Some(oldest) = self.retained.pop_front() {
            self.shared.release(oldest.files(), self.last_id());
            self.actions.push(Action::DeleteCheckpoint {
                checkpoint: oldest.id(),
                location: oldest.location().clone(),
                files: exclusive(oldest.files()),
            });
        }
    }

    pub(super) fn write_failed(&mut self, id: CheckpointId, cause: String) {
        if let Some(pending) = self.take_writing(id) {
            self.discard(pending, AbortCause::MetadataFailed(cause));
        }
    }

    fn take_writing(&mut self, id: CheckpointId) -> Option<Pending> {
        let pending = self.pending.get(&id)?;
        (pending.stage == Stage::Writing).then_some(())?;
        self.pending.remove(&id)
    }

    /// Ends a checkpoint before its time. What is being written is not ended: whether it exists is not ours to say any more.
    pub(super) fn abort(&mut self, id: CheckpointId, cause: AbortCause) {
        let pending = self.pending.get(&id);
        if pending.is_some_and(|pending| pending.stage != Stage::Writing)
            && let Some(pending) = self.pending.remove(&id)
        {
            self.discard(pending, cause);
        }
    }

    fn discard(&mut self, pending: Pending, cause: AbortCause) {
        let checkpoint = pending.id;
        self.shared.release(pending.files(), self.last_id());
        self.answer(&pending, Err(cause.to_string()));
        self.actions.push(Action::Aborted {
            checkpoint,
            cause: cause.clone(),
        });
        if let Some(epoch) = self.epoch.filter(|_| self.has_tasks()) {
            self.actions
                .push(Action::NotifyAborted { epoch, checkpoint });
        }
        let location = pending.location(&self.plan);
        self.remember_aborted(checkpoint, location.clone());
        self.actions.push(Action::DeleteCheckpoint {
            checkpoint,
            location,
            files: exclusive(pending.files()),
        });
        if pending.is_savepoint() {
            self.resume_after(&pending);
            return;
        }
        self.schedule.ended(self.now, &self.config);
        self.count_failure(checkpoint, &cause);
    }

    fn remember_aborted(&mut self, id: CheckpointId, location: CheckpointLocation) {
        if self.aborted.len() == ABORTED_REMEMBERED_MAX {
            self.aborted.pop_front();
        }
        self.aborted.push_back((id, location));
    }

    fn count_failure(&mut self, checkpoint: CheckpointId, cause: &AbortCause) {
        if !cause.is_failure() || self.phase != Phase::Running {
            return;
        }
        self.failures += 1;
        if self.failures > self.config.tolerable_failed {
            let cause = format!(
                "checkpoint {checkpoint}: {cause}; {} failed in a row, and \
                 `execution.checkpointing.tolerable-failed-checkpoints` is {}",
                self.failures, self.config.tolerable_failed
            );
            self.failures = 0;
            self.phase = Phase::Failing;
            self.actions.push(Action::FailJob { cause });
        }
    }

    pub(super) fn delete_unnamed(&mut self) {
        let oldest = self.pending.keys().next().copied();
        let files = self.shared.take_unnamed(oldest);
        if !files.is_empty() {
            self.actions.push(Action::DeleteShared(files));
        }
    }
}

fn exclusive<'a>(files: impl Iterator<Item = &'a StateFile>) -> Vec<StateFile> {
    let own = files.filter(|file| file.scope == FileScope::Exclusive);
    own.cloned().collect()
}
