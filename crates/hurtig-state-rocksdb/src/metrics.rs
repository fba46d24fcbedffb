//! What the databases of a backend have done, and what they hold.

use rocksdb::statistics::Ticker;
use rocksdb::{Options, WriteBufferManager};

/// Numbers of all databases of a backend together, since it was made.
///
/// ```
/// let scratch = tempfile::tempdir()?;
/// let options = hurtig_state_rocksdb::RocksDbOptions::new(scratch.path());
/// let backend = hurtig_state_rocksdb::RocksDbBackend::new(options)?;
/// assert_eq!(backend.metrics().bloom_filter_useful, 0);
/// # Ok::<(), hurtig_types::Error>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RocksDbMetrics {
    /// How many reads of a file a bloom filter spared.
    pub bloom_filter_useful: u64,
    /// How often a filter said that a key may be there.
    pub bloom_filter_positive: u64,
    /// How many blocks were found in the cache.
    pub block_cache_hits: u64,
    /// How many blocks were read from disk.
    pub block_cache_misses: u64,
    /// How many bytes compactions have read.
    pub compaction_bytes_read: u64,
    /// How many bytes compactions have written.
    pub compaction_bytes_written: u64,
    /// How many bytes flushes have written.
    pub flush_bytes_written: u64,
    /// How many bytes are in the block cache, write buffers included.
    pub block_cache_bytes: u64,
    /// How many of them cannot be evicted now.
    pub block_cache_pinned_bytes: u64,
    /// How many bytes the cache may hold.
    pub block_cache_capacity: u64,
    /// How many bytes write buffers have allocated.
    pub write_buffer_bytes: u64,
}

impl RocksDbMetrics {
    pub(crate) fn read(
        options: &Options,
        cache: &rocksdb::Cache,
        buffers: &WriteBufferManager,
        capacity: usize,
    ) -> Self {
        let count = |ticker| options.get_ticker_count(ticker);
        Self {
            bloom_filter_useful: count(Ticker::BloomFilterUseful),
            bloom_filter_positive: count(Ticker::BloomFilterFullPositive),
            block_cache_hits: count(Ticker::BlockCacheHit),
            block_cache_misses: count(Ticker::BlockCacheMiss),
            compaction_bytes_read: count(Ticker::CompactReadBytes),
            compaction_bytes_written: count(Ticker::CompactWriteBytes),
            flush_bytes_written: count(Ticker::FlushWriteBytes),
            block_cache_bytes: cache.get_usage() as u64,
            block_cache_pinned_bytes: cache.get_pinned_usage() as u64,
            block_cache_capacity: capacity as u64,
            write_buffer_bytes: buffers.get_usage() as u64,
        }
    }
}
