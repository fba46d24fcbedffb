//! What a job goes on from that was killed, and of which only the directory is known.

#![allow(clippy::unwrap_used)]

use std::time::Duration;

use hurtig_checkpoint::*;
use hurtig_env::World;
use hurtig_env::object_store::ObjectStoreExt;
use hurtig_types::{JobId, Result};

const CHECKPOINTS: &str = "s3://bucket/checkpoints";
const SAVEPOINTS: &str = "s3://bucket/savepoints/";

fn job(number: u8) -> JobId {
    JobId::from_bytes([number; 16])
}

/// Directories in which jobs leave checkpoints, one a second.
struct Directories(World);

impl Directories {
    fn new() -> Self {
        Self(World::simulated(5))
    }

    fn write(&self, location: CheckpointLocation, job: JobId, id: u64) {
        let metadata = Metadata {
            job,
            checkpoint: CheckpointId::new(id),
            epoch: Epoch::new(id),
            is_savepoint: matches!(location, CheckpointLocation::Savepoint(_)),
            operators: Vec::new(),
        };
        let (world, storage) = (&self.0, self.0.storage().clone());
        let store = CheckpointStore::new(storage, CHECKPOINTS, job).unwrap();
        let write = async {
            world.clock().sleep(Duration::from_secs(1)).await;
            store.write(&location, &metadata).await
        };
        world.block_on(write).unwrap().unwrap();
    }

    fn checkpoint(&self, number: u8, id: u64) {
        let location = CheckpointLocation::Checkpoint(job(number), CheckpointId::new(id));
        self.write(location, job(number), id);
    }

    fn savepoint(&self, name: &str, number: u8, id: u64) {
        let location = CheckpointLocation::Savepoint(format!("{SAVEPOINTS}{name}"));
        self.write(location, job(number), id);
    }

    fn put(&self, name: &str, bytes: &'static str) {
        let place = self.0.storage().open(name).unwrap();
        let put = async { place.store.put(&place.path, bytes.into()).await };
        self.0.block_on(put).unwrap().unwrap();
    }

    fn latest(&self) -> Result<Option<CompletedCheckpoint>> {
        let find = find_latest(self.0.storage(), CHECKPOINTS, Some(SAVEPOINTS));
        self.0.block_on(find).unwrap()
    }

    fn latest_id(&self) -> u64 {
        self.latest().unwrap().unwrap().id().get()
    }

    fn complaint(&self) -> String {
        self.latest().unwrap_err().to_string()
    }
}

#[test]
fn of_one_job_the_greatest_number_is_the_newest() {
    let directories = Directories::new();
    assert!(directories.latest().unwrap().is_none());
    for id in [9, 11, 10] {
        directories.checkpoint(1, id);
    }
    // What has no metadata never was one.
    directories.put(&format!("{CHECKPOINTS}/{}/chk-12/1.state", job(1)), "x");
    let found = directories.latest().unwrap().unwrap();
    assert_eq!(found.id().get(), 11);
    assert!(found.belongs_to_job(), "it is claimed");
}

#[test]
fn jobs_that_went_on_from_each_other_are_one_history() {
    let directories = Directories::new();
    directories.checkpoint(7, 3);
    directories.checkpoint(2, 1_001);
    directories.checkpoint(5, 2_001);
    assert_eq!(directories.latest_id(), 2_001);
    directories.savepoint("savepoint-1", 5, 2_002);
    let found = directories.latest().unwrap().unwrap();
    let at = CheckpointLocation::Savepoint(format!("{SAVEPOINTS}savepoint-1"));
    assert_eq!(found.location(), &at);
    assert!(!found.belongs_to_job(), "a savepoint stays the user's");
    directories.checkpoint(1, 3_000);
    assert_eq!(directories.latest_id(), 3_000);
}

#[test]
fn two_histories_in_one_directory_are_refused() {
    let directories = Directories::new();
    directories.checkpoint(1, 40);
    directories.checkpoint(2, 1);
    let complaint = directories.complaint();
    assert!(complaint.contains("chk-1`"), "{complaint}");
    assert!(complaint.contains("chk-40`"), "{complaint}");
    assert!(
        complaint.contains("Name the one to start from"),
        "{complaint}"
    );
}

#[test]
fn a_damaged_one_is_not_passed_over() {
    let directories = Directories::new();
    directories.checkpoint(1, 1);
    let newest = format!("{CHECKPOINTS}/{}/chk-2/_metadata", job(1));
    directories.put(&newest, "half of i");
    let complaint = directories.complaint();
    assert!(complaint.contains(&newest), "{complaint}");
    assert!(complaint.contains("name that one"), "{complaint}");
}
