//! Reading the state that was assigned: of each file only what is restored.

use std::collections::BTreeMap;
use std::ops::Range;

use bytes::Bytes;
use futures::future::BoxFuture;
use futures::{StreamExt, TryStreamExt, stream};
use hurtig_env::object_store::{Error as StoreError, GetOptions, GetRange};
use hurtig_state::store::StateBackend;
use hurtig_state::{KeyedIndex, KeyedPiece, ListMode, ListPiece, StateImage};
use hurtig_types::{Error, KeyGroupRange, Result};

use super::{AssignedPiece, AssignedState, Share};
use crate::files::decode_list;
use crate::store::{REQUESTS_MAX, store_error};
use crate::{CheckpointLocation, CheckpointStore, StateData, StateFile, StateHandle, StateKind};

/// A piece that was read; of keyed state in parts, one behind the other.
enum Piece {
    Keyed(Vec<KeyedPiece>),
    List(ListPiece),
}

/// About how many bytes of keyed state are read at a time. Each is memory of its own, which is free again once it is decoded: so at
/// a start bytes and tables are never there both.
pub(super) const PART_BYTES: u64 = 8 << 20;

impl CheckpointStore {
    /// Reads the state that was [assigned](crate::assign) to a participant's operator. Of keyed state it reads the index and the
    /// key groups of the participant, and what it reads is checked against checksums.
    ///
    /// A keyed state may come as several pieces: of different key groups, and in runs, one behind the other. Databases are received by
    /// the backend that they are of. Call it on [`Lane::Io`](hurtig_env::Lane::Io).
    ///
    /// # Errors
    /// When a file is missing, has another length, or is not what was written; the message names it.
    pub async fn read_state(
        &self,
        location: &CheckpointLocation,
        assigned: &AssignedState,
        backend: Option<&dyn StateBackend>,
    ) -> Result<StateImage> {
        // Boxed one by one: the compiler does not see of a stream of closures that it is `Send`.
        let mut reads = Vec::<BoxFuture<'_, Result<(Piece, Share)>>>::new();
        let is_file = |piece: &&AssignedPiece| piece.handle.kind == StateKind::Database;
        for piece in assigned.pieces.iter().filter(|piece| !is_file(piece)) {
            let read = self.read_piece(location, piece);
            reads.push(Box::pin(async move { Ok((read.await?, piece.share)) }));
        }
        let reads = stream::iter(reads).buffered(REQUESTS_MAX);
        let pieces: Vec<(Piece, Share)> = reads.try_collect().await?;
        let mut image = image_of(pieces);
        let files = assigned.pieces.iter().filter(is_file);
        image.received = self.receive_databases(location, files, backend).await?;
        Ok(image)
    }

    pub(super) async fn read_list(
        &self,
        location: &CheckpointLocation,
        piece: &AssignedPiece,
    ) -> Result<ListPiece> {
        match self.read_piece(location, piece).await? {
            Piece::List(list) => Ok(list),
            Piece::Keyed(_) => Err(Error::bug("keyed state was read as a list")),
        }
    }

    async fn read_piece(
        &self,
        location: &CheckpointLocation,
        piece: &AssignedPiece,
    ) -> Result<Piece> {
        let handle = piece.handle.as_ref();
        let source = Source {
            store: self,
            location,
            handle,
        };
        let read = match piece.share {
            Share::KeyGroups(range) => source.keyed(range).await.map(Piece::Keyed),
            Share::Whole | Share::Entries { .. } => source.list().await.map(Piece::List),
        };
        read.map_err(|error| {
            let place = format!("restoring the state `{}`", handle.name);
            match handle.file() {
                Some(file) => {
                    let path = self.path_of(location, file);
                    error.context(format!("{place} from `{path}`"))
                }
                None => error.context(format!("{place} from the metadata")),
            }
        })
    }
}

/// The bytes of a piece, and where they are.
pub(super) struct Source<'a> {
    pub(super) store: &'a CheckpointStore,
    pub(super) location: &'a CheckpointLocation,
    pub(super) handle: &'a StateHandle,
}

