//! Pieces of state as a checkpoint holds them, shared out over another parallelism and read.

#![no_main]

use std::sync::OnceLock;

use hurtig_checkpoint::{
    CheckpointId, CheckpointLocation, CheckpointStore, Epoch, Metadata, OperatorState, StateHandle,
    StateKind, SubtaskState, UnclaimedState, VertexPlan, assign,
};
use hurtig_env::World;
use hurtig_fuzz::{FuzzedBackend, GROUPS, keyed_piece_of, summed};
use hurtig_types::{JobId, KeyGroupRange, MaxParallelism, OperatorId, VertexId};
use libfuzzer_sys::fuzz_target;

static WORLD: OnceLock<World> = OnceLock::new();

fuzz_target!(|data: &[u8]| {
    let Some(([kind, after], data)) = data.split_first_chunk::<2>() else {
        return;
    };
    let states = states(*kind, data);
    let operator = OperatorId::from_bytes([2; 16]);
    let metadata = Metadata {
        job: JobId::from_bytes([1; 16]),
        checkpoint: CheckpointId::new(1),
        epoch: Epoch::new(1),
        is_savepoint: false,
        operators: vec![OperatorState {
            operator,
            parallelism: 1,
            max_parallelism: GROUPS,
            coordinator: Vec::new(),
            subtasks: vec![SubtaskState {
                subtask: 0,
                is_finished: false,
                states,
            }],
        }],
    };
    let Ok(bytes) = metadata.encode() else {
        return;
    };
    let metadata = Metadata::decode(&bytes).expect("what was written can be read");
    let plan = VertexPlan {
        vertex: VertexId::from_bytes([3; 16]),
        operators: vec![operator],
        coordinators: Vec::new(),
        parallelism: u32::from(after % 3) + 1,
        max_parallelism: MaxParallelism::new(GROUPS).expect("there may be so many"),
    };
    let world = WORLD.get_or_init(|| World::builder().compute_threads(1).io_threads(1).build());
    read(world, &metadata, plan);
});

/// One piece of the kind that was drawn, and of a keyed one also a copy whose index is right.
fn states(kind: u8, data: &[u8]) -> Vec<StateHandle> {
    if kind % 7 == 6 {
        return database(data);
    }
    let kind = match kind % 7 {
        0 => StateKind::Keyed,
        1 => StateKind::List,
        2 => StateKind::Union,
        3 => StateKind::Broadcast,
        4 => StateKind::InputInFlight,
        _ => StateKind::OutputInFlight,
    };
    let mut bytes = data.to_vec();
    let piece = keyed_piece_of("a", data);
    if kind == StateKind::Keyed {
        bytes = piece.bytes;
    } else {
        bytes.insert(0, 1);
        bytes = summed(bytes);
    }
    let mut handle = StateHandle::inline(kind, "a", bytes);
    handle.key_groups = (kind == StateKind::Keyed).then_some(piece.range);
    vec![handle]
}

/// Files of databases: names, one behind the other, that may lead anywhere.
fn database(data: &[u8]) -> Vec<StateHandle> {
    let names = data
        .split(|byte| *byte == 0xff)
        .map(String::from_utf8_lossy);
    let handle = |name| {
        let mut handle = StateHandle::inline(StateKind::Database, name, vec![7]);
        handle.key_groups = Some(KeyGroupRange::new(0, GROUPS));
        handle
    };
    names.map(handle).collect()
}

fn read(world: &World, metadata: &Metadata, plan: VertexPlan) {
    let store = CheckpointStore::new(
        world.storage().clone(),
        "memory://fuzz/checkpoints",
        metadata.job,
    );
    let store = store.expect("a store in memory is there");
    let location = CheckpointLocation::Checkpoint(metadata.job, metadata.checkpoint);
    let Ok(assignment) = assign(metadata, &[plan], UnclaimedState::Refuse) else {
        return;
    };
    let backend = FuzzedBackend::new(&[]);
    for (_, assigned) in assignment.values().flatten() {
        let _ = world.block_on(store.read_state(&location, assigned, Some(&backend)));
    }
    let _ = world.block_on(store.read_in_flight(&location, metadata));
}
