//! Keyed state as bytes, with an index by key group, so that any range of groups can be read alone.

use std::ops::Range;

use hurtig_codec::{append_value, take_value};
use hurtig_types::{Error, KeyGroup, KeyGroupRange, MaxParallelism, Result};
use serde::{Serialize, de::DeserializeOwned};

use crate::table::REMOVED;

/// The first byte of every piece.
const VERSION: u8 = 1;
/// Version, first key group, number of key groups.
const PREFIX_BYTES: usize = 1 + 4 + 4;
/// Where the block ends, and its checksum.
const GROUP_BYTES: usize = 8 + 4;
const CHECKSUM_BYTES: usize = 4;
const COUNT_BYTES: usize = 4;

/// An image of one name's state for some key groups.
///
/// ```text
///  version u8 | first group u32 | groups u32 | for each group: end of its block u64, CRC-32 of it u32 | CRC-32 of all this u32
///  block of the first group | block of the next | …
///  block: entries u32 | entry | entry | …         numbers little-endian, entries as postcard writes them
/// ```
///
/// Index and blocks have checksums of their own, so that who reads a few key groups from the middle knows as well as who reads
/// all that they are what was written. Described in `docs/formats/state-files.md`.
///
/// ```
/// use hurtig_state::{KeyedPiece, KeyedWriter};
/// use hurtig_types::{KeyGroup, KeyGroupRange};
///
/// let mut writer = KeyedWriter::new(KeyGroupRange::new(0, 4));
/// writer.entry(KeyGroup::new(2), &("to", 2u64))?;
/// writer.entry(KeyGroup::new(0), &("be", 2u64))?;
/// let piece = writer.finish("counts");
///
/// let half = piece.cut(KeyGroupRange::new(2, 4))?;
/// let mut found = Vec::new();
/// half.read(|group, entry: (String, u64)| { found.push((group.index(), entry)); Ok(()) })?;
/// assert_eq!(found, [(2, ("to".to_string(), 2))]);
/// # Ok::<(), hurtig_types::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyedPiece {
    /// Unique in the operator, for each key group.
    pub name: String,
    /// The key groups it is of.
    pub range: KeyGroupRange,
    /// Index and entries.
    pub bytes: Vec<u8>,
}

impl KeyedPiece {
    /// The name of the state that it is a piece of: one that lists removed keys has a longer name.
    pub fn state(&self) -> &str {
        self.name.strip_suffix(REMOVED).unwrap_or(&self.name)
    }

    /// The entries, in the order in which they were written.
    ///
    /// # Errors
    /// When the bytes are none of a piece, an entry is no `E`, or `each` fails.
    pub fn read<E: DeserializeOwned>(
        &self,
        mut each: impl FnMut(KeyGroup, E) -> Result<()>,
    ) -> Result<()> {
        let context = |error: Error| error.context(format!("restoring the state `{}`", self.name));
        let index = KeyedIndex::read(&self.bytes).map_err(context)?;
        for group in index.range.groups() {
            let block = index.block(group, &self.bytes).map_err(context)?;
            read_block(block, |entry| each(group, entry)).map_err(context)?;
        }
        Ok(())
    }

    /// A piece of those of its key groups that are in `range`.
    ///
    /// # Errors
    /// When the bytes are none of a piece, or the blocks of these key groups are damaged.
    pub fn cut(&self, range: KeyGroupRange) -> Result<Self> {
        let index = KeyedIndex::read(&self.bytes)?;
        let blocks = slice(&self.bytes, index.span(range))?;
        index.piece(&self.name, range, blocks)
    }
}

fn slice(bytes: &[u8], span: Range<u64>) -> Result<&[u8]> {
    let span = usize::try_from(span.start)
        .ok()
        .zip(usize::try_from(span.end).ok());
    span.and_then(|(start, end)| bytes.get(start..end))
        .ok_or_else(|| damaged("it ends before its last block"))
}

