//! Files of the machine, which outlive it: what was written is on the disk before anybody is told so.

use std::fmt;
use std::fs::File;
use std::io;
use std::ops::Range;
use std::path::{Path as FilePath, PathBuf};

use async_trait::async_trait;
use bytes::Bytes;
use futures::stream::BoxStream;
use object_store::local::LocalFileSystem;
use object_store::path::Path;
use object_store::*;

/// A local file system whose writes are synchronised with the disk: a checkpoint that was acknowledged is there after the power has gone.
///
/// A file is renamed into its place and then synchronised, so that a machine that stops in between leaves it torn: who reads must check
/// what he reads, as whoever reads checkpoints does.
#[derive(Debug)]
pub(crate) struct DurableFiles(LocalFileSystem);

impl DurableFiles {
    pub(crate) fn new() -> Self {
        Self(LocalFileSystem::new())
    }

    /// Waits until a file, and its name in its directory, are on the disk.
    async fn sync(&self, location: &Path) -> Result<()> {
        sync(self.0.path_to_filesystem(location)?).await
    }
}

impl fmt::Display for DurableFiles {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
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

#[async_trait]
impl ObjectStore for DurableFiles {
    async fn put_opts(
        &self,
        location: &Path,
        payload: PutPayload,
        options: PutOptions,
    ) -> Result<PutResult> {
        let put = self.0.put_opts(location, payload, options).await?;
        self.sync(location).await?;
        Ok(put)
    }

    async fn put_multipart_opts(
        &self,
        location: &Path,
        options: PutMultipartOptions,
    ) -> Result<Box<dyn MultipartUpload>> {
        let upload = self.0.put_multipart_opts(location, options).await?;
        let path = self.0.path_to_filesystem(location)?;
        Ok(Box::new(DurableUpload { upload, path }))
    }

    async fn get_opts(&self, location: &Path, options: GetOptions) -> Result<GetResult> {
        self.0.get_opts(location, options).await
    }

    async fn get_ranges(&self, location: &Path, ranges: &[Range<u64>]) -> Result<Vec<Bytes>> {
        self.0.get_ranges(location, ranges).await
    }

    fn delete_stream(
        &self,
        locations: BoxStream<'static, Result<Path>>,
    ) -> BoxStream<'static, Result<Path>> {
        self.0.delete_stream(locations)
    }

    fn list(&self, prefix: Option<&Path>) -> BoxStream<'static, Result<ObjectMeta>> {
        self.0.list(prefix)
    }

    fn list_with_offset(
        &self,
        prefix: Option<&Path>,
        offset: &Path,
    ) -> BoxStream<'static, Result<ObjectMeta>> {
        self.0.list_with_offset(prefix, offset)
    }

    async fn list_with_delimiter(&self, prefix: Option<&Path>) -> Result<ListResult> {
        self.0.list_with_delimiter(prefix).await
    }

    async fn copy_opts(&self, from: &Path, to: &Path, options: CopyOptions) -> Result<()> {
        self.0.copy_opts(from, to, options).await?;
        self.sync(to).await
    }

    async fn rename_opts(&self, from: &Path, to: &Path, options: RenameOptions) -> Result<()> {
        self.0.rename_opts(from, to, options).await?;
        self.sync(to).await
    }
}

/// A file in parts.
#[derive(Debug)]
struct DurableUpload {
    upload: Box<dyn MultipartUpload>,
    path: PathBuf,
}

#[async_trait]
impl MultipartUpload for DurableUpload {
    fn put_part(&mut self, data: PutPayload) -> UploadPart {
        self.upload.put_part(data)
    }

    async fn complete(&mut self) -> Result<PutResult> {
        let put = self.upload.complete().await?;
        sync(self.path.clone()).await?;
        Ok(put)
    }

    async fn abort(&mut self) -> Result<()> {
        self.upload.abort().await
    }
}

#[cfg(test)]
mod tests {
    use futures::executor::block_on;

    use super::*;

    /// What is on the disk nobody can see but by pulling the plug; that files are where they should be, anybody can.
    #[test]
    #[allow(clippy::disallowed_methods, reason = "there is no world here")]
    fn what_is_put_copied_renamed_or_uploaded_is_there() {
        let directory = tempfile::tempdir().unwrap();
        let at =
            |name: &str| Path::from_absolute_path(directory.path().join("new").join(name)).unwrap();
        let files = DurableFiles::new();
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
