//! Metadata as bytes. `docs/formats/checkpoint-metadata.md` describes them; whoever changes them changes the version.

use std::collections::BTreeMap;

use hurtig_types::{Error, ErrorContext, ErrorKind, JobId, Result};
use serde::{Deserialize, Serialize};

use super::{Metadata, OperatorState, SubtaskState};
use crate::{CheckpointId, Epoch, StateFile, StateHandle, checksum};

/// The most bytes that metadata may have: what is larger is state, and belongs into files.
pub const METADATA_BYTES_MAX: u64 = 256 << 20;

const MAGIC: [u8; 8] = *b"HURTIGCK";
const VERSION: u16 = 1;
/// Magic, version, length of the body.
const HEADER_BYTES: usize = 8 + 2 + 8;
const CHECKSUM_BYTES: usize = 4;

/// The body. Files stand in a table, each once; the pieces of state name them by their place in it.
#[derive(Serialize, Deserialize)]
struct Body {
    job: JobId,
    checkpoint: CheckpointId,
    epoch: Epoch,
    is_savepoint: bool,
    files: Vec<StateFile>,
    operators: Vec<OperatorState<u32>>,
}

impl Metadata {
    /// The bytes of the metadata file.
    ///
    /// # Errors
    /// When it breaks the laws that reading checks, or is too large.
    pub fn encode(&self) -> Result<Vec<u8>> {
        let place = || format!("the metadata of checkpoint {}", self.checkpoint);
        self.check().map_err(|error| {
            let error = error.with_kind(ErrorKind::Bug);
            error.context(place())
        })?;
        let body = postcard::to_stdvec(&self.to_body()?).or_kind(ErrorKind::Bug, place)?;
        if body.len() as u64 > METADATA_BYTES_MAX {
            return Err(Error::io(format!(
                "{} would have {} bytes, and {METADATA_BYTES_MAX} are allowed: keep large states in files",
                place(),
                body.len()
            )));
        }
        let mut bytes = Vec::with_capacity(HEADER_BYTES + body.len() + CHECKSUM_BYTES);
        bytes.extend_from_slice(&MAGIC);
        bytes.extend_from_slice(&VERSION.to_le_bytes());
        bytes.extend_from_slice(&(body.len() as u64).to_le_bytes());
        bytes.extend_from_slice(&body);
        let sum = checksum(&bytes);
        bytes.extend_from_slice(&sum.to_le_bytes());
        Ok(bytes)
    }

    /// Reads what [`encode`](Self::encode) wrote.
    ///
    /// # Errors
    /// When the bytes are anything else: truncated, corrupted, of a later version, or made to mislead. What is allocated on the
    /// way is bounded by what the bytes can fill.
    pub fn decode(bytes: &[u8]) -> Result<Self> {
        let read = body_of(bytes).and_then(|body| {
            let body = match postcard::take_from_bytes::<Body>(body) {
                Ok((body, [])) => body,
                Ok(_) => return Err(Error::io("bytes are left over behind its body")),
                Err(error) => return Err(Error::from_source(ErrorKind::Io, error)),
            };
            let metadata = Self::from_body(body)?;
            metadata.check()?;
            Ok(metadata)
        });
        read.map_err(|error| error.context("not a readable checkpoint: its metadata"))
    }

    fn to_body(&self) -> Result<Body> {
        let files: Vec<StateFile> = self.files().into_iter().cloned().collect();
        let places: BTreeMap<&StateFile, u32> = files.iter().zip(0..).collect();
        let place = |file: StateFile| {
            let place = places.get(&file).copied();
            place.ok_or_else(|| Error::bug("a state file is not in the table of files"))
        };
        let operators = self.operators.iter().cloned();
        let operators = operators.map(|operator| map_operator(operator, &place));
        Ok(Body {
            job: self.job,
            checkpoint: self.checkpoint,
            epoch: self.epoch,
            is_savepoint: self.is_savepoint,
            operators: operators.collect::<Result<_>>()?,
            files,
        })
    }

    fn from_body(body: Body) -> Result<Self> {
        let file = |place: u32| {
            let file = body.files.get(place as usize).cloned();
            file.ok_or_else(|| {
                let known = body.files.len();
                Error::io(format!("it names file {place} of {known}"))
            })
        };
        let operators = body.operators.into_iter();
        let operators = operators.map(|operator| map_operator(operator, &file));
        Ok(Self {
            job: body.job,
            checkpoint: body.checkpoint,
            epoch: body.epoch,
            is_savepoint: body.is_savepoint,
            operators: operators.collect::<Result<_>>()?,
        })
    }
}

/// What lies between header and checksum, both of which are right.
fn body_of(bytes: &[u8]) -> Result<&[u8]> {
    let truncated = || Error::io(format!("is truncated: it has {} bytes", bytes.len()));
    let (magic, rest) = bytes.split_first_chunk::<8>().ok_or_else(truncated)?;
    if *magic != MAGIC {
        return Err(Error::io("does not begin as one of Hurtig's does"));
    }
    let (version, rest) = rest.split_first_chunk::<2>().ok_or_else(truncated)?;
    let version = u16::from_le_bytes(*version);
    if version != VERSION {
        return Err(Error::io(format!(
            "has format version {version}, and this Hurtig reads version {VERSION}: use the Hurtig that wrote it"
        )));
    }
    let (length, rest) = rest.split_first_chunk::<8>().ok_or_else(truncated)?;
    let (body, sum) = rest
        .split_last_chunk::<CHECKSUM_BYTES>()
        .ok_or_else(truncated)?;
    match u64::from_le_bytes(*length) {
        length if length > body.len() as u64 => return Err(truncated()),
        length if length < body.len() as u64 => {
            return Err(Error::io("is longer than it says"));
        }
        _ => {}
    }
    let summed = bytes.len() - CHECKSUM_BYTES;
    if bytes.get(..summed).map(checksum) != Some(u32::from_le_bytes(*sum)) {
        return Err(Error::io("is corrupted: its checksum differs"));
    }
    Ok(body)
}

fn map_operator<F, G>(
    operator: OperatorState<F>,
    map: &impl Fn(F) -> Result<G>,
) -> Result<OperatorState<G>> {
    let subtasks = operator.subtasks.into_iter().map(|subtask| {
        Ok(SubtaskState {
            subtask: subtask.subtask,
            is_finished: subtask.is_finished,
            states: map_handles(subtask.states, map)?,
        })
    });
    Ok(OperatorState {
        operator: operator.operator,
        parallelism: operator.parallelism,
        max_parallelism: operator.max_parallelism,
        coordinator: map_handles(operator.coordinator, map)?,
        subtasks: subtasks.collect::<Result<_>>()?,
    })
}

fn map_handles<F, G>(
    handles: Vec<StateHandle<F>>,
    map: &impl Fn(F) -> Result<G>,
) -> Result<Vec<StateHandle<G>>> {
    let handles = handles.into_iter();
    handles.map(|handle| handle.map_file(map)).collect()
}
