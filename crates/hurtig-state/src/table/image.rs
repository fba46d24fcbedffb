//! A table as bytes.

use hurtig_types::{Error, KeyHash, Result};
use serde::{Serialize, de::DeserializeOwned};

use super::{REMOVED, StateTable};
use crate::{KeyedPiece, KeyedWriter, StateImage};

impl<K: Serialize, V: Serialize> StateTable<K, V> {
    /// All entries as bytes, under this name. Costs a pass over the table.
    ///
    /// # Errors
    /// When a key or a value cannot be encoded.
    ///
    /// ```
    /// use hurtig_state::StateTable;
    /// use hurtig_types::{KeyHash, MaxParallelism};
    ///
    /// let max_parallelism = MaxParallelism::new(128)?;
    /// let hash_of = |key: &u64| KeyHash::of(key, max_parallelism);
    /// let mut table = StateTable::new(max_parallelism.range_of(0, 1));
    /// table.insert(hash_of(&7), 7u64, "seven".to_string());
    /// let piece = table.image("names")?;
    ///
    /// let mut restored = StateTable::new(max_parallelism.range_of(0, 1));
    /// restored.restore(&piece, hash_of)?;
    /// assert_eq!(restored.get(hash_of(&7), &7u64), Some(&"seven".to_string()));
    /// # Ok::<(), hurtig_types::Error>(())
    /// ```
    pub fn image(&self, name: impl Into<String>) -> Result<KeyedPiece> {
        let mut writer = KeyedWriter::new(self.range);
        for group in self.range.groups() {
            self.iter_group(group)
                .try_for_each(|entry| writer.entry(group, &entry))?;
        }
        Ok(writer.finish(name))
    }
}

impl<K: Eq + Clone + DeserializeOwned, V: DeserializeOwned> StateTable<K, V> {
    /// Takes what is stored under this name out of an image, run by run, and adds it. What is decoded is freed piece by piece.
    ///
    /// # Errors
    /// As [`restore`](Self::restore).
    pub fn restore_from(
        &mut self,
        image: &mut StateImage,
        name: &str,
        hash_of: impl Fn(&K) -> KeyHash,
    ) -> Result<()> {
        let runs = image.take_runs(name);
        runs.into_iter()
            .try_for_each(|piece| self.restore_run(&piece, &hash_of))
    }

    /// Adds the entries of a piece, or takes the keys out that it lists as removed.
    pub(crate) fn restore_run(
        &mut self,
        piece: &KeyedPiece,
        hash_of: impl Fn(&K) -> KeyHash,
    ) -> Result<()> {
        if !piece.name.ends_with(REMOVED) {
            return self.restore(piece, hash_of);
        }
        piece.read(|_, key: K| {
            let hash = hash_of(&key);
            if self.is_spilled() {
                self.load_batch(&[hash], [&key])?;
            }
            self.remove(hash, &key);
            Ok(())
        })
    }

    /// Adds the entries of a piece. `hash_of` must say what it said when they were added first.
    ///
    /// # Errors
    /// When the bytes are no such entries, or a key belongs to another key group now.
    pub fn restore(&mut self, piece: &KeyedPiece, hash_of: impl Fn(&K) -> KeyHash) -> Result<()> {
        piece.read(|group, (key, value): (K, V)| {
            let hash = hash_of(&key);
            if hash.key_group() != group || !self.range.contains(group) {
                return Err(regrouped(group, hash.key_group()));
            }
            self.insert(hash, key, value);
            if self.is_spilled() {
                self.trim()
            } else {
                Ok(())
            }
        })
    }
}

/// A restored key is in no key group but that which it was stored in.
#[cold]
pub(crate) fn regrouped(stored: hurtig_types::KeyGroup, now: hurtig_types::KeyGroup) -> Error {
    Error::invalid_job(format!(
        "a key was stored in {stored:?} and now belongs to {now:?}: has the `Hash` of its type changed, or is it of another \
         subtask?"
    ))
}
