//! The checkpoint protocol: a step function from what has happened to what is to be done.

mod action;
mod completed;
mod event;
mod lifecycle;
mod pending;
mod plan;
mod progress;
mod region;
mod schedule;
mod trigger;

use std::collections::{BTreeMap, VecDeque};
use std::ops::Range;
use std::time::Duration;

use hurtig_types::{Error, JobId, Result};

pub use action::{AbortCause, Action, CheckpointKind, CheckpointLocation};
pub use completed::{ClaimMode, CompletedCheckpoint};
pub use event::{DeclinePhase, Event, StopMode, VertexPlan};

use crate::shared::SharedFiles;
use crate::{CheckpointConfig, CheckpointId, Epoch, JobEnd};
use pending::{Pending, Stage};
use plan::Plan;
use schedule::Schedule;

/// Savepoints that may wait for the one in flight.
const SAVEPOINTS_QUEUED_MAX: usize = 16;
/// Aborted checkpoints that are remembered, so that what comes late for them is deleted.
const ABORTED_REMEMBERED_MAX: usize = 128;

/// Where the job is in its life, as far as checkpoints care.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    /// No tasks run.
    Idle,
    /// Checkpoints are triggered when due.
    Running,
    /// Some tasks are being started again: nothing is triggered, and the others hear what becomes of what was.
    Recovering {
        /// Whether it was said from what.
        is_ready: bool,
    },
    /// A savepoint that ends the job is complete: the tasks are about to end.
    Stopping,
    /// The job was told to fail.
    Failing,
    /// The attempt is over; an answer about metadata is missing.
    Suspending,
    /// The job is over; an answer about metadata is missing.
    Ending(JobEnd),
    /// Nothing more will come.
    Ended,
}

#[derive(Debug)]
struct SavepointRequest {
    request: u64,
    directory: String,
    stop: StopMode,
}

/// Decides when checkpoints are triggered, when they are complete, and which are deleted.
///
/// **Laws.** A checkpoint exists once its metadata does: until the write is answered it is neither complete nor aborted,
/// and no next attempt begins. Checkpoints complete in the order of their ids, and no id is given twice. No file is
/// deleted that a retained checkpoint, a savepoint, or a checkpoint in flight names.
///
/// Whoever drives it hands in each event with the time, on any clock that does not jump, and does the actions in order.
///
/// ```
/// use std::time::Duration;
/// use hurtig_checkpoint::{Action, CheckpointConfig, Coordinator, Epoch, Event, Participant, VertexPlan};
/// use hurtig_types::{JobId, MaxParallelism, OperatorId};
///
/// let config = CheckpointConfig { interval: Some(Duration::from_secs(1)), ..CheckpointConfig::default() };
/// let mut coordinator = Coordinator::new(config, JobId::from_bytes([1; 16]), 1..1001, Vec::new())?;
///
/// let source = OperatorId::from_uid("orders");
/// let vertex = VertexPlan {
///     vertex: source.into(),
///     operators: vec![source],
///     coordinators: Vec::new(),
///     parallelism: 1,
///     max_parallelism: MaxParallelism::new(128)?,
/// };
/// let epoch = Epoch::new(1);
/// let second = Duration::from_secs(1);
/// let actions = coordinator.step(Duration::ZERO, Event::Deployed { epoch, vertices: vec![vertex] });
/// assert_eq!(actions, [Action::WakeAt(second)]);
///
/// let actions = coordinator.step(second, Event::Tick);
/// let [Action::Trigger { checkpoint, .. }, Action::WakeAt(_)] = actions[..] else { panic!("{actions:?}") };
///
/// let participant = Participant::Subtask(source.into(), 0);
/// let ack = Event::Ack { epoch, checkpoint, participant, snapshot: Vec::new() };
/// let actions = coordinator.step(second, ack);
/// assert!(matches!(actions[0], Action::WriteMetadata { .. }));
///
/// let actions = coordinator.step(second, Event::MetadataWritten { epoch, checkpoint });
/// assert_eq!(actions[..2], [Action::Completed(checkpoint), Action::NotifyComplete { epoch, checkpoint }]);
/// # Ok::<(), hurtig_types::Error>(())
/// ```
#[derive(Debug)]
pub struct Coordinator {
    config: CheckpointConfig,
    plan: Plan,
    phase: Phase,
    epoch: Option<Epoch>,
    now: Duration,
    schedule: Schedule,
    ids: Range<u64>,
    is_reserving: bool,
    pending: BTreeMap<CheckpointId, Pending>,
    requests: VecDeque<SavepointRequest>,
    /// The job's own, oldest first.
    retained: VecDeque<CompletedCheckpoint>,
    /// The user's, from which the job started or to which it is being stopped.
    foreign: Option<CompletedCheckpoint>,
    aborted: VecDeque<(CheckpointId, CheckpointLocation)>,
    shared: SharedFiles,
    failures: u32,
    actions: Vec<Action>,
}

