//! Upserts of more state than there is memory.

use std::sync::Arc;

use hurtig_env::World;
use hurtig_state::StateTable;
use hurtig_state::store::{SharedBackend, StoreBatch, StoreKeys};
use hurtig_state::store::{StateBackend, group_prefix};
use hurtig_state_rocksdb::{RocksDbBackend, RocksDbOptions};
use hurtig_types::{Error, Result};

use crate::keys::{Keys, Spread, Value, hash_of, max_parallelism, value_of};
use crate::memory_mib;

const KEYS: u64 = 10_000_000;
const UPSERTS: u64 = 6_000_000;
const BATCH: usize = 2048;
const MEMORY_BYTES: usize = 256 << 20;

/// Prints a table.
pub(crate) fn run() -> Result<()> {
    println!(
        "| Upserts of {KEYS} keys, 100 bytes, 256 MiB | thousand a second | RSS, MiB: least, most after loading |"
    );
    println!("|---|---:|---:|");
    for spread in [Spread::Uniform, Spread::Zipf] {
        tell(&format!("{spread:?}, engine"), engine(spread)?);
        tell(&format!("{spread:?}, store alone"), alone(spread)?);
    }
    Ok(())
}

struct Measured {
    per_second: f64,
    memory: (f64, f64),
}

fn tell(name: &str, measured: Measured) {
    let Measured { per_second, memory } = measured;
    println!(
        "| {name} | {:.0} | {:.0}, {:.0} |",
        per_second / 1e3,
        memory.0,
        memory.1
    );
}

fn backend(directory: &std::path::Path) -> Result<RocksDbBackend> {
    RocksDbBackend::new(RocksDbOptions {
        memory_bytes: MEMORY_BYTES,
        ..RocksDbOptions::new(directory)
    })
}

/// Loads all keys, and then measures upserts by the batch.
fn measure(spread: Spread, mut upsert: impl FnMut(&[u64]) -> Result<()>) -> Result<Measured> {
    let all: Vec<u64> = (0..KEYS).collect();
    all.chunks(BATCH).try_for_each(&mut upsert)?;
    drop(all);
    let (clock, mut keys) = (World::real().clock().clone(), Keys::new(KEYS, spread));
    let begun = clock.now();
    let mut memory = (f64::MAX, 0f64);
    for batch in 0..UPSERTS / BATCH as u64 {
        let asked: Vec<u64> = (0..BATCH).map(|_| keys.draw()).collect();
        upsert(&asked)?;
        if batch % 100 == 0 {
            let now = memory_mib().0;
            memory = (memory.0.min(now), memory.1.max(now));
        }
    }
    let seconds = clock.now().saturating_since(begun).as_secs_f64();
    Ok(Measured {
        per_second: UPSERTS as f64 / seconds,
        memory,
    })
}

fn engine(spread: Spread) -> Result<Measured> {
    let directory = temporary()?;
    let shared = SharedBackend::new(Arc::new(backend(directory.path())?));
    let range = max_parallelism().range_of(0, 1);
    let store = shared.store("bench", range);
    let mut table: StateTable<u64, Value> =
        StateTable::in_store(range, store.handle().clone(), "values", store.share());
    measure(spread, |keys| {
        let hashes: Vec<_> = keys.iter().map(hash_of).collect();
        table.load_batch(&hashes, keys)?;
        let records = keys.iter().map(|key| (*key, *key));
        table.fold_batch(&hashes, records, |key, there| match there {
            Some(there) => {
                there.0 += 1;
                None
            }
            None => Some(value_of(key)),
        });
        table.trim()
    })
}

/// The same batches, each read, changed and written, with nothing before the store.
fn alone(spread: Spread) -> Result<Measured> {
    let directory = temporary()?;
    let backend = backend(directory.path())?;
    let mut store = backend.create("bench", max_parallelism().range_of(0, 1))?;
    let column = store.column("values", None)?;
    let (mut asked, mut batch) = (StoreKeys::default(), StoreBatch::default());
    measure(spread, |keys| {
        asked.clear();
        batch.clear();
        let mut distinct = keys.to_vec();
        distinct.sort_unstable();
        distinct.dedup();
        for key in &distinct {
            asked.push(|bytes| write_key(*key, bytes))?;
        }
        let mut values: Vec<Option<Vec<u8>>> = vec![None; distinct.len()];
        store.get_many(column, &asked, &mut |index, value| {
            if let Some(place) = values.get_mut(index) {
                *place = Some(value.to_vec());
            }
            Ok(())
        })?;
        for (key, value) in distinct.iter().zip(values) {
            let value = value.unwrap_or_else(|| value_of(*key).1.into_bytes());
            batch.put(
                column,
                |bytes| write_key(*key, bytes),
                |bytes| {
                    bytes.extend(&value);
                    Ok(())
                },
            )?;
        }
        store.write(&batch)
    })
}

fn write_key(key: u64, bytes: &mut Vec<u8>) -> Result<()> {
    bytes.extend(group_prefix(hash_of(&key).key_group()));
    bytes.extend(key.to_be_bytes());
    Ok(())
}

pub(crate) fn temporary() -> Result<tempfile::TempDir> {
    tempfile::tempdir().map_err(|error| Error::io(error.to_string()))
}
