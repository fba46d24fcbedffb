//! The rows of a batch by their key.

use hurtig_types::KeyHash;

/// Which rows of a batch have the same key: so that state is looked up once for each.
///
/// Groups are in the order of their first rows, and so are the rows of each. All its room is used again for the next batch.
#[derive(Debug, Default)]
pub struct Grouping {
    /// Open addressing: the index of a group, and one more.
    table: Vec<u32>,
    group_of: Vec<u32>,
    firsts: Vec<u32>,
    ends: Vec<u32>,
    rows: Vec<u32>,
}

impl Grouping {
    /// Groups rows by these keys, which have these hashes.
    pub fn group<K: Eq>(&mut self, keys: &[K], hashes: &[KeyHash]) {
        self.find_groups(keys, hashes);
        self.sort_rows();
    }

    fn find_groups<K: Eq>(&mut self, keys: &[K], hashes: &[KeyHash]) {
        let size = (keys.len() * 2).next_power_of_two().max(16);
        self.table.clear();
        self.table.resize(size, 0);
        self.group_of.clear();
        self.firsts.clear();
        self.ends.clear();
        for (row, (key, hash)) in (0u32..).zip(keys.iter().zip(hashes)) {
            let mut place = hash.table_bits() as usize & (size - 1);
            let group = loop {
                let Some(entry) = self.table.get_mut(place) else {
                    break 0;
                };
                let Some(group) = entry.checked_sub(1) else {
                    *entry = self.firsts.len() as u32 + 1;
                    self.firsts.push(row);
                    self.ends.push(0);
                    break *entry - 1;
                };
                let first = self.firsts.get(group as usize).copied().unwrap_or(0) as usize;
                if hashes.get(first) == Some(hash) && keys.get(first) == Some(key) {
                    break group;
                }
                place = (place + 1) & (size - 1);
            };
            self.group_of.push(group);
            if let Some(count) = self.ends.get_mut(group as usize) {
                *count += 1;
            }
        }
    }

    /// Counting sort: how many rows each group has is known.
    fn sort_rows(&mut self) {
        let mut start = 0;
        for end in &mut self.ends {
            let count = *end;
            *end = start;
            start += count;
        }
        self.rows.clear();
        self.rows.resize(self.group_of.len(), 0);
        for (row, group) in (0u32..).zip(&self.group_of) {
            if let Some(end) = self.ends.get_mut(*group as usize) {
                if let Some(place) = self.rows.get_mut(*end as usize) {
                    *place = row;
                }
                *end += 1;
            }
        }
    }

    /// How many groups there are.
    pub fn len(&self) -> usize {
        self.firsts.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.firsts.is_empty()
    }

    /// The first row of each group.
    pub fn firsts(&self) -> &[u32] {
        &self.firsts
    }

    /// The group of each row.
    pub fn group_of(&self) -> &[u32] {
        &self.group_of
    }

    /// The rows of a group, in order.
    #[inline]
    pub fn rows(&self, group: usize) -> &[u32] {
        let end = self.ends.get(group).copied().unwrap_or(0);
        let before = group
            .checked_sub(1)
            .and_then(|before| self.ends.get(before));
        let range = before.copied().unwrap_or(0) as usize..end as usize;
        self.rows.get(range).unwrap_or_default()
    }

    /// What belongs to the first row of each group.
    pub fn of_firsts<'a, V>(&'a self, of_rows: &'a [V]) -> impl Iterator<Item = &'a V> + Clone {
        let firsts = self.firsts.iter();
        firsts.filter_map(|row| of_rows.get(*row as usize))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use hurtig_types::MaxParallelism;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn each_group_has_the_rows_of_its_key_in_order(batches: Vec<Vec<u8>>) {
            let groups = MaxParallelism::new(128).unwrap();
            let mut grouping = Grouping::default();
            for keys in batches {
                // Hashes that collide, now and then.
                let hash = |key: &u8| KeyHash::of(&(key % 13), groups);
                let hashes: Vec<_> = keys.iter().map(hash).collect();
                grouping.group(&keys, &hashes);
                let mut seen = Vec::new();
                for (group, first) in grouping.firsts().iter().enumerate() {
                    let key = keys[*first as usize];
                    let rows: Vec<u32> = (0..keys.len() as u32).filter(|row| keys[*row as usize] == key).collect();
                    prop_assert_eq!(grouping.rows(group), &rows);
                    prop_assert!(!seen.contains(&key));
                    seen.push(key);
                }
                prop_assert_eq!(seen.len(), grouping.len());
                let in_all: usize = (0..grouping.len()).map(|group| grouping.rows(group).len()).sum();
                prop_assert_eq!(in_all, keys.len());
            }
        }
    }
}
