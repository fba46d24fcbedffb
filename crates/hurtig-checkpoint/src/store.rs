//! Where checkpoints are kept, laid out as Flink does.

use std::collections::BTreeSet;
use std::ops::Range;
use std::sync::Arc;

use futures::future::BoxFuture;
use futures::{StreamExt, TryStreamExt, stream};
use hurtig_env::object_store::{Error as StoreError, ObjectMeta, ObjectStoreExt, PutMode};
use hurtig_env::{Location, Storage, reason};
use hurtig_types::{Error, ErrorKind, JobId, Result};

use crate::{
    CheckpointId, CheckpointLocation, ClaimMode, CompletedCheckpoint, FileScope,
    METADATA_BYTES_MAX, Metadata, StateFile,
};

/// The name of the metadata file of a checkpoint.
pub const METADATA_NAME: &str = "_metadata";

/// How many ids are reserved at a time.
const IDS_PER_BLOCK: u64 = 1000;
/// Requests to the store that are under way at a time.
pub(crate) const REQUESTS_MAX: usize = 16;

/// The checkpoints of a job below a directory.
///
/// ```text
///  <dir>/<job-id>/chk-<id>/_metadata    written last: with it, the checkpoint exists
///  <dir>/<job-id>/chk-<id>/…            files that it alone names
///  <dir>/<job-id>/shared/…              files that several may name
///  <dir>/<job-id>/taskowned/…           files of the tasks
///  <dir>/<job-id>/ids/<block>           which ids were given away
/// ```
///
/// Cheap to clone. Call it where files may be opened, on [`Lane::Io`](hurtig_env::Lane::Io).
///
/// ```
/// use hurtig_checkpoint::{CheckpointId, CheckpointLocation, CheckpointStore, Epoch, Metadata};
/// use hurtig_env::World;
/// use hurtig_types::JobId;
///
/// let world = World::simulated(1);
/// let job = JobId::from_bytes([1; 16]);
/// let store = CheckpointStore::new(world.storage().clone(), "s3://bucket/checkpoints", job)?;
/// let metadata = Metadata {
///     job,
///     checkpoint: CheckpointId::new(1),
///     epoch: Epoch::new(1),
///     is_savepoint: false,
///     operators: Vec::new(),
/// };
/// let location = CheckpointLocation::Checkpoint(job, metadata.checkpoint);
/// world.block_on(async {
///     store.write(&location, &metadata).await?;
///     let found = store.find().await?;
///     assert_eq!(found.checkpoints.last().map(|newest| newest.id()), Some(metadata.checkpoint));
///     assert!(found.passed_over.is_empty());
///     Ok::<(), hurtig_types::Error>(())
/// })??;
/// # Ok::<(), hurtig_types::Error>(())
/// ```
#[derive(Clone)]
pub struct CheckpointStore {
    storage: Storage,
    directory: String,
    job: JobId,
}

/// The checkpoints of a job that can be restored.
#[derive(Debug, Default)]
pub struct Found {
    /// Oldest first: the last one is the one to take.
    pub checkpoints: Vec<CompletedCheckpoint>,
    /// Those that exist and cannot be restored, each with the reason, to be told to the user; newest first.
    pub passed_over: Vec<(CheckpointId, Error)>,
}

/// Why a checkpoint was not read.
enum Unread {
    /// It is damaged; an earlier one may not be.
    Damaged(Error),
    /// The store did not answer, which says nothing about the checkpoint.
    Unreachable(Error),
}

impl Unread {
    fn into_error(self) -> Error {
        match self {
            Self::Damaged(error) | Self::Unreachable(error) => error,
        }
    }
}

impl CheckpointStore {
    /// For the checkpoints of `job` below `directory`, a path or URL.
    ///
    /// # Errors
    /// When the directory cannot be one.
    pub fn new(storage: Storage, directory: &str, job: JobId) -> Result<Self> {
        storage
            .open(directory)
            .map_err(|error| error.context("`execution.checkpointing.dir`"))?;
        Ok(Self {
            storage,
            directory: directory.trim_end_matches('/').to_string(),
            job,
        })
    }

    /// Whose checkpoints these are.
    pub(crate) const fn job(&self) -> JobId {
        self.job
    }

    /// The directory of a checkpoint, as a path or URL.
    pub fn directory_of(&self, location: &CheckpointLocation) -> String {
        match location {
            CheckpointLocation::Checkpoint(job, id) => {
                format!("{}/{job}/chk-{id}", self.directory)
            }
            CheckpointLocation::Savepoint(directory)
            | CheckpointLocation::Claimed(_, directory) => {
                directory.trim_end_matches('/').to_string()
            }
        }
    }

