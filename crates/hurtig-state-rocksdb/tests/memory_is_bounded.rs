//! The budget is kept, however much is written: a process of its own, since the memory of a process is what is looked at.

#![allow(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "the process's own memory is read from the system"
)]

use hurtig_state::store::{Column, StateBackend, Store, StoreBatch, StoreKeys};
use hurtig_state_rocksdb::{RocksDbBackend, RocksDbMetrics, RocksDbOptions};
use hurtig_types::KeyGroupRange;

const BUDGET: usize = 64 << 20;
/// What the process takes beside its budget: its code, threads, the test's own data, and what the allocator cannot give back.
const SLACK: usize = 48 << 20;
const STORES: usize = 2;
const ROUNDS: u32 = 75;
const ENTRIES: u32 = 2000;
const VALUE: usize = 1000;

fn key(number: u32) -> impl FnOnce(&mut Vec<u8>) -> hurtig_types::Result<()> {
    move |bytes| {
        bytes.extend(((number % 32) as u16).to_be_bytes());
        bytes.extend(number.to_be_bytes());
        Ok(())
    }
}

/// Bytes that do not compress.
fn noise(length: usize) -> Vec<u8> {
    let mut seed = 17_u64;
    let mut next = || {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        (seed >> 33) as u8
    };
    (0..length).map(|_| next()).collect()
}

fn write(store: &mut dyn Store, column: Column, round: u32, noise: &[u8]) {
    let mut batch = StoreBatch::default();
    for number in 0..ENTRIES {
        let start = (number as usize * 31) % (noise.len() - VALUE);
        let value = &noise[start..start + VALUE];
        let append = |bytes: &mut Vec<u8>| {
            bytes.extend(value);
            Ok(())
        };
        let key = key(round * ENTRIES + number);
        batch.put(column, key, append).unwrap();
    }
    store.write(&batch).unwrap();
}

fn read(store: &dyn Store, column: Column, round: u32) -> usize {
    let mut keys = StoreKeys::default();
    for number in 0..200 {
        keys.push(key(number * round)).unwrap();
    }
    let mut found = 0;
    let mut count = |_: usize, _: &[u8]| {
        found += 1;
        Ok(())
    };
    store.get_many(column, &keys, &mut count).unwrap();
    found
}

/// The most memory that the process has had, where the system tells.
fn most_memory() -> Option<usize> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|line| line.starts_with("VmHWM:"))?;
    let kilobytes: usize = line.split_whitespace().nth(1)?.parse().ok()?;
    Some(kilobytes << 10)
}

fn check(metrics: RocksDbMetrics) {
    let of_rocksdb = (BUDGET - BUDGET / 4) as u64;
    // Write buffers are charged to the cache, so its number is that of both.
    assert!(metrics.block_cache_bytes <= of_rocksdb, "{metrics:?}");
    assert!(metrics.write_buffer_bytes <= of_rocksdb, "{metrics:?}");
}

#[test]
fn the_budget_is_kept_however_much_is_written() {
    let local = tempfile::tempdir().unwrap();
    let mut options = RocksDbOptions::new(local.path());
    options.memory_bytes = BUDGET;
    let backend = RocksDbBackend::new(options).unwrap();
    let mut stores: Vec<_> = (0..STORES)
        .map(|_| {
            let mut store = backend.create("sum", KeyGroupRange::new(0, 32)).unwrap();
            let column = store.column("sums", None).unwrap();
            (store, column)
        })
        .collect();
    let noise = noise(64 << 10);
    for round in 0..ROUNDS {
        for (store, column) in &mut stores {
            write(&mut **store, *column, round, &noise);
            assert_eq!(read(&**store, *column, round), 200);
            check(backend.metrics());
        }
    }
    let metrics = backend.metrics();
    let written = (STORES as u64) * u64::from(ROUNDS * ENTRIES) * VALUE as u64;
    assert!(metrics.flush_bytes_written > written / 2, "{metrics:?}");
    assert!(metrics.block_cache_misses > 0, "{metrics:?}");
    assert!(metrics.compaction_bytes_written > 0, "{metrics:?}");
    if let Some(most) = most_memory() {
        assert!(most <= BUDGET + SLACK, "{most} bytes of {BUDGET}");
    }
}
