//! The rows of a batch by key, so that state is asked once for each key that occurs.

use hashbrown::HashTable;
use hurtig_types::KeyHash;

/// Which rows have which key: groups in the order of their first rows, each with its rows in their order.
#[derive(Default)]
pub(crate) struct Distinct {
    groups: HashTable<u32>,
    group_of: Vec<u32>,
    hashes: Vec<KeyHash>,
    firsts: Vec<u32>,
    /// Where the rows of each group begin in `rows`; one more than there are groups.
    starts: Vec<u32>,
    rows: Vec<u32>,
}

impl Distinct {
    /// Groups the rows with these keys.
    pub(crate) fn arrange<K: Eq>(&mut self, keys: &[K], hashes: &[KeyHash]) {
        self.groups.clear();
        self.group_of.clear();
        self.hashes.clear();
        self.firsts.clear();
        for ((key, hash), row) in keys.iter().zip(hashes).zip(0u32..) {
            let firsts = &self.firsts;
            let is_same = |group: &u32| {
                let first = firsts.get(*group as usize).map(|first| *first as usize);
                first.is_some_and(|first| {
                    hashes.get(first) == Some(hash) && keys.get(first) == Some(key)
                })
            };
            let group = match self.groups.find(mixed(*hash), is_same) {
                Some(group) => *group,
                None => self.open(row, *hash, hashes),
            };
            self.group_of.push(group);
        }
        self.sort();
    }

    fn open(&mut self, row: u32, hash: KeyHash, hashes: &[KeyHash]) -> u32 {
        let group = self.firsts.len() as u32;
        let firsts = &self.firsts;
        let hash_of = |group: &u32| {
            let first = firsts
                .get(*group as usize)
                .map_or(0, |first| *first as usize);
            mixed(hashes.get(first).copied().unwrap_or_default())
        };
        self.groups.insert_unique(mixed(hash), group, hash_of);
        self.firsts.push(row);
        self.hashes.push(hash);
        group
    }

    /// Sorts the rows by group: counts each, and puts every row in its place.
    fn sort(&mut self) {
        self.starts.clear();
        self.starts.resize(self.firsts.len() + 1, 0);
        for group in &self.group_of {
            if let Some(count) = self.starts.get_mut(*group as usize + 1) {
                *count += 1;
            }
        }
        let mut sum = 0;
        for start in &mut self.starts {
            sum += *start;
            *start = sum;
        }
        self.rows.clear();
        self.rows.resize(self.group_of.len(), 0);
        for (group, row) in self.group_of.iter().zip(0u32..) {
            // Its start moves on with each row, and so becomes its end, which is the start of the next.
            if let Some(place) = self.starts.get_mut(*group as usize) {
                if let Some(at) = self.rows.get_mut(*place as usize) {
                    *at = row;
                }
                *place += 1;
            }
        }
        self.starts.rotate_right(1);
        if let Some(first) = self.starts.first_mut() {
            *first = 0;
        }
    }

    /// The hash of each group's key.
    pub(crate) fn hashes(&self) -> &[KeyHash] {
        &self.hashes
    }

    /// The key of each group, with its rows.
    pub(crate) fn groups<'a, K>(
        &'a self,
        keys: &'a [K],
    ) -> impl Iterator<Item = (&'a K, &'a [u32])> {
        let starts = self.starts.windows(2);
        self.firsts
            .iter()
            .zip(starts)
            .filter_map(|(first, bounds)| {
                let [start, end] = bounds else { return None };
                let rows = self.rows.get(*start as usize..*end as usize)?;
                Some((keys.get(*first as usize)?, rows))
            })
    }
}

/// The key group stands in the upper bits, which tell entries of a bucket apart: spread over them what is below.
fn mixed(hash: KeyHash) -> u64 {
    hash.to_bits().wrapping_mul(0x9e37_79b9_7f4a_7c15)
}
