//! Question: what does a running count per key cost, by record and by batch, beside a plain hash map?
//!
//! Bound: 1 K keys live in the first-level cache, so a few ns of instructions. From 1 M keys on each record misses twice
//! (index, entry), about 25 ns each to the third-level cache and 100 ns to memory; overlapped ten at a time that leaves
//! 5 to 20 ns.
//!
//! `cargo bench -p hurtig-state --bench table`

#![allow(clippy::disallowed_methods, reason = "a bench measures the real world")]

use std::hash::BuildHasher;
use std::hint::black_box;
use std::time::Instant;

use hurtig_state::{KeyedState, StateTable, ValueState};
use hurtig_types::{KeyHash, MaxParallelism};

const BATCH: usize = 2048;
const RECORDS: usize = 8_000_000;

/// Keys in no order, each of `0..keys` equally often.
fn records(keys: u64) -> Vec<u64> {
    let mut state = 0x9e37_79b9_7f4a_7c15u64;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state
    };
    (0..RECORDS)
        .map(|_| ((u128::from(next()) * u128::from(keys)) >> 64) as u64)
        .collect()
}

/// How long this thread has run, so that what else the machine does is not counted.
fn cpu_nanos() -> f64 {
    let stat = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    stat.split(' ')
        .next()
        .and_then(|nanos| nanos.parse().ok())
        .unwrap_or(f64::NAN)
}

/// ns a record: of a first pass, which inserts, and of the least disturbed stretch of three more.
///
/// A stretch is about a millisecond, so that what else the machine does falls into others.
fn measure(records: &[u64], mut pass: impl FnMut(&[u64])) -> (f64, f64) {
    let mut time = |records: &[u64]| {
        let start = Instant::now();
        records.chunks(BATCH).for_each(&mut pass);
        start.elapsed().as_nanos() as f64 / records.len() as f64
    };
    let start = cpu_nanos();
    time(records);
    let first = (cpu_nanos() - start) / records.len() as f64;
    let stretches = (0..3).flat_map(|_| records.chunks(64 * BATCH)).map(time);
    (first, stretches.fold(f64::MAX, f64::min))
}

fn main() {
    let max_parallelism = MaxParallelism::new(128).unwrap_or_else(|error| panic!("{error}"));
    let range = max_parallelism.range_of(0, 1);
    println!("ns per record of a running count, u64 keys (first pass with inserts / then)");
    println!(
        "{:>10} {:>15} {:>15} {:>15} {:>15} {:>15} {:>15} {:>8}",
        "keys", "hash only", "by batch", "by record", "ValueState", "+ prefetch", "hashbrown", "MB"
    );
    for keys in [1_000u64, 10_000, 100_000, 1_000_000, 10_000_000] {
        let records = records(keys);
        let mut hashes = vec![KeyHash::default(); BATCH];
        let mut hash = |chunk: &[u64]| {
            for (hash, key) in hashes.iter_mut().zip(chunk) {
                *hash = KeyHash::of(key, max_parallelism);
            }
            hashes.get(..chunk.len()).unwrap_or_default().to_vec()
        };

        let hashing = measure(&records, |chunk| {
            black_box(hash(chunk));
        });

        let mut table = StateTable::<u64, u64>::new(range);
        let batched = measure(&records, |chunk| {
            let hashes = hash(chunk);
            let records = chunk.iter().map(|key| (*key, 1));
            table.fold_batch(&hashes, records, |one, count| {
                Some(one + count.map_or(0, |count| *count))
            });
        });
        let megabytes = table.memory_bytes() / 1_000_000;
        drop(table);

        let mut table = StateTable::<u64, u64>::new(range);
        let single = measure(&records, |chunk| {
            for (key, hash) in chunk.iter().zip(hash(chunk)) {
                *table.get_or_insert_with(hash, *key, || 0) += 1;
            }
        });
        drop(table);

        let mut state_of = |prefetch: bool| {
            let mut state = KeyedState::<u64>::new(max_parallelism, range);
            let count = ValueState::<u64>::new("count");
            measure(&records, |chunk| {
                let hashes = hash(chunk);
                for (chunk, hashes) in chunk.chunks(64).zip(hashes.chunks(64)) {
                    if prefetch {
                        state.prefetch(hashes);
                    }
                    for (key, hash) in chunk.iter().zip(hashes) {
                        state.set_current_key(*key, *hash);
                        if let Ok(count) = count.get_or_default(&mut state) {
                            *count += 1;
                        }
                    }
                }
            })
        };
        let value_state = state_of(false);
        let fetched_state = state_of(true);

        let mut map = hashbrown::HashMap::<u64, u64, _>::with_hasher(
            foldhash::fast::FixedState::with_seed(1),
        );
        black_box(map.hasher().hash_one(1u64));
        let plain = measure(&records, |chunk| {
            for key in chunk {
                *map.entry(*key).or_insert(0) += 1;
            }
        });

        let show = |(first, then): (f64, f64)| format!("{first:.1} / {then:.1}");
        println!(
            "{keys:>10} {:>15} {:>15} {:>15} {:>15} {:>15} {:>15} {megabytes:>8}",
            show(hashing),
            show(batched),
            show(single),
            show(value_state),
            show(fetched_state),
            show(plain)
        );
    }
}
