//! The producing side of an edge: partitions batches into builders, and sends those that are full.

use std::collections::VecDeque;
use std::task::{Poll, Waker};
use std::time::Duration;

use hurtig_codec::{Sizer, heap_bytes};
use hurtig_env::MonotonicTime;
use hurtig_types::{
    Barrier, CheckpointId, Data, ErasedBatch, Records, Result, Signal, StreamElement,
};

use crate::scatter::Scatter;
use crate::{ChannelContents, ChannelSender, Partitioner, Selection};

mod overtake;

pub use overtake::OVERDRAFT_BYTES_MAX;
use overtake::Overtaking;

/// When a partial batch is sent, beside when it is full and before every signal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FlushPolicy {
    /// At once (buffer timeout 0): lowest latency.
    Always,
    /// When the task would otherwise wait, and at the latest after this time (Flink's default is 100 ms).
    After(Duration),
    /// Never (buffer timeout −1): highest throughput.
    WhenFull,
}

/// How an edge batches.
#[derive(Clone, Copy, Debug)]
pub struct EdgeOptions {
    /// The bytes at which a batch is full: `taskmanager.memory.segment-size`.
    pub buffer_bytes: usize,
    /// When a partial batch is sent.
    pub flush: FlushPolicy,
}

/// An edge whose record type only it knows. The chain hands it batches and signals; it keeps what it has no credit for.
///
/// Used from one task. After any call that may send, [`poll_drain`](EdgeWriter::poll_drain) says whether the chain may go on.
pub trait EdgeWriter: Send {
    /// Takes the records out of `batch`. Always takes all: what is kept beyond the credit is at most one batch of the chain.
    ///
    /// # Errors
    /// When the batch is of another type, which is a bug.
    fn write(&mut self, batch: &mut ErasedBatch, now: MonotonicTime, waker: &Waker) -> Result<()>;

    /// Sends a signal to every target, behind all that was written.
    fn signal(&mut self, signal: Signal, waker: &Waker);

    /// Sends what waits for credit. `Pending` while some still does; `waker` is woken when there is credit.
    fn poll_drain(&mut self, waker: &Waker) -> Poll<()>;

    /// The task is about to wait: sends partial batches if the policy says so.
    fn flush_idle(&mut self, waker: &Waker);

    /// Sends partial batches whose time has come.
    fn flush_due(&mut self, now: MonotonicTime, waker: &Waker);

    /// When the oldest partial batch is due.
    fn flush_deadline(&self) -> Option<MonotonicTime>;

    /// Batches and bytes handed to channels so far.
    fn sent(&self) -> (u64, u64);

    /// Barriers may overtake here from now on. An edge that can't stays as it is.
    fn allow_overtaking(&mut self) {}

    /// Sends a barrier that overtakes: before all that waits for credit or for a full batch, of which it takes a copy. On an edge where
    /// barriers don't overtake it is a signal like any other.
    ///
    /// # Errors
    /// When a batch cannot be encoded.
    fn overtake(&mut self, barrier: Barrier, waker: &Waker) -> Result<()> {
        self.signal(Signal::Barrier(barrier), waker);
        Ok(())
    }

    /// Lets the barrier of a checkpoint that waits for credit overtake.
    ///
    /// # Errors
    /// As [`overtake`](Self::overtake).
    fn hurry(&mut self, checkpoint: CheckpointId) -> Result<()> {
        let _ = checkpoint;
        Ok(())
    }

    /// Whether the barrier of a checkpoint waits for credit, and could overtake.
    fn holds_back(&self, checkpoint: CheckpointId) -> bool {
        let _ = checkpoint;
        false
    }

    /// What the barrier of a checkpoint has overtaken, by channel. What those before it have is forgotten.
    fn take_overtaken(&mut self, checkpoint: CheckpointId) -> Vec<ChannelContents> {
        let _ = checkpoint;
        Vec::new()
    }

    /// How many bytes wait for credit: known only where barriers may overtake.
    fn waiting_bytes(&self) -> usize {
        0
    }
}

