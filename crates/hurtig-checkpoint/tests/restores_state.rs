//! What restoring promises: everything once, by whom it belongs to, and nothing that is damaged.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod common;

use common::images::*;
use common::*;
use hurtig_checkpoint::*;
use hurtig_env::object_store::ObjectStoreExt;
use hurtig_state::{KeyedIndex, ListMode, ListPiece, StateImage};
use hurtig_types::{KeyGroupRange, MaxParallelism, OperatorId};
use proptest::prelude::*;

type Keyed = Vec<(u16, u64)>;
type Splits = Vec<(String, u64)>;

/// The lists of this name: how many, and their entries.
fn lists(image: &StateImage, name: &str) -> (usize, Vec<Vec<u8>>) {
    let lists = image.lists.iter().filter(|list| list.name == name);
    let entries = lists.clone().flat_map(|list| list.entries.clone());
    (lists.count(), entries.collect())
}

/// What a subtask holds; what every subtask must is checked.
fn contents(image: &StateImage, n: u32, parallelism: u32, before: u32) -> (Keyed, Splits) {
    let owned = groups().range_of(n, parallelism);
    let mut keyed = Vec::new();
    for piece in &image.keyed {
        let each = |group, entry: u64| {
            assert!(owned.contains(group));
            keyed.push((group.index() as u16, entry));
            Ok(())
        };
        piece.read(each).unwrap();
    }
    let mut splits = Vec::new();
    for name in ["a", "b"] {
        let own = copy(image).take_list::<u64>(name).unwrap();
        splits.extend(own.into_iter().map(|split| (name.to_string(), split)));
    }
    let (_, union) = lists(image, "union");
    assert_eq!(union.len(), before as usize);
    let (copies, rules) = lists(image, "rules");
    assert_eq!((copies, rules.len()), (1, 2));
    (keyed, splits)
}

fn sorted<T: Ord>(mut all: Vec<T>) -> Vec<T> {
    all.sort_unstable();
    all
}

/// Stores with one parallelism, restores with another, and returns what is there then.
async fn rescale(
    disk: &Disk,
    options: FileOptions,
    images: Vec<StateImage>,
    after: u32,
) -> (Vec<StateImage>, Metadata) {
    let metadata = disk.store_all(&disk.files(options), images).await.unwrap();
    let metadata = Metadata::decode(&metadata.encode().unwrap()).unwrap();
    let plan = plan(&[operator()], after);
    let assignment = assign(&metadata, &[plan], UnclaimedState::Refuse).unwrap();
    let restored = disk.read(&assignment, after).await.unwrap();
    (restored, metadata)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn every_entry_survives_each_change_of_parallelism_once(
        keyed in prop::collection::vec((0..GROUPS as u16, any::<u64>()), 0..60),
        splits in prop::collection::vec(("[ab]", any::<u64>()), 0..30),
        inline_bytes_max in prop::sample::select(vec![0usize, 100, 20 << 10]),
        file_bytes_max in prop::sample::select(vec![0u64, 500, 32 << 20]),
    ) {
        let options = FileOptions { inline_bytes_max, file_bytes_max };
        Disk::run(async |disk: Disk| {
            let (mut keyed, mut splits) = (sorted(keyed), sorted(splits));
            for (before, after) in [(1, 2), (2, 7), (7, 3), (3, 5), (5, 2), (2, 2)] {
                let images = (0..before).map(|n| image(n, before, &keyed, &splits));
                let (restored, _) = rescale(&disk, options, images.collect(), after).await;
                let (mut all_keyed, mut all_splits, mut shares) = (Vec::new(), Vec::new(), Vec::new());
                for (image, n) in restored.iter().zip(0..) {
                    let (keyed, splits) = contents(image, n, after, before);
                    shares.push(splits.len());
                    all_keyed.extend(keyed);
                    all_splits.extend(splits);
                }
                assert_eq!(sorted(all_keyed.clone()), keyed);
                assert_eq!(sorted(all_splits.clone()), splits);
                let (least, most) = (shares.iter().min().unwrap(), shares.iter().max().unwrap());
                assert!(before == after || most - least <= 1, "{shares:?}");
                (keyed, splits) = (sorted(all_keyed), sorted(all_splits));
            }
        });
    }
}

