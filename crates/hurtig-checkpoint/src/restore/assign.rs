//! Who restores what, after parallelism changed, and operators came or went. Pure: no bytes are read here.

use std::collections::BTreeMap;
use std::sync::Arc;

use hurtig_types::{Error, OperatorId, Result};

use super::{AssignedPiece, AssignedState, Assignment, Share};
use crate::{Metadata, OperatorState, Participant, StateHandle, StateKind, VertexPlan};

/// What becomes of state that no operator of the job claims.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UnclaimedState {
    /// The job does not start: the operator may have lost its uid by mistake, and its state with it.
    Refuse,
    /// It is left behind: `execution.state-recovery.ignore-unclaimed-state: true`.
    Ignore,
}

/// Shares the state of a checkpoint out among the participants of a job.
///
/// - Keyed state goes to whom its key groups belong to.
/// - Lists go back to the subtasks that stored them; where the parallelism has changed they are shared out entry by entry.
/// - Union lists go to all subtasks; of broadcast state each subtask gets one copy.
/// - A coordinator's state goes to the operator's coordinator.
/// - Batches in flight belong to edges: they are read by [`read_in_flight`](crate::CheckpointStore::read_in_flight).
///
/// New operators get nothing, and subtasks that had finished left nothing.
///
/// ```
/// use hurtig_checkpoint::*;
/// use hurtig_types::{JobId, KeyGroupRange, MaxParallelism, OperatorId};
///
/// let counts = OperatorId::from_uid("counts");
/// let mut handle = StateHandle::inline(StateKind::Keyed, "sum", vec![0; 3]);
/// handle.key_groups = Some(KeyGroupRange::new(0, 128));
/// let metadata = Metadata {
///     job: JobId::from_bytes([1; 16]),
///     checkpoint: CheckpointId::new(7),
///     epoch: Epoch::new(2),
///     is_savepoint: false,
///     operators: vec![OperatorState {
///         operator: counts,
///         parallelism: 1,
///         max_parallelism: 128,
///         coordinator: Vec::new(),
///         subtasks: vec![SubtaskState { subtask: 0, is_finished: false, states: vec![handle] }],
///     }],
/// };
/// let vertex = VertexPlan {
///     vertex: counts.into(),
///     operators: vec![counts],
///     coordinators: Vec::new(),
///     parallelism: 2,
///     max_parallelism: MaxParallelism::new(128)?,
/// };
/// let assignment = assign(&metadata, &[vertex], UnclaimedState::Refuse)?;
/// let second = &assignment[&Participant::Subtask(counts.into(), 1)][0].1;
/// assert_eq!(second.pieces[0].share, Share::KeyGroups(KeyGroupRange::new(64, 128)));
///
/// let lost = assign(&metadata, &[], UnclaimedState::Refuse).unwrap_err();
/// assert!(lost.to_string().contains("ignore-unclaimed-state"), "{lost}");
/// # Ok::<(), hurtig_types::Error>(())
/// ```
///
/// # Errors
/// When state is unclaimed and may not be ignored; when the number of key groups changed.
pub fn assign(
    metadata: &Metadata,
    vertices: &[VertexPlan],
    unclaimed: UnclaimedState,
) -> Result<Assignment> {
    let mut assignment = Assignment::new();
    for state in &metadata.operators {
        let owner = vertices
            .iter()
            .find(|vertex| vertex.operators.contains(&state.operator));
        let coordinated = vertices
            .iter()
            .any(|vertex| vertex.coordinators.contains(&state.operator));
        let context = |error: Error| {
            let (id, operator) = (metadata.checkpoint, state.operator);
            error.context(format!(
                "restoring operator {operator} from checkpoint {id}"
            ))
        };
        let lost = match owner {
            Some(vertex) => {
                assign_subtasks(&mut assignment, state, vertex).map_err(context)?;
                false
            }
            None => state
                .subtasks
                .iter()
                .any(|subtask| !subtask.states.is_empty()),
        };
        if coordinated {
            assign_coordinator(&mut assignment, state);
        }
        let lost = lost || !(coordinated || state.coordinator.is_empty());
        if lost && unclaimed == UnclaimedState::Refuse {
            return Err(unclaimed_error(metadata, state));
        }
    }
    Ok(assignment)
}

fn unclaimed_error(metadata: &Metadata, state: &OperatorState) -> Error {
    Error::invalid_job(format!(
        "checkpoint {} holds state of operator {} (parallelism {}), and the job has no such operator to restore it: give the \
         operator the uid that it had, or set `execution.state-recovery.ignore-unclaimed-state: true` (allowNonRestoredState) \
         to start without that state",
        metadata.checkpoint, state.operator, state.parallelism
    ))
}

