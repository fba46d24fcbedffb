//! Waits until the barrier of a checkpoint has come on every channel.

use hurtig_types::{Barrier, CheckpointId};

/// Whether the channels on which a barrier has come wait for the others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AlignmentMode {
    /// They do: no record behind the barrier is seen before the snapshot.
    ExactlyOnce,
    /// They don't: after a failure such records are seen twice.
    AtLeastOnce,
}

/// What a barrier, or the end of a channel, came to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct AlignerOutput {
    /// All channels are to be read again, whatever was said before.
    pub unblock_all: bool,
    /// The channel is not to be read until it is unblocked.
    pub block: bool,
    /// The barrier has come on every channel: the snapshot is due.
    pub complete: Option<Barrier>,
}

/// Keeps which channels the current barrier has come on.
///
/// Barriers of a channel come in the order of their ids. A later checkpoint's barrier gives the current one up; those of checkpoints
/// that are complete, given up or cancelled are passed over.
///
/// ```
/// use hurtig_exchange::{AlignmentMode, BarrierAligner};
/// use hurtig_types::{Barrier, BarrierKind, CheckpointId, Epoch};
///
/// let barrier = Barrier { checkpoint: CheckpointId::new(1), epoch: Epoch::new(1), kind: BarrierKind::Checkpoint };
/// let mut aligner = BarrierAligner::new(2, AlignmentMode::ExactlyOnce);
/// assert!(aligner.barrier(1, barrier).block);
/// let last = aligner.barrier(0, barrier);
/// assert!(last.unblock_all && !last.block);
/// assert_eq!(last.complete, Some(barrier));
/// ```
#[derive(Debug)]
pub struct BarrierAligner {
    mode: AlignmentMode,
    channels: Vec<Channel>,
    current: Option<Barrier>,
    /// Checkpoints up to this one are over here.
    over: Option<CheckpointId>,
}

#[derive(Clone, Copy, Debug, Default)]
struct Channel {
    has_come: bool,
    has_ended: bool,
}

impl BarrierAligner {
    /// For so many channels.
    pub fn new(channels: usize, mode: AlignmentMode) -> Self {
        Self {
            mode,
            channels: vec![Channel::default(); channels],
            current: None,
            over: None,
        }
    }

    /// The checkpoint whose barrier has come on some channels and not on all.
    pub fn current(&self) -> Option<Barrier> {
        self.current
    }

    /// Whether a barrier of this checkpoint or a later one has come on any channel, or it was given up.
    pub fn has_seen(&self, checkpoint: CheckpointId) -> bool {
        let current = self.current.map(|barrier| barrier.checkpoint);
        current.max(self.over) >= Some(checkpoint)
    }

    /// A barrier came on a channel.
    pub fn barrier(&mut self, channel: usize, barrier: Barrier) -> AlignerOutput {
        let mut output = AlignerOutput::default();
        let is_over = |over| barrier.checkpoint <= over;
        if self.over.is_some_and(is_over) {
            return output;
        }
        match self.current {
            Some(current) if current.checkpoint > barrier.checkpoint => return output,
            Some(current) if current.checkpoint == barrier.checkpoint => {}
            given_up => {
                output.unblock_all = given_up.is_some();
                self.give_up();
                self.current = Some(barrier);
            }
        }
        if let Some(channel) = self.channels.get_mut(channel) {
            channel.has_come = true;
        }
        self.finish(&mut output);
        output.block = output.complete.is_none() && self.mode == AlignmentMode::ExactlyOnce;
        output
    }

    /// A channel has ended: nothing that is missing can come on it.
    pub fn end(&mut self, channel: usize) -> AlignerOutput {
        let mut output = AlignerOutput::default();
        if let Some(channel) = self.channels.get_mut(channel) {
            channel.has_ended = true;
        }
        self.finish(&mut output);
        output
    }

    /// A checkpoint came to nothing: nobody waits for its barriers any more.
    pub fn cancel(&mut self, checkpoint: CheckpointId) -> AlignerOutput {
        let is_current = self.current.is_some_and(|it| it.checkpoint == checkpoint);
        if is_current {
            self.give_up();
        }
        self.over = self.over.max(Some(checkpoint));
        AlignerOutput {
            unblock_all: is_current,
            ..AlignerOutput::default()
        }
    }

