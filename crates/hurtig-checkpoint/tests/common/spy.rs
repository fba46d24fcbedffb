//! A store in memory that counts what is asked of it, and refuses or holds back writes when told to.

use std::fmt;
use std::ops::Range;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use async_trait::async_trait;
use futures::stream::BoxStream;
use hurtig_env::object_store::memory::InMemory;
use hurtig_env::object_store::path::Path;
use hurtig_env::object_store::*;
use hurtig_env::{Clock, yield_now};

#[derive(Default)]
pub(crate) struct Spy {
    inner: InMemory,
    pub(crate) bytes_read: AtomicU64,
    pub(crate) is_full: AtomicBool,
    pub(crate) is_stuck: AtomicBool,
    /// How long a write takes.
    pub(crate) write_ms: AtomicU64,
    pub(crate) clock: OnceLock<Clock>,
}

impl Spy {
    async fn may_write(&self) -> Result<()> {
        yield_now().await;
        let write_ms = self.write_ms.load(Ordering::Relaxed);
        if let (1.., Some(clock)) = (write_ms, self.clock.get()) {
            clock.sleep(Duration::from_millis(write_ms)).await;
        }
        while self.is_stuck.load(Ordering::Relaxed) {
            yield_now().await;
        }
        if self.is_full.load(Ordering::Relaxed) {
            let source = Box::new(std::io::Error::other("No space left on device"));
            return Err(Error::Generic {
                store: "Spy",
                source,
            });
        }
        Ok(())
    }

    /// The names of all state files.
    pub(crate) async fn files(&self) -> Vec<Path> {
        use futures::TryStreamExt;
        let listed = self.inner.list(None).map_ok(|object| object.location);
        listed.try_collect().await.unwrap()
    }
}

impl fmt::Debug for Spy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Spy")
    }
}

impl fmt::Display for Spy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Spy")
    }
}

#[async_trait]
impl ObjectStore for Spy {
    async fn put_opts(
        &self,
        location: &Path,
        payload: PutPayload,
        options: PutOptions,
    ) -> Result<PutResult> {
        // As a disk does that fills up: what fits is there.
        let part = PutPayload::from_static(b"torn");
        self.inner
            .put_opts(location, part, PutOptions::default())
            .await?;
        self.may_write().await?;
        self.inner.put_opts(location, payload, options).await
    }

    async fn put_multipart_opts(
        &self,
        location: &Path,
        options: PutMultipartOptions,
    ) -> Result<Box<dyn MultipartUpload>> {
        self.may_write().await?;
        self.inner.put_multipart_opts(location, options).await
    }

    async fn get_opts(&self, location: &Path, options: GetOptions) -> Result<GetResult> {
        let got = self.inner.get_opts(location, options).await?;
        let Range { start, end } = got.range;
        self.bytes_read.fetch_add(end - start, Ordering::Relaxed);
        Ok(got)
    }

    fn delete_stream(
        &self,
        locations: BoxStream<'static, Result<Path>>,
    ) -> BoxStream<'static, Result<Path>> {
        self.inner.delete_stream(locations)
    }

    fn list(&self, prefix: Option<&Path>) -> BoxStream<'static, Result<ObjectMeta>> {
        self.inner.list(prefix)
    }

    async fn list_with_delimiter(&self, prefix: Option<&Path>) -> Result<ListResult> {
        self.inner.list_with_delimiter(prefix).await
    }

    async fn copy_opts(&self, from: &Path, to: &Path, options: CopyOptions) -> Result<()> {
        self.inner.copy_opts(from, to, options).await
    }
}

pub(crate) fn spy() -> Arc<Spy> {
    Arc::new(Spy::default())
}
