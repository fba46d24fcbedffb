//! Plays the engine: drives enumerators, readers and writers in a world.
#![allow(dead_code, unreachable_pub, clippy::unwrap_used, clippy::expect_used)]
#![allow(clippy::disallowed_methods, clippy::disallowed_types)]

pub mod compressed;
pub mod faults;

use std::collections::VecDeque;
use std::future::poll_fn;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};

use hurtig_connect::*;
use hurtig_connector_files::FileSplit;
use hurtig_env::World;
use hurtig_env::object_store::ObjectStoreExt;
use hurtig_metrics::MetricGroup;
use hurtig_types::{Data, Origin, Records, Result, batch_capacity};
use serde::{Deserialize, Serialize};

/// A row of the files that the tests write.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Row {
    pub id: u64,
    pub name: String,
}

pub fn row(id: u64) -> Row {
    Row {
        id,
        name: format!("n{}", id * id),
    }
}

/// Rows as CSV with a header.
pub fn csv(rows: impl IntoIterator<Item = u64>) -> String {
    let rows = rows.into_iter().map(row);
    std::iter::once("id,name\n".to_string())
        .chain(rows.map(|row| format!("{},{}\n", row.id, row.name)))
        .collect()
}

pub fn put(world: &World, path: &str, bytes: impl AsRef<[u8]>) {
    let place = world.storage().open(path).unwrap();
    let payload = bytes.as_ref().to_vec().into();
    world
        .block_on(place.store.put(&place.path, payload))
        .unwrap()
        .unwrap();
}

pub fn get(world: &World, path: &str) -> Vec<u8> {
    let place = world.storage().open(path).unwrap();
    world
        .block_on(async { place.store.get(&place.path).await?.bytes().await })
        .unwrap()
        .unwrap()
        .to_vec()
}

/// The names of all objects below a directory, hidden ones too, in order.
pub fn names(world: &World, directory: &str) -> Vec<String> {
    use futures::TryStreamExt;
    let place = world.storage().open(directory).unwrap();
    let listed = place.store.list(Some(&place.path)).try_collect::<Vec<_>>();
    let base = place.path.to_string();
    let mut names: Vec<String> = world
        .block_on(listed)
        .unwrap()
        .unwrap()
        .into_iter()
        .map(|meta| {
            meta.location.to_string()[base.len()..]
                .trim_start_matches('/')
                .to_string()
        })
        .collect();
    names.sort();
    names
}

/// The names of all files below a directory of the machine, in order.
pub fn names_on_disk(directory: &Path) -> Vec<String> {
    let mut names = Vec::new();
    let mut directories = vec![directory.to_path_buf()];
    while let Some(next) = directories.pop() {
        for entry in std::fs::read_dir(next).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                directories.push(path);
            } else {
                names.push(path.strip_prefix(directory).unwrap().display().to_string());
            }
        }
    }
    names.sort();
    names
}

/// What a source gave.
#[derive(Debug, Default)]
pub struct Output<T> {
    pub records: Vec<T>,
    pub bad: Vec<BadRecord>,
    pub origins: Vec<Origin>,
    pub finished: usize,
}

type Requests = Arc<Mutex<VecDeque<u32>>>;

/// A source that runs: an enumerator and readers.
pub struct Running<T: Data> {
    pub world: World,
    enumerator: Box<dyn SplitEnumerator<FileSplit>>,
    pub readers: Vec<Box<dyn SourceReader<T, FileSplit>>>,
    requests: Requests,
    pub metrics: MetricGroup,
    ended: Vec<bool>,
    pub rediscover: bool,
    pub output: Output<T>,
}

