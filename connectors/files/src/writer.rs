//! The half of the sink that lives in a subtask.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use hurtig_connect::{EncodingFormat, PreCommit, SinkWriter, WriterContext, encode_value};
use hurtig_env::Lane;
use hurtig_metrics::{Counter, names};
use hurtig_types::{Error, Records, Result, Timestamp};

use crate::bucket::{Buckets, check_bucket};
use crate::commit::{FinishedFile, remove};
use crate::part::Part;
use crate::sink::SinkOptions;
use crate::target::{Naming, Numbers, Target, join};
use crate::upload::Upload;

/// Files that are finished, but still on their way. More than that, and writing waits.
const FINISHING_MAX: usize = 16;
/// Buckets whose numbers are remembered while nothing is written to them.
const IDLE_BUCKETS_MAX: usize = 1000;

/// Writes records to the part files of their buckets.
pub(crate) struct FileWriter<T, E> {
    options: Arc<SinkOptions<T>>,
    format: Arc<E>,
    context: WriterContext,
    /// Tells the names that this writer gives from those of others, in this job and any, before and after it.
    token: u64,
    /// Files begun so far.
    serial: u64,
    buckets: BTreeMap<String, Bucket<T>>,
    /// The buckets that have records to be encoded.
    queued: Vec<String>,
    finishing: Vec<Upload>,
    /// Files that are finished, and wait for a checkpoint to be part of.
    finished: Vec<FinishedFile>,
    bytes_out: Counter,
}

struct Bucket<T> {
    /// Records that wait to be encoded, from `next` on: at most those of one batch.
    queue: Vec<T>,
    next: usize,
    part: Option<Part<T>>,
    /// Parts begun so far.
    parts: u64,
    numbers: Arc<Numbers>,
}

impl<T> Default for Bucket<T> {
    fn default() -> Self {
        Self {
            queue: Vec::new(),
            next: 0,
            part: None,
            parts: 0,
            numbers: Arc::default(),
        }
    }
}

