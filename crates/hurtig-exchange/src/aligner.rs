//! Waits until the barrier of a checkpoint has come on every channel.

use std::collections::VecDeque;

use hurtig_types::{AlignmentType, Barrier, CheckpointId};

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
/// Barriers of a channel come in the order of their ids. Where channels wait, a later checkpoint's barrier gives the current one up, whose
/// barrier some channel has lost; where they don't, several checkpoints may be under way at once. Those that are complete, given up or
/// cancelled are passed over.
///
/// ```
/// use hurtig_exchange::{AlignmentMode, BarrierAligner};
/// use hurtig_types::{AlignmentType, Barrier, BarrierKind, CheckpointId, Epoch};
///
/// let barrier = Barrier {
///     checkpoint: CheckpointId::new(1),
///     epoch: Epoch::new(1),
///     kind: BarrierKind::Checkpoint,
///     alignment: AlignmentType::Aligned,
///     base: None,
/// };
/// let mut aligner = BarrierAligner::new(2, AlignmentMode::ExactlyOnce);
/// assert!(aligner.barrier(1, barrier).block);
/// let last = aligner.barrier(0, barrier);
/// assert!(last.unblock_all && !last.block);
/// assert_eq!(last.complete, Some(barrier));
/// ```
#[derive(Debug)]
pub struct BarrierAligner {
    mode: AlignmentMode,
    ended: Vec<bool>,
    /// Barriers that have come on some channels, in order; one at most where channels wait.
    current: VecDeque<Alignment>,
    /// Checkpoints up to this one are over here.
    over: Option<CheckpointId>,
}

#[derive(Clone, Debug)]
struct Alignment {
    barrier: Barrier,
    has_come: Vec<bool>,
}

impl Alignment {
    fn come(&mut self, channel: usize, barrier: Barrier) {
        if let Some(has_come) = self.has_come.get_mut(channel) {
            *has_come = true;
        }
        // One that was overtaking somewhere goes on overtaking.
        if barrier.alignment == AlignmentType::Unaligned {
            self.barrier.alignment = AlignmentType::Unaligned;
        }
    }
}

impl BarrierAligner {
    /// For so many channels.
    pub fn new(channels: usize, mode: AlignmentMode) -> Self {
        Self {
            mode,
            ended: vec![false; channels],
            current: VecDeque::new(),
            over: None,
        }
    }

    /// The first checkpoint whose barrier has come on some channels and not on all.
    pub fn current(&self) -> Option<Barrier> {
        self.current.front().map(|alignment| alignment.barrier)
    }

    /// Whether a barrier of this checkpoint has come on any channel, or it is over here.
    pub fn has_seen(&self, checkpoint: CheckpointId) -> bool {
        let mut under_way = self.current.iter();
        self.over >= Some(checkpoint) || under_way.any(|it| it.barrier.checkpoint == checkpoint)
    }

    /// Whether this checkpoint is over here, taken or come to nothing.
    pub fn is_over(&self, checkpoint: CheckpointId) -> bool {
        self.over >= Some(checkpoint)
    }

    /// Whether nothing need be waited for on a channel: this checkpoint's barrier was read, or the channel has ended.
    pub fn has_come(&self, checkpoint: CheckpointId, channel: usize) -> bool {
        let of = self
            .current
            .iter()
            .find(|it| it.barrier.checkpoint == checkpoint);
        let has_come = of.and_then(|it| it.has_come.get(channel));
        let has_ended = self.ended.get(channel);
        has_come.is_some_and(|it| *it) || has_ended.is_some_and(|it| *it)
    }

    /// A barrier came on a channel.
    pub fn barrier(&mut self, channel: usize, barrier: Barrier) -> AlignerOutput {
        let mut output = AlignerOutput::default();
        if self.over >= Some(barrier.checkpoint) {
            return output;
        }
        let waits = self.mode == AlignmentMode::ExactlyOnce;
        let is_later = |it: &Alignment| it.barrier.checkpoint < barrier.checkpoint;
        match self.current.front() {
            Some(current) if waits && current.barrier.checkpoint > barrier.checkpoint => {
                return output;
            }
            Some(current) if waits && is_later(current) => {
                self.current.clear();
                output.unblock_all = true;
            }
            _ => {}
        }
        let place = self.current.partition_point(is_later);
        let is_new = |it: &Alignment| it.barrier.checkpoint != barrier.checkpoint;
        if self.current.get(place).is_none_or(is_new) {
            let has_come = vec![false; self.ended.len()];
            self.current.insert(place, Alignment { barrier, has_come });
        }
        if let Some(alignment) = self.current.get_mut(place) {
            alignment.come(channel, barrier);
        }
        self.finish(&mut output);
        output.block = waits && output.complete.is_none();
        output
    }

    /// A channel has ended: nothing that is missing can come on it.
    pub fn end(&mut self, channel: usize) -> AlignerOutput {
        if let Some(ended) = self.ended.get_mut(channel) {
            *ended = true;
        }
        self.next_complete()
    }

    /// What else has become complete by the end of a channel: to be asked until there is nothing more.
    pub fn next_complete(&mut self) -> AlignerOutput {
        let mut output = AlignerOutput::default();
        self.finish(&mut output);
        output
    }

    /// A checkpoint came to nothing: nobody waits for its barriers any more.
    pub fn cancel(&mut self, checkpoint: CheckpointId) -> AlignerOutput {
        let before = self.current.len();
        self.current.retain(|it| it.barrier.checkpoint > checkpoint);
        self.over = self.over.max(Some(checkpoint));
        AlignerOutput {
            unblock_all: self.current.len() < before,
            ..AlignerOutput::default()
        }
    }

    /// The first barrier is over if it has come on all channels that have not ended.
    fn finish(&mut self, output: &mut AlignerOutput) {
        let is_there = |it: &Alignment| it.has_come.iter().zip(&self.ended).all(|(a, b)| *a || *b);
        if let Some(complete) = self.current.pop_front_if(|it| is_there(it)) {
            self.over = Some(complete.barrier.checkpoint);
            output.complete = Some(complete.barrier);
            output.unblock_all = true;
        }
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
            alignment: AlignmentType::Aligned,
            base: None,
        }
    }

    #[test]
    fn without_alignment_no_channel_waits() {
        let mut aligner = BarrierAligner::new(2, AlignmentMode::AtLeastOnce);
        assert!(!aligner.barrier(0, barrier(1)).block);
        assert_eq!(aligner.barrier(1, barrier(1)).complete, Some(barrier(1)));
    }

    #[test]
    fn without_alignment_several_checkpoints_may_be_under_way() {
        let mut aligner = BarrierAligner::new(3, AlignmentMode::AtLeastOnce);
        for (channel, id) in [(0, 1), (0, 2), (1, 1), (1, 2)] {
            assert_eq!(aligner.barrier(channel, barrier(id)).complete, None);
        }
        assert_eq!(aligner.barrier(2, barrier(1)).complete, Some(barrier(1)));
        assert_eq!(aligner.end(2).complete, Some(barrier(2)));
        assert_eq!(aligner.next_complete(), AlignerOutput::default());
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
