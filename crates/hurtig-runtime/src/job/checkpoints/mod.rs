//! The rim around the checkpoint protocol: tells the coordinator what has happened, and does what it wants done.

mod history;
mod io;
mod mailbox;
mod receiver;
mod recovery;
mod savepoints;
mod settings;
mod start;
mod trigger;

use std::collections::BTreeMap;
use std::future::poll_fn;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use hurtig_checkpoint::{
    Action, CheckpointKind, CheckpointLocation, CheckpointStore, CompletedCheckpoint, Coordinator,
    Epoch, Event, FileOptions, JobEnd, Participant, Runs, SnapshotFiles, StopMode, UnclaimedState,
    VertexPlan,
};
use hurtig_env::{Lane, MonotonicTime, Sleep, World};
use hurtig_state::StateImage;
use hurtig_state::store::SharedBackend;
use hurtig_types::{
    AlignmentType, Barrier, BarrierKind, CheckpointId, Error, JobId, OperatorId, Result, Timestamp,
};

pub(super) use history::CheckpointLog;
pub use history::{
    CheckpointFault, CheckpointHistory, CheckpointPart, CheckpointRecord, CheckpointSample,
    CheckpointStatus,
};
use io::{StoreAction, StoreQueue};
use mailbox::Mailbox;
pub(super) use receiver::SnapshotDesk;
pub(super) use recovery::Recovered;
pub(super) use savepoints::SavepointAnswer;
use savepoints::Savepoints;
pub(super) use settings::CheckpointSettings;
pub(super) use trigger::Participants;
use trigger::{TriggerQueue, start_barriers};

use crate::CheckpointCommand;

/// Where checkpoints go for which nobody named a directory: they live as long as the process.
const IN_MEMORY: &str = "memory://hurtig/checkpoints";

/// What each participant starts from, by operator.
pub(super) type Restored = BTreeMap<Participant, BTreeMap<OperatorId, StateImage>>;

/// What the master is to do.
pub(super) enum Worked {
    /// The savepoint is there with which the job ends.
    Stopped,
    /// It is certain from what tasks start that are started again.
    ReadyToRestore,
}

/// The checkpoints of one job, over all its attempts.
pub(super) struct JobCheckpoints {
    coordinator: Coordinator,
    job: JobId,
    store: CheckpointStore,
    files: FileOptions,
    /// What the states of this attempt's checkpoints consist of.
    runs: Runs,
    /// What keyed state lies in; none for memory.
    backend: Option<SharedBackend>,
    unclaimed: UnclaimedState,
    savepoints: Savepoints,
    /// After how long barriers overtake what is queued; none for never.
    unaligned_after: Option<Duration>,
    world: World,
    /// The coordinator's clock begins here.
    started: MonotonicTime,
    epoch: u64,
    desk: SnapshotDesk,
    log: CheckpointLog,
    events: Mailbox,
    io: StoreQueue,
    triggers: TriggerQueue,
    wake: Option<Sleep>,
    participants: Participants,
    /// How many they are.
    taking_part: usize,
    /// After the attempt is over: what the next one starts from.
    ready: Option<Option<CompletedCheckpoint>>,
    /// Whether the master has yet to hear of that.
    is_news: bool,
    released: bool,
    failure: Option<String>,
    /// The savepoint with which the job ends is there.
    stopped: bool,
}

