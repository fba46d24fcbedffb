//! A store that fails at a commit, now and then.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use futures::StreamExt;
use futures::stream::BoxStream;
use hurtig_env::object_store::path::Path;
use hurtig_env::object_store::{
    CopyOptions, Error, GetOptions, GetResult, ListResult, MultipartUpload, ObjectMeta,
    ObjectStore, PutMultipartOptions, PutOptions, PutPayload, PutResult, Result,
};

/// Passes everything on, but lets every `period`-th copy and every `period`-th deletion fail. It can't rename: that is a copy and a
/// deletion.
#[derive(Debug)]
pub struct FaultyStore {
    pub inner: Arc<dyn ObjectStore>,
    period: u64,
    copies: AtomicU64,
    deletions: Arc<AtomicU64>,
}

impl FaultyStore {
    pub fn new(inner: Arc<dyn ObjectStore>, period: u64) -> Self {
        Self {
            inner,
            period,
            copies: AtomicU64::new(0),
            deletions: Arc::default(),
        }
    }
}

fn fault(count: &AtomicU64, period: u64) -> Result<()> {
    if count.fetch_add(1, Ordering::Relaxed) % period != period - 1 {
        return Ok(());
    }
    Err(Error::Generic {
        store: "faulty",
        source: "the disk is on fire".into(),
    })
}

impl fmt::Display for FaultyStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Faulty")
    }
}

#[async_trait::async_trait]
impl ObjectStore for FaultyStore {
    async fn put_opts(
        &self,
        location: &Path,
        payload: PutPayload,
        options: PutOptions,
    ) -> Result<PutResult> {
        self.inner.put_opts(location, payload, options).await
    }

    async fn put_multipart_opts(
        &self,
        location: &Path,
        options: PutMultipartOptions,
    ) -> Result<Box<dyn MultipartUpload>> {
        self.inner.put_multipart_opts(location, options).await
    }

    async fn get_opts(&self, location: &Path, options: GetOptions) -> Result<GetResult> {
        self.inner.get_opts(location, options).await
    }

    fn delete_stream(
        &self,
        locations: BoxStream<'static, Result<Path>>,
    ) -> BoxStream<'static, Result<Path>> {
        let (deletions, period) = (Arc::clone(&self.deletions), self.period);
        let checked = locations.map(move |location| {
            location.and_then(|it| match it.filename() {
                // The sink looks whether it can write before the job starts.
                Some(name) if name.starts_with(".check") => Ok(it),
                _ => fault(&deletions, period).map(|()| it),
            })
        });
        // Those that fail are left out of what the inner store is asked for.
        let inner = Arc::clone(&self.inner);
        checked
            .then(move |location| {
                let inner = Arc::clone(&inner);
                async move {
                    let location = location?;
                    let one = futures::stream::iter([Ok(location)]).boxed();
                    inner.delete_stream(one).next().await.unwrap()
                }
            })
            .boxed()
    }

    fn list(&self, prefix: Option<&Path>) -> BoxStream<'static, Result<ObjectMeta>> {
        self.inner.list(prefix)
    }

    async fn list_with_delimiter(&self, prefix: Option<&Path>) -> Result<ListResult> {
        self.inner.list_with_delimiter(prefix).await
    }

    async fn copy_opts(&self, from: &Path, to: &Path, options: CopyOptions) -> Result<()> {
        fault(&self.copies, self.period)?;
        self.inner.copy_opts(from, to, options).await
    }
}
