//! A cluster in one process.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

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
    /// How many jobs were submitted so far.
    submitted: Arc<AtomicU64>,
}

impl MiniCluster {
    /// A cluster in this world.
    pub fn new(world: World) -> Self {
        Self {
            world,
            submitted: Arc::default(),
        }
    }

    /// The world it runs in.
    pub fn world(&self) -> &World {
        &self.world
    }

    /// Starts a job and returns at once. What is wrong with it shows when it is waited for.
    pub fn submit(&self, job: Job) -> JobClient {
        // In a simulated world one label is one sequence: without the number all jobs had one id.
        let number = self.submitted.fetch_add(1, Ordering::Relaxed);
        let mut rng = self.world.rng(&format!("job-id-{number}"));
        let mut id = [0; 16];
        let random = [rng.next_u64(), rng.next_u64()].map(u64::to_be_bytes);
        id.iter_mut()
            .zip(random.iter().flatten())
            .for_each(|(byte, random)| *byte = *random);
        let job_id = JobId::from_bytes(id);
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
