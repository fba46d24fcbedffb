//! A gate hands out what was sent, and credit for it.

use super::*;
use hurtig_types::{ErasedBatch, Records, Timestamp, Watermark};
use proptest::prelude::*;

fn batch(value: u64) -> ErasedBatch {
    ErasedBatch::new(Records::from_values(vec![value]))
}

fn send(sender: &ChannelSender, value: u64, bytes: usize) -> bool {
    sender.try_send(batch(value), bytes, Waker::noop()).is_ok()
}

fn receive(gate: &mut InputGate) -> Option<(usize, StreamElement)> {
    match gate.poll_next(Waker::noop()) {
        Poll::Ready(next) => Some(next),
        Poll::Pending => None,
    }
}

#[test]
fn without_any_credit_each_channel_passes_one_batch_at_a_time() {
    let options = GateOptions {
        exclusive_bytes_per_channel: 0,
        floating_bytes: 0,
    };
    let (mut gate, senders) = gate(2, options);
    assert!(send(&senders[0], 1, 10_000_000) && !send(&senders[0], 2, 1));
    assert!(send(&senders[1], 3, 1));
    assert_eq!(receive(&mut gate).map(|next| next.0), Some(0));
    assert!(send(&senders[0], 2, 1));
}

#[test]
fn a_row_of_watermarks_takes_one_place() {
    let (mut gate, senders) = gate(
        1,
        GateOptions {
            exclusive_bytes_per_channel: 0,
            floating_bytes: 0,
        },
    );
    for millis in 0..1000 {
        senders[0].send_signal(Signal::Watermark(Watermark::new(Timestamp::from_millis(
            millis,
        ))));
    }
    let last = Watermark::new(Timestamp::from_millis(999));
    assert!(matches!(
        receive(&mut gate),
        Some((0, StreamElement::Signal(Signal::Watermark(watermark)))) if watermark == last
    ));
    assert!(receive(&mut gate).is_none());
}

proptest! {
    /// Random sends and receives on three channels: order is kept, credit bounds what is in flight and comes back whole.
    #[test]
    fn order_is_kept_and_credit_bounds_what_is_in_flight(
        actions in prop::collection::vec((0usize..4, 1usize..50), 1..200),
    ) {
        let options = GateOptions { exclusive_bytes_per_channel: 64, floating_bytes: 100 };
        let (mut gate, senders) = gate(3, options);
        let mut sent = [0u64; 3];
        let mut received = [0u64; 3];
        let mut drain = |gate: &mut InputGate, most: usize| {
            for _ in 0..most {
                let Some((channel, StreamElement::Batch(batch))) = receive(gate) else { break };
                assert_eq!(batch.get::<Records<u64>>().unwrap().values, [received[channel]]);
                received[channel] += 1;
            }
            received
        };
        for (channel, amount) in actions {
            if channel == 3 {
                drain(&mut gate, amount / 10);
            } else if send(&senders[channel], sent[channel], amount) {
                sent[channel] += 1;
            }
            prop_assert!(gate.in_flight_bytes() <= 3 * 64 + 100);
        }
        prop_assert_eq!(drain(&mut gate, usize::MAX), sent);
        let state = gate.shared.state.lock();
        prop_assert_eq!((state.in_flight, state.floating_free), (0, 100));
    }
}
