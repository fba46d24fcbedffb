//! State of an operator, stored and restored.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use hurtig_checkpoint::*;
use hurtig_env::World;
use hurtig_env::object_store::{ObjectStoreExt, PutPayload};
use hurtig_state::{KeyedPiece, KeyedWriter, ListMode, ListPiece, StateImage};
use hurtig_types::{KeyGroup, MaxParallelism, OperatorId, Result};

use super::spy::{Spy, spy};
use super::{JOB, operator, vertex};

pub(crate) const GROUPS: u32 = 16;

/// A world with a store that is watched.
#[derive(Clone)]
pub(crate) struct Disk {
    pub(crate) world: World,
    pub(crate) store: CheckpointStore,
    pub(crate) spy: Arc<Spy>,
}

impl Disk {
    pub(crate) fn run<T>(test: impl AsyncFnOnce(Disk) -> T) -> T {
        let world = World::simulated(5);
        let spy = spy();
        let _ = spy.clock.set(world.clock().clone());
        world.storage().mount("s3://bucket", spy.clone()).unwrap();
        let store = CheckpointStore::new(world.storage().clone(), "s3://bucket/dir", JOB).unwrap();
        let disk = Self {
            world: world.clone(),
            store,
            spy,
        };
        world.block_on(test(disk)).unwrap()
    }

    pub(crate) fn files(&self, options: FileOptions) -> SnapshotFiles {
        SnapshotFiles::new(self.store.clone(), location(), Epoch::new(1), options)
    }

    /// Changes a file as no one should.
    pub(crate) async fn tamper(&self, file: &StateFile, change: impl FnOnce(&mut Vec<u8>)) {
        let path = self.store.path_of(&location(), file);
        let place = self.world.storage().open(&path).unwrap();
        let got = place.store.get(&place.path).await.unwrap();
        let mut bytes = got.bytes().await.unwrap().to_vec();
        change(&mut bytes);
        place
            .store
            .put(&place.path, PutPayload::from(bytes))
            .await
            .unwrap();
    }

    pub(crate) async fn file_count(&self) -> usize {
        self.spy.files().await.len()
    }

    /// How many bytes are read meanwhile.
    pub(crate) async fn bytes_read<T>(&self, read: impl Future<Output = T>) -> (T, u64) {
        let before = self.spy.bytes_read.load(Ordering::Relaxed);
        let read = read.await;
        (read, self.spy.bytes_read.load(Ordering::Relaxed) - before)
    }

    /// Stores the images of all subtasks together.
    pub(crate) async fn store_all(
        &self,
        files: &SnapshotFiles,
        images: Vec<StateImage>,
    ) -> Result<Metadata> {
        let images = images.into_iter().zip(0..);
        let stores = images.map(|(image, n)| files.store(subtask(n), vec![(operator(), image)]));
        let snapshots = futures::future::try_join_all(stores).await?;
        Ok(metadata(snapshots))
    }

    pub(crate) async fn read(
        &self,
        assignment: &Assignment,
        parallelism: u32,
    ) -> Result<Vec<StateImage>> {
        let mut images = Vec::new();
        for n in 0..parallelism {
            let mut image = StateImage::default();
            if let Some(operators) = assignment.get(&subtask(n)) {
                assert_eq!(operators.len(), 1);
                let assigned = &operators[0].1;
                image = self.store.read_state(&location(), assigned, None).await?;
            }
            images.push(image);
        }
        Ok(images)
    }
}

pub(crate) fn location() -> CheckpointLocation {
    CheckpointLocation::Checkpoint(JOB, CheckpointId::new(1))
}

pub(crate) fn subtask(n: u32) -> Participant {
    Participant::Subtask(vertex(), n)
}

pub(crate) fn groups() -> MaxParallelism {
    MaxParallelism::new(GROUPS).unwrap()
}

pub(crate) fn plan(operators: &[OperatorId], parallelism: u32) -> VertexPlan {
    VertexPlan {
        vertex: vertex(),
        operators: operators.to_vec(),
        coordinators: Vec::new(),
        parallelism,
        max_parallelism: groups(),
    }
}

/// Of one operator, whose subtasks handed these in.
pub(crate) fn metadata(snapshots: Vec<Snapshot>) -> Metadata {
    let parallelism = snapshots.len() as u32;
    let snapshots = snapshots.into_iter().zip(0..);
    let subtasks = snapshots.map(|(snapshot, subtask)| SubtaskState {
        subtask,
        is_finished: false,
        states: snapshot
            .into_iter()
            .flat_map(|(_, states)| states)
            .collect(),
    });
    Metadata {
        job: JOB,
        checkpoint: CheckpointId::new(1),
        epoch: Epoch::new(1),
        is_savepoint: false,
        operators: vec![OperatorState {
            operator: operator(),
            parallelism,
            max_parallelism: GROUPS,
            coordinator: Vec::new(),
            subtasks: subtasks.collect(),
        }],
    }
}

/// What a subtask has that owns some of these keyed entries and a share of these splits.
pub(crate) fn image(
    n: u32,
    parallelism: u32,
    keyed: &[(u16, u64)],
    splits: &[(String, u64)],
) -> StateImage {
    let mut image = StateImage::default();
    let owned = groups().range_of(n, parallelism);
    let mut writer = KeyedWriter::new(owned);
    for (group, entry) in keyed {
        let group = KeyGroup::new(*group);
        if owned.contains(group) {
            writer.entry(group, entry).unwrap();
        }
    }
    image.keyed.push(writer.finish("counts"));
    for name in ["a", "b"] {
        let of_name = splits.iter().filter(|split| split.0 == name);
        let own = of_name.skip(n as usize).step_by(parallelism as usize);
        let own = own.map(|split| split.1);
        image
            .lists
            .push(ListPiece::of(name, ListMode::Split, own).unwrap());
    }
    let own = [format!("of {n}")];
    image
        .lists
        .push(ListPiece::of("union", ListMode::Union, own).unwrap());
    let rules = ["rule 1", "rule 2"];
    let rules = ListPiece::of("rules", ListMode::Broadcast, rules);
    image.lists.push(rules.unwrap());
    image
}

/// One piece of so many bytes and a little.
pub(crate) fn bulky(bytes: usize) -> StateImage {
    let mut image = StateImage::default();
    let list = ListPiece::of("bulk", ListMode::Split, ["x".repeat(bytes)]);
    image.lists.push(list.unwrap());
    image
}

pub(crate) fn all_to_files() -> FileOptions {
    FileOptions {
        inline_bytes_max: 0,
        ..FileOptions::default()
    }
}

/// What is in an image of which nothing is still to come.
pub(crate) fn pieces(image: StateImage) -> (Vec<KeyedPiece>, Vec<ListPiece>) {
    assert!(image.promised.is_empty());
    (image.keyed, image.lists)
}

pub(crate) fn copy(image: &StateImage) -> StateImage {
    StateImage {
        keyed: image.keyed.clone(),
        lists: image.lists.clone(),
        ..StateImage::default()
    }
}
