//! Writing state: what a process's participants hand in, small pieces into the metadata, others into few files.

mod database;
mod group;
mod pieces;
mod runs;
mod upload;

use std::collections::BTreeMap;
use std::sync::Arc;

use bytes::Bytes;
use hurtig_env::yield_now;
use hurtig_state::StateImage;
use hurtig_types::{Error, ErrorKind, OperatorId, Result};
use parking_lot::Mutex;

use crate::store::store_error;
use crate::{
    CheckpointId, CheckpointLocation, CheckpointStore, Epoch, FileScope, Participant, Snapshot,
    StateData, StateFile, StateHandle,
};
use group::{Contents, Groups, Joined};
pub(crate) use pieces::decode_list;
use pieces::{Piece, pieces_of};
pub use runs::Runs;
use upload::{Chunks, upload};

/// What a state file begins with: its magic and version.
const HEADER: &[u8; 10] = b"HURTIGST\x01\x00";

/// How state becomes files; each field names its key, and the default is Flink's.
///
/// ```
/// use hurtig_checkpoint::FileOptions;
/// assert_eq!(FileOptions::default().inline_bytes_max, 20 << 10);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FileOptions {
    /// `execution.checkpointing.data-inline-threshold`: pieces of state up to this size travel inside the metadata.
    pub inline_bytes_max: usize,
    /// `execution.checkpointing.file-merging.max-file-size`: no participant is added to a file that would become larger than
    /// this by it. One whose own pieces are larger has a file to itself; 0 gives every participant its own.
    pub file_bytes_max: u64,
}

impl Default for FileOptions {
    fn default() -> Self {
        Self {
            inline_bytes_max: 20 << 10,
            file_bytes_max: 32 << 20,
        }
    }
}

/// The state files that a process writes for a checkpoint. Cheap to clone: the subtasks of a job share it.
///
/// Pieces of one participant lie in one file, and participants that come while a file is being written share the next. A
/// participant never waits for one that has not come, and for no more than one write before its own; one that is cancelled
/// holds nobody up. Make one per checkpoint, attempt and process: names are unique within it, and across processes by the
/// participant that the file was opened for.
///
/// ```
/// use hurtig_checkpoint::{
///     CheckpointId, CheckpointLocation, CheckpointStore, Epoch, FileOptions, Participant, SnapshotFiles,
/// };
/// use hurtig_env::World;
/// use hurtig_state::{ListMode, ListPiece, StateImage};
/// use hurtig_types::{JobId, OperatorId};
///
/// let world = World::simulated(1);
/// let job = JobId::from_bytes([1; 16]);
/// let store = CheckpointStore::new(world.storage().clone(), "s3://bucket/checkpoints", job)?;
/// let location = CheckpointLocation::Checkpoint(job, CheckpointId::new(1));
/// let options = FileOptions { inline_bytes_max: 0, ..FileOptions::default() };
/// let files = SnapshotFiles::new(store, location, Epoch::new(1), options);
///
/// let source = OperatorId::from_uid("orders");
/// let mut image = StateImage::default();
/// image.lists.push(ListPiece::of("splits", ListMode::Split, ["a.csv@0", "b.csv@17"])?);
/// let reader = Participant::Subtask(source.into(), 0);
/// let snapshot = world.block_on(files.store(reader, vec![(source, image)]))??;
/// let (operator, handles) = &snapshot[0];
/// assert!(*operator == source && handles[0].file().is_some());
/// # Ok::<(), hurtig_types::Error>(())
/// ```
#[derive(Clone)]
pub struct SnapshotFiles(Arc<Inner>);

struct Inner {
    store: CheckpointStore,
    location: CheckpointLocation,
    epoch: Epoch,
    options: FileOptions,
    /// For what this checkpoint alone names.
    groups: Mutex<Groups>,
    /// For what later ones may name too.
    shared: Mutex<Groups>,
    runs: Runs,
    claims: Mutex<Claims>,
}

/// Which files are there, and who needs them.
#[derive(Default)]
struct Claims {
    is_aborted: bool,
    files: BTreeMap<StateFile, Vec<Participant>>,
}

impl SnapshotFiles {
    /// For files in the directory of `location`.
    pub fn new(
        store: CheckpointStore,
        location: CheckpointLocation,
        epoch: Epoch,
        options: FileOptions,
    ) -> Self {
        Self::building_on(store, location, epoch, options, (Runs::default(), None))
    }

    /// The same for a checkpoint whose states may build on those of `base`, as `runs` has them. States that later checkpoints may
    /// build on go to files that are shared.
    pub fn building_on(
        store: CheckpointStore,
        location: CheckpointLocation,
        epoch: Epoch,
        options: FileOptions,
        (runs, base): (Runs, Option<CheckpointId>),
    ) -> Self {
        if let Some(base) = base {
            runs.forget_before(base);
        }
        Self(Arc::new(Inner {
            store,
            location,
            epoch,
            options,
            groups: Mutex::default(),
            shared: Mutex::default(),
            runs,
            claims: Mutex::default(),
        }))
    }

