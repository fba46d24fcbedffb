//! The producing side of an edge: partitions batches into builders, and sends those that are full.

use std::collections::VecDeque;
use std::task::{Poll, Waker};
use std::time::Duration;

use hurtig_env::MonotonicTime;
use hurtig_types::{Barrier, CheckpointId, ErasedBatch, Result, Signal, StreamElement};

use crate::scatter::Scatter;
use crate::{ChannelContents, ChannelSender, Gather, Partitioner, Payload, Selection};

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
    ///
    /// # Errors
    /// When what was written before it does not make a batch, which is a bug.
    fn signal(&mut self, signal: Signal, waker: &Waker) -> Result<()>;

    /// Sends what waits for credit. `Pending` while some still does; `waker` is woken when there is credit.
    fn poll_drain(&mut self, waker: &Waker) -> Poll<()>;

    /// The task is about to wait: sends partial batches if the policy says so.
    ///
    /// # Errors
    /// As [`signal`](Self::signal).
    fn flush_idle(&mut self, waker: &Waker) -> Result<()>;

    /// Sends partial batches whose time has come.
    ///
    /// # Errors
    /// As [`signal`](Self::signal).
    fn flush_due(&mut self, now: MonotonicTime, waker: &Waker) -> Result<()>;

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
        self.signal(Signal::Barrier(barrier), waker)
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

/// The edge of batches of type `P`.
pub struct Edge<P: Payload> {
    partitioner: Box<dyn Partitioner<P>>,
    senders: Vec<ChannelSender>,
    builders: Vec<P::Gather>,
    waiting: Vec<VecDeque<(StreamElement, usize)>>,
    waiting_count: usize,
    chosen: Vec<u32>,
    scatter: Scatter,
    options: EdgeOptions,
    dirty_since: Option<MonotonicTime>,
    sent_batches: u64,
    sent_bytes: u64,
    /// Where barriers may overtake.
    overtaking: Option<Overtaking>,
}

impl<P: Payload> Edge<P> {
    /// An edge to these channels.
    pub fn new(
        partitioner: Box<dyn Partitioner<P>>,
        senders: Vec<ChannelSender>,
        options: EdgeOptions,
    ) -> Self {
        let waiting = senders.iter().map(|_| VecDeque::new()).collect();
        let builders = senders.iter().map(|_| P::Gather::default()).collect();
        Self {
            partitioner,
            senders,
            builders,
            waiting,
            waiting_count: 0,
            chosen: Vec::new(),
            scatter: Scatter::default(),
            options,
            dirty_since: None,
            sent_batches: 0,
            sent_bytes: 0,
            overtaking: None,
        }
    }

    /// All records to one channel: a batch that is about full passes as it is, a small one is gathered.
    fn write_one(&mut self, channel: usize, batch: &mut P, waker: &Waker) -> Result<()> {
        let bytes = batch.bytes();
        let is_large = bytes >= self.options.buffer_bytes / 2;
        if is_large {
            self.send_builder(channel, waker)?;
        }
        let Some(builder) = self.builders.get_mut(channel) else {
            return Ok(());
        };
        builder.append(batch, bytes);
        if is_large || builder.bytes() >= self.options.buffer_bytes {
            self.send_builder(channel, waker)?;
        }
        Ok(())
    }

    /// Each record to the channel that was chosen for it.
    fn write_each(&mut self, batch: &mut P, waker: &Waker) -> Result<()> {
        batch.scatter(&self.chosen, &mut self.scatter, &mut self.builders)?;
        for channel in 0..self.builders.len() {
            let builder = self.builders.get(channel);
            if builder.is_some_and(|builder| builder.bytes() >= self.options.buffer_bytes) {
                self.send_builder(channel, waker)?;
            }
        }
        Ok(())
    }

    fn send_builder(&mut self, channel: usize, waker: &Waker) -> Result<()> {
        let Some(builder) = self.builders.get_mut(channel) else {
            return Ok(());
        };
        if builder.is_empty() {
            return Ok(());
        }
        let (batch, bytes) = builder.finish()?;
        if self.broadcasts() {
            for other in 1..self.senders.len() {
                self.send(other, batch.duplicate(), bytes, waker);
            }
        }
        self.send(channel, ErasedBatch::new(batch), bytes, waker);
        Ok(())
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

    fn flush_all(&mut self, waker: &Waker) -> Result<()> {
        for channel in 0..self.builders.len() {
            self.send_builder(channel, waker)?;
        }
        self.dirty_since = None;
        Ok(())
    }
}

impl<P: Payload> EdgeWriter for Edge<P> {
    fn write(&mut self, batch: &mut ErasedBatch, now: MonotonicTime, waker: &Waker) -> Result<()> {
        let batch = batch.get_mut::<P>()?;
        if batch.is_empty() {
            return Ok(());
        }
        self.chosen.clear();
        let selection = self
            .partitioner
            .select(batch, self.senders.len(), &mut self.chosen)?;
        batch.align(&mut self.builders);
        match selection {
            Selection::One(channel) => self.write_one(channel, batch, waker)?,
            Selection::Each => self.write_each(batch, waker)?,
            Selection::Every => {
                self.builders.truncate(1);
                self.write_one(0, batch, waker)?;
            }
        }
        batch.clear();
        match self.options.flush {
            FlushPolicy::Always => self.flush_all(waker)?,
            FlushPolicy::After(_) if self.dirty_since.is_none() => self.dirty_since = Some(now),
            FlushPolicy::After(_) | FlushPolicy::WhenFull => {}
        }
        Ok(())
    }

    fn signal(&mut self, signal: Signal, waker: &Waker) -> Result<()> {
        self.flush_all(waker)?;
        for (sender, waiting) in self.senders.iter().zip(&mut self.waiting) {
            if waiting.is_empty() {
                sender.send_signal(signal);
            } else {
                waiting.push_back((StreamElement::Signal(signal), 0));
                self.waiting_count += 1;
            }
        }
        Ok(())
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

    fn flush_idle(&mut self, waker: &Waker) -> Result<()> {
        if self.options.flush == FlushPolicy::WhenFull {
            return Ok(());
        }
        self.flush_all(waker)
    }

    fn flush_due(&mut self, now: MonotonicTime, waker: &Waker) -> Result<()> {
        match self.flush_deadline() {
            Some(deadline) if deadline <= now => self.flush_all(waker),
            _ => Ok(()),
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
        self.signal(Signal::Barrier(barrier), waker)
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