/// The edge of records of type `T`.
pub struct Edge<T> {
    partitioner: Box<dyn Partitioner<T>>,
    senders: Vec<ChannelSender>,
    builders: Vec<Builder<T>>,
    waiting: Vec<VecDeque<(StreamElement, usize)>>,
    waiting_count: usize,
    chosen: Vec<u32>,
    scatter: Scatter,
    row_bytes: usize,
    options: EdgeOptions,
    dirty_since: Option<MonotonicTime>,
    sent_batches: u64,
    sent_bytes: u64,
    /// Where barriers may overtake.
    overtaking: Option<Overtaking>,
}

struct Builder<T> {
    records: Records<T>,
    bytes: usize,
    /// The most records that a batch had: what the next one is given room for, so that it need not grow.
    rows_max: usize,
}

impl<T> Builder<T> {
    const fn new() -> Self {
        Self {
            records: Records::new(),
            bytes: 0,
            rows_max: 0,
        }
    }
}

impl<T: Data> Edge<T> {
    const SIZER: Sizer<T> = Sizer::new();

    /// An edge to these channels.
    pub fn new(
        partitioner: Box<dyn Partitioner<T>>,
        senders: Vec<ChannelSender>,
        options: EdgeOptions,
    ) -> Self {
        let waiting = senders.iter().map(|_| VecDeque::new()).collect();
        let builders = senders.iter().map(|_| Builder::new()).collect();
        Self {
            partitioner,
            senders,
            builders,
            waiting,
            waiting_count: 0,
            chosen: Vec::new(),
            scatter: Scatter::default(),
            row_bytes: 0,
            options,
            dirty_since: None,
            sent_batches: 0,
            sent_bytes: 0,
            overtaking: None,
        }
    }

    /// The bytes of a record beside its heap: value, timestamp, hash.
    fn row_bytes(records: &Records<T>) -> usize {
        let timestamp = if records.timestamps.is_empty() { 0 } else { 8 };
        let hash = if records.hashes.is_empty() { 0 } else { 8 };
        timestamp + hash
    }

    fn batch_bytes(records: &Records<T>) -> usize {
        Self::SIZER.records_bytes(&records.values) + records.len() * Self::row_bytes(records)
    }

    /// All records to one channel: a batch that is about full passes as it is, a small one is gathered.
    fn write_one(&mut self, channel: usize, records: &mut Records<T>, waker: &Waker) {
        let bytes = Self::batch_bytes(records);
        if bytes >= self.options.buffer_bytes / 2 {
            self.send_builder(channel, waker);
        }
        let Some(builder) = self.builders.get_mut(channel) else {
            return;
        };
        if builder.records.is_empty() {
            std::mem::swap(&mut builder.records, records);
        } else {
            builder.records.append(records);
        }
        builder.bytes += bytes;
        if bytes >= self.options.buffer_bytes / 2 || builder.bytes >= self.options.buffer_bytes {
            self.send_builder(channel, waker);
        }
    }

    /// Each record to the channel that was chosen for it, column by column.
    fn write_each(&mut self, records: &mut Records<T>, waker: &Waker) -> Result<()> {
        self.weigh_each(records);
        self.scatter.settle(&self.chosen, self.builders.len())?;
        let columns = self
            .builders
            .iter_mut()
            .map(|builder| &mut builder.records.values);
        self.scatter.move_column(&mut records.values, columns)?;
        if !records.hashes.is_empty() {
            let columns = self
                .builders
                .iter_mut()
                .map(|builder| &mut builder.records.hashes);
            self.scatter.move_column(&mut records.hashes, columns)?;
        }
        if !records.timestamps.is_empty() {
            let columns = self
                .builders
                .iter_mut()
                .map(|builder| &mut builder.records.timestamps);
            self.scatter.move_column(&mut records.timestamps, columns)?;
        }
        let row_bytes = size_of::<T>() + self.row_bytes;
        for channel in 0..self.builders.len() {
            let Some(builder) = self.builders.get_mut(channel) else {
                continue;
            };
            let count = self.scatter.count(channel);
            builder.bytes += count * row_bytes;
            if count > 0 {
                builder.records.origin.merge(&records.origin);
            }
            if builder.bytes >= self.options.buffer_bytes {
                self.send_builder(channel, waker);
            }
        }
        records.clear();
        Ok(())
    }

