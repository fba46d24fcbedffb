//! Stores that nobody writes to any more do not take the room of those that are written to.

use hurtig_state::store::{Store, StoreBatch};

use super::{Scratch, append, column, key, noise, wanted};

/// Writes so many bytes, in batches of a hundred entries.
fn write(store: &mut dyn Store, batches: u32, noise: &[u8]) {
    let sums = column(store, "sums");
    for number in 0..batches {
        let mut batch = StoreBatch::default();
        for entry in 0..100_u32 {
            let key = key((entry % 32) as u16, (number * 100 + entry).to_be_bytes());
            batch.put(sums, append(&key), append(noise)).unwrap();
        }
        store.write(&batch).unwrap();
    }
}

/// How many files the store has made so far: each has the next number.
fn files_made(store: &mut dyn Store) -> u64 {
    let files = wanted(store).files().unwrap().into_iter();
    let numbers = files.filter_map(|file| file.name.strip_suffix(".sst")?.parse().ok());
    numbers.max().unwrap()
}

#[test]
fn idle_stores_give_their_write_buffers_away() {
    let scratch = Scratch::new();
    let limit = scratch.backend.options().write_buffer_limit() as u64;
    let noise = noise(5, 100);
    let mut idle: Vec<_> = (0..40).map(|_| scratch.store()).collect();
    for store in &mut idle {
        write(&mut **store, 150, &noise);
        let used = scratch.backend.metrics().write_buffer_bytes;
        assert!(used <= limit / 2 * 3, "{used} of {limit}");
    }
    let mut busy = scratch.store();
    write(&mut *busy, 1000, &noise);
    let metrics = scratch.backend.metrics();
    assert!(
        metrics.block_cache_bytes <= metrics.block_cache_capacity,
        "{metrics:?}"
    );
    let made = files_made(&mut *busy);
    assert!(
        made < 100,
        "{made} files for 1000 small writes: each was flushed by itself"
    );
}
