//! Watches over one job: attempt after attempt, until it ends.

use std::future::poll_fn;
use std::pin::pin;

use futures::FutureExt;
use futures::future::{Either, select};
use hurtig_checkpoint::{JobEnd, VertexPlan};
use hurtig_env::World;
use hurtig_graph::OperatorKind;
use hurtig_types::{Error, ErrorKind, Result, options};

use super::Job;
use super::attempt::{Attempt, AttemptPlace};
use super::backend::backend_of;
use super::checkpoints::{CheckpointSettings, JobCheckpoints, Recovered};
use super::client::{JobClient, Wish};
use super::deploy::{DeployCheckpoints, deploy};
use super::failover::FailoverStrategy;
use super::restart::{RestartStrategy, Restarts};

/// Runs `job` to its end and tells `client`.
pub(super) async fn run(job: Job, client: JobClient, world: World) {
    let started = world.clock().now();
    let outcome = run_to_end(job, client.clone(), world.clone()).await;
    client.ended(outcome.map(|()| world.clock().now().saturating_since(started)));
}

async fn run_to_end(job: Job, client: JobClient, world: World) -> Result<()> {
    let world = world.configured(&job.configuration);
    job.configuration.get(&options::JOB_STORE_MAX_CAPACITY)?;
    job.program.check(&world).boxed().await?;
    let settings = CheckpointSettings::read(&job.configuration)?;
    let backend = backend_of(&job.configuration, &world)?;
    let mut master = Master {
        failover: FailoverStrategy::of(&job.configuration)?,
        restarts: Restarts::new(
            RestartStrategy::of(&job.configuration, settings.is_enabled())?,
            world.rng(&format!("restarts of {}", client.job_id())),
        ),
        checkpoints: JobCheckpoints::open(
            &settings,
            client.job_id(),
            client.checkpoint_log().clone(),
            &world,
            backend,
        )
        .boxed()
        .await?,
        job,
        client,
        world,
        settings,
    };
    let outcome = master.attempts().await;
    let end = match &outcome {
        Ok(()) => JobEnd::Finished,
        Err(error) if error.kind() == ErrorKind::Cancelled => JobEnd::Canceled,
        Err(_) => JobEnd::Failed,
    };
    outcome.and(master.checkpoints.ended(end).await)
}

struct Master {
    job: Job,
    client: JobClient,
    world: World,
    settings: CheckpointSettings,
    checkpoints: JobCheckpoints,
    failover: FailoverStrategy,
    restarts: Restarts,
}

impl Master {
    async fn attempts(&mut self) -> Result<()> {
        loop {
            let Err(error) = self.attempt().await else {
                return Ok(());
            };
            let is_final = !may_restart(&error) || self.restarts.are_exhausted();
            if is_final || self.client.cancel_requested() {
                return Err(error);
            }
            let now = self.checkpoints.now();
            let Some(pause) = self.restarts.failed(now) else {
                return Err(error);
            };
            tracing::warn!(%error, ?pause, "the job failed and is started again");
            self.client.restarting();
            while_waiting(&self.client, self.checkpoints.suspended()).await?;
            let pause = self.world.clock().sleep(pause).map(Ok);
            while_waiting(&self.client, pause).await?;
        }
    }

    async fn attempt(&mut self) -> Result<()> {
        let vertices = plan(&self.job);
        let restored = self.checkpoints.restore(vertices.clone());
        let restored = while_waiting(&self.client, restored).await?;
        let settings = deploy_settings(&self.settings, &self.checkpoints, &self.job, restored)?;
        let deployment = deploy(&self.job, &self.world, &self.client, settings)?;
        if self.client.cancel_requested() {
            return Err(Error::cancelled());
        }
        let place = AttemptPlace {
            job: &self.job,
            settings: &self.settings,
            client: &self.client,
            world: &self.world,
        };
        let attempt = Attempt::start(place, deployment, self.failover);
        let checkpoints = &mut self.checkpoints;
        checkpoints.deployed(vertices, attempt.participants());
        attempt.watch(checkpoints, &mut self.restarts).await
    }
}

/// With what tasks are deployed that start from this.
pub(super) fn deploy_settings(
    settings: &CheckpointSettings,
    checkpoints: &JobCheckpoints,
    job: &Job,
    mut recovered: Recovered,
) -> Result<DeployCheckpoints> {
    Ok(DeployCheckpoints {
        in_flight: recovered.take_in_flight(&job.plan)?,
        restored: recovered.restored,
        mode: settings.mode,
        unaligned: settings.unaligned_after.is_some(),
        unaligned_forced: settings.unaligned_forced,
        backend: checkpoints.backend().cloned(),
        desk: checkpoints.desk().clone(),
    })
}

/// Waits for what happens between attempts, unless the job is cancelled.
async fn while_waiting<T>(
    client: &JobClient,
    what: impl Future<Output = Result<T>> + Send,
) -> Result<T> {
    let mut what = pin!(what);
    loop {
        let wish = pin!(poll_fn(|context| client.poll_wish(context)));
        match select(what.as_mut(), wish).await {
            Either::Left((done, _)) => return done,
            Either::Right((Wish::Cancel, _)) => return Err(Error::cancelled()),
            Either::Right((Wish::Savepoint(request), _)) => request.refuse(),
        }
    }
}

/// What another attempt could mend: not what is wrong with the job itself.
pub(super) fn may_restart(error: &Error) -> bool {
    !matches!(
        error.kind(),
        ErrorKind::Cancelled | ErrorKind::Config | ErrorKind::InvalidJob | ErrorKind::Unsupported
    )
}

/// Who takes part in the checkpoints of a job.
pub(super) fn plan(job: &Job) -> Vec<VertexPlan> {
    let vertices = job.plan.job_graph.vertices().iter();
    let plan = vertices.map(|vertex| {
        let is_source = |kind: &OperatorKind| matches!(kind, OperatorKind::Source { .. });
        let sources = vertex
            .operators
            .iter()
            .filter(|operator| is_source(&operator.kind));
        VertexPlan {
            vertex: vertex.id,
            operators: vertex.operators.iter().map(|it| it.operator_id).collect(),
            coordinators: sources.map(|it| it.operator_id).collect(),
            parallelism: vertex.parallelism.get(),
            max_parallelism: vertex.max_parallelism,
        }
    });
    plan.collect()
}
