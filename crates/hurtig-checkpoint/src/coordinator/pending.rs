//! A checkpoint in flight: who is missing, and what the others have handed in.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use super::plan::Plan;
use super::{AbortCause, CheckpointKind, CheckpointLocation, StopMode};
use crate::metadata::{METADATA_BYTES_MAX, Metadata, OperatorState, SubtaskState};
use crate::shared::is_shared;
use crate::state::{files_of, inline_bytes_of};
use crate::{CheckpointId, Epoch, FileName, FileScope, Participant, Snapshot, StateFile};

type Files = BTreeMap<(FileScope, FileName), StateFile>;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stage {
    /// Participants are missing.
    Acking,
    /// None is missing; an earlier one is being written.
    Acked,
    /// The metadata is being written: only the answer decides whether it exists.
    Writing,
}

#[derive(Debug)]
pub(super) struct Pending {
    pub(super) id: CheckpointId,
    pub(super) kind: CheckpointKind,
    /// The request that asked for it, if it is a savepoint.
    pub(super) request: Option<u64>,
    pub(super) stage: Stage,
    pub(super) deadline: Duration,
    /// What is being written.
    pub(super) metadata: Option<Arc<Metadata>>,
    missing: BTreeSet<Participant>,
    /// Those that had ended before it was triggered.
    finished: BTreeSet<Participant>,
    snapshots: BTreeMap<Participant, Snapshot>,
    /// Of all snapshots together.
    inline_bytes: u64,
    files: Files,
}

impl Pending {
    pub(super) fn new(
        id: CheckpointId,
        kind: CheckpointKind,
        request: Option<u64>,
        deadline: Duration,
        plan: &Plan,
    ) -> Self {
        Self {
            id,
            kind,
            request,
            stage: Stage::Acking,
            deadline,
            metadata: None,
            missing: plan.running().collect(),
            finished: plan.finished().collect(),
            snapshots: BTreeMap::new(),
            inline_bytes: 0,
            files: Files::new(),
        }
    }

    pub(super) fn is_savepoint(&self) -> bool {
        self.kind != CheckpointKind::Checkpoint
    }

    pub(super) fn ends_job(&self) -> bool {
        matches!(&self.kind, CheckpointKind::Savepoint { stop, .. } if *stop != StopMode::GoOn)
    }

    pub(super) fn is_missing(&self, participant: Participant) -> bool {
        self.missing.contains(&participant)
    }

    pub(super) fn location(&self, plan: &Plan) -> CheckpointLocation {
        match &self.kind {
            CheckpointKind::Checkpoint => CheckpointLocation::Checkpoint(plan.job, self.id),
            CheckpointKind::Savepoint { directory, .. } => {
                CheckpointLocation::Savepoint(directory.clone())
            }
        }
    }

    /// Takes in what a participant hands in, and tells which of its files are new to this checkpoint.
    pub(super) fn acknowledge(
        &mut self,
        participant: Participant,
        snapshot: Snapshot,
        plan: &Plan,
    ) -> Result<Vec<StateFile>, AbortCause> {
        let invalid = |cause: String| AbortCause::Invalid { participant, cause };
        plan.check_snapshot(participant, &snapshot)
            .map_err(invalid)?;
        let inline_bytes = self.inline_bytes + inline_bytes_of(&snapshot);
        if inline_bytes > METADATA_BYTES_MAX {
            let cause =
                format!("with it there are {inline_bytes} bytes of small states: use files");
            return Err(invalid(cause));
        }
        let mut new = self.new_files(&snapshot).map_err(invalid)?;
        self.inline_bytes = inline_bytes;
        let added = new.values().cloned().collect();
        self.files.append(&mut new);
        self.missing.remove(&participant);
        self.snapshots.insert(participant, snapshot);
        if self.missing.is_empty() {
            self.stage = Stage::Acked;
        }
        Ok(added)
    }

    /// The files that no other participant has named yet.
    fn new_files(&self, snapshot: &Snapshot) -> Result<Files, String> {
        let mut new = Files::new();
        for file in files_of(snapshot) {
            let name = file.name.as_str();
            if self.is_savepoint() && file.scope != FileScope::Exclusive {
                return Err(format!(
                    "a savepoint is self-contained, but `{name}` is not its own"
                ));
            }
            let key = (file.scope, file.name.clone());
            match self.files.get(&key).or_else(|| new.get(&key)) {
                Some(known) if known == file => {}
                Some(_) => return Err(format!("`{name}` is two files")),
                None => {
                    new.insert(key, file.clone());
                }
            }
        }
        Ok(new)
    }

    /// Takes back the shared ones of these files: they were not counted.
    pub(super) fn forget(&mut self, added: &[StateFile]) {
        for file in added.iter().filter(|file| is_shared(file)) {
            self.files.remove(&(file.scope, file.name.clone()));
        }
    }

    pub(super) fn expired(&self) -> AbortCause {
        AbortCause::Expired {
            missing: self.missing.len(),
            example: self.missing.first().copied(),
        }
    }

    pub(super) fn files(&self) -> impl Iterator<Item = &StateFile> + Clone {
        self.files.values()
    }

    /// What makes it a checkpoint, operator by operator. Leaves nothing of the snapshots behind.
    pub(super) fn take_metadata(&mut self, epoch: Epoch, plan: &Plan) -> Metadata {
        let mut operators = plan.empty_operators();
        for participant in &self.finished {
            if let Participant::Subtask(vertex, subtask) = *participant {
                for operator in plan.operators_of(vertex) {
                    subtask_of(&mut operators, *operator, subtask, |state| {
                        state.is_finished = true;
                    });
                }
            }
        }
        for (participant, snapshot) in std::mem::take(&mut self.snapshots) {
            for (operator, states) in snapshot {
                match participant {
                    Participant::Coordinator(_) => {
                        if let Some(state) = operators.get_mut(&operator) {
                            state.coordinator.extend(states);
                        }
                    }
                    Participant::Subtask(_, subtask) => {
                        subtask_of(&mut operators, operator, subtask, |state| {
                            state.states.extend(states);
                        });
                    }
                }
            }
        }
        Metadata {
            job: plan.job,
            checkpoint: self.id,
            epoch,
            is_savepoint: self.is_savepoint(),
            operators: operators.into_values().collect(),
        }
    }
}

fn subtask_of(
    operators: &mut BTreeMap<hurtig_types::OperatorId, OperatorState>,
    operator: hurtig_types::OperatorId,
    subtask: u32,
    change: impl FnOnce(&mut SubtaskState),
) {
    let subtasks = operators
        .get_mut(&operator)
        .map(|state| &mut state.subtasks);
    let state = subtasks.and_then(|subtasks| subtasks.get_mut(subtask as usize));
    if let Some(state) = state {
        change(state);
    }
}
