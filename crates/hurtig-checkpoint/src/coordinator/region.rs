//! Some tasks fail and are started again, while the others go on.

use super::pending::Pending;
use super::{AbortCause, Coordinator, Phase};
use crate::{CheckpointId, Epoch, Participant};

impl Coordinator {
    /// Whether tasks can be started again while the others go on. Not while the job is being stopped with a savepoint: those that go on
    /// have sent nothing behind its barrier, and may have ended with it.
    pub fn can_restart_regions(&self) -> bool {
        let may = matches!(self.phase, Phase::Running | Phase::Recovering { .. });
        let is_stopping = self.pending.values().any(Pending::ends_job);
        may && !is_stopping
    }

    /// What is in flight has lost participants. What is being written is left to its end, as between two attempts: what is started again
    /// starts from it, if it comes to be.
    pub(super) fn region_failed(&mut self, failed: Participant) {
        if !self.can_restart_regions() {
            return;
        }
        if self.phase == Phase::Running {
            self.phase = Phase::Recovering { is_ready: false };
        }
        let ids: Vec<CheckpointId> = self.pending.keys().copied().collect();
        for id in ids {
            self.abort(id, AbortCause::RegionFailed(failed));
        }
    }

    /// The tasks run again. Those that had finished before the failure run as well: what they did since the checkpoint was undone.
    pub(super) fn region_deployed(&mut self, epoch: Epoch, restarted: Vec<Participant>) {
        let is_newer = self.epoch.is_some_and(|current| epoch > current);
        if self.phase != (Phase::Recovering { is_ready: true }) || !is_newer {
            return;
        }
        self.epoch = Some(epoch);
        for participant in restarted {
            self.plan.restart(participant);
        }
        self.phase = Phase::Running;
        self.schedule.start(self.now, &self.config);
    }
}
