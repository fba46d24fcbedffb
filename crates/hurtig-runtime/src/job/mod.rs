//! Running a job: deployment, the master that watches its tasks, the client that watches the master.

mod attempt;
mod backend;
mod channels;
mod checkpoints;
mod client;
mod deploy;
mod failover;
mod history;
mod in_flight;
mod master;
mod mini_cluster;
mod outgoing;
mod recovery;
mod redeploy;
mod restart;
mod status;
mod store;

pub use checkpoints::{
    CheckpointFault, CheckpointHistory, CheckpointPart, CheckpointRecord, CheckpointSample,
    CheckpointStatus,
};
pub use client::{JobClient, JobExecutionResult};
pub use history::{Execution, JobFailure, Since};
pub use mini_cluster::MiniCluster;
pub use status::{ExecutionState, JobStatus};

use hurtig_graph::Plan;
use hurtig_types::Configuration;

use crate::Program;

/// All that is needed to run a job: its graphs, what their nodes do, and the settings of the cluster side.
pub struct Job {
    /// The graphs.
    pub plan: Plan,
    /// What the nodes do.
    pub program: Program,
    /// Settings: buffers, intervals.
    pub configuration: Configuration,
}