impl JobCheckpoints {
    /// The checkpoints of a job that starts, from that which its settings name, if they do.
    ///
    /// # Errors
    /// When the directory cannot be written, or the checkpoint not be read.
    pub(super) async fn open(
        settings: &CheckpointSettings,
        job: JobId,
        log: CheckpointLog,
        world: &World,
        backend: Option<SharedBackend>,
    ) -> Result<Self> {
        let directory = settings.directory.as_deref().unwrap_or(IN_MEMORY);
        let store = CheckpointStore::new(world.storage().clone(), directory, job)?;
        let existing: Vec<_> = start::of(settings, &store, world)
            .await?
            .into_iter()
            .collect();
        let newest = existing.last().map(CompletedCheckpoint::id);
        let ids = store.reserve_ids(newest).await;
        let ids = ids.map_err(|error| {
            error.context(format!("checkpoints cannot be written to `{directory}`"))
        })?;
        let events = Mailbox::default();
        let epoch = ids.start;
        Ok(Self {
            coordinator: Coordinator::new(settings.protocol.clone(), job, ids, existing)?,
            job,
            io: StoreQueue::new(store.clone(), world.clock().clone()),
            triggers: TriggerQueue::default(),
            store,
            files: settings.files,
            runs: Runs::default(),
            backend,
            unclaimed: settings.unclaimed,
            savepoints: Savepoints::new(settings.savepoint_directory.clone()),
            unaligned_after: settings.unaligned_after,
            world: world.clone(),
            started: world.clock().now(),
            epoch,
            desk: SnapshotDesk::new(events.clone(), log.clone(), world.clone()),
            log,
            events,
            wake: None,
            participants: Participants::default(),
            taking_part: 0,
            ready: None,
            is_news: false,
            released: false,
            failure: None,
            stopped: false,
        })
    }

    /// What keyed state lies in; none for memory.
    pub(super) const fn backend(&self) -> Option<&SharedBackend> {
        self.backend.as_ref()
    }

    /// Where the tasks hand in their snapshots.
    pub(super) fn desk(&self) -> &SnapshotDesk {
        &self.desk
    }

    fn wall_clock_ms(&self) -> i64 {
        self.world.clock().wall_clock_ms()
    }

    /// How long the job has run, on the coordinator's clock.
    pub(super) fn now(&self) -> Duration {
        self.world.clock().now().saturating_since(self.started)
    }

    /// Reads what the operators of these vertices start from: the newest checkpoint, or nothing.
    ///
    /// # Errors
    /// When the checkpoint does not fit the job, or cannot be read.
    pub(super) async fn restore(&mut self, vertices: Vec<VertexPlan>) -> Result<Recovered> {
        self.runs = Runs::default();
        match self.coordinator.latest().cloned() {
            Some(checkpoint) => self.read(checkpoint, vertices, |_| true).await,
            None => Ok(Recovered::default()),
        }
    }

    /// All tasks of an attempt run.
    pub(super) fn deployed(&mut self, vertices: Vec<VertexPlan>, participants: Participants) {
        self.epoch += 1;
        self.participants = participants;
        let epoch = Epoch::new(self.epoch);
        let taking_part =
            |vertex: &VertexPlan| vertex.parallelism as usize + vertex.coordinators.len();
        self.taking_part = vertices.iter().map(taking_part).sum();
        self.feed(Event::Deployed { epoch, vertices });
    }

    /// A task has ended well.
    pub(super) fn task_finished(&mut self, participant: Participant) {
        let epoch = Epoch::new(self.epoch);
        self.feed(Event::TaskFinished { epoch, participant });
    }

    /// Somebody wants a savepoint.
    pub(super) fn savepoint(
        &mut self,
        directory: Option<String>,
        stop: StopMode,
        answer: SavepointAnswer,
    ) {
        let unique = self.world.fresh_rng("savepoint").next_u64();
        if let Some(event) = self.savepoints.request(directory, unique, stop, answer) {
            self.feed(event);
        }
    }

    /// Works until the master is to do something. Can be dropped and called again at any time.
    ///
    /// # Errors
    /// Why the attempt must fail.
    pub(super) async fn work(&mut self) -> Result<Worked> {
        poll_fn(|context| self.poll_work(context)).await
    }

    fn poll_work(&mut self, context: &mut Context<'_>) -> Poll<Result<Worked>> {
        loop {
            if let Some(cause) = self.failure.take() {
                let why = format!("too many checkpoints have failed, the last one: {cause}");
                return Poll::Ready(Err(Error::io(why)));
            }
            if std::mem::take(&mut self.stopped) {
                return Poll::Ready(Ok(Worked::Stopped));
            }
            if std::mem::take(&mut self.is_news) {
                return Poll::Ready(Ok(Worked::ReadyToRestore));
            }
            match self.poll_event(context) {
                Poll::Ready(Ok(event)) => self.feed(event),
                Poll::Ready(Err(error)) => return Poll::Ready(Err(error)),
                Poll::Pending => return Poll::Pending,
            }
        }
    }

