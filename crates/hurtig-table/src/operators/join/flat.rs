//! Byte strings, one behind the other.

/// Rows as bytes in one buffer, for as long as a batch is at work.
#[derive(Default)]
pub(super) struct FlatRows {
    bytes: Vec<u8>,
    ends: Vec<u32>,
}

impl FlatRows {
    pub(super) fn clear(&mut self) {
        self.bytes.clear();
        self.ends.clear();
    }

    pub(super) const fn len(&self) -> usize {
        self.ends.len()
    }

    pub(super) fn push(&mut self, row: &[u8]) {
        self.bytes.extend_from_slice(row);
        self.ends.push(self.bytes.len() as u32);
    }

    /// The bytes of a row; none of one that is not there.
    pub(super) fn get(&self, index: usize) -> &[u8] {
        let start = match index.checked_sub(1) {
            Some(before) => self.ends.get(before).copied().unwrap_or(u32::MAX),
            None => 0,
        };
        let end = self.ends.get(index).copied().unwrap_or(0);
        let row = self.bytes.get(start as usize..end as usize);
        row.unwrap_or_default()
    }
}