fn read_block<E: DeserializeOwned>(
    mut block: &[u8],
    mut each: impl FnMut(E) -> Result<()>,
) -> Result<()> {
    let Some((count, rest)) = block.split_first_chunk::<COUNT_BYTES>() else {
        return if block.is_empty() {
            Ok(())
        } else {
            Err(damaged("a block without a count"))
        };
    };
    block = rest;
    let count = u32::from_le_bytes(*count) as usize;
    // Only a key without content takes no byte, and there is but one of those.
    if count > block.len() + 1 {
        return Err(damaged("a block of more entries than bytes"));
    }
    for _ in 0..count {
        each(take_value(&mut block)?)?;
    }
    if block.is_empty() {
        Ok(())
    } else {
        Err(damaged("bytes behind the entries of a block"))
    }
}

#[cold]
fn damaged(what: &str) -> Error {
    Error::bad_record(format!("the bytes are not a piece of keyed state: {what}"))
}

/// Where in a piece each key group lies.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyedIndex {
    range: KeyGroupRange,
    blocks: Vec<BlockIndex>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct BlockIndex {
    /// From where the blocks begin.
    end: u64,
    checksum: u32,
}

impl KeyedIndex {
    /// How many bytes it takes at the front of a piece of so many key groups.
    pub const fn length(groups: usize) -> usize {
        PREFIX_BYTES + groups * GROUP_BYTES + CHECKSUM_BYTES
    }

    /// The key groups of the piece.
    pub const fn range(&self) -> KeyGroupRange {
        self.range
    }

    /// Reads the index at the front of `bytes`; what is behind it need not be there.
    ///
    /// # Errors
    /// When there is none.
    pub fn read(bytes: &[u8]) -> Result<Self> {
        let number = |at: usize| {
            let bytes = bytes.get(at..).and_then(|rest| rest.first_chunk::<4>());
            bytes.map(|bytes| u32::from_le_bytes(*bytes) as usize)
        };
        let (Some(&VERSION), Some(first), Some(groups)) = (bytes.first(), number(1), number(5))
        else {
            return Err(damaged("no index, or one of another version"));
        };
        if first + groups > MaxParallelism::UPPER_BOUND as usize {
            return Err(damaged("key groups that cannot be"));
        }
        let index = bytes.get(..Self::length(groups));
        let Some((index, sum)) = index.and_then(<[u8]>::split_last_chunk::<CHECKSUM_BYTES>) else {
            return Err(damaged("a truncated index"));
        };
        if crc32fast::hash(index) != u32::from_le_bytes(*sum) {
            return Err(damaged("the checksum of the index differs"));
        }
        let blocks = read_blocks(index.get(PREFIX_BYTES..).unwrap_or(&[]));
        if !blocks.is_sorted_by_key(|block| block.end) {
            return Err(damaged("an index out of order"));
        }
        Ok(Self {
            range: KeyGroupRange::new(first as u32, (first + groups) as u32),
            blocks,
        })
    }

    /// Where the blocks of those of its key groups that are in `range` lie in the piece.
    pub fn span(&self, range: KeyGroupRange) -> Range<u64> {
        let blocks = Self::length(self.blocks.len()) as u64;
        let both = self.range.intersection(range);
        let start = self.start_of(both.start());
        let end = if both.is_empty() {
            start
        } else {
            self.start_of(both.end())
        };
        blocks.saturating_add(start)..blocks.saturating_add(end)
    }

    /// Its key groups in `range`, in parts whose blocks have at most about so many bytes together: one group more where one is larger.
    ///
    /// ```
    /// use hurtig_state::{KeyedIndex, KeyedWriter};
    /// use hurtig_types::{KeyGroup, KeyGroupRange};
    ///
    /// let mut writer = KeyedWriter::new(KeyGroupRange::new(0, 4));
    /// (0..4).try_for_each(|group| writer.entry(KeyGroup::new(group), &vec![7u8; 99]))?;
    /// let index = KeyedIndex::read(&writer.finish("sevens").bytes)?;
    /// let parts = index.parts(KeyGroupRange::new(1, 9), 210);
    /// assert_eq!(parts, [KeyGroupRange::new(1, 3), KeyGroupRange::new(3, 4)]);
    /// # Ok::<(), hurtig_types::Error>(())
    /// ```
    pub fn parts(&self, range: KeyGroupRange, bytes: u64) -> Vec<KeyGroupRange> {
        let all = self.range.intersection(range);
        let (mut parts, mut start) = (Vec::new(), all.start());
        for group in all.start()..all.end() {
            let length = self
                .start_of(group + 1)
                .saturating_sub(self.start_of(start));
            if length > bytes && group > start {
                parts.push(KeyGroupRange::new(start as u32, group as u32));
                start = group;
            }
        }
        parts.push(KeyGroupRange::new(start as u32, all.end() as u32));
        parts
    }

