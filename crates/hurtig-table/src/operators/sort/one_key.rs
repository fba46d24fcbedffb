//! State of an operator whose rows are all of one key: entries by number, all in the key group of that key.

use hurtig_runtime::OperatorContext;
use hurtig_state::{StateImage, StateTable};
use hurtig_types::{Error, KeyGroup, KeyHash, Result};
use serde::{Serialize, de::DeserializeOwned};

use crate::RowBytes;
use crate::backing::{BYTES_PER_SLICE, Backing};

/// Values by number. They belong to the key group of the key of no columns, and so to the subtask that gets the rows.
pub(super) struct OneKey<V> {
    table: StateTable<u64, V>,
    name: &'static str,
    group: KeyGroup,
}

impl<V: Serialize + DeserializeOwned> OneKey<V> {
    pub(super) fn new(context: &OperatorContext, backing: &Backing, name: &'static str) -> Self {
        let key = KeyHash::of(&RowBytes::default(), context.max_parallelism);
        Self {
            table: context.state_table(backing.store(), name),
            name,
            group: key.key_group(),
        }
    }

    const fn hash(&self, number: u64) -> KeyHash {
        hash(self.group, number)
    }

    /// Whether the key is of this subtask: others have nothing.
    fn is_ours(&self) -> bool {
        self.table.range().contains(self.group)
    }

    /// Said when rows come: whether they are ours.
    pub(super) fn check_owner(&self) -> Result<()> {
        if self.is_ours() {
            return Ok(());
        }
        let message =
            "rows that all belong together came to several subtasks: key by no columns before it";
        Err(Error::bug(message))
    }

    /// The value of this number, to be changed.
    pub(super) fn get_mut(&mut self, number: u64) -> Result<Option<&mut V>> {
        if !self.is_ours() {
            return Ok(None);
        }
        let hash = self.hash(number);
        self.table.load(hash, &number);
        self.table.check()?;
        Ok(self.table.get_mut(hash, &number))
    }

    pub(super) fn insert(&mut self, number: u64, value: V) {
        self.table.insert(self.hash(number), number, value);
    }

    pub(super) fn remove(&mut self, number: u64) -> Result<Option<V>> {
        let hash = self.hash(number);
        self.table.load(hash, &number);
        self.table.check()?;
        Ok(self.table.remove(hash, &number).map(|(_, value)| value))
    }

    /// All numbers, in order.
    pub(super) fn numbers(&mut self) -> Result<Vec<u64>> {
        let mut numbers = self.table.all_keys()?;
        numbers.sort_unstable();
        Ok(numbers)
    }

    /// Makes room: between batches.
    pub(super) fn trim(&mut self) -> Result<()> {
        self.table.trim()
    }

    pub(super) fn restore(&mut self, image: &mut StateImage) -> Result<()> {
        let group = self.group;
        self.table
            .restore_from(image, self.name, |number| hash(group, *number))
    }

    pub(super) fn freeze(&mut self, image: &mut StateImage) -> Result<()> {
        self.table.freeze(self.name, image)
    }

    pub(super) fn encode_some(&mut self) -> bool {
        self.table.encode_some(BYTES_PER_SLICE)
    }
}

const fn hash(group: KeyGroup, number: u64) -> KeyHash {
    KeyHash::new(group, number.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 16)
}
