//! What producers and a consumer do with a gate, each in a thread of the model checker.
//!
//! Whoever waits, waits as tasks do: for its waker. So a wake-up that is lost is a thread that waits for ever, which the checker reports
//! as a deadlock.

use std::future::poll_fn;
use std::task::{Context, Poll};

use hurtig_exchange::{ChannelSender, GateOptions, InputGate, gate};
use hurtig_types::{
    AlignmentType, Barrier, BarrierKind, CheckpointId, Epoch, ErasedBatch, Records, Signal,
    StreamElement,
};
use shuttle::future::block_on;
use shuttle::thread;

const BYTES: usize = 8;

/// Room for one batch a channel, and for one more that they share.
const TIGHT: GateOptions = GateOptions {
    exclusive_bytes_per_channel: BYTES,
    floating_bytes: BYTES,
};

fn send(sender: &ChannelSender, value: u64) {
    let mut batch = Some(ErasedBatch::new(Records::from_values(vec![value])));
    block_on(poll_fn(|context: &mut Context<'_>| {
        let sent = batch
            .take()
            .map(|it| sender.try_send(it, BYTES, context.waker()));
        match sent {
            Some(Err(refused)) => {
                batch = Some(refused);
                Poll::Pending
            }
            _ => Poll::Ready(()),
        }
    }));
}

fn next(gate: &mut InputGate) -> (usize, StreamElement) {
    block_on(poll_fn(|context: &mut Context<'_>| {
        gate.poll_next(context.waker())
    }))
}

fn value(batch: &ErasedBatch) -> u64 {
    batch.get::<Records<u64>>().unwrap().values[0]
}

fn barrier(alignment: AlignmentType) -> Signal {
    Signal::Barrier(Barrier {
        checkpoint: CheckpointId::new(1),
        epoch: Epoch::new(1),
        kind: BarrierKind::Checkpoint,
        alignment,
        base: None,
    })
}

/// Room for one batch a channel, and no more.
const TIGHTEST: GateOptions = GateOptions {
    exclusive_bytes_per_channel: BYTES,
    floating_bytes: 0,
};

/// Two producers send more than there is credit for: all of it arrives, in order, and never more than the credit is in flight.
fn all_arrives_in_order(options: GateOptions) {
    const EACH: u64 = 3;
    let (mut gate, senders) = gate(2, options);
    let usage = gate.usage();
    let producers = senders.into_iter().map(|sender| {
        thread::spawn(move || {
            (0..EACH).for_each(|value| send(&sender, value));
            sender.send_signal(Signal::EndOfInput);
        })
    });
    let producers: Vec<_> = producers.collect();
    let mut expected = [0; 2];
    let mut ended = 0;
    while ended < 2 {
        match next(&mut gate) {
            (channel, StreamElement::Batch(batch)) => {
                assert_eq!(value(&batch), expected[channel]);
                expected[channel] += 1;
            }
            (_, StreamElement::Signal(signal)) => {
                assert_eq!(signal, Signal::EndOfInput);
                ended += 1;
            }
        }
    }
    assert_eq!(expected, [EACH; 2]);
    let (in_flight, peak) = usage();
    assert_eq!(in_flight, 0);
    assert!(
        peak <= 2 * BYTES + options.floating_bytes,
        "{peak} bytes were in flight"
    );
    producers.into_iter().for_each(|it| it.join().unwrap());
}

/// The consumer goes while producers wait for credit: they are let go.
fn nobody_waits_for_a_gate_that_is_gone() {
    let (mut gate, senders) = gate(2, TIGHT);
    let producers = senders
        .into_iter()
        .map(|sender| thread::spawn(move || (0..4).for_each(|value| send(&sender, value))));
    let producers: Vec<_> = producers.collect();
    next(&mut gate);
    drop(gate);
    producers.into_iter().for_each(|it| it.join().unwrap());
}

/// A barrier that overtakes is heard of by a consumer that waits for something else than its gate, say for credit of its own.
fn an_announcement_reaches_who_waits_for_something_else() {
    let (mut gate, mut senders) = gate(1, TIGHT);
    let sender = senders.remove(0);
    gate.announce(0);
    let producer = thread::spawn(move || {
        send(&sender, 1);
        sender.send_signal(barrier(AlignmentType::Unaligned));
    });
    let announced = block_on(poll_fn(|context: &mut Context<'_>| {
        gate.set_urgent_waker(context.waker());
        match gate.take_announced() {
            announced if announced.is_empty() => Poll::Pending,
            announced => Poll::Ready(announced),
        }
    }));
    assert_eq!(announced.len(), 1);
    assert!(matches!(next(&mut gate), (0, StreamElement::Batch(_))));
    assert!(matches!(
        next(&mut gate),
        (0, StreamElement::Signal(Signal::Barrier(_)))
    ));
    producer.join().unwrap();
}

/// A channel whose barrier has come waits for the other's: nothing of it passes before, nothing is lost behind.
fn a_channel_waits_for_the_barrier_of_the_other() {
    let (mut gate, senders) = gate(2, TIGHT);
    let producers = senders.into_iter().map(|sender| {
        thread::spawn(move || {
            send(&sender, 0);
            sender.send_signal(barrier(AlignmentType::Aligned));
            send(&sender, 1);
            send(&sender, 1);
        })
    });
    let producers: Vec<_> = producers.collect();
    let (mut barriers, mut batches) = (0, [0, 0]);
    while barriers < 2 || batches[1] < 4 {
        match next(&mut gate) {
            (channel, StreamElement::Signal(_)) => {
                barriers += 1;
                gate.block(channel);
                if barriers == 2 {
                    gate.unblock();
                }
            }
            (_, StreamElement::Batch(batch)) => {
                let side = value(&batch);
                assert!(
                    side == u64::from(barriers == 2),
                    "{side} after {barriers} barriers"
                );
                batches[side as usize] += 1;
            }
        }
    }
    assert_eq!(batches, [2, 4]);
    producers.into_iter().for_each(|it| it.join().unwrap());
}

/// All of them, by name.
pub(crate) const ALL: [(&str, fn()); 5] = [
    ("all_arrives_in_order", || all_arrives_in_order(TIGHT)),
    ("all_arrives_with_the_least_credit", || {
        all_arrives_in_order(TIGHTEST);
    }),
    (
        "nobody_waits_for_a_gate_that_is_gone",
        nobody_waits_for_a_gate_that_is_gone,
    ),
    (
        "an_announcement_reaches_who_waits_for_something_else",
        an_announcement_reaches_who_waits_for_something_else,
    ),
    (
        "a_channel_waits_for_the_barrier_of_the_other",
        a_channel_waits_for_the_barrier_of_the_other,
    ),
];
