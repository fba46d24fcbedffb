//! What a backend is told, and how its memory is divided.

use std::path::PathBuf;

use hurtig_types::{Error, Result};

/// Less than this would be spent on a few open files.
const LEAST_MEMORY: usize = 8 << 20;

/// What a [`RocksDbBackend`](crate::RocksDbBackend) is told.
///
/// ```
/// use hurtig_state_rocksdb::RocksDbOptions;
///
/// let options = RocksDbOptions { memory_bytes: 1 << 30, ..RocksDbOptions::new("/data/hurtig") };
/// assert_eq!(options.bloom_bits_per_key, 10.0);
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct RocksDbOptions {
    /// Below which directory the databases lie. It should be a local disk; it is made where there is none.
    pub local_directory: PathBuf,
    /// How many bytes of memory all databases of the process and the hot entries in front of them take together. A quarter is for hot
    /// entries, the rest is RocksDB's.
    pub memory_bytes: usize,
    /// Which part of RocksDB's memory is for what has been written and not been flushed; the rest caches blocks.
    pub write_buffer_ratio: f64,
    /// How many bits of bloom filter a key has; 0 for no filter. 10 spare 99 of 100 reads of keys that are not there.
    pub bloom_bits_per_key: f64,
    /// How blocks are compressed.
    pub compression: RocksDbCompression,
    /// How many files a database keeps open; -1 for all.
    pub max_open_files: i32,
    /// How many threads flush and compact, for all databases together.
    pub background_threads: i32,
}

/// How blocks on disk are compressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RocksDbCompression {
    /// Not at all.
    None,
    /// By LZ4: fast.
    Lz4,
}

impl RocksDbOptions {
    /// The defaults, with the databases below `local_directory`: 256 MiB of memory, half of RocksDB's for writes.
    pub fn new(local_directory: impl Into<PathBuf>) -> Self {
        Self {
            local_directory: local_directory.into(),
            memory_bytes: 256 << 20,
            write_buffer_ratio: 0.5,
            bloom_bits_per_key: 10.0,
            compression: RocksDbCompression::Lz4,
            max_open_files: 512,
            background_threads: 2,
        }
    }

    /// Whether databases can live with these.
    pub(crate) fn check(&self) -> Result<()> {
        if self.memory_bytes < LEAST_MEMORY {
            return Err(Error::config(format!(
                "the memory of the state backend is {} bytes; it needs {LEAST_MEMORY} at least",
                self.memory_bytes
            )));
        }
        if !(0.05..=0.95).contains(&self.write_buffer_ratio) {
            return Err(Error::config(format!(
                "the ratio of RocksDB's memory that is for writes is {}; it must be from 0.05 to 0.95",
                self.write_buffer_ratio
            )));
        }
        Ok(())
    }

    /// What hot entries may take.
    pub(crate) fn hot_bytes(&self) -> usize {
        self.memory_bytes / 4
    }

    /// The capacity of the block cache, which write buffers are charged to.
    ///
    /// What is being flushed still takes memory, so write buffers come to half more than their limit at times. The cache is made
    /// smaller by that half, so that both together stay within what they were given.
    pub(crate) fn cache_capacity(&self) -> usize {
        self.rocksdb_bytes() - self.write_buffers() / 3
    }

    /// The limit at which write buffers are flushed.
    pub(crate) fn write_buffer_limit(&self) -> usize {
        self.write_buffers() / 3 * 2
    }

    /// How much one column may write before it is flushed. A small one flushes often, so it is a fraction of the limit only.
    pub(crate) fn write_buffer_of_a_column(&self) -> usize {
        (self.write_buffer_limit() / 2).clamp(256 << 10, 64 << 20)
    }

    fn rocksdb_bytes(&self) -> usize {
        self.memory_bytes - self.hot_bytes()
    }

    fn write_buffers(&self) -> usize {
        (self.rocksdb_bytes() as f64 * self.write_buffer_ratio) as usize
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_parts_of_the_memory_do_not_exceed_it() {
        for write_buffer_ratio in [0.1, 0.5, 0.9] {
            let options = RocksDbOptions {
                memory_bytes: 400 << 20,
                write_buffer_ratio,
                ..RocksDbOptions::new("/tmp")
            };
            let overshoot = options.write_buffer_limit() / 2;
            let all = options.hot_bytes() + options.cache_capacity() + overshoot;
            assert!(all <= options.memory_bytes, "{options:?}: {all}");
            assert!(all > options.memory_bytes - 8, "{options:?}: {all}");
        }
    }

    #[test]
    fn what_cannot_work_is_refused() {
        let good = RocksDbOptions::new("/tmp");
        assert!(good.check().is_ok());
        let small = RocksDbOptions {
            memory_bytes: 1 << 20,
            ..good.clone()
        };
        assert!(small.check().is_err());
        for write_buffer_ratio in [0.0, 1.0, -1.0, f64::NAN] {
            let odd = RocksDbOptions {
                write_buffer_ratio,
                ..good.clone()
            };
            assert!(odd.check().is_err(), "{odd:?}");
        }
    }
}
