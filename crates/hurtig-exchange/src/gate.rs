//! The channels into one subtask, and the credit that bounds them.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::task::{Poll, Waker};

use hurtig_env::sync::{AtomicBool, Mutex};
use hurtig_types::{AlignmentType, Barrier, Signal, StreamElement};

use crate::planted::{Mistake, is_planted};

/// How many bytes may be in flight towards one gate.
///
/// Each channel has its exclusive bytes; beyond them it borrows from the floating bytes that the channels of the gate
/// share. A channel with nothing in flight may always send one batch: so no channel starves, also with no credit at all,
/// and a record larger than the credit passes. The bound of a gate is therefore
/// `max(exclusive, one batch) · channels + floating`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GateOptions {
    /// Bytes that each channel has for itself.
    pub exclusive_bytes_per_channel: usize,
    /// Bytes that the channels share.
    pub floating_bytes: usize,
}

/// Makes a gate with `channels` channels.
///
/// ```
/// use std::task::{Poll, Waker};
/// use hurtig_exchange::{GateOptions, gate};
/// use hurtig_types::{ErasedBatch, Records, StreamElement};
///
/// let options = GateOptions { exclusive_bytes_per_channel: 8, floating_bytes: 0 };
/// let (mut inputs, senders) = gate(1, options);
/// let batch = || ErasedBatch::new(Records::from_values(vec![1u64]));
/// assert!(senders[0].try_send(batch(), 8, Waker::noop()).is_ok());
/// assert!(senders[0].try_send(batch(), 8, Waker::noop()).is_err()); // no credit left
/// assert!(matches!(inputs.poll_next(Waker::noop()), Poll::Ready((0, StreamElement::Batch(_)))));
/// assert!(senders[0].try_send(batch(), 8, Waker::noop()).is_ok()); // it came back
/// ```
pub fn gate(channels: usize, options: GateOptions) -> (InputGate, Vec<ChannelSender>) {
    let state = State {
        channels: (0..channels).map(|_| Channel::default()).collect(),
        ready: VecDeque::with_capacity(channels),
        floating_free: options.floating_bytes,
        in_flight: 0,
        in_flight_peak: 0,
        received: 0,
        consumer: None,
        announced: Vec::new(),
        urgent: None,
        open: true,
    };
    let shared = Arc::new(Shared {
        state: Mutex::new(state),
        has_announced: AtomicBool::new(false),
        exclusive: options.exclusive_bytes_per_channel,
    });
    let senders = (0..channels)
        .map(|channel| ChannelSender {
            shared: Arc::clone(&shared),
            channel,
        })
        .collect();
    (InputGate { shared }, senders)
}

struct Shared {
    state: Mutex<State>,
    /// Whether a barrier was announced of which the consumer has not heard: so that it can look without the lock.
    has_announced: AtomicBool,
    exclusive: usize,
}

struct State {
    channels: Vec<Channel>,
    /// Channels that have something, in the order in which they are served.
    ready: VecDeque<usize>,
    floating_free: usize,
    in_flight: usize,
    in_flight_peak: usize,
    /// Bytes handed to the consumer so far.
    received: u64,
    consumer: Option<Waker>,
    /// Barriers that may overtake, and have come to the end of a queue. Each channel has but one or two of them on its way.
    announced: Vec<(usize, Barrier)>,
    /// Who is woken by them, whatever it waits for.
    urgent: Option<Waker>,
    open: bool,
}

#[derive(Default)]
struct Channel {
    /// It is not read for the time being: its barrier has come, and not all of the others.
    waits: bool,
    /// Barriers may overtake what is queued: they are announced.
    announces: bool,
    /// What is queued, and what comes, is being copied for a checkpoint.
    is_captured: bool,
    queue: VecDeque<(StreamElement, usize)>,
    in_flight: usize,
    borrowed: usize,
    blocked: Option<Waker>,
}

impl State {
    /// The next channel that has something and is to be read.
    fn next_ready(&mut self) -> Option<usize> {
        while let Some(channel) = self.ready.pop_front() {
            if self.channels.get(channel).is_some_and(|it| !it.waits) {
                return Some(channel);
            }
        }
        None
    }

    /// Lets all channels be read again.
    fn unblock(&mut self) {
        for (index, channel) in self.channels.iter_mut().enumerate() {
            if std::mem::take(&mut channel.waits)
                && !channel.queue.is_empty()
                && !self.ready.contains(&index)
            {
                self.ready.push_back(index);
            }
        }
    }

    /// Takes the credit for `bytes` more on `channel`; false when there is not enough.
    fn take_credit(&mut self, channel: usize, bytes: usize, exclusive: usize) -> bool {
        let Some(state) = self.channels.get_mut(channel) else {
            return true;
        };
        let needed = (state.in_flight + bytes).saturating_sub(exclusive + state.borrowed);
        let floating = needed.min(self.floating_free);
        if floating < needed && state.in_flight > 0 {
            return false;
        }
        self.floating_free -= floating;
        state.borrowed += floating;
        state.in_flight += bytes;
        self.in_flight += bytes;
        self.in_flight_peak = self.in_flight_peak.max(self.in_flight);
        true
    }