    /// Where a file of a checkpoint lies, as a path or URL.
    pub fn path_of(&self, location: &CheckpointLocation, file: &StateFile) -> String {
        let directory = match file.scope {
            FileScope::Exclusive => self.directory_of(location),
            FileScope::Shared(job) => format!("{}/{job}/shared", self.root_of(location)),
            FileScope::TaskOwned(job) => format!("{}/{job}/taskowned", self.root_of(location)),
        };
        format!("{directory}/{}", file.name.as_str())
    }

    /// What was `execution.checkpointing.dir` when a checkpoint was taken: a job may start from one that lies elsewhere than its own.
    fn root_of<'a>(&'a self, location: &'a CheckpointLocation) -> &'a str {
        let named = match location {
            CheckpointLocation::Checkpoint(..) => None,
            CheckpointLocation::Savepoint(directory)
            | CheckpointLocation::Claimed(_, directory) => Some(directory.trim_end_matches('/')),
        };
        let above = |path: &'a str| path.rsplit_once('/').map(|(above, _)| above);
        named
            .and_then(above)
            .and_then(above)
            .unwrap_or(&self.directory)
    }

    /// Reserves ids above `above` that nobody was given before, here or in another process, and so also finds out at the start
    /// of a job whether the directory can be written to.
    ///
    /// # Errors
    /// When the directory cannot be read or written.
    pub async fn reserve_ids(&self, above: Option<CheckpointId>) -> Result<Range<u64>> {
        let ids = format!("{}/{}/ids", self.directory, self.job);
        loop {
            let taken = self.numbers_in(&ids, "").await?.last().copied();
            let used = self.numbers_in(&self.job_directory(), "chk-").await?;
            let used = used.last().copied().max(above.map(CheckpointId::get));
            let block = taken
                .map_or(0, |taken| taken + 1)
                .max(used.map_or(0, |used| used / IDS_PER_BLOCK + 1));
            let name = format!("{ids}/{block}");
            let place = self.open(&name)?;
            let put = place
                .store
                .put_opts(&place.path, "".into(), PutMode::Create.into());
            match put.await {
                Ok(_) => {
                    let first = block * IDS_PER_BLOCK;
                    return Ok(first.max(1)..first + IDS_PER_BLOCK);
                }
                Err(StoreError::AlreadyExists { .. }) => {} // Another process was faster.
                Err(error) => {
                    return Err(store_error(&name, &error).context("cannot write checkpoints"));
                }
            }
        }
    }

    /// Writes the metadata of a checkpoint whose files are there, unless there is metadata already. Said twice, it is done once.
    ///
    /// # Errors
    /// When it is not there now, or when there is another's.
    pub async fn write(&self, location: &CheckpointLocation, metadata: &Metadata) -> Result<()> {
        let name = self.metadata_name(location);
        let bytes = metadata.encode()?;
        let Err(failed) = self.create(&name, &bytes).await? else {
            return Ok(());
        };
        // An error is not yet a failure: the store may have written and lost the answer. But what can be read back may not have come to
        // the disk yet: it counts once the store itself refuses to write, because it has it.
        if !is_there(&failed) {
            match self.create(&name, &bytes).await? {
                Ok(()) => return Ok(()),
                Err(error) if is_there(&error) => {}
                Err(_) => {
                    return Err(store_error(&name, &failed).context("cannot write a checkpoint"));
                }
            }
        }
        match self.bytes(&name).await {
            Ok(there) if there == bytes => Ok(()),
            Ok(_) => Err(Error::io(format!(
                "`{name}` exists, written by another: nothing was replaced"
            ))),
            Err(unread) => Err(unread.into_error().context("cannot write a checkpoint")),
        }
    }

    /// Writes a file that must not be there.
    async fn create(&self, name: &str, bytes: &[u8]) -> Result<Result<(), StoreError>> {
        let place = self.open(name)?;
        let payload = bytes.to_vec().into();
        let put = place
            .store
            .put_opts(&place.path, payload, PutMode::Create.into());
        Ok(put.await.map(drop))
    }

    /// After a [`write`](Self::write) that failed: whether the metadata is there by now, or the store does not say.
    pub async fn is_in_doubt(&self, location: &CheckpointLocation, metadata: &Metadata) -> bool {
        match self.try_read(location).await {
            Ok(there) => there.as_ref() == Some(metadata),
            Err(Unread::Damaged(_)) => self.is_as_long(location, metadata).await,
            Err(Unread::Unreachable(_)) => true,
        }
    }

    /// Whether what was read as damaged may only have been read so: what was written in part is shorter.
    async fn is_as_long(&self, location: &CheckpointLocation, metadata: &Metadata) -> bool {
        let whole = metadata.encode().map(|bytes| bytes.len() as u64).ok();
        match self.length(&self.metadata_name(location)).await {
            Ok(length) => length == whole,
            Err(_) => true,
        }
    }

