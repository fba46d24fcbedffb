//! The newest checkpoint or savepoint below some directories, whichever job wrote it.

use std::collections::BTreeMap;
use std::sync::Arc;

use hurtig_env::Storage;
use hurtig_env::object_store::path::Path;
use hurtig_env::object_store::{Error as StoreError, ListResult, ObjectMeta, ObjectStoreExt};
use hurtig_types::{Error, JobId, Result};

use crate::store::store_error;
use crate::{
    CheckpointId, CheckpointLocation, CheckpointStore, ClaimMode, CompletedCheckpoint,
    METADATA_BYTES_MAX, METADATA_NAME, Metadata,
};

/// How far below a directory checkpoints lie: `<dir>/<job-id>/chk-<id>/_metadata`, `<dir>/savepoint-<n>/_metadata`.
const DEPTH_MAX: usize = 2;

/// Something that claims to be a checkpoint.
struct Candidate {
    /// The directory, as a path or URL.
    directory: String,
    metadata: ObjectMeta,
    job: JobId,
    id: CheckpointId,
}

/// Finds what a job goes on from that was killed, whatever its id was: the newest checkpoint below `checkpoints`, or savepoint
/// below `savepoints`; none if there is neither.
///
/// A job that starts from a checkpoint is another job, and its checkpoints have greater ids. So of one job's the greatest id is
/// the newest; and of several jobs' the one that was written last, which must have the greatest id as well. Where it has not, the
/// directory holds more than one history (somebody has started from nothing, say), and none is chosen. A damaged one is not
/// passed over: what lies before it was committed already, and to go on from there is to commit it twice. What it finds among
/// the checkpoints is claimed, for it is the job's own.
///
/// ```
/// use hurtig_checkpoint::{CheckpointId, CheckpointLocation, CheckpointStore, Epoch, Metadata, find_latest};
/// use hurtig_env::World;
/// use hurtig_types::JobId;
///
/// let world = World::simulated(1);
/// let storage = world.storage();
/// world.block_on(async {
///     assert!(find_latest(storage, "s3://bucket/checkpoints", None).await?.is_none());
///     let job = JobId::from_bytes([1; 16]);
///     let metadata = Metadata {
///         job,
///         checkpoint: CheckpointId::new(7),
///         epoch: Epoch::new(1),
///         is_savepoint: false,
///         operators: Vec::new(),
///     };
///     let store = CheckpointStore::new(storage.clone(), "s3://bucket/checkpoints", job)?;
///     store.write(&CheckpointLocation::Checkpoint(job, metadata.checkpoint), &metadata).await?;
///     let found = find_latest(storage, "s3://bucket/checkpoints", None).await?;
///     assert_eq!(found.map(|found| found.id()), Some(metadata.checkpoint));
///     Ok::<(), hurtig_types::Error>(())
/// })??;
/// # Ok::<(), hurtig_types::Error>(())
/// ```
///
/// # Errors
/// When a directory cannot be read, when the newest is damaged, or when it is not clear which that is.
pub async fn find_latest(
    storage: &Storage,
    checkpoints: &str,
    savepoints: Option<&str>,
) -> Result<Option<CompletedCheckpoint>> {
    let mut found = candidates(storage, checkpoints).await?;
    if let Some(savepoints) = savepoints.filter(|savepoints| *savepoints != checkpoints) {
        found.extend(candidates(storage, savepoints).await?);
    }
    let Some(newest) = choose(found)? else {
        return Ok(None);
    };
    let store = CheckpointStore::new(storage.clone(), checkpoints, newest.job)?;
    let own = CheckpointLocation::Checkpoint(newest.job, newest.id);
    let location = if store.directory_of(&own) == newest.directory {
        own
    } else {
        CheckpointLocation::Savepoint(newest.directory)
    };
    let metadata = store.read(&location).await.map_err(|error| {
        error.context(
            "the newest checkpoint cannot be read; to go on from an earlier one, and write again what was written since, \
             name that one",
        )
    })?;
    let metadata = Arc::new(metadata);
    let checkpoint = CompletedCheckpoint::new(location, metadata, ClaimMode::Claim);
    Ok(Some(checkpoint))
}

