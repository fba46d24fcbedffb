//! Random actions on stores that are rescaled, beside a sorted map.

use std::collections::BTreeMap;

use hurtig_state::store::{ReceivedDatabase, StateBackend, Store, StoreBatch};
use hurtig_types::{KeyGroup, KeyGroupRange, MaxParallelism};
use proptest::prelude::*;

use super::{Scratch, append, column, get, key};

const GROUPS: u16 = 32;
/// One is nothing but what no file system and no C string takes.
const COLUMNS: [&str; 3] = ["sums", "a/b\u{0}\u{1}%2F", "timers"];

#[derive(Clone, Debug)]
enum Action {
    /// Puts and deletes: the column, the group, the rest of the key, and the value if it is a put.
    Write(Vec<(usize, u16, u8, Option<Vec<u8>>)>),
    Get(usize, Vec<(u16, u8)>),
    Scan(usize, u16, u8, u8, usize),
    Rescale(u32),
}

fn action() -> impl Strategy<Value = Action> {
    let value = proptest::option::weighted(0.7, proptest::collection::vec(any::<u8>(), 0..40));
    let change = (0..COLUMNS.len(), 0..GROUPS, 0..6_u8, value);
    let keys = proptest::collection::vec((0..GROUPS, 0..6_u8), 0..30);
    prop_oneof![
        6 => proptest::collection::vec(change, 0..40).prop_map(Action::Write),
        3 => (0..COLUMNS.len(), keys).prop_map(|(column, keys)| Action::Get(column, keys)),
        3 => (0..COLUMNS.len(), 0..GROUPS, 0..7_u8, 0..7_u8, 0..5_usize)
            .prop_map(|(column, group, from, to, most)| Action::Scan(column, group, from, to, most)),
        2 => prop_oneof![Just(1), Just(2), Just(3), Just(7)].prop_map(Action::Rescale),
    ]
}

type Model = BTreeMap<(usize, Vec<u8>), Vec<u8>>;

struct Job {
    scratch: Scratch,
    stores: Vec<(KeyGroupRange, Box<dyn Store>)>,
    model: Model,
}

fn ranges(parallelism: u32) -> impl Iterator<Item = KeyGroupRange> {
    let max = MaxParallelism::new(u32::from(GROUPS)).unwrap();
    (0..parallelism).map(move |subtask| max.range_of(subtask, parallelism))
}

/// A key may be its group alone, which is where a range of keys begins.
fn key_of(group: u16, rest: u8) -> Vec<u8> {
    key(group, vec![rest; usize::from(rest)])
}

impl Job {
    fn new() -> Self {
        let scratch = Scratch::new();
        let stores = ranges(1).map(|range| (range, scratch.store())).collect();
        Self {
            scratch,
            stores,
            model: Model::new(),
        }
    }

    fn store(&mut self, group: u16) -> &mut Box<dyn Store> {
        let group = KeyGroup::new(group);
        let store = self
            .stores
            .iter_mut()
            .find(|(range, _)| range.contains(group));
        &mut store.unwrap().1
    }

    fn act(&mut self, action: Action) {
        match action {
            Action::Write(changes) => self.write(changes),
            Action::Get(column, keys) => self.get(column, keys),
            Action::Scan(column, group, from, to, most) => self.scan(column, group, from, to, most),
            Action::Rescale(parallelism) => self.rescale(parallelism),
        }
    }

    fn write(&mut self, changes: Vec<(usize, u16, u8, Option<Vec<u8>>)>) {
        for index in 0..self.stores.len() {
            let (range, store) = &mut self.stores[index];
            let mut batch = StoreBatch::default();
            for (name, group, rest, value) in &changes {
                if !range.contains(KeyGroup::new(*group)) {
                    continue;
                }
                let (key, column) = (key_of(*group, *rest), column(&mut **store, COLUMNS[*name]));
                match value {
                    Some(value) => {
                        batch.put(column, append(&key), append(value)).unwrap();
                        self.model.insert((*name, key), value.clone());
                    }
                    None => {
                        batch.delete(column, append(&key)).unwrap();
                        self.model.remove(&(*name, key));
                    }
                }
            }
            store.write(&batch).unwrap();
        }
    }