    /// Stores the states of a participant's operators, and returns what it acknowledges with once all of it is stored. Call it
    /// on [`Lane::Io`](hurtig_env::Lane::Io), once per participant.
    ///
    /// On a local file system "stored" means on the disk: it outlives the machine.
    ///
    /// # Errors
    /// When the store refuses, or the checkpoint was [aborted](Self::abort); the message names the file and the cause, and
    /// nothing is left of the file as far as the store lets it be deleted. All who share the file get the error.
    pub async fn store(
        &self,
        participant: Participant,
        images: Vec<(OperatorId, StateImage)>,
    ) -> Result<Snapshot> {
        let mut stored = Vec::with_capacity(images.len());
        let mut large = ByHome::<Chunks>::default();
        let mut databases = BTreeMap::<OperatorId, Vec<StateHandle>>::new();
        for (operator, mut image) in images {
            for database in std::mem::take(&mut image.databases) {
                let stored = self.store_database((participant, operator), image.base, database);
                databases.entry(operator).or_default().extend(stored.await?);
            }
            let runs = self.0.runs.built_on(participant, operator, &image)?;
            let pieces = pieces_of(participant, image)
                .map_err(|error| error.context(format!("operator {operator}")))?;
            for piece in &pieces {
                if !self.is_inline(piece) {
                    large.of(self.home_of(piece)).push(piece.bytes.clone());
                }
            }
            stored.push((operator, pieces, runs));
        }
        let mut places = ByHome::<Place>::default();
        for home in [Home::Own, Home::Shared] {
            let large = std::mem::take(large.of(home));
            if large.length() > 0 {
                *places.of(home) = self.write(participant, home, large).await?;
            }
        }
        let operators = stored.into_iter();
        let operators = operators.map(|(operator, pieces, runs)| {
            let mut handles = self.handles((participant, operator), pieces, runs, &mut places)?;
            handles.extend(databases.remove(&operator).unwrap_or_default());
            Ok((operator, handles))
        });
        operators.collect()
    }

    /// The pieces of an operator's state, those that it builds on first.
    fn handles(
        &self,
        (participant, operator): (Participant, OperatorId),
        pieces: Vec<Piece>,
        mut runs: BTreeMap<String, Vec<StateHandle>>,
        places: &mut ByHome<Place>,
    ) -> Result<Vec<StateHandle>> {
        let mut handles = Vec::with_capacity(pieces.len());
        for piece in pieces {
            let run = piece.run.clone();
            let place = places.of(self.home_of(&piece));
            let handle = self.handle(piece, place)?;
            match run.and_then(|run| runs.get_mut(&run)) {
                Some(run) => run.push(handle),
                None => handles.push(handle),
            }
        }
        for (name, run) in runs {
            handles.extend(run.iter().cloned());
            if let CheckpointLocation::Checkpoint(_, checkpoint) = self.0.location {
                let state = (participant, operator, name);
                self.0.runs.note(checkpoint, state, run);
            }
        }
        Ok(handles)
    }

    /// Takes back what was stored for a participant that then failed, so that it may decline. A file is deleted when none of
    /// its participants needs it any more; until then the others' acknowledgements name it.
    ///
    /// # Errors
    /// When a file is still there.
    pub async fn discard(&self, participant: Participant) -> Result<()> {
        let mut unneeded = Vec::new();
        self.0.claims.lock().files.retain(|file, members| {
            members.retain(|member| *member != participant);
            if members.is_empty() {
                unneeded.push(file.clone());
            }
            !members.is_empty()
        });
        self.0.delete(unneeded).await
    }

    /// Deletes all files of a checkpoint that came to nothing. What is still being written is deleted when it ends, and nothing
    /// is stored any more.
    ///
    /// # Errors
    /// When a file is still there.
    pub async fn abort(&self) -> Result<()> {
        let files = {
            let mut claims = self.0.claims.lock();
            claims.is_aborted = true;
            std::mem::take(&mut claims.files)
        };
        self.0.delete(files.into_keys()).await
    }

    fn is_inline(&self, piece: &Piece) -> bool {
        piece.bytes.len() <= self.0.options.inline_bytes_max
    }

    fn home_of(&self, piece: &Piece) -> Home {
        match self.0.location {
            CheckpointLocation::Checkpoint(..) if piece.run.is_some() => Home::Shared,
            _ => Home::Own,
        }
    }

