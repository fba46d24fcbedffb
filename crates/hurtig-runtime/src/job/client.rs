//! The handle of a running job.

mod master_side;

use std::collections::VecDeque;
use std::future::poll_fn;
use std::sync::Arc;
use std::task::{Poll, Waker};
use std::time::Duration;

use futures::channel::oneshot;
use hurtig_checkpoint::StopMode;
use hurtig_env::Clock;
use hurtig_graph::Plan;
use hurtig_metrics::{Gauge, MetricRegistry, names};
use hurtig_types::{Configuration, Error, JobId, Result};
use parking_lot::Mutex;

use super::Job;
use super::checkpoints::{CheckpointHistory, CheckpointLog, SavepointAnswer};
use super::history::{Execution, History, JobFailure, Since};
use super::status::JobStatus;
use crate::task::TaskControl;

/// What somebody wants of a job's master.
pub(super) enum Wish {
    Savepoint(SavepointRequest),
    Cancel,
}

fn wake(waker: Option<Waker>) {
    if let Some(waker) = waker {
        waker.wake();
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
    plan: Plan,
    configuration: Configuration,
    metrics: MetricRegistry,
    clock: Clock,
    checkpoints: CheckpointLog,
    restarts: Gauge,
    full_restarts: Gauge,
    state: Mutex<State>,
}

struct State {
    history: History,
    cancel_requested: bool,
    tasks: Vec<Arc<TaskControl>>,
    outcome: Option<Result<Duration>>,
    waiting: Vec<Waker>,
    requests: VecDeque<SavepointRequest>,
    master: Option<Waker>,
    restarts: u32,
    full_restarts: u32,
}

/// Somebody wants a savepoint.
pub(super) struct SavepointRequest {
    pub(super) directory: Option<String>,
    pub(super) stop: StopMode,
    pub(super) answer: SavepointAnswer,
}

impl SavepointRequest {
    /// There is no attempt at the job that could take it.
    pub(super) fn refuse(self) {
        let refused = Error::invalid_job("the job is being stopped or started again: ask later");
        // Who asked may be gone.
        let _ = self.answer.send(Err(refused));
    }
}

impl JobClient {
    pub(super) fn new(job_id: JobId, job: &Job, metrics: MetricRegistry, clock: Clock) -> Self {
        let state = State {
            history: History::new(&job.plan.execution_graph, clock.wall_clock_ms()),
            cancel_requested: false,
            tasks: Vec::new(),
            outcome: None,
            waiting: Vec::new(),
            requests: VecDeque::new(),
            master: None,
            restarts: 0,
            full_restarts: 0,
        };
        let checkpoints = CheckpointLog::default();
        let group = metrics.job_group(job_id.to_string(), job.plan.job_graph.job_name());
        checkpoints.register(&group);
        let restarts = group.gauge(names::NUM_RESTARTS);
        let full_restarts = group.gauge(names::FULL_RESTARTS);
        Self {
            shared: Arc::new(Shared {
                job_id,
                plan: job.plan.clone(),
                configuration: job.configuration.clone(),
                metrics,
                clock,
                checkpoints,
                restarts,
                full_restarts,
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
        self.shared.plan.job_graph.job_name()
    }

    /// Where it is in its life.
    pub fn status(&self) -> JobStatus {
        self.shared.state.lock().history.status()
    }

    /// All states that it has been in, each with when it began.
    ///
    /// ```
    /// use hurtig_env::World;
    /// use hurtig_runtime::JobStatus;
    /// use hurtig_testing::{Collector, Script, Scripts, TestJob};
    ///
    /// let mut job = TestJob::new();
    /// let numbers = job.source("numbers", Scripts::new([Script::new().emit([1, 2])]));
    /// job.sink("collect", numbers, Collector::new());
    /// let world = World::simulated(1);
    /// let client = job.submit(&world)?;
    /// world.block_on(client.wait())??;
    /// let states: Vec<JobStatus> = client.states().into_iter().map(|(status, _)| status).collect();
    /// assert_eq!(states, [JobStatus::Created, JobStatus::Running, JobStatus::Finished]);
    /// assert_eq!(client.plan().job_graph.job_name(), client.job_name());
    /// assert!(client.failures().is_empty());
    /// # Ok::<(), hurtig_types::Error>(())
    /// ```
    pub fn states(&self) -> Vec<Since<JobStatus>> {
        self.shared.state.lock().history.states().to_vec()
    }

    /// Its subtasks, in the order of the execution graph.
    pub fn executions(&self) -> Vec<Execution> {
        self.shared.state.lock().history.executions().to_vec()
    }

    /// Why it failed, attempt by attempt: first the error that ended it, then those that came while it was being stopped. The last
    /// sixteen; empty unless it failed.
    pub fn failures(&self) -> Vec<JobFailure> {
        self.shared.state.lock().history.failures().to_vec()
    }

    /// Its checkpoints: how many there were, and how the last of them went.
    pub fn checkpoints(&self) -> CheckpointHistory {
        self.shared.checkpoints.read()
    }

    pub(super) fn checkpoint_log(&self) -> &CheckpointLog {
        &self.shared.checkpoints
    }

    /// Its graphs.
    pub fn plan(&self) -> &Plan {
        &self.shared.plan
    }

    /// The settings that it was submitted with.
    pub fn configuration(&self) -> &Configuration {
        &self.shared.configuration
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
            if matches!(
                state.history.status(),
                JobStatus::Running | JobStatus::Restarting
            ) {
                state.history.enter(JobStatus::Cancelling, self.now_ms());
            }
            wake(state.master.take());
            state.tasks.clone()
        };
        tasks.iter().for_each(|task| task.cancel());
    }

    /// Waits for the end, and leaves it to [`wait`](Self::wait) to say how it was.
    pub async fn until_ended(&self) {
        poll_fn(|context| {
            let mut state = self.shared.state.lock();
            if state.outcome.is_some() {
                return Poll::Ready(());
            }
            let mut waiting = state.waiting.iter();
            if !waiting.any(|known| known.will_wake(context.waker())) {
                state.waiting.push(context.waker().clone());
            }
            Poll::Pending
        })
        .await;
    }

    /// Waits for the end.
    ///
    /// # Errors
    /// Why the job failed, or that it was cancelled. The error is handed out once.
    pub async fn wait(&self) -> Result<JobExecutionResult> {
        self.until_ended().await;
        let mut state = self.shared.state.lock();
        let outcome = state.outcome.take();
        let outcome = outcome.unwrap_or_else(|| Err(Error::bug("a job that ended nohow")));
        state.outcome = Some(match &outcome {
            Ok(runtime) => Ok(*runtime),
            Err(_) => Err(Error::bug("the job's error was handed out before")),
        });
        drop(state);
        let net_runtime = outcome?;
        Ok(JobExecutionResult {
            job_id: self.shared.job_id,
            job_name: self.job_name().to_string(),
            net_runtime,
            metrics: self.shared.metrics.clone(),
        })
    }

    /// Takes a savepoint and goes on. It goes into a directory of its own below `directory`, or below
    /// `execution.checkpointing.savepoint-dir`; the answer is its path.
    ///
    /// # Errors
    /// When the job does not run, or the savepoint could not be taken.
    pub async fn trigger_savepoint(&self, directory: Option<&str>) -> Result<String> {
        self.savepoint(directory, StopMode::GoOn).await
    }

    /// Takes a savepoint and ends the job with it: nothing that the sources read behind it has any effect. The answer comes when the job
    /// has ended, all that belongs to the savepoint committed.
    ///
    /// # Errors
    /// As [`trigger_savepoint`](Self::trigger_savepoint), and when the job failed before it had ended; it goes on then.
    pub async fn stop_with_savepoint(&self, directory: Option<&str>) -> Result<String> {
        self.savepoint(directory, StopMode::Stop).await
    }

    async fn savepoint(&self, directory: Option<&str>, stop: StopMode) -> Result<String> {
        let (answer, answered) = oneshot::channel();
        let gone =
            || Error::invalid_job("the job has ended: there is nothing to take a savepoint of");
        {
            let mut state = self.shared.state.lock();
            if state.history.status().is_terminal() {
                return Err(gone());
            }
            state.requests.push_back(SavepointRequest {
                directory: directory.map(str::to_string),
                stop,
                answer,
            });
            wake(state.master.take());
        }
        answered.await.map_err(|_| gone())?
    }

    /// How often it was started again after a failure, as a whole or in part.
    pub fn restarts(&self) -> u32 {
        self.shared.state.lock().restarts
    }

    /// How often all of its tasks were.
    pub fn full_restarts(&self) -> u32 {
        self.shared.state.lock().full_restarts
    }
}
