//! What a job starts from: a checkpoint that was named, the newest there is, or nothing.

use std::sync::Arc;

use hurtig_checkpoint::{
    CheckpointLocation, CheckpointStore, ClaimMode, CompletedCheckpoint, find_latest,
};
use hurtig_env::World;
use hurtig_types::{Error, Result, options};

use super::CheckpointSettings;

/// In place of a path: the newest there is.
const LATEST: &str = "latest";

/// The checkpoint that the settings ask for; none if they ask for none, or for the newest and there is none yet.
pub(super) async fn of(
    settings: &CheckpointSettings,
    store: &CheckpointStore,
    world: &World,
) -> Result<Option<CompletedCheckpoint>> {
    match settings.restore.as_deref() {
        Some(LATEST) => latest(settings, world).await.map_err(|error| {
            let key = options::STATE_RECOVERY_PATH.key();
            error.context(format!("`{key}` is `{LATEST}`"))
        }),
        Some(path) => named(store, path, settings.claim).await.map(Some),
        None => Ok(None),
    }
}

async fn latest(
    settings: &CheckpointSettings,
    world: &World,
) -> Result<Option<CompletedCheckpoint>> {
    let Some(directory) = &settings.directory else {
        return Err(Error::config(format!(
            "checkpoints are kept in the memory of the process, which a new one does not find: set `{}`",
            options::CHECKPOINTS_DIRECTORY.key()
        )));
    };
    let savepoints = settings.savepoint_directory.as_deref();
    let found = find_latest(world.storage(), directory, savepoints).await?;
    match &found {
        Some(found) => {
            tracing::info!(checkpoint = %found.id(), location = ?found.location(), "starting from the newest checkpoint");
        }
        None => tracing::info!(%directory, "there is no checkpoint yet: starting empty"),
    }
    Ok(found)
}

/// The checkpoint or savepoint at a path that a user named, and whose it is from now on.
async fn named(
    store: &CheckpointStore,
    path: &str,
    claim: ClaimMode,
) -> Result<CompletedCheckpoint> {
    let path = path.trim_end_matches('/').trim_end_matches("/_metadata");
    let location = CheckpointLocation::Savepoint(path.to_string());
    let metadata = store.read(&location).await;
    let metadata = metadata
        .map_err(|error| error.context(format!("`execution.state-recovery.path` is `{path}`")))?;
    let location = match claim {
        ClaimMode::NoClaim => location,
        ClaimMode::Claim => CheckpointLocation::Claimed(metadata.job, path.to_string()),
    };
    Ok(CompletedCheckpoint::new(
        location,
        Arc::new(metadata),
        claim,
    ))
}
