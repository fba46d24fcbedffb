//! Filters spare reads, and memory has a bound.

use hurtig_state::store::{StateBackend, StoreBatch};

use super::{Scratch, append, column, get, key, noise, put, wanted};

#[test]
fn looking_for_what_is_not_there_is_spared_by_the_filters() {
    let scratch = Scratch::new();
    let mut store = scratch.store();
    let sums = column(&mut *store, "sums");
    let of = |number: u32| key((number % 32) as u16, number.to_be_bytes());
    for number in 0..2000_u32 {
        put(&mut *store, sums, &of(number * 2), b"value");
    }
    wanted(&mut *store).files().unwrap();
    let before = scratch.backend.metrics();
    let absent: Vec<_> = (0..2000).map(|number| of(number * 2 + 1)).collect();
    assert!(get(&*store, sums, &absent).iter().all(Option::is_none));
    let after = scratch.backend.metrics();
    let useful = after.bloom_filter_useful - before.bloom_filter_useful;
    assert!(useful > 1900, "{useful} of 2000");
    let there: Vec<_> = (0..2000).map(|number| of(number * 2)).collect();
    assert!(get(&*store, sums, &there).iter().all(Option::is_some));
    let positive = scratch.backend.metrics().bloom_filter_positive - after.bloom_filter_positive;
    assert!(positive >= 2000, "{positive}");
}

#[test]
fn the_budget_is_kept_however_much_is_written() {
    let budget = 64 << 20;
    let scratch = Scratch::with(|options| options.memory_bytes = budget);
    let of_rocksdb = (budget - scratch.backend.cache_bytes()) as u64;
    let mut stores = [scratch.store(), scratch.store()];
    let value = noise(17, 64 << 10);
    let mut most = (0, 0);
    for round in 0..75_u32 {
        for store in &mut stores {
            let mut batch = StoreBatch::default();
            let sums = column(&mut **store, "sums");
            for number in 0..2000_u32 {
                let key = key((number % 32) as u16, (round * 2000 + number).to_be_bytes());
                let start = (number as usize * 31) % (value.len() - 1000);
                let value = &value[start..start + 1000];
                batch.put(sums, append(&key), append(value)).unwrap();
            }
            store.write(&batch).unwrap();
            let keys: Vec<_> = (0..200)
                .map(|n| key(n % 32, (u32::from(n) * round).to_be_bytes()))
                .collect();
            get(&**store, sums, &keys);
            let metrics = scratch.backend.metrics();
            most.0 = most.0.max(metrics.block_cache_bytes);
            most.1 = most.1.max(metrics.write_buffer_bytes);
        }
    }
    // Write buffers are in the cache's number: both stay within what RocksDB was given.
    assert!(
        most.0 <= of_rocksdb && most.1 <= of_rocksdb,
        "{most:?} of {of_rocksdb}"
    );
    let metrics = scratch.backend.metrics();
    assert!(metrics.flush_bytes_written > 150 << 20, "{metrics:?}");
    assert!(
        metrics.block_cache_misses > 0 && metrics.compaction_bytes_written > 0,
        "{metrics:?}"
    );
}
