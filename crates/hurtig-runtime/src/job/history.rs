//! What is remembered of a job while it runs, and after: its states with their times, and why it failed.

use hurtig_graph::ExecutionGraph;
use hurtig_types::{Error, ErrorKind, VertexId};

use super::status::{ExecutionState, JobStatus};

/// How many errors of one job are remembered, as in Flink (`web.exception-history-size`).
const FAILURES_MAX: usize = 16;

/// When a state was entered, in milliseconds since 1970.
pub type Since<S> = (S, i64);

/// One attempt at running a subtask.
///
/// ```
/// use hurtig_env::World;
/// use hurtig_runtime::ExecutionState;
/// use hurtig_testing::{Collector, Script, Scripts, TestJob};
///
/// let mut job = TestJob::new();
/// let numbers = job.source("numbers", Scripts::new([Script::new().generate(0..2, |number| number)]));
/// job.sink("collect", numbers, Collector::new());
/// let world = World::simulated(1);
/// let client = job.submit(&world)?;
/// world.block_on(client.wait())??;
/// let execution = &client.executions()[0];
/// assert_eq!(execution.state(), ExecutionState::Finished);
/// assert!(execution.entered(ExecutionState::Running) <= execution.entered(ExecutionState::Finished));
/// # Ok::<(), hurtig_types::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Execution {
    /// The vertex that it belongs to.
    pub vertex: VertexId,
    /// Which of its subtasks it is.
    pub subtask: u32,
    /// How often it was started again.
    pub attempt: u32,
    states: Vec<Since<ExecutionState>>,
}

impl Execution {
    /// The state that it is in.
    pub fn state(&self) -> ExecutionState {
        self.states
            .last()
            .map_or(ExecutionState::Created, |(state, _)| *state)
    }

    /// When it came into `state`, if it did.
    pub fn entered(&self, state: ExecutionState) -> Option<i64> {
        let entered = self.states.iter().find(|(entered, _)| *entered == state);
        entered.map(|(_, since_ms)| *since_ms)
    }

    /// All states that it has been in, each with when it began.
    pub fn states(&self) -> &[Since<ExecutionState>] {
        &self.states
    }

    /// Takes it there, unless it has ended.
    fn enter(&mut self, state: ExecutionState, now_ms: i64) {
        if !self.state().is_terminal() && self.state() != state {
            self.states.push((state, now_ms));
        }
    }
}

/// An error that ended a job, or came while it was being stopped for another.
///
/// ```
/// use hurtig_env::World;
/// use hurtig_testing::operators::{Failure, fail};
/// use hurtig_testing::{Collector, Script, Scripts, TestJob};
///
/// let mut job = TestJob::new();
/// let numbers = job.source("numbers", Scripts::new([Script::new().generate(0..2, |number| number)]));
/// let halves = job.operator("halves", numbers, fail(Failure::Error(1), 0));
/// job.sink("collect", halves, Collector::new());
/// let world = World::simulated(1);
/// let client = job.submit(&world)?;
/// assert!(world.block_on(client.wait())?.is_err());
/// assert!(client.failures()[0].task.as_ref().is_some_and(|task| task.starts_with("halves")));
/// # Ok::<(), hurtig_types::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JobFailure {
    /// When, in milliseconds since 1970.
    pub timestamp_ms: i64,
    /// Of which kind.
    pub kind: ErrorKind,
    /// What happened, and where.
    pub message: String,
    /// The message, with the causes behind it.
    pub details: String,
    /// The subtask in which it happened, if in one: `Map (1/2)`.
    pub task: Option<String>,
    /// Whether an attempt failed of it; otherwise it came while that was being stopped.
    pub is_root: bool,
}

/// The states of a job and of its subtasks, each with its time, and its errors.
pub(super) struct History {
    states: Vec<Since<JobStatus>>,
    executions: Vec<Execution>,
    failures: Vec<JobFailure>,
}

impl History {
    pub(super) fn new(graph: &ExecutionGraph, now_ms: i64) -> Self {
        let subtasks = graph.vertices().iter().flat_map(|vertex| {
            let subtasks = vertex.subtasks.iter();
            subtasks.map(|subtask| (vertex.vertex, subtask.index))
        });
        let execution = |(vertex, subtask)| Execution {
            vertex,
            subtask,
            attempt: 0,
            states: vec![(ExecutionState::Created, now_ms)],
        };
        Self {
            states: vec![(JobStatus::Created, now_ms)],
            executions: subtasks.map(execution).collect(),
            failures: Vec::new(),
        }
    }

    pub(super) fn status(&self) -> JobStatus {
        self.states
            .last()
            .map_or(JobStatus::Created, |(status, _)| *status)
    }

    pub(super) fn states(&self) -> &[Since<JobStatus>] {
        &self.states
    }