    /// Gives the credit of a consumed batch back; who waited for it is added to `wake`.
    fn return_credit(
        &mut self,
        channel: usize,
        bytes: usize,
        exclusive: usize,
        wake: &mut Vec<Waker>,
    ) {
        let Some(state) = self.channels.get_mut(channel) else {
            return;
        };
        state.in_flight = state.in_flight.saturating_sub(bytes);
        self.in_flight = self.in_flight.saturating_sub(bytes);
        if !is_planted(Mistake::SilentCredit) {
            wake.extend(state.blocked.take());
        }
        let returned = state.borrowed
            - state
                .borrowed
                .min(state.in_flight.saturating_sub(exclusive));
        if returned > 0 {
            state.borrowed -= returned;
            self.floating_free += returned;
            wake.extend(
                self.channels
                    .iter_mut()
                    .filter_map(|other| other.blocked.take()),
            );
        }
    }

    /// Queues an element; true when the consumer is to be woken.
    fn push(&mut self, channel: usize, element: StreamElement, bytes: usize) -> Option<Waker> {
        let state = self.channels.get_mut(channel)?;
        let mut urgent = None;
        if let StreamElement::Signal(Signal::Barrier(barrier)) = &element
            && state.announces
            && barrier.alignment != AlignmentType::Aligned
        {
            self.announced.push((channel, *barrier));
            if !is_planted(Mistake::SilentAnnouncement) {
                urgent.clone_from(&self.urgent);
            }
        }
        if let (
            StreamElement::Signal(Signal::Watermark(_)),
            Some((StreamElement::Signal(Signal::Watermark(_)), _)),
            false,
        ) = (&element, state.queue.back(), state.is_captured)
        {
            // Only the last of several watermarks in a row says anything; so signals stay bounded as well.
            state.queue.pop_back();
        }
        if state.queue.is_empty() && !self.ready.contains(&channel) {
            self.ready.push_back(channel);
        }
        state.queue.push_back((element, bytes));
        self.consumer.take().or(urgent)
    }
}

/// The producing end of a channel.
pub struct ChannelSender {
    shared: Arc<Shared>,
    channel: usize,
}

impl ChannelSender {
    /// Sends a batch that weighs `bytes`. Without credit it comes back, and `waker` is woken once there is some.
    ///
    /// A batch for a consumer that is gone vanishes: the job is ending.
    pub fn try_send(
        &self,
        batch: hurtig_types::ErasedBatch,
        bytes: usize,
        waker: &Waker,
    ) -> Result<(), hurtig_types::ErasedBatch> {
        let consumer = {
            let mut state = self.shared.state.lock();
            if !state.open {
                return Ok(());
            }
            if !state.take_credit(self.channel, bytes, self.shared.exclusive) {
                if let Some(channel) = state.channels.get_mut(self.channel) {
                    channel.blocked = Some(waker.clone());
                }
                return Err(batch);
            }
            state.push(self.channel, StreamElement::Batch(batch), bytes)
        };
        if let Some(consumer) = consumer {
            consumer.wake();
        }
        Ok(())
    }

    /// Sends a signal, which needs no credit.
    pub fn send_signal(&self, signal: Signal) {
        let consumer = {
            let mut state = self.shared.state.lock();
            if !state.open {
                return;
            }
            let consumer = state.push(self.channel, StreamElement::Signal(signal), 0);
            if !state.announced.is_empty() {
                self.shared.has_announced.store(true, Ordering::Release);
            }
            consumer
        };
        if let Some(consumer) = consumer {
            consumer.wake();
        }
    }
}

/// The consuming end of the channels into one subtask.
pub struct InputGate {
    shared: Arc<Shared>,
}

impl InputGate {
    /// Does not read a channel until [`unblock`](Self::unblock): what comes on it stays there, within its credit.
    pub fn block(&mut self, channel: usize) {
        if let Some(channel) = self.shared.state.lock().channels.get_mut(channel) {
            channel.waits = true;
        }
    }

    /// Reads all channels again.
    pub fn unblock(&mut self) {
        self.shared.state.lock().unblock();
    }

    /// Barriers on this channel may overtake what is queued: from now on they are [announced](Self::take_announced).
    pub fn announce(&mut self, channel: usize) {
        if let Some(channel) = self.shared.state.lock().channels.get_mut(channel) {
            channel.announces = true;
        }
    }

    /// Who is woken when a barrier is announced, also while it waits for something else than this gate.
    pub fn set_urgent_waker(&mut self, waker: &Waker) {
        self.shared.state.lock().urgent = Some(waker.clone());
    }

    /// The barriers that have come since the last call to channels on which they may overtake. They stand in their queues as well.
    pub fn take_announced(&mut self) -> Vec<(usize, Barrier)> {
        // Asked at every step: a look, and the rest only where there is something.
        if !self.shared.has_announced.load(Ordering::Acquire) {
            return Vec::new();
        }
        self.shared.has_announced.store(false, Ordering::Release);
        std::mem::take(&mut self.shared.state.lock().announced)
    }

