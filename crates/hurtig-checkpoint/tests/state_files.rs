//! What the writing of state promises: few files, nobody waits in vain, nothing is left behind.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod common;

use std::collections::BTreeSet;
use std::sync::atomic::Ordering;

use common::images::*;
use common::*;
use futures::FutureExt;
use futures::future::{join_all, try_join_all};
use hurtig_checkpoint::*;
use hurtig_env::object_store::ObjectStoreExt;
use hurtig_env::{Lane, World, yield_now};
use hurtig_state::{KeyedWriter, ListMode, ListPiece, StateImage};
use hurtig_types::{ErrorKind, KeyGroup, KeyGroupRange, Result};

/// The file that [`golden`] becomes. It never changes: a later Hurtig reads it.
const GOLDEN: &[u8] = include_bytes!("data/state-file-v1.bin");

fn golden() -> StateImage {
    let mut writer = KeyedWriter::new(KeyGroupRange::new(0, 2));
    writer.entry(KeyGroup::new(1), &("to", 2u64)).unwrap();
    StateImage {
        keyed: vec![writer.finish("counts")],
        lists: vec![ListPiece::of("splits", ListMode::Split, ["a", "b"]).unwrap()],
        ..StateImage::default()
    }
}

fn file_of(snapshot: &Snapshot) -> StateFile {
    let mut handles = snapshot.iter().flat_map(|(_, handles)| handles);
    handles.find_map(StateHandle::file).unwrap().clone()
}

fn names(snapshots: &[Snapshot]) -> BTreeSet<FileName> {
    snapshots.iter().map(|one| file_of(one).name).collect()
}

#[test]
fn the_bytes_of_version_1_are_stable() {
    Disk::run(async |disk: Disk| {
        let files = disk.files(all_to_files());
        let stored = files.store(subtask(0), vec![(operator(), golden())]).await;
        let file = file_of(&stored.unwrap());
        assert!(file.check(GOLDEN).is_ok());
        disk.tamper(&file, |bytes| assert_eq!(bytes, GOLDEN)).await;
    });
}

#[test]
fn small_pieces_travel_inside_the_metadata() {
    Disk::run(async |disk: Disk| {
        let files = disk.files(FileOptions::default());
        let image = image(0, 1, &[(3, 4)], &[]);
        let stored = files.store(subtask(0), vec![(operator(), image)]).await;
        let handles = &stored.unwrap()[0].1;
        assert_eq!(handles.len(), 5);
        assert!(handles.iter().all(|handle| handle.file().is_none()));
        assert_eq!(handles[0].key_groups, Some(KeyGroupRange::new(0, GROUPS)));
        assert_eq!(disk.file_count().await, 0);
    });
}

#[test]
fn subtasks_that_store_together_share_few_files() {
    Disk::run(async |disk: Disk| {
        // As of an object store: a write takes longer than it takes the subtasks to come.
        disk.spy.write_ms.store(20, Ordering::Relaxed);
        let files = disk.files(FileOptions::default());
        let tasks = (0..200).map(|n| {
            let files = files.clone();
            let store = async move {
                files
                    .store(subtask(n), vec![(operator(), bulky(30_000))])
                    .await
            };
            disk.world
                .spawner()
                .spawn(Lane::Io, format!("subtask {n}"), store)
        });
        let tasks: Vec<_> = tasks.collect();
        let stored = join_all(tasks).await;
        let snapshots: Vec<Snapshot> = stored
            .into_iter()
            .map(|one| one.unwrap().unwrap())
            .collect();
        assert!(names(&snapshots).len() <= 3, "{:?}", names(&snapshots));
        assert_eq!(disk.file_count().await, names(&snapshots).len());
        // All of it is there, and each finds its own.
        let metadata = metadata(snapshots);
        let plan = plan(&[operator()], 200);
        let assignment = assign(&metadata, &[plan], UnclaimedState::Refuse).unwrap();
        for image in disk.read(&assignment, 200).await.unwrap() {
            assert_eq!(pieces(image), pieces(bulky(30_000)));
        }
    });
}