    /// Reads the metadata of a checkpoint, and checks that its files are there.
    ///
    /// # Errors
    /// When there is none, when it is damaged or another's, or when a file is missing or has another length.
    pub async fn read(&self, location: &CheckpointLocation) -> Result<Metadata> {
        match self.try_read(location).await {
            Ok(Some(metadata)) => Ok(metadata),
            Ok(None) => Err(Error::io(format!(
                "`{}` does not exist: there is no complete checkpoint",
                self.metadata_name(location)
            ))),
            Err(unread) => Err(unread.into_error()),
        }
    }

    /// Finds the job's checkpoints, and says which of them are damaged. Directories without metadata never became checkpoints.
    ///
    /// # Errors
    /// When the store does not answer: a checkpoint that cannot be reached is not passed over.
    pub async fn find(&self) -> Result<Found> {
        let mut found = Found::default();
        for number in self.numbers_in(&self.job_directory(), "chk-").await? {
            let id = CheckpointId::new(number);
            let location = CheckpointLocation::Checkpoint(self.job, id);
            match self.try_read(&location).await {
                Ok(Some(metadata)) => found.checkpoints.push(CompletedCheckpoint::new(
                    location,
                    Arc::new(metadata),
                    ClaimMode::Claim,
                )),
                Ok(None) => {}
                Err(Unread::Damaged(error)) => found.passed_over.insert(0, (id, error)),
                Err(Unread::Unreachable(error)) => return Err(error),
            }
        }
        Ok(found)
    }

    /// Deletes a checkpoint: its metadata first, so that what is half deleted is none. What is not there is fine.
    ///
    /// # Errors
    /// When something is still there. When another's metadata is there, nothing was deleted.
    pub async fn delete(
        &self,
        id: CheckpointId,
        location: &CheckpointLocation,
        files: &[StateFile],
    ) -> Result<()> {
        self.check_own(id, location).await?;
        self.remove(&self.metadata_name(location)).await?;
        for file in files {
            if file.scope == FileScope::Exclusive {
                self.remove(&self.path_of(location, file)).await?;
            }
        }
        // A savepoint's directory is the user's: nothing but its own files is touched there.
        if let CheckpointLocation::Checkpoint(..) = location {
            self.empty(&self.directory_of(location)).await?;
        }
        Ok(())
    }

    /// Deletes shared files that nobody names. What is not there is fine.
    ///
    /// # Errors
    /// When something is still there.
    pub async fn delete_shared(&self, files: &[StateFile]) -> Result<()> {
        let location = CheckpointLocation::Checkpoint(self.job, CheckpointId::new(0));
        for file in files {
            if let FileScope::Shared(_) = file.scope {
                self.remove(&self.path_of(&location, file)).await?;
            }
        }
        Ok(())
    }

    /// A user may name the directory of an earlier savepoint for a new one, which then fails: the earlier one must not be
    /// deleted in its place.
    async fn check_own(&self, id: CheckpointId, location: &CheckpointLocation) -> Result<()> {
        let job = match location {
            CheckpointLocation::Checkpoint(..) => return Ok(()),
            CheckpointLocation::Savepoint(_) => self.job,
            CheckpointLocation::Claimed(job, _) => *job,
        };
        let name = self.metadata_name(location);
        if self.length(&name).await?.is_none() {
            return Ok(());
        }
        let bytes = self.bytes(&name).await.map_err(Unread::into_error)?;
        let there = Metadata::decode(&bytes);
        if there.is_ok_and(|there| (there.job, there.checkpoint) == (job, id)) {
            return Ok(());
        }
        Err(Error::io(format!(
            "`{name}` is not savepoint {id} of job {job}: nothing was deleted"
        )))
    }

    async fn try_read(&self, location: &CheckpointLocation) -> Result<Option<Metadata>, Unread> {
        let name = self.metadata_name(location);
        let bytes = match self.bytes(&name).await {
            Ok(bytes) => bytes,
            Err(Unread::Damaged(error)) => return Err(Unread::Damaged(error)),
            Err(Unread::Unreachable(error)) => {
                return match self.length(&name).await {
                    Ok(None) => Ok(None),
                    _ => Err(Unread::Unreachable(error)),
                };
            }
        };
        let metadata = Metadata::decode(&bytes)
            .map_err(|error| Unread::Damaged(error.context(format!("`{name}`"))))?;
        if let CheckpointLocation::Checkpoint(job, id) = location
            && (metadata.job, metadata.checkpoint) != (*job, *id)
        {
            let message = format!("`{name}` is of another checkpoint: put it back where it was");
            return Err(Unread::Damaged(Error::io(message)));
        }
        self.check_files(location, &metadata).await?;
        Ok(Some(metadata))
    }