    /// A piece of those of its key groups that are in `range`, of the bytes that [`span`](Self::span) named.
    ///
    /// # Errors
    /// When they are not what was written.
    pub fn piece(&self, name: &str, range: KeyGroupRange, blocks: &[u8]) -> Result<KeyedPiece> {
        let range = self.range.intersection(range);
        let start = self.start_of(range.start());
        let mut index = Vec::with_capacity(range.len());
        for group in range.groups() {
            let BlockIndex { end, checksum } = self.of(group)?;
            let span = self.start_of(group.index()) - start..end - start;
            check_block(group, slice(blocks, span)?, checksum)?;
            let end = end - start;
            index.push(BlockIndex { end, checksum });
        }
        if index.last().map_or(0, |last| last.end) != blocks.len() as u64 {
            return Err(damaged("bytes behind its last block"));
        }
        Ok(KeyedPiece {
            name: name.to_string(),
            range,
            bytes: assemble(range, &index, [blocks]),
        })
    }

    /// The block of a key group in the bytes of the whole piece.
    fn block<'a>(&self, group: KeyGroup, piece: &'a [u8]) -> Result<&'a [u8]> {
        let block = slice(piece, self.span(KeyGroupRange::only(group)))?;
        check_block(group, block, self.of(group)?.checksum)?;
        Ok(block)
    }

    fn of(&self, group: KeyGroup) -> Result<BlockIndex> {
        let place = group.index().checked_sub(self.range.start());
        let block = place.and_then(|place| self.blocks.get(place));
        block
            .copied()
            .ok_or_else(|| damaged("a key group that is not in the index"))
    }

    /// Where the block of this key group begins.
    fn start_of(&self, group: usize) -> u64 {
        let before = group.saturating_sub(self.range.start()).checked_sub(1);
        let block = before.and_then(|before| self.blocks.get(before).or(self.blocks.last()));
        block.map_or(0, |block| block.end)
    }
}

fn read_blocks(bytes: &[u8]) -> Vec<BlockIndex> {
    let (groups, _) = bytes.as_chunks::<GROUP_BYTES>();
    let block = |[e0, e1, e2, e3, e4, e5, e6, e7, c0, c1, c2, c3]: &[u8; GROUP_BYTES]| BlockIndex {
        end: u64::from_le_bytes([*e0, *e1, *e2, *e3, *e4, *e5, *e6, *e7]),
        checksum: u32::from_le_bytes([*c0, *c1, *c2, *c3]),
    };
    groups.iter().map(block).collect()
}

fn check_block(group: KeyGroup, block: &[u8], checksum: u32) -> Result<()> {
    if crc32fast::hash(block) == checksum {
        return Ok(());
    }
    Err(damaged(&format!("the checksum of {group:?} differs")))
}

fn assemble<'a>(
    range: KeyGroupRange,
    index: &[BlockIndex],
    blocks: impl IntoIterator<Item = &'a [u8], IntoIter: Clone>,
) -> Vec<u8> {
    let blocks = blocks.into_iter();
    let body: usize = blocks.clone().map(<[u8]>::len).sum();
    let mut bytes = Vec::with_capacity(KeyedIndex::length(range.len()) + body);
    bytes.push(VERSION);
    bytes.extend((range.start() as u32).to_le_bytes());
    bytes.extend((range.len() as u32).to_le_bytes());
    for block in index {
        bytes.extend(block.end.to_le_bytes());
        bytes.extend(block.checksum.to_le_bytes());
    }
    let sum = crc32fast::hash(&bytes);
    bytes.extend(sum.to_le_bytes());
    blocks.for_each(|block| bytes.extend(block));
    bytes
}