#[test]
fn a_file_takes_no_more_than_its_size() {
    Disk::run(async |disk: Disk| {
        let options = FileOptions {
            file_bytes_max: 100_000,
            ..FileOptions::default()
        };
        let files = disk.files(options);
        let images = (0..20).map(|n| bulky(if n == 7 { 250_000 } else { 30_000 }));
        let metadata = disk.store_all(&files, images.collect()).await.unwrap();
        for file in metadata.files() {
            assert!(file.length <= 100_000 || file.length > 250_000, "{file:?}");
            assert!(file.length < 300_000, "{file:?}");
        }
        assert!(metadata.files().len() <= 9, "{}", metadata.files().len());
    });
}

#[test]
fn nobody_waits_for_one_who_is_cancelled() {
    Disk::run(async |disk: Disk| {
        let files = disk.files(FileOptions::default());
        let store = |n| Box::pin(files.store(subtask(n), vec![(operator(), bulky(30_000))]));
        disk.spy.is_stuck.store(true, Ordering::Relaxed);
        let mut writing = store(0);
        for _ in 0..5 {
            assert!((&mut writing).now_or_never().is_none());
        }
        let (mut first, mut second) = (store(1), store(2));
        assert!((&mut first).now_or_never().is_none());
        assert!((&mut second).now_or_never().is_none());
        // Who writes, and who opened the next file, both go.
        drop(writing);
        drop(first);
        disk.spy.is_stuck.store(false, Ordering::Relaxed);
        second.await.unwrap();
        store(3).await.unwrap();
    });
}

#[test]
fn who_fills_a_file_does_not_wait_for_a_write_that_hangs() {
    Disk::run(async |disk: Disk| {
        let options = FileOptions {
            file_bytes_max: 50_000,
            ..FileOptions::default()
        };
        let files = disk.files(options);
        let store = |n| Box::pin(files.store(subtask(n), vec![(operator(), bulky(30_000))]));
        disk.spy.is_stuck.store(true, Ordering::Relaxed);
        let mut hangs = store(0);
        for _ in 0..5 {
            assert!((&mut hangs).now_or_never().is_none());
        }
        assert_eq!(disk.file_count().await, 1);
        let mut later: Vec<_> = (1..4).map(store).collect();
        for _ in 0..5 {
            for one in &mut later {
                assert!(one.now_or_never().is_none());
            }
        }
        assert_eq!(disk.file_count().await, 3);
        disk.spy.is_stuck.store(false, Ordering::Relaxed);
        try_join_all(later).await.unwrap();
    });
}

#[test]
fn a_full_disk_leaves_no_file_and_is_told_to_all_who_share_it() {
    Disk::run(async |disk: Disk| {
        let files = disk.files(FileOptions::default());
        disk.spy.is_full.store(true, Ordering::Relaxed);
        for bytes in [30_000, 9 << 20] {
            let store = |n| files.store(subtask(n), vec![(operator(), bulky(bytes))]);
            for failed in join_all((0..3).map(store)).await {
                let error = failed.unwrap_err();
                let message = error.to_string();
                assert_eq!(error.kind(), ErrorKind::Io);
                assert!(message.contains("No space left on device"), "{message}");
                assert!(message.contains("chk-1/1-"), "{message}");
                assert!(message.contains("subtask"), "{message}");
            }
        }
        assert_eq!(disk.file_count().await, 0);
        disk.spy.is_full.store(false, Ordering::Relaxed);
        let later = files.store(subtask(9), vec![(operator(), bulky(30_000))]);
        later.await.unwrap();
    });
}

#[test]
fn a_file_is_discarded_with_the_last_who_needs_it() {
    Disk::run(async |disk: Disk| {
        let files = disk.files(FileOptions::default());
        let images = vec![bulky(30_000), bulky(30_000), bulky(30_000)];
        let metadata = disk.store_all(&files, images).await.unwrap();
        assert_eq!(metadata.files().len(), 1);
        files.discard(subtask(0)).await.unwrap();
        files.discard(subtask(2)).await.unwrap();
        assert_eq!(disk.file_count().await, 1);
        files.discard(subtask(1)).await.unwrap();
        files.discard(subtask(1)).await.unwrap();
        assert_eq!(disk.file_count().await, 0);
    });
}

