//! A job of one vertex with three subtasks and a coordinator, and files for them.
#![allow(dead_code, reason = "each test binary uses its own part of it")]

pub(crate) mod images;
pub(crate) mod spy;

use std::time::Duration;

use hurtig_checkpoint::*;
use hurtig_types::{JobId, MaxParallelism, OperatorId, VertexId};

pub(crate) const JOB: JobId = JobId::from_bytes([7; 16]);
pub(crate) const SUBTASKS: u32 = 3;

pub(crate) fn operator() -> OperatorId {
    OperatorId::from_uid("window")
}

pub(crate) fn vertex() -> VertexId {
    operator().into()
}

pub(crate) fn participants() -> Vec<Participant> {
    let subtasks = (0..SUBTASKS).map(|subtask| Participant::Subtask(vertex(), subtask));
    subtasks
        .chain([Participant::Coordinator(operator())])
        .collect()
}

pub(crate) fn deployed(epoch: u64) -> Event {
    Event::Deployed {
        epoch: Epoch::new(epoch),
        vertices: vec![VertexPlan {
            vertex: vertex(),
            operators: vec![operator()],
            coordinators: vec![operator()],
            parallelism: SUBTASKS,
            max_parallelism: MaxParallelism::new(128).unwrap(),
        }],
    }
}

pub(crate) fn file(scope: FileScope, name: &str) -> StateFile {
    StateFile {
        scope,
        name: FileName::new(name).unwrap(),
        length: 10,
        checksum: 3,
    }
}

pub(crate) fn shared(name: &str) -> StateFile {
    file(FileScope::Shared(JOB), name)
}

pub(crate) fn exclusive(name: &str) -> StateFile {
    file(FileScope::Exclusive, name)
}

pub(crate) fn snapshot(files: &[StateFile]) -> Snapshot {
    let handle =
        |file: &StateFile| StateHandle::whole_file(StateKind::Keyed, "counts", file.clone());
    vec![(operator(), files.iter().map(handle).collect())]
}

/// A coordinator whose clock a test moves by hand.
pub(crate) struct Driver {
    pub(crate) coordinator: Coordinator,
    pub(crate) now: Duration,
    pub(crate) epoch: Epoch,
}

impl Driver {
    /// Deployed in epoch 1 at time 0.
    pub(crate) fn new(config: CheckpointConfig) -> Self {
        let mut driver = Self {
            coordinator: Coordinator::new(config, JOB, 1..1001, Vec::new()).unwrap(),
            now: Duration::ZERO,
            epoch: Epoch::new(1),
        };
        driver.step(deployed(1));
        driver
    }

    pub(crate) fn step(&mut self, event: Event) -> Vec<Action> {
        self.coordinator.step(self.now, event)
    }

    /// Lets time pass.
    pub(crate) fn after(&mut self, millis: u64) -> Vec<Action> {
        self.now += Duration::from_millis(millis);
        self.step(Event::Tick)
    }

    pub(crate) fn ack(
        &mut self,
        checkpoint: u64,
        who: Participant,
        files: &[StateFile],
    ) -> Vec<Action> {
        self.step(Event::Ack {
            epoch: self.epoch,
            checkpoint: CheckpointId::new(checkpoint),
            participant: who,
            snapshot: snapshot(files),
        })
    }

    /// All acknowledge, the first subtask with these files.
    pub(crate) fn ack_all(&mut self, checkpoint: u64, files: &[StateFile]) -> Vec<Action> {
        let mut actions = Vec::new();
        for (n, who) in participants().into_iter().enumerate() {
            actions.extend(self.ack(checkpoint, who, if n == 0 { files } else { &[] }));
        }
        actions
    }

    pub(crate) fn decline(&mut self, checkpoint: u64) -> Vec<Action> {
        self.step(Event::Decline {
            epoch: self.epoch,
            checkpoint: CheckpointId::new(checkpoint),
            participant: participants()[1],
            phase: DeclinePhase::Async,
            cause: "disk full".to_string(),
        })
    }

    pub(crate) fn written(&mut self, checkpoint: u64) -> Vec<Action> {
        self.step(Event::MetadataWritten {
            epoch: self.epoch,
            checkpoint: CheckpointId::new(checkpoint),
        })
    }

    /// All acknowledge, and the metadata is written.
    pub(crate) fn complete(&mut self, checkpoint: u64, files: &[StateFile]) -> Vec<Action> {
        let mut actions = self.ack_all(checkpoint, files);
        actions.extend(self.written(checkpoint));
        actions
    }

    pub(crate) fn savepoint(&mut self, request: u64, stop: StopMode) -> Vec<Action> {
        self.step(Event::SavepointRequested {
            request,
            directory: format!("/savepoints/{request}"),
            stop,
        })
    }
}

pub(crate) fn every(millis: u64) -> CheckpointConfig {
    CheckpointConfig {
        interval: Some(Duration::from_millis(millis)),
        ..CheckpointConfig::default()
    }
}

pub(crate) fn triggered(actions: &[Action]) -> Vec<u64> {
    let id = |action: &Action| match action {
        Action::Trigger { checkpoint, .. } => Some(checkpoint.get()),
        _ => None,
    };
    actions.iter().filter_map(id).collect()
}

pub(crate) fn completed(actions: &[Action]) -> Vec<u64> {
    let id = |action: &Action| match action {
        Action::Completed(checkpoint) => Some(checkpoint.get()),
        _ => None,
    };
    actions.iter().filter_map(id).collect()
}

/// Aborted checkpoints with their causes as text.
pub(crate) fn aborted(actions: &[Action]) -> Vec<(u64, String)> {
    let one = |action: &Action| match action {
        Action::Aborted { checkpoint, cause } => Some((checkpoint.get(), cause.to_string())),
        _ => None,
    };
    actions.iter().filter_map(one).collect()
}

/// Names of deleted files and locations, metadata included.
pub(crate) fn deleted(actions: &[Action]) -> Vec<String> {
    let mut names = Vec::new();
    for action in actions {
        match action {
            Action::DeleteCheckpoint {
                location, files, ..
            } => {
                names.push(match location {
                    CheckpointLocation::Checkpoint(_, id) => format!("chk-{id}"),
                    CheckpointLocation::Savepoint(directory)
                    | CheckpointLocation::Claimed(_, directory) => directory.clone(),
                });
                names.extend(files.iter().map(|file| file.name.as_str().to_string()));
            }
            Action::DeleteShared(files) => {
                names.extend(files.iter().map(|file| file.name.as_str().to_string()));
            }
            _ => {}
        }
    }
    names
}
