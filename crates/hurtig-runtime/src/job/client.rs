//! The handle of a running job.

use std::future::poll_fn;
use std::sync::Arc;
use std::task::{Poll, Waker};
use std::time::Duration;

use hurtig_metrics::MetricRegistry;
use hurtig_types::{Error, JobId, Result};
use parking_lot::Mutex;

use crate::task::TaskControl;

/// Where a job is in its life, under Flink's names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum JobStatus {
    /// Submitted; nothing runs yet.
    Created,
    /// Its tasks run.
    Running,
    /// A task failed; the others are being stopped.
    Failing,
    /// It ended with an error.
    Failed,
    /// It was cancelled; its tasks are being stopped.
    Cancelling,
    /// It was cancelled, and everything has stopped.
    Canceled,
    /// It ended by itself.
    Finished,
}

impl JobStatus {
    /// Whether nothing will change any more.
    pub fn is_terminal(self) -> bool {
        matches!(self, Self::Failed | Self::Canceled | Self::Finished)
    }
}

/// What a finished job leaves behind.
#[derive(Clone)]
pub struct JobExecutionResult {
    /// Its id.
    pub job_id: JobId,
    /// Its name.
    pub job_name: String,
    /// From submission to the end.
    pub net_runtime: Duration,
    /// What it counted.
    pub metrics: MetricRegistry,
}

/// A running job: its state, its metrics, and the means to stop it.
#[derive(Clone)]
pub struct JobClient {
    shared: Arc<Shared>,
}

struct Shared {
    job_id: JobId,
    job_name: String,
    metrics: MetricRegistry,
    state: Mutex<State>,
}

struct State {
    status: JobStatus,
    cancel_requested: bool,
    tasks: Vec<Arc<TaskControl>>,
    outcome: Option<Result<Duration>>,
    waiting: Vec<Waker>,
}

impl JobClient {
    pub(super) fn new(job_id: JobId, job_name: String, metrics: MetricRegistry) -> Self {
        let state = State {
            status: JobStatus::Created,
            cancel_requested: false,
            tasks: Vec::new(),
            outcome: None,
            waiting: Vec::new(),
        };
        Self {
            shared: Arc::new(Shared {
                job_id,
                job_name,
                metrics,
                state: Mutex::new(state),
            }),
        }
    }

    /// The job's id.
    pub fn job_id(&self) -> JobId {
        self.shared.job_id
    }

    /// The job's name.
    pub fn job_name(&self) -> &str {
        &self.shared.job_name
    }

    /// Where it is in its life.
    pub fn status(&self) -> JobStatus {
        self.shared.state.lock().status
    }

    /// What it has counted so far.
    pub fn metrics(&self) -> &MetricRegistry {
        &self.shared.metrics
    }

    /// Stops the job: every task closes its operators and ends. Returns at once; [`wait`](Self::wait) answers with an error of kind
    /// [`Cancelled`](hurtig_types::ErrorKind::Cancelled).
    pub fn cancel(&self) {
        let tasks = {
            let mut state = self.shared.state.lock();
            state.cancel_requested = true;
            if state.status == JobStatus::Running {
                state.status = JobStatus::Cancelling;
            }
            state.tasks.clone()
        };
        tasks.iter().for_each(|task| task.cancel());
    }

    /// Waits for the end.
    ///
    /// # Errors
    /// Why the job failed, or that it was cancelled. The error is handed out once.
    pub async fn wait(&self) -> Result<JobExecutionResult> {
        let net_runtime = poll_fn(|context| {
            let mut state = self.shared.state.lock();
            if let Some(outcome) = state.outcome.take() {
                state.outcome = Some(match &outcome {
                    Ok(runtime) => Ok(*runtime),
                    Err(_) => Err(Error::bug("the job's error was handed out before")),
                });
                return Poll::Ready(outcome);
            }
            if !state
                .waiting
                .iter()
                .any(|known| known.will_wake(context.waker()))
            {
                state.waiting.push(context.waker().clone());
            }
            Poll::Pending
        })
        .await?;
        Ok(JobExecutionResult {
            job_id: self.shared.job_id,
            job_name: self.shared.job_name.clone(),
            net_runtime,
            metrics: self.shared.metrics.clone(),
        })
    }

    pub(super) fn cancel_requested(&self) -> bool {
        self.shared.state.lock().cancel_requested
    }

    /// The tasks are about to run.
    pub(super) fn running(&self, tasks: Vec<Arc<TaskControl>>) {
        let mut state = self.shared.state.lock();
        state.status = JobStatus::Running;
        state.tasks = tasks;
    }

    /// A task failed: the others are to stop.
    pub(super) fn failing(&self) {
        let tasks = {
            let mut state = self.shared.state.lock();
            if state.status == JobStatus::Running {
                state.status = JobStatus::Failing;
            }
            state.tasks.clone()
        };
        tasks.iter().for_each(|task| task.cancel());
    }

    /// Everything has stopped.
    pub(super) fn ended(&self, outcome: Result<Duration>) {
        let waiting = {
            let mut state = self.shared.state.lock();
            state.status = match &outcome {
                Ok(_) => JobStatus::Finished,
                Err(error) if error.kind() == hurtig_types::ErrorKind::Cancelled => {
                    JobStatus::Canceled
                }
                Err(_) => JobStatus::Failed,
            };
            state.outcome = Some(outcome);
            state.tasks.clear();
            std::mem::take(&mut state.waiting)
        };
        waiting.into_iter().for_each(Waker::wake);
    }
}
