//! State that was restored, and that nobody has asked for yet.

use hurtig_types::{Key, KeyGroupRange, KeyHash, Result};
use serde::de::DeserializeOwned;

use crate::table::REMOVED;
use crate::{KeyedPiece, StateImage, StateTable};

/// Behind this prefix, which no name has, the keys are stored that were cleared in an unclaimed state.
const CLEARED: char = '\0';

/// Behind this prefix, and that one, are the names of states that expire: their bytes are others.
const EXPIRES: char = '\u{1}';

/// What a state is stored under.
pub(super) fn stored_name(prefix: &str, name: &str, expires: bool) -> String {
    if expires {
        format!("{prefix}{EXPIRES}{name}")
    } else {
        format!("{prefix}{name}")
    }
}

/// The state of one name, as bytes: only who asks for it says which type it is of.
pub(super) struct Unclaimed<K> {
    name: String,
    expires: bool,
    /// The runs that it consists of, in order: those with a name list keys that are gone.
    pieces: Vec<KeyedPiece>,
    /// Keys that were cleared since, and are still in the pieces.
    cleared: StateTable<K, ()>,
}

impl<K: Key> Unclaimed<K> {
    /// Takes all states whose names begin with `prefix` out of an image.
    pub(super) fn take_from(
        image: &mut StateImage,
        prefix: &str,
        range: KeyGroupRange,
        hash_of: impl Fn(&K) -> KeyHash,
    ) -> Result<Vec<Self>> {
        let is_mine = |piece: &mut KeyedPiece| piece.name.starts_with(prefix);
        let mut all = Vec::<Self>::new();
        for mut piece in image.keyed.extract_if(.., is_mine) {
            let name = piece.name.split_off(prefix.len());
            let (name, is_cleared) = match name.strip_prefix(CLEARED) {
                Some(name) => (name.to_string(), true),
                None => (name, false),
            };
            let (name, expires) = match name.strip_prefix(EXPIRES) {
                Some(name) => (name.to_string(), true),
                None => (name, false),
            };
            let (name, is_removed) = match name.strip_suffix(REMOVED) {
                Some(name) => (name.to_string(), true),
                None => (name, false),
            };
            piece.name = if is_removed {
                REMOVED.to_string()
            } else {
                String::new()
            };
            let index = all.iter().position(|known| known.name == name);
            let index = index.unwrap_or_else(|| {
                all.push(Self {
                    name,
                    expires,
                    pieces: Vec::new(),
                    cleared: StateTable::new(range),
                });
                all.len() - 1
            });
            let Some(unclaimed) = all.get_mut(index) else {
                continue;
            };
            if is_cleared {
                unclaimed.cleared.restore(&piece, &hash_of)?;
            } else {
                unclaimed.pieces.push(piece);
            }
        }
        Ok(all)
    }

    pub(super) fn name(&self) -> &str {
        &self.name
    }

    /// Whether it was stored with a time to live.
    pub(super) const fn expires(&self) -> bool {
        self.expires
    }

    /// Forgets what a key has here.
    pub(super) fn clear(&mut self, hash: KeyHash, key: &K) {
        self.cleared.insert(hash, key, ());
    }

    /// Adds it to an image, for those who will ask for it.
    pub(super) fn snapshot(&self, prefix: &str, image: &mut StateImage) -> Result<()> {
        let named = |piece: &KeyedPiece| KeyedPiece {
            name: stored_name(prefix, &self.name, self.expires) + &piece.name,
            ..piece.clone()
        };
        image.keyed.extend(self.pieces.iter().map(named));
        if !self.cleared.is_empty() {
            let prefix = format!("{prefix}{CLEARED}");
            let name = stored_name(&prefix, &self.name, self.expires);
            image.keyed.push(self.cleared.image(name)?);
        }
        Ok(())
    }

    /// Decodes it.
    pub(super) fn restore<V: DeserializeOwned>(
        self,
        table: &mut StateTable<K, V>,
        hash_of: impl Fn(&K) -> KeyHash,
    ) -> Result<()> {
        // Piece by piece, each of which is freed before the next: bytes and table are never there both.
        for piece in self.pieces {
            table.restore_run(&piece, &hash_of)?;
        }
        for (key, ()) in self.cleared.iter() {
            table.load_batch(&[hash_of(key)], [key])?;
            table.remove(hash_of(key), key);
        }
        Ok(())
    }
}
