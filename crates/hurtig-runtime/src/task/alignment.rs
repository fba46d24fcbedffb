//! What it costs until a barrier has come on all channels.

use std::time::Duration;

use hurtig_env::MonotonicTime;
use hurtig_exchange::InputGate;

/// How long the channels whose barrier came first have waited for the others, and how much was taken meanwhile.
#[derive(Default)]
pub(super) struct Alignment {
    pub(super) now: MonotonicTime,
    /// When the first barrier came, and how many bytes the gate had given by then.
    since: Option<(MonotonicTime, u64)>,
    pub(super) took: Aligned,
    /// How many bytes it had given when a barrier overtook what came before it.
    overtaken_at: Option<u64>,
}

/// What it took until a barrier had come on all channels.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Aligned {
    pub(super) time: Duration,
    pub(super) processed_bytes: u64,
}

impl Alignment {
    pub(super) fn begin(&mut self, gate: &InputGate) {
        if self.since.is_none() {
            self.since = Some((self.now, gate.received_bytes()));
        }
    }

    pub(super) fn end(&mut self, received_bytes: u64) {
        let since = self.since.take();
        self.took = since.map_or(Aligned::default(), |(since, before)| Aligned {
            time: self.now.saturating_since(since),
            processed_bytes: received_bytes.saturating_sub(before),
        });
    }

    /// No channel waits, and none has waited for anything.
    pub(super) const fn give_up(&mut self) {
        self.since = None;
    }

    /// What has overtaken came to nothing.
    pub(super) const fn forget_overtaken(&mut self) {
        self.overtaken_at = None;
    }

    /// No channel waits any more; what comes before the barrier is processed all the same.
    pub(super) fn overtaken(&mut self, received_bytes: u64) {
        self.end(received_bytes);
        self.overtaken_at = Some(received_bytes);
    }

    /// How much was taken since a barrier has overtaken, once all that came before it is. Once.
    pub(super) fn take_overtaken(&mut self, received_bytes: u64) -> u64 {
        let at = self.overtaken_at.take();
        at.map_or(0, |at| received_bytes.saturating_sub(at))
    }
}

#[cfg(test)]
mod tests {
    use std::task::Waker;
    use std::time::Duration;

    use hurtig_env::World;
    use hurtig_exchange::{AlignmentMode, ChannelSender, GateOptions, gate};
    use hurtig_types::{
        AlignmentType, Barrier, BarrierKind, CheckpointId, Epoch, ErasedBatch, Records, Signal,
    };

    use super::Aligned;
    use crate::task::chain::OperatorChain;
    use crate::task::inputs::Inputs;

    fn barrier(id: u64) -> Signal {
        Signal::Barrier(Barrier {
            checkpoint: CheckpointId::new(id),
            epoch: Epoch::new(1),
            kind: BarrierKind::Checkpoint,
            alignment: AlignmentType::Aligned,
            base: None,
        })
    }

    fn send(sender: &ChannelSender, bytes: usize) {
        let batch = ErasedBatch::new(Records::from_values(vec![7u64]));
        assert!(sender.try_send(batch, bytes, Waker::noop()).is_ok());
    }

    #[test]
    fn what_is_taken_between_the_first_barrier_and_the_last_is_counted() {
        let options = GateOptions {
            exclusive_bytes_per_channel: 1_000,
            floating_bytes: 0,
        };
        let (gate, senders) = gate(2, options);
        let mut inputs = Inputs::new(gate, vec![0, 0], AlignmentMode::ExactlyOnce);
        let mut chain = OperatorChain::new(Vec::new(), Vec::new());
        let clock = World::simulated(1).clock().clone();
        inputs.alignment.now = clock.now();
        let mut take_all = |inputs: &mut Inputs| {
            while inputs.poll_next(&mut chain, Waker::noop()).is_ready() {}
            inputs.alignment.took
        };
        for id in [1, 2] {
            // Before the first, behind it, and behind the last.
            send(&senders[0], 1);
            senders[0].send_signal(barrier(id));
            send(&senders[0], 20);
            inputs.alignment.took = Aligned::default();
            assert_eq!(take_all(&mut inputs).processed_bytes, 0, "not over");
            inputs.alignment.now = inputs.alignment.now + Duration::from_millis(5);
            send(&senders[1], 300);
            send(&senders[1], 300);
            senders[1].send_signal(barrier(id));
            send(&senders[1], 20);
            let took = take_all(&mut inputs);
            assert_eq!(took.processed_bytes, 600);
            assert_eq!(took.time.as_millis(), 5);
        }
    }
}
