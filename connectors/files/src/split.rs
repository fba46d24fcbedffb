//! The pieces of input.

use hurtig_connect::SourceSplit;
use serde::{Deserialize, Serialize};

/// A file or a part of it, and how far it was read: what a checkpoint stores.
///
/// The part is the bytes from `start` to `end`; of a file that is read line by line it stands for the lines that *begin*
/// there. Compressed files are always one part.
///
/// ```
/// use hurtig_connect::{Source, SourceSplit, TextFormat};
/// use hurtig_connector_files::{FileSource, FileSplit};
/// use hurtig_env::World;
/// use hurtig_env::object_store::ObjectStoreExt;
///
/// let world = World::simulated(1);
/// let place = world.storage().open("a.txt")?;
/// world.block_on(place.store.put(&place.path, "12345\n".into()))??;
/// let source = FileSource::<String>::new("a.txt").split_size(4).format(TextFormat::new());
/// let splits: Vec<FileSplit> = world.block_on(source.create_enumerator(&world)?.discover())??;
/// assert_eq!(splits[1].id(), "a.txt@4");
/// assert_eq!((splits[1].name(), splits[1].range(), splits[1].file_size()), ("a.txt", 4..6, 6));
/// assert_eq!(splits[1].position().records, 0);
/// # Ok::<(), hurtig_types::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileSplit {
    id: String,
    name: String,
    start: u64,
    end: u64,
    size: u64,
    /// How far it was read.
    pub(crate) position: FilePosition,
}

/// A position after a record (or at the start, where all numbers are 0).
///
/// ```
/// use hurtig_connector_files::FilePosition;
///
/// assert_eq!(FilePosition::default(), FilePosition { bytes: 0, lines: 0, records: 0 });
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct FilePosition {
    /// Counted from the start of the file, in what decompression yields.
    pub bytes: u64,
    /// Lines before it, counted from the start of the file if the part begins there, else from the start of the part.
    pub lines: u64,
    /// Records that were handed over, bad ones included.
    pub records: u64,
}

impl FileSplit {
    pub(crate) fn new(name: &str, start: u64, end: u64, size: u64) -> Self {
        let position = FilePosition {
            bytes: start,
            ..FilePosition::default()
        };
        Self {
            id: format!("{name}@{start}"),
            name: name.to_string(),
            start,
            end,
            size,
            position,
        }
    }

    /// Cuts a file into parts of about `part_bytes`; the last is at most a tenth longer instead of being followed by a
    /// small rest. An empty file has none.
    pub(crate) fn cut(name: &str, size: u64, part_bytes: u64) -> Vec<Self> {
        let part_bytes = part_bytes.max(1);
        let mut parts = Vec::new();
        let mut start = 0;
        while start < size {
            let rest = size - start;
            let length = if rest <= part_bytes.saturating_add(part_bytes / 10) {
                rest
            } else {
                part_bytes
            };
            parts.push(Self::new(name, start, start + length, size));
            start += length;
        }
        parts
    }

    /// The path or URL of the file.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The bytes of the file that this part stands for.
    pub fn range(&self) -> std::ops::Range<u64> {
        self.start..self.end
    }

    /// How long the file was when it was found.
    pub fn file_size(&self) -> u64 {
        self.size
    }

    /// How far it was read.
    pub fn position(&self) -> FilePosition {
        self.position
    }

    /// Whether reading has not begun: then it begins at the first line that starts in the part, whose place is not known
    /// yet. (A position that was reached and equals the start means the same.)
    pub(crate) fn is_fresh(&self) -> bool {
        self.position.bytes == self.start
    }
}

impl SourceSplit for FileSplit {
    fn id(&self) -> &str {
        &self.id
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_cover_the_file_without_a_small_rest() {
        let ranges = |size, part| -> Vec<_> {
            FileSplit::cut("f", size, part)
                .iter()
                .map(FileSplit::range)
                .collect()
        };
        assert!(ranges(0, 10).is_empty());
        assert_eq!(ranges(11, 10), vec![0..11]);
        assert_eq!(ranges(31, 10), [0..10, 10..20, 20..31]);
        assert_eq!(ranges(32, 10), [0..10, 10..20, 20..30, 30..32]);
        assert_eq!(ranges(3, 1), [0..1, 1..2, 2..3]);
    }
}
