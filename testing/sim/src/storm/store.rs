//! A disk that loses answers, tears writes, fills up, takes its time, and reads wrong; and forgets what was not synchronised.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use futures::stream::BoxStream;
use futures::{FutureExt, StreamExt, stream};
use hurtig_env::object_store::memory::InMemory;
use hurtig_env::object_store::path::Path;
use hurtig_env::object_store::{
    CopyOptions, Error, GetOptions, GetResult, GetResultPayload, ListResult, MultipartUpload,
    ObjectMeta, ObjectStore, PutMultipartOptions, PutOptions, PutPayload, PutResult, Result,
};
use hurtig_env::{Clock, Disk, yield_now};

use super::Storm;

/// What goes wrong with a request that writes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum PutFault {
    /// It is refused.
    Refused,
    /// It is done, and the answer is lost.
    AnswerLost,
    /// A part of it is done, then it fails.
    Torn,
    /// It takes long.
    Stuck,
    /// There is no room.
    Full,
}

/// What goes wrong with a request to synchronise.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum SyncFault {
    /// It fails, and what was written may never come to the disk.
    SyncFailed,
    /// It takes long.
    SyncStuck,
}

/// What goes wrong with a request that reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum GetFault {
    Refused,
    Stuck,
    /// A bit is not what was written.
    Flipped,
}

/// Called with the path of each object that is there from now on.
pub(crate) type Written = Box<dyn Fn(&Path) + Send + Sync>;

/// Files in memory, under the storm.
pub(crate) struct FaultyStore {
    inner: Arc<InMemory>,
    storm: Storm,
    clock: Clock,
    written: Written,
}

impl FaultyStore {
    /// A store over `inner`, whose objects are told to `written`.
    pub(crate) fn new(inner: Arc<InMemory>, storm: Storm, clock: Clock, written: Written) -> Self {
        Self {
            inner,
            storm,
            clock,
            written,
        }
    }

    /// Lets others run, and some time pass.
    async fn travel(&self) {
        yield_now().await;
        let latency = self.storm.0.state.lock().latency();
        if !latency.is_zero() {
            self.clock.sleep(latency).await;
        }
        self.be_alive().await;
    }

    async fn be_stuck(&self) {
        let stuck = self.storm.0.state.lock().store.stuck;
        self.clock.sleep(stuck).await;
        self.be_alive().await;
    }

    /// Of a process that is dead nothing comes any more.
    async fn be_alive(&self) {
        if self.storm.is_dead() {
            std::future::pending::<()>().await;
        }
    }

    fn strikes<T: Copy + fmt::Debug>(&self, faults: &[T], path: &Path) -> Option<T> {
        let fault = self.storm.0.state.lock().draw_fault(faults)?;
        self.tell(fault, path);
        Some(fault)
    }

    fn tell(&self, fault: impl fmt::Debug, path: &Path) {
        let name = format!("{fault:?}").to_lowercase();
        self.storm.marks().hit(format!("store.{name}"));
        self.storm
            .trace()
            .line(format_args!("store: {name}: {path}"));
    }

    fn put_fault(&self, path: &Path) -> Option<PutFault> {
        let now = Duration::from_nanos(self.clock.now().as_nanos());
        let full = self.storm.0.state.lock().store.full;
        if full.is_some_and(|(from, until)| (from..until).contains(&now)) {
            self.tell(PutFault::Full, path);
            return Some(PutFault::Full);
        }
        let faults = [
            PutFault::Refused,
            PutFault::AnswerLost,
            PutFault::Torn,
            PutFault::Stuck,
        ];
        self.strikes(&faults, path)
    }

    async fn put_whole(
        &self,
        path: &Path,
        payload: PutPayload,
        options: PutOptions,
    ) -> Result<PutResult> {
        let put = self.inner.put_opts(path, payload, options).await?;
        self.storm.unsynced(path);
        (self.written)(path);
        Ok(put)
    }

    /// As a disk that fills up, or a process that dies: what was written is there.
    async fn put_torn(&self, path: &Path, payload: PutPayload, options: PutOptions) {
        let bytes = Bytes::from(payload);
        let torn = bytes.slice(..bytes.len() / 2);
        // Where something is already that may not be replaced, nothing is torn.
        let _ = self.inner.put_opts(path, torn.into(), options).await;
        self.storm.unsynced(path);
    }
}

#[async_trait]
impl Disk for FaultyStore {
    fn files(&self) -> &dyn ObjectStore {
        self
    }

    async fn sync(&self, path: &Path) -> Result<()> {
        self.travel().await;
        match self.strikes(&[SyncFault::SyncFailed, SyncFault::SyncStuck], path) {
            None => {}
            Some(SyncFault::SyncStuck) => self.be_stuck().await,
            Some(SyncFault::SyncFailed) => return Err(refused("Input/output error")),
        }
        self.storm.synced(path);
        Ok(())
    }
}

impl super::State {
    fn draw_fault<T: Copy>(&mut self, faults: &[T]) -> Option<T> {
        if self.store.requests_left == 0 || !self.rng.bool(self.store.share) {
            return None;
        }
        self.store.requests_left -= 1;
        self.rng.choose(faults).copied()
    }

