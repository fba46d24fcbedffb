//! An edge sends what it is given, in order, within its credit.

use super::*;
use crate::{Broadcast, Forward, GateOptions, InputGate, Rebalance, gate};
use hurtig_types::{Records, Timestamp, Watermark};

const NOW: MonotonicTime = MonotonicTime::from_nanos(0);
const OPTIONS: EdgeOptions = EdgeOptions {
    buffer_bytes: 64,
    flush: FlushPolicy::After(Duration::from_millis(100)),
};

fn write(edge: &mut Edge<Records<u64>>, values: Vec<u64>) {
    let mut batch = ErasedBatch::new(Records::from_values(values));
    edge.write(&mut batch, NOW, Waker::noop()).unwrap();
    assert!(batch.is_empty());
}

fn receive(gate: &mut InputGate) -> Vec<(usize, Option<Vec<u64>>)> {
    let mut received = Vec::new();
    while let Poll::Ready((channel, element)) = gate.poll_next(Waker::noop()) {
        received.push((
            channel,
            match element {
                StreamElement::Batch(batch) => {
                    Some(batch.get::<Records<u64>>().unwrap().values.clone())
                }
                StreamElement::Signal(_) => None,
            },
        ));
    }
    received
}

fn wide(channels: usize) -> (InputGate, Vec<ChannelSender>) {
    gate(
        channels,
        GateOptions {
            exclusive_bytes_per_channel: 1 << 20,
            floating_bytes: 0,
        },
    )
}

#[test]
fn a_partial_batch_waits_until_it_is_full_due_or_flushed() {
    let (mut gate, senders) = wide(1);
    let mut edge = Edge::new(Box::new(Forward), senders, OPTIONS);
    write(&mut edge, vec![1, 2]);
    assert!(receive(&mut gate).is_empty());
    edge.flush_due(NOW + Duration::from_millis(99), Waker::noop())
        .unwrap();
    assert!(receive(&mut gate).is_empty());
    edge.flush_due(NOW + Duration::from_millis(100), Waker::noop())
        .unwrap();
    assert_eq!(receive(&mut gate), [(0, Some(vec![1, 2]))]);
    (0..8).for_each(|value| write(&mut edge, vec![value]));
    assert_eq!(receive(&mut gate), [(0, Some((0..8).collect()))]);
}

#[test]
fn records_with_and_without_hashes_in_one_batch_all_go_without() {
    let (mut gate, senders) = wide(1);
    let mut edge = Edge::<Records<u64>>::new(Box::new(Forward), senders, OPTIONS);
    for hashed in [true, false, true] {
        let mut records = Records::from_values(vec![7u64]);
        if hashed {
            records.hashes.push(hurtig_types::KeyHash::from_bits(7));
        }
        edge.write(&mut ErasedBatch::new(records), NOW, Waker::noop())
            .unwrap();
    }
    edge.flush_idle(Waker::noop()).unwrap();
    let Poll::Ready((_, StreamElement::Batch(batch))) = gate.poll_next(Waker::noop()) else {
        panic!("no batch");
    };
    let records = batch.get::<Records<u64>>().unwrap();
    assert_eq!((records.len(), records.hashes.len()), (3, 0));
}

#[test]
fn a_signal_flushes_what_was_batched_and_comes_behind_it() {
    let (mut gate, senders) = wide(2);
    let mut edge = Edge::new(Box::new(Rebalance::new(1)), senders, OPTIONS);
    write(&mut edge, vec![1, 2, 3]);
    edge.signal(
        Signal::Watermark(Watermark::new(Timestamp::from_millis(1))),
        Waker::noop(),
    )
    .unwrap();
    assert_eq!(
        receive(&mut gate),
        [
            (0, Some(vec![1, 3])),
            (1, Some(vec![2])),
            (0, None),
            (1, None)
        ]
    );
}

#[test]
fn what_has_no_credit_waits_in_order_and_signals_wait_behind_it() {
    let (mut gate, senders) = gate(
        1,
        GateOptions {
            exclusive_bytes_per_channel: 64,
            floating_bytes: 0,
        },
    );
    let mut edge = Edge::new(Box::new(Forward), senders, OPTIONS);
    write(&mut edge, (0..8).collect());
    write(&mut edge, (8..16).collect());
    edge.signal(Signal::EndOfInput, Waker::noop()).unwrap();
    assert!(edge.poll_drain(Waker::noop()).is_pending());
    assert_eq!(receive(&mut gate), [(0, Some((0..8).collect()))]);
    assert!(edge.poll_drain(Waker::noop()).is_ready());
    assert_eq!(
        receive(&mut gate),
        [(0, Some((8..16).collect())), (0, None)]
    );
}

/// Even numbers to the first channel, odd ones to the second.
struct ByParity;

impl Partitioner<Records<u64>> for ByParity {
    fn select(
        &mut self,
        records: &mut Records<u64>,
        _: usize,
        chosen: &mut Vec<u32>,
    ) -> Result<Selection> {
        chosen.extend(records.values.iter().map(|value| (value % 2) as u32));
        Ok(Selection::Each)
    }
}

#[test]
fn a_partial_batch_leaves_at_its_timeout_beside_a_channel_without_credit() {
    let options = GateOptions {
        exclusive_bytes_per_channel: 64,
        floating_bytes: 0,
    };
    let (mut gate, senders) = gate(2, options);
    let mut edge = Edge::new(Box::new(ByParity), senders, OPTIONS);
    let evens = |from: u64| (from..).step_by(2).take(8).collect::<Vec<_>>();
    write(&mut edge, evens(0));
    write(&mut edge, evens(16));
    write(&mut edge, vec![1, 32]);
    assert!(edge.poll_drain(Waker::noop()).is_pending());
    let due = edge.flush_deadline().unwrap();
    edge.flush_due(due, Waker::noop()).unwrap();
    assert_eq!(edge.flush_deadline(), None, "nobody is woken for it again");
    let mut received = receive(&mut gate);
    received.sort();
    assert_eq!(received, [(0, Some(evens(0))), (1, Some(vec![1]))]);
    assert!(edge.poll_drain(Waker::noop()).is_pending());
    assert_eq!(receive(&mut gate), [(0, Some(evens(16)))]);
    assert!(edge.poll_drain(Waker::noop()).is_ready());
    assert_eq!(receive(&mut gate), [(0, Some(vec![32]))]);
}

#[test]
fn a_broadcast_reaches_every_channel_in_small_batches_and_large() {
    let (mut gate, senders) = wide(3);
    let mut edge = Edge::new(Box::new(Broadcast), senders, OPTIONS);
    for values in [vec![7], (0..100).collect()] {
        write(&mut edge, values.clone());
        edge.flush_idle(Waker::noop()).unwrap();
        let mut received = receive(&mut gate);
        received.sort();
        let expected: Vec<_> = (0..3)
            .map(|channel| (channel, Some(values.clone())))
            .collect();
        assert_eq!(received, expected);
    }
}

#[test]
fn with_timeout_minus_one_only_full_batches_and_signals_are_sent() {
    let (mut gate, senders) = wide(1);
    let options = EdgeOptions {
        flush: FlushPolicy::WhenFull,
        ..OPTIONS
    };
    let mut edge = Edge::new(Box::new(Forward), senders, options);
    write(&mut edge, vec![1]);
    edge.flush_idle(Waker::noop()).unwrap();
    assert!(receive(&mut gate).is_empty() && edge.flush_deadline().is_none());
}
