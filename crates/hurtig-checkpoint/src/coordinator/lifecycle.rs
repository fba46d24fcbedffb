//! Attempts of the job, and its end.

use super::pending::{Pending, Stage};
use super::plan::Plan;
use super::{
    AbortCause, Action, CheckpointKind, CheckpointLocation, Coordinator, Phase, VertexPlan,
};
use crate::{CheckpointId, Epoch, JobEnd};

impl Coordinator {
    /// A new attempt, from what `ReadyToRestore` named. One that comes sooner would start from a checkpoint of which nobody
    /// knows whether it is the last.
    pub(super) fn deployed(&mut self, epoch: Epoch, vertices: Vec<VertexPlan>) {
        if self.epoch.is_some_and(|current| epoch <= current) || self.has_ended() {
            return;
        }
        if self.phase != Phase::Idle {
            if matches!(self.phase, Phase::Running | Phase::Recovering { .. }) {
                self.phase = Phase::Failing;
            }
            let cause = "deployed before the attempt before it had been suspended".to_string();
            self.actions.push(Action::FailJob { cause });
            return;
        }
        self.epoch = Some(epoch);
        self.plan = Plan::new(self.plan.job, vertices);
        self.phase = Phase::Running;
        self.failures = 0;
        self.schedule.start(self.now, &self.config);
    }

    pub(super) fn suspended(&mut self) {
        if !self.has_ended() {
            self.phase = Phase::Suspending;
            self.stop_all("the attempt was over");
        }
    }

    pub(super) fn ended(&mut self, end: JobEnd) {
        if !self.has_ended() {
            self.phase = Phase::Ending(end);
            self.stop_all("the job was over");
        }
    }

    fn has_ended(&self) -> bool {
        matches!(self.phase, Phase::Ending(_) | Phase::Ended)
    }

    fn stop_all(&mut self, reason: &str) {
        self.schedule.stop();
        let ids: Vec<CheckpointId> = self.pending.keys().copied().collect();
        for id in ids {
            self.abort(id, AbortCause::Suspended);
        }
        for waiting in std::mem::take(&mut self.requests) {
            self.actions.push(Action::AnswerSavepoint {
                request: waiting.request,
                outcome: Err(reason.to_string()),
            });
        }
    }

    /// Goes on once no write is in doubt.
    pub(super) fn settle_phase(&mut self) {
        if !self.pending.is_empty() {
            return;
        }
        match self.phase {
            Phase::Suspending => {
                self.phase = Phase::Idle;
                let latest = self.latest().cloned();
                self.actions.push(Action::ReadyToRestore(latest));
            }
            Phase::Recovering { is_ready: false } => {
                self.phase = Phase::Recovering { is_ready: true };
                let latest = self.latest().cloned();
                self.actions.push(Action::ReadyToRestore(latest));
            }
            Phase::Ending(end) => self.release(end),
            _ => {}
        }
    }

    fn release(&mut self, end: JobEnd) {
        self.phase = Phase::Ended;
        // What it claimed and never ran from it does not delete: the state may not even have fitted.
        let has_run = self.epoch.is_some();
        while has_run && !self.config.retention.keeps_after(end) && !self.retained.is_empty() {
            self.drop_oldest();
        }
        self.delete_unnamed();
        let kept = self.retained.iter().map(|kept| kept.location().clone());
        let kept: Vec<CheckpointLocation> = kept.collect();
        self.actions.push(Action::Released(kept));
    }

    /// Periodic checkpoints go on after a savepoint that was to end the job and did not.
    pub(super) fn resume_after(&mut self, savepoint: &Pending) {
        if savepoint.ends_job() && self.phase == Phase::Running {
            self.schedule.start(self.now, &self.config);
        }
    }

    pub(super) fn answer(&mut self, pending: &Pending, outcome: Result<(), String>) {
        let CheckpointKind::Savepoint { directory, .. } = &pending.kind else {
            return;
        };
        if let Some(request) = pending.request {
            let outcome = outcome.map(|()| directory.clone());
            self.actions
                .push(Action::AnswerSavepoint { request, outcome });
        }
    }

    /// The earliest time at which a checkpoint in flight expires.
    pub(super) fn next_deadline(&self) -> Option<std::time::Duration> {
        let acking = self.pending.values().filter(|p| p.stage == Stage::Acking);
        acking.map(|pending| pending.deadline).min()
    }
}