    async fn write(&self, participant: Participant, home: Home, pieces: Chunks) -> Result<Place> {
        self.0.check_alive()?;
        let joined = {
            let mut groups = self.0.groups_of(home).lock();
            groups.join(&self.0, (participant, home), pieces)
        };
        let Joined { written, offset } = joined?;
        // The first to poll begins the file: whoever else can run now joins it before.
        yield_now().await;
        match written.await {
            Ok(file) => Ok(Place {
                file: Some(file),
                offset,
            }),
            Err(error) => Err(Error::new(error.kind(), error.to_string())
                .context(format!("storing the state of {participant}"))),
        }
    }

    fn handle(&self, piece: Piece, place: &mut Place) -> Result<StateHandle> {
        let data = if self.is_inline(&piece) {
            StateData::Inline(piece.bytes.into())
        } else {
            place.next(piece.bytes.len() as u64)?
        };
        Ok(StateHandle {
            kind: piece.kind,
            name: piece.name,
            key_groups: piece.key_groups,
            data,
        })
    }
}

/// Whose a file is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Home {
    /// This checkpoint's alone.
    Own,
    /// That of all which build on it.
    Shared,
}

/// One of each.
#[derive(Default)]
struct ByHome<T> {
    own: T,
    shared: T,
}

impl<T> ByHome<T> {
    fn of(&mut self, home: Home) -> &mut T {
        match home {
            Home::Own => &mut self.own,
            Home::Shared => &mut self.shared,
        }
    }
}

/// Where in a file the next piece of a participant is.
#[derive(Default)]
struct Place {
    file: Option<StateFile>,
    offset: u64,
}

impl Place {
    fn next(&mut self, length: u64) -> Result<StateData> {
        let Some(file) = self.file.clone() else {
            return Err(Error::bug("a large piece of state was not written"));
        };
        let offset = self.offset;
        self.offset += length;
        Ok(StateData::Slice {
            file,
            offset,
            length,
        })
    }
}

/// The front of every file.
fn begun() -> Chunks {
    let mut chunks = Chunks::default();
    chunks.push(Bytes::from_static(HEADER));
    chunks
}

impl Inner {
    fn groups_of(&self, home: Home) -> &Mutex<Groups> {
        match home {
            Home::Own => &self.groups,
            Home::Shared => &self.shared,
        }
    }

    /// The directory of a file, and what its name begins with: in a shared directory a name must be that of no other checkpoint's file.
    fn place_of(&self, home: Home) -> (FileScope, String) {
        match (home, &self.location) {
            (Home::Shared, CheckpointLocation::Checkpoint(job, checkpoint)) => (
                FileScope::Shared(*job),
                format!("{checkpoint}-{}", self.epoch),
            ),
            _ => (FileScope::Exclusive, self.epoch.to_string()),
        }
    }

    /// Writes a file and notes who needs it.
    async fn write(&self, contents: Contents) -> Result<StateFile> {
        self.check_alive()?;
        let file = StateFile {
            scope: contents.scope,
            name: contents.name,
            length: contents.chunks.length(),
            checksum: contents.chunks.checksum(),
        };
        let path = self.store.path_of(&self.location, &file);
        let place = self.store.open(&path)?;
        #[cfg(feature = "planted-bugs")]
        if crate::planted::is_planted(crate::planted::Bug::AckBeforeUpload) {
            self.claim(file.clone(), contents.members)?;
            crate::planted::put_off(Box::pin(async move {
                let _ = upload(&place, contents.chunks).await;
            }));
            return Ok(file);
        }
        let written = upload(&place, contents.chunks).await;
        let written = written.map_err(|error| store_error(&path, &error).context("cannot write"));
        let claimed = written.and_then(|()| self.claim(file.clone(), contents.members));
        if claimed.is_err() {
            // Its own error is the less telling one.
            let _ = self.delete([file.clone()]).await;
        }
        claimed.map(|()| file)
    }

    fn claim(&self, file: StateFile, members: Vec<Participant>) -> Result<()> {
        let mut claims = self.claims.lock();
        if claims.is_aborted {
            return Err(aborted());
        }
        claims.files.insert(file, members);
        Ok(())
    }

    fn check_alive(&self) -> Result<()> {
        if self.claims.lock().is_aborted {
            return Err(aborted());
        }
        Ok(())
    }

    /// Deletes what it can, and tells the first error.
    async fn delete(&self, files: impl IntoIterator<Item = StateFile>) -> Result<()> {
        let mut outcome = Ok(());
        for file in files {
            let path = self.store.path_of(&self.location, &file);
            let deleted = self.store.remove(&path).await;
            outcome = outcome.and(deleted);
        }
        outcome
    }
}

fn aborted() -> Error {
    Error::new(ErrorKind::Cancelled, "the checkpoint was aborted")
}
