//! Sets of numbers, 65536 at a time.
//!
//! ```text
//!  value = block (48 bits) | number in it (16 bits)
//!  a block: its numbers in order, 2 bytes each, while they are fewer than 4096; else a bit for each there could be, 8 KiB
//! ```

use std::fmt;

use serde::de::{self, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use smallvec::SmallVec;

/// With as many numbers a list is as large as the bits.
const LIST_MAX: usize = 4096;
const WORDS: usize = 1 << 10;
const BITS_BYTES: usize = 8 * WORDS;

/// Numbers of 16 bits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Block {
    List(SmallVec<[u16; 4]>),
    Bits(Box<[u64; WORDS]>),
}

impl Default for Block {
    fn default() -> Self {
        Self::List(SmallVec::new())
    }
}

impl Block {
    /// Adds a number; false if it was there.
    #[inline]
    pub(super) fn insert(&mut self, number: u16) -> bool {
        match self {
            Self::Bits(words) => set(words, number),
            Self::List(list) => {
                // Ids that grow come at the end.
                let place = match list.last() {
                    Some(last) if *last < number => Err(list.len()),
                    _ => list.binary_search(&number),
                };
                let Err(place) = place else { return false };
                if list.len() + 1 < LIST_MAX {
                    list.insert(place, number);
                    return true;
                }
                let mut words = Box::new([0; WORDS]);
                for number in list.iter().chain([&number]) {
                    set(&mut words, *number);
                }
                *self = Self::Bits(words);
                true
            }
        }
    }

    fn from_bytes(bytes: &[u8]) -> Option<Self> {
        if bytes.len() == BITS_BYTES {
            let mut words = Box::new([0; WORDS]);
            let (chunks, _) = bytes.as_chunks::<8>();
            for (word, chunk) in words.iter_mut().zip(chunks) {
                *word = u64::from_le_bytes(*chunk);
            }
            return Some(Self::Bits(words));
        }
        let (chunks, rest) = bytes.as_chunks::<2>();
        let list: SmallVec<[u16; 4]> = chunks.iter().map(|it| u16::from_le_bytes(*it)).collect();
        let is_sorted = list.is_sorted_by(|one, next| one < next);
        (rest.is_empty() && is_sorted && list.len() < LIST_MAX).then_some(Self::List(list))
    }
}

/// Sets a bit; false if it was set.
#[inline]
fn set(words: &mut [u64; WORDS], number: u16) -> bool {
    let bit = 1u64 << (number % 64);
    let Some(word) = words.get_mut(usize::from(number / 64)) else {
        return false;
    };
    let is_new = *word & bit == 0;
    *word |= bit;
    is_new
}

/// As bytes: which of both it is, their number says.
impl Serialize for Block {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let bytes: Vec<u8> = match self {
            Self::List(list) => list.iter().flat_map(|it| it.to_le_bytes()).collect(),
            Self::Bits(words) => words.iter().flat_map(|it| it.to_le_bytes()).collect(),
        };
        serializer.serialize_bytes(&bytes)
    }
}

impl<'de> Deserialize<'de> for Block {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_bytes(BlockVisitor)
    }
}

struct BlockVisitor;

impl<'de> Visitor<'de> for BlockVisitor {
    type Value = Block;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a block of numbers")
    }

    fn visit_bytes<E: de::Error>(self, bytes: &[u8]) -> Result<Block, E> {
        Block::from_bytes(bytes).ok_or_else(|| E::custom("a block of numbers that is damaged"))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Block, A::Error> {
        let mut bytes = Vec::new();
        while let Some(byte) = seq.next_element()? {
            bytes.push(byte);
        }
        self.visit_bytes(&bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeSet;

    fn bytes_of(block: &Block) -> Vec<u8> {
        match block {
            Block::List(list) => list.iter().flat_map(|it| it.to_le_bytes()).collect(),
            Block::Bits(words) => words.iter().flat_map(|it| it.to_le_bytes()).collect(),
        }
    }

    proptest! {
        #[test]
        fn it_is_a_set(numbers in prop::collection::vec(0u16..20_000, 0..9000)) {
            let mut block = Block::default();
            let mut model = BTreeSet::new();
            for number in numbers {
                prop_assert_eq!(block.insert(number), model.insert(number));
            }
            prop_assert_eq!(matches!(block, Block::Bits(_)), model.len() >= LIST_MAX);
            prop_assert_eq!(Block::from_bytes(&bytes_of(&block)), Some(block));
        }
    }

    #[test]
    fn damaged_bytes_are_no_block() {
        for bytes in [&[1u8, 0, 1, 0][..], &[1], &[0; BITS_BYTES + 2]] {
            assert_eq!(Block::from_bytes(bytes), None);
        }
    }
}
