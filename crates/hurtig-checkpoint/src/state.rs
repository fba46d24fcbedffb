//! What participants hand in: their state, small pieces as they are, large ones as pieces of files.

use std::fmt;
use std::sync::Arc;

use hurtig_types::{CheckpointId, Error, JobId, KeyGroupRange, OperatorId, Result};
use serde::{Deserialize, Serialize};

/// The longest name of a file.
const NAME_BYTES_MAX: usize = 255;

/// The name of a file within its directory: letters, digits, `-`, `_` and `.`, not beginning with a dot.
///
/// It is checked when it is made and when it is read, so that metadata from anywhere cannot point out of its directory.
///
/// ```
/// use hurtig_checkpoint::FileName;
/// assert!(FileName::new("3-window-0.state").is_ok());
/// for hostile in ["", "..", "../../etc/passwd", "a/b", "/a", "_metadata"] {
///     assert!(FileName::new(hostile).is_err(), "{hostile}");
/// }
/// ```
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct FileName(Arc<str>);

impl FileName {
    /// Checks a name.
    ///
    /// # Errors
    /// When it is empty, too long, the metadata's own, or has a character that it may not have.
    pub fn new(name: impl Into<String>) -> Result<Self> {
        let name = name.into();
        let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
        let is_right = (1..=NAME_BYTES_MAX).contains(&name.len())
            && name.chars().all(is_plain)
            && !name.starts_with('.')
            && name != crate::METADATA_NAME;
        if is_right {
            return Ok(Self(name.into()));
        }
        let shown: String = name.chars().take(80).collect();
        Err(Error::io(format!(
            "{shown:?} cannot be the name of a state file: 1 to {NAME_BYTES_MAX} letters, digits, `-`, `_`, `.`"
        )))
    }

    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for FileName {
    type Error = String;

    fn try_from(name: String) -> std::result::Result<Self, String> {
        Self::new(name).map_err(|error| error.to_string())
    }
}

impl From<FileName> for String {
    fn from(name: FileName) -> Self {
        name.0.to_string()
    }
}

/// In which directory a file lies, and so who deletes it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum FileScope {
    /// Beside the metadata of the one checkpoint that names it; deleted with it.
    Exclusive,
    /// In `shared/` of this job: several checkpoints may name it; deleted when none does any more.
    Shared(JobId),
    /// In `taskowned/` of this job: its task deletes it, never the coordinator.
    TaskOwned(JobId),
}

/// A file, with what tells whether it is whole.
///
/// ```
/// use hurtig_checkpoint::{FileName, FileScope, StateFile, checksum};
///
/// let file = StateFile {
///     scope: FileScope::Exclusive,
///     name: FileName::new("0.state")?,
///     length: 5,
///     checksum: checksum(b"hello"),
/// };
/// assert!(file.check(b"hello").is_ok());
/// assert!(file.check(b"hullo").unwrap_err().to_string().contains("0.state"));
/// # Ok::<(), hurtig_types::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct StateFile {
    /// Its directory.
    pub scope: FileScope,
    /// Its name there.
    pub name: FileName,
    /// Its length in bytes.
    pub length: u64,
    /// The [`checksum`] of all its bytes.
    pub checksum: u32,
}

impl StateFile {
    /// Whether `bytes` are what was written.
    ///
    /// # Errors
    /// When length or checksum differ; the message names the file.
    pub fn check(&self, bytes: &[u8]) -> Result<()> {
        let found = bytes.len() as u64;
        let what = if found != self.length {
            format!("has {found} bytes, and {} were written", self.length)
        } else if checksum(bytes) != self.checksum {
            "is not what was written: its checksum differs".to_string()
        } else {
            return Ok(());
        };
        let name = self.name.as_str();
        Err(Error::io(format!(
            "state file `{name}` {what}; restore from an earlier checkpoint"
        )))
    }
}

/// CRC-32 as in gzip: of metadata, and of every state file.
///
/// ```
/// assert_eq!(hurtig_checkpoint::checksum(b"123456789"), 0xcbf4_3926);
/// ```
pub fn checksum(bytes: &[u8]) -> u32 {
    crc32fast::hash(bytes)
}

/// What a piece of state is, and so how it is shared out when the parallelism changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum StateKind {
    /// Keyed state and timers: by key group.
    Keyed,
    /// An operator's list, split positions and committables among them: entry by entry.
    List,
    /// A list of which every subtask gets all.
    Union,
    /// The same for every subtask.
    Broadcast,
    /// Batches that were in a subtask's input when an unaligned barrier overtook them.
    InputInFlight,
    /// Batches that were in its output.
    OutputInFlight,
    /// Of an operator's coordinator.
    Coordinator,
    /// A file of a database that holds keyed state: by key group, and then the whole of it.
    Database,
}