/// Collects entries by key group.
#[derive(Debug)]
pub struct KeyedWriter {
    range: KeyGroupRange,
    blocks: Vec<Block>,
    bytes: usize,
}

#[derive(Debug, Default)]
struct Block {
    /// The count, which is filled in at the end, and the entries.
    bytes: Vec<u8>,
    count: u32,
    /// How many bytes it will probably have.
    expected: usize,
}

impl KeyedWriter {
    /// For entries of these key groups.
    pub fn new(range: KeyGroupRange) -> Self {
        let blocks = range.groups().map(|_| Block::default()).collect();
        Self {
            range,
            blocks,
            bytes: 0,
        }
    }

    /// Adds an entry.
    ///
    /// # Errors
    /// When it cannot be encoded, or is of another key group.
    pub fn entry<E: Serialize + ?Sized>(&mut self, group: KeyGroup, entry: &E) -> Result<()> {
        let block = group
            .index()
            .checked_sub(self.range.start())
            .and_then(|offset| self.blocks.get_mut(offset));
        let Some(block) = block else {
            return Err(Error::bug(format!(
                "{group:?} is stored by a subtask that owns {:?}",
                self.range
            )));
        };
        if block.bytes.is_empty() {
            block.bytes.reserve(block.expected);
            block.bytes.extend([0; COUNT_BYTES]);
        }
        let before = block.bytes.len();
        append_value(entry, &mut block.bytes)?;
        block.count += 1;
        self.bytes += block.bytes.len() - before;
        Ok(())
    }

    /// How many bytes the entries that were added one by one have so far.
    pub const fn bytes(&self) -> usize {
        self.bytes
    }

    /// Of a key group about so many bytes will come: room is made for them with the first of them, and not all at once.
    pub fn set_expected(&mut self, group: KeyGroup, bytes: usize) {
        let place = group.index().checked_sub(self.range.start());
        if let Some(block) = place.and_then(|place| self.blocks.get_mut(place)) {
            block.expected = bytes;
        }
    }

    /// Takes over entries that are bytes already.
    ///
    /// # Errors
    /// When they are none of a piece, or of other key groups.
    pub fn append(&mut self, piece: &KeyedPiece) -> Result<()> {
        let index = KeyedIndex::read(&piece.bytes)?;
        for group in index.range.groups() {
            let block = index.block(group, &piece.bytes)?;
            let Some((count, entries)) = block.split_first_chunk::<COUNT_BYTES>() else {
                continue;
            };
            let block = group.index().checked_sub(self.range.start());
            let Some(block) = block.and_then(|offset| self.blocks.get_mut(offset)) else {
                return Err(Error::bug(format!("{group:?} is of another subtask")));
            };
            if block.bytes.is_empty() {
                block.bytes.extend([0; COUNT_BYTES]);
            }
            block.bytes.extend(entries);
            block.count += u32::from_le_bytes(*count);
        }
        Ok(())
    }

    /// Hands out what was added, entry by entry: `take` is given the bytes from the next entry on, and returns those behind it.
    pub(crate) fn each_entry(
        &self,
        mut take: impl FnMut(KeyGroup, &[u8]) -> Result<usize>,
    ) -> Result<()> {
        for (group, block) in self.range.groups().zip(&self.blocks) {
            let mut rest = block.bytes.get(COUNT_BYTES..).unwrap_or_default();
            for _ in 0..block.count {
                let taken = take(group, rest)?;
                rest = rest.get(taken..).unwrap_or_default();
            }
        }
        Ok(())
    }

