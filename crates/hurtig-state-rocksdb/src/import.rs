//! Copies entries of one database into another.

use std::path::{Path, PathBuf};

use hurtig_state::store::ReceivedDatabase;
use hurtig_types::{KeyGroupRange, Result};
use rocksdb::{
    DBRawIteratorWithThreadMode, IngestExternalFileOptions, Options, ReadOptions, SstFileWriter,
    WriteBatch,
};

use crate::database::{self, ColumnEntry, Database, Db, without_log};
use crate::engine::failed;
use crate::rescale::{bounds, damaged};

/// Up to how many bytes of a column are written as usual. More become files that the database takes in as they are: they need no
/// memory, and no compaction where nothing else is between their keys.
const SMALL: usize = 1 << 20;
const FILE: u64 = 64 << 20;
const READ_AHEAD: usize = 2 << 20;

type Entries<'a> = DBRawIteratorWithThreadMode<'a, Db>;

/// Copies what a database of a checkpoint, the `index`-th of them, has of these key groups.
pub(crate) fn copy(
    target: &Database,
    index: usize,
    from: &ReceivedDatabase,
    groups: KeyGroupRange,
) -> Result<()> {
    let directory = from.files.directory();
    let shared = &target.shared;
    let columns =
        database::columns_in(shared, &directory).map_err(|error| damaged(&directory, error))?;
    let families = database::descriptors(shared, &columns);
    let settings = shared.engine.database();
    // Only for reading: several subtasks may have the same files open.
    let source = Db::open_cf_descriptors_read_only(settings, &directory, families, false)
        .map_err(failed("open", &directory))
        .map_err(|error| damaged(&directory, error))?;
    for (number, column) in columns.iter().enumerate() {
        let name = format!("import-{index}-{number}");
        copy_column(target, &name, &source, column, groups)
            .map_err(|error| damaged(&directory, error))?;
    }
    Ok(())
}

fn copy_column(
    target: &Database,
    name: &str,
    source: &Db,
    column: &ColumnEntry,
    groups: KeyGroupRange,
) -> Result<()> {
    if target.position(&column.name).is_none() {
        target.add_column(&column.name)?;
    }
    let Some(handle) = source.cf_handle(&column.family) else {
        return Ok(());
    };
    let Some((first, behind, _)) = bounds(groups) else {
        return Ok(());
    };
    let mut options = ReadOptions::default();
    options.set_iterate_upper_bound(behind);
    options.set_total_order_seek(true);
    options.set_readahead_size(READ_AHEAD);
    options.fill_cache(false);
    let mut entries = source.raw_iterator_cf_opt(&handle, options);
    entries.seek(first);
    write_few(target, &column.family, &mut entries)?;
    let files = write_files(target, name, column, &mut entries)?;
    entries.status().map_err(failed("read", source.path()))?;
    take_in(target, &column.family, files)
}

/// Writes entries until there are too many of them.
fn write_few(target: &Database, family: &str, entries: &mut Entries<'_>) -> Result<()> {
    let handle = target.family(family)?;
    let mut batch = WriteBatch::default();
    while let Some((key, value)) = entries.item() {
        batch.put_cf(&handle, key, value);
        entries.next();
        if batch.size_in_bytes() >= SMALL {
            break;
        }
    }
    (target.db)
        .write_opt(batch, &without_log())
        .map_err(failed("write to", target.path()))
}

/// Writes the rest of the entries to files, and says which.
fn write_files(
    target: &Database,
    name: &str,
    column: &ColumnEntry,
    entries: &mut Entries<'_>,
) -> Result<Vec<PathBuf>> {
    let settings = target.shared.engine.family(&column.expiry);
    let mut files = Vec::new();
    while entries.valid() {
        let file = format!("{name}-{}.sst", files.len());
        let path = target.home().path().join(file);
        write_file(&settings, &path, entries).map_err(failed("write a file for", &path))?;
        files.push(path);
    }
    Ok(files)
}

fn write_file(
    settings: &Options,
    path: &Path,
    entries: &mut Entries<'_>,
) -> Result<(), rocksdb::Error> {
    let mut writer = SstFileWriter::create(settings);
    writer.open(path)?;
    while let Some((key, value)) = entries.item() {
        writer.put(key, value)?;
        entries.next();
        if writer.file_size() >= FILE {
            break;
        }
    }
    writer.finish()
}

fn take_in(target: &Database, family: &str, files: Vec<PathBuf>) -> Result<()> {
    if files.is_empty() {
        return Ok(());
    }
    let mut options = IngestExternalFileOptions::default();
    options.set_move_files(true);
    let handle = target.family(family)?;
    (target.db)
        .ingest_external_file_cf_opts(&handle, &options, files)
        .map_err(failed("take files into", target.path()))
}
