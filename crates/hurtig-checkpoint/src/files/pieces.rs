//! Pieces of state as bytes: keyed ones have their own form, lists get one here.

use bytes::Bytes;
use hurtig_state::{KeyedIndex, KeyedPiece, ListMode, ListPiece, StateImage};
use hurtig_types::{Error, KeyGroupRange, Result};

use crate::{Participant, StateKind, checksum};

/// The first byte of every list.
const LIST_VERSION: u8 = 1;
const CHECKSUM_BYTES: usize = 4;

/// A piece that is to be stored.
pub(super) struct Piece {
    pub(super) kind: StateKind,
    pub(super) name: String,
    pub(super) key_groups: Option<KeyGroupRange>,
    pub(super) bytes: Bytes,
    /// The state that it is a run of, if later checkpoints may build on that.
    pub(super) run: Option<String>,
}

/// The pieces of an operator's image.
pub(super) fn pieces_of(participant: Participant, image: StateImage) -> Result<Vec<Piece>> {
    let runs = image.runs;
    let keyed = image.keyed.into_iter().map(|piece| {
        let run = Some(piece.state()).filter(|state| runs.contains_key(*state));
        let run = run.map(str::to_string);
        Ok(Piece {
            run,
            ..keyed_piece(participant, piece)?
        })
    });
    let lists = image.lists.into_iter();
    let lists = lists.map(|piece| list_piece(participant, piece));
    keyed.chain(lists).collect()
}

fn keyed_piece(participant: Participant, piece: KeyedPiece) -> Result<Piece> {
    let place = || format!("storing the state `{}` of {participant}", piece.name);
    if let Participant::Coordinator(_) = participant {
        let error = Error::bug("a coordinator has no keys, and this is keyed state");
        return Err(error.context(place()));
    }
    // What could not be read is not written.
    let index = KeyedIndex::read(&piece.bytes).map_err(|error| error.context(place()))?;
    if index.range() != piece.range {
        let found = index.range();
        let error = Error::bug(format!("it is of {found:?} and not of {:?}", piece.range));
        return Err(error.context(place()));
    }
    Ok(Piece {
        kind: StateKind::Keyed,
        name: piece.name,
        key_groups: Some(piece.range),
        bytes: piece.bytes.into(),
        run: None,
    })
}

fn list_piece(participant: Participant, piece: ListPiece) -> Result<Piece> {
    let kind = match (participant, piece.mode) {
        (Participant::Coordinator(_), _) => StateKind::Coordinator,
        (_, ListMode::Split) => StateKind::List,
        (_, ListMode::Union) => StateKind::Union,
        (_, ListMode::Broadcast) => StateKind::Broadcast,
        (_, ListMode::InputInFlight) => StateKind::InputInFlight,
        (_, ListMode::OutputInFlight) => StateKind::OutputInFlight,
    };
    let bytes = encode_list(&piece.entries);
    let bytes = bytes.map_err(|error| {
        error.context(format!(
            "storing the state `{}` of {participant}",
            piece.name
        ))
    })?;
    Ok(Piece {
        kind,
        name: piece.name,
        key_groups: None,
        bytes: bytes.into(),
        run: None,
    })
}

/// Version, entries, checksum of both.
fn encode_list(entries: &[Vec<u8>]) -> Result<Vec<u8>> {
    let length: usize = entries.iter().map(|entry| entry.len() + 5).sum();
    let mut bytes = Vec::with_capacity(length + 10);
    bytes.push(LIST_VERSION);
    hurtig_codec::append_value(entries, &mut bytes)?;
    let sum = checksum(&bytes);
    bytes.extend(sum.to_le_bytes());
    Ok(bytes)
}

/// The entries of a list.
///
/// # Errors
/// When the bytes are anything else.
pub(crate) fn decode_list(bytes: &[u8]) -> Result<Vec<Vec<u8>>> {
    let damaged = |what: &str| Error::io(format!("the bytes are not a list: {what}"));
    let Some((list, sum)) = bytes.split_last_chunk::<CHECKSUM_BYTES>() else {
        return Err(damaged("they end too early"));
    };
    if checksum(list) != u32::from_le_bytes(*sum) {
        return Err(damaged("the checksum differs"));
    }
    let Some((&LIST_VERSION, mut rest)) = list.split_first() else {
        return Err(damaged("it has another version"));
    };
    let count: usize = hurtig_codec::take_value(&mut rest)?;
    // Whoever means harm could make the checksum right: an entry has a byte at least.
    if count > rest.len() {
        return Err(damaged("more entries than bytes"));
    }
    let mut entries = Vec::with_capacity(count);
    for _ in 0..count {
        let length: usize = hurtig_codec::take_value(&mut rest)?;
        let Some((entry, behind)) = rest.split_at_checked(length) else {
            return Err(damaged("an entry ends behind it"));
        };
        entries.push(entry.to_vec());
        rest = behind;
    }
    if rest.is_empty() {
        Ok(entries)
    } else {
        Err(damaged("bytes are left over"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn lists_are_read_as_written_or_not_at_all(
            entries: Vec<Vec<u8>>, at: prop::sample::Index, change in 1u8..,
        ) {
            let mut bytes = encode_list(&entries).unwrap();
            prop_assert_eq!(decode_list(&bytes).unwrap(), entries);
            let at = at.index(bytes.len());
            prop_assert!(decode_list(&bytes[..at]).is_err());
            bytes[at] ^= change;
            prop_assert!(decode_list(&bytes).is_err());
        }

        #[test]
        fn lists_made_to_mislead_are_no_panic(mut bytes: Vec<u8>) {
            bytes.insert(0, LIST_VERSION);
            let sum = checksum(&bytes);
            bytes.extend(sum.to_le_bytes());
            let _ = decode_list(&bytes);
        }
    }
}
