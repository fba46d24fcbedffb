//! A table as it was at a barrier, encoded beside the processing.

use hurtig_types::{KeyGroup, KeyGroupRange, Result};
use serde::Serialize;

use super::StateTable;
use super::changes::{REMOVED, Run};
use super::group::Group;
use super::slots::Slots;
use super::watch::Watch;
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

    /// An entry is about to be changed: it is encoded if that is owed.
    #[inline]
    pub(super) fn settle(
        &mut self,
        (place, group): (usize, KeyGroup),
        slot: u32,
        entries: &Group<K, V>,
    ) {
        let owed = self.owed.get_mut(place);
        if owed.is_some_and(|slots| slots.take(slot))
            && let Some(entry) = entries.entry(slot)
        {
            self.encode(group, entry);
        }
    }

    /// The last entry of a key group has taken the slot of one that was removed.
    pub(super) fn moved(&mut self, place: usize, last: u32, slot: u32) {
        if let Some(slots) = self.owed.get_mut(place) {
            slots.rename(last, slot);
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
                writer.set_expected(group, slots.count() * bytes_each);
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
        if self.is_spilled() {
            return self.flush();
        }
        self.freeze_after(BYTES_AT_ONCE, name.into(), Box::new(encode), image)
    }

    fn freeze_after(
        &mut self,
        at_once: usize,
        name: String,
        encode: Encode<K, V>,
        image: &mut StateImage,
    ) -> Result<()> {
        while self.encode_some(usize::MAX) {}
        let run = self.begin_run(&name, image);
        let (owed, left, removed) = match run {
            Some(run) => (run.changed, run.count, run.removed),
            None => (
                self.groups.iter().map(|it| Slots::all(it.len())).collect(),
                self.len,
                None,
            ),
        };
        let watch = self.watch.get_or_insert_with(|| Box::new(Watch::NONE));
        watch.freeze = Some(Freeze {
            encode,
            written: Ok(KeyedWriter::new(self.range)),
            owed,
            left,
            turn: 0,
            name: name.clone(),
            promise: None,
        });
        self.encode_owed(at_once);
        let removed = removed.map(|keys| (format!("{name}{REMOVED}"), keys));
        if let Some(freeze) = self.take_settled() {
            if let Some((name, keys)) = removed {
                image.keyed.push(keys?.finish(name));
            }
            if left > 0 || !image.builds_on_base(&name) {
                image.keyed.push(freeze.written?.finish(name));
            }
        } else if let Some(freeze) = self.watch.as_mut().and_then(|it| it.freeze.as_mut()) {
            if let Some((name, keys)) = removed {
                let (promise, piece) = PromisedPiece::channel();
                promise.keep(name, keys);
                image.promised.push(piece);
            }
            freeze.expect_the_rest(left - freeze.left, self.range);
            let (promise, piece) = PromisedPiece::channel();
            freeze.promise = Some(promise);
            image.promised.push(piece);
        }
        Ok(())
    }

    /// What alone has to be written, if that is so. Notes in the image that later checkpoints may build on this one.
    fn begin_run(&mut self, name: &str, image: &mut StateImage) -> Option<Run> {
        let len = self.len;
        let base = image.base;
        let checkpoint = image.checkpoint?;
        let run = self.changes_mut()?.take_run(base, checkpoint, len);
        image.runs.insert(name.to_string(), run.is_some());
        run
    }

    /// Ends the snapshot if all is encoded.
    fn take_settled(&mut self) -> Option<Freeze<K, V>> {
        let watch = self.watch.as_mut()?;
        let freeze = watch.freeze.take_if(|freeze| freeze.left == 0);
        self.watch
            .take_if(|watch| watch.freeze.is_none() && watch.changes.is_none());
        freeze
    }

    /// Encodes about so many bytes of an image that was promised; whether there is more to do. One that nobody waits for any more
    /// is given up.
    pub fn encode_some(&mut self, bytes: usize) -> bool {
        let Some(freeze) = self.watch.as_mut().and_then(|it| it.freeze.as_mut()) else {
            return false;
        };
        if !freeze.promise.as_ref().is_some_and(Promise::is_wanted) {
            freeze.left = 0;
            self.take_settled();
            return false;
        }
        self.encode_owed(bytes);
        let Some(freeze) = self.take_settled() else {
            return true;
        };
        if let Some(promise) = freeze.promise {
            promise.keep(freeze.name, freeze.written);
        }
        false
    }

    fn encode_owed(&mut self, bytes: usize) {
        let Some(freeze) = self.watch.as_mut().and_then(|it| it.freeze.as_mut()) else {
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
}

/// The key group of an index below the greatest max parallelism.
fn key_group(index: usize) -> KeyGroup {
    KeyGroup::new(u16::try_from(index).unwrap_or(u16::MAX))
}

#[cfg(test)]
mod tests;
