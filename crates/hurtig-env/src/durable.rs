//! Files that outlive the machine: what was written is on the disk before anybody is told so.

use std::fmt;
use std::ops::Range;
use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use futures::stream::BoxStream;
use object_store::path::Path;
use object_store::*;

/// Files that are there once they are written, and stay there once they are synchronised: in between, a machine that goes down may lose
/// them, or half of them.
#[async_trait]
pub trait Disk: fmt::Debug + Send + Sync + 'static {
    /// The files, none of which is synchronised by being written.
    fn files(&self) -> &dyn ObjectStore;

    /// Waits until a file, and its name in its directory, are on the disk.
    ///
    /// # Errors
    /// When they may not be. What is there then is not to be relied on, not even if another call succeeds.
    async fn sync(&self, path: &Path) -> Result<()>;
}

/// A disk whose writes are synchronised: a checkpoint that was acknowledged is there after the power has gone.
///
/// A file is put into its place and then synchronised, so that a machine that stops in between leaves it torn: who reads must check
/// what he reads, as whoever reads checkpoints does. One that could not be synchronised is taken away again, lest somebody reads it
/// back and believes that it is stored. Who may not write a file because it is there already may rely on it: it is synchronised by then.
///
/// ```
/// use std::sync::Arc;
/// use hurtig_env::{Disk, Durable, World};
/// use hurtig_env::object_store::{ObjectStore, ObjectStoreExt, Result, memory::InMemory, path::Path};
///
/// /// Loses nothing, for it has nothing to lose.
/// #[derive(Debug)]
/// struct Memory(InMemory);
///
/// #[async_trait::async_trait]
/// impl Disk for Memory {
///     fn files(&self) -> &dyn ObjectStore {
///         &self.0
///     }
///
///     async fn sync(&self, _: &Path) -> Result<()> {
///         Ok(())
///     }
/// }
///
/// let disk = Durable::new(Arc::new(Memory(InMemory::new())));
/// let path = Path::from("a");
/// let put = disk.put(&path, "text".into());
/// assert!(World::simulated(1).block_on(put)?.is_ok());
/// # Ok::<(), hurtig_types::Error>(())
/// ```
#[derive(Debug)]
pub struct Durable<D>(Arc<D>);

impl<D: Disk> Durable<D> {
    /// The files of `disk`.
    pub fn new(disk: Arc<D>) -> Self {
        Self(disk)
    }

    async fn settle(&self, path: &Path) -> Result<()> {
        settle(&*self.0, path).await
    }
}

/// Synchronises a file that was written just now.
async fn settle(disk: &impl Disk, path: &Path) -> Result<()> {
    #[cfg(feature = "planted-bugs")]
    if crate::planted::is_sync_skipped() {
        return Ok(());
    }
    let synced = disk.sync(path).await;
    if synced.is_err() {
        // Its own error is the less telling one.
        let _ = disk.files().delete(path).await;
    }
    synced
}

impl<D: Disk> fmt::Display for Durable<D> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0.files())
    }
}

#[async_trait]
impl<D: Disk> ObjectStore for Durable<D> {
    async fn put_opts(
        &self,
        path: &Path,
        payload: PutPayload,
        options: PutOptions,
    ) -> Result<PutResult> {
        let put = self.0.files().put_opts(path, payload, options).await;
        match &put {
            Ok(_) => self.settle(path).await?,
            // Whoever wrote it may not have come to synchronise it.
            Err(Error::AlreadyExists { .. }) => self.0.sync(path).await?,
            Err(_) => {}
        }
        put
    }

    async fn put_multipart_opts(
        &self,
        path: &Path,
        options: PutMultipartOptions,
    ) -> Result<Box<dyn MultipartUpload>> {
        let upload = self.0.files().put_multipart_opts(path, options).await?;
        Ok(Box::new(DurableUpload {
            upload,
            disk: self.0.clone(),
            path: path.clone(),
        }))
    }

    async fn get_opts(&self, path: &Path, options: GetOptions) -> Result<GetResult> {
        self.0.files().get_opts(path, options).await
    }

    async fn get_ranges(&self, path: &Path, ranges: &[Range<u64>]) -> Result<Vec<Bytes>> {
        self.0.files().get_ranges(path, ranges).await
    }

