//! When checkpoints and savepoints begin.

use std::ops::Range;
use std::time::Duration;

use super::pending::Pending;
use super::{
    Action, CheckpointKind, CompletedCheckpoint, Coordinator, Phase, SAVEPOINTS_QUEUED_MAX,
    SavepointRequest, StopMode,
};
use crate::CheckpointId;

/// More ids are reserved when fewer than these are left, so that no checkpoint waits for them.
const IDS_LEFT_MIN: u64 = 16;

/// Why there is no savepoint.
const RECOVERING: &str = "some tasks of the job have failed and are started again: ask later";

impl Coordinator {
    pub(super) fn savepoint_requested(&mut self, request: u64, directory: String, stop: StopMode) {
        let refusal = if matches!(self.phase, Phase::Recovering { .. }) {
            RECOVERING
        } else if self.phase != Phase::Running {
            "the job is not running"
        } else if !self.plan.has_running_subtasks() {
            "all tasks have finished"
        } else if self.requests.len() >= SAVEPOINTS_QUEUED_MAX {
            "too many savepoints are waiting: ask again when some are done"
        } else {
            self.requests.push_back(SavepointRequest {
                request,
                directory,
                stop,
            });
            return;
        };
        self.actions.push(Action::AnswerSavepoint {
            request,
            outcome: Err(refusal.to_string()),
        });
    }

    pub(super) fn trigger_due(&mut self) {
        if self.phase != Phase::Running {
            return self.refuse_savepoints();
        }
        let has_savepoint = self.pending.values().any(Pending::is_savepoint);
        if !has_savepoint
            && !self.ids.is_empty()
            && let Some(next) = self.requests.pop_front()
        {
            self.trigger_savepoint(next);
        }
        let is_due = self.next_trigger().is_some_and(|time| time <= self.now);
        if is_due && !self.ids.is_empty() {
            self.schedule.triggered(self.now, &self.config);
            self.trigger(CheckpointKind::Checkpoint, None);
        }
    }

    /// Nothing is triggered any more: whoever waits is told.
    fn refuse_savepoints(&mut self) {
        let reason = if matches!(self.phase, Phase::Recovering { .. }) {
            RECOVERING
        } else {
            "the job is being stopped, or is failing"
        };
        for waiting in std::mem::take(&mut self.requests) {
            self.actions.push(Action::AnswerSavepoint {
                request: waiting.request,
                outcome: Err(reason.to_string()),
            });
        }
    }

    fn trigger_savepoint(&mut self, savepoint: SavepointRequest) {
        if savepoint.stop != StopMode::GoOn {
            self.schedule.stop();
        }
        let kind = CheckpointKind::Savepoint {
            directory: savepoint.directory,
            stop: savepoint.stop,
        };
        self.trigger(kind, Some(savepoint.request));
    }

    fn trigger(&mut self, kind: CheckpointKind, request: Option<u64>) {
        let (Some(epoch), Some(number)) = (self.epoch, self.ids.next()) else {
            return;
        };
        let checkpoint = CheckpointId::new(number);
        let deadline = self.now.saturating_add(self.config.timeout);
        let base = match kind {
            CheckpointKind::Checkpoint => self.base(),
            CheckpointKind::Savepoint { .. } => None,
        };
        let pending = Pending::new(checkpoint, kind.clone(), request, deadline, &self.plan);
        self.pending.insert(checkpoint, pending);
        self.actions.push(Action::Trigger {
            epoch,
            checkpoint,
            kind,
            base,
        });
    }

    /// What the job may build on: its own newest, unless it started anew from something of the user's.
    fn base(&self) -> Option<CheckpointId> {
        let latest = self.latest().filter(|latest| latest.belongs_to_job());
        latest.map(CompletedCheckpoint::id)
    }

    /// When the next checkpoint may be triggered; none while there is no room for one.
    fn next_trigger(&self) -> Option<Duration> {
        let checkpoints = self.pending.values().filter(|p| !p.is_savepoint()).count();
        let waits = self.config.waits_for_savepoints && self.pending.len() > checkpoints;
        let has_room = checkpoints < self.config.max_concurrent as usize && !waits;
        let may = has_room && self.phase == Phase::Running && self.plan.has_running_subtasks();
        self.schedule.next().filter(|_| may)
    }

    pub(super) fn reserve_ids(&mut self) {
        let left = self.ids.end.saturating_sub(self.ids.start);
        if left < IDS_LEFT_MIN && !self.is_reserving && self.phase == Phase::Running {
            self.is_reserving = true;
            self.actions.push(Action::ReserveIds);
        }
    }

    /// Ids that continue ours are added to them; others take their place, so that ids only grow.
    pub(super) fn ids_reserved(&mut self, ids: Range<u64>) {
        self.is_reserving = false;
        if ids.start < self.ids.end || ids.is_empty() {
            return;
        }
        if ids.start == self.ids.end {
            self.ids.end = ids.end;
        } else {
            self.ids = ids;
        }
    }

    pub(super) fn ask_to_be_woken(&mut self) {
        let trigger = self.next_trigger().filter(|_| !self.ids.is_empty());
        let wish = trigger.into_iter().chain(self.next_deadline()).min();
        let news = self.schedule.tell(self.now, wish);
        self.actions.extend(news.map(Action::WakeAt));
    }
}
