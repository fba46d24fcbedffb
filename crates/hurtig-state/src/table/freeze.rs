//! A table as it was at a barrier, encoded beside the processing.

use hurtig_types::{KeyGroup, KeyGroupRange, KeyHash, Result};
use serde::Serialize;

use super::slots::Slots;
use super::{StateTable, offset};
use crate::{KeyedWriter, Promise, PromisedPiece, StateImage};

/// How an entry is written.
type Encode<K, V> = Box<dyn Fn(&mut KeyedWriter, KeyGroup, &K, &V) -> Result<()> + Send>;

/// How many bytes are encoded at the barrier itself: a small state needs no more.
const BYTES_AT_ONCE: usize = 8 << 10;

/// What a table still owes to a snapshot.
///
/// Copy on write, entry by entry: one is encoded before it is changed or removed, or when its turn comes. So freezing a table costs
/// a bit per entry, who changes an entry pays for that one alone, and nothing is encoded twice.
pub(super) struct Freeze<K, V> {
    encode: Encode<K, V>,
    written: Result<KeyedWriter>,
    /// For each key group, which of its slots are not encoded yet.
    owed: Box<[Slots]>,
    left: usize,
    /// Where the walk over the key groups is.
    turn: usize,
    name: String,
    /// Who waits for the piece; none at the barrier.
    promise: Option<Promise>,
}

impl<K, V> Freeze<K, V> {
    fn encode(&mut self, group: KeyGroup, (key, value): &(K, V)) {
        self.left -= 1;
        if let Ok(writer) = &mut self.written
            && let Err(error) = (self.encode)(writer, group, key, value)
        {
            self.written = Err(error);
        }
    }

    /// How many bytes were encoded so far.
    fn bytes(&self) -> usize {
        self.written.as_ref().map_or(0, KeyedWriter::bytes)
    }

    /// Says how large the blocks will be, given what the entries so far took, so that none grows and moves again and again.
    fn expect_the_rest(&mut self, entries: usize, range: KeyGroupRange) {
        if let Ok(writer) = &mut self.written {
            let bytes_each = writer.bytes() / entries.max(1) + 1;
            for (group, slots) in range.groups().zip(&self.owed) {
                writer.set_expected(group, slots.len() * bytes_each);
            }
        }
    }
}

impl<K: Serialize, V: Serialize> StateTable<K, V> {
    /// Begins to add all entries as they are now to an image, under this name.
    ///
    /// A small table is encoded at once. For a large one, which costs a bit per entry here, the image holds a promise, which
    /// [`encode_some`](Self::encode_some) keeps, whatever is done to the table meanwhile.
    ///
    /// # Errors
    /// When a key or a value cannot be encoded.
    ///
    /// ```
    /// use hurtig_state::{StateImage, StateTable};
    /// use hurtig_types::{KeyHash, MaxParallelism};
    ///
    /// let max_parallelism = MaxParallelism::new(128)?;
    /// let mut table = StateTable::new(max_parallelism.range_of(0, 1));
    /// for key in 0..2000u64 {
    ///     table.insert(KeyHash::of(&key, max_parallelism), key, key);
    /// }
    /// let mut image = StateImage::default();
    /// table.freeze("numbers", &mut image)?;
    /// table.clear();
    /// futures::executor::block_on(image.complete())?;
    ///
    /// let mut found = 0;
    /// image.keyed[0].read(|_, (_, _): (u64, u64)| { found += 1; Ok(()) })?;
    /// assert_eq!(found, 2000);
    /// # Ok::<(), hurtig_types::Error>(())
    /// ```
    pub fn freeze(&mut self, name: impl Into<String>, image: &mut StateImage) -> Result<()> {
        let encode = |writer: &mut KeyedWriter, group, key: &K, value: &V| {
            writer.entry(group, &(key, value))
        };
        self.freeze_with(name, encode, image)
    }
}

impl<K, V> StateTable<K, V> {
    /// The same with entries as `encode` writes them.
    ///
    /// # Errors
    /// When an entry cannot be encoded.
    pub fn freeze_with(
        &mut self,
        name: impl Into<String>,
        encode: impl Fn(&mut KeyedWriter, KeyGroup, &K, &V) -> Result<()> + Send + 'static,
        image: &mut StateImage,
    ) -> Result<()> {
        self.freeze_after(BYTES_AT_ONCE, name.into(), Box::new(encode), image)
    }