    fn delete_stream(
        &self,
        paths: BoxStream<'static, Result<Path>>,
    ) -> BoxStream<'static, Result<Path>> {
        self.0.files().delete_stream(paths)
    }

    fn list(&self, prefix: Option<&Path>) -> BoxStream<'static, Result<ObjectMeta>> {
        self.0.files().list(prefix)
    }

    fn list_with_offset(
        &self,
        prefix: Option<&Path>,
        offset: &Path,
    ) -> BoxStream<'static, Result<ObjectMeta>> {
        self.0.files().list_with_offset(prefix, offset)
    }

    async fn list_with_delimiter(&self, prefix: Option<&Path>) -> Result<ListResult> {
        self.0.files().list_with_delimiter(prefix).await
    }

    async fn copy_opts(&self, from: &Path, to: &Path, options: CopyOptions) -> Result<()> {
        self.0.files().copy_opts(from, to, options).await?;
        self.settle(to).await
    }

    async fn rename_opts(&self, from: &Path, to: &Path, options: RenameOptions) -> Result<()> {
        self.0.files().rename_opts(from, to, options).await?;
        // The original is gone: taking this one away as well would leave nothing.
        self.0.sync(to).await
    }
}

/// A file in parts.
#[derive(Debug)]
struct DurableUpload<D> {
    upload: Box<dyn MultipartUpload>,
    disk: Arc<D>,
    path: Path,
}

#[async_trait]
impl<D: Disk> MultipartUpload for DurableUpload<D> {
    fn put_part(&mut self, data: PutPayload) -> UploadPart {
        self.upload.put_part(data)
    }

    async fn complete(&mut self) -> Result<PutResult> {
        let put = self.upload.complete().await?;
        settle(&*self.disk, &self.path).await?;
        Ok(put)
    }

    async fn abort(&mut self) -> Result<()> {
        self.upload.abort().await
    }
}

#[cfg(test)]
mod tests {
    use futures::executor::block_on;
    use object_store::memory::InMemory;
    use parking_lot::Mutex;

    use super::*;

    /// Remembers what was synchronised, unless it is broken.
    #[derive(Debug, Default)]
    struct Notebook {
        files: InMemory,
        synced: Mutex<Vec<String>>,
        is_broken: bool,
    }

    #[async_trait]
    impl Disk for Notebook {
        fn files(&self) -> &dyn ObjectStore {
            &self.files
        }

        async fn sync(&self, path: &Path) -> Result<()> {
            if self.is_broken {
                return Err(Error::NotImplemented {
                    operation: "sync".into(),
                    implementer: "Notebook".into(),
                });
            }
            self.synced.lock().push(path.to_string());
            Ok(())
        }
    }

    #[test]
    #[allow(clippy::disallowed_methods, reason = "there is no world here")]
    fn every_way_to_write_synchronises_and_so_does_finding_the_file_there() {
        let disk = Arc::new(Notebook::default());
        let files = Durable::new(disk.clone());
        let at = |name: &str| Path::from(name);
        block_on(async {
            files.put(&at("put"), "x".into()).await?;
            files.copy(&at("put"), &at("copied")).await?;
            files.rename(&at("copied"), &at("renamed")).await?;
            let mut upload = files.put_multipart(&at("uploaded")).await?;
            upload.put_part("x".into()).await?;
            upload.complete().await?;
            let create = PutMode::Create.into();
            let again = files.put_opts(&at("put"), "x".into(), create).await;
            assert!(
                matches!(again, Err(Error::AlreadyExists { .. })),
                "{again:?}"
            );
            Ok::<_, Error>(())
        })
        .unwrap();
        let expected = ["put", "copied", "renamed", "uploaded", "put"];
        assert_eq!(*disk.synced.lock(), expected);
    }

    #[test]
    #[allow(clippy::disallowed_methods, reason = "there is no world here")]
    fn what_could_not_be_synchronised_is_not_there_to_be_believed_in() {
        let disk = Arc::new(Notebook {
            is_broken: true,
            ..Notebook::default()
        });
        let files = Durable::new(disk.clone());
        block_on(async {
            assert!(files.put(&Path::from("a"), "x".into()).await.is_err());
            assert!(files.head(&Path::from("a")).await.is_err());
        });
    }
}