#[test]
fn with_the_same_parallelism_each_gets_its_own_back_unchanged() {
    Disk::run(async |disk: Disk| {
        let splits: Splits = (0..7).map(|n| ("a".to_string(), n)).collect();
        let images: Vec<_> = (0..3)
            .map(|n| image(n, 3, &[(1, 2), (9, 3)], &splits))
            .collect();
        let (restored, _) =
            rescale(&disk, all_to_files(), images.iter().map(copy).collect(), 3).await;
        for (mut restored, mut stored) in restored.into_iter().zip(images) {
            for image in [&mut restored, &mut stored] {
                image.lists.retain(|list| list.mode != ListMode::Union);
            }
            assert_eq!(pieces(restored), pieces(stored));
        }
    });
}

#[test]
fn each_subtask_reads_its_key_groups_and_no_others() {
    Disk::run(async |disk: Disk| {
        let keyed: Keyed = (0..16_000).map(|n| ((n % 16) as u16, n)).collect();
        let image = |n| StateImage {
            keyed: image(n, 2, &keyed, &[]).keyed,
            ..StateImage::default()
        };
        let (stored, images): (Vec<_>, Vec<_>) = (0..2).map(|n| (image(n), image(n))).unzip();
        let metadata = disk
            .store_all(&disk.files(all_to_files()), images)
            .await
            .unwrap();
        let plan = plan(&[operator()], 3);
        let assignment = assign(&metadata, &[plan], UnclaimedState::Refuse).unwrap();
        for n in 0..3 {
            let owned = groups().range_of(n, 3);
            let needed = stored.iter().map(|image| {
                let piece = &image.keyed[0];
                let span = KeyedIndex::read(&piece.bytes).unwrap().span(owned);
                let is_asked = !piece.range.intersection(owned).is_empty();
                if is_asked {
                    KeyedIndex::length(8) as u64 + span.end - span.start
                } else {
                    0
                }
            });
            let assigned = &assignment[&subtask(n)][0].1;
            let (read, bytes) = disk
                .bytes_read(disk.store.read_state(&location(), assigned, None))
                .await;
            assert_eq!(bytes, needed.sum::<u64>());
            let pieces = read.unwrap().keyed;
            let held: usize = pieces.iter().map(|piece| piece.range.len()).sum();
            assert_eq!(held, owned.len());
        }
    });
}

/// Stores two subtasks' state, damages the file, and tells how restoring as three fails.
fn error_after(damage: impl AsyncFnOnce(&Disk, &StateFile)) -> String {
    Disk::run(async |disk: Disk| {
        let images = (0..2)
            .map(|n| image(n, 2, &[(3, 1), (12, 2)], &[]))
            .collect();
        let metadata = disk
            .store_all(&disk.files(all_to_files()), images)
            .await
            .unwrap();
        let [file] = metadata.files()[..] else {
            panic!("{:?}", metadata.files());
        };
        damage(&disk, file).await;
        let plan = plan(&[operator()], 3);
        let assignment = assign(&metadata, &[plan], UnclaimedState::Refuse).unwrap();
        let error = disk.read(&assignment, 3).await.unwrap_err().to_string();
        assert!(
            error.contains(file.name.as_str()) && error.contains("chk-1"),
            "{error}"
        );
        assert!(
            error.contains("restore from an earlier checkpoint"),
            "{error}"
        );
        error
    })
}

#[test]
fn a_missing_file_is_named() {
    let error = error_after(async |disk, file| {
        let path = disk.store.path_of(&location(), file);
        let place = disk.world.storage().open(&path).unwrap();
        place.store.delete(&place.path).await.unwrap();
    });
    assert!(error.contains("the file is missing"), "{error}");
}

#[test]
fn a_truncated_file_is_named_with_both_lengths() {
    for left in [0, 5, 300] {
        let error = error_after(async |disk, file| {
            disk.tamper(file, |bytes| bytes.truncate(left)).await;
        });
        assert!(
            error.contains(&format!("has {left} bytes in place of")),
            "{error}"
        );
    }
}

#[test]
fn a_corrupted_file_is_named() {
    let error = error_after(async |disk, file| {
        let flip = |bytes: &mut Vec<u8>| bytes.iter_mut().for_each(|byte| *byte ^= 0x40);
        disk.tamper(file, flip).await;
    });
    assert!(error.contains("`counts`"), "{error}");
    // The end of the file is a list's.
    let error = error_after(async |disk, file| {
        let flip = |bytes: &mut Vec<u8>| *bytes.last_mut().unwrap() ^= 1;
        disk.tamper(file, flip).await;
    });
    assert!(
        error.contains("`rules`") && error.contains("checksum"),
        "{error}"
    );
}

fn one_state(kind: StateKind, key_groups: Option<KeyGroupRange>) -> Metadata {
    let mut handle = StateHandle::inline(kind, "sum", vec![1]);
    handle.key_groups = key_groups;
    metadata(vec![vec![(operator(), vec![handle])]])
}

