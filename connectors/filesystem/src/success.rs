//! Partitions that are said to be complete: a `_SUCCESS` file in their directory.

use hurtig_connect::{BoxFuture, Committer, decode_value, encode_value};
use hurtig_env::Storage;
use hurtig_env::object_store::ObjectStoreExt;
use hurtig_types::{Error, Result};
use serde::{Deserialize, Serialize};

/// What is committed: a file, or afterwards that a directory has new ones. Part of checkpoints.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Committable {
    /// Of the sink of files.
    File(Vec<u8>),
    /// The path of the file that says so.
    Success(String),
}

impl Committable {
    pub(crate) fn encode(&self) -> Result<Vec<u8>> {
        encode_value(self)
    }
}

/// Commits files, then says so.
pub(crate) struct SuccessCommitter {
    pub(crate) files: Box<dyn Committer>,
    pub(crate) storage: Storage,
}

/// The files, and what says so.
fn part(committables: &[Vec<u8>]) -> Result<(Vec<Vec<u8>>, Vec<String>)> {
    let (mut files, mut marks) = (Vec::new(), Vec::new());
    for committable in committables {
        match decode_value(committable)? {
            Committable::File(file) => files.push(file),
            Committable::Success(path) => marks.push(path),
        }
    }
    marks.sort_unstable();
    marks.dedup();
    Ok((files, marks))
}

impl Committer for SuccessCommitter {
    fn commit(&mut self, committables: Vec<Vec<u8>>) -> BoxFuture<'static, Result<()>> {
        let (files, marks) = match part(&committables) {
            Ok(parts) => parts,
            Err(error) => return Box::pin(std::future::ready(Err(error))),
        };
        let files = self.files.commit(files);
        let storage = self.storage.clone();
        Box::pin(async move {
            files.await?;
            for path in marks {
                let place = storage.open(&path)?;
                let put = place.store.put(&place.path, "".into()).await;
                put.map_err(|error| Error::io(format!("`{path}`: {error}")))?;
            }
            Ok(())
        })
    }

    fn abandon(&mut self, committables: Vec<Vec<u8>>) -> BoxFuture<'static, ()> {
        match part(&committables) {
            Ok((files, _)) => self.files.abandon(files),
            // It says of no file what it is: nothing can be removed.
            Err(_) => Box::pin(std::future::ready(())),
        }
    }
}
