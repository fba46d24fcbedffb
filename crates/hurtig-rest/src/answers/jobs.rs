//! Jobs, side by side.

use std::collections::BTreeMap;

use hurtig_runtime::{Execution, JobClient};
use serde::Serialize;

use super::states::{Span, last_modification, state_counts};
use crate::site::Site;

/// `GET /jobs`
#[derive(Serialize)]
pub(crate) struct JobIds {
    jobs: Vec<JobIdAndStatus>,
}

#[derive(Serialize)]
struct JobIdAndStatus {
    id: String,
    status: String,
}

impl JobIds {
    pub(crate) fn of(site: &Site) -> Self {
        let jobs = site.jobs();
        let job = |job: &JobClient| JobIdAndStatus {
            id: job.job_id().to_string(),
            status: job.status().to_string(),
        };
        Self {
            jobs: jobs.iter().map(job).collect(),
        }
    }
}

/// `GET /jobs/:jobid/status`
#[derive(Serialize)]
pub(crate) struct JobStatusAnswer {
    status: String,
}

impl JobStatusAnswer {
    pub(crate) fn of(job: &JobClient) -> Self {
        Self {
            status: job.status().to_string(),
        }
    }
}

/// `GET /jobs/overview`
#[derive(Serialize)]
pub(crate) struct JobsOverview {
    jobs: Vec<JobOverview>,
}

#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
struct JobOverview {
    jid: String,
    name: String,
    start_time: i64,
    end_time: i64,
    duration: i64,
    state: String,
    last_modification: i64,
    /// By state in small letters, and their total.
    tasks: BTreeMap<String, u64>,
}

impl JobsOverview {
    pub(crate) fn of(site: &Site) -> Self {
        let now_ms = site.now_ms();
        let jobs = site.jobs();
        Self {
            jobs: jobs.iter().map(|job| overview(job, now_ms)).collect(),
        }
    }
}

fn overview(job: &JobClient, now_ms: i64) -> JobOverview {
    let span = Span::of_job(job, now_ms);
    let executions = job.executions();
    let counts = state_counts(executions.iter().map(Execution::state));
    let counts = counts.into_iter();
    let mut tasks: BTreeMap<String, u64> = counts
        .map(|(state, count)| (state.to_lowercase(), count))
        .collect();
    tasks.insert("total".to_string(), executions.len() as u64);
    JobOverview {
        jid: job.job_id().to_string(),
        name: job.job_name().to_string(),
        start_time: span.start,
        end_time: span.end,
        duration: span.duration,
        state: job.status().to_string(),
        last_modification: last_modification(job),
        tasks,
    }
}
