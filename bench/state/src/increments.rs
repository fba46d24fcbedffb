//! What a checkpoint stores when only some keys have changed.

use std::sync::Arc;

use futures::FutureExt;
use hurtig_state::store::SharedBackend;
use hurtig_state::{StateImage, StateTable};
use hurtig_state_rocksdb::{RocksDbBackend, RocksDbOptions};
use hurtig_types::{CheckpointId, Result};

use crate::keys::{Value, hash_of, max_parallelism, value_of};
use crate::upserts::temporary;

const KEYS: u64 = 1_000_000;
/// Every so many-th key changes.
const STEPS: [(&str, usize); 3] = [("1 %", 100), ("10 %", 10), ("100 %", 1)];

/// Prints a table.
pub(crate) fn run() -> Result<()> {
    println!("| Second checkpoint of {KEYS} keys, MiB | everything | 1 % changed | 10 % | 100 % |");
    println!("|---|---:|---:|---:|---:|");
    for (name, stored) in [("hashmap", in_memory()?), ("rocksdb", on_disk()?)] {
        let cells = stored.map(|bytes| format!("{:.1}", bytes as f64 / f64::from(1 << 20)));
        println!("| {name} | {} |", cells.join(" | "));
    }
    Ok(())
}

fn change(table: &mut StateTable<u64, Value>, every: usize) -> Result<()> {
    let keys: Vec<u64> = (0..KEYS).step_by(every).collect();
    for keys in keys.chunks(2048) {
        let hashes: Vec<_> = keys.iter().map(hash_of).collect();
        table.load_batch(&hashes, keys)?;
        let records = keys.iter().map(|key| (*key, *key));
        table.fold_batch(&hashes, records, |key, there| {
            Some((there.map_or(0, |there| there.0 + 1), value_of(key).1))
        });
        table.trim()?;
    }
    Ok(())
}

fn in_memory() -> Result<[u64; 4]> {
    let mut table = StateTable::new(max_parallelism().range_of(0, 1)).with_tracking();
    let mut stored = [0; 4];
    let all = [("all", 1)].into_iter().chain(STEPS);
    for ((number, (_, every)), stored) in (1..).zip(all).zip(&mut stored) {
        change(&mut table, every)?;
        let base = (number > 1).then(|| CheckpointId::new(number - 1));
        let mut image = StateImage::for_checkpoint(CheckpointId::new(number), base);
        table.freeze("values", &mut image)?;
        while table.encode_some(1 << 20) {}
        // All is encoded by now.
        image.complete().now_or_never().unwrap_or(Ok(()))?;
        *stored = image
            .keyed
            .iter()
            .map(|piece| piece.bytes.len() as u64)
            .sum();
    }
    Ok(stored)
}

fn on_disk() -> Result<[u64; 4]> {
    let directory = temporary()?;
    let backend = RocksDbBackend::new(RocksDbOptions::new(directory.path()))?;
    let shared = SharedBackend::new(Arc::new(backend));
    let range = max_parallelism().range_of(0, 1);
    let store = shared.store("bench", range);
    let mut table = StateTable::in_store(range, store.handle().clone(), "values", store.share());
    let (mut stored, mut known) = ([0; 4], std::collections::BTreeSet::new());
    let all = [("all", 1)].into_iter().chain(STEPS);
    for ((_, every), stored) in all.zip(&mut stored) {
        change(&mut table, every)?;
        table.flush()?;
        let files = store.handle().snapshot()?.files()?;
        let new = files
            .into_iter()
            .filter(|file| !file.is_immutable || known.insert(file.name.clone()));
        *stored = new.map(|file| file.length).sum();
    }
    Ok(stored)
}
