//! An object store in memory that lives in virtual time.
//!
//! `InMemory` by itself answers at once and stamps objects with the machine's clock. Here every operation first
//! lets others run, so that the seed decides who is first, and objects were modified when the world's clock says.

use std::collections::BTreeMap;
use std::fmt;
use std::ops::Range;
use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use chrono::{DateTime, Utc};
use futures::stream::BoxStream;
use futures::{FutureExt, StreamExt, stream};
use object_store::memory::InMemory;
use object_store::path::Path;
use object_store::{
    CopyOptions, GetOptions, GetResult, ListResult, MultipartUpload, ObjectMeta, ObjectStore,
    PutMultipartOptions, PutOptions, PutPayload, PutResult, Result, UploadPart,
};
use parking_lot::Mutex;

use crate::{Clock, yield_now};

#[derive(Debug)]
pub(crate) struct SimulatedStore {
    inner: InMemory,
    stamps: Arc<Stamps>,
}

/// When each object was written last, by the world's clock.
struct Stamps {
    clock: Clock,
    written: Mutex<BTreeMap<Path, DateTime<Utc>>>,
}

impl Stamps {
    fn stamp(&self, path: &Path) {
        let now = DateTime::from_timestamp_millis(self.clock.wall_clock_ms()).unwrap_or_default();
        self.written.lock().insert(path.clone(), now);
    }

    fn correct(&self, mut meta: ObjectMeta) -> ObjectMeta {
        meta.last_modified = self
            .written
            .lock()
            .get(&meta.location)
            .copied()
            .unwrap_or_default();
        meta
    }
}

impl fmt::Debug for Stamps {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} objects written", self.written.lock().len())
    }
}

impl SimulatedStore {
    pub(crate) fn new(clock: Clock) -> Self {
        Self {
            inner: InMemory::new(),
            stamps: Arc::new(Stamps {
                clock,
                written: Mutex::default(),
            }),
        }
    }

    fn corrected(
        &self,
        list: BoxStream<'static, Result<ObjectMeta>>,
    ) -> BoxStream<'static, Result<ObjectMeta>> {
        let stamps = self.stamps.clone();
        list.map(move |meta| meta.map(|meta| stamps.correct(meta)))
            .boxed()
    }
}

impl fmt::Display for SimulatedStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Simulated")
    }
}

#[async_trait]
impl ObjectStore for SimulatedStore {
    async fn put_opts(
        &self,
        location: &Path,
        payload: PutPayload,
        options: PutOptions,
    ) -> Result<PutResult> {
        yield_now().await;
        let result = self.inner.put_opts(location, payload, options).await?;
        self.stamps.stamp(location);
        Ok(result)
    }

    async fn put_multipart_opts(
        &self,
        location: &Path,
        options: PutMultipartOptions,
    ) -> Result<Box<dyn MultipartUpload>> {
        yield_now().await;
        let inner = self.inner.put_multipart_opts(location, options).await?;
        Ok(Box::new(SimulatedUpload {
            inner,
            location: location.clone(),
            stamps: self.stamps.clone(),
        }))
    }

    async fn get_opts(&self, location: &Path, mut options: GetOptions) -> Result<GetResult> {
        yield_now().await;
        // The inner store knows other times than ours, so conditions on them are ours to check.
        let unconditional = GetOptions::default();
        let meta = self
            .stamps
            .correct(self.inner.get_opts(location, unconditional).await?.meta);
        options.check_preconditions(&meta)?;
        options.if_modified_since = None;
        options.if_unmodified_since = None;
        let mut result = self.inner.get_opts(location, options).await?;
        result.meta = meta;
        Ok(result)
    }

    async fn get_ranges(&self, location: &Path, ranges: &[Range<u64>]) -> Result<Vec<Bytes>> {
        yield_now().await;
        self.inner.get_ranges(location, ranges).await
    }

    fn delete_stream(
        &self,
        locations: BoxStream<'static, Result<Path>>,
    ) -> BoxStream<'static, Result<Path>> {
        let turn = stream::once(yield_now()).filter_map(|()| std::future::ready(None));
        self.inner.delete_stream(turn.chain(locations).boxed())
    }

    fn list(&self, prefix: Option<&Path>) -> BoxStream<'static, Result<ObjectMeta>> {
        self.corrected(self.inner.list(prefix))
    }

    fn list_with_offset(
        &self,
        prefix: Option<&Path>,
        offset: &Path,
    ) -> BoxStream<'static, Result<ObjectMeta>> {
        self.corrected(self.inner.list_with_offset(prefix, offset))
    }

    async fn list_with_delimiter(&self, prefix: Option<&Path>) -> Result<ListResult> {
        yield_now().await;
        let mut result = self.inner.list_with_delimiter(prefix).await?;
        result.objects = result
            .objects
            .into_iter()
            .map(|meta| self.stamps.correct(meta))
            .collect();
        Ok(result)
    }

    async fn copy_opts(&self, from: &Path, to: &Path, options: CopyOptions) -> Result<()> {
        yield_now().await;
        self.inner.copy_opts(from, to, options).await?;
        self.stamps.stamp(to);
        Ok(())
    }
}

#[derive(Debug)]
struct SimulatedUpload {
    inner: Box<dyn MultipartUpload>,
    location: Path,
    stamps: Arc<Stamps>,
}

#[async_trait]
impl MultipartUpload for SimulatedUpload {
    fn put_part(&mut self, data: PutPayload) -> UploadPart {
        let part = self.inner.put_part(data);
        yield_now().then(|()| part).boxed()
    }

    async fn complete(&mut self) -> Result<PutResult> {
        yield_now().await;
        let result = self.inner.complete().await?;
        self.stamps.stamp(&self.location);
        Ok(result)
    }

    async fn abort(&mut self) -> Result<()> {
        yield_now().await;
        self.inner.abort().await
    }
}