    fn freeze_after(
        &mut self,
        at_once: usize,
        name: String,
        encode: Encode<K, V>,
        image: &mut StateImage,
    ) -> Result<()> {
        self.thaw_all();
        self.freeze = Some(Box::new(Freeze {
            encode,
            written: Ok(KeyedWriter::new(self.range)),
            owed: self.groups.iter().map(|it| Slots::all(it.len())).collect(),
            left: self.len,
            turn: 0,
            name,
            promise: None,
        }));
        self.encode_owed(at_once);
        if let Some(freeze) = self.freeze.take_if(|freeze| freeze.left == 0) {
            image.keyed.push(freeze.written?.finish(freeze.name));
        } else if let Some(freeze) = &mut self.freeze {
            freeze.expect_the_rest(self.len - freeze.left, self.range);
            let (promise, piece) = PromisedPiece::channel();
            freeze.promise = Some(promise);
            image.promised.push(piece);
        }
        Ok(())
    }

    /// Encodes about so many bytes of an image that was promised; whether there is more to do. One that nobody waits for any more
    /// is given up.
    pub fn encode_some(&mut self, bytes: usize) -> bool {
        let is_wanted =
            |freeze: &Freeze<K, V>| freeze.promise.as_ref().is_some_and(Promise::is_wanted);
        if !self.freeze.as_deref().is_some_and(is_wanted) {
            self.freeze = None;
            return false;
        }
        self.encode_owed(bytes);
        let Some(freeze) = self.freeze.take_if(|freeze| freeze.left == 0) else {
            return true;
        };
        if let Some(promise) = freeze.promise {
            promise.keep(freeze.name, freeze.written);
        }
        false
    }

    fn encode_owed(&mut self, bytes: usize) {
        let Some(freeze) = &mut self.freeze else {
            return;
        };
        let until = freeze.bytes().saturating_add(bytes);
        while freeze.left > 0 && freeze.bytes() < until {
            let slots = freeze.owed.get_mut(freeze.turn);
            let Some((slots, group)) = slots.zip(self.groups.get(freeze.turn)) else {
                return;
            };
            let Some(slot) = slots.take_next() else {
                freeze.turn += 1;
                continue;
            };
            if let Some(entry) = group.entry(slot) {
                freeze.encode(key_group(self.range.start() + freeze.turn), entry);
            }
        }
    }

    /// Whether an image was promised.
    #[inline]
    pub(super) const fn is_frozen(&self) -> bool {
        self.freeze.is_some()
    }

    /// The entry of this slot is about to be changed.
    #[inline(always)]
    pub(super) fn thaw(&mut self, group: KeyGroup, slot: u32) {
        if self.freeze.is_some() {
            self.thaw_entry(group, slot);
        }
    }

    /// The same for the entry that `is_key` knows, if there is one.
    #[cold]
    #[inline(never)]
    pub(super) fn thaw_key(&mut self, hash: KeyHash, is_key: impl Fn(&K) -> bool) {
        let group = hash.key_group();
        if let Some(slot) = self.group(group).find(hash, is_key) {
            self.thaw_entry(group, slot);
        }
    }

    #[inline]
    pub(super) fn thaw_entry(&mut self, group: KeyGroup, slot: u32) {
        let place = offset(self.range, group);
        let Some((freeze, entries)) = self.freeze.as_mut().zip(self.groups.get(place)) else {
            return;
        };
        let owed = freeze.owed.get_mut(place);
        if owed.is_some_and(|slots| slots.take(slot))
            && let Some(entry) = entries.entry(slot)
        {
            freeze.encode(group, entry);
        }
    }

    /// Takes an entry out; the last one of its group takes its slot.
    pub(super) fn take_out(&mut self, group: KeyGroup, slot: u32) -> Option<(K, V)> {
        self.thaw(group, slot);
        let place = offset(self.range, group);
        let entries = self.groups.get_mut(place)?;
        let taken = entries.remove_at(slot)?;
        self.len -= 1;
        if let Some(freeze) = &mut self.freeze
            && let Some(slots) = freeze.owed.get_mut(place)
        {
            slots.rename(entries.len() as u32, slot);
        }
        Some(taken)
    }

    /// All entries are about to be changed or removed.
    pub(super) fn thaw_all(&mut self) {
        if self.freeze.is_some() {
            while self.encode_some(usize::MAX) {}
        }
    }
}

/// The key group of an index below the greatest max parallelism.
fn key_group(index: usize) -> KeyGroup {
    KeyGroup::new(u16::try_from(index).unwrap_or(u16::MAX))
}

#[cfg(test)]
mod tests;
