//! What the states of a checkpoint consist of, so that later ones may build on it.

use std::collections::BTreeMap;
use std::sync::Arc;

use hurtig_state::StateImage;
use hurtig_types::{CheckpointId, Error, JobId, OperatorId, Result};
use parking_lot::Mutex;

use crate::{Participant, StateHandle, StateKind};

/// The pieces of one state of an operator's subtask, in the order in which they are restored.
type StateRuns = BTreeMap<(Participant, OperatorId, String), Vec<StateHandle>>;

/// Of the checkpoints that this process has stored and later ones may build on: which pieces each keyed state consists of.
///
/// Cheap to clone; one for each attempt of a job. It holds a few numbers for each piece, of the newest complete checkpoint and those after
/// it.
#[derive(Clone, Default)]
pub struct Runs(Arc<Mutex<BTreeMap<CheckpointId, Stored>>>);

/// What a checkpoint has.
#[derive(Default)]
struct Stored {
    states: StateRuns,
    /// Files of databases that were restored from it, by what tells them from all others.
    files: BTreeMap<String, StateHandle>,
}

impl Runs {
    /// Nothing will build on checkpoints before this one any more.
    pub(super) fn forget_before(&self, base: CheckpointId) {
        let mut all = self.0.lock();
        *all = all.split_off(&base);
    }

    /// What the states of an image consist of, as far as they build on the base.
    ///
    /// # Errors
    /// When one builds on what was not stored here, which is a bug.
    pub(super) fn built_on(
        &self,
        participant: Participant,
        operator: OperatorId,
        image: &StateImage,
    ) -> Result<BTreeMap<String, Vec<StateHandle>>> {
        let all = self.0.lock();
        let base = image.base.and_then(|base| all.get(&base));
        let of = |(name, builds): (&String, &bool)| {
            if !builds {
                return Ok((name.clone(), Vec::new()));
            }
            let known =
                base.and_then(|base| base.states.get(&(participant, operator, name.clone())));
            let known = known.ok_or_else(|| {
                Error::bug(format!(
                    "the state `{name}` of {participant} builds on a checkpoint that has no such state"
                ))
            })?;
            Ok((name.clone(), known.clone()))
        };
        image.runs.iter().map(of).collect()
    }

    /// A state was stored.
    pub(super) fn note(
        &self,
        checkpoint: CheckpointId,
        state: (Participant, OperatorId, String),
        pieces: Vec<StateHandle>,
    ) {
        let mut all = self.0.lock();
        all.entry(checkpoint)
            .or_default()
            .states
            .insert(state, pieces);
    }

    /// A job starts from a checkpoint: these pieces of databases may be named again by those which build on it.
    pub fn restored_from<'a>(
        &self,
        checkpoint: CheckpointId,
        job: JobId,
        handles: impl Iterator<Item = &'a StateHandle>,
    ) {
        let mut all = self.0.lock();
        let stored = all.entry(checkpoint).or_default();
        for handle in handles.filter(|handle| handle.kind == StateKind::Database) {
            if let Some(name) = handle.shared_name(job) {
                stored.files.insert(name, handle.clone());
            }
        }
    }

    /// The file of a database, if the base has it: as one that was stored for the same database before, or that it began with.
    pub(super) fn file(
        &self,
        base: Option<CheckpointId>,
        state: &(Participant, OperatorId, String),
        stored_name: Option<&str>,
    ) -> Option<StateHandle> {
        let all = self.0.lock();
        let base = all.get(&base?)?;
        let before = base.states.get(state).and_then(|pieces| pieces.first());
        let restored = || base.files.get(stored_name?);
        before.or_else(restored).cloned()
    }
}
