//! A table as it was at a barrier, encoded beside the processing.

use hurtig_types::{KeyGroup, KeyGroupRange, KeyHash, Result};
use serde::Serialize;

use super::{StateTable, offset};
use crate::{KeyedWriter, Promise, PromisedPiece, StateImage};

/// How an entry is written.
type Encode<K, V> = Box<dyn Fn(&mut KeyedWriter, KeyGroup, &K, &V) -> Result<()> + Send>;

/// How many entries are encoded at the barrier itself: a small state needs no more.
const ENTRIES_AT_ONCE: usize = 1024;

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
        self.freeze_after(ENTRIES_AT_ONCE, name.into(), Box::new(encode), image)
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
            freeze.expect_the_rest(at_once, self.range);
            let (promise, piece) = PromisedPiece::channel();
            freeze.promise = Some(promise);
            image.promised.push(piece);
        }
        Ok(())
    }

    /// Encodes at most so many entries of an image that was promised; whether there is more to do. One that nobody waits for any more
    /// is given up.
    pub fn encode_some(&mut self, entries: usize) -> bool {
        let is_wanted =
            |freeze: &Freeze<K, V>| freeze.promise.as_ref().is_some_and(Promise::is_wanted);
        if !self.freeze.as_deref().is_some_and(is_wanted) {
            self.freeze = None;
            return false;
        }
        self.encode_owed(entries);
        let Some(freeze) = self.freeze.take_if(|freeze| freeze.left == 0) else {
            return true;
        };
        if let Some(promise) = freeze.promise {
            promise.keep(freeze.name, freeze.written);
        }
        false
    }

    fn encode_owed(&mut self, mut entries: usize) {
        let Some(freeze) = &mut self.freeze else {
            return;
        };
        while entries > 0 && freeze.left > 0 {
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
                entries -= 1;
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

/// A set of slots of one key group.
struct Slots {
    /// A bit for each.
    words: Vec<u64>,
    /// All words before it are empty.
    first: usize,
}

impl Slots {
    /// Those below `len`.
    fn all(len: usize) -> Self {
        let mut words = vec![u64::MAX; len.div_ceil(64)];
        if let Some(last) = words.last_mut()
            && !len.is_multiple_of(64)
        {
            *last = (1 << (len % 64)) - 1;
        }
        Self { words, first: 0 }
    }

    /// No fewer than there are in it.
    fn len(&self) -> usize {
        self.words.len() * 64
    }

    /// Takes one out; whether it was in.
    fn take(&mut self, slot: u32) -> bool {
        let (word, bit) = (slot as usize / 64, 1 << (slot % 64));
        let Some(word) = self.words.get_mut(word) else {
            return false;
        };
        let was_in = *word & bit != 0;
        *word &= !bit;
        was_in
    }

    /// Takes the least out.
    fn take_next(&mut self) -> Option<u32> {
        loop {
            let word = self.words.get_mut(self.first)?;
            if *word != 0 {
                let bit = word.trailing_zeros();
                *word &= *word - 1;
                return Some(self.first as u32 * 64 + bit);
            }
            self.first += 1;
        }
    }

    /// What is in slot `from` moves to slot `to`, which is not in.
    fn rename(&mut self, from: u32, to: u32) {
        if from != to && self.take(from) {
            let word = to as usize / 64;
            if let Some(bits) = self.words.get_mut(word) {
                *bits |= 1 << (to % 64);
                self.first = self.first.min(word);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use futures::FutureExt;
    use hurtig_types::Error;
    use proptest::prelude::*;

    use super::*;

    const GROUPS: u64 = 3;

    fn hash_of(key: &u64) -> KeyHash {
        let group = KeyGroup::new((key % GROUPS) as u16);
        KeyHash::new(group, key.wrapping_mul(0x9e37_79b9_7f4a))
    }

    fn entry(writer: &mut KeyedWriter, group: KeyGroup, key: &u64, value: &u64) -> Result<()> {
        writer.entry(group, &(key, value))
    }

    fn contents(mut image: StateImage) -> BTreeMap<u64, u64> {
        image.complete().now_or_never().unwrap().unwrap();
        let mut found = BTreeMap::new();
        let each = |_, (key, value)| {
            assert_eq!(found.insert(key, value), None, "{key} is there twice");
            Ok(())
        };
        image.keyed.pop().unwrap().read(each).unwrap();
        found
    }

    #[derive(Clone, Debug)]
    enum Step {
        Insert(u64, u64),
        Change(u64),
        ChangeAt(u64),
        Make(u64),
        Fold(Vec<u64>),
        Remove(u64),
        RemoveAt(u64),
        Retain(u64),
        Clear,
        Drain,
        Freeze,
        Encode(usize),
        GiveUp,
    }

    fn step() -> impl Strategy<Value = Step> {
        let key = || 0u64..40;
        prop_oneof![
            6 => (key(), 0u64..1000).prop_map(|(key, value)| Step::Insert(key, value)),
            3 => key().prop_map(Step::Change),
            3 => key().prop_map(Step::ChangeAt),
            3 => key().prop_map(Step::Make),
            3 => prop::collection::vec(key(), 0..10).prop_map(Step::Fold),
            4 => key().prop_map(Step::Remove),
            4 => key().prop_map(Step::RemoveAt),
            1 => (2u64..5).prop_map(Step::Retain),
            1 => Just(Step::Clear),
            1 => Just(Step::Drain),
            3 => Just(Step::Freeze),
            6 => (0usize..12).prop_map(Step::Encode),
            1 => Just(Step::GiveUp),
        ]
    }

    /// A table, what must be in it, and what must be in the image that was begun.
    struct Run {
        table: StateTable<u64, u64>,
        model: BTreeMap<u64, u64>,
        frozen: Option<(StateImage, BTreeMap<u64, u64>)>,
    }

    impl Run {
        fn change(&mut self, key: u64, change: impl Fn(&mut u64)) {
            self.model.get_mut(&key).into_iter().for_each(change);
        }

        fn take(&mut self, step: Step) {
            let Self { table, model, .. } = self;
            match step {
                Step::Insert(key, value) => {
                    let before = table.insert(hash_of(&key), key, value);
                    assert_eq!(before, model.insert(key, value));
                }
                Step::Change(key) => {
                    let value = table.get_mut(hash_of(&key), &key);
                    value.into_iter().for_each(|value| *value ^= 1);
                    self.change(key, |value| *value ^= 1);
                }
                Step::ChangeAt(key) => {
                    if let Some(slot) = table.find(hash_of(&key), &key) {
                        *table.at_mut(slot).1 ^= 2;
                    }
                    self.change(key, |value| *value ^= 2);
                }
                Step::Make(key) => {
                    *table.get_or_insert_with(hash_of(&key), key, || 7) ^= 4;
                    *model.entry(key).or_insert(7) ^= 4;
                }
                Step::Fold(keys) => {
                    let hashes: Vec<_> = keys.iter().map(hash_of).collect();
                    let records = keys.iter().map(|key| (*key, *key));
                    table.fold_batch(&hashes, records, |n, value| {
                        Some(value.map_or(n, |value| *value + n))
                    });
                    for key in keys {
                        let value = model.entry(key);
                        value.and_modify(|value| *value += key).or_insert(key);
                    }
                }
                Step::Remove(key) => {
                    let removed = table.remove(hash_of(&key), &key);
                    assert_eq!(removed.map(|(_, value)| value), model.remove(&key));
                }
                Step::RemoveAt(key) => {
                    if let Some(slot) = table.find(hash_of(&key), &key) {
                        table.remove_at(slot);
                    }
                    model.remove(&key);
                }
                Step::Retain(divisor) => {
                    let keep = |key: &u64, value: &mut u64| {
                        *value ^= 8;
                        !key.is_multiple_of(divisor)
                    };
                    table.retain(keep);
                    model.retain(keep);
                }
                Step::Clear => {
                    table.clear();
                    model.clear();
                }
                Step::Drain => self.drain(),
                Step::Freeze => self.freeze(),
                Step::Encode(entries) => self.encode(entries),
                Step::GiveUp => self.frozen = None,
            }
        }

        fn drain(&mut self) {
            let empty = StateTable::new(self.table.range());
            let mut draining = std::mem::replace(&mut self.table, empty).drain();
            let taken = draining.by_ref().map(|(_, key, value)| (key, value));
            assert_eq!(
                taken.collect::<BTreeMap<_, _>>(),
                std::mem::take(&mut self.model)
            );
            self.table = draining.finish();
        }

        fn freeze(&mut self) {
            let mut image = StateImage::default();
            let name = "numbers".to_string();
            let begun = self
                .table
                .freeze_after(3, name, Box::new(entry), &mut image);
            begun.unwrap();
            // One that was begun before is finished first.
            if let Some((image, expected)) = self.frozen.replace((image, self.model.clone())) {
                assert_eq!(contents(image), expected);
            }
        }

        fn encode(&mut self, entries: usize) {
            if !self.table.encode_some(entries)
                && let Some((image, expected)) = self.frozen.take()
            {
                assert_eq!(contents(image), expected);
            }
        }
    }

    proptest! {
        /// Whatever is done to a frozen table, its image is what the table was.
        #[test]
        fn an_image_holds_what_was_there_when_it_was_begun(steps in prop::collection::vec(step(), 0..200)) {
            let table = StateTable::new(KeyGroupRange::new(0, GROUPS as u32));
            let mut run = Run { table, model: BTreeMap::new(), frozen: None };
            for step in steps.into_iter().chain([Step::Encode(usize::MAX)]) {
                run.take(step);
                let there: BTreeMap<u64, u64> = run.table.iter().map(|(key, value)| (*key, *value)).collect();
                prop_assert_eq!(&there, &run.model);
                prop_assert_eq!(run.table.len(), run.model.len());
            }
            prop_assert!(run.frozen.is_none() && !run.table.is_frozen());
        }
    }

    #[test]
    fn what_cannot_be_encoded_is_the_images_error() {
        let mut table = StateTable::new(KeyGroupRange::new(0, GROUPS as u32));
        (0..10u64).for_each(|key| {
            table.insert(hash_of(&key), key, key);
        });
        let picky = |writer: &mut KeyedWriter, group, key: &u64, value: &u64| match key {
            7 => Err(Error::bug("seven")),
            _ => entry(writer, group, key, value),
        };
        let mut image = StateImage::default();
        let name = "numbers".to_string();
        let begun = table.freeze_after(0, name, Box::new(picky), &mut image);
        begun.unwrap();
        table.clear();
        let error = image.complete().now_or_never().unwrap().unwrap_err();
        assert!(error.to_string().contains("seven"), "{error}");
    }
}
