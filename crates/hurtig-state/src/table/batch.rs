//! A table by batch: the same as by record, with the cache misses of a block in flight together.

use hurtig_types::KeyHash;

use super::{StateTable, lost};
use crate::Probe;

/// How many records go through the three passes together.
///
/// Enough that a pass over the block takes longer than memory to answer its first prefetch, and few enough that what was
/// fetched is still there: 64 records ask for 64 lines of index and as many of slab, 8 KiB of the first-level cache.
const BLOCK: usize = 64;

/// Tables up to this size live in the second-level cache, where the passes cost more than the misses they hide.
const CACHED_BYTES: usize = 512 * 1024;

impl<K: Eq, V> StateTable<K, V> {
    /// For each record in order: finds its key, and lets `fold` change the value, or make one if the key is new.
    ///
    /// Record `i` has the hash `hashes[i]`; `records` gives its key (the key itself or a reference, see [`Probe`]) and
    /// whatever else belongs to it. `fold` is called with that and with the value there is; what it returns takes the
    /// place of the value. So it changes a value in place and returns none, makes the value of a new key, or leaves
    /// the key out by making none.
    ///
    /// ```
    /// use hurtig_state::StateTable;
    /// use hurtig_types::{KeyHash, MaxParallelism};
    ///
    /// let max_parallelism = MaxParallelism::new(128).unwrap();
    /// let bids = [(7u64, 100), (9, 250), (7, 80)];
    /// let hashes: Vec<_> = bids.iter().map(|(auction, _)| KeyHash::of(auction, max_parallelism)).collect();
    ///
    /// let mut highest = StateTable::<u64, u64>::new(max_parallelism.range_of(0, 1));
    /// highest.fold_batch(&hashes, bids, |bid, highest| match highest {
    ///     Some(highest) => {
    ///         *highest = bid.max(*highest);
    ///         None
    ///     }
    ///     None => Some(bid),
    /// });
    /// assert_eq!(highest.get(hashes[0], &7), Some(&100));
    /// assert_eq!(highest.get(hashes[1], &9), Some(&250));
    /// ```
    #[inline]
    pub fn fold_batch<Q: Probe<K>, R>(
        &mut self,
        hashes: &[KeyHash],
        records: impl IntoIterator<Item = (Q, R)>,
        mut fold: impl FnMut(R, Option<&mut V>) -> Option<V>,
    ) {
        if self.is_watched() {
            return self.fold_watched(hashes, records, fold);
        }
        if self.is_cached() {
            for (&hash, (key, record)) in hashes.iter().zip(records) {
                self.fold_one(hash, key, record, &mut fold);
            }
            return;
        }
        let mut records = records.into_iter();
        for block in hashes.chunks(BLOCK) {
            let hints = self.fetch(block);
            for ((&hash, hint), (key, record)) in block.iter().zip(hints).zip(&mut records) {
                self.fold_near(hint, hash, key, record, &mut fold);
            }
        }
    }

    /// The same while somebody wants to know which entries change, and for a snapshot in progress what they were.
    #[inline(never)]
    fn fold_watched<Q: Probe<K>, R>(
        &mut self,
        hashes: &[KeyHash],
        records: impl IntoIterator<Item = (Q, R)>,
        mut fold: impl FnMut(R, Option<&mut V>) -> Option<V>,
    ) {
        let is_cached = self.is_cached();
        let mut records = records.into_iter();
        for block in hashes.chunks(BLOCK) {
            let hints = if is_cached {
                [NO_HINT; BLOCK]
            } else {
                self.fetch(block)
            };
            for ((&hash, hint), (key, record)) in block.iter().zip(hints).zip(&mut records) {
                let group = self.group(hash.key_group());
                let slot = match group.entry(hint) {
                    Some((there, _)) if key.matches(there) => Ok(hint),
                    _ => group.search(hash, &key),
                };
                match slot {
                    Ok(slot) => {
                        self.touch_watched(hash.key_group(), slot);
                        if let Some((_, value)) = self.group_mut(hash.key_group()).entry_mut(slot)
                            && let Some(new) = fold(record, Some(value))
                        {
                            *value = new;
                        }
                    }
                    Err(place) => {
                        if let Some(value) = fold(record, None) {
                            let (group, len) = self.group_and_len(hash.key_group());
                            let slot = group.insert_at(place, hash, key.into_key(), value);
                            *len += 1;
                            self.added(hash.key_group(), slot);
                        }
                    }
                }
            }
        }
    }