    /// The current barrier is over if it has come on all channels that have not ended.
    fn finish(&mut self, output: &mut AlignerOutput) {
        let Some(current) = self.current else { return };
        if self.channels.iter().all(|it| it.has_come || it.has_ended) {
            self.give_up();
            self.over = Some(current.checkpoint);
            output.complete = Some(current);
            output.unblock_all = true;
        }
    }

    fn give_up(&mut self) {
        self.current = None;
        self.channels.iter_mut().for_each(|it| it.has_come = false);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use hurtig_types::{BarrierKind, Epoch};
    use proptest::prelude::*;

    fn barrier(id: u64) -> Barrier {
        Barrier {
            checkpoint: CheckpointId::new(id),
            epoch: Epoch::new(1),
            kind: BarrierKind::Checkpoint,
        }
    }

    #[test]
    fn without_alignment_no_channel_waits() {
        let mut aligner = BarrierAligner::new(2, AlignmentMode::AtLeastOnce);
        assert!(!aligner.barrier(0, barrier(1)).block);
        assert_eq!(aligner.barrier(1, barrier(1)).complete, Some(barrier(1)));
    }

    #[test]
    fn a_later_barrier_gives_up_the_current_one() {
        let mut aligner = BarrierAligner::new(3, AlignmentMode::ExactlyOnce);
        aligner.barrier(0, barrier(1));
        let later = aligner.barrier(1, barrier(2));
        assert!(later.unblock_all && later.block);
        assert_eq!(aligner.barrier(2, barrier(1)), AlignerOutput::default());
        aligner.barrier(0, barrier(2));
        assert_eq!(aligner.barrier(2, barrier(2)).complete, Some(barrier(2)));
    }

    #[test]
    fn the_end_of_the_last_channel_completes() {
        let mut aligner = BarrierAligner::new(2, AlignmentMode::ExactlyOnce);
        aligner.barrier(0, barrier(1));
        let end = aligner.end(1);
        assert_eq!(end.complete, Some(barrier(1)));
        assert!(end.unblock_all);
        // From now on the other channel is all there is.
        assert_eq!(aligner.barrier(0, barrier(2)).complete, Some(barrier(2)));
    }

    #[test]
    fn a_cancelled_checkpoint_is_passed_over() {
        let mut aligner = BarrierAligner::new(2, AlignmentMode::ExactlyOnce);
        aligner.barrier(0, barrier(1));
        assert!(aligner.cancel(CheckpointId::new(1)).unblock_all);
        assert_eq!(aligner.barrier(1, barrier(1)), AlignerOutput::default());
        assert!(aligner.barrier(1, barrier(2)).block);
    }

    proptest! {
        /// Each channel sends the barriers 1 to n, some not; channels come in any order. Blocked channels are not read.
        #[test]
        fn a_checkpoint_is_complete_once_and_nobody_waits_for_ever(
            order in prop::collection::vec(0usize..4, 0..200), lost in prop::collection::vec((0usize..4, 1u64..6), 0..4),
        ) {
            let mut aligner = BarrierAligner::new(4, AlignmentMode::ExactlyOnce);
            let queue = |channel| (1..6u64).filter(|id| !lost.contains(&(channel, *id))).rev().collect::<Vec<_>>();
            let mut queues: Vec<_> = (0..4).map(queue).collect();
            let (mut blocked, mut ended, mut complete) = ([false; 4], [false; 4], Vec::new());
            for channel in order.into_iter().chain((0..4).cycle().take(100)) {
                if blocked[channel] || ended[channel] {
                    continue;
                }
                let output = match queues[channel].pop() {
                    Some(id) => aligner.barrier(channel, barrier(id)),
                    None => { ended[channel] = true; aligner.end(channel) }
                };
                if output.unblock_all {
                    blocked = [false; 4];
                }
                blocked[channel] = output.block;
                complete.extend(output.complete.map(|barrier| barrier.checkpoint.get()));
            }
            prop_assert_eq!(ended, [true; 4], "somebody waits for ever");
            prop_assert!(complete.is_sorted_by(|a, b| a < b));
            for id in 1..6 {
                if lost.iter().all(|(_, lost)| *lost != id) && lost.iter().all(|(_, lost)| *lost > id) {
                    prop_assert!(complete.contains(&id), "nothing was missing of {}", id);
                }
            }
        }
    }
}
