//! Keyed state as bytes, and back.

use hurtig_types::{Error, Key, KeyHash, MaxParallelism, Result};

use super::sort::Sort;
use super::state::KeyedState;
use super::unclaimed::{Unclaimed, stored_name};
use crate::{StateImage, StateTable};

impl<K: Key> KeyedState<K> {
    /// The same for keys that are not hashed as [`KeyHash::of`] does.
    #[must_use]
    pub fn with_hash(mut self, hash_of: fn(&K, MaxParallelism) -> KeyHash) -> Self {
        self.hash_of = hash_of;
        self
    }

    /// Begins to add all states as they are now to an image, each under its name behind `prefix`.
    ///
    /// What is small is there at once. For the rest the image holds promises, which [`encode_some`](Self::encode_some) keeps.
    ///
    /// # Errors
    /// When a key or value cannot be encoded.
    ///
    /// ```
    /// use hurtig_state::{KeyedState, StateImage, ValueState};
    /// use hurtig_types::{KeyHash, MaxParallelism};
    ///
    /// let max_parallelism = MaxParallelism::new(128)?;
    /// let mut state = KeyedState::<u64>::new(max_parallelism, max_parallelism.range_of(0, 1));
    /// let count = ValueState::<u64>::new("count");
    /// for key in 0..10_000u64 {
    ///     state.set_current_key(key, KeyHash::of(&key, max_parallelism));
    ///     count.set(&mut state, key)?;
    /// }
    /// let mut image = StateImage::default();
    /// state.freeze("state/", &mut image)?;
    /// assert!(image.keyed.is_empty());
    ///
    /// count.set(&mut state, 0)?; // Does not show in the image.
    /// while state.encode_some(1000) {}
    /// futures::executor::block_on(image.complete())?;
    /// assert_eq!(image.keyed[0].name, "state/count");
    /// # Ok::<(), hurtig_types::Error>(())
    /// ```
    pub fn freeze(&mut self, prefix: &str, image: &mut StateImage) -> Result<()> {
        let time = self.time();
        for registered in &mut self.tables {
            if registered.table.len() > 0 || registered.table.is_spilled() {
                let name = stored_name(prefix, &registered.name, registered.table.expires());
                registered.table.freeze(name, &time, image)?;
            }
        }
        // What nobody has asked for yet is kept for those who will.
        let mut unclaimed = self.unclaimed.iter();
        unclaimed.try_for_each(|unclaimed| unclaimed.snapshot(prefix, image))
    }

    /// Encodes about so many bytes of what was promised; whether there is more.
    pub fn encode_some(&mut self, bytes: usize) -> bool {
        let mut tables = self.tables.iter_mut();
        tables.any(|registered| registered.table.encode_some(bytes))
    }

    /// Takes all states whose names begin with `prefix` out of an image. Each is decoded when it is first asked for, by who knows its
    /// type.
    ///
    /// # Errors
    /// When the image is damaged.
    pub fn restore(&mut self, prefix: &str, image: &mut StateImage) -> Result<()> {
        let (hash_of, max_parallelism) = (self.hash_of, self.max_parallelism);
        let hash_of = |key: &K| hash_of(key, max_parallelism);
        self.unclaimed = Unclaimed::take_from(image, prefix, self.range, hash_of)?;
        Ok(())
    }

    /// Moves what was restored under this name into its table.
    pub(super) fn claim<S: Sort>(
        &mut self,
        name: &str,
        table: &mut StateTable<K, S::Stored>,
    ) -> Result<()> {
        let (hash_of, max_parallelism) = (self.hash_of, self.max_parallelism);
        let position = self.unclaimed.iter().position(|it| it.name() == name);
        let Some(position) = position else {
            return Ok(());
        };
        let there = self.unclaimed.get(position);
        if let Some(there) = there.filter(|there| there.expires() != S::EXPIRES) {
            return Err(other_lifetime(name, there.expires()));
        }
        let unclaimed = self.unclaimed.swap_remove(position);
        unclaimed.restore(table, |key| hash_of(key, max_parallelism))
    }
}

#[cold]
fn other_lifetime(name: &str, expires: bool) -> Error {
    let (stored, asked, how) = if expires {
        ("with", "without", "give it one")
    } else {
        ("without", "with", "take it away")
    };
    Error::invalid_job(format!(
        "keyed state `{name}` was stored {stored} a time to live, and is used {asked} one: {how}, or begin with a state of another \
         name"
    ))
}