    fn poll_event(&mut self, context: &mut Context<'_>) -> Poll<Result<Event>> {
        if let Poll::Ready(event) = self.events.poll_next(context) {
            return Poll::Ready(Ok(event));
        }
        self.triggers.poll(context);
        if let Poll::Ready(event) = self.io.poll(context) {
            return Poll::Ready(event);
        }
        if let Some(wake) = &mut self.wake
            && Pin::new(wake).poll(context).is_ready()
        {
            self.wake = None;
            return Poll::Ready(Ok(Event::Tick));
        }
        Poll::Pending
    }

    /// The attempt is over: settles what is in doubt, and says whether there is a checkpoint to start from.
    ///
    /// # Errors
    /// When the store does not answer.
    pub(super) async fn suspended(&mut self) -> Result<()> {
        self.participants = Participants::default();
        self.triggers = TriggerQueue::default();
        self.ready = None;
        self.feed(Event::Suspended);
        while self.ready.take().is_none() {
            let event = poll_fn(|context| self.poll_event(context)).await?;
            self.feed(event);
        }
        // Whoever wanted to stop it hears that it goes on, also of a savepoint that became complete when the attempt was over: the next
        // one is not stopped by that.
        self.stopped = false;
        self.is_news = false;
        self.savepoints.answer_stopping(false);
        Ok(())
    }

    /// The job is over: deletes what is not to be kept.
    ///
    /// # Errors
    /// When the store does not answer.
    pub(super) async fn ended(&mut self, end: JobEnd) -> Result<()> {
        self.savepoints.answer_stopping(end == JobEnd::Finished);
        self.participants = Participants::default();
        self.triggers = TriggerQueue::default();
        self.feed(Event::Ended(end));
        while !self.released {
            let event = poll_fn(|context| self.poll_event(context)).await?;
            self.feed(event);
        }
        // What was to be deleted is behind the last answer.
        poll_fn(|context| match self.io.poll(context) {
            Poll::Ready(answer) => Poll::Ready(answer.map(drop)),
            Poll::Pending if self.io.is_idle() => Poll::Ready(Ok(())),
            Poll::Pending => Poll::Pending,
        })
        .await
    }

    fn feed(&mut self, event: Event) {
        let now = self.now();
        let actions = self.coordinator.step(now, event);
        actions.into_iter().for_each(|action| self.act(action));
    }

    fn act(&mut self, action: Action) {
        match action {
            Action::Trigger {
                epoch,
                checkpoint,
                kind,
                base,
            } => self.trigger(epoch, (checkpoint, base), kind),
            Action::WriteMetadata {
                epoch,
                location,
                metadata,
            } => self.io.push(StoreAction::Write(epoch, location, metadata)),
            Action::Completed(checkpoint) => {
                tracing::debug!(%checkpoint, "checkpoint complete");
                self.log.completed(checkpoint, self.wall_clock_ms());
                self.desk.close(checkpoint);
            }
            Action::Aborted { checkpoint, cause } => {
                tracing::warn!(%checkpoint, %cause, "checkpoint aborted");
                self.log.aborted(checkpoint, &cause, self.wall_clock_ms());
                self.aborted(checkpoint);
            }
            Action::NotifyComplete { checkpoint, .. } => {
                for (_, enumerator) in &self.participants.enumerators {
                    enumerator.checkpoint_completed(checkpoint);
                }
                self.tell_all("complete", CheckpointCommand::Completed(checkpoint));
            }
            Action::NotifyAborted { checkpoint, .. } => {
                for (_, enumerator) in &self.participants.enumerators {
                    enumerator.checkpoint_aborted(checkpoint);
                }
                self.tell_all("aborted", CheckpointCommand::Aborted(checkpoint));
            }
            Action::AnswerSavepoint { request, outcome } => {
                self.stopped |= self.savepoints.answer(request, outcome);
            }
            Action::DeleteCheckpoint {
                checkpoint,
                location,
                files,
            } => self
                .io
                .push(StoreAction::Delete(checkpoint, location, files)),
            Action::DeleteShared(files) => self.io.push(StoreAction::DeleteShared(files)),
            Action::FailJob { cause } => self.failure = Some(cause),
            Action::ReserveIds => {
                let newest = self.coordinator.latest().map(CompletedCheckpoint::id);
                self.io.push(StoreAction::ReserveIds(newest));
            }
            Action::ReadyToRestore(checkpoint) => {
                self.ready = Some(checkpoint);
                self.is_news = true;
            }
            Action::Released(_) => self.released = true,
            Action::WakeAt(at) => {
                self.wake = Some(self.world.clock().sleep_until(self.started + at));
            }
        }
    }

