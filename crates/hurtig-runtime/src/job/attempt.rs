//! One attempt at running a job: its tasks, and what runs beside them.

mod regions;

use std::collections::BTreeSet;
use std::future::poll_fn;
use std::panic::AssertUnwindSafe;
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use futures::future::{Either, select};
use futures::stream::FuturesUnordered;
use futures::{FutureExt, StreamExt};
use hurtig_checkpoint::Participant;
use hurtig_connect::BoxFuture;
use hurtig_env::{JoinHandle, Lane, World};
use hurtig_types::{Error, ErrorKind, Result};

use super::Job;
use super::checkpoints::{CheckpointSettings, JobCheckpoints, Participants, Recovered, Worked};
use super::client::{JobClient, Wish};
use super::deploy::{DeployedTask, Deployment, Revivals};
use super::failover::{Failover, FailoverStrategy};
use super::recovery::Recovery;
use super::restart::Restarts;
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
    /// The checkpoints have come to something, or cannot go on.
    Checkpoints(Result<Worked>),
    /// What tasks start from that are started again.
    Recovered(Result<Recovered>),
    Nothing,
}

/// Where an attempt is made.
#[derive(Clone, Copy)]
pub(super) struct AttemptPlace<'a> {
    pub(super) job: &'a Job,
    pub(super) settings: &'a CheckpointSettings,
    pub(super) client: &'a JobClient,
    pub(super) world: &'a World,
}

/// One attempt at running the job: its tasks and the coordinators of its sources.
pub(super) struct Attempt<'a> {
    place: AttemptPlace<'a>,
    ends: FuturesUnordered<BoxFuture<'static, Ended>>,
    /// What runs beside the tasks, and ends with them: coordinators, the meters' clock.
    helpers: Vec<JoinHandle<()>>,
    /// The tasks that run, by their places in the execution graph.
    running: BTreeSet<usize>,
    failover: Failover,
    revivals: Revivals,
    /// The tasks that are being started again.
    recovery: Option<Recovery>,
    outcome: Result<()>,
    /// It was told to end: what its tasks say about being cancelled is no error.
    stopped: bool,
    participants: Participants,
    client: JobClient,
}

impl<'a> Attempt<'a> {
    /// Starts the tasks.
    pub(super) fn start(
        place: AttemptPlace<'a>,
        deployment: Deployment,
        strategy: FailoverStrategy,
    ) -> Self {
        let controls: Vec<_> = deployment
            .tasks
            .iter()
            .map(|_| Arc::<TaskControl>::default())
            .collect();
        let (client, world) = (place.client.clone(), place.world);
        let mut attempt = Self {
            place,
            ends: FuturesUnordered::new(),
            helpers: vec![refresh_meters(&client, world)],
            running: BTreeSet::new(),
            failover: Failover::new(strategy, place.job, &deployment.revivals),
            revivals: deployment.revivals,
            recovery: None,
            outcome: Ok(()),
            stopped: false,
            participants: Participants {
                tasks: controls.clone(),
                enumerators: deployment.enumerators,
            },
            client,
        };
        attempt.client.running(controls.clone());
        for (task, control) in deployment.tasks.into_iter().zip(controls) {
            attempt.start_task(task, control);
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

    fn start_task(&mut self, task: DeployedTask, control: Arc<TaskControl>) {
        let world = self.place.world;
        let (place, participant) = (task.place, task.participant);
        let future = TaskFuture::new(task.task, control, world.clone());
        let handle = world.spawner().spawn(task.lane, task.name, future);
        self.running.insert(place);
        self.ends.push(Box::pin(async move {
            Ended::Task(place, participant, handle.await.and_then(|result| result))
        }));
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

    /// Waits for all tasks. The first error that is not the echo of a cancellation is the job's, unless only its region is started again.
    pub(super) async fn watch(
        mut self,
        checkpoints: &mut JobCheckpoints,
        restarts: &mut Restarts,
    ) -> Result<()> {
        while !self.running.is_empty() || self.recovery.is_some() {
            match self.next(checkpoints).await {
                Happened::Ended(Ended::Task(place, participant, result)) => {
                    self.task_ended((place, participant), result, checkpoints, restarts);
                }
                Happened::Ended(Ended::Coordinator(result)) => self.take(result, None),
                Happened::Wish(Wish::Savepoint(request)) => {
                    checkpoints.savepoint(request.directory, request.stop, request.answer);
                }
                // The tasks were told by the client.
                Happened::Wish(Wish::Cancel) | Happened::Nothing => {}
                Happened::Checkpoints(Ok(Worked::Stopped)) => {
                    self.stopped = true;
                    self.client.stop_tasks();
                }
                Happened::Checkpoints(Ok(Worked::ReadyToRestore)) => {}
                Happened::Checkpoints(Err(error)) => self.take(Err(error), None),
                Happened::Recovered(recovered) => {
                    let again = recovered.and_then(|it| self.start_again(it, checkpoints));
                    self.take(again, None);
                }
            }
            self.go_on_recovering(checkpoints);
        }
        self.helpers.iter().for_each(JoinHandle::abort);
        self.outcome
    }

    /// Whether nothing matters any more but the ends of its tasks.
    fn is_over(&self) -> bool {
        self.stopped || self.outcome.is_err() || self.client.cancel_requested()
    }

    async fn next(&mut self, checkpoints: &mut JobCheckpoints) -> Happened {
        let is_over = self.is_over();
        let (client, ends, recovery) = (&self.client, &mut self.ends, &mut self.recovery);
        let ended = pin!(poll_fn(|context| match ends.poll_next_unpin(context) {
            Poll::Ready(Some(ended)) => Poll::Ready(Happened::Ended(ended)),
            Poll::Ready(None) | Poll::Pending => Poll::Pending,
        }));
        if is_over {
            let request = pin!(poll_fn(|context| client.poll_savepoint(context)));
            return match select(ended, request).await {
                Either::Left((ended, _)) => ended,
                Either::Right((request, _)) => {
                    request.refuse();
                    Happened::Nothing
                }
            };
        }
        let wish = pin!(poll_fn(|context| client.poll_wish(context)));
        let checkpoints = pin!(checkpoints.work());
        let recovered = pin!(poll_fn(|context| match recovery {
            Some(recovery) => recovery.poll(context),
            None => Poll::Pending,
        }));
        match select(select(ended, recovered), select(wish, checkpoints)).await {
            Either::Left((Either::Left((ended, _)), _)) => ended,
            Either::Left((Either::Right((recovered, _)), _)) => {
                recovered.map_or(Happened::Nothing, Happened::Recovered)
            }
            Either::Right((Either::Left((wish, _)), _)) => Happened::Wish(wish),
            Either::Right((Either::Right((done, _)), _)) => Happened::Checkpoints(done),
        }
    }

    fn task_ended(
        &mut self,
        (place, participant): (usize, Participant),
        result: Result<()>,
        checkpoints: &mut JobCheckpoints,
        restarts: &mut Restarts,
    ) {
        self.running.remove(&place);
        self.client.task_ended(place, &result);
        let recovery = self.recovery.as_mut();
        let starts_again = recovery.is_some_and(|recovery| recovery.has_ended(place));
        match result {
            Ok(()) if starts_again => {}
            Ok(()) => checkpoints.task_finished(participant),
            Err(error) if self.is_over() => self.take(Err(error), Some(place)),
            Err(error) => self.task_failed((place, participant), error, checkpoints, restarts),
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