impl<T: Send + 'static, E: EncodingFormat<T>> FileWriter<T, E> {
    pub(crate) fn new(
        options: Arc<SinkOptions<T>>,
        format: Arc<E>,
        context: WriterContext,
    ) -> Self {
        let label = format!("files sink {}/{}", options.directory, context.subtask);
        Self {
            token: context.world.fresh_rng(&label).next_u64(),
            bytes_out: context.metrics.counter(names::NUM_BYTES_OUT),
            options,
            format,
            context,
            serial: 0,
            buckets: BTreeMap::new(),
            queued: Vec::new(),
            finishing: Vec::new(),
            finished: Vec::new(),
        }
    }

    fn now(&self) -> Timestamp {
        Timestamp::from_millis(self.context.world.clock().wall_clock_ms())
    }

    /// Gives the records of a batch to their buckets.
    fn distribute(&mut self, batch: &mut Records<T>, now: Timestamp) -> Result<()> {
        let single = match &self.options.buckets {
            Buckets::One => String::new(),
            Buckets::ByTime(pattern) => pattern.format(now),
            Buckets::ByRecord(of) => {
                for value in batch.values.drain(..) {
                    let name = of(&value);
                    let bucket = match self.buckets.get_mut(&name) {
                        Some(bucket) => bucket,
                        None => {
                            check_bucket(&name)?;
                            self.buckets.entry(name.clone()).or_default()
                        }
                    };
                    if bucket.queue.is_empty() {
                        self.queued.push(name);
                    }
                    bucket.queue.push(value);
                }
                batch.clear();
                return Ok(());
            }
        };
        let bucket = self.buckets.entry(single.clone()).or_default();
        std::mem::swap(&mut bucket.queue, &mut batch.values);
        self.queued.push(single);
        batch.clear();
        Ok(())
    }

    /// Encodes what was given to the buckets, and sends it on.
    fn poll_queued(&mut self, context: &mut Context<'_>, now: Timestamp) -> Poll<Result<()>> {
        while let Some(name) = self.queued.last() {
            let Some(bucket) = self.buckets.get_mut(name) else {
                self.queued.pop();
                continue;
            };
            if let Some(part) = &mut bucket.part {
                ready!(part.poll_send(context))?;
                if part.bytes() >= self.options.rolling.size_bytes {
                    self.finishing.extend(bucket.finish(&self.bytes_out)?);
                }
            }
            if bucket.next >= bucket.queue.len() {
                bucket.queue.clear();
                bucket.next = 0;
                self.queued.pop();
                continue;
            }
            if bucket.part.is_none() {
                ready!(self.poll_room(context))?;
                self.begin_part(now)?;
                continue;
            }
            let values = bucket.queue.get(bucket.next..).unwrap_or_default();
            if let Some(part) = &mut bucket.part {
                bucket.next += part.write(values, self.options.rolling.size_bytes, now)?;
            }
        }
        Poll::Ready(Ok(()))
    }

    /// Begins a file in the bucket that is to be written next.
    fn begin_part(&mut self, now: Timestamp) -> Result<()> {
        let name = self.queued.last().cloned().unwrap_or_default();
        let encoder = self.format.create_encoder()?;
        let bucket = self.buckets.entry(name.clone()).or_default();
        let target = Target {
            storage: self.context.world.storage().clone(),
            directory: join(&self.options.directory, &name),
            hidden_name: self
                .options
                .hidden_name(&self.context, self.token, self.serial),
            naming: if self.context.checkpoints {
                let stem = self.options.unique_name(&self.context, self.token);
                Naming::AtCommit(format!("{stem}-{}{}", self.serial, self.options.suffix))
            } else {
                self.options
                    .naming(&self.context, bucket.parts, &bucket.numbers)
            },
        };
        bucket.parts += 1;
        self.serial += 1;
        let upload = Upload::start(&self.context.world, target);
        bucket.part = Some(Part::begin(encoder, self.options.compression, upload, now)?);
        Ok(())
    }

    /// Makes room for another open file: finishes the one that was written to least recently, waits while too many are on
    /// their way, and forgets buckets to which nothing is written.
    fn poll_room(&mut self, context: &mut Context<'_>) -> Poll<Result<()>> {
        let open = self
            .buckets
            .values()
            .filter(|bucket| bucket.part.is_some())
            .count();
        let idle = self.buckets.len().saturating_sub(open);
        let forgetting = idle > IDLE_BUCKETS_MAX;
        // A bucket that is forgotten while a file of it is on its way would give its number out again.
        ready!(self.poll_finishing(context, if forgetting { 1 } else { FINISHING_MAX }))?;
        if forgetting {
            self.buckets
                .retain(|_, bucket| bucket.part.is_some() || !bucket.queue.is_empty());
        }
        if open >= self.options.open_files_max {
            let open = self
                .buckets
                .values_mut()
                .filter(|bucket| bucket.part.is_some());
            let oldest = open.min_by_key(|bucket| bucket.part.as_ref().map(|part| part.written));
            if let Some(bucket) = oldest {
                self.finishing.extend(bucket.finish(&self.bytes_out)?);
            }
        }
        Poll::Ready(Ok(()))
    }

    /// Removes what is finished and was never handed over: no checkpoint knows of it.
    fn give_up(&mut self) {
        let finishing = std::mem::take(&mut self.finishing);
        let mut finished = std::mem::take(&mut self.finished);
        if !self.context.checkpoints || (finishing.is_empty() && finished.is_empty()) {
            return;
        }
        let storage = self.context.world.storage().clone();
        let cleaning = async move {
            for upload in finishing {
                finished.extend(upload.end().await.ok().flatten());
            }
            remove(&storage, finished).await;
        };
        let spawner = self.context.world.spawner();
        spawner.spawn(Lane::Io, "remove files that were given up", cleaning);
    }

    /// Waits until fewer than `below` files are on their way.
    fn poll_finishing(&mut self, context: &mut Context<'_>, below: usize) -> Poll<Result<()>> {
        let mut index = 0;
        while let Some(upload) = self.finishing.get_mut(index) {
            match upload.poll_end(context) {
                Poll::Ready(end) => {
                    self.finishing.swap_remove(index);
                    self.finished.extend(end?);
                }
                Poll::Pending => index += 1,
            }
        }
        if self.finishing.len() < below {
            Poll::Ready(Ok(()))
        } else {
            Poll::Pending
        }
    }
}

impl<T> Bucket<T> {
    fn finish(&mut self, bytes_out: &Counter) -> Result<Option<Upload>> {
        let Some(part) = self.part.take() else {
            return Ok(None);
        };
        let (upload, bytes) = part.finish()?;
        bytes_out.inc(bytes);
        Ok(Some(upload))
    }
}