impl Coordinator {
    /// For a job that may give its checkpoints these `ids`, with the checkpoints that are there already, oldest first; the job
    /// starts from the last of them.
    ///
    /// # Errors
    /// When the configuration cannot work, when an id was given before, or when the checkpoints contradict each other.
    pub fn new(
        config: CheckpointConfig,
        job: JobId,
        ids: Range<u64>,
        existing: Vec<CompletedCheckpoint>,
    ) -> Result<Self> {
        config.check()?;
        let mut coordinator = Self {
            config,
            plan: Plan::new(job, Vec::new()),
            phase: Phase::Idle,
            epoch: None,
            now: Duration::ZERO,
            schedule: Schedule::default(),
            ids,
            is_reserving: false,
            pending: BTreeMap::new(),
            requests: VecDeque::new(),
            retained: VecDeque::new(),
            foreign: None,
            aborted: VecDeque::new(),
            shared: SharedFiles::default(),
            failures: 0,
            actions: Vec::new(),
        };
        for checkpoint in existing {
            coordinator.adopt(checkpoint)?;
        }
        Ok(coordinator)
    }

    /// Takes in a checkpoint of an earlier run. What is the user's keeps its references for good, and so its files.
    fn adopt(&mut self, checkpoint: CompletedCheckpoint) -> Result<()> {
        let id = checkpoint.id();
        if self.ids.start <= id.get() || self.latest().is_some_and(|latest| latest.id() >= id) {
            return Err(Error::bug(format!(
                "checkpoint {id} exists, and its id would be given again or is out of order: reserve ids above it"
            )));
        }
        self.shared.retain(checkpoint.files())?;
        if checkpoint.belongs_to_job() {
            self.retained.push_back(checkpoint);
        } else {
            self.foreign = Some(checkpoint);
        }
        Ok(())
    }

    /// What an attempt starts from: the newest checkpoint that is complete.
    pub fn latest(&self) -> Option<&CompletedCheckpoint> {
        let own = self.retained.back();
        own.into_iter()
            .chain(&self.foreign)
            .max_by_key(|checkpoint| checkpoint.id())
    }

    /// The job's own checkpoints that are kept, oldest first.
    pub fn retained(&self) -> impl Iterator<Item = &CompletedCheckpoint> {
        self.retained.iter()
    }

    /// How many checkpoints and savepoints are in flight.
    pub fn in_flight(&self) -> usize {
        self.pending.len()
    }

    /// Takes in what has happened at `now`, and tells what is to be done about it.
    pub fn step(&mut self, now: Duration, event: Event) -> Vec<Action> {
        self.now = self.now.max(now);
        self.take_in(event);
        self.expire();
        self.write_next();
        self.settle_phase();
        self.trigger_due();
        self.delete_unnamed();
        self.reserve_ids();
        self.ask_to_be_woken();
        std::mem::take(&mut self.actions)
    }

    fn take_in(&mut self, event: Event) {
        match event {
            Event::Tick => {}
            Event::CheckpointRequested => self.schedule.hurry(self.now),
            Event::Deployed { epoch, vertices } => self.deployed(epoch, vertices),
            Event::RegionFailed { epoch, failed } if self.is_current(epoch) => {
                self.region_failed(failed);
            }
            Event::RegionDeployed { epoch, restarted } => self.region_deployed(epoch, restarted),
            Event::Ack {
                epoch,
                checkpoint,
                participant,
                snapshot,
            } if self.is_current(epoch) => self.acknowledged(checkpoint, participant, snapshot),
            Event::Decline {
                epoch,
                checkpoint,
                participant,
                phase,
                cause,
            } if self.is_current(epoch) => self.declined(checkpoint, participant, phase, cause),
            Event::TaskFinished { epoch, participant } if self.is_current(epoch) => {
                self.task_finished(participant);
            }
            Event::SavepointRequested {
                request,
                directory,
                stop,
            } => self.savepoint_requested(request, directory, stop),
            Event::MetadataWritten { epoch, checkpoint } if self.is_current(epoch) => {
                self.written(checkpoint);
            }
            Event::MetadataFailed {
                epoch,
                checkpoint,
                cause,
            } if self.is_current(epoch) => self.write_failed(checkpoint, cause),
            Event::IdsReserved(ids) => self.ids_reserved(ids),
            Event::Suspended => self.suspended(),
            Event::Ended(end) => self.ended(end),
            // Of another epoch: from a worker that came back from the dead.
            Event::Ack { .. }
            | Event::Decline { .. }
            | Event::TaskFinished { .. }
            | Event::RegionFailed { .. }
            | Event::MetadataWritten { .. }
            | Event::MetadataFailed { .. } => {}
        }
    }

    fn is_current(&self, epoch: Epoch) -> bool {
        self.epoch == Some(epoch)
    }

    /// Whether there are tasks to be told anything.
    fn has_tasks(&self) -> bool {
        matches!(
            self.phase,
            Phase::Running | Phase::Recovering { .. } | Phase::Stopping | Phase::Failing
        )
    }

    fn is_writing(&self) -> bool {
        self.pending.values().any(|p| p.stage == Stage::Writing)
    }

    /// The last checkpoint that was triggered.
    fn last_id(&self) -> CheckpointId {
        CheckpointId::new(self.ids.start.saturating_sub(1))
    }
}
