//! Watches over one job: attempt after attempt, until it ends.

use std::future::poll_fn;
use std::pin::pin;

use futures::FutureExt;
use futures::future::{Either, select};
use hurtig_checkpoint::{JobEnd, VertexPlan};
use hurtig_env::{Rng, World};
use hurtig_graph::OperatorKind;
use hurtig_state::store::SharedBackend;
use hurtig_types::{Error, ErrorKind, Result, options};

use super::Job;
use super::attempt::Attempt;
use super::backend::backend_of;
use super::checkpoints::{CheckpointSettings, JobCheckpoints};
use super::client::{JobClient, Wish};
use super::deploy::{DeployCheckpoints, deploy};
use super::restart::RestartStrategy;

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
        restarts: RestartStrategy::of(&job.configuration, settings.is_enabled())?,
        rng: world.rng(&format!("restarts of {}", client.job_id())),
        checkpoints: JobCheckpoints::open(
            &settings,
            client.job_id(),
            client.checkpoint_log().clone(),
            &world,
        )
        .boxed()
        .await?,
        job,
        client,
        world,
        settings,
        backend,
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
    backend: Option<SharedBackend>,
    checkpoints: JobCheckpoints,
    restarts: RestartStrategy,
    rng: Rng,
}

impl Master {
    async fn attempts(&mut self) -> Result<()> {
        loop {
            let Err(error) = self.attempt().await else {
                return Ok(());
            };
            if !may_restart(&error) || self.client.cancel_requested() {
                return Err(error);
            }
            let now = self.checkpoints.now();
            let Some(pause) = self.restarts.failed(now, &mut self.rng) else {
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
        let restored = self.checkpoints
            .restore(vertices.clone(), self.backend.as_ref());
        let restored = while_waiting(&self.client, restored).await?;
        let in_flight = self.checkpoints.restore_in_flight(&self.job.plan);
        let in_flight = while_waiting(&self.client, in_flight).await?;
        let settings = DeployCheckpoints {
            restored,
            in_flight,
            mode: self.settings.mode,
            unaligned: self.settings.unaligned_after.is_some(),
            backend: self.backend.clone(),
            desk: self.checkpoints.desk().clone(),
        };
        let deployment = deploy(&self.job, &self.world, &self.client, settings)?;
        if self.client.cancel_requested() {
            return Err(Error::cancelled());
        }
        let attempt = Attempt::start(deployment, self.client.clone(), &self.world);
        let checkpoints = &mut self.checkpoints;
        checkpoints.deployed(vertices, attempt.participants());
        attempt.watch(checkpoints).await
    }
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
fn may_restart(error: &Error) -> bool {
    !matches!(
        error.kind(),
        ErrorKind::Cancelled | ErrorKind::Config | ErrorKind::InvalidJob | ErrorKind::Unsupported
    )
}

/// Who takes part in the checkpoints of a job.
fn plan(job: &Job) -> Vec<VertexPlan> {
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