    /// Adds what the records hold outside themselves to the weight of their builders.
    fn weigh_each(&mut self, records: &Records<T>) {
        self.row_bytes = Self::row_bytes(records);
        if Sizer::<T>::FIXED {
            return;
        }
        for (value, &target) in records.values.iter().zip(&self.chosen) {
            if let Some(builder) = self.builders.get_mut(target as usize) {
                builder.bytes += heap_bytes(value);
            }
        }
    }

    /// Records with and without timestamps don't share a builder: who is without gets the mark of none.
    fn align_timestamps(&mut self, records: &mut Records<T>) {
        let stamped = !records.timestamps.is_empty();
        if stamped {
            records
                .timestamps
                .resize(records.len(), hurtig_types::Timestamp::NONE);
        }
        for builder in &mut self.builders {
            let rows = builder.records.len();
            if rows > 0 && stamped && builder.records.timestamps.is_empty() {
                builder
                    .records
                    .timestamps
                    .resize(rows, hurtig_types::Timestamp::NONE);
            } else if !builder.records.timestamps.is_empty() && !stamped {
                records
                    .timestamps
                    .resize(records.len(), hurtig_types::Timestamp::NONE);
            }
        }
    }

    /// Nor do records with and without hashes, which a union behind a `key_by` can bring: they all go without. An edge by key, which
    /// needs them, has just made them for all.
    fn align_hashes(&mut self, records: &mut Records<T>) {
        let hashed = !records.hashes.is_empty();
        let differs = |builder: &Builder<T>| {
            !builder.records.is_empty() && builder.records.hashes.is_empty() == hashed
        };
        if self.builders.iter().any(differs) {
            records.hashes.clear();
            self.builders
                .iter_mut()
                .for_each(|builder| builder.records.hashes.clear());
        }
    }

    fn send_builder(&mut self, channel: usize, waker: &Waker) {
        let Some(builder) = self.builders.get_mut(channel) else {
            return;
        };
        if builder.records.is_empty() {
            return;
        }
        builder.rows_max = builder.rows_max.max(builder.records.len());
        let room = Records {
            values: Vec::with_capacity(builder.rows_max),
            timestamps: Vec::with_capacity(room_like(
                &builder.records.timestamps,
                builder.rows_max,
            )),
            hashes: Vec::with_capacity(room_like(&builder.records.hashes, builder.rows_max)),
            ..Records::new()
        };
        let records = std::mem::replace(&mut builder.records, room);
        let bytes = std::mem::take(&mut builder.bytes);
        if self.broadcasts() {
            for other in 1..self.senders.len() {
                self.send(other, ErasedBatch::new(records.clone()), bytes, waker);
            }
        }
        self.send(channel, ErasedBatch::new(records), bytes, waker);
    }

    /// A broadcast has one builder for all channels: the first.
    fn broadcasts(&self) -> bool {
        self.builders.len() == 1 && self.senders.len() > 1
    }

    fn send(&mut self, channel: usize, batch: ErasedBatch, bytes: usize, waker: &Waker) {
        self.sent_batches += 1;
        self.sent_bytes += bytes as u64;
        let (Some(sender), Some(waiting)) =
            (self.senders.get(channel), self.waiting.get_mut(channel))
        else {
            return;
        };
        let refused = if waiting.is_empty() {
            sender.try_send(batch, bytes, waker).err()
        } else {
            Some(batch)
        };
        if let Some(batch) = refused {
            waiting.push_back((StreamElement::Batch(batch), bytes));
            self.waiting_count += 1;
        }
    }

    fn flush_all(&mut self, waker: &Waker) {
        for channel in 0..self.builders.len() {
            self.send_builder(channel, waker);
        }
        self.dirty_since = None;
    }
}

/// Room for `rows` in a column that is used, none in one that is not.
const fn room_like<C>(column: &[C], rows: usize) -> usize {
    if column.is_empty() { 0 } else { rows }
}

