//! A cluster in one process.

use hurtig_env::{Lane, World};
use hurtig_metrics::MetricRegistry;
use hurtig_types::JobId;

use super::client::JobClient;
use super::{Job, master};

/// JobManager and TaskManager in one process: what an embedded run and tests use.
///
/// Any number of jobs run side by side on the threads of one [`World`]. Starting it costs next to nothing: threads come with the first job.
///
/// ```
/// use hurtig_env::World;
/// use hurtig_runtime::MiniCluster;
///
/// let cluster = MiniCluster::new(World::simulated(42));
/// assert_eq!(cluster.world().seed(), Some(42));
/// ```
#[derive(Clone)]
pub struct MiniCluster {
    world: World,
}

impl MiniCluster {
    /// A cluster in this world.
    pub fn new(world: World) -> Self {
        Self { world }
    }

    /// The world it runs in.
    pub fn world(&self) -> &World {
        &self.world
    }

    /// One that no other job in this world has, whichever cluster runs it.
    fn fresh_job_id(&self) -> JobId {
        let mut rng = self.world.fresh_rng("job-id");
        let random = u128::from(rng.next_u64()) << 64 | u128::from(rng.next_u64());
        JobId::from_bytes(random.to_be_bytes())
    }

    /// Starts a job and returns at once. What is wrong with it shows when it is waited for.
    pub fn submit(&self, job: Job) -> JobClient {
        let job_id = self.fresh_job_id();
        let name = job.plan.job_graph.job_name().to_string();
        let clock = self.world.clock().clone();
        let metrics =
            MetricRegistry::task_manager("localhost", "embedded", move || clock.now().as_millis());
        let client = JobClient::new(job_id, name.clone(), metrics);
        let master = master::run(job, client.clone(), self.world.clone());
        drop(
            self.world
                .spawner()
                .spawn(Lane::Io, format!("job master of {name}"), master),
        );
        client
    }
}
