//! A cluster in one process.

use std::sync::Arc;

use hurtig_env::{Lane, World};
use hurtig_metrics::MetricRegistry;
use hurtig_types::{Configuration, JobId, options};

use super::client::JobClient;
use super::store::JobStore;
use super::{Job, master};

/// JobManager and TaskManager in one process: what an embedded run and tests use.
///
/// Any number of jobs run side by side on the threads of one [`World`]. Starting it costs next to nothing: threads come with the first job.
/// It remembers all jobs that run, and of those that have ended the last `jobstore.max-capacity`.
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
    jobs: Arc<JobStore>,
}

impl MiniCluster {
    /// A cluster in this world.
    pub fn new(world: World) -> Self {
        Self {
            world,
            jobs: Arc::default(),
        }
    }

    /// The world it runs in.
    pub fn world(&self) -> &World {
        &self.world
    }

    /// The jobs that it remembers, in the order in which they were submitted.
    ///
    /// ```
    /// # use hurtig_env::World;
    /// # use hurtig_runtime::MiniCluster;
    /// assert!(MiniCluster::new(World::simulated(42)).jobs().is_empty());
    /// ```
    pub fn jobs(&self) -> Vec<JobClient> {
        self.jobs.all()
    }

    /// The job of this id, if it is remembered.
    ///
    /// ```
    /// # use hurtig_env::World;
    /// # use hurtig_runtime::MiniCluster;
    /// use hurtig_types::JobId;
    ///
    /// assert!(MiniCluster::new(World::simulated(42)).job(JobId::from_bytes([1; 16])).is_none());
    /// ```
    pub fn job(&self, id: JobId) -> Option<JobClient> {
        self.jobs.find(id)
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
        let client = JobClient::new(job_id, &job, metrics, self.world.clock().clone());
        // A value that cannot be read fails the job, as soon as it starts; the others are remembered all the same.
        let capacity = &options::JOB_STORE_MAX_CAPACITY;
        let ended_max = job.configuration.get(capacity);
        let ended_max = ended_max.or_else(|_| Configuration::new().get(capacity));
        let ended_max = ended_max.unwrap_or(0) as usize;
        self.jobs.add(client.clone(), ended_max);
        let master = master::run(job, client.clone(), self.world.clone());
        drop(
            self.world
                .spawner()
                .spawn(Lane::Io, format!("job master of {name}"), master),
        );
        client
    }
}
