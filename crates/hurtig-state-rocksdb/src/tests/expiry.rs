//! What has expired goes, what has not stays.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use hurtig_state::store::{Column, StateBackend, Store};

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