/// The newest, if that is beyond doubt.
fn choose(found: Vec<Candidate>) -> Result<Option<Candidate>> {
    let mut newest_of = BTreeMap::<JobId, Candidate>::new();
    for candidate in found {
        let known = newest_of.get(&candidate.job).map(|known| known.id);
        if known < Some(candidate.id) {
            newest_of.insert(candidate.job, candidate);
        }
    }
    let mut jobs: Vec<Candidate> = newest_of.into_values().collect();
    jobs.sort_by_key(|candidate| (candidate.metadata.last_modified, candidate.id));
    let Some(newest) = jobs.pop() else {
        return Ok(None);
    };
    match jobs.into_iter().max_by_key(|other| other.id) {
        Some(other) if other.id >= newest.id => Err(Error::config(format!(
            "`{}` was written last, but `{}` has no smaller number: they are of jobs of which none went on from the other. Name the \
             one to start from, or delete what is not needed",
            newest.directory, other.directory
        ))),
        _ => Ok(Some(newest)),
    }
}

/// What lies below a directory, two levels deep.
async fn candidates(storage: &Storage, directory: &str) -> Result<Vec<Candidate>> {
    let directory = directory.trim_end_matches('/');
    let root = storage.open(directory)?.path;
    let mut found = Vec::new();
    let mut level = vec![root.clone()];
    for _ in 0..=DEPTH_MAX {
        let mut below = Vec::new();
        for path in std::mem::take(&mut level) {
            let shown = shown(directory, &root, &path);
            let listed = list(storage, directory, &path, &shown).await?;
            let is_metadata =
                |object: &&ObjectMeta| object.location.filename() == Some(METADATA_NAME);
            if let Some(object) = listed.objects.iter().find(is_metadata) {
                found.extend(candidate(storage, shown, object).await?);
            } else {
                below.extend(listed.common_prefixes);
            }
        }
        level = below;
    }
    Ok(found)
}

/// As the user names it.
fn shown(directory: &str, root: &Path, path: &Path) -> String {
    let parts = path.prefix_match(root).into_iter().flatten();
    parts.fold(directory.to_string(), |shown, part| {
        format!("{shown}/{}", part.as_ref())
    })
}

async fn list(storage: &Storage, root: &str, path: &Path, shown: &str) -> Result<ListResult> {
    let store = storage.open(root)?.store;
    match store.list_with_delimiter(Some(path)).await {
        Ok(listed) => Ok(listed),
        Err(StoreError::NotFound { .. }) => Ok(ListResult {
            common_prefixes: Vec::new(),
            objects: Vec::new(),
        }),
        Err(error) => Err(store_error(shown, &error)),
    }
}

/// Whose it is and which; none for what is deleted meanwhile. Of a checkpoint its directory says so, of a savepoint the metadata.
async fn candidate(
    storage: &Storage,
    directory: String,
    metadata: &ObjectMeta,
) -> Result<Option<Candidate>> {
    let named = named(&directory);
    let (job, id) = match named {
        Some(named) => named,
        None => match read(storage, &directory, metadata).await? {
            Some(metadata) => (metadata.job, metadata.checkpoint),
            None => return Ok(None),
        },
    };
    Ok(Some(Candidate {
        directory,
        metadata: metadata.clone(),
        job,
        id,
    }))
}

/// The job and the number in `…/<job-id>/chk-<id>`.
fn named(directory: &str) -> Option<(JobId, CheckpointId)> {
    let (parent, name) = directory.rsplit_once('/')?;
    let id = name.strip_prefix("chk-")?.parse().ok()?;
    let (_, job) = parent.rsplit_once('/')?;
    Some((job.parse().ok()?, CheckpointId::new(id)))
}

async fn read(
    storage: &Storage,
    directory: &str,
    metadata: &ObjectMeta,
) -> Result<Option<Metadata>> {
    let name = format!("{directory}/{METADATA_NAME}");
    if metadata.size > METADATA_BYTES_MAX {
        return Err(Error::io(format!(
            "`{name}` has {} bytes: it is no metadata",
            metadata.size
        )));
    }
    let place = storage.open(&name)?;
    let bytes = match place.store.get(&place.path).await {
        Ok(got) => got.bytes().await,
        Err(error) => Err(error),
    };
    match bytes {
        Ok(bytes) => Metadata::decode(&bytes)
            .map(Some)
            .map_err(|error| error.context(format!("`{name}`"))),
        Err(StoreError::NotFound { .. }) => Ok(None),
        Err(error) => Err(store_error(&name, &error)),
    }
}