    /// Whether the producer of a channel has said its last word, though some of it may not have been read.
    pub fn has_ended(&self, channel: usize) -> bool {
        let state = self.shared.state.lock();
        let last = state.channels.get(channel).and_then(|it| it.queue.back());
        matches!(last, Some((StreamElement::Signal(Signal::EndOfInput), _)))
    }

    /// Takes a signal that is next on a channel and wanted, and the channel; none where all that are wanted are behind something else.
    pub fn take_signal(&mut self, is_wanted: impl Fn(Signal) -> bool) -> Option<(usize, Signal)> {
        let mut state = self.shared.state.lock();
        let channels = state.channels.iter_mut().enumerate();
        for (index, channel) in channels.filter(|(_, channel)| !channel.waits) {
            let Some((StreamElement::Signal(signal), _)) = channel.queue.front() else {
                continue;
            };
            let signal = *signal;
            if !is_wanted(signal) {
                continue;
            }
            channel.queue.pop_front();
            if channel.queue.is_empty() {
                state.ready.retain(|ready| *ready != index);
            }
            return Some((index, signal));
        }
        None
    }

    /// Shows what is queued on a channel, without holding up its producer. From now on the channel's watermarks are kept apart.
    pub(crate) fn look_into<R>(
        &mut self,
        channel: usize,
        look: impl FnOnce(&VecDeque<(StreamElement, usize)>) -> R,
    ) -> R {
        let mut queue = VecDeque::new();
        if let Some(channel) = self.shared.state.lock().channels.get_mut(channel) {
            channel.is_captured = true;
            queue = std::mem::take(&mut channel.queue);
        }
        let seen = look(&queue);
        let mut state = self.shared.state.lock();
        let state = &mut *state;
        if let Some(of) = state.channels.get_mut(channel) {
            queue.append(&mut of.queue);
            of.queue = queue;
            let may_be_read = !of.queue.is_empty() && !of.waits;
            if may_be_read && !state.ready.contains(&channel) {
                state.ready.push_back(channel);
            }
        }
        seen
    }

    /// Nothing is copied any more.
    pub(crate) fn end_capture(&mut self) {
        for channel in &mut self.shared.state.lock().channels {
            channel.is_captured = false;
        }
    }

    /// The next element and the channel it came from; the channels take turns. `Pending` when all are empty, after which
    /// `waker` is woken by the next that is not.
    pub fn poll_next(&mut self, waker: &Waker) -> Poll<(usize, StreamElement)> {
        let mut wake = Vec::new();
        let next = {
            let mut state = self.shared.state.lock();
            let Some(channel) = state.next_ready() else {
                if is_planted(Mistake::LookThenWait) {
                    drop(state);
                    state = self.shared.state.lock();
                }
                if !state
                    .consumer
                    .as_ref()
                    .is_some_and(|known| known.will_wake(waker))
                {
                    state.consumer = Some(waker.clone());
                }
                return Poll::Pending;
            };
            let popped = state
                .channels
                .get_mut(channel)
                .and_then(|channel| channel.queue.pop_front());
            let Some((element, bytes)) = popped else {
                return Poll::Pending;
            };
            if state
                .channels
                .get(channel)
                .is_some_and(|channel| !channel.queue.is_empty())
            {
                state.ready.push_back(channel);
            }
            if bytes > 0 {
                state.received += bytes as u64;
                state.return_credit(channel, bytes, self.shared.exclusive, &mut wake);
            }
            (channel, element)
        };
        wake.into_iter().for_each(Waker::wake);
        Poll::Ready(next)
    }

    /// How many channels lead here.
    pub fn channels(&self) -> usize {
        self.shared.state.lock().channels.len()
    }

    /// Bytes sent and not yet consumed.
    pub fn in_flight_bytes(&self) -> usize {
        self.shared.state.lock().in_flight
    }

    /// A view of the bytes in flight for metrics: now, and at most so far.
    pub fn usage(&self) -> impl Fn() -> (usize, usize) + Send + Sync + 'static {
        let shared = Arc::clone(&self.shared);
        move || {
            let state = shared.state.lock();
            (state.in_flight, state.in_flight_peak)
        }
    }

    /// Bytes consumed so far.
    pub fn received_bytes(&self) -> u64 {
        self.shared.state.lock().received
    }

    /// A view of the bytes consumed so far, for metrics.
    pub fn received(&self) -> impl Fn() -> u64 + Send + Sync + 'static {
        let shared = Arc::clone(&self.shared);
        move || shared.state.lock().received
    }
}

/// Producers that wait for credit are let go: nobody will consume any more.
impl Drop for InputGate {
    fn drop(&mut self) {
        let mut state = self.shared.state.lock();
        state.open = false;
        let mut blocked = Vec::new();
        for channel in &mut state.channels {
            blocked.extend(channel.blocked.take());
            channel.queue.clear();
        }
        drop(state);
        if !is_planted(Mistake::SilentEnd) {
            blocked.into_iter().for_each(Waker::wake);
        }
    }
}

#[cfg(test)]
mod tests;
