//! A state table does what a plain map does, whatever is done to it, by record or by batch.

#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::collections::{BTreeMap, BTreeSet};

use hurtig_state::StateTable;
use hurtig_types::{KeyGroup, KeyGroupRange, KeyHash};
use proptest::prelude::*;

const FIRST_GROUP: u16 = 3;
const GROUPS: u16 = 3;

#[derive(Clone, Debug)]
enum Action {
    Get(u16),
    Change(u16),
    Insert(u16),
    GetOrInsert(u16),
    Remove(u16),
    RemoveAt(u16),
    Batch(Vec<u16>),
    Drain(u16),
    Retain(u16),
    Walk(u16),
    Clear,
    /// Store it, and restore what was stored by key groups.
    Restore,
}

fn action() -> impl Strategy<Value = Action> {
    let key = || 0..400u16;
    let keys = || {
        prop_oneof![
            prop::collection::vec(0..400u16, 0..200),
            prop::collection::vec(0..8u16, 0..100), // the same keys again and again within a block
        ]
    };
    prop_oneof![
        4 => key().prop_map(Action::Get),
        4 => key().prop_map(Action::Change),
        6 => key().prop_map(Action::Insert),
        6 => key().prop_map(Action::GetOrInsert),
        6 => key().prop_map(Action::Remove),
        4 => key().prop_map(Action::RemoveAt),
        6 => keys().prop_map(Action::Batch),
        1 => key().prop_map(Action::Drain),
        1 => (2..9u16).prop_map(Action::Retain),
        1 => (1..5u16).prop_map(Action::Walk),
        1 => Just(Action::Clear),
        1 => Just(Action::Restore),
    ]
}

/// How bad a hash is.
#[derive(Clone, Copy, Debug)]
enum Hashing {
    Good,
    /// Equal tags and homes for many keys.
    Colliding,
    /// Homes at the very end of every index, so that runs wrap around.
    AtTheEnd,
    /// Equal homes in small indexes, tags apart.
    SameHome,
}

impl Hashing {
    fn hash(self, key: u16) -> KeyHash {
        let group = KeyGroup::new(FIRST_GROUP + key % GROUPS);
        let key = u64::from(key / GROUPS);
        let bits = match self {
            Self::Good => key.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 7,
            Self::Colliding => key % 4,
            Self::AtTheEnd => !(key % 3) ^ key << 20,
            Self::SameHome => key << 16,
        };
        KeyHash::new(group, bits)
    }
}

struct Pair {
    hashing: Hashing,
    table: StateTable<String, u32>,
    model: BTreeMap<String, u32>,
    values: u32,
}

impl Pair {
    fn new(hashing: Hashing) -> Self {
        let range = KeyGroupRange::new(FIRST_GROUP.into(), (FIRST_GROUP + GROUPS).into());
        Self {
            hashing,
            table: StateTable::new(range),
            model: BTreeMap::new(),
            values: 0,
        }
    }

    fn hash(&self, key: u16) -> KeyHash {
        self.hashing.hash(key)
    }

    fn next_value(&mut self) -> u32 {
        self.values += 1;
        self.values
    }

