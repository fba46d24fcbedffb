//! What all requests look at.

use hurtig_env::Clock;
use hurtig_runtime::{JobClient, MiniCluster};
use hurtig_types::Configuration;

/// The cluster, and how it was set up.
pub(crate) struct Site {
    pub(crate) cluster: MiniCluster,
    pub(crate) configuration: Configuration,
    /// The names under which a client may call us; none when any will do.
    pub(crate) hosts: Option<Vec<String>>,
}

impl Site {
    pub(crate) fn clock(&self) -> &Clock {
        self.cluster.world().clock()
    }

    pub(crate) fn now_ms(&self) -> i64 {
        self.clock().wall_clock_ms()
    }

    pub(crate) fn jobs(&self) -> Vec<JobClient> {
        self.cluster.jobs()
    }

    /// The slots that the running jobs take: an in-process cluster has as many as that.
    pub(crate) fn slots(&self) -> u32 {
        let jobs = self.jobs();
        let running = jobs.iter().filter(|job| !job.status().is_terminal());
        running
            .map(|job| job.plan().job_graph.slots_required())
            .sum()
    }
}
