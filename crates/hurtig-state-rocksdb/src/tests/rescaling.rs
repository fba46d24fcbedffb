//! Databases of many entries, which are taken in as files.

use hurtig_state::store::{StateBackend, Store, StoreBatch};
use hurtig_types::KeyGroupRange;

use super::{Scratch, append, column, compact, entries, key, noise, put};
use crate::database::Database;
use crate::store::RocksDbStore;

/// A store for these groups, with a thousand entries of a kilobyte for each.
fn filled(scratch: &Scratch, range: KeyGroupRange) -> Box<dyn Store> {
    let mut store = scratch.backend.create("sum", range).unwrap();
    let sums = column(&mut *store, "sums");
    for group in range.groups() {
        let group = group.index() as u16;
        let mut batch = StoreBatch::default();
        for number in 0..1000_u16 {
            let value = noise(u64::from(group) << 16 | u64::from(number), 1000);
            // The first is where the groups' ranges meet: nothing is behind the group in it.
            let rest = if number == 0 {
                Vec::new()
            } else {
                number.to_be_bytes().to_vec()
            };
            let key = key(group, rest);
            batch.put(sums, append(&key), append(&value)).unwrap();
        }
        store.write(&batch).unwrap();
    }
    store
}

#[test]
fn big_databases_become_one_and_are_divided_again() {
    let scratch = Scratch::new();
    let ranges = [(0, 5), (5, 7), (7, 10)].map(|(start, end)| KeyGroupRange::new(start, end));
    let mut databases = Vec::new();
    for range in ranges {
        let mut store = filled(&scratch, range);
        databases.push(scratch.receive(&*store.snapshot().unwrap(), range));
    }
    let all = KeyGroupRange::new(0, 10);
    let mut one = scratch.backend.open("sum", all, databases).unwrap();
    let sums = column(&mut *one, "sums");
    let there = entries(&*one, sums);
    assert_eq!(there.len(), 10_000);
    assert!(there.windows(2).all(|pair| pair[0].0 < pair[1].0));
    assert_eq!(there[6003].1, noise(6 << 16 | 3, 1000));

    let database = scratch.receive(&*one.snapshot().unwrap(), all);
    let mut held = 0;
    for range in [(0, 3), (3, 8), (8, 10)].map(|(start, end)| KeyGroupRange::new(start, end)) {
        let mut part = scratch
            .backend
            .open("sum", range, vec![database.clone()])
            .unwrap();
        let sums = column(&mut *part, "sums");
        let there = entries(&*part, sums);
        assert_eq!(there.len(), range.len() * 1000);
        held += there.len();
    }
    assert_eq!(held, 10_000);
}

#[test]
fn files_of_others_groups_alone_go_at_once() {
    let scratch = Scratch::new();
    let all = KeyGroupRange::new(0, 10);
    let halves = [KeyGroupRange::new(0, 5), KeyGroupRange::new(5, 10)];
    let databases = halves.map(|half| {
        let mut store = filled(&scratch, half);
        scratch.receive(&*store.snapshot().unwrap(), half)
    });
    let mut whole = scratch
        .backend
        .open("sum", all, databases.to_vec())
        .unwrap();
    let bytes = |store: &mut dyn Store| {
        let files = store.snapshot().unwrap().files().unwrap().into_iter();
        let tables = files.filter(|file| file.is_immutable);
        tables.map(|file| file.length).sum::<u64>()
    };
    let before = bytes(&mut *whole);
    let database = scratch.receive(&*whole.snapshot().unwrap(), all);
    let first = scratch
        .backend
        .open("sum", halves[0], vec![database.clone()]);
    let second = scratch.backend.open("sum", halves[1], vec![database]);
    let after = bytes(&mut *first.unwrap()).min(bytes(&mut *second.unwrap()));
    assert!(after < before * 3 / 4, "{after} of {before}");
}

#[test]
fn nothing_that_concerns_a_subtask_makes_an_empty_store() {
    let scratch = Scratch::new();
    let there = KeyGroupRange::new(0, 2);
    let mut store = filled(&scratch, there);
    let database = scratch.receive(&*store.snapshot().unwrap(), there);
    let ours = KeyGroupRange::new(2, 4);
    let mut opened = scratch.backend.open("sum", ours, vec![database]).unwrap();
    assert!(opened.columns().is_empty());
    let sums = column(&mut *opened, "sums");
    assert!(entries(&*opened, sums).is_empty());
}

/// Files are removed up to and with a key, and ranges end before one.
#[test]
fn the_first_key_of_ours_stays_though_it_is_the_last_of_a_file_of_others() {
    let scratch = Scratch::new();
    let database = Database::create(scratch.backend.shared(), "sum").unwrap();
    let mut store = RocksDbStore::new(database);
    let sums = column(&mut store, "sums");
    for group in 0..3 {
        put(&mut store, sums, &key(group, "theirs"), b"1");
    }
    put(&mut store, sums, &key(3, ""), b"ours");
    compact(store.database());
    let database = scratch.receive(&*store.snapshot().unwrap(), KeyGroupRange::new(0, 4));
    let ours = KeyGroupRange::new(3, 4);
    let mut opened = scratch.backend.open("sum", ours, vec![database]).unwrap();
    let sums = column(&mut *opened, "sums");
    assert_eq!(entries(&*opened, sums), [(key(3, ""), b"ours".to_vec())]);
}