    fn apply(&mut self, action: Action) {
        let value = self.next_value();
        match action {
            Action::Restore => {
                let piece = self.table.image("table").unwrap();
                self.table = StateTable::new(self.table.range());
                let middle = (FIRST_GROUP + 1).into();
                for (from, to) in [(middle, 99), (0, middle)] {
                    let part = piece.cut(KeyGroupRange::new(from, to)).unwrap();
                    let hash_of = |key: &String| self.hashing.hash(key.parse().unwrap());
                    self.table.restore(&part, hash_of).unwrap();
                }
            }
            Action::Get(key) => {
                let found = self.table.get(self.hash(key), &key.to_string());
                assert_eq!(found, self.model.get(&key.to_string()));
            }
            Action::Change(key) => {
                let hash = self.hash(key);
                let there = self
                    .table
                    .get_mut(hash, &key.to_string())
                    .map(|v| *v += value);
                let expected = self.model.get_mut(&key.to_string()).map(|v| *v += value);
                assert_eq!(there, expected);
            }
            Action::Insert(key) => {
                let before = self.table.insert(self.hash(key), key.to_string(), value);
                assert_eq!(before, self.model.insert(key.to_string(), value));
            }
            Action::GetOrInsert(key) => {
                let hash = self.hash(key);
                let there = self
                    .table
                    .get_or_insert_with(hash, &*key.to_string(), || value);
                assert_eq!(there, self.model.entry(key.to_string()).or_insert(value));
            }
            Action::Remove(key) => {
                let removed = self.table.remove(self.hash(key), &key.to_string());
                assert_eq!(removed, self.model.remove_entry(&key.to_string()));
            }
            Action::RemoveAt(key) => self.remove_at(key),
            Action::Batch(keys) => self.batch(&keys),
            Action::Drain(count) => self.drain(count),
            Action::Retain(divisor) => {
                let keeps = |value: &u32| !value.is_multiple_of(u32::from(divisor));
                self.table.retain(|_, value| keeps(value));
                self.model.retain(|_, value| keeps(value));
            }
            Action::Walk(keep_every) => self.walk(keep_every),
            Action::Clear => {
                self.table.clear();
                self.model.clear();
            }
        }
    }

    fn remove_at(&mut self, key: u16) {
        let hash = self.hash(key);
        let text = key.to_string();
        let Some(slot) = self.table.find(hash, &text) else {
            assert!(!self.model.contains_key(&text));
            return;
        };
        assert_eq!(self.table.hash_at(slot), hash);
        assert_eq!(slot.key_group(), hash.key_group());
        *self.table.at_mut(slot).1 += 1;
        let (there, value) = self.table.remove_at(slot);
        assert_eq!(self.model.remove(&there), Some(value - 1));
        assert_eq!(there, text);
    }

    /// Changes values in place, takes their place, makes new ones, and leaves keys out, as the index of the record says.
    fn batch(&mut self, keys: &[u16]) {
        let hashes: Vec<_> = keys.iter().map(|&key| self.hash(key)).collect();
        let fold = |i: usize, value: Option<&mut u32>| match value {
            Some(value) if i.is_multiple_of(2) => {
                *value = value.wrapping_mul(31) + i as u32;
                None
            }
            Some(value) => Some(*value / 2),
            None => (!i.is_multiple_of(5)).then_some(i as u32),
        };
        self.table.prefetch(&hashes);
        let texts: Vec<_> = keys.iter().map(u16::to_string).collect();
        self.table.fold_batch(&hashes, texts.iter().zip(0..), fold);
        for (i, key) in texts.into_iter().enumerate() {
            let there = self.model.get_mut(&key);
            if let Some(new) = fold(i, there) {
                self.model.insert(key, new);
            }
        }
    }

    /// Takes out so many entries, and then the rest at once.
    fn drain(&mut self, count: u16) {
        let table = std::mem::replace(&mut self.table, StateTable::new(KeyGroupRange::new(0, 0)));
        let mut draining = table.drain();
        for (hash, key, value) in draining.by_ref().take(usize::from(count)) {
            assert_eq!(hash, self.hash(key.parse().expect("keys are numbers")));
            assert_eq!(self.model.remove(&key), Some(value), "each comes once");
        }
        assert_eq!(draining.size_hint().0, self.model.len());
        self.table = draining.finish();
        self.model.clear();
    }

    /// A walk in which all but every n-th entry is removed when it is visited.
    fn walk(&mut self, keep_every: u16) {
        let mut cursor = self.table.cursor();
        let mut visited = BTreeSet::new();
        while let Some(slot) = cursor.next(&self.table) {
            let key = self.table.at(slot).0.clone();
            if visited.len() % usize::from(keep_every) != 0 {
                let (removed, value) = self.table.remove_at(slot);
                assert_eq!(removed, key);
                assert_eq!(self.model.get(&key), Some(&value));
            }
            assert!(visited.insert(key), "visited twice");
        }
        assert!(visited.iter().eq(self.model.keys()), "visits each once");
        assert!(cursor.next(&self.table).is_none());
        let kept: BTreeSet<_> = self.table.iter().map(|(key, _)| key.clone()).collect();
        self.model.retain(|key, _| kept.contains(key));
    }