    /// The piece.
    pub fn finish(mut self, name: impl Into<String>) -> KeyedPiece {
        for block in &mut self.blocks {
            if let Some(count) = block.bytes.first_chunk_mut::<COUNT_BYTES>() {
                *count = block.count.to_le_bytes();
            }
        }
        let mut end = 0;
        let index = self.blocks.iter().map(|block| {
            end += block.bytes.len() as u64;
            let checksum = crc32fast::hash(&block.bytes);
            BlockIndex { end, checksum }
        });
        let index: Vec<BlockIndex> = index.collect();
        let blocks = self.blocks.iter().map(|block| block.bytes.as_slice());
        KeyedPiece {
            name: name.into(),
            range: self.range,
            bytes: assemble(self.range, &index, blocks),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn read(piece: &KeyedPiece) -> Vec<(usize, String)> {
        let mut found = Vec::new();
        piece
            .read(|group, entry: String| {
                found.push((group.index(), entry));
                Ok(())
            })
            .unwrap();
        found
    }

    proptest! {
        #[test]
        fn pieces_cut_and_joined_anyhow_hold_what_was_written(
            mut entries in prop::collection::vec((3usize..20, ".{0,5}"), 0..60), cuts in [3u32..21, 3u32..21],
        ) {
            let all = KeyGroupRange::new(3, 20);
            let mut writer = KeyedWriter::new(all);
            for (group, entry) in &entries {
                writer.entry(KeyGroup::new(*group as u16), entry).unwrap();
            }
            let piece = writer.finish("words");
            entries.sort_by_key(|entry| entry.0);
            prop_assert_eq!(&read(&piece), &entries);

            let (a, b) = (cuts[0].min(cuts[1]), cuts[0].max(cuts[1]));
            let parts = [(0, a), (a, b), (b, 40)].map(|(from, to)| piece.cut(KeyGroupRange::new(from, to)).unwrap());
            for part in &parts {
                let is_in = |entry: &&(usize, String)| part.range.contains(KeyGroup::new(entry.0 as u16));
                let kept: Vec<_> = entries.iter().filter(is_in).cloned().collect();
                prop_assert_eq!(read(part), kept);
            }
            let mut joined = KeyedWriter::new(all);
            parts.iter().for_each(|part| joined.append(part).unwrap());
            prop_assert_eq!(joined.finish("words"), piece);
        }

        #[test]
        fn a_changed_byte_or_an_early_end_is_an_error(
            at: prop::sample::Index, change in 1u8.., cut: Option<prop::sample::Index>,
        ) {
            let mut writer = KeyedWriter::new(KeyGroupRange::new(0, 8));
            (0..20u16).for_each(|n| writer.entry(KeyGroup::new(n % 8), &u64::from(n)).unwrap());
            let mut piece = writer.finish("numbers");
            let index = at.index(piece.bytes.len());
            match cut {
                Some(cut) => piece.bytes.truncate(cut.index(piece.bytes.len())),
                None => piece.bytes[index] ^= change,
            }
            let error = piece.read(|_, _: u64| Ok(())).unwrap_err().to_string();
            prop_assert!(error.contains("`numbers`"), "{}", error);
            let _ = piece.cut(KeyGroupRange::new(2, 5));
        }

        /// Checksums keep accidents out, not whoever means harm.
        #[test]
        fn an_index_made_to_mislead_is_no_panic(ends: [u64; 3], range in 0u32..40_000, blocks: Vec<u8>) {
            let index = ends.map(|end| BlockIndex { end, checksum: 0 });
            let range = KeyGroupRange::new(range, range + 3);
            let bytes = assemble(range, &index, [blocks.as_slice()]);
            let name = "numbers".to_string();
            let piece = KeyedPiece { name, range, bytes };
            let _ = piece.read(|_, _: u64| Ok(()));
            let _ = piece.cut(KeyGroupRange::new(2, 5));
        }
    }

    #[test]
    fn keys_without_content_are_kept() {
        let mut writer = KeyedWriter::new(KeyGroupRange::new(5, 6));
        writer.entry(KeyGroup::new(5), &((), ())).unwrap();
        let mut found = 0;
        let piece = writer.finish("units");
        piece
            .read(|_, ((), ())| {
                found += 1;
                Ok(())
            })
            .unwrap();
        assert_eq!(found, 1);
    }
}
