//! The different keys of a batch.

use hashbrown::HashTable;
use hurtig_types::KeyHash;

/// Which keys a batch has, so that state is asked once for each.
#[derive(Default)]
pub(super) struct Distinct {
    table: HashTable<u32>,
    /// The key of each row, as an index of the below; [`NO_KEY`](Self::NO_KEY) for a row that has no part in the join.
    of_row: Vec<u32>,
    /// The first row of each key.
    rows: Vec<u32>,
    /// The hash of each key.
    hashes: Vec<KeyHash>,
}

impl Distinct {
    /// What a row has whose key was left out.
    pub(super) const NO_KEY: u32 = u32::MAX;

    /// Finds the different ones among these keys, but for those that are left out.
    pub(super) fn fill<K: Eq>(
        &mut self,
        keys: &[K],
        hashes: &[KeyHash],
        left_out: impl Fn(&K) -> bool,
    ) {
        self.table.clear();
        self.of_row.clear();
        self.rows.clear();
        self.hashes.clear();
        for ((row, key), hash) in (0u32..).zip(keys).zip(hashes) {
            let index = if left_out(key) {
                Self::NO_KEY
            } else {
                self.find(row, key, keys, *hash)
            };
            self.of_row.push(index);
        }
    }

    fn find<K: Eq>(&mut self, row: u32, key: &K, keys: &[K], hash: KeyHash) -> u32 {
        let (rows, hashes) = (&self.rows, &self.hashes);
        let row_of = |index: u32| rows.get(index as usize).copied().unwrap_or(row);
        let is_it = |index: &u32| keys.get(row_of(*index) as usize) == Some(key);
        let hash_of = |index: &u32| hashes.get(*index as usize).map_or(0, |hash| spread(*hash));
        let entry = self.table.entry(spread(hash), is_it, hash_of);
        let index = *entry.or_insert(rows.len() as u32).get();
        if index as usize == self.rows.len() {
            self.rows.push(row);
            self.hashes.push(hash);
        }
        index
    }

    /// The first row of a key.
    pub(super) fn row_of(&self, key: u32) -> u32 {
        self.rows.get(key as usize).copied().unwrap_or(u32::MAX)
    }

    /// The key of a row.
    pub(super) fn of_row(&self, row: usize) -> u32 {
        self.of_row.get(row).copied().unwrap_or(Self::NO_KEY)
    }

    /// Their hashes.
    pub(super) fn hashes(&self) -> &[KeyHash] {
        &self.hashes
    }

    /// The keys in blocks that are fetched from memory together, with their hashes.
    pub(super) fn blocks<'a, K>(
        &'a self,
        keys: &'a [K],
    ) -> impl Iterator<Item = (&'a [KeyHash], impl Iterator<Item = (KeyHash, &'a K)>)> {
        let blocks = self.rows.chunks(64).zip(self.hashes.chunks(64));
        blocks.map(move |(rows, hashes)| {
            let each = rows.iter().zip(hashes);
            let each = each.filter_map(|(row, hash)| Some((*hash, keys.get(*row as usize)?)));
            (hashes, each)
        })
    }

    /// The keys with their hashes.
    pub(super) fn keys<'k, K>(&self, keys: &'k [K]) -> impl Iterator<Item = (KeyHash, &'k K)> {
        let rows = self.rows.iter().zip(&self.hashes);
        rows.filter_map(|(row, hash)| Some((*hash, keys.get(*row as usize)?)))
    }
}

/// The bits of a hash spread for a table that takes its place from the low ones and its tag from the high ones.
const fn spread(hash: KeyHash) -> u64 {
    hash.table_bits().wrapping_mul(0x9e37_79b9_7f4a_7c15)
}
