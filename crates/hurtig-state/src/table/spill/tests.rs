//! A table in a store is the same as one in memory, for who loads what is asked for.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;

use super::*;
use crate::store::in_memory::InMemoryStore;

const GROUPS: u64 = 4;

fn hash_of(key: &u64) -> KeyHash {
    let group = KeyGroup::new((key % GROUPS) as u16);
    KeyHash::new(group, key.wrapping_mul(0x9e37_79b9_7f4a))
}

fn table_in(store: &InMemoryStore) -> StateTable<u64, String> {
    let store = StoreHandle::new(Box::new(store.clone()));
    let range = KeyGroupRange::new(0, GROUPS as u32);
    StateTable::in_store(range, store, "numbers", CacheShare::of(0))
}

#[derive(Clone, Debug)]
enum Step {
    Fold(Vec<u64>),
    Set(u64, u64),
    Change(u64),
    Remove(u64),
    Get(u64),
    Trim,
    /// A barrier; and whether the table begins anew with what the store has.
    Flush(bool),
    Keys,
}

fn step() -> impl Strategy<Value = Step> {
    let key = || 0u64..60;
    prop_oneof![
        4 => prop::collection::vec(key(), 0..20).prop_map(Step::Fold),
        4 => (key(), any::<u64>()).prop_map(|(key, value)| Step::Set(key, value)),
        3 => key().prop_map(Step::Change),
        4 => key().prop_map(Step::Remove),
        4 => key().prop_map(Step::Get),
        6 => Just(Step::Trim),
        2 => any::<bool>().prop_map(Step::Flush),
        1 => Just(Step::Keys),
    ]
}

struct Run {
    store: InMemoryStore,
    table: StateTable<u64, String>,
    model: BTreeMap<u64, String>,
}

impl Run {
    fn take(&mut self, step: Step) {
        let Self { table, model, .. } = self;
        let load = |key: u64, table: &mut StateTable<u64, String>| {
            table.load(hash_of(&key), &key);
            table.check().unwrap();
        };
        match step {
            Step::Fold(keys) => {
                let hashes: Vec<_> = keys.iter().map(hash_of).collect();
                table.load_batch(&hashes, &keys).unwrap();
                let records = keys.iter().map(|key| (*key, *key));
                table.fold_batch(&hashes, records, |key, there| {
                    let there = there.map_or("", |there| there.as_str());
                    Some(format!("{there}{key}"))
                });
                for key in keys {
                    model.entry(key).or_default().push_str(&key.to_string());
                }
            }
            Step::Set(key, value) => {
                load(key, table);
                let before = table.insert(hash_of(&key), key, value.to_string());
                assert_eq!(before, model.insert(key, value.to_string()));
            }
            Step::Change(key) => {
                load(key, table);
                let there = table.get_mut(hash_of(&key), &key);
                there.into_iter().for_each(|there| there.push('!'));
                model.entry(key).and_modify(|there| there.push('!'));
            }
            Step::Remove(key) => {
                load(key, table);
                let removed = table.remove(hash_of(&key), &key).map(|(_, value)| value);
                assert_eq!(removed, model.remove(&key));
            }
            Step::Get(key) => {
                load(key, table);
                assert_eq!(table.get(hash_of(&key), &key), model.get(&key));
            }
            Step::Trim => {
                table.trim().unwrap();
                assert!(table.len() <= ENTRIES_MIN, "{} in memory", table.len());
            }
            Step::Flush(anew) => {
                table.flush().unwrap();
                assert_eq!(self.store.len("numbers"), model.len());
                if anew {
                    self.store = self.store.copy();
                    *table = table_in(&self.store);
                }
            }
            Step::Keys => {
                let keys: BTreeSet<u64> = table.all_keys().unwrap().into_iter().collect();
                assert!(keys.iter().eq(model.keys()));
            }
        }
    }
}

proptest! {
    #[test]
    fn what_was_evicted_comes_back_as_it_was(steps in prop::collection::vec(step(), 0..150)) {
        let store = InMemoryStore::default();
        let mut run = Run { table: table_in(&store), store, model: BTreeMap::new() };
        steps.into_iter().chain([Step::Flush(true), Step::Keys]).for_each(|step| run.take(step));
    }
}

#[test]
fn a_key_without_bytes_is_removed_too() {
    let store = InMemoryStore::default();
    let shared = StoreHandle::new(Box::new(store.clone()));
    let range = KeyGroupRange::new(0, 1);
    let mut table = StateTable::<(), u8>::in_store(range, shared, "unit", CacheShare::of(0));
    let hash = KeyHash::default();
    table.insert(hash, (), 1);
    table.flush().unwrap();
    assert_eq!(store.len("unit"), 1);
    table.remove(hash, &());
    table.flush().unwrap();
    assert_eq!(store.len("unit"), 0);
}