    pub(super) fn executions(&self) -> &[Execution] {
        &self.executions
    }

    pub(super) fn failures(&self) -> &[JobFailure] {
        &self.failures
    }

    /// The job comes into `status`, and its subtasks follow.
    pub(super) fn enter(&mut self, status: JobStatus, now_ms: i64) {
        if self.status() == status {
            return;
        }
        self.states.push((status, now_ms));
        let follow = match status {
            JobStatus::Created | JobStatus::Restarting => return,
            JobStatus::Running => ExecutionState::Running,
            JobStatus::Failing | JobStatus::Cancelling => ExecutionState::Canceling,
            // Whoever has not ended by now never ran.
            JobStatus::Failed | JobStatus::Canceled | JobStatus::Finished => {
                ExecutionState::Canceled
            }
        };
        for execution in &mut self.executions {
            execution.enter(follow, now_ms);
        }
    }

    /// The job failed and is about to be started again: its subtasks begin anew.
    pub(super) fn restarting(&mut self, now_ms: i64) {
        self.enter(JobStatus::Restarting, now_ms);
        for execution in &mut self.executions {
            execution.states = vec![(ExecutionState::Created, now_ms)];
            execution.attempt += 1;
        }
    }

    /// A subtask failed, and those at these places are stopped with it.
    pub(super) fn region_failed(&mut self, places: &[usize], now_ms: i64) {
        self.enter(JobStatus::Restarting, now_ms);
        for place in places {
            self.execution_ended(*place, ExecutionState::Canceling, now_ms);
        }
    }

    /// The subtasks at these places run anew, and with them all that are to run.
    pub(super) fn region_running(&mut self, places: &[usize], now_ms: i64) {
        for place in places {
            if let Some(execution) = self.executions.get_mut(*place) {
                execution.states = vec![(ExecutionState::Created, now_ms)];
                execution.attempt += 1;
            }
        }
        self.enter(JobStatus::Running, now_ms);
    }

    /// The subtask at `index`, in the order of the execution graph, has ended.
    pub(super) fn execution_ended(&mut self, index: usize, state: ExecutionState, now_ms: i64) {
        if let Some(execution) = self.executions.get_mut(index) {
            execution.enter(state, now_ms);
        }
    }

    /// Remembers an error; of too many the first are forgotten.
    pub(super) fn failed(
        &mut self,
        error: &Error,
        task: Option<String>,
        is_root: bool,
        now_ms: i64,
    ) {
        if self.failures.len() >= FAILURES_MAX {
            self.failures.remove(0);
        }
        self.failures.push(JobFailure {
            timestamp_ms: now_ms,
            kind: error.kind(),
            message: error.to_string(),
            details: format!("{error:?}"),
            task,
            is_root,
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use hurtig_graph::{JobSettings, Plan, Transformation, Transformations};

    fn history() -> History {
        let mut job = Transformations::new();
        let source = job.add(Transformation::source("numbers", true, "i64").parallelism(2));
        job.add(Transformation::sink("print", source, "i64").parallelism(2));
        let plan = Plan::compile(job, JobSettings::default()).unwrap();
        History::new(&plan.execution_graph, 10)
    }

    fn states(history: &History) -> Vec<ExecutionState> {
        history.executions().iter().map(Execution::state).collect()
    }

    #[test]
    fn a_subtask_that_has_ended_stays_as_it_ended() {
        let mut history = history();
        history.enter(JobStatus::Running, 20);
        history.execution_ended(0, ExecutionState::Finished, 30);
        history.enter(JobStatus::Cancelling, 40);
        assert_eq!(
            states(&history),
            [ExecutionState::Finished, ExecutionState::Canceling]
        );
        history.execution_ended(1, ExecutionState::Canceled, 50);
        history.enter(JobStatus::Canceled, 60);
        assert_eq!(
            states(&history),
            [ExecutionState::Finished, ExecutionState::Canceled]
        );
        let second = &history.executions()[1];
        assert_eq!(second.entered(ExecutionState::Canceled), Some(50));
    }

    #[test]
    fn a_job_that_never_ran_leaves_no_subtask_waiting() {
        let mut history = history();
        history.enter(JobStatus::Failed, 20);
        assert_eq!(states(&history), [ExecutionState::Canceled; 2]);
        assert_eq!(
            history.states(),
            [(JobStatus::Created, 10), (JobStatus::Failed, 20)]
        );
    }

    #[test]
    fn the_last_errors_are_kept() {
        let mut history = history();
        for number in 0..100 {
            history.failed(
                &Error::function(format!("error {number}")),
                None,
                true,
                number,
            );
        }
        assert_eq!(history.failures().len(), FAILURES_MAX);
        assert_eq!(history.failures()[15].message, "error 99");
    }
}
