//! What all databases of a backend share: the cache, the limit of write buffers, the settings.

use std::path::Path;

use hurtig_types::{Error, Result};
use rocksdb::statistics::StatsLevel;
use rocksdb::{
    BlockBasedIndexType, BlockBasedOptions, Cache, DBCompressionType, ErrorKind, LogLevel, Options,
    WriteBufferManager,
};

use crate::expiry::{Expiry, ExpiryFilters};
use crate::metrics::RocksDbMetrics;
use crate::options::{RocksDbCompression, RocksDbOptions};

/// The shared part of all databases. Whatever is made of its settings counts into its statistics and its memory.
pub(crate) struct Engine {
    settings: Options,
    cache: Cache,
    buffers: WriteBufferManager,
    capacity: usize,
}

impl Engine {
    pub(crate) fn new(options: &RocksDbOptions) -> Result<Self> {
        let capacity = options.cache_capacity();
        let cache = Cache::new_lru_cache(capacity);
        // It does not stall writers, which would stop those too whose flush frees the memory: `Balance` keeps it within the limit.
        let buffers = WriteBufferManager::new_write_buffer_manager_with_cache(
            options.write_buffer_limit(),
            false,
            cache.clone(),
        );
        let settings = settings(options, &cache, &buffers)?;
        Ok(Self {
            settings,
            cache,
            buffers,
            capacity,
        })
    }

    /// The settings of a database; those of its families are made by [`family`](Self::family).
    pub(crate) fn database(&self) -> &Options {
        &self.settings
    }

    /// The settings of a family whose entries expire as told.
    pub(crate) fn family(&self, expiry: &Expiry) -> Options {
        let mut settings = self.settings.clone();
        settings.set_compaction_filter_factory(ExpiryFilters(expiry.clone()));
        settings
    }

    /// How many bytes all write buffers take.
    pub(crate) fn write_buffer_bytes(&self) -> usize {
        self.buffers.get_usage()
    }

    pub(crate) fn metrics(&self) -> RocksDbMetrics {
        RocksDbMetrics::read(&self.settings, &self.cache, &self.buffers, self.capacity)
    }
}

fn settings(
    options: &RocksDbOptions,
    cache: &Cache,
    buffers: &WriteBufferManager,
) -> Result<Options> {
    // A database goes with its directory, so what is in its memory need not be written when it is closed. This has no setter.
    let mut settings = Options::default()
        .get_options_from_string("avoid_flush_during_shutdown=true")
        .map_err(|error| Error::bug(format!("RocksDB does not know a setting: {error}")))?;
    settings.enable_statistics();
    settings.set_statistics_level(StatsLevel::ExceptHistogramOrTimers);
    settings.set_write_buffer_manager(buffers);
    settings.set_block_based_table_factory(&tables(options, cache));
    settings.set_compression_type(match options.compression {
        RocksDbCompression::None => DBCompressionType::None,
        RocksDbCompression::Lz4 => DBCompressionType::Lz4,
    });
    settings.set_level_compaction_dynamic_level_bytes(true);
    settings.set_target_file_size_base(64 << 20);
    let of_a_column = options.write_buffer_of_a_column();
    settings.set_write_buffer_size(of_a_column);
    // A job has many columns, and each that was written to has a block at least.
    settings.set_arena_block_size((of_a_column / 64).clamp(4 << 10, 1 << 20));
    settings.set_max_background_jobs(options.background_threads.max(2));
    settings.set_max_open_files(options.max_open_files);
    settings.set_allow_mmap_reads(false);
    settings.set_allow_mmap_writes(false);
    settings.set_bytes_per_sync(1 << 20);
    settings.set_log_level(LogLevel::Warn);
    settings.set_keep_log_file_num(1);
    settings.set_stats_dump_period_sec(0);
    settings.set_stats_persist_period_sec(0);
    Ok(settings)
}

/// How files are laid out. Indexes and filters are charged to the cache, as all memory that grows with the state is; they are cut
/// into partitions, since a filter for a file of 64 MiB can be a megabyte, and a small cache would hold little else.
fn tables(options: &RocksDbOptions, cache: &Cache) -> BlockBasedOptions {
    let mut tables = BlockBasedOptions::default();
    tables.set_block_cache(cache);
    tables.set_block_size(8 << 10);
    tables.set_format_version(6);
    tables.set_cache_index_and_filter_blocks(true);
    tables.set_cache_index_and_filter_blocks_with_high_priority(true);
    tables.set_pin_l0_filter_and_index_blocks_in_cache(true);
    tables.set_pin_top_level_index_and_filter(true);
    tables.set_index_type(BlockBasedIndexType::TwoLevelIndexSearch);
    tables.set_metadata_block_size(4 << 10);
    if options.bloom_bits_per_key > 0.0 {
        tables.set_bloom_filter(options.bloom_bits_per_key, false);
        tables.set_partition_filters(true);
        tables.set_whole_key_filtering(true);
    }
    tables
}

/// An error of RocksDB, with what was tried and where.
pub(crate) fn failed<'a>(
    what: &'a str,
    path: &'a Path,
) -> impl FnOnce(rocksdb::Error) -> Error + 'a {
    move |error| {
        let advice = match error.kind() {
            ErrorKind::IOError => "; see that the disk has room and that this user may write there",
            _ => "",
        };
        let path = path.display();
        Error::io(format!(
            "could not {what} the database in {path}: {error}{advice}"
        ))
    }
}
