//! The cluster, as far as one process is one.

use hurtig_runtime::JobStatus;
use serde::Serialize;

use crate::site::Site;

/// The one TaskManager, as in the scopes of its metrics.
pub(super) const TASK_MANAGER_ID: &str = "embedded";
/// Where it is: it has no port for data.
pub(super) const ENDPOINT: &str = "localhost";

/// `GET /overview`
#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) struct ClusterOverview {
    taskmanagers: u32,
    slots_total: u32,
    slots_available: u32,
    jobs_running: usize,
    jobs_finished: usize,
    jobs_cancelled: usize,
    jobs_failed: usize,
    flink_version: &'static str,
    flink_commit: &'static str,
}

impl ClusterOverview {
    pub(crate) fn of(site: &Site) -> Self {
        let jobs = site.jobs();
        let count = |wanted: fn(JobStatus) -> bool| {
            let jobs = jobs.iter();
            jobs.filter(|job| wanted(job.status())).count()
        };
        Self {
            taskmanagers: 1,
            slots_total: site.slots(),
            slots_available: 0,
            jobs_running: count(|status| !status.is_terminal()),
            jobs_finished: count(|status| status == JobStatus::Finished),
            jobs_cancelled: count(|status| status == JobStatus::Canceled),
            jobs_failed: count(|status| status == JobStatus::Failed),
            flink_version: version(),
            flink_commit: "",
        }
    }
}

fn version() -> &'static str {
    concat!("hurtig-", env!("CARGO_PKG_VERSION"))
}

/// `GET /config`
#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) struct DashboardConfiguration {
    refresh_interval: u32,
    timezone_name: &'static str,
    timezone_offset: i32,
    flink_version: &'static str,
    flink_revision: &'static str,
    features: Features,
}

#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
struct Features {
    web_submit: bool,
    web_cancel: bool,
    web_rescale: bool,
    web_history: bool,
}

impl DashboardConfiguration {
    pub(crate) fn new() -> Self {
        Self {
            refresh_interval: 1000,
            timezone_name: "Coordinated Universal Time",
            timezone_offset: 0,
            flink_version: version(),
            flink_revision: "",
            features: Features {
                web_submit: false,
                web_cancel: true,
                web_rescale: false,
                web_history: false,
            },
        }
    }
}

/// `GET /taskmanagers`
#[derive(Serialize)]
pub(crate) struct TaskManagers {
    taskmanagers: [TaskManager; 1],
}

/// `GET /taskmanagers/:taskmanagerid`
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct TaskManager {
    id: &'static str,
    path: &'static str,
    slots_number: u32,
    free_slots: u32,
    blocked: bool,
    hardware: Hardware,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Hardware {
    cpu_cores: usize,
}

impl TaskManager {
    pub(crate) fn of(site: &Site) -> Self {
        Self {
            id: TASK_MANAGER_ID,
            path: ENDPOINT,
            slots_number: site.slots(),
            free_slots: 0,
            blocked: false,
            hardware: Hardware {
                cpu_cores: site.cluster.world().compute_threads(),
            },
        }
    }

    /// The one of this id, if it is ours.
    pub(crate) fn find(site: &Site, id: &str) -> Option<Self> {
        (id == TASK_MANAGER_ID).then(|| Self::of(site))
    }
}

impl TaskManagers {
    pub(crate) fn of(site: &Site) -> Self {
        Self {
            taskmanagers: [TaskManager::of(site)],
        }
    }
}