    fn get(&mut self, name: usize, keys: Vec<(u16, u8)>) {
        for index in 0..self.stores.len() {
            let (range, store) = &mut self.stores[index];
            let ours = keys
                .iter()
                .filter(|(group, _)| range.contains(KeyGroup::new(*group)));
            let keys: Vec<_> = ours.map(|(group, rest)| key_of(*group, *rest)).collect();
            let column = column(&mut **store, COLUMNS[name]);
            let there = get(&**store, column, &keys);
            let model = &self.model;
            let expected: Vec<_> = keys
                .into_iter()
                .map(|key| model.get(&(name, key)).cloned())
                .collect();
            assert_eq!(there, expected);
        }
    }

    fn scan(&mut self, name: usize, group: u16, from: u8, to: u8, most: usize) {
        let (from, to) = (key_of(group, from), key_of(group, to));
        let of_model = self
            .model
            .iter()
            .filter(|((column, key), _)| *column == name && *key >= from && *key < to);
        let expected: Vec<_> = of_model
            .map(|((_, key), value)| (key.clone(), value.clone()))
            .take(most + 1)
            .collect();
        let store = self.store(group);
        let column = column(&mut **store, COLUMNS[name]);
        let mut found = Vec::new();
        let mut each = |key: &[u8], value: &[u8]| {
            found.push((key.to_vec(), value.to_vec()));
            Ok(found.len() <= most)
        };
        store.scan(column, &from, &to, &mut each).unwrap();
        assert_eq!(found, expected);
    }

    fn rescale(&mut self, parallelism: u32) {
        let mut databases: Vec<ReceivedDatabase> = Vec::new();
        for (range, store) in &mut self.stores {
            let snapshot = store.snapshot().unwrap();
            databases.push(self.scratch.receive(&*snapshot, *range));
        }
        let open = |range| {
            let store = self
                .scratch
                .backend
                .open("test", range, databases.clone())
                .unwrap();
            (range, store)
        };
        self.stores = ranges(parallelism).map(open).collect();
        drop(databases);
        self.check_all();
    }

    /// What all stores hold together is what the model holds, and nothing beside.
    fn check_all(&mut self) {
        let mut there = Model::new();
        for (range, store) in &mut self.stores {
            for name in store.columns() {
                let index = COLUMNS.iter().position(|column| *column == name).unwrap();
                let column = column(&mut **store, &name);
                for (key, value) in super::entries(&**store, column) {
                    let group = KeyGroup::new(u16::from_be_bytes([key[0], key[1]]));
                    assert!(range.contains(group), "{group:?} is not in {range:?}");
                    assert_eq!(there.insert((index, key), value), None);
                }
            }
        }
        assert_eq!(there, self.model);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, ..ProptestConfig::default() })]
    #[test]
    fn stores_are_what_a_map_is_whatever_happens_to_their_number(
        actions in proptest::collection::vec(action(), 1..40)
    ) {
        let mut job = Job::new();
        for action in actions {
            job.act(action);
        }
        job.check_all();
    }
}

#[test]
fn one_two_seven_three_subtasks_hold_the_same() {
    let mut job = Job::new();
    let all = |seed: u8| {
        let of_group = |group| {
            (0..6).map(move |rest| (usize::from(rest) % 3, group, rest, Some(vec![seed; 9])))
        };
        (0..GROUPS).flat_map(of_group).collect::<Vec<_>>()
    };
    job.write(all(1));
    for (seed, parallelism) in [(2, 2), (3, 7), (4, 3), (5, 32), (6, 1)] {
        job.rescale(parallelism);
        let some = all(seed).into_iter().step_by(usize::from(seed));
        job.write(some.collect());
        job.check_all();
    }
}
