//! A table by batch: the same as by record, with the cache misses of a block in flight together.

use std::convert::Infallible;

use hurtig_types::KeyHash;

use super::{StateTable, slot};
use crate::Probe;

/// How many records go through the three passes together.
///
/// Enough that a pass over the block takes longer than memory to answer its first prefetch, and few enough that what was
/// fetched is still there: 64 records ask for 64 lines of index and as many of slab, 8 KiB of the first-level cache.
const BLOCK: usize = 64;

/// Tables up to this size live in the second-level cache, where the passes cost more than the misses they hide.
const CACHED_BYTES: usize = 512 * 1024;

impl<K: Eq, V> StateTable<K, V> {
    /// For each record in order: finds its key, makes the value if the key is new, and lets `each` change it.
    ///
    /// Record `i` has the hash `hashes[i]`, the key `key(i)` (the key itself or a reference, see [`Probe`]), for a
    /// new key the first value `make(i)`; `each` is called with `i`, the key in the table and the value. `key` is
    /// called once a record, in order, right before its `each`.
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
    /// highest.upsert_batch(&hashes, |i| bids[i].0, |_| 0, |i, _auction, price| *price = bids[i].1.max(*price));
    /// assert_eq!(highest.get(hashes[0], &7), Some(&100));
    /// assert_eq!(highest.get(hashes[1], &9), Some(&250));
    /// ```
    #[inline]
    pub fn upsert_batch<Q: Probe<K>>(
        &mut self,
        hashes: &[KeyHash],
        key: impl FnMut(usize) -> Q,
        make: impl FnMut(usize) -> V,
        mut each: impl FnMut(usize, &K, &mut V),
    ) {
        let each = |index, key: &K, value: &mut V| {
            each(index, key, value);
            Ok::<(), Infallible>(())
        };
        let Ok(()) = self.try_upsert_batch(hashes, key, make, each);
    }

    /// As [`upsert_batch`](Self::upsert_batch), ending at the first record for which `each` fails.
    ///
    /// The records before it were applied; its own key is in the table.
    ///
    /// # Errors
    /// That of `each`.
    ///
    /// ```
    /// use hurtig_state::StateTable;
    /// use hurtig_types::{KeyGroup, KeyGroupRange, KeyHash};
    ///
    /// let mut table = StateTable::<u64, u8>::new(KeyGroupRange::new(0, 1));
    /// let hashes = [KeyHash::new(KeyGroup::new(0), 5); 300];
    /// let result = table.try_upsert_batch(&hashes, |_| 5, |_| 0, |i, _, count| {
    ///     *count = count.checked_add(1).ok_or(i)?;
    ///     Ok(())
    /// });
    /// assert_eq!(result, Err(255));
    /// ```
    pub fn try_upsert_batch<Q: Probe<K>, E>(
        &mut self,
        hashes: &[KeyHash],
        mut key: impl FnMut(usize) -> Q,
        mut make: impl FnMut(usize) -> V,
        mut each: impl FnMut(usize, &K, &mut V) -> Result<(), E>,
    ) -> Result<(), E> {
        for (block, first) in hashes.chunks(BLOCK).zip((0..).step_by(BLOCK)) {
            if self.is_cached() {
                for (&hash, index) in block.iter().zip(first..) {
                    let (key, value) = self.entry(hash, key(index), || make(index));
                    each(index, key, value)?;
                }
                continue;
            }
            let hints = self.fetch(block);
            for ((&hash, hint), index) in block.iter().zip(hints).zip(first..) {
                let (key, value) = self.entry_near(hint, hash, key(index), || make(index));
                each(index, key, value)?;
            }
        }
        Ok(())
    }

    /// The entry of `key`, which is made if the key is new; most probably it is in slot `hint`.
    ///
    /// Slots stay where they are, whatever was inserted since the hint was taken. So if the key in the slot is the one,
    /// it is the answer; if not, we look as if there was no hint.
    #[inline(always)]
    fn entry_near(
        &mut self,
        hint: u32,
        hash: KeyHash,
        key: impl Probe<K>,
        make: impl FnOnce() -> V,
    ) -> (&K, &mut V) {
        let group = self.group(hash.key_group());
        if group
            .entry(hint)
            .is_some_and(|(there, _)| key.matches(there))
        {
            return self.at_mut(slot(hash, hint));
        }
        self.entry(hash, key, make)
    }
}

/// No group holds so many entries that this is one of its slots.
const NO_HINT: u32 = u32::MAX;

impl<K, V> StateTable<K, V> {
    /// Asks for the cache lines that look-ups of these hashes will need, so that they arrive together.
    ///
    /// For whoever can't use [`upsert_batch`](Self::upsert_batch): call it with the next few records' hashes, at most
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
