//! One attempt at running a job: its tasks, and what runs beside them.

use std::future::poll_fn;
use std::panic::AssertUnwindSafe;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use futures::future::{Either, select};
use futures::stream::FuturesUnordered;
use futures::{FutureExt, StreamExt};
use hurtig_checkpoint::Participant;
use hurtig_connect::BoxFuture;
use hurtig_env::{JoinHandle, Lane, World};
use hurtig_types::{Error, ErrorKind, Result};

use super::checkpoints::{JobCheckpoints, Participants};
use super::client::{JobClient, Wish};
use super::deploy::Deployment;
use crate::task::{TaskControl, TaskFuture, panic_error};

/// What may end while a job runs.
enum Ended {
    /// The task of this place in the execution graph.
    Task(usize, Participant, Result<()>),
    Coordinator(Result<()>),
}

/// Something that happened while a job runs.
enum Happened {
    Ended(Ended),
    Wish(Wish),
    /// The savepoint with which the job ends is there, or checkpoints cannot go on.
    Checkpoints(Result<()>),
    Nothing,
}

/// One attempt at running the job: its tasks and the coordinators of its sources.
pub(super) struct Attempt {
    ends: FuturesUnordered<BoxFuture<'static, Ended>>,
    /// What runs beside the tasks, and ends with them: coordinators, the meters' clock.
    helpers: Vec<JoinHandle<()>>,
    tasks_running: usize,
    outcome: Result<()>,
    /// It was told to end: what its tasks say about being cancelled is no error.
    stopped: bool,
    participants: Participants,
    client: JobClient,
}

impl Attempt {
    /// Starts the tasks.
    pub(super) fn start(deployment: Deployment, client: JobClient, world: &World) -> Self {
        let controls: Vec<_> = deployment
            .tasks
            .iter()
            .map(|_| Arc::<TaskControl>::default())
            .collect();
        let mut attempt = Self {
            ends: FuturesUnordered::new(),
            helpers: vec![refresh_meters(&client, world)],
            tasks_running: deployment.tasks.len(),
            outcome: Ok(()),
            stopped: false,
            participants: Participants {
                tasks: controls.clone(),
                enumerators: deployment.enumerators,
            },
            client,
        };
        attempt.client.running(controls.clone());
        for (index, (task, control)) in deployment.tasks.into_iter().zip(controls).enumerate() {
            let participant = task.participant;
            let future = TaskFuture::new(task.task, control, world.clone());
            let handle = world.spawner().spawn(task.lane, task.name, future);
            attempt.ends.push(Box::pin(async move {
                Ended::Task(index, participant, handle.await.and_then(|result| result))
            }));
        }
        for (name, coordinator) in deployment.coordinators {
            attempt.start_coordinator(name, coordinator, world);
        }
        // A cancellation that came before the tasks were known.
        if attempt.client.cancel_requested() {
            attempt.client.cancel();
        }
        attempt
    }

    /// Who is told about checkpoints.
    pub(super) fn participants(&self) -> Participants {
        self.participants.clone()
    }

    fn start_coordinator(
        &mut self,
        name: String,
        coordinator: BoxFuture<'static, Result<()>>,
        world: &World,
    ) {
        let (sender, receiver) = futures::channel::oneshot::channel();
        let context = name.clone();
        let run = async move {
            let ended = AssertUnwindSafe(coordinator).catch_unwind().await;
            let ended = ended.unwrap_or_else(|panic| Err(panic_error(&*panic)));
            let _ = sender.send(ended.map_err(|error| error.context(context)));
        };
        self.helpers
            .push(world.spawner().spawn(Lane::Io, name, run));
        self.ends.push(Box::pin(async move {
            let lost = || Err(Error::bug("the coordinator of a source vanished"));
            Ended::Coordinator(receiver.await.unwrap_or_else(|_| lost()))
        }));
    }

    /// Waits for all tasks. The first error that is not the echo of a cancellation is the job's.
    pub(super) async fn watch(mut self, checkpoints: &mut JobCheckpoints) -> Result<()> {
        while self.tasks_running > 0 {
            match self.next(checkpoints).await {
                Happened::Ended(Ended::Task(index, participant, result)) => {
                    self.tasks_running -= 1;
                    self.client.task_ended(index, &result);
                    if result.is_ok() {
                        checkpoints.task_finished(participant);
                    }
                    self.take(result, Some(index));
                }
                Happened::Ended(Ended::Coordinator(result)) => self.take(result, None),
                Happened::Wish(Wish::Savepoint(request)) => {
                    checkpoints.savepoint(request.directory, request.stop, request.answer);
                }
                // The tasks were told by the client.
                Happened::Wish(Wish::Cancel) | Happened::Nothing => {}
                Happened::Checkpoints(Ok(())) => {
                    self.stopped = true;
                    self.client.stop_tasks();
                }
                Happened::Checkpoints(Err(error)) => self.take(Err(error), None),
            }
        }
        self.helpers.iter().for_each(JoinHandle::abort);
        self.outcome
    }

    async fn next(&mut self, checkpoints: &mut JobCheckpoints) -> Happened {
        let client = &self.client;
        // Once the attempt is over, nothing matters but the ends of its tasks.
        if self.stopped || self.outcome.is_err() || self.client.cancel_requested() {
            let request = pin!(poll_fn(|context| client.poll_savepoint(context)));
            return match select(self.ends.next(), request).await {
                Either::Left((ended, _)) => ended.map_or(Happened::Nothing, Happened::Ended),
                Either::Right((request, _)) => {
                    request.refuse();
                    Happened::Nothing
                }
            };
        }
        let wish = pin!(poll_fn(|context| client.poll_wish(context)));
        let checkpoints = pin!(checkpoints.work());
        match select(self.ends.next(), select(wish, checkpoints)).await {
            Either::Left((ended, _)) => ended.map_or(Happened::Nothing, Happened::Ended),
            Either::Right((Either::Left((wish, _)), _)) => Happened::Wish(wish),
            Either::Right((Either::Right((done, _)), _)) => Happened::Checkpoints(done),
        }
    }

    /// Takes in how something ended; the first error stops the rest.
    fn take(&mut self, result: Result<()>, task: Option<usize>) {
        let Err(error) = result else { return };
        let echo = error.kind() == ErrorKind::Cancelled;
        if self.stopped && echo {
            return;
        }
        let first = match &self.outcome {
            Ok(()) => true,
            Err(known) => known.kind() == ErrorKind::Cancelled && !echo,
        };
        if !echo {
            self.client.remember_failure(&error, task, first);
        }
        if first {
            self.outcome = Err(error);
            self.client.failing();
        } else if !echo {
            tracing::warn!(%error, "another error while the job was being stopped");
        }
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