impl<T: Data> EdgeWriter for Edge<T> {
    fn write(&mut self, batch: &mut ErasedBatch, now: MonotonicTime, waker: &Waker) -> Result<()> {
        let records = batch.get_mut::<Records<T>>()?;
        if records.is_empty() {
            return Ok(());
        }
        self.chosen.clear();
        let selection = self
            .partitioner
            .select(records, self.senders.len(), &mut self.chosen);
        self.align_timestamps(records);
        self.align_hashes(records);
        match selection {
            Selection::One(channel) => self.write_one(channel, records, waker),
            Selection::Each => self.write_each(records, waker)?,
            Selection::Every => {
                self.builders.truncate(1);
                self.write_one(0, records, waker);
            }
        }
        match self.options.flush {
            FlushPolicy::Always => self.flush_all(waker),
            FlushPolicy::After(_) if self.dirty_since.is_none() => self.dirty_since = Some(now),
            FlushPolicy::After(_) | FlushPolicy::WhenFull => {}
        }
        Ok(())
    }

    fn signal(&mut self, signal: Signal, waker: &Waker) {
        self.flush_all(waker);
        for (sender, waiting) in self.senders.iter().zip(&mut self.waiting) {
            if waiting.is_empty() {
                sender.send_signal(signal);
            } else {
                waiting.push_back((StreamElement::Signal(signal), 0));
                self.waiting_count += 1;
            }
        }
    }

    fn poll_drain(&mut self, waker: &Waker) -> Poll<()> {
        if self.waiting_count == 0 {
            return Poll::Ready(());
        }
        for (sender, waiting) in self.senders.iter().zip(&mut self.waiting) {
            while let Some((element, bytes)) = waiting.pop_front() {
                match element {
                    StreamElement::Signal(signal) => sender.send_signal(signal),
                    StreamElement::Batch(batch) => {
                        if let Err(batch) = sender.try_send(batch, bytes, waker) {
                            waiting.push_front((StreamElement::Batch(batch), bytes));
                            break;
                        }
                    }
                }
                self.waiting_count -= 1;
            }
        }
        if self.waiting_count == 0 {
            Poll::Ready(())
        } else {
            Poll::Pending
        }
    }

    fn flush_idle(&mut self, waker: &Waker) {
        if self.options.flush != FlushPolicy::WhenFull {
            self.flush_all(waker);
        }
    }

    fn flush_due(&mut self, now: MonotonicTime, waker: &Waker) {
        if self
            .flush_deadline()
            .is_some_and(|deadline| deadline <= now)
        {
            self.flush_all(waker);
        }
    }

    fn flush_deadline(&self) -> Option<MonotonicTime> {
        match self.options.flush {
            FlushPolicy::After(timeout) => self.dirty_since.map(|since| since + timeout),
            FlushPolicy::Always | FlushPolicy::WhenFull => None,
        }
    }

    fn sent(&self) -> (u64, u64) {
        (self.sent_batches, self.sent_bytes)
    }

    fn allow_overtaking(&mut self) {
        self.overtaking = Some(Overtaking::default());
    }

    fn overtake(&mut self, barrier: Barrier, waker: &Waker) -> Result<()> {
        if self.overtaking.is_some() {
            return self.pass(barrier.overtaking());
        }
        self.signal(Signal::Barrier(barrier), waker);
        Ok(())
    }

    fn hurry(&mut self, checkpoint: CheckpointId) -> Result<()> {
        self.hurry_on(checkpoint)
    }

    fn holds_back(&self, checkpoint: CheckpointId) -> bool {
        self.overtaking.is_some() && self.has_waiting(checkpoint)
    }

    fn take_overtaken(&mut self, checkpoint: CheckpointId) -> Vec<ChannelContents> {
        let overtaking = self.overtaking.as_mut();
        overtaking.map_or_else(Vec::new, |it| it.take(checkpoint))
    }

    fn waiting_bytes(&self) -> usize {
        let waiting = self.waiting.iter().flatten();
        waiting.map(|(_, bytes)| *bytes).sum()
    }
}

#[cfg(test)]
mod tests;