    fn check(&self) {
        assert_eq!(self.table.len(), self.model.len());
        assert_eq!(self.table.is_empty(), self.model.is_empty());
        let content: BTreeMap<_, _> = self.table.iter().map(|(k, v)| (k.clone(), *v)).collect();
        assert_eq!(content, self.model);
        let by_group: usize = self
            .table
            .range()
            .groups()
            .map(|g| self.table.iter_group(g).len())
            .sum();
        assert_eq!(by_group, self.model.len());
        for (key, value) in &self.model {
            let hash = self.hash(key.parse().expect("keys are numbers"));
            assert_eq!(self.table.get(hash, key), Some(value));
            assert!(
                self.table
                    .iter_group(hash.key_group())
                    .any(|(there, _)| there == key)
            );
        }
    }
}

fn hashing() -> impl Strategy<Value = Hashing> {
    prop_oneof![
        Just(Hashing::Good),
        Just(Hashing::Colliding),
        Just(Hashing::AtTheEnd),
        Just(Hashing::SameHome)
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, ..ProptestConfig::default() })]

    #[test]
    fn does_what_a_map_does(
        hashing in hashing(), actions in prop::collection::vec(action(), 1..120),
    ) {
        let mut pair = Pair::new(hashing);
        for action in actions {
            pair.apply(action);
            assert_eq!(pair.table.len(), pair.model.len());
        }
        pair.check();
    }
}

/// Large enough that batches fetch, and that indexes grow in the middle of a block.
#[test]
fn large_batches_do_what_single_records_do() {
    const KEYS: u64 = 60_000;
    let range = KeyGroupRange::new(0, 5);
    let hash = |key: u64| {
        let mixed = key.wrapping_mul(0x9e37_79b9_7f4a_7c15);
        // Every 16th key shares its table bits with 15 others.
        let bits = if key.is_multiple_of(16) {
            key / 256
        } else {
            mixed >> 16
        };
        KeyHash::new(KeyGroup::new((mixed >> 60) as u16 % 5), bits)
    };
    let mut single = StateTable::<u64, u64>::new(range);
    let mut batched = StateTable::<u64, u64>::new(range);
    let mut state = 1u64;
    for _ in 0..200 {
        let keys: Vec<u64> = (0..2000)
            .map(|_| {
                state = state
                    .wrapping_mul(6_364_136_223_846_793_005)
                    .wrapping_add(1);
                (state >> 33) % KEYS
            })
            .collect();
        let hashes: Vec<_> = keys.iter().map(|&key| hash(key)).collect();
        batched.fold_batch(&hashes, keys.iter().zip(0u64..), |i, value| match value {
            Some(value) => {
                *value += i;
                None
            }
            None => Some(i),
        });
        for (i, key) in keys.iter().enumerate() {
            match single.get_mut(hash(*key), key) {
                Some(value) => *value += i as u64,
                None => assert!(single.insert(hash(*key), *key, i as u64).is_none()),
            }
        }
    }
    assert!(
        single.iter().eq(batched.iter()),
        "same content in the same order"
    );
    assert_eq!(single.len(), batched.len());
    assert!(batched.len() > KEYS as usize * 9 / 10);
}

#[test]
#[should_panic(expected = "key group 9 is not of this subtask, which owns key groups 0..4")]
fn a_record_that_went_astray_stops_the_task() {
    let mut table = StateTable::<u64, u64>::new(KeyGroupRange::new(0, 4));
    table.insert(KeyHash::new(KeyGroup::new(9), 1), 1, 1);
}
