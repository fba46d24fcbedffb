//! The directory that the files of a checkpoint's database come to.

use std::path::PathBuf;
use std::sync::Arc;

use hurtig_state::store::ReceivedFiles;
use hurtig_types::{Error, Result};

use crate::backend::Shared;
use crate::local::{self, Directory};

/// A directory of its own below the backend's.
pub(crate) struct RocksDbFiles {
    // Declared first, so that it is removed before the backend's directory is.
    directory: Directory,
    shared: Arc<Shared>,
}

impl RocksDbFiles {
    pub(crate) fn create(shared: Arc<Shared>, label: &str) -> Result<Self> {
        let directory = Directory::create(shared.root.fresh("received", label))?;
        Ok(Self { directory, shared })
    }

    /// The path of a file. Its name comes from a checkpoint, and must not lead elsewhere.
    fn path_of(&self, name: &str) -> Result<PathBuf> {
        let is_plain = |char: char| char.is_ascii_alphanumeric() || matches!(char, '.' | '-' | '_');
        if name.is_empty() || name.starts_with('.') || !name.chars().all(is_plain) {
            return Err(Error::io(format!(
                "a checkpoint names {name:?} as a file of a database, which is none of RocksDB's: \
                 its metadata is damaged, or another program's"
            )));
        }
        Ok(self.directory.path().join(name))
    }
}

impl ReceivedFiles for RocksDbFiles {
    fn take_local(&self, name: &str, stored_name: &str) -> Result<bool> {
        let to = self.path_of(name)?;
        match self.shared.registry.find(stored_name) {
            Some(from) => local::link_if_there(&from, &to),
            None => Ok(false),
        }
    }

    fn append(&self, name: &str, bytes: &[u8]) -> Result<()> {
        local::append(&self.path_of(name)?, bytes)
    }

    fn directory(&self) -> PathBuf {
        self.directory.path().to_path_buf()
    }
}