/// Where the bytes of a piece of state are; `F` names a file.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum StateData<F = StateFile> {
    /// Here: small state travels inside the metadata.
    Inline(Vec<u8>),
    /// In a part of a file, which holds the states of several subtasks.
    Slice {
        /// The file.
        file: F,
        /// Where the piece begins.
        offset: u64,
        /// How many bytes it has.
        length: u64,
    },
}

impl<F: fmt::Debug> fmt::Debug for StateData<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Inline(bytes) => write!(f, "{} bytes inline", bytes.len()),
            Self::Slice {
                file,
                offset,
                length,
            } => write!(f, "{file:?}[{offset}, +{length}]"),
        }
    }
}

/// A piece of an operator's state.
///
/// ```
/// use hurtig_checkpoint::{StateHandle, StateKind};
/// let offsets = StateHandle::inline(StateKind::List, "splits", vec![1, 2, 3]);
/// assert!(offsets.file().is_none());
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StateHandle<F = StateFile> {
    /// How it is shared out.
    pub kind: StateKind,
    /// The name that its operator gave it.
    pub name: String,
    /// The key groups that it holds, if it is keyed.
    #[serde(with = "crate::key_groups")]
    pub key_groups: Option<KeyGroupRange>,
    /// Its bytes.
    pub data: StateData<F>,
}

impl StateHandle {
    /// A piece that travels inside the metadata.
    pub fn inline(kind: StateKind, name: impl Into<String>, bytes: Vec<u8>) -> Self {
        Self {
            kind,
            name: name.into(),
            key_groups: None,
            data: StateData::Inline(bytes),
        }
    }

    /// A piece that is the whole of a file.
    pub fn whole_file(kind: StateKind, name: impl Into<String>, file: StateFile) -> Self {
        let length = file.length;
        Self {
            kind,
            name: name.into(),
            key_groups: None,
            data: StateData::Slice {
                file,
                offset: 0,
                length,
            },
        }
    }
}

impl StateHandle {
    /// Whether this checkpoint has written it, and not one before.
    pub fn is_written_by(&self, checkpoint: CheckpointId) -> bool {
        let own = format!("{checkpoint}-");
        self.file().is_none_or(|file| {
            !crate::shared::is_shared(file) || file.name.as_str().starts_with(&own)
        })
    }

    /// What tells it from all other pieces of the job, if it is a part of a file that later checkpoints may name again.
    pub(crate) fn shared_name(&self, job: JobId) -> Option<String> {
        match &self.data {
            StateData::Slice { file, offset, .. } if file.scope == FileScope::Shared(job) => {
                Some(format!("{}@{offset}", file.name.as_str()))
            }
            _ => None,
        }
    }
}

impl<F> StateHandle<F> {
    /// The file that it lies in, if any.
    pub fn file(&self) -> Option<&F> {
        match &self.data {
            StateData::Inline(_) => None,
            StateData::Slice { file, .. } => Some(file),
        }
    }

    /// How many bytes it has.
    pub fn length(&self) -> u64 {
        match &self.data {
            StateData::Inline(bytes) => bytes.len() as u64,
            StateData::Slice { length, .. } => *length,
        }
    }

    /// The same piece, its file named otherwise.
    pub(crate) fn map_file<G>(self, map: impl FnOnce(F) -> Result<G>) -> Result<StateHandle<G>> {
        let data = match self.data {
            StateData::Inline(bytes) => StateData::Inline(bytes),
            StateData::Slice {
                file,
                offset,
                length,
            } => StateData::Slice {
                file: map(file)?,
                offset,
                length,
            },
        };
        Ok(StateHandle {
            kind: self.kind,
            name: self.name,
            key_groups: self.key_groups,
            data,
        })
    }
}

/// What a participant hands in with its acknowledgement: the states of each of its operators.
pub type Snapshot = Vec<(OperatorId, Vec<StateHandle>)>;

/// The files that a snapshot names.
pub(crate) fn files_of(snapshot: &Snapshot) -> impl Iterator<Item = &StateFile> {
    let handles = snapshot.iter().flat_map(|(_, handles)| handles);
    handles.filter_map(StateHandle::file)
}

/// How many bytes of it travel inside the metadata.
pub(crate) fn inline_bytes_of(snapshot: &Snapshot) -> u64 {
    let handles = snapshot.iter().flat_map(|(_, handles)| handles);
    let bytes = |handle: &StateHandle| match &handle.data {
        StateData::Inline(bytes) => bytes.len() as u64,
        StateData::Slice { .. } => 0,
    };
    handles.map(bytes).sum()
}
