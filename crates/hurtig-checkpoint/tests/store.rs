//! What the store promises, in simulated storage and in a directory.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod common;

use std::sync::Arc;

use common::*;
use hurtig_checkpoint::*;
use hurtig_env::World;
use hurtig_env::object_store::{ObjectStoreExt, PutPayload};
use hurtig_types::Result;

fn metadata(id: u64, files: &[StateFile]) -> Metadata {
    let states = snapshot(files).remove(0).1;
    Metadata {
        job: JOB,
        checkpoint: CheckpointId::new(id),
        epoch: Epoch::new(1),
        is_savepoint: false,
        operators: vec![OperatorState {
            operator: operator(),
            parallelism: 1,
            max_parallelism: 128,
            coordinator: Vec::new(),
            subtasks: vec![SubtaskState {
                subtask: 0,
                is_finished: false,
                states,
            }],
        }],
    }
}

fn chk(id: u64) -> CheckpointLocation {
    CheckpointLocation::Checkpoint(JOB, CheckpointId::new(id))
}

/// A store in a world of its own, and the files in it.
#[derive(Clone)]
struct Disk {
    world: World,
    store: CheckpointStore,
}

impl Disk {
    fn run<F: Future<Output = Result<()>>>(test: impl FnOnce(Disk) -> F) {
        let world = World::simulated(3);
        let store = CheckpointStore::new(world.storage().clone(), "s3://bucket/dir/", JOB).unwrap();
        let disk = Self {
            world: world.clone(),
            store,
        };
        world.block_on(test(disk)).unwrap().unwrap();
    }

    async fn put(&self, name: &str, bytes: Vec<u8>) {
        let place = self.world.storage().open(name).unwrap();
        place
            .store
            .put(&place.path, PutPayload::from(bytes))
            .await
            .unwrap();
    }

    async fn get(&self, name: &str) -> Option<Vec<u8>> {
        let place = self.world.storage().open(name).unwrap();
        let got = place.store.get(&place.path).await.ok()?;
        Some(got.bytes().await.unwrap().to_vec())
    }

    async fn remove(&self, name: &str) {
        let place = self.world.storage().open(name).unwrap();
        place.store.delete(&place.path).await.unwrap();
    }

    /// A checkpoint with its files.
    async fn write(&self, id: u64, files: &[StateFile]) {
        for file in files {
            self.put(&self.store.path_of(&chk(id), file), vec![0; 10])
                .await;
        }
        self.store
            .write(&chk(id), &metadata(id, files))
            .await
            .unwrap();
    }

    async fn found(&self) -> (Vec<u64>, Vec<String>) {
        let found = self.store.find().await.unwrap();
        let ids = found.checkpoints.iter().map(|one| one.id().get()).collect();
        let reasons = found
            .passed_over
            .iter()
            .map(|(id, error)| format!("{id}: {error}"));
        (ids, reasons.collect())
    }
}

fn path(name: &str) -> String {
    format!("s3://bucket/dir/{JOB}/{name}")
}

#[test]
fn the_layout_is_flinks() {
    Disk::run(async |disk| {
        disk.write(
            3,
            &[
                exclusive("a"),
                shared("b"),
                file(FileScope::TaskOwned(JOB), "c"),
            ],
        )
        .await;
        for name in ["chk-3/_metadata", "chk-3/a", "shared/b", "taskowned/c"] {
            assert!(disk.get(&path(name)).await.is_some(), "{name}");
        }
        Ok(())
    });
}

#[test]
fn metadata_is_never_replaced() {
    Disk::run(async |disk| {
        disk.store.write(&chk(1), &metadata(1, &[])).await?;
        disk.store.write(&chk(1), &metadata(1, &[])).await?;
        let mut other = metadata(1, &[]);
        other.epoch = Epoch::new(2);
        let error = disk.store.write(&chk(1), &other).await.unwrap_err();
        assert!(error.to_string().contains("written by another"), "{error}");
        assert_eq!(disk.store.read(&chk(1)).await?, metadata(1, &[]));
        Ok(())
    });
}

#[test]
fn checkpoints_are_found_oldest_first() {
    Disk::run(async |disk| {
        assert_eq!(disk.found().await, (vec![], vec![]));
        for id in [2, 10, 9] {
            disk.write(id, &[exclusive("a")]).await;
        }
        disk.put(&path("chk-11/a"), vec![1]).await; // Never completed.
        disk.put(&path("chk-x/_metadata"), vec![1]).await; // Not ours.
        assert_eq!(disk.found().await, (vec![2, 9, 10], vec![]));
        Ok(())
    });
}

#[test]
fn a_damaged_checkpoint_is_passed_over_with_the_reason() {
    Disk::run(async |disk| {
        for id in 1..=5 {
            disk.write(id, &[exclusive("a"), shared(&format!("s{id}"))])
                .await;
        }
        let name = path("chk-5/_metadata");
        let torn = disk.get(&name).await.unwrap()[..30].to_vec();
        disk.put(&name, torn).await;
        disk.remove(&path("shared/s4")).await;
        disk.put(&path("chk-3/a"), vec![0; 9]).await;
        let moved = disk.get(&path("chk-1/_metadata")).await.unwrap();
        disk.put(&path("chk-2/_metadata"), moved).await;
        let (ids, reasons) = disk.found().await;
        assert_eq!(ids, [1]);
        let expected = [
            "truncated",
            "shared/s4` is missing",
            "has 9 bytes in place of 10",
            "another",
        ];
        for (reason, expected) in reasons.iter().zip(expected) {
            assert!(reason.contains(expected), "{reason}");
        }
        assert_eq!(reasons.len(), 4);
        Ok(())
    });
}

