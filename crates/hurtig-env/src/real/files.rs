//! The disk of the machine.

use std::fs::File;
use std::io;
use std::path::{Path as FilePath, PathBuf};

use async_trait::async_trait;
use object_store::local::LocalFileSystem;
use object_store::path::Path;
use object_store::{Error, ObjectStore, Result};

use crate::Disk;

/// Renames each file into its place when it is whole, and synchronises by `fsync`.
#[async_trait]
impl Disk for LocalFileSystem {
    fn files(&self) -> &dyn ObjectStore {
        self
    }

    async fn sync(&self, path: &Path) -> Result<()> {
        sync(self.path_to_filesystem(path)?).await
    }
}

async fn sync(path: PathBuf) -> Result<()> {
    let failed = |source: io::Error| Error::Generic {
        store: "LocalFileSystem",
        source: Box::new(source),
    };
    match tokio::runtime::Handle::try_current() {
        Ok(runtime) => runtime
            .spawn_blocking(move || sync_now(&path))
            .await
            .map_err(|source| Error::JoinError { source })?
            .map_err(failed),
        Err(_) => sync_now(&path).map_err(failed),
    }
}

/// The file, and its directory. Those above may be new as well; one that may not be opened is not.
fn sync_now(path: &FilePath) -> io::Result<()> {
    let context = |error: io::Error| {
        let message = format!("`{}` could not be synchronised: {error}", path.display());
        io::Error::new(error.kind(), message)
    };
    File::open(path)
        .and_then(|file| file.sync_all())
        .map_err(context)?;
    if cfg!(unix) {
        for directory in path.ancestors().skip(1) {
            if let Ok(directory) = File::open(directory) {
                directory.sync_all().map_err(context)?;
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use futures::executor::block_on;

    use std::sync::Arc;

    use object_store::{MultipartUpload, ObjectStoreExt};

    use super::*;
    use crate::Durable;

    /// What is on the disk nobody can see but by pulling the plug; that files are where they should be, anybody can.
    #[test]
    #[allow(clippy::disallowed_methods, reason = "there is no world here")]
    fn what_is_put_copied_renamed_or_uploaded_is_there() {
        let directory = tempfile::tempdir().unwrap();
        let at =
            |name: &str| Path::from_absolute_path(directory.path().join("new").join(name)).unwrap();
        let files = Durable::new(Arc::new(LocalFileSystem::new()));
        let read = |name: &str| block_on(async { files.get(&at(name)).await?.bytes().await });
        block_on(async {
            files.put(&at("a/put"), "put".into()).await?;
            files.copy(&at("a/put"), &at("b/copied")).await?;
            files.rename(&at("a/put"), &at("c/renamed")).await?;
            let mut upload = files.put_multipart(&at("d/uploaded")).await?;
            upload.put_part("up".into()).await?;
            upload.put_part("loaded".into()).await?;
            upload.complete().await
        })
        .unwrap();
        assert_eq!(read("b/copied").unwrap(), "put");
        assert_eq!(read("c/renamed").unwrap(), "put");
        assert_eq!(read("d/uploaded").unwrap(), "uploaded");
        assert!(read("a/put").is_err());
    }

    #[test]
    fn a_file_that_is_gone_cannot_be_synchronised_and_is_named() {
        let directory = tempfile::tempdir().unwrap();
        let error = sync_now(&directory.path().join("gone"))
            .unwrap_err()
            .to_string();
        assert!(error.contains("gone"), "{error}");
    }
}