impl<T: Data> Running<T> {
    pub fn start(
        world: &World,
        source: &impl Source<Item = T, Split = FileSplit>,
        parallelism: u32,
    ) -> Result<Self> {
        let requests = Requests::default();
        let metrics = MetricGroup::unregistered();
        let mut readers = Vec::new();
        for subtask in 0..parallelism {
            let requests = Arc::clone(&requests);
            readers.push(source.create_reader(ReaderContext {
                subtask,
                parallelism,
                world: world.clone(),
                metrics: metrics.clone(),
                request_split: Box::new(move || requests.lock().unwrap().push_back(subtask)),
            })?);
        }
        let mut running = Self {
            world: world.clone(),
            enumerator: source.create_enumerator(world)?,
            ended: vec![false; readers.len()],
            readers,
            requests,
            metrics,
            rediscover: false,
            output: Output {
                records: Vec::new(),
                bad: Vec::new(),
                origins: Vec::new(),
                finished: 0,
            },
        };
        running.tell(EnumeratorEvent::Started { parallelism })?;
        running.discover()?;
        Ok(running)
    }

    pub fn tell(&mut self, event: EnumeratorEvent<FileSplit>) -> Result<()> {
        let mut actions = Vec::new();
        self.enumerator.step(event, &mut actions)?;
        for action in actions {
            match action {
                EnumeratorAction::Assign { subtask, splits } => {
                    self.readers[subtask as usize].add_splits(splits)?;
                }
                EnumeratorAction::NoMoreSplits { subtask } => {
                    self.readers[subtask as usize].no_more_splits();
                }
                EnumeratorAction::DiscoverAfter(_) => self.rediscover = true,
            }
        }
        Ok(())
    }

    /// Lists, if that is due.
    pub fn discover(&mut self) -> Result<()> {
        if std::mem::take(&mut self.rediscover) {
            let listing = self.enumerator.discover();
            let found = self.world.block_on(listing)??;
            self.tell(EnumeratorEvent::Discovered(found))?;
        }
        Ok(())
    }

    /// Answers requests, and polls every reader once. Whether anything happened.
    fn step(&mut self, context: &mut Context<'_>) -> Result<bool> {
        let mut happened = false;
        for index in 0..self.readers.len() {
            if self.ended[index] {
                continue;
            }
            let mut out = ReaderOutput::default();
            let polled = self.readers[index].poll_next(context, &mut out);
            if let Poll::Ready(event) = polled {
                happened = true;
                match event? {
                    ReaderEvent::Batch => {
                        assert!(!out.records.is_empty() || !out.bad.is_empty());
                    }
                    ReaderEvent::SplitFinished => self.output.finished += 1,
                    ReaderEvent::EndOfInput => self.ended[index] = true,
                }
                assert!(out.records.len() <= batch_capacity::<T>());
                if !out.records.is_empty() {
                    assert!(out.split().is_some() && !out.records.origin.is_unknown());
                    self.output.origins.push(out.records.origin.clone());
                }
                self.output.records.append(&mut out.records.values);
                self.output.bad.append(&mut out.bad);
            }
        }
        loop {
            let next = self.requests.lock().unwrap().pop_front();
            let Some(subtask) = next else {
                return Ok(happened);
            };
            self.tell(EnumeratorEvent::SplitRequested { subtask })?;
            happened = true;
        }
    }

    /// Runs until the predicate holds, or all readers have ended.
    pub fn run_until(&mut self, enough: impl Fn(&Output<T>) -> bool) -> Result<()> {
        let world = self.world.clone();
        world.block_on(poll_fn(|context| {
            loop {
                if enough(&self.output) || self.ended.iter().all(|ended| *ended) {
                    return Poll::Ready(Ok(()));
                }
                match self.step(context) {
                    Ok(true) => {}
                    Ok(false) => return Poll::Pending,
                    Err(error) => return Poll::Ready(Err(error)),
                }
            }
        }))?
    }

    pub fn snapshot(&self) -> Vec<FileSplit> {
        self.readers
            .iter()
            .flat_map(|reader| reader.snapshot())
            .collect()
    }
}

/// Runs a bounded source to its end.
pub fn read<T: Data>(
    world: &World,
    source: &impl Source<Item = T, Split = FileSplit>,
    parallelism: u32,
) -> Result<Output<T>> {
    world.block_on(source.check(world))??;
    let mut running = Running::start(world, source, parallelism)?;
    running.run_until(|_| false)?;
    assert_eq!(running.snapshot(), []);
    for reader in &mut running.readers {
        reader.close()?;
    }
    Ok(running.output)
}