#[test]
fn of_an_aborted_checkpoint_nothing_is_left_and_nothing_comes() {
    Disk::run(async |disk: Disk| {
        let files = disk.files(FileOptions::default());
        let store = |n| files.store(subtask(n), vec![(operator(), bulky(30_000))]);
        store(0).await.unwrap();
        disk.spy.is_stuck.store(true, Ordering::Relaxed);
        let abort = async {
            for _ in 0..5 {
                yield_now().await;
            }
            assert_eq!(disk.file_count().await, 2);
            files.abort().await.unwrap();
            disk.spy.is_stuck.store(false, Ordering::Relaxed);
        };
        let (stored, ()) = futures::join!(store(1), abort);
        assert_eq!(stored.unwrap_err().kind(), ErrorKind::Cancelled);
        assert!(store(2).await.is_err());
        assert_eq!(disk.file_count().await, 0);
    });
}

#[test]
fn a_coordinators_list_is_its_own() {
    Disk::run(async |disk: Disk| {
        let files = disk.files(FileOptions::default());
        let who = Participant::Coordinator(operator());
        let mut image = StateImage::default();
        let splits = ListPiece::of("unassigned", ListMode::Split, ["c.csv"]);
        image.lists.push(splits.unwrap());
        let stored = files.store(who, vec![(operator(), copy(&image))]).await;
        let mut metadata = metadata(vec![Vec::new()]);
        metadata.operators[0].coordinator = stored.unwrap().remove(0).1;
        assert_eq!(
            metadata.operators[0].coordinator[0].kind,
            StateKind::Coordinator
        );
        let mut plan = plan(&[operator()], 3);
        plan.coordinators.push(operator());
        let assignment = assign(&metadata, &[plan], UnclaimedState::Refuse).unwrap();
        assert_eq!(assignment.len(), 1);
        let read = disk
            .store
            .read_state(&location(), &assignment[&who][0].1, None)
            .await;
        assert_eq!(pieces(read.unwrap()), pieces(image));
    });
}

#[test]
fn a_local_directory_takes_files_of_many_parts() {
    let world = World::real();
    let directory = tempfile::tempdir().unwrap();
    let name = directory.path().to_str().unwrap();
    let store = CheckpointStore::new(world.storage().clone(), name, JOB).unwrap();
    let files = SnapshotFiles::new(
        store.clone(),
        location(),
        Epoch::new(1),
        FileOptions::default(),
    );
    let sizes = [17 << 20, 30_000, 30_000];
    let done = world.block_on(async {
        let stores = sizes.into_iter().zip(0..);
        let stores =
            stores.map(|(bytes, n)| files.store(subtask(n), vec![(operator(), bulky(bytes))]));
        let metadata = metadata(try_join_all(stores).await?);
        store.write(&location(), &metadata).await?;
        let metadata = store.read(&location()).await?;
        let plan = plan(&[operator()], 3);
        let assignment = assign(&metadata, &[plan], UnclaimedState::Refuse)?;
        for (n, bytes) in (0..).zip(sizes) {
            let assigned = &assignment[&subtask(n)][0].1;
            let read = store.read_state(&location(), assigned, None).await?;
            assert_eq!(pieces(read), pieces(bulky(bytes)));
        }
        for file in metadata.files() {
            let path = store.path_of(&location(), file);
            let place = world.storage().open(&path)?;
            let bytes = place.store.get(&place.path).await?.bytes().await?;
            file.check(&bytes)?;
            assert!(bytes.starts_with(b"HURTIGST\x01\x00"));
        }
        files.abort().await?;
        assert!(store.read(&location()).await.is_err());
        Ok(())
    });
    let done: Result<()> = done.unwrap();
    done.unwrap();
}
