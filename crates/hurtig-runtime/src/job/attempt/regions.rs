//! A task of the attempt fails, and its region is started again beside the others.

use std::collections::BTreeSet;
use std::sync::Arc;

use hurtig_checkpoint::Participant;
use hurtig_types::{Error, ErrorKind, Result};

use super::Attempt;
use crate::job::checkpoints::{JobCheckpoints, Recovered};
use crate::job::master::{deploy_settings, may_restart, plan};
use crate::job::recovery::Recovery;
use crate::job::redeploy::{deploy_again, subtasks};
use crate::job::restart::Restarts;
use crate::task::TaskControl;

impl Attempt<'_> {
    /// A task has ended with an error: its region is stopped, to be started again, or the whole job is.
    pub(super) fn task_failed(
        &mut self,
        (place, participant): (usize, Participant),
        error: Error,
        checkpoints: &mut JobCheckpoints,
        restarts: &mut Restarts,
    ) {
        let Some(region) = self.failover.region(place, checkpoints) else {
            return self.take(Err(error), Some(place));
        };
        let recovery = self.recovery.get_or_insert_with(Recovery::new);
        if !recovery.places().contains(&place) {
            let running = region.intersection(&self.running).copied().collect();
            recovery.add(&region, running);
            checkpoints.region_failed(participant);
            let places: Vec<usize> = region.iter().copied().collect();
            self.client.stopping_region(&places);
        }
        // The echo of another's end may come before that.
        if error.kind() == ErrorKind::Cancelled {
            return;
        }
        if !recovery.is_unexplained(&region) {
            self.client.remember_failure(&error, Some(place), false);
            tracing::warn!(%error, "another error while a region was being stopped");
            return;
        }
        self.explain(place, &region, error, checkpoints, restarts);
    }

    /// The root cause of a region's failure is known: the restart strategy says what becomes of it.
    fn explain(
        &mut self,
        place: usize,
        region: &BTreeSet<usize>,
        error: Error,
        checkpoints: &JobCheckpoints,
        restarts: &mut Restarts,
    ) {
        let may = may_restart(&error);
        let pause = may.then(|| restarts.failed(checkpoints.now())).flatten();
        let (Some(pause), Some(recovery)) = (pause, &mut self.recovery) else {
            return self.take(Err(error), Some(place));
        };
        self.client.remember_failure(&error, Some(place), true);
        self.client.restarting_region();
        recovery.explain(region, self.place.world.clock().now(), pause);
        let (tasks, of) = (region.len(), self.participants.tasks.len());
        tracing::warn!(%error, ?pause, tasks, of, "a region of the job failed and is started again");
    }

    /// Does what can be done for those that are being started again.
    pub(super) fn go_on_recovering(&mut self, checkpoints: &JobCheckpoints) {
        if self.is_over() {
            if self.recovery.take().is_some() {
                // Those that were stopped for it never came to their ends.
                self.take(Err(Error::cancelled()), None);
            }
            return;
        }
        let Some(recovery) = &mut self.recovery else {
            return;
        };
        if recovery.remains_unexplained() {
            self.recovery = None;
            return self.take(Err(Error::cancelled()), None);
        }
        let job = self.place.job;
        recovery.advance(self.place.world.clock(), |places| {
            let all = subtasks(&job.plan.execution_graph);
            let wanted = all
                .filter(|(place, ..)| places.contains(place))
                .map(|(_, vertex, subtask)| Participant::Subtask(vertex, subtask.index));
            let wanted: BTreeSet<Participant> = wanted.collect();
            checkpoints.recover(plan(job), move |participant| wanted.contains(&participant))
        });
    }

    /// Starts the tasks that have failed, and those around them, from what was read.
    ///
    /// # Errors
    /// When they cannot be made.
    pub(super) fn start_again(
        &mut self,
        recovered: Recovered,
        checkpoints: &mut JobCheckpoints,
    ) -> Result<()> {
        let Some(recovery) = self.recovery.take() else {
            return Ok(());
        };
        let place = self.place;
        let from = recovered.checkpoint();
        let settings = deploy_settings(place.settings, checkpoints, place.job, recovered)?;
        let tasks = deploy_again(
            (place.job, place.world, &self.client),
            settings,
            recovery.places(),
            &self.revivals,
            from,
        )?;
        let mut controls = Vec::new();
        for task in &tasks {
            let control = Arc::<TaskControl>::default();
            if let Some(known) = self.participants.tasks.get_mut(task.place) {
                *known = Arc::clone(&control);
            }
            controls.push((task.place, control));
        }
        self.client.running_region(&controls);
        let restarted = tasks.iter().map(|task| task.participant).collect();
        for (task, (_, control)) in tasks.into_iter().zip(controls) {
            self.start_task(task, control);
        }
        checkpoints.region_deployed(self.participants.tasks.clone(), restarted);
        tracing::info!(
            ?from,
            tasks = recovery.places().len(),
            "the region runs again"
        );
        // A cancellation that came before the tasks were known.
        if self.client.cancel_requested() {
            self.client.cancel();
        }
        Ok(())
    }
}
