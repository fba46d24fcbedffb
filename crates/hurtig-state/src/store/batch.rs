//! Keys and changes by the batch: the bytes of all lie behind each other, so that a batch is a few allocations.

use std::ops::Range;

use super::Column;

/// Keys to be looked up.
///
/// ```
/// use hurtig_state::StoreKeys;
/// let mut keys = StoreKeys::default();
/// keys.push(|bytes| { bytes.extend(b"seven"); Ok(()) })?;
/// assert_eq!(keys.iter().collect::<Vec<_>>(), [b"seven"]);
/// # Ok::<(), hurtig_types::Error>(())
/// ```
#[derive(Debug, Default)]
pub struct StoreKeys {
    bytes: Vec<u8>,
    ends: Vec<usize>,
}

impl StoreKeys {
    /// Adds the key that `write` appends.
    ///
    /// # Errors
    /// What `write` fails with; nothing is added then.
    pub fn push(
        &mut self,
        write: impl FnOnce(&mut Vec<u8>) -> hurtig_types::Result<()>,
    ) -> hurtig_types::Result<()> {
        let before = self.bytes.len();
        if let Err(error) = write(&mut self.bytes) {
            self.bytes.truncate(before);
            return Err(error);
        }
        self.ends.push(self.bytes.len());
        Ok(())
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// All of them.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &[u8]> {
        let mut start = 0;
        self.ends.iter().map(move |end| {
            let key = self.bytes.get(start..*end).unwrap_or_default();
            start = *end;
            key
        })
    }

    /// Forgets them, and keeps the room.
    pub fn clear(&mut self) {
        self.bytes.clear();
        self.ends.clear();
    }
}

/// Changes of a store, in order.
#[derive(Debug, Default)]
pub struct StoreBatch {
    bytes: Vec<u8>,
    operations: Vec<(Column, Range<usize>, Option<Range<usize>>)>,
}

/// A change of a store.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StoreOperation<'a> {
    /// This key has this value from now on.
    Put(Column, &'a [u8], &'a [u8]),
    /// This key has no value any more.
    Delete(Column, &'a [u8]),
}

impl StoreBatch {
    /// Adds a put, of the key and the value that these append.
    ///
    /// # Errors
    /// What one of them fails with; nothing is added then.
    pub fn put(
        &mut self,
        column: Column,
        key: impl FnOnce(&mut Vec<u8>) -> hurtig_types::Result<()>,
        value: impl FnOnce(&mut Vec<u8>) -> hurtig_types::Result<()>,
    ) -> hurtig_types::Result<()> {
        let start = self.bytes.len();
        let key = self.append(key)?;
        match self.append(value) {
            Ok(value) => self.operations.push((column, key, Some(value))),
            Err(error) => {
                self.bytes.truncate(start);
                return Err(error);
            }
        }
        Ok(())
    }

    /// Adds the deletion of the key that `key` appends.
    ///
    /// # Errors
    /// What it fails with; nothing is added then.
    pub fn delete(
        &mut self,
        column: Column,
        key: impl FnOnce(&mut Vec<u8>) -> hurtig_types::Result<()>,
    ) -> hurtig_types::Result<()> {
        let key = self.append(key)?;
        self.operations.push((column, key, None));
        Ok(())
    }

    fn append(
        &mut self,
        write: impl FnOnce(&mut Vec<u8>) -> hurtig_types::Result<()>,
    ) -> hurtig_types::Result<Range<usize>> {
        let start = self.bytes.len();
        if let Err(error) = write(&mut self.bytes) {
            self.bytes.truncate(start);
            return Err(error);
        }
        Ok(start..self.bytes.len())
    }

    /// All changes, in order.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = StoreOperation<'_>> {
        let of = |range: &Range<usize>| self.bytes.get(range.clone()).unwrap_or_default();
        self.operations
            .iter()
            .map(move |(column, key, value)| match value {
                Some(value) => StoreOperation::Put(*column, of(key), of(value)),
                None => StoreOperation::Delete(*column, of(key)),
            })
    }

    /// How many changes there are.
    pub fn len(&self) -> usize {
        self.operations.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.operations.is_empty()
    }

    /// How many bytes its keys and values have.
    pub fn bytes(&self) -> usize {
        self.bytes.len()
    }

    /// Forgets them, and keeps the room.
    pub fn clear(&mut self) {
        self.bytes.clear();
        self.operations.clear();
    }
}