    /// One record, whose key is most probably in slot `hint`.
    ///
    /// Slots stay where they are, whatever was inserted since the hint was taken. So if the key in the slot is the one,
    /// it is the answer; if not, we look as if there was no hint.
    #[inline(always)]
    fn fold_near<R>(
        &mut self,
        hint: u32,
        hash: KeyHash,
        key: impl Probe<K>,
        record: R,
        fold: &mut impl FnMut(R, Option<&mut V>) -> Option<V>,
    ) {
        match self.group_mut(hash.key_group()).entry_mut(hint) {
            Some((there, value)) if key.matches(there) => {
                if let Some(new) = fold(record, Some(value)) {
                    *value = new;
                }
            }
            _ => self.fold_one(hash, key, record, fold),
        }
    }

    #[inline(always)]
    fn fold_one<R>(
        &mut self,
        hash: KeyHash,
        key: impl Probe<K>,
        record: R,
        fold: &mut impl FnMut(R, Option<&mut V>) -> Option<V>,
    ) {
        let (group, len) = self.group_and_len(hash.key_group());
        match group.search(hash, &key) {
            Ok(slot) => {
                let Some((_, value)) = group.entry_mut(slot) else {
                    lost(hash.key_group())
                };
                if let Some(new) = fold(record, Some(value)) {
                    *value = new;
                }
            }
            Err(place) => {
                if let Some(value) = fold(record, None) {
                    group.insert_at(place, hash, key.into_key(), value);
                    *len += 1;
                }
            }
        }
    }
}

/// No group holds so many entries that this is one of its slots.
const NO_HINT: u32 = u32::MAX;

impl<K, V> StateTable<K, V> {
    /// Asks for the cache lines that look-ups of these hashes will need, so that they arrive together.
    ///
    /// For whoever can't use [`fold_batch`](Self::fold_batch): call it with the next few records' hashes, at most
    /// 64 or so, and then look them up. It changes nothing but the time that takes.
    ///
    /// ```
    /// use hurtig_state::StateTable;
    /// use hurtig_types::{KeyGroup, KeyGroupRange, KeyHash};
    ///
    /// let table = StateTable::<u64, u64>::new(KeyGroupRange::new(0, 1));
    /// table.prefetch(&[KeyHash::new(KeyGroup::new(0), 1), KeyHash::new(KeyGroup::new(0), 2)]);
    /// ```
    pub fn prefetch(&self, hashes: &[KeyHash]) {
        if !self.is_cached() {
            for block in hashes.chunks(BLOCK) {
                self.fetch(block);
            }
        }
    }

    /// Whether the table is so small that its entries need not be fetched.
    #[inline]
    const fn is_cached(&self) -> bool {
        // An entry, its index word at half load, its hash.
        self.len * (size_of::<(K, V)>() + 16) <= CACHED_BYTES
    }

    /// Two passes over a block: fetches index lines, then reads them and fetches the entries they point to.
    #[inline(always)]
    fn fetch(&self, block: &[KeyHash]) -> [u32; BLOCK] {
        for &hash in block {
            self.group(hash.key_group()).prefetch_index(hash);
        }
        let mut hints = [NO_HINT; BLOCK];
        for (hint, &hash) in hints.iter_mut().zip(block) {
            *hint = self
                .group(hash.key_group())
                .prefetch_entry(hash)
                .unwrap_or(NO_HINT);
        }
        hints
    }
}
