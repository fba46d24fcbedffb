//! States counted and merged, and the times between them.

use std::collections::BTreeMap;

use hurtig_runtime::{Execution, ExecutionState, JobClient, JobStatus};

/// All states that a subtask of Flink can be in. Those that we have not are never reached.
const EXECUTION_STATES: [&str; 10] = [
    "CREATED",
    "SCHEDULED",
    "DEPLOYING",
    "INITIALIZING",
    "RUNNING",
    "FINISHED",
    "CANCELING",
    "CANCELED",
    "FAILED",
    "RECONCILING",
];

/// All states that a job of Flink can be in.
const JOB_STATUSES: [&str; 11] = [
    "INITIALIZING",
    "CREATED",
    "RUNNING",
    "FAILING",
    "FAILED",
    "CANCELLING",
    "CANCELED",
    "FINISHED",
    "RESTARTING",
    "SUSPENDED",
    "RECONCILING",
];

/// How many are in each state; 0 where nobody is.
pub(super) type StateCounts = BTreeMap<String, u64>;

pub(super) fn state_counts(states: impl Iterator<Item = ExecutionState>) -> StateCounts {
    let zeros = EXECUTION_STATES.map(|state| (state.to_string(), 0));
    let mut counts = StateCounts::from(zeros);
    for state in states {
        *counts.entry(state.to_string()).or_default() += 1;
    }
    counts
}

/// The state of a vertex: the worst that one of its subtasks is in, as in Flink.
pub(super) fn merged_state(states: &[ExecutionState]) -> ExecutionState {
    let has = |state| states.contains(&state);
    let worst = [
        ExecutionState::Failed,
        ExecutionState::Canceling,
        ExecutionState::Canceled,
        ExecutionState::Running,
    ];
    if let Some(state) = worst.into_iter().find(|state| has(*state)) {
        return state;
    }
    match (has(ExecutionState::Finished), has(ExecutionState::Created)) {
        (true, false) => ExecutionState::Finished,
        (true, true) => ExecutionState::Running,
        (false, _) => ExecutionState::Created,
    }
}

/// When a job came into each state; 0 for those that it was never in.
pub(super) fn timestamps(job: &JobClient) -> BTreeMap<String, i64> {
    let zeros = JOB_STATUSES.map(|status| (status.to_string(), 0));
    let mut times = BTreeMap::from(zeros);
    for (status, since_ms) in job.states() {
        times.insert(status.to_string(), since_ms);
    }
    times
}

/// From when to when: -1 for an end or a beginning that has not come, as in Flink.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Span {
    pub(super) start: i64,
    pub(super) end: i64,
    pub(super) duration: i64,
}

impl Span {
    fn new(start: Option<i64>, end: Option<i64>, now_ms: i64) -> Self {
        Self {
            start: start.unwrap_or(-1),
            end: end.unwrap_or(-1),
            // The wall clock may have been set back.
            duration: start.map_or(-1, |start| (end.unwrap_or(now_ms) - start).max(0)),
        }
    }

    pub(super) fn of_job(job: &JobClient, now_ms: i64) -> Self {
        let states = job.states();
        let start = states.first().map(|(_, since_ms)| *since_ms);
        let end = states.iter().find(|(status, _)| status.is_terminal());
        Self::new(start, end.map(|(_, since_ms)| *since_ms), now_ms)
    }

    pub(super) fn of_subtask(execution: &Execution, now_ms: i64) -> Self {
        let start = execution.entered(ExecutionState::Running);
        Self::new(start, ended(execution), now_ms)
    }

    /// From the first subtask that runs to the last that ends.
    pub(super) fn of_vertex(executions: &[Execution], now_ms: i64) -> Self {
        let starts = executions.iter();
        let start = starts.filter_map(|execution| execution.entered(ExecutionState::Running));
        let ends: Option<Vec<i64>> = executions.iter().map(ended).collect();
        let end = ends.and_then(|ends| ends.into_iter().max());
        Self::new(start.min(), end, now_ms)
    }
}

fn ended(execution: &Execution) -> Option<i64> {
    let mut states = execution.states().iter();
    let ended = states.find(|(state, _)| state.is_terminal());
    ended.map(|(_, since_ms)| *since_ms)
}

/// When anything last changed.
pub(super) fn last_modification(job: &JobClient) -> i64 {
    let executions = job.executions();
    let of_subtasks = executions.iter().flat_map(Execution::states);
    let of_subtasks = of_subtasks.map(|(_, since_ms)| *since_ms);
    let of_job = job.states().into_iter().map(|(_, since_ms)| since_ms);
    of_job.chain(of_subtasks).max().unwrap_or(-1)
}

/// Whether a cancellation may still be asked for, or has been.
pub(crate) fn can_be_cancelled(status: JobStatus) -> bool {
    !matches!(status, JobStatus::Finished | JobStatus::Failed)
}

#[cfg(test)]
mod tests {
    use super::*;
    use ExecutionState::{Canceled, Canceling, Created, Failed, Finished, Running};

    #[test]
    fn a_vertex_is_in_the_worst_state_of_its_subtasks() {
        assert_eq!(merged_state(&[]), Created);
        assert_eq!(merged_state(&[Running, Failed, Canceling]), Failed);
        assert_eq!(merged_state(&[Running, Canceling, Finished]), Canceling);
        assert_eq!(merged_state(&[Canceled, Finished]), Canceled);
        assert_eq!(merged_state(&[Finished, Created]), Running);
        assert_eq!(merged_state(&[Finished, Finished]), Finished);
    }

    #[test]
    fn a_clock_that_was_set_back_makes_no_negative_duration() {
        let span = Span::new(Some(100), None, 90);
        assert_eq!((span.end, span.duration), (-1, 0));
        assert_eq!(Span::new(None, None, 90).duration, -1);
    }
}