/// A reader of its own, that gets its splits from the test.
pub fn reader<T: Data>(
    world: &World,
    source: &impl Source<Item = T, Split = FileSplit>,
) -> Box<dyn SourceReader<T, FileSplit>> {
    source
        .create_reader(ReaderContext {
            subtask: 0,
            parallelism: 1,
            world: world.clone(),
            metrics: MetricGroup::unregistered(),
            request_split: Box::new(|| {}),
        })
        .unwrap()
}

/// What a source's enumerator finds.
pub fn splits<T: Data>(
    world: &World,
    source: &impl Source<Item = T, Split = FileSplit>,
) -> Vec<FileSplit> {
    let mut enumerator = source.create_enumerator(world).unwrap();
    world.block_on(enumerator.discover()).unwrap().unwrap()
}

/// Reads on from a snapshot.
pub fn resume<T: Data>(
    world: &World,
    source: &impl Source<Item = T, Split = FileSplit>,
    splits: Vec<FileSplit>,
) -> Result<Vec<T>> {
    let mut reader = reader(world, source);
    // As a checkpoint stores them.
    let splits: Vec<FileSplit> =
        serde_json::from_str(&serde_json::to_string(&splits).unwrap()).unwrap();
    reader.add_splits(splits)?;
    reader.no_more_splits();
    let mut records = Vec::new();
    loop {
        let mut out = ReaderOutput::default();
        let event = world.block_on(poll_fn(|context| reader.poll_next(context, &mut out)))??;
        records.append(&mut out.records.values);
        if event == ReaderEvent::EndOfInput {
            return Ok(records);
        }
    }
}

pub fn writer_context(world: &World, subtask: u32, checkpoints: bool) -> WriterContext {
    WriterContext {
        subtask,
        parallelism: subtask + 1,
        checkpoints,
        world: world.clone(),
        metrics: MetricGroup::unregistered(),
    }
}

/// A sink's writer with what it was made of.
pub struct Writing<T> {
    pub world: World,
    pub writer: Box<dyn SinkWriter<T>>,
}

impl<T> Writing<T> {
    /// Without checkpoints.
    pub fn start(world: &World, sink: &impl Sink<T>, subtask: u32) -> Result<Self> {
        Self::start_with(sink, writer_context(world, subtask, false))
    }

    pub fn start_with(sink: &impl Sink<T>, context: WriterContext) -> Result<Self> {
        let world = context.world.clone();
        let writer = sink.create_writer(context)?;
        Ok(Self { world, writer })
    }

    /// A barrier passes.
    pub fn pre_commit(&mut self) -> Result<Vec<Vec<u8>>> {
        let prepared = poll_fn(|context| self.writer.poll_pre_commit(context));
        Ok(self.world.block_on(prepared)??.committables)
    }

    pub fn write(&mut self, values: Vec<T>) -> Result<()> {
        let mut batch = Records::from_values(values);
        let written = poll_fn(|context| self.writer.poll_write(context, &mut batch));
        self.world.block_on(written)??;
        assert!(batch.is_empty());
        Ok(())
    }

    /// Lets virtual time pass, calling the writer when it wants to be called.
    pub fn pass(&mut self, time: std::time::Duration) -> Result<()> {
        let clock = self.world.clock().clone();
        let end = clock.wall_clock_ms() + time.as_millis() as i64;
        loop {
            let now = clock.wall_clock_ms();
            let next = self
                .writer
                .next_time()
                .map_or(end, |next| next.as_millis().min(end));
            let nap = std::time::Duration::from_millis(next.saturating_sub(now).max(0) as u64);
            self.world.block_on(clock.sleep(nap))?;
            let now = hurtig_types::Timestamp::from_millis(clock.wall_clock_ms());
            if self.writer.next_time().is_some_and(|next| next <= now) {
                self.writer.on_time(now)?;
            }
            if now.as_millis() >= end {
                return Ok(());
            }
        }
    }

    pub fn finish(mut self) -> Result<()> {
        self.world
            .block_on(poll_fn(|context| self.writer.poll_flush(context)))??;
        self.writer.close()
    }
}
