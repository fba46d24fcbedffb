//! The second phase: a file that is part of a complete checkpoint gets its name.

use hurtig_connect::{BoxFuture, Committer, decode_value};
use hurtig_env::object_store::Error as StoreError;
use hurtig_env::object_store::ObjectStoreExt;
use hurtig_env::{Location, Storage};
use hurtig_types::Result;
use serde::{Deserialize, Serialize};

use crate::failure::store_error;
use crate::target::join;

/// A file that is complete under its hidden name. Part of checkpoints: other fields need another type beside it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct FinishedFile {
    /// Absolute, or a URL.
    pub(crate) directory: String,
    pub(crate) hidden_name: String,
    /// What it is called from its commit on.
    pub(crate) name: String,
}

impl FinishedFile {
    /// How messages name it.
    fn shown(&self) -> String {
        join(&self.directory, &self.name)
    }

    fn hidden(&self, storage: &Storage) -> Result<Location> {
        storage.open(&join(&self.directory, &self.hidden_name))
    }

    /// Gives it its name. Once that was done there is nothing left to do, however often it is asked for: nobody else gives
    /// that name, and a copy that was cut off before the hidden file was deleted is made again.
    async fn commit(&self, storage: &Storage) -> Result<()> {
        let hidden = self.hidden(storage)?;
        let path = storage.open(&self.shown())?.path;
        match hidden.store.rename(&hidden.path, &path).await {
            Ok(()) => return Ok(()),
            Err(StoreError::NotFound { .. }) => {}
            Err(error) => return Err(store_error(&self.shown(), &error).context("committing")),
        }
        match hidden.store.head(&path).await {
            Ok(_) => {}
            Err(StoreError::NotFound { .. }) => tracing::warn!(
                "`{}` was to be committed, and is neither there nor waiting as `{}`: if it was committed before, \
                 somebody has taken it away since; if not, it is lost",
                self.shown(),
                self.hidden_name
            ),
            Err(error) => return Err(store_error(&self.shown(), &error).context("committing")),
        }
        Ok(())
    }
}

/// Removes files that nobody will commit. What can't be removed is hidden all the same.
pub(crate) async fn remove(storage: &Storage, files: Vec<FinishedFile>) {
    for file in files {
        let Ok(hidden) = file.hidden(storage) else {
            continue;
        };
        match hidden.store.delete(&hidden.path).await {
            Ok(()) | Err(StoreError::NotFound { .. }) => {}
            Err(error) => tracing::warn!(
                "`{}`, which nobody needs, could not be removed: {error}",
                join(&file.directory, &file.hidden_name)
            ),
        }
    }
}

/// Commits the files of any writer of any attempt: what it needs to know is in the committable.
pub(crate) struct FileCommitter {
    storage: Storage,
}

impl FileCommitter {
    pub(crate) fn new(storage: Storage) -> Self {
        Self { storage }
    }
}

fn decode(committables: &[Vec<u8>]) -> Result<Vec<FinishedFile>> {
    committables
        .iter()
        .map(|bytes| decode_value(bytes))
        .collect()
}

impl Committer for FileCommitter {
    fn commit(&mut self, committables: Vec<Vec<u8>>) -> BoxFuture<'static, Result<()>> {
        let storage = self.storage.clone();
        Box::pin(async move {
            for file in decode(&committables)? {
                file.commit(&storage).await?;
            }
            Ok(())
        })
    }

    fn abandon(&mut self, committables: Vec<Vec<u8>>) -> BoxFuture<'static, ()> {
        let storage = self.storage.clone();
        Box::pin(async move {
            if let Ok(files) = decode(&committables) {
                remove(&storage, files).await;
            }
        })
    }
}
