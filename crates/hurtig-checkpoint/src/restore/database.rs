//! Receiving databases: files that go to the local disk as they are, or lie there still.

use std::collections::BTreeMap;

use hurtig_state::store::{ReceivedDatabase, ReceivedFiles, StateBackend};
use hurtig_types::{Error, Result};

use super::AssignedPiece;
use super::read::{PART_BYTES, Source};
use crate::{CheckpointLocation, CheckpointStore, StateHandle};

impl CheckpointStore {
    /// Fetches the files of databases. Those of one database have one name in front, and are of the same key groups.
    pub(super) async fn receive_databases(
        &self,
        location: &CheckpointLocation,
        pieces: impl Iterator<Item = &AssignedPiece>,
        backend: Option<&dyn StateBackend>,
    ) -> Result<Vec<(String, ReceivedDatabase)>> {
        let mut databases = BTreeMap::<_, Vec<_>>::new();
        for piece in pieces {
            let handle = piece.handle.as_ref();
            let (name, file) = split_name(handle)?;
            let range = handle.key_groups.map(|range| (range.start(), range.end()));
            databases
                .entry((name, range))
                .or_default()
                .push((file, handle));
        }
        let mut received = Vec::new();
        for ((name, _), files) in databases {
            let backend = backend.ok_or_else(|| no_backend(name))?;
            let database = self.receive(location, &files, backend).await;
            let database = database
                .map_err(|error| error.context(format!("restoring the database `{name}`")))?;
            received.push((name.to_string(), database));
        }
        Ok(received)
    }

    async fn receive(
        &self,
        location: &CheckpointLocation,
        files: &[(&str, &StateHandle)],
        backend: &dyn StateBackend,
    ) -> Result<ReceivedDatabase> {
        let range = files.iter().find_map(|(_, handle)| handle.key_groups);
        let range = range.ok_or_else(|| Error::io("it names no key groups"))?;
        let label = format!("restored-{}-{}", range.start(), range.end());
        let target = backend.receive(&label)?;
        let mut stored_names = Vec::new();
        for (name, handle) in files {
            let stored_name = handle.shared_name(self.job());
            let is_local = match &stored_name {
                Some(stored_name) => target.take_local(name, stored_name)?,
                None => false,
            };
            if !is_local {
                let source = Source {
                    store: self,
                    location,
                    handle,
                };
                fetch(&source, name, target.as_ref()).await?;
            }
            stored_names.extend(stored_name.map(|stored| (name.to_string(), stored)));
        }
        Ok(ReceivedDatabase {
            range,
            files: target,
            stored_names,
        })
    }
}

/// Part by part, so that no file is in memory as a whole.
async fn fetch(source: &Source<'_>, name: &str, target: &dyn ReceivedFiles) -> Result<()> {
    let length = source.handle.length();
    let mut at = 0;
    loop {
        let end = length.min(at + PART_BYTES);
        let bytes = source.bytes(at..end).await?;
        target.append(name, &bytes)?;
        at = end;
        if at == length {
            return Ok(());
        }
    }
}

/// The name of a database, and that of its file.
fn split_name(handle: &StateHandle) -> Result<(&str, &str)> {
    let wrong = || {
        Error::io(format!(
            "`{}` is no file of a database: the metadata was not written by Hurtig",
            handle.name
        ))
    };
    let (name, file) = handle.name.split_once('/').ok_or_else(wrong)?;
    let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    if file.is_empty() || file.starts_with('.') || !file.chars().all(is_plain) {
        return Err(wrong());
    }
    Ok((name, file))
}

fn no_backend(name: &str) -> Error {
    Error::config(format!(
        "the checkpoint holds state of the backend `{name}`, and the job has another one: set `state.backend.type: {name}`"
    ))
}
