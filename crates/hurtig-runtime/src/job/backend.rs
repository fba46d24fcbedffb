//! Which backend the keyed state of a job lies in.

use hurtig_env::World;
use hurtig_state::store::SharedBackend;
use hurtig_types::{Configuration, Error, Result, options};

/// The backend that the configuration names; none for memory.
///
/// # Errors
/// When there is no such backend, it is not built in, or its options can't work.
pub(super) fn backend_of(
    configuration: &Configuration,
    world: &World,
) -> Result<Option<SharedBackend>> {
    let name = configuration.get(&options::STATE_BACKEND)?;
    match name.trim().to_ascii_lowercase().as_str() {
        "hashmap" => Ok(None),
        "rocksdb" => rocksdb(configuration, world).map(Some),
        _ => Err(Error::config(format!(
            "`{}` is `{name}`: expected hashmap, which keeps state in memory, or rocksdb, which keeps it on the local disk",
            options::STATE_BACKEND.key()
        ))),
    }
}

#[cfg(feature = "rocksdb")]
fn rocksdb(configuration: &Configuration, _: &World) -> Result<SharedBackend> {
    use std::path::PathBuf;

    use hurtig_state_rocksdb::{RocksDbBackend, RocksDbOptions};

    let directory = configuration.get_set(&options::ROCKSDB_LOCAL_DIRECTORY)?;
    let directory = directory.filter(|it| !it.is_empty()).map(PathBuf::from);
    let temporary = configuration.get(&options::IO_TMP_DIRS)?;
    let temporary = temporary.split([',', ':']).next().unwrap_or_default();
    let directory = directory.unwrap_or_else(|| PathBuf::from(temporary).join("hurtig"));
    let options = RocksDbOptions {
        memory_bytes: configuration.get(&options::MANAGED_MEMORY_SIZE)?.bytes() as usize,
        write_buffer_ratio: configuration.get(&options::ROCKSDB_WRITE_BUFFER_RATIO)?,
        ..RocksDbOptions::new(directory)
    };
    let backend = RocksDbBackend::new(options)?;
    Ok(SharedBackend::new(std::sync::Arc::new(backend)))
}

#[cfg(not(feature = "rocksdb"))]
fn rocksdb(_: &Configuration, _: &World) -> Result<SharedBackend> {
    Err(Error::config(format!(
        "`{}` is `rocksdb`, which is not built in: add the feature `rocksdb` to your dependency on `hurtig`",
        options::STATE_BACKEND.key()
    )))
}
