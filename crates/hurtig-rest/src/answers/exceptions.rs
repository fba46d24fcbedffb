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
    /// The error that ended the job, with those that came while it was being stopped; the latest first, at most `entries_max`.
    pub(crate) fn of(job: &JobClient, entries_max: usize) -> Self {
        let failures = job.failures();
        // Without restarts there is one root at most.
        let root = failures.split_first().map(|(root, others)| Root {
            exception: exception(root),
            concurrent_exceptions: others.iter().map(exception).collect(),
        });
        let truncated = root.is_some() && entries_max == 0;
        Self {
            exception_history: History {
                entries: root.into_iter().take(entries_max).collect(),
                truncated,
            },
        }
    }
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