    async fn check_files(
        &self,
        location: &CheckpointLocation,
        metadata: &Metadata,
    ) -> Result<(), Unread> {
        // Boxed one by one: the compiler does not see of a stream of closures that it is `Send`.
        let mut checks = Vec::<BoxFuture<'_, Result<(), Unread>>>::new();
        for file in metadata.files() {
            checks.push(Box::pin(self.check_file(location, file)));
        }
        let checks = stream::iter(checks).buffered(REQUESTS_MAX);
        checks.try_collect::<()>().await
    }

    async fn check_file(
        &self,
        location: &CheckpointLocation,
        file: &StateFile,
    ) -> Result<(), Unread> {
        let name = self.path_of(location, file);
        let what = match self.length(&name).await.map_err(Unread::Unreachable)? {
            Some(length) if length == file.length => return Ok(()),
            Some(length) => format!("has {length} bytes in place of {}", file.length),
            None => "is missing".to_string(),
        };
        Err(Unread::Damaged(Error::io(format!("`{name}` {what}"))))
    }

    /// The metadata's bytes; not more than there may be.
    async fn bytes(&self, name: &str) -> Result<Vec<u8>, Unread> {
        let unreachable = |error| Unread::Unreachable(store_error(name, &error));
        let place = self.open(name).map_err(Unread::Unreachable)?;
        let got = place.store.get(&place.path).await.map_err(unreachable)?;
        let length = got.meta.size;
        if length > METADATA_BYTES_MAX {
            let message = format!("`{name}` has {length} bytes: it is no metadata");
            return Err(Unread::Damaged(Error::io(message)));
        }
        Ok(got.bytes().await.map_err(unreachable)?.to_vec())
    }

    /// The length of a file, if it is there.
    pub(crate) async fn length(&self, name: &str) -> Result<Option<u64>> {
        let place = self.open(name)?;
        match place.store.head(&place.path).await {
            Ok(ObjectMeta { size, .. }) => Ok(Some(size)),
            Err(StoreError::NotFound { .. }) => Ok(None),
            Err(error) => Err(store_error(name, &error)),
        }
    }

    /// The numbers behind `prefix` in the names of a directory's files and directories, in order.
    async fn numbers_in(&self, directory: &str, prefix: &str) -> Result<Vec<u64>> {
        let place = self.open(directory)?;
        let listed = place.store.list_with_delimiter(Some(&place.path)).await;
        let listed = match listed {
            Ok(listed) => listed,
            Err(StoreError::NotFound { .. }) => return Ok(Vec::new()),
            Err(error) => return Err(store_error(directory, &error)),
        };
        let files = listed.objects.into_iter().map(|object| object.location);
        let names = listed.common_prefixes.into_iter().chain(files);
        let number = |name: &str| name.strip_prefix(prefix)?.parse::<u64>().ok();
        let numbers = names.filter_map(|path| path.filename().and_then(number));
        let is_possible = |number: &u64| *number < u64::MAX / 2;
        Ok(numbers
            .filter(is_possible)
            .collect::<BTreeSet<u64>>()
            .into_iter()
            .collect())
    }

    async fn empty(&self, directory: &str) -> Result<()> {
        let place = self.open(directory)?;
        let mut listed = place.store.list(Some(&place.path));
        while let Some(object) = listed.next().await {
            let removed = match object {
                Ok(object) => place.store.delete(&object.location).await,
                Err(error) => Err(error),
            };
            done(removed, directory)?;
        }
        Ok(())
    }

    pub(crate) async fn remove(&self, name: &str) -> Result<()> {
        let place = self.open(name)?;
        done(place.store.delete(&place.path).await, name)
    }

    pub(crate) fn open(&self, name: &str) -> Result<Location> {
        self.storage.open(name)
    }

    fn job_directory(&self) -> String {
        format!("{}/{}", self.directory, self.job)
    }

    fn metadata_name(&self, location: &CheckpointLocation) -> String {
        format!("{}/{METADATA_NAME}", self.directory_of(location))
    }
}

fn is_there(error: &StoreError) -> bool {
    matches!(error, StoreError::AlreadyExists { .. })
}

fn done(removed: std::result::Result<(), StoreError>, name: &str) -> Result<()> {
    match removed {
        Ok(()) | Err(StoreError::NotFound { .. }) => Ok(()),
        Err(error) => Err(store_error(name, &error).context("cannot delete a checkpoint")),
    }
}

/// Names the file as the user does, with the innermost cause: `Permission denied (os error 13)`.
pub(crate) fn store_error(name: &str, error: &StoreError) -> Error {
    Error::new(ErrorKind::Io, reason(error)).context(format!("`{name}`"))
}
