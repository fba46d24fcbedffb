//! Where jobs and their subtasks are in their lives, under Flink's names.

use std::fmt;

/// Where a job is in its life.
///
/// ```
/// use hurtig_runtime::JobStatus;
///
/// assert_eq!(JobStatus::Cancelling.to_string(), "CANCELLING");
/// assert!(!JobStatus::Cancelling.is_terminal());
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum JobStatus {
    /// Submitted; nothing runs yet.
    Created,
    /// Its tasks run.
    Running,
    /// A task failed; the others are being stopped.
    Failing,
    /// It failed, and is about to be started again.
    Restarting,
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

impl fmt::Display for JobStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Created => "CREATED",
            Self::Running => "RUNNING",
            Self::Failing => "FAILING",
            Self::Restarting => "RESTARTING",
            Self::Failed => "FAILED",
            Self::Cancelling => "CANCELLING",
            Self::Canceled => "CANCELED",
            Self::Finished => "FINISHED",
        })
    }
}

/// Where a subtask is in its life. Flink has more of them: what is scheduled, deployed and initialised here is so at once.
///
/// ```
/// use hurtig_runtime::ExecutionState;
///
/// assert_eq!(ExecutionState::Canceling.to_string(), "CANCELING");
/// assert!(ExecutionState::Failed.is_terminal());
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum ExecutionState {
    /// It does not run yet.
    Created,
    /// It runs.
    Running,
    /// It was told to stop.
    Canceling,
    /// It stopped because it was told to, or never ran.
    Canceled,
    /// It came to the end of its input.
    Finished,
    /// It ended with an error.
    Failed,
}

impl ExecutionState {
    /// Whether nothing will change any more.
    pub fn is_terminal(self) -> bool {
        matches!(self, Self::Canceled | Self::Finished | Self::Failed)
    }
}

impl fmt::Display for ExecutionState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Created => "CREATED",
            Self::Running => "RUNNING",
            Self::Canceling => "CANCELING",
            Self::Canceled => "CANCELED",
            Self::Finished => "FINISHED",
            Self::Failed => "FAILED",
        })
    }
}
