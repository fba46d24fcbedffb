//! What a job's master does with its client: takes wishes, and tells what happens.

use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use hurtig_types::{Error, ErrorKind, Result};

use super::{JobClient, SavepointRequest, Wish};
use crate::job::history::Execution;
use crate::job::status::{ExecutionState, JobStatus};
use crate::task::TaskControl;

impl JobClient {
    /// The next thing that somebody wants of the master: a savepoint, or, if there is none, that the job be cancelled.
    pub(in crate::job) fn poll_wish(&self, context: &mut Context<'_>) -> Poll<Wish> {
        if let Poll::Ready(request) = self.poll_savepoint(context) {
            return Poll::Ready(Wish::Savepoint(request));
        }
        if self.cancel_requested() {
            return Poll::Ready(Wish::Cancel);
        }
        Poll::Pending
    }

    /// The next savepoint that somebody wants.
    pub(in crate::job) fn poll_savepoint(
        &self,
        context: &mut Context<'_>,
    ) -> Poll<SavepointRequest> {
        let mut state = self.shared.state.lock();
        if let Some(request) = state.requests.pop_front() {
            return Poll::Ready(request);
        }
        state.master = Some(context.waker().clone());
        Poll::Pending
    }

    /// It failed and will be started again.
    pub(in crate::job) fn restarting(&self) {
        let mut state = self.shared.state.lock();
        state.restarts += 1;
        state.full_restarts += 1;
        self.shared.restarts.set(i64::from(state.restarts));
        let full = i64::from(state.full_restarts);
        self.shared.full_restarts.set(full);
        state.tasks.clear();
        if !state.cancel_requested {
            state.history.restarting(self.now_ms());
        }
    }

    /// A task failed, and those at these places are stopped and started again with it.
    pub(in crate::job) fn stopping_region(&self, places: &[usize]) {
        let tasks = {
            let mut state = self.shared.state.lock();
            if !state.cancel_requested {
                state.history.region_failed(places, self.now_ms());
            }
            let its = places.iter().filter_map(|place| state.tasks.get(*place));
            its.cloned().collect::<Vec<_>>()
        };
        tasks.iter().for_each(|task| task.cancel());
    }

    /// It is certain that those tasks will be started again.
    pub(in crate::job) fn restarting_region(&self) {
        let mut state = self.shared.state.lock();
        state.restarts += 1;
        self.shared.restarts.set(i64::from(state.restarts));
    }

    /// The tasks at these places are about to run again.
    pub(in crate::job) fn running_region(&self, tasks: &[(usize, Arc<TaskControl>)]) {
        let mut state = self.shared.state.lock();
        for (place, control) in tasks {
            if let Some(task) = state.tasks.get_mut(*place) {
                *task = Arc::clone(control);
            }
        }
        if !state.cancel_requested {
            let places: Vec<usize> = tasks.iter().map(|(place, _)| *place).collect();
            state.history.region_running(&places, self.now_ms());
        }
    }

    pub(in crate::job) fn cancel_requested(&self) -> bool {
        self.shared.state.lock().cancel_requested
    }

    /// The tasks are about to run.
    pub(in crate::job) fn running(&self, tasks: Vec<Arc<TaskControl>>) {
        let mut state = self.shared.state.lock();
        state.history.enter(JobStatus::Running, self.now_ms());
        state.tasks = tasks;
    }

    /// The task at `index`, in the order of the execution graph, has ended.
    pub(in crate::job) fn task_ended(&self, index: usize, result: &Result<()>) {
        let ended = match result {
            Ok(()) => ExecutionState::Finished,
            Err(error) if error.kind() == ErrorKind::Cancelled => ExecutionState::Canceled,
            Err(_) => ExecutionState::Failed,
        };
        let mut state = self.shared.state.lock();
        state.history.execution_ended(index, ended, self.now_ms());
    }

    /// Remembers an error, and whether it is the one that an attempt failed of.
    pub(in crate::job) fn remember_failure(
        &self,
        error: &Error,
        task: Option<usize>,
        is_root: bool,
    ) {
        let mut state = self.shared.state.lock();
        let task = task.and_then(|index| self.task_name(state.history.executions().get(index)?));
        state.history.failed(error, task, is_root, self.now_ms());
    }

    /// `Map (1/2)`.
    fn task_name(&self, execution: &Execution) -> Option<String> {
        let vertex = self.shared.plan.job_graph.vertex(execution.vertex)?;
        let number = execution.subtask + 1;
        Some(format!("{} ({number}/{})", vertex.name, vertex.parallelism))
    }

    pub(super) fn now_ms(&self) -> i64 {
        self.shared.clock.wall_clock_ms()
    }

    /// The savepoint is there with which the job ends.
    pub(in crate::job) fn stop_tasks(&self) {
        let tasks = self.shared.state.lock().tasks.clone();
        tasks.iter().for_each(|task| task.stop());
    }

    /// A task failed: the others are to stop.
    pub(in crate::job) fn failing(&self) {
        let tasks = {
            let mut state = self.shared.state.lock();
            if matches!(
                state.history.status(),
                JobStatus::Running | JobStatus::Restarting
            ) {
                state.history.enter(JobStatus::Failing, self.now_ms());
            }
            state.tasks.clone()
        };
        tasks.iter().for_each(|task| task.cancel());
    }

    /// Everything has stopped.
    pub(in crate::job) fn ended(&self, outcome: Result<Duration>) {
        let waiting = {
            let mut state = self.shared.state.lock();
            let status = match &outcome {
                Ok(_) => JobStatus::Finished,
                Err(error) if error.kind() == ErrorKind::Cancelled => JobStatus::Canceled,
                Err(error) => {
                    // What went wrong before there were tasks.
                    if state.history.failures().is_empty() {
                        state.history.failed(error, None, true, self.now_ms());
                    }
                    JobStatus::Failed
                }
            };
            state.history.enter(status, self.now_ms());
            state.outcome = Some(outcome);
            state.tasks.clear();
            // Who waits for a savepoint is told that there is none.
            state.requests.clear();
            std::mem::take(&mut state.waiting)
        };
        waiting.into_iter().for_each(Waker::wake);
    }
}
