//! Control messages that come late, twice, in another order, or not at all.
//!
//! | Message | late | twice | lost |
//! |---|---|---|---|
//! | `trigger`: a task is to take a checkpoint | yes | yes | yes: the checkpoint expires |
//! | `ack`: a participant has stored its state, or declines | yes | yes | yes: the checkpoint expires |
//! | `complete`: what was prepared may be committed | yes | yes | no: nobody says it again, and a job would wait for its last commit |
//! | `aborted`: a checkpoint came to nothing | yes | yes | no: a source that has stopped for it would never go on |
//!
//! Each task is told by a message of its own, so that some hear what others do not. What is late may come behind what was sent later. Not
//! disturbed, because they are calls and queues within a process, in order by contract: splits and marks between enumerator and
//! readers, batches and signals between tasks, what a client wants of the master.

use std::time::Duration;

use hurtig_env::Delivery;

use super::Storm;

/// What befalls messages.
#[derive(Clone, Debug, Default)]
pub(crate) struct MessageFaults {
    /// Messages that are disturbed.
    pub(crate) left: u32,
    /// The share of messages that are, as long as any are left.
    pub(crate) share: f64,
    /// How late one comes, at most.
    pub(crate) late: Duration,
}

impl Storm {
    /// What becomes of a message.
    pub(crate) fn carry(&self, kind: &'static str) -> Delivery {
        let delivery = self.draw_delivery(kind);
        let what = match delivery {
            Delivery::AtOnce => return delivery,
            Delivery::After(_) => "late",
            Delivery::Twice(_) => "twice",
            Delivery::Never => "lost",
        };
        self.marks().hit(format!("message.{kind}.{what}"));
        self.trace()
            .line(format_args!("message `{kind}`: {delivery:?}"));
        delivery
    }

    fn draw_delivery(&self, kind: &str) -> Delivery {
        let state = &mut *self.0.state.lock();
        if state.messages.left == 0 || !state.rng.bool(state.messages.share) {
            return Delivery::AtOnce;
        }
        state.messages.left -= 1;
        let late = state.messages.late.as_micros() as u64;
        let late = Duration::from_micros(state.rng.below(late.max(1)));
        let may_be_lost = matches!(kind, "trigger" | "ack");
        match state.rng.below(if may_be_lost { 3 } else { 2 }) {
            0 => Delivery::After(late),
            1 => Delivery::Twice(late),
            _ => Delivery::Never,
        }
    }
}