fn assign_coordinator(assignment: &mut Assignment, state: &OperatorState) {
    let participant = Participant::Coordinator(state.operator);
    for handle in &state.coordinator {
        let handle = Arc::new(handle.clone());
        let share = Share::Whole;
        let piece = AssignedPiece { handle, share };
        add(assignment, participant, state.operator, piece);
    }
}

fn assign_subtasks(
    assignment: &mut Assignment,
    state: &OperatorState,
    vertex: &VertexPlan,
) -> Result<()> {
    // How many copies of each broadcast state were passed.
    let mut copies = Copies::of(state);
    for subtask in &state.subtasks {
        for handle in &subtask.states {
            let handle = Arc::new(handle.clone());
            let shares = shares_of(&handle, subtask.subtask, state, vertex, &mut copies)?;
            for (new, share) in shares {
                let handle = handle.clone();
                let piece = AssignedPiece { handle, share };
                let participant = Participant::Subtask(vertex.vertex, new);
                add(assignment, participant, state.operator, piece);
            }
        }
    }
    Ok(())
}

fn add(
    assignment: &mut Assignment,
    participant: Participant,
    operator: OperatorId,
    piece: AssignedPiece,
) {
    let operators = assignment.entry(participant).or_default();
    // Operators are assigned one after the other: the one at hand is the last, or not there yet.
    match operators.last_mut() {
        Some((last, state)) if *last == operator => state.pieces.push(piece),
        _ => {
            let pieces = vec![piece];
            operators.push((operator, AssignedState { pieces }));
        }
    }
}

/// Which new subtasks restore from a handle of the `old` one, and what part.
fn shares_of(
    handle: &StateHandle,
    old: u32,
    state: &OperatorState,
    vertex: &VertexPlan,
    copies: &mut Copies,
) -> Result<Vec<(u32, Share)>> {
    let all = 0..vertex.parallelism;
    let whole = |new| (new, Share::Whole);
    match handle.kind {
        StateKind::Keyed | StateKind::Database => keyed_shares(handle, state, vertex),
        StateKind::List if state.parallelism == vertex.parallelism => Ok(vec![whole(old)]),
        StateKind::List => {
            let of = vertex.parallelism;
            let share = |first| (first, Share::Entries { first, of });
            Ok(all.map(share).collect())
        }
        StateKind::Union => Ok(all.map(whole).collect()),
        StateKind::Broadcast => {
            let (place, count) = copies.next(&handle.name);
            let takes_it = |new: &u32| new % count == place;
            Ok(all.filter(takes_it).map(whole).collect())
        }
        // They belong to edges, not to operators: `CheckpointStore::read_in_flight` reads them.
        StateKind::InputInFlight | StateKind::OutputInFlight => Ok(Vec::new()),
        StateKind::Coordinator => Err(Error::io(
            "a subtask's state is marked as a coordinator's: the metadata was not written by Hurtig",
        )),
    }
}

fn keyed_shares(
    handle: &StateHandle,
    state: &OperatorState,
    vertex: &VertexPlan,
) -> Result<Vec<(u32, Share)>> {
    let (old, new) = (state.max_parallelism, vertex.max_parallelism);
    if old != new.get() {
        return Err(Error::invalid_job(format!(
            "its keyed state was stored with max parallelism {old}, and it has {new} now, which puts keys into other key groups: \
             set its max parallelism (or `pipeline.max-parallelism`) to {old}"
        )));
    }
    let Some(groups) = handle.key_groups else {
        let name = &handle.name;
        return Err(Error::io(format!(
            "the keyed state `{name}` names no key groups: the metadata was not written by Hurtig"
        )));
    };
    let share = |subtask| {
        let owned = new.range_of(subtask, vertex.parallelism);
        let both = owned.intersection(groups);
        (!both.is_empty()).then_some((subtask, Share::KeyGroups(both)))
    };
    Ok((0..vertex.parallelism).filter_map(share).collect())
}

/// The copies of each broadcast state: how many there are, and how many were passed.
struct Copies(BTreeMap<String, (u32, u32)>);

impl Copies {
    fn of(state: &OperatorState) -> Self {
        let mut copies: BTreeMap<String, (u32, u32)> = BTreeMap::new();
        let handles = state.subtasks.iter().flat_map(|subtask| &subtask.states);
        for handle in handles.filter(|handle| handle.kind == StateKind::Broadcast) {
            copies.entry(handle.name.clone()).or_default().1 += 1;
        }
        Self(copies)
    }

    /// The place of the next copy, and how many there are.
    fn next(&mut self, name: &str) -> (u32, u32) {
        let Some((passed, count)) = self.0.get_mut(name) else {
            return (0, 1);
        };
        *passed += 1;
        (*passed - 1, *count)
    }
}
