//! From the bytes of a checkpoint to a table.

use hurtig_env::World;
use hurtig_state::{KeyedIndex, StateImage, StateTable};
use hurtig_types::Result;

use crate::keys::{Value, hash_of, max_parallelism, value_of};
use crate::memory_mib;

/// About a gigabyte, with keys and index.
const KEYS: u64 = 5_000_000;
/// As checkpoints are read.
const PART_BYTES: u64 = 8 << 20;

/// Prints a table.
pub(crate) fn run() -> Result<()> {
    let range = max_parallelism().range_of(0, 1);
    let mut image = StateImage::default();
    {
        let mut table: StateTable<u64, Value> = StateTable::new(range);
        for key in 0..KEYS {
            table.insert(hash_of(&key), key, value_of(key));
        }
        let piece = table.image("values")?;
        let index = KeyedIndex::read(&piece.bytes)?;
        for part in index.parts(range, PART_BYTES) {
            image.keyed.push(piece.cut(part)?);
        }
    }
    let bytes: usize = image.keyed.iter().map(|piece| piece.bytes.len()).sum();
    reset_peak();
    let (clock, before) = (World::real().clock().clone(), memory_mib().0);
    let begun = clock.now();
    let mut restored: StateTable<u64, Value> = StateTable::new(range);
    restored.restore_from(&mut image, "values", hash_of)?;
    let seconds = clock.now().saturating_since(begun).as_secs_f64();
    let (steady, peak) = memory_mib();
    println!(
        "| Restore of {} keys | MiB stored | seconds | MiB before, after, at most | most by after |",
        restored.len()
    );
    println!("|---|---:|---:|---:|---:|");
    let stored = bytes as f64 / f64::from(1 << 20);
    println!(
        "| hashmap | {stored:.0} | {seconds:.2} | {before:.0}, {steady:.0}, {peak:.0} | {:.2} |",
        peak / steady
    );
    Ok(())
}

/// Forgets the peak so far.
#[allow(clippy::disallowed_methods, reason = "the kernel is told by a file")]
fn reset_peak() {
    // Where that is not allowed, the peak is that of making the image, and too large.
    let _ = std::fs::write("/proc/self/clear_refs", "5");
}