fn keyed_state() -> Metadata {
    one_state(StateKind::Keyed, Some(KeyGroupRange::new(0, GROUPS)))
}

fn refusal(metadata: &Metadata, plan: VertexPlan) -> String {
    let refused = assign(metadata, &[plan], UnclaimedState::Refuse);
    refused.unwrap_err().to_string()
}

#[test]
fn state_of_an_operator_that_is_gone_is_not_lost_silently() {
    let new = OperatorId::from_uid("new");
    let plan = plan(&[new], 2);
    let error = refusal(&keyed_state(), plan.clone());
    assert!(error.contains(&operator().to_string()), "{error}");
    assert!(
        error.contains("execution.state-recovery.ignore-unclaimed-state: true"),
        "{error}"
    );
    let ignored = assign(
        &keyed_state(),
        std::slice::from_ref(&plan),
        UnclaimedState::Ignore,
    );
    assert!(ignored.unwrap().is_empty());
    // One without state may go.
    let stateless = metadata(vec![Vec::new()]);
    assert!(
        assign(&stateless, &[plan], UnclaimedState::Refuse)
            .unwrap()
            .is_empty()
    );
    // So is a coordinator's.
    let mut coordinated = metadata(vec![Vec::new()]);
    let handle = StateHandle::inline(StateKind::Coordinator, "splits", vec![1]);
    coordinated.operators[0].coordinator.push(handle);
    let error = refusal(&coordinated, images::plan(&[operator()], 1));
    assert!(error.contains(&operator().to_string()), "{error}");
}

#[test]
fn another_number_of_key_groups_is_refused_with_both_numbers() {
    let mut plan = plan(&[operator()], 2);
    plan.max_parallelism = MaxParallelism::new(256).unwrap();
    let error = refusal(&keyed_state(), plan.clone());
    for part in [
        "max parallelism 16",
        "256 now",
        "`pipeline.max-parallelism`) to 16",
    ] {
        assert!(error.contains(part), "{error}");
    }
    // State without keys does not mind.
    let lists = one_state(StateKind::List, None);
    assert!(assign(&lists, &[plan], UnclaimedState::Refuse).is_ok());
}

#[test]
fn batches_in_flight_are_read_by_edge_and_assigned_to_no_operator() {
    let image = |mode, edge: &str, bytes: Vec<u8>| {
        let mut image = StateImage::default();
        image.lists.push(ListPiece {
            name: edge.to_string(),
            mode,
            entries: vec![bytes],
        });
        vec![(operator(), image)]
    };
    for options in [FileOptions::default(), all_to_files()] {
        Disk::run(async |disk| {
            let files = disk.files(options);
            let input = image(ListMode::InputInFlight, "in", vec![1]);
            let output = image(ListMode::OutputInFlight, "out", vec![2; 3]);
            let stored = vec![
                files.store(subtask(0), input).await.unwrap(),
                files.store(subtask(1), output).await.unwrap(),
            ];
            let metadata = metadata(stored);
            let plans = [plan(&[operator()], 3)];
            let assigned = assign(&metadata, &plans, UnclaimedState::Refuse).unwrap();
            assert!(assigned.is_empty(), "{assigned:?}");
            let pieces = disk.store.read_in_flight(&location(), &metadata).await;
            let piece = |is_input, subtask, edge: &str, bytes| InFlightPiece {
                is_input,
                operator: operator(),
                subtask,
                edge: edge.to_string(),
                channels: vec![bytes],
            };
            assert_eq!(
                pieces.unwrap(),
                [
                    piece(true, 0, "in", vec![1]),
                    piece(false, 1, "out", vec![2; 3])
                ]
            );
        });
    }
}

#[test]
fn copies_of_broadcast_state_are_read_by_all_alike() {
    let handle = |bytes| StateHandle::inline(StateKind::Broadcast, "rules", vec![bytes]);
    // The second of three subtasks had finished.
    let states = [vec![handle(0)], vec![], vec![handle(2)]];
    let snapshots = states.map(|states| vec![(operator(), states)]);
    let metadata = metadata(snapshots.to_vec());
    let plan = plan(&[operator()], 4);
    let assignment = assign(&metadata, &[plan], UnclaimedState::Refuse).unwrap();
    let copies = (0..4).map(|n| {
        let pieces = &assignment[&subtask(n)][0].1.pieces;
        assert_eq!(pieces.len(), 1);
        pieces[0].handle.data.clone()
    });
    let [a, b] = [0, 2].map(|byte| StateData::Inline(vec![byte]));
    assert_eq!(copies.collect::<Vec<_>>(), [a.clone(), b.clone(), a, b]);
}
