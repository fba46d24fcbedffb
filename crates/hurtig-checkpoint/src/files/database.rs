//! Storing databases: of their files those that no checkpoint has yet.

use hurtig_state::DatabaseImage;
use hurtig_state::store::SnapshotFile;
use hurtig_types::{CheckpointId, OperatorId, Result};

use super::{Chunks, Home, SnapshotFiles};
use crate::{CheckpointLocation, Participant, StateData, StateHandle, StateKind};

impl SnapshotFiles {
    /// Stores the files of a database one after the other. Those that cannot change and that the base has are named again.
    pub(super) async fn store_database(
        &self,
        (participant, operator): (Participant, OperatorId),
        base: Option<CheckpointId>,
        database: DatabaseImage,
    ) -> Result<Vec<StateHandle>> {
        let mut handles = Vec::new();
        for file in database.snapshot.files()? {
            let name = format!("{}/{}", database.name, file.name);
            let state = (participant, operator, name);
            let known = if file.is_immutable {
                self.0.runs.file(base, &state, file.stored_name.as_deref())
            } else {
                None
            };
            let handle = match known {
                Some(known) => StateHandle {
                    name: state.2.clone(),
                    ..known
                },
                None => self.store_file(&state, &database, &file).await?,
            };
            if let CheckpointLocation::Checkpoint(job, checkpoint) = self.0.location {
                if let Some(stored_name) = handle.shared_name(job) {
                    database.snapshot.stored(&file.name, &stored_name);
                }
                self.0.runs.note(checkpoint, state, vec![handle.clone()]);
            }
            handles.push(handle);
        }
        Ok(handles)
    }

    async fn store_file(
        &self,
        (participant, _, name): &(Participant, OperatorId, String),
        database: &DatabaseImage,
        file: &SnapshotFile,
    ) -> Result<StateHandle> {
        let bytes = database.snapshot.read(&file.name)?;
        let data = if bytes.len() <= self.0.options.inline_bytes_max && !file.is_immutable {
            StateData::Inline(bytes)
        } else {
            let home = match self.0.location {
                CheckpointLocation::Checkpoint(..) if file.is_immutable => Home::Shared,
                _ => Home::Own,
            };
            let length = bytes.len() as u64;
            let mut chunks = Chunks::default();
            chunks.push(bytes.into());
            self.write(*participant, home, chunks).await?.next(length)?
        };
        Ok(StateHandle {
            kind: StateKind::Database,
            name: name.clone(),
            key_groups: Some(database.range),
            data,
        })
    }
}