    /// Nothing is stored for it any more, and what was stored goes.
    fn aborted(&mut self, checkpoint: CheckpointId) {
        self.triggers.cancel(checkpoint);
        let Some(files) = self.desk.close(checkpoint) else {
            return;
        };
        let clean = async move {
            if let Err(error) = files.abort().await {
                tracing::warn!(%error, "a state file of an aborted checkpoint is left behind");
            }
        };
        let name = format!("files of checkpoint {checkpoint}");
        drop(self.world.spawner().spawn(Lane::Io, name, clean));
    }

    fn tell_all(&self, kind: &'static str, command: CheckpointCommand) {
        for task in &self.participants.tasks {
            let task = Arc::clone(task);
            let tell = move |it| task.command(it);
            self.world.deliver(kind, command, tell);
        }
    }

    fn trigger(
        &mut self,
        epoch: Epoch,
        (checkpoint, base): (CheckpointId, Option<CheckpointId>),
        kind: CheckpointKind,
    ) {
        let (location, kind) = match kind {
            CheckpointKind::Checkpoint => (
                CheckpointLocation::Checkpoint(self.job, checkpoint),
                BarrierKind::Checkpoint,
            ),
            CheckpointKind::Savepoint { directory, stop } => (
                CheckpointLocation::Savepoint(directory),
                match stop {
                    StopMode::GoOn => BarrierKind::Savepoint,
                    StopMode::Stop | StopMode::Drain => BarrierKind::Stop,
                },
            ),
        };
        let barrier = Barrier {
            checkpoint,
            epoch,
            kind,
            alignment: self.alignment(kind),
            base,
        };
        self.log.triggered(CheckpointRecord {
            id: checkpoint,
            is_savepoint: kind != BarrierKind::Checkpoint,
            status: CheckpointStatus::InProgress,
            triggered_ms: self.wall_clock_ms(),
            ended_ms: None,
            participants: self.taking_part,
            parts: Vec::new(),
            path: self.store.directory_of(&location),
            failure: None,
            fault: None,
        });
        let runs = (self.runs.clone(), base);
        let files =
            SnapshotFiles::building_on(self.store.clone(), location, epoch, self.files, runs);
        self.desk.open(checkpoint, files);
        let start = start_barriers(barrier, self.participants.clone(), self.desk.clone());
        self.triggers.push(checkpoint, Box::pin(start));
    }

    /// Savepoints hold nothing that is in flight: so any job can start from them, whatever its edges are.
    fn alignment(&self, kind: BarrierKind) -> AlignmentType {
        match self.unaligned_after {
            Some(timeout) if kind == BarrierKind::Checkpoint => {
                let millis = i64::try_from(timeout.as_millis()).unwrap_or(i64::MAX);
                let until = self.wall_clock_ms().saturating_add(millis);
                if timeout.is_zero() {
                    AlignmentType::Unaligned
                } else {
                    AlignmentType::AlignedUntil(Timestamp::from_millis(until))
                }
            }
            _ => AlignmentType::Aligned,
        }
    }
}
