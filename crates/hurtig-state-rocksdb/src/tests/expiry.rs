//! What has expired goes, what has not stays.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use hurtig_state::store::{Column, OperatorStore, SharedBackend, StateBackend, Store};
use hurtig_state::{KeyedState, ListState, MapState, StateImage, StateTime, StateTtl};
use hurtig_types::{KeyHash, MaxParallelism, Timestamp};

use super::{Scratch, all, compact, entries, key, put};
use crate::database::Database;
use crate::store::RocksDbStore;

fn expiring(time: i64) -> Vec<u8> {
    let mut value = time.to_le_bytes().to_vec();
    value.extend(b"value");
    value
}

fn times(store: &dyn Store, column: Column) -> Vec<i64> {
    let times = entries(store, column).into_iter();
    times
        .map(|(_, value)| i64::from_le_bytes(*value.first_chunk().unwrap()))
        .collect()
}

#[test]
fn what_has_expired_is_gone_after_a_compaction() {
    let scratch = Scratch::new();
    let mut store = RocksDbStore::new(Database::create(scratch.backend.shared(), "test").unwrap());
    let until = Arc::new(AtomicI64::new(i64::MIN));
    let expires = store.column("expires", Some(Arc::clone(&until))).unwrap();
    let stays = store.column("stays", None).unwrap();
    for time in -2..8_i64 {
        put(&mut store, expires, &key(3, [time as u8]), &expiring(time));
        put(&mut store, stays, &key(3, [time as u8]), &expiring(time));
    }
    put(&mut store, expires, &key(4, "short"), b"1234567");
    let database = Arc::clone(store.database());
    compact(&database);
    assert_eq!(entries(&store, expires).len(), 11);

    until.store(4, Ordering::Release);
    compact(&database);
    let mut left = entries(&store, expires);
    assert_eq!(
        left.pop().unwrap().1,
        b"1234567",
        "what has no time has none to expire at"
    );
    assert_eq!(left.len(), 3, "{left:?}");
    assert_eq!(times(&store, stays).len(), 10);
    let family = database.family("s-expires").unwrap();
    let keys = database
        .db
        .property_int_value_cf(&family, "rocksdb.estimate-num-keys")
        .unwrap();
    assert_eq!(keys, Some(4), "physically gone");
}

#[test]
fn a_column_of_a_database_that_was_opened_expires_too() {
    let scratch = Scratch::new();
    let mut store = scratch.store();
    let expires = store.column("expires", None).unwrap();
    for time in [3, 9] {
        put(&mut *store, expires, &key(3, [time as u8]), &expiring(time));
    }
    let received = scratch.receive(&*store.snapshot().unwrap(), all());
    let opened = crate::rescale::open(scratch.backend.shared(), "test", all(), vec![received]);
    let mut opened = RocksDbStore::new(opened.unwrap());
    let until = Arc::new(AtomicI64::new(8));
    let expires = opened.column("expires", Some(until)).unwrap();
    let database = Arc::clone(opened.database());
    compact(&database);
    assert_eq!(times(&opened, expires), [9]);
    assert_eq!(scratch.backend.name(), "rocksdb");
}

/// Reads what a key has, from the store: nothing of it is in memory.
fn used(operator: &OperatorStore, now: i64, key: u8) -> (Vec<i64>, Vec<i64>) {
    let mut state = keyed(operator, now, key);
    let list = list().get(&mut state).unwrap().to_vec();
    let map = map().iter(&mut state).unwrap();
    let mut map: Vec<i64> = map.map(|(name, _)| *name).collect();
    map.sort_unstable();
    (list, map)
}

fn use_at(operator: &OperatorStore, now: i64, key: u8) {
    let mut state = keyed(operator, now, key);
    list().push(&mut state, now).unwrap();
    map().insert(&mut state, now, ()).unwrap();
    state.freeze("", &mut StateImage::default()).unwrap();
}

fn keyed(operator: &OperatorStore, now: i64, key: u8) -> KeyedState<u8> {
    let max_parallelism = MaxParallelism::new(32).unwrap();
    let state = KeyedState::new(max_parallelism, all());
    let mut state = state.in_store(operator.clone(), "");
    state.set_time(StateTime::by_clock(Timestamp::from_millis(now)));
    state.set_current_key(key, KeyHash::of(&key, max_parallelism));
    state
}

fn list() -> ListState<i64> {
    ListState::new("list").with_ttl(StateTtl::new(Duration::from_millis(100)))
}

fn map() -> MapState<i64, ()> {
    MapState::new("map").with_ttl(StateTtl::new(Duration::from_millis(100)))
}

#[test]
fn elements_of_lists_and_entries_of_maps_expire_one_by_one_and_a_key_with_its_last() {
    let Scratch { backend, local } = Scratch::new();
    let store = RocksDbStore::new(Database::create(backend.shared(), "test").unwrap());
    let database = Arc::clone(store.database());
    let operator = SharedBackend::new(Arc::new(backend)).store("test", all());
    operator.handle().replace(Box::new(store)).unwrap();
    use_at(&operator, 0, 1);
    use_at(&operator, 0, 2);
    use_at(&operator, 60, 1);
    assert_eq!(used(&operator, 70, 1), (vec![0, 60], vec![0, 60]));

    // The older of both has expired: it is not seen, and what it lies with stays, whoever compacts.
    let stored = |now| {
        let mut state = keyed(&operator, now, 7);
        list().get(&mut state).unwrap();
        map().contains_key(&mut state, &0).unwrap();
        state.trim().unwrap();
        compact(&database);
        let handle = operator.handle();
        let columns = handle.columns().unwrap();
        let columns = columns
            .iter()
            .map(|name| handle.column(name, None).unwrap());
        let mut keys = Vec::<u8>::new();
        for column in columns {
            let mut each = |key: &[u8], _: &[u8]| {
                keys.extend(key.last());
                Ok(true)
            };
            handle.scan(column, &[], &[0xff; 4], &mut each).unwrap();
        }
        keys
    };
    assert_eq!(used(&operator, 120, 1), (vec![60], vec![60]));
    assert_eq!(stored(120), [1, 1], "the list and the map of key 1");
    assert_eq!(used(&operator, 120, 1), (vec![60], vec![60]));
    assert_eq!(used(&operator, 120, 2), (Vec::new(), Vec::new()));
    assert_eq!(stored(170), []);
    drop(local);
}