#[test]
fn a_checkpoint_is_deleted_with_its_files_and_no_others() {
    Disk::run(async |disk| {
        disk.write(1, &[exclusive("a"), shared("s")]).await;
        disk.write(12, &[exclusive("a")]).await;
        disk.put(&path("chk-1/orphan"), vec![1]).await;
        let all = [exclusive("a"), shared("s")];
        disk.store
            .delete(CheckpointId::new(1), &chk(1), &all)
            .await?;
        disk.store
            .delete(CheckpointId::new(1), &chk(1), &all)
            .await?;
        for gone in ["chk-1/_metadata", "chk-1/a", "chk-1/orphan"] {
            assert!(disk.get(&path(gone)).await.is_none(), "{gone}");
        }
        assert!(disk.get(&path("shared/s")).await.is_some());
        assert_eq!(disk.found().await.0, [12]);
        disk.store.delete_shared(&all).await?;
        assert!(disk.get(&path("shared/s")).await.is_none());
        Ok(())
    });
}

#[test]
fn of_a_savepoints_directory_only_its_own_files_are_deleted() {
    Disk::run(async |disk| {
        let location = CheckpointLocation::Savepoint("s3://bucket/save".to_string());
        let mut savepoint = metadata(4, &[exclusive("a")]);
        savepoint.is_savepoint = true;
        disk.put("s3://bucket/save/a", vec![0; 10]).await;
        disk.put("s3://bucket/save/notes.txt", vec![1]).await;
        disk.store.write(&location, &savepoint).await?;
        assert_eq!(disk.store.read(&location).await?, savepoint);
        let own = [exclusive("a")];
        let error = disk
            .store
            .delete(CheckpointId::new(5), &location, &own)
            .await
            .unwrap_err();
        assert!(error.to_string().contains("nothing was deleted"), "{error}");
        disk.store
            .delete(CheckpointId::new(4), &location, &own)
            .await?;
        assert!(disk.get("s3://bucket/save/a").await.is_none());
        assert!(disk.get("s3://bucket/save/notes.txt").await.is_some());
        Ok(())
    });
}

#[test]
fn ids_are_reserved_once_for_all() {
    Disk::run(async |disk| {
        assert_eq!(disk.store.reserve_ids(None).await?, 1..1000);
        assert_eq!(disk.store.reserve_ids(None).await?, 1000..2000);
        disk.put(&path("chk-5003/a"), vec![1]).await;
        assert_eq!(disk.store.reserve_ids(None).await?, 6000..7000);
        let above = Some(CheckpointId::new(7500));
        assert_eq!(disk.store.reserve_ids(above).await?, 8000..9000);
        Ok(())
    });
}

#[test]
fn processes_that_reserve_together_get_different_ids() {
    Disk::run(async |disk| {
        let reserve = async |disk: Disk| {
            let mut ids = Vec::new();
            for _ in 0..5 {
                ids.push(disk.store.reserve_ids(None).await.unwrap().start);
            }
            ids
        };
        let (a, b) = futures::join!(reserve(disk.clone()), reserve(disk.clone()));
        let all: std::collections::BTreeSet<u64> = a.into_iter().chain(b).collect();
        assert_eq!(all.len(), 10);
        Ok(())
    });
}

#[test]
fn a_job_finds_its_checkpoints_after_a_restart() {
    Disk::run(async |disk| {
        let mut driver = Driver::new(every(100));
        let actions = [driver.after(100), driver.ack_all(1, &[])].concat();
        for action in actions {
            if let Action::WriteMetadata {
                location, metadata, ..
            } = action
            {
                disk.store.write(&location, &metadata).await?;
            }
        }
        let existing = disk.store.find().await?.checkpoints;
        let ids = disk
            .store
            .reserve_ids(existing.last().map(CompletedCheckpoint::id))
            .await?;
        let coordinator = Coordinator::new(every(100), JOB, ids, existing)?;
        let latest = coordinator
            .latest()
            .map(|latest| Arc::clone(latest.metadata()));
        assert_eq!(
            latest.map(|metadata| metadata.checkpoint),
            Some(CheckpointId::new(1))
        );
        Ok(())
    });
}

#[test]
fn a_local_directory_does_as_well_and_one_that_cannot_be_written_says_why() {
    let world = World::real();
    let directory = tempfile::tempdir().unwrap();
    let name = directory.path().to_str().unwrap();
    let store = CheckpointStore::new(world.storage().clone(), name, JOB).unwrap();
    let checked = world.block_on(async {
        assert!(store.find().await?.checkpoints.is_empty());
        assert_eq!(store.reserve_ids(None).await?, 1..1000);
        store.write(&chk(1), &metadata(1, &[])).await?;
        store.write(&chk(1), &metadata(1, &[])).await?;
        assert_eq!(store.find().await?.checkpoints.len(), 1);
        store.delete(CheckpointId::new(1), &chk(1), &[]).await?;
        assert!(store.find().await?.checkpoints.is_empty());
        let below_a_file = format!("{name}/{JOB}/ids/0/x");
        let broken = CheckpointStore::new(world.storage().clone(), &below_a_file, JOB)?;
        let error = broken.reserve_ids(None).await.unwrap_err();
        assert!(error.to_string().contains("ids/0/x"), "{error}");
        Ok(())
    });
    let checked: Result<()> = checked.unwrap();
    checked.unwrap();
}
