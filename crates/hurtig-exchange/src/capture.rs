//! Copies what a barrier overtakes in the channels of a gate.

use std::sync::Arc;

use hurtig_types::{CheckpointId, Result, Signal, StreamElement};

use crate::{BatchCodec, ChannelContents, InputGate};

/// A channel of which a copy is to be made.
pub struct CaptureFrom {
    /// Whose it is, and how far event time has come on it.
    pub contents: ChannelContents,
    /// By which its batches become bytes; none where barriers don't overtake, and so have come.
    pub codec: Option<Arc<dyn BatchCodec>>,
    /// The barrier was read already, or the channel has ended: there is nothing to copy.
    pub has_come: bool,
}

/// The part of a checkpoint that lies in the channels into a task: of each channel all that comes before the barrier, queued or not yet.
///
/// The law: an element is copied once, before the task reads it or when its channel's barrier has come, whichever is first. What is
/// queued stays where it is, and is read as if nothing were.
///
/// ```
/// use std::{sync::Arc, task::Waker};
/// use hurtig_exchange::{CaptureFrom, ChannelContents, GateOptions, InputCapture, RecordsCodec, gate};
/// use hurtig_types::*;
///
/// let (mut gate, senders) = gate(1, GateOptions { exclusive_bytes_per_channel: 64, floating_bytes: 0 });
/// let batch = ErasedBatch::new(Records::from_values(vec![7u64]));
/// assert!(senders[0].try_send(batch, 8, Waker::noop()).is_ok());
/// let from = CaptureFrom {
///     contents: ChannelContents::of_peer(0),
///     codec: Some(Arc::new(RecordsCodec::<u64>::new())),
///     has_come: false,
/// };
/// let mut capture = InputCapture::begin(&mut gate, CheckpointId::new(1), vec![from])?;
/// assert!(!capture.is_complete());
/// let barrier = Barrier {
///     checkpoint: CheckpointId::new(1),
///     epoch: Epoch::new(1),
///     kind: BarrierKind::Checkpoint,
///     alignment: AlignmentType::Unaligned,
///     base: None,
/// };
/// senders[0].send_signal(Signal::Barrier(barrier));
/// capture.barrier_came(&mut gate, 0)?;
/// assert!(capture.is_complete());
/// assert!(capture.finish(&mut gate)[0].has_batches());
/// # Ok::<(), Error>(())
/// ```
pub struct InputCapture {
    checkpoint: CheckpointId,
    channels: Vec<Channel>,
    open: usize,
}

struct Channel {
    from: CaptureFrom,
    /// How many elements at the front of the queue are copied.
    copied: usize,
}

impl InputCapture {
    /// Copies what is queued before the barrier of `checkpoint`, on every channel of the gate, in order.
    ///
    /// # Errors
    /// When a batch cannot be encoded.
    pub fn begin(
        gate: &mut InputGate,
        checkpoint: CheckpointId,
        channels: Vec<CaptureFrom>,
    ) -> Result<Self> {
        let open = channels.iter().filter(|from| !from.has_come).count();
        let channels = channels.into_iter();
        let mut capture = Self {
            checkpoint,
            channels: channels.map(|from| Channel { from, copied: 0 }).collect(),
            open,
        };
        for channel in 0..capture.channels.len() {
            capture.copy_queued(gate, channel)?;
        }
        Ok(capture)
    }

    /// Of which checkpoint.
    pub const fn checkpoint(&self) -> CheckpointId {
        self.checkpoint
    }

    /// The barrier has come to the end of a channel's queue.
    ///
    /// # Errors
    /// As [`begin`](Self::begin).
    pub fn barrier_came(&mut self, gate: &mut InputGate, channel: usize) -> Result<()> {
        self.copy_queued(gate, channel)
    }

    /// The task has taken this from a channel.
    ///
    /// # Errors
    /// As [`begin`](Self::begin).
    pub fn taken(&mut self, channel: usize, element: &StreamElement) -> Result<()> {
        let Some(channel) = self.channels.get_mut(channel) else {
            return Ok(());
        };
        if channel.from.has_come {
            return Ok(());
        }
        if channel.copied > 0 {
            channel.copied -= 1;
        } else if channel.copy(self.checkpoint, element)? {
            self.open -= 1;
        }
        Ok(())
    }

    /// Whether the barrier has come on every channel.
    pub const fn is_complete(&self) -> bool {
        self.open == 0
    }

    /// What was copied, channel by channel.
    pub fn finish(self, gate: &mut InputGate) -> Vec<ChannelContents> {
        gate.end_capture();
        let channels = self.channels.into_iter();
        channels.map(|channel| channel.from.contents).collect()
    }

    /// The checkpoint came to nothing.
    pub fn cancel(self, gate: &mut InputGate) {
        gate.end_capture();
    }

    /// Copies what is queued and was not, up to the barrier.
    fn copy_queued(&mut self, gate: &mut InputGate, index: usize) -> Result<()> {
        let checkpoint = self.checkpoint;
        let Some(channel) = self.channels.get_mut(index) else {
            return Ok(());
        };
        if channel.from.has_come {
            return Ok(());
        }
        gate.look_into(index, |queue| {
            for (element, _) in queue.iter().skip(channel.copied) {
                if channel.copy(checkpoint, element)? {
                    break;
                }
                channel.copied += 1;
            }
            Ok::<(), hurtig_types::Error>(())
        })?;
        if channel.from.has_come {
            self.open -= 1;
        }
        Ok(())
    }
}

impl Channel {
    /// Copies an element, or sees that there is nothing more to copy.
    fn copy(&mut self, checkpoint: CheckpointId, element: &StreamElement) -> Result<bool> {
        match element {
            StreamElement::Batch(batch) => {
                if let Some(codec) = &self.from.codec {
                    self.from.contents.add_batch(batch, codec.as_ref())?;
                }
            }
            StreamElement::Signal(Signal::EndOfInput) => self.from.has_come = true,
            StreamElement::Signal(Signal::Barrier(barrier)) => {
                // A later one means that this one was lost: the checkpoint is about to be given up.
                self.from.has_come = barrier.checkpoint >= checkpoint;
            }
            StreamElement::Signal(signal) => {
                let element = crate::InFlightElement::of_signal(*signal);
                self.from.contents.elements.extend(element);
            }
        }
        Ok(self.from.has_come)
    }
}
