//! Metadata is read back as it was written, or not at all.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod common;

use common::*;
use hurtig_checkpoint::*;
use hurtig_types::{JobId, KeyGroupRange, OperatorId};
use proptest::prelude::*;

/// The bytes of [`golden`], as version 1 wrote them first. They never change: a later Hurtig reads them.
const GOLDEN: &[u8] = include_bytes!("data/metadata-v1.bin");

/// Something of everything.
fn golden() -> Metadata {
    let merged = exclusive("merged-0.state");
    let slice = |offset, length, groups| StateHandle {
        kind: StateKind::Keyed,
        name: "counts".to_string(),
        key_groups: Some(groups),
        data: StateData::Slice {
            file: merged.clone(),
            offset,
            length,
        },
    };
    let mut operators = vec![
        OperatorState {
            operator: OperatorId::from_uid("orders"),
            parallelism: 1,
            max_parallelism: 128,
            coordinator: vec![StateHandle::inline(
                StateKind::Coordinator,
                "enumerator",
                vec![1, 2],
            )],
            subtasks: vec![SubtaskState {
                subtask: 0,
                is_finished: true,
                states: Vec::new(),
            }],
        },
        OperatorState {
            operator: operator(),
            parallelism: 2,
            max_parallelism: 128,
            coordinator: Vec::new(),
            subtasks: vec![
                SubtaskState {
                    subtask: 0,
                    is_finished: false,
                    states: vec![
                        slice(0, 4, KeyGroupRange::new(0, 64)),
                        StateHandle::whole_file(StateKind::Keyed, "sst", shared("000012.sst")),
                        StateHandle::inline(StateKind::InputInFlight, "", b"batch".to_vec()),
                    ],
                },
                SubtaskState {
                    subtask: 1,
                    is_finished: false,
                    states: vec![slice(4, 6, KeyGroupRange::new(64, 128))],
                },
            ],
        },
    ];
    operators.sort_by_key(|state| state.operator);
    Metadata {
        job: JOB,
        checkpoint: CheckpointId::new(42),
        epoch: Epoch::new(3),
        is_savepoint: false,
        operators,
    }
}

/// With a right length and checksum around it.
fn framed(body: &[u8]) -> Vec<u8> {
    let mut bytes = b"HURTIGCK\x01\x00".to_vec();
    bytes.extend_from_slice(&(body.len() as u64).to_le_bytes());
    bytes.extend_from_slice(body);
    let sum = checksum(&bytes);
    bytes.extend_from_slice(&sum.to_le_bytes());
    bytes
}

fn body(bytes: &[u8]) -> Vec<u8> {
    bytes[18..bytes.len() - 4].to_vec()
}

fn error(bytes: &[u8]) -> String {
    Metadata::decode(bytes).unwrap_err().to_string()
}

#[test]
fn the_bytes_of_version_1_are_stable() {
    assert_eq!(golden().encode().unwrap(), GOLDEN);
    assert_eq!(Metadata::decode(GOLDEN).unwrap(), golden());
}

#[test]
fn every_truncation_is_told() {
    for length in 0..GOLDEN.len() {
        assert!(error(&GOLDEN[..length]).contains("truncated"), "{length}");
    }
}

#[test]
fn every_flipped_bit_is_found() {
    for bit in 0..GOLDEN.len() * 8 {
        let mut bytes = GOLDEN.to_vec();
        bytes[bit / 8] ^= 1 << (bit % 8);
        assert!(Metadata::decode(&bytes).is_err(), "bit {bit}");
    }
}

#[test]
fn a_later_version_says_what_to_do() {
    let mut bytes = GOLDEN.to_vec();
    bytes[8] = 2;
    assert!(error(&bytes).contains("use the Hurtig that wrote it"));
}

#[test]
fn bytes_behind_the_end_are_refused() {
    let mut bytes = GOLDEN.to_vec();
    bytes.push(0);
    assert!(error(&bytes).contains("longer than it says"));
    let mut longer = body(GOLDEN);
    longer.push(0);
    assert!(error(&framed(&longer)).contains("left over"));
}

#[test]
fn a_file_name_that_leads_elsewhere_is_refused() {
    let mut bytes = body(GOLDEN);
    let name = b"merged-0.state";
    let at = bytes
        .windows(name.len())
        .position(|window| window == name)
        .unwrap();
    bytes[at..at + name.len()].copy_from_slice(b"../../../etc/x");
    assert!(Metadata::decode(&framed(&bytes)).is_err());
}

#[test]
fn impossible_counts_are_refused_without_being_believed() {
    let head = body(GOLDEN);
    // Job, checkpoint, epoch, savepoint; then 2⁶³ files.
    let mut bytes = head[..19].to_vec();
    bytes.extend_from_slice(&[0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x01]);
    bytes.extend_from_slice(&head[20..]);
    assert!(Metadata::decode(&framed(&bytes)).is_err());
    // 2⁶⁴ bytes of a body that is not there.
    let mut bytes = GOLDEN.to_vec();
    bytes[10..18].fill(0xff);
    assert!(error(&bytes).contains("truncated"));
}

#[test]
fn what_could_not_be_read_is_not_written() {
    let broken: [fn(&mut Metadata); 6] = [
        |m| m.operators.reverse(),
        |m| m.is_savepoint = true,
        |m| m.operators[0].parallelism = 0,
        |m| m.operators[0].max_parallelism = 40_000,
        |m| m.operators[0].subtasks[0].subtask = 9,
        |m| {
            let mut twice = shared("000012.sst");
            twice.length = 11;
            let handle = StateHandle::whole_file(StateKind::List, "x", twice);
            m.operators[0].coordinator.push(handle);
        },
    ];
    for (n, breaks) in broken.into_iter().enumerate() {
        let mut metadata = golden();
        breaks(&mut metadata);
        assert!(metadata.encode().is_err(), "{n}");
    }
}

