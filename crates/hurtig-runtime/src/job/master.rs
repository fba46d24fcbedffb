//! Watches over the tasks of one job: starts them, and ends all when one fails.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use futures::stream::FuturesUnordered;
use futures::{FutureExt, StreamExt};
use hurtig_connect::BoxFuture;
use hurtig_env::{JoinHandle, Lane, World};
use hurtig_types::{Error, ErrorKind, Result, options};

use super::Job;
use super::client::JobClient;
use super::deploy::{Deployment, deploy};
use crate::task::{TaskControl, TaskFuture, panic_error};

/// Runs `job` to its end and tells `client`.
pub(super) async fn run(job: Job, client: JobClient, world: World) {
    let started = world.clock().now();
    let outcome = run_to_end(&job, &client, &world).await;
    client.ended(outcome.map(|()| world.clock().now().saturating_since(started)));
}

async fn run_to_end(job: &Job, client: &JobClient, world: &World) -> Result<()> {
    job.configuration.get(&options::JOB_STORE_MAX_CAPACITY)?;
    job.program.check(world).await?;
    let deployment = deploy(job, world, client)?;
    if client.cancel_requested() {
        return Err(Error::cancelled());
    }
    Attempt::start(deployment, client, world)
        .watch(client)
        .await
}

/// What may end while a job runs.
enum Ended {
    /// The task of this place in the execution graph.
    Task(usize, Result<()>),
    Coordinator(Result<()>),
}

/// One attempt at running the job: its tasks and the coordinators of its sources.
struct Attempt {
    ends: FuturesUnordered<BoxFuture<'static, Ended>>,
    /// What runs beside the tasks, and ends with them: coordinators, the meters' clock.
    helpers: Vec<JoinHandle<()>>,
    tasks_running: usize,
}

impl Attempt {
    fn start(deployment: Deployment, client: &JobClient, world: &World) -> Self {
        let ends = FuturesUnordered::<BoxFuture<'static, Ended>>::new();
        let controls: Vec<_> = deployment
            .tasks
            .iter()
            .map(|_| Arc::new(TaskControl::default()))
            .collect();
        client.running(controls.clone());
        let tasks_running = deployment.tasks.len();
        let mut helpers = vec![refresh_meters(client, world)];
        for (index, (task, control)) in deployment.tasks.into_iter().zip(controls).enumerate() {
            let future = TaskFuture::new(task.task, control, world.clone());
            let handle = world.spawner().spawn(task.lane, task.name, future);
            ends.push(Box::pin(async move {
                Ended::Task(index, handle.await.and_then(|result| result))
            }));
        }
        for (name, coordinator) in deployment.coordinators {
            let (sender, receiver) = futures::channel::oneshot::channel();
            let context = name.clone();
            let run = async move {
                let ended = AssertUnwindSafe(coordinator).catch_unwind().await;
                let ended = ended.unwrap_or_else(|panic| Err(panic_error(&*panic)));
                let _ = sender.send(ended.map_err(|error| error.context(context)));
            };
            helpers.push(world.spawner().spawn(Lane::Io, name, run));
            ends.push(Box::pin(async move {
                let lost = || Err(Error::bug("the coordinator of a source vanished"));
                Ended::Coordinator(receiver.await.unwrap_or_else(|_| lost()))
            }));
        }
        // A cancellation that came before the tasks were known.
        if client.cancel_requested() {
            client.cancel();
        }
        Self {
            ends,
            helpers,
            tasks_running,
        }
    }

    /// Waits for all tasks. The first error that is not the echo of a cancellation is the job's.
    async fn watch(mut self, client: &JobClient) -> Result<()> {
        let mut outcome: Result<()> = Ok(());
        while self.tasks_running > 0 {
            let (task, result) = match self.ends.next().await {
                Some(Ended::Task(index, result)) => {
                    self.tasks_running -= 1;
                    client.task_ended(index, &result);
                    (Some(index), result)
                }
                Some(Ended::Coordinator(result)) => (None, result),
                None => break,
            };
            if let Err(error) = result {
                let echo = error.kind() == ErrorKind::Cancelled;
                if !echo {
                    client.remember_failure(&error, task);
                }
                let first = match &outcome {
                    Ok(()) => true,
                    Err(known) => known.kind() == ErrorKind::Cancelled && !echo,
                };
                if first {
                    outcome = Err(error);
                    client.failing();
                } else if !echo {
                    tracing::warn!(%error, "another error while the job was being stopped");
                }
            }
        }
        self.helpers.iter().for_each(JoinHandle::abort);
        outcome
    }
}

/// How often the rates of meters are taken, as in Flink.
const METERS_INTERVAL: Duration = Duration::from_secs(5);

/// Takes the rates of meters from time to time. Not in a simulated world, where somebody who always sleeps would hide that a job is stuck.
fn refresh_meters(client: &JobClient, world: &World) -> JoinHandle<()> {
    let (metrics, clock) = (client.metrics().clone(), world.clock().clone());
    let simulated = world.is_simulated();
    let refresh = async move {
        if simulated {
            return;
        }
        loop {
            clock.sleep(METERS_INTERVAL).await;
            metrics.update_views();
        }
    };
    world.spawner().spawn(Lane::Io, "meters", refresh)
}