impl<T: Send + 'static, E: EncodingFormat<T>> SinkWriter<T> for FileWriter<T, E> {
    fn poll_write(
        &mut self,
        context: &mut Context<'_>,
        batch: &mut Records<T>,
    ) -> Poll<Result<()>> {
        let now = self.now();
        if let Poll::Ready(Err(error)) = self.poll_finishing(context, usize::MAX) {
            return Poll::Ready(Err(error));
        }
        ready!(self.poll_queued(context, now))?;
        if batch.is_empty() {
            return Poll::Ready(Ok(()));
        }
        self.distribute(batch, now)?;
        self.poll_queued(context, now)
    }

    fn poll_flush(&mut self, context: &mut Context<'_>) -> Poll<Result<()>> {
        let now = self.now();
        ready!(self.poll_queued(context, now))?;
        if self.options.single_file.is_some() && self.serial == 0 {
            // No record came: the file is there all the same.
            self.queued.push(String::new());
            self.begin_part(now)?;
            self.queued.clear();
        }
        for bucket in self.buckets.values_mut() {
            self.finishing.extend(bucket.finish(&self.bytes_out)?);
        }
        self.poll_finishing(context, 1)
    }

    fn poll_pre_commit(&mut self, context: &mut Context<'_>) -> Poll<Result<PreCommit>> {
        ready!(self.poll_flush(context))?;
        // A writer of another attempt gives other names: it needs nothing to go on from here.
        let finished = self.finished.drain(..);
        let committables = finished.map(|file| encode_value(&file));
        Poll::Ready(
            committables
                .collect::<Result<_>>()
                .map(|committables| PreCommit {
                    committables,
                    states: Vec::new(),
                }),
        )
    }

    fn next_time(&self) -> Option<Timestamp> {
        let parts = self
            .buckets
            .values()
            .filter_map(|bucket| bucket.part.as_ref());
        let deadlines = parts.map(|part| self.options.rolling.deadline(part.begun, part.written));
        deadlines
            .min()
            .filter(|deadline| *deadline != Timestamp::MAX)
    }

    fn on_time(&mut self, now: Timestamp) -> Result<()> {
        for bucket in self.buckets.values_mut() {
            let due = bucket
                .part
                .as_ref()
                .is_some_and(|part| self.options.rolling.deadline(part.begun, part.written) <= now);
            // What waits in the queue of a blocked bucket goes to the next part.
            if due {
                self.finishing.extend(bucket.finish(&self.bytes_out)?);
            }
        }
        Ok(())
    }

    fn close(&mut self) -> Result<()> {
        // Whoever is dropped without having been finished is given up by its upload.
        self.buckets.clear();
        self.queued.clear();
        self.give_up();
        Ok(())
    }
}

impl<T> SinkOptions<T> {
    /// What a file is called while it is written: a name that no other writer gives, in this job or another.
    fn hidden_name(&self, context: &WriterContext, token: u64, serial: u64) -> String {
        let stem = self.unique_name(context, token);
        format!(".{stem}-{serial}.inprogress")
    }

    /// How the names begin that only this writer gives: Flink's `part-<uid>`, and the subtask.
    fn unique_name(&self, context: &WriterContext, token: u64) -> String {
        let stem = self.single_file.as_ref().unwrap_or(&self.prefix);
        format!("{stem}-{}-{token:016x}", context.subtask)
    }

    fn naming(&self, context: &WriterContext, ordinal: u64, numbers: &Arc<Numbers>) -> Naming {
        match &self.single_file {
            Some(name) => Naming::Single(name.clone()),
            None => Naming::Numbered {
                prefix: format!("{}-{}-", self.prefix, context.subtask),
                suffix: self.suffix.clone(),
                ordinal,
                numbers: Arc::clone(numbers),
            },
        }
    }
}

/// A writer of a file that several would write to is none, and none one that could not go on with it after a failure.
pub(crate) fn check_single(context: &WriterContext) -> Result<()> {
    if context.checkpoints {
        return Err(Error::invalid_job(
            "a single file can't be continued from a checkpoint: write part files with `FileSink::new`, or leave \
             `execution.checkpointing.interval` unset",
        ));
    }
    if context.parallelism > 1 {
        return Err(Error::invalid_job(format!(
            "a single file has one writer, and this sink has {}",
            context.parallelism
        )));
    }
    Ok(())
}
