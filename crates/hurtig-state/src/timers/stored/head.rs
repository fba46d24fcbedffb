//! The next timers of one key group, in memory.

use std::collections::BTreeMap;

use hurtig_types::{KeyHash, Result, Timestamp};

use super::code::{read_entry, time_of};

/// What is in memory of a timer.
#[derive(Clone, Copy)]
pub(super) struct Kept {
    pub(super) hash: KeyHash,
    /// Whether the store has it, or will with the changes that wait.
    pub(super) is_stored: bool,
}

/// How much of a key group may be in memory.
#[derive(Clone, Copy)]
pub(super) struct Limits {
    pub(super) timers: usize,
    pub(super) bytes: usize,
}

/// All timers of a key group up to a bound, sorted as in the store.
///
/// What is registered before the bound is kept here alone until it has to leave: a timer that fires soon never comes to the store.
#[derive(Default)]
pub(super) struct Head {
    timers: BTreeMap<Box<[u8]>, Kept>,
    /// Those before it are here, all others in the store. None when all that there are are here.
    bound: Option<Box<[u8]>>,
    /// What the keys of `timers` take.
    bytes: usize,
    /// Whether some are not stored.
    is_ahead: bool,
}

impl Head {
    pub(super) fn first_time(&self) -> Option<Timestamp> {
        self.timers.first_key_value().map(|(key, _)| time_of(key))
    }

    pub(super) fn len(&self) -> usize {
        self.timers.len()
    }

    pub(super) fn memory_bytes(&self) -> usize {
        // Nodes of the tree are taken as two thirds full.
        self.timers.len() * size_of::<(Box<[u8]>, Kept)>() * 3 / 2 + self.bytes
    }

    /// Whether a timer of this key is here if there is one.
    pub(super) fn covers(&self, key: &[u8]) -> bool {
        self.bound.as_ref().is_none_or(|bound| key < &**bound)
    }

    /// Where the store has more, if there may be more and none is here: they have to be loaded.
    pub(super) fn rest(&self) -> Option<&[u8]> {
        self.bound.as_deref().filter(|_| self.timers.is_empty())
    }

    /// The rest is about to be loaded.
    pub(super) fn begin_load(&mut self) -> Option<Box<[u8]>> {
        self.bound.take()
    }

    /// Takes the next entry of the store over if there is room, or ends here.
    pub(super) fn load(&mut self, key: &[u8], value: &[u8], limits: Limits) -> Result<bool> {
        let (_, hash) = read_entry(key, value)?;
        if self.timers.len() >= limits.timers || self.bytes >= limits.bytes {
            self.bound = Some(key.into());
            return Ok(false);
        }
        let is_stored = true;
        self.insert(key, Kept { hash, is_stored });
        Ok(true)
    }

    /// Adds a timer that is before the bound; false if it was there.
    pub(super) fn register(&mut self, key: &[u8], hash: KeyHash) -> bool {
        let is_new = !self.timers.contains_key(key);
        if is_new {
            let is_stored = false;
            self.insert(key, Kept { hash, is_stored });
        }
        is_new
    }

    fn insert(&mut self, key: &[u8], kept: Kept) {
        self.bytes += key.len();
        self.is_ahead |= !kept.is_stored;
        self.timers.insert(key.into(), kept);
    }

    /// The last one, if there are too many: the bound is before it now.
    pub(super) fn evict(&mut self, limits: Limits) -> Option<(Box<[u8]>, Kept)> {
        let is_over = self.timers.len() > limits.timers || self.bytes > limits.bytes;
        if !is_over || self.timers.len() <= 1 {
            return None;
        }
        let (key, kept) = self.timers.pop_last()?;
        self.bytes -= key.len();
        self.bound = Some(key.clone());
        Some((key, kept))
    }

    pub(super) fn remove(&mut self, key: &[u8]) -> Option<Kept> {
        let kept = self.timers.remove(key)?;
        self.bytes -= key.len();
        Some(kept)
    }

    pub(super) fn pop_first(&mut self) -> Option<(Box<[u8]>, Kept)> {
        let (key, kept) = self.timers.pop_first()?;
        self.bytes -= key.len();
        Some((key, kept))
    }

    /// Hands those over that are not stored yet, and from now on are.
    pub(super) fn store(
        &mut self,
        mut put: impl FnMut(&[u8], KeyHash) -> Result<()>,
    ) -> Result<()> {
        if std::mem::take(&mut self.is_ahead) {
            for (key, kept) in &mut self.timers {
                if !std::mem::replace(&mut kept.is_stored, true) {
                    put(key, kept.hash)?;
                }
            }
        }
        Ok(())
    }
}