    fn latency(&mut self) -> Duration {
        let most = self.store.latency.as_micros() as u64;
        Duration::from_micros(self.rng.below(most + 1))
    }
}

/// A write that nobody waits for any more when it is dropped: its process was killed. It may have been done, or half done, or not.
struct OnItsWay<'a> {
    store: &'a FaultyStore,
    path: &'a Path,
    put: Option<(PutPayload, PutOptions)>,
}

impl Drop for OnItsWay<'_> {
    fn drop(&mut self) {
        let Some((payload, options)) = self.put.take() else {
            return;
        };
        let (store, path) = (self.store, self.path);
        let fate = store.storm.0.state.lock().rng.below(3);
        // The store in memory answers at once.
        let fate = match fate {
            0 => "lost",
            1 => {
                let _ = store.put_torn(path, payload, options).now_or_never();
                "torn"
            }
            _ => {
                let _ = store.put_whole(path, payload, options).now_or_never();
                "whole"
            }
        };
        store.storm.marks().hit(format!("unanswered.{fate}"));
        let line = format_args!("store: never answered, and {fate}: {path}");
        store.storm.trace().line(line);
    }
}

fn refused(what: &str) -> Error {
    Error::Generic {
        store: "Faulty",
        source: Box::new(std::io::Error::other(what.to_string())),
    }
}

impl fmt::Debug for FaultyStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("FaultyStore")
    }
}

impl fmt::Display for FaultyStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Faulty")
    }
}

#[async_trait]
impl ObjectStore for FaultyStore {
    async fn put_opts(
        &self,
        path: &Path,
        payload: PutPayload,
        options: PutOptions,
    ) -> Result<PutResult> {
        let mut on_its_way = OnItsWay {
            store: self,
            path,
            put: Some((payload.clone(), options.clone())),
        };
        self.travel().await;
        let fault = self.put_fault(path);
        if fault == Some(PutFault::Stuck) {
            self.be_stuck().await;
        }
        on_its_way.put = None;
        match fault {
            None | Some(PutFault::Stuck) => self.put_whole(path, payload, options).await,
            Some(PutFault::Refused) => Err(refused("the store is busy")),
            Some(PutFault::Full) => Err(refused("No space left on device")),
            Some(PutFault::AnswerLost) => {
                self.put_whole(path, payload, options).await?;
                Err(refused("the connection was closed"))
            }
            Some(PutFault::Torn) => {
                self.put_torn(path, payload, options).await;
                Err(refused("the disk went away"))
            }
        }
    }

    async fn put_multipart_opts(
        &self,
        path: &Path,
        options: PutMultipartOptions,
    ) -> Result<Box<dyn MultipartUpload>> {
        self.travel().await;
        self.inner.put_multipart_opts(path, options).await
    }

    async fn get_opts(&self, path: &Path, options: GetOptions) -> Result<GetResult> {
        self.travel().await;
        let faults = [GetFault::Refused, GetFault::Stuck, GetFault::Flipped];
        match self.strikes(&faults, path) {
            None => self.inner.get_opts(path, options).await,
            Some(GetFault::Refused) => Err(refused("the store is busy")),
            Some(GetFault::Stuck) => {
                self.be_stuck().await;
                self.inner.get_opts(path, options).await
            }
            Some(GetFault::Flipped) => {
                let got = self.inner.get_opts(path, options).await?;
                flipped(got).await
            }
        }
    }

    fn delete_stream(
        &self,
        paths: BoxStream<'static, Result<Path>>,
    ) -> BoxStream<'static, Result<Path>> {
        if self
            .strikes(&[PutFault::Refused], &Path::from("deletion"))
            .is_some()
        {
            let refuse = |path: Result<Path>| path.and_then(|_| Err(refused("the store is busy")));
            return paths.map(refuse).boxed();
        }
        let turn = stream::once(yield_now()).filter_map(|()| std::future::ready(None));
        self.inner.delete_stream(turn.chain(paths).boxed())
    }

    fn list(&self, prefix: Option<&Path>) -> BoxStream<'static, Result<ObjectMeta>> {
        self.inner.list(prefix)
    }

    async fn list_with_delimiter(&self, prefix: Option<&Path>) -> Result<ListResult> {
        self.travel().await;
        let path = prefix.cloned().unwrap_or_default();
        if self.strikes(&[GetFault::Refused], &path).is_some() {
            return Err(refused("the store is busy"));
        }
        self.inner.list_with_delimiter(prefix).await
    }

    async fn copy_opts(&self, from: &Path, to: &Path, options: CopyOptions) -> Result<()> {
        self.travel().await;
        self.inner.copy_opts(from, to, options).await
    }
}

/// The same with one bit turned over.
async fn flipped(got: GetResult) -> Result<GetResult> {
    let (meta, range, attributes) = (got.meta.clone(), got.range.clone(), got.attributes.clone());
    let mut bytes = got.bytes().await?.to_vec();
    let middle = bytes.len() / 2;
    if let Some(byte) = bytes.get_mut(middle) {
        *byte ^= 4;
    }
    let once = stream::once(async move { Ok(Bytes::from(bytes)) });
    Ok(GetResult {
        payload: GetResultPayload::Stream(once.boxed()),
        meta,
        range,
        attributes,
    })
}