impl Source<'_> {
    async fn list(&self) -> Result<ListPiece> {
        let mode = match self.handle.kind {
            StateKind::List | StateKind::Coordinator => ListMode::Split,
            StateKind::Union => ListMode::Union,
            StateKind::Broadcast => ListMode::Broadcast,
            StateKind::InputInFlight => ListMode::InputInFlight,
            StateKind::OutputInFlight => ListMode::OutputInFlight,
            StateKind::Keyed => {
                return Err(Error::bug("it is no list, and was assigned as one"));
            }
            StateKind::Database => {
                return Err(Error::bug(
                    "it is a file of a database, and was assigned as a list",
                ));
            }
        };
        let bytes = self.bytes(0..self.length()).await?;
        Ok(ListPiece {
            name: self.handle.name.clone(),
            mode,
            entries: decode_list(&bytes).map_err(damaged)?,
        })
    }

    async fn keyed(&self, range: KeyGroupRange) -> Result<Vec<KeyedPiece>> {
        let name = &self.handle.name;
        let groups = self.handle.key_groups.unwrap_or(KeyGroupRange::new(0, 0));
        if groups.intersection(range) == groups && self.length() <= PART_BYTES {
            // All of it: one request in place of two.
            let bytes = self.bytes(0..self.length()).await?;
            let index = self.index(&bytes, groups)?;
            let blocks = part(&bytes, index.span(range))?;
            let piece = index.piece(name, range, &blocks).map_err(damaged)?;
            return Ok(vec![piece]);
        }
        let index = self
            .bytes(0..KeyedIndex::length(groups.len()) as u64)
            .await?;
        let index = self.index(&index, groups)?;
        let mut pieces = Vec::new();
        for range in index.parts(range, PART_BYTES) {
            let blocks = self.bytes(index.span(range)).await?;
            pieces.push(index.piece(name, range, &blocks).map_err(damaged)?);
        }
        Ok(pieces)
    }

    fn index(&self, bytes: &[u8], groups: KeyGroupRange) -> Result<KeyedIndex> {
        let index = KeyedIndex::read(bytes).map_err(damaged)?;
        if index.range() == groups {
            return Ok(index);
        }
        let found = index.range();
        Err(damaged(Error::io(format!(
            "it is of {found:?} in place of {groups:?}"
        ))))
    }

    fn length(&self) -> u64 {
        self.handle.length()
    }

    /// A part of the piece.
    pub(super) async fn bytes(&self, span: Range<u64>) -> Result<Bytes> {
        if span.end > self.length() {
            return Err(damaged(Error::io("it ends before its last key group")));
        }
        match &self.handle.data {
            StateData::Inline(bytes) => part_of(bytes, span).map(Bytes::copy_from_slice),
            // A request for nothing is refused.
            StateData::Slice { .. } if span.is_empty() => Ok(Bytes::new()),
            StateData::Slice { file, offset, .. } => {
                let span = offset.saturating_add(span.start)..offset.saturating_add(span.end);
                self.request(file, span).await
            }
        }
    }

    /// A part of a file, after a look at its length.
    async fn request(&self, file: &StateFile, span: Range<u64>) -> Result<Bytes> {
        let path = self.store.path_of(self.location, file);
        let place = self.store.open(&path)?;
        let wanted = span.end - span.start;
        let options = GetOptions::default().with_range(Some(GetRange::Bounded(span)));
        let got = match place.store.get_opts(&place.path, options).await {
            Ok(got) => got,
            Err(StoreError::NotFound { .. }) => return Err(lost("the file is missing")),
            Err(error) => {
                // Stores word it differently when a part is asked for that is not there.
                return match self.store.length(&path).await {
                    Ok(Some(length)) if length != file.length => Err(wrong_length(file, length)),
                    _ => Err(store_error(&path, &error)),
                };
            }
        };
        if got.meta.size != file.length {
            return Err(wrong_length(file, got.meta.size));
        }
        let bytes = got
            .bytes()
            .await
            .map_err(|error| store_error(&path, &error))?;
        if bytes.len() as u64 == wanted {
            return Ok(bytes);
        }
        let found = bytes.len();
        Err(lost(&format!("the store gave {found} bytes of {wanted}")))
    }
}

fn part(bytes: &Bytes, span: Range<u64>) -> Result<Bytes> {
    part_of(bytes, span).map(|part| bytes.slice_ref(part))
}

fn part_of(bytes: &[u8], span: Range<u64>) -> Result<&[u8]> {
    let start = usize::try_from(span.start).unwrap_or(usize::MAX);
    let end = usize::try_from(span.end).unwrap_or(usize::MAX);
    let part = bytes.get(start..end);
    part.ok_or_else(|| damaged(Error::io("it ends before its last key group")))
}

/// Bytes that are not what was written.
fn damaged(error: Error) -> Error {
    lost(&error.to_string())
}

fn lost(what: &str) -> Error {
    Error::io(format!("{what}; restore from an earlier checkpoint"))
}

fn wrong_length(file: &StateFile, found: u64) -> Error {
    lost(&format!(
        "the file has {found} bytes in place of {}",
        file.length
    ))
}

/// Puts together what was read, and leaves of lists that are shared out the share alone.
fn image_of(pieces: Vec<(Piece, Share)>) -> StateImage {
    let mut image = StateImage::default();
    let mut shared_out: BTreeMap<String, ListPiece> = BTreeMap::new();
    let mut own = (0, 1);
    for (piece, share) in pieces {
        match (piece, share) {
            (Piece::Keyed(pieces), _) => image.keyed.extend(pieces),
            (Piece::List(piece), Share::Entries { first, of }) => {
                own = (u64::from(first), u64::from(of.max(1)));
                match shared_out.get_mut(&piece.name) {
                    Some(list) => list.entries.extend(piece.entries),
                    None => drop(shared_out.insert(piece.name.clone(), piece)),
                }
            }
            (Piece::List(piece), _) => image.lists.push(piece),
        }
    }
    let (first, of) = own;
    let mut places = 0u64..;
    for mut list in shared_out.into_values() {
        list.entries
            .retain(|_| places.next().is_some_and(|place| place % of == first));
        image.lists.push(list);
    }
    image
}
