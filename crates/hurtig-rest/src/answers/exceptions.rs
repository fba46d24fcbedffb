//! Why a job failed.

use std::collections::BTreeMap;

use hurtig_runtime::{JobClient, JobFailure};
use serde::Serialize;

/// `GET /jobs/:jobid/exceptions`
#[derive(Serialize)]
pub(crate) struct JobExceptions {
    #[serde(rename = "exceptionHistory")]
    exception_history: History,
}

#[derive(Serialize)]
struct History {
    entries: Vec<Root>,
    truncated: bool,
}

#[derive(Serialize)]
struct Root {
    #[serde(flatten)]
    exception: Exception,
    #[serde(rename = "concurrentExceptions")]
    concurrent_exceptions: Vec<Exception>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Exception {
    exception_name: String,
    stacktrace: String,
    timestamp: i64,
    task_name: Option<String>,
    endpoint: Option<&'static str>,
    task_manager_id: Option<&'static str>,
    failure_labels: BTreeMap<String, String>,
}

impl JobExceptions {
    /// The error that ended each attempt, with those that came while it was being stopped; the latest attempt first, at most
    /// `entries_max`.
    pub(crate) fn of(job: &JobClient, entries_max: usize) -> Self {
        let failures = job.failures();
        let attempts = failures.chunk_by(|_, next| !next.is_root);
        let mut roots: Vec<Root> = attempts.filter_map(root).collect();
        roots.reverse();
        let truncated = roots.len() > entries_max;
        roots.truncate(entries_max);
        Self {
            exception_history: History {
                entries: roots,
                truncated,
            },
        }
    }
}

fn root(attempt: &[JobFailure]) -> Option<Root> {
    let (root, others) = attempt.split_first()?;
    Some(Root {
        exception: exception(root),
        concurrent_exceptions: others.iter().map(exception).collect(),
    })
}

fn exception(failure: &JobFailure) -> Exception {
    let in_task = failure.task.is_some();
    Exception {
        exception_name: failure.kind.to_string(),
        stacktrace: failure.details.clone(),
        timestamp: failure.timestamp_ms,
        task_name: failure.task.clone(),
        endpoint: in_task.then_some(super::cluster::ENDPOINT),
        task_manager_id: in_task.then_some(super::cluster::TASK_MANAGER_ID),
        failure_labels: BTreeMap::new(),
    }
}
