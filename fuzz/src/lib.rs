//! What the fuzzers share: bytes that get past the checksums.
//!
//! ```text
//!  seeds/<target>/*  ─► corpus/<target> ─► cargo fuzz run <target> ─► artifacts/<target>: what made it panic
//!     committed            grows                                         becomes a test beside the decoder
//! ```
//!
//! A fuzzer that has to guess a CRC-32 sees nothing but the guard at the door. So where a format has checksums, a target tries its
//! bytes as they are, and again with the sums put right: whoever means harm could do that as well.
//!
//! The law of every target: whatever the bytes, a decoder answers with a value or an error, in memory bounded by what the bytes could
//! fill (no piece of memory is larger than 32 MiB); and a value is written and read again as what it was.

#![warn(missing_docs)]

mod allocator;
mod store;

pub use store::FuzzedBackend;

use hurtig_state::KeyedPiece;
use hurtig_types::KeyGroupRange;

/// As many as the keys of these states are spread over.
pub const GROUPS: u32 = 8;

/// The metadata of a checkpoint with this body: magic, version, length and checksum are right.
pub fn metadata_of(body: &[u8]) -> Vec<u8> {
    let mut bytes = b"HURTIGCK".to_vec();
    bytes.extend(1u16.to_le_bytes());
    bytes.extend((body.len() as u64).to_le_bytes());
    bytes.extend(body);
    summed(bytes)
}

/// These bytes, and their checksum.
pub fn summed(mut bytes: Vec<u8>) -> Vec<u8> {
    let sum = crc32fast::hash(&bytes);
    bytes.extend(sum.to_le_bytes());
    bytes
}

/// A piece of keyed state whose index is right: the first bytes of `data` say how long the blocks of the key groups are, the rest is
/// what is in them.
pub fn keyed_piece_of(name: &str, data: &[u8]) -> KeyedPiece {
    let (lengths, mut rest) = data.split_at(data.len().min(GROUPS as usize));
    let mut index = vec![1];
    index.extend(0u32.to_le_bytes());
    index.extend(GROUPS.to_le_bytes());
    let mut blocks = Vec::<u8>::new();
    for group in 0..GROUPS as usize {
        let length = lengths.get(group).map_or(0, |length| usize::from(*length));
        let (block, behind) = rest.split_at(rest.len().min(length));
        blocks.extend(block);
        index.extend((blocks.len() as u64).to_le_bytes());
        index.extend(crc32fast::hash(block).to_le_bytes());
        rest = behind;
    }
    let mut bytes = summed(index);
    bytes.extend(blocks);
    KeyedPiece {
        name: name.to_string(),
        range: KeyGroupRange::new(0, GROUPS),
        bytes,
    }
}

/// The same piece with the bytes as they are.
pub fn raw_piece(name: &str, data: &[u8]) -> KeyedPiece {
    KeyedPiece {
        name: name.to_string(),
        range: KeyGroupRange::new(0, GROUPS),
        bytes: data.to_vec(),
    }
}