#[test]
fn slices_and_key_groups_stay_within_their_bounds() {
    let mut metadata = golden();
    let state = |data, key_groups| StateHandle {
        kind: StateKind::Keyed,
        name: "x".to_string(),
        key_groups,
        data,
    };
    let beyond = StateData::Slice {
        file: exclusive("a"),
        offset: u64::MAX,
        length: 2,
    };
    metadata.operators[0].coordinator = vec![state(beyond, None)];
    assert!(
        metadata
            .encode()
            .unwrap_err()
            .to_string()
            .contains("ends beyond its file")
    );
    let groups = Some(KeyGroupRange::new(100, 129));
    metadata.operators[0].coordinator = vec![state(StateData::Inline(Vec::new()), groups)];
    assert!(
        metadata
            .encode()
            .unwrap_err()
            .to_string()
            .contains("key groups beyond the last")
    );
}

fn any_handle(savepoint: bool) -> impl Strategy<Value = StateHandle> {
    let kind = prop::sample::select(vec![
        StateKind::Keyed,
        StateKind::List,
        StateKind::Union,
        StateKind::Broadcast,
        StateKind::OutputInFlight,
    ]);
    let scope = if savepoint {
        vec![FileScope::Exclusive]
    } else {
        let of = |n| JobId::from_bytes([n; 16]);
        vec![
            FileScope::Exclusive,
            FileScope::Shared(of(1)),
            FileScope::TaskOwned(of(2)),
        ]
    };
    let file = (prop::sample::select(scope), "[a-z0-9][a-z0-9._-]{0,9}");
    // Length and checksum follow from the name, so that one name is one file.
    let file = file.prop_map(|(scope, name)| StateFile {
        scope,
        length: name.len() as u64 * 100,
        checksum: checksum(name.as_bytes()),
        name: FileName::new(name).unwrap(),
    });
    let slice = (file, 0u64..50, 0u64..50).prop_map(|(file, offset, length)| StateData::Slice {
        file,
        offset,
        length,
    });
    let data = prop_oneof![
        prop::collection::vec(any::<u8>(), 0..20).prop_map(StateData::Inline),
        slice
    ];
    let groups =
        prop::option::of((0u32..64, 0u32..64).prop_map(|(a, n)| KeyGroupRange::new(a, a + n)));
    (kind, ".{0,8}", groups, data).prop_map(|(kind, name, key_groups, data)| StateHandle {
        kind,
        name,
        key_groups,
        data,
    })
}

fn any_metadata() -> impl Strategy<Value = Metadata> {
    any::<bool>().prop_flat_map(|is_savepoint| {
        let handles = || prop::collection::vec(any_handle(is_savepoint), 0..4);
        let subtasks = prop::collection::btree_map(0u32..8, (any::<bool>(), handles()), 0..4);
        let operator = (8u32..100, handles(), subtasks);
        let operators = prop::collection::btree_map(any::<[u8; 16]>(), operator, 0..4);
        (any::<u64>(), any::<u64>(), operators).prop_map(move |(id, epoch, operators)| Metadata {
            job: JOB,
            checkpoint: CheckpointId::new(id),
            epoch: Epoch::new(epoch),
            is_savepoint,
            operators: operators
                .into_iter()
                .map(|(id, (parallelism, coordinator, subtasks))| OperatorState {
                    operator: OperatorId::from_description(&id),
                    parallelism,
                    max_parallelism: 128,
                    coordinator,
                    subtasks: subtasks
                        .into_iter()
                        .map(|(subtask, (is_finished, states))| SubtaskState {
                            subtask,
                            is_finished,
                            states,
                        })
                        .collect(),
                })
                .collect(),
        })
    })
}

proptest! {
    #[test]
    fn what_is_written_is_read(metadata in any_metadata()) {
        let mut metadata = metadata;
        metadata.operators.sort_by_key(|state| state.operator);
        let bytes = metadata.encode().unwrap();
        prop_assert_eq!(Metadata::decode(&bytes).unwrap(), metadata);
    }

    #[test]
    fn random_bytes_are_no_metadata(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        prop_assert!(Metadata::decode(&bytes).is_err());
    }

    /// The checksum is right, as whoever means harm would make it: nothing panics, and what is accepted keeps the laws.
    #[test]
    fn hostile_bodies_are_read_safely(
        metadata in any_metadata(),
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6),
        cut in prop::option::of(any::<prop::sample::Index>()),
    ) {
        let mut metadata = metadata;
        metadata.operators.sort_by_key(|state| state.operator);
        let mut hostile = body(&metadata.encode().unwrap());
        for (at, byte) in changes {
            let at = at.index(hostile.len());
            hostile[at] = byte;
        }
        if let Some(cut) = cut {
            hostile.truncate(cut.index(hostile.len()));
        }
        if let Ok(read) = Metadata::decode(&framed(&hostile)) {
            prop_assert!(read.encode().is_ok());
        }
    }

    #[test]
    fn random_bodies_are_read_safely(body in prop::collection::vec(any::<u8>(), 0..300)) {
        if let Ok(read) = Metadata::decode(&framed(&body)) {
            prop_assert!(read.encode().is_ok());
        }
    }
}
