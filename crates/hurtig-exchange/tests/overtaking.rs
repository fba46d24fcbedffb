//! Barriers that overtake, against a simple model: what a consumer had taken at its snapshot, what was copied of its channels, and what
//! was copied behind its producers are together what the producers had put out before their barriers, in order and once.

#![allow(clippy::unwrap_used, reason = "a test may stop where it fails")]

use std::sync::Arc;
use std::task::{Poll, Waker};
use std::time::Duration;

use hurtig_env::MonotonicTime;
use hurtig_exchange::{
    BatchCodec, CaptureFrom, ChannelContents, Edge, EdgeOptions, EdgeWriter, FlushPolicy, Forward,
    GateOptions, InFlightElement, InputCapture, InputGate, RecordsCodec, gate,
};
use hurtig_types::{
    AlignmentType, Barrier, BarrierKind, CheckpointId, Epoch, ErasedBatch, Records, Signal,
    StreamElement, Timestamp, Watermark,
};
use proptest::prelude::*;

const CHANNELS: usize = 3;
const NOW: MonotonicTime = MonotonicTime::from_nanos(0);
const CHECKPOINT: CheckpointId = CheckpointId::new(7);

fn barrier(alignment: AlignmentType) -> Barrier {
    Barrier {
        checkpoint: CHECKPOINT,
        epoch: Epoch::new(1),
        kind: BarrierKind::Checkpoint,
        alignment,
        base: None,
    }
}

/// Record or watermark, as one number line: watermarks are marked.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Seen {
    Record(u64),
    Watermark(i64),
}

fn seen_of(batch: &ErasedBatch) -> Vec<Seen> {
    let records = batch.get::<Records<u64>>().unwrap();
    records.values.iter().copied().map(Seen::Record).collect()
}

fn seen_in(contents: &ChannelContents) -> Vec<Seen> {
    let codec = RecordsCodec::<u64>::new();
    let of = |element: &InFlightElement| match element {
        InFlightElement::Batch(bytes) => seen_of(&codec.decode(bytes, None).unwrap()),
        InFlightElement::Watermark(watermark) => {
            vec![Seen::Watermark(watermark.timestamp().as_millis())]
        }
        InFlightElement::Status(_) => Vec::new(),
    };
    contents.elements.iter().flat_map(of).collect()
}

/// Only the last of several watermarks in a row says anything.
fn settled(mut all: Vec<Seen>) -> Vec<Seen> {
    let mut settled: Vec<Seen> = Vec::new();
    for seen in all.drain(..) {
        let replaces = matches!(
            (settled.last(), &seen),
            (Some(Seen::Watermark(_)), Seen::Watermark(_))
        );
        if replaces {
            settled.pop();
        }
        settled.push(seen);
    }
    settled
}

struct Producer {
    edge: Edge<Records<u64>>,
    /// All that it has put out before its barrier.
    before: Vec<Seen>,
    /// Whether its barrier was sent.
    sent: bool,
    /// What its barrier has overtaken.
    overtaken: Vec<Seen>,
}

impl Producer {
    fn put(&mut self, seen: Seen) {
        if !self.sent {
            self.before.push(seen);
        }
    }
}

struct World {
    gate: InputGate,
    producers: Vec<Producer>,
    /// What was taken of each channel before the snapshot.
    taken: Vec<Vec<Seen>>,
    /// What was taken at all, records only.
    received: Vec<Vec<u64>>,
    read: [bool; CHANNELS],
    capture: Option<InputCapture>,
    /// Whether the consumer has taken its snapshot.
    begun: bool,
    next: u64,
}

impl World {
    fn new(buffer_bytes: usize) -> Self {
        let options = GateOptions {
            exclusive_bytes_per_channel: 64,
            floating_bytes: 32,
        };
        let (mut gate, senders) = gate(CHANNELS, options);
        let edges = EdgeOptions {
            buffer_bytes,
            flush: FlushPolicy::After(Duration::from_millis(100)),
        };
        let producers = senders.into_iter().enumerate().map(|(channel, sender)| {
            gate.announce(channel);
            let mut edge = Edge::new(Box::new(Forward), vec![sender], edges);
            edge.allow_overtaking();
            Producer {
                edge,
                before: Vec::new(),
                sent: false,
                overtaken: Vec::new(),
            }
        });
        let producers = producers.collect();
        Self {
            gate,
            producers,
            taken: vec![Vec::new(); CHANNELS],
            received: vec![Vec::new(); CHANNELS],
            read: [false; CHANNELS],
            capture: None,
            begun: false,
            next: 0,
        }
    }

    fn act(&mut self, channel: usize, action: u32, amount: u64) {
        let producer = &mut self.producers[channel];
        match action {
            0..=2 => {
                let values: Vec<u64> = (self.next..self.next + amount).collect();
                self.next += amount;
                let mut batch = ErasedBatch::new(Records::from_values(values.clone()));
                producer.edge.write(&mut batch, NOW, Waker::noop()).unwrap();
                values
                    .into_iter()
                    .for_each(|value| producer.put(Seen::Record(value)));
            }
            3 => {
                self.next += 1;
                let millis = self.next as i64;
                let watermark = Watermark::new(Timestamp::from_millis(millis));
                let signal = Signal::Watermark(watermark);
                producer.edge.signal(signal, Waker::noop()).unwrap();
                producer.put(Seen::Watermark(millis));
            }
            4 => producer.edge.flush_idle(Waker::noop()).unwrap(),
            5 => drop(producer.edge.poll_drain(Waker::noop())),
            6 => self.send_barrier(channel, AlignmentType::Unaligned),
            7 => {
                let until = AlignmentType::AlignedUntil(Timestamp::from_millis(5));
                self.send_barrier(channel, until);
            }
            8 => {
                producer.edge.hurry(CHECKPOINT).unwrap();
                let more = producer.edge.take_overtaken(CHECKPOINT);
                producer.overtaken.extend(more.iter().flat_map(seen_in));
            }
            9 => self.look(),
            _ => (0..amount).for_each(|_| self.read()),
        }
    }

    /// One that waits goes behind what is there, until it is hurried.
    fn send_barrier(&mut self, channel: usize, alignment: AlignmentType) {
        let producer = &mut self.producers[channel];
        if std::mem::replace(&mut producer.sent, true) {
            return;
        }
        if alignment == AlignmentType::Unaligned {
            let edge = &mut producer.edge;
            edge.overtake(barrier(alignment), Waker::noop()).unwrap();
            let overtaken = edge.take_overtaken(CHECKPOINT);
            producer.overtaken = overtaken.iter().flat_map(seen_in).collect();
        } else {
            let signal = Signal::Barrier(barrier(alignment));
            producer.edge.signal(signal, Waker::noop()).unwrap();
        }
    }

    /// The consumer looks at what has been announced: the first barrier begins its snapshot.
    fn look(&mut self) {
        for (channel, _) in self.gate.take_announced() {
            match &mut self.capture {
                Some(capture) => capture.barrier_came(&mut self.gate, channel).unwrap(),
                None => self.begin(),
            }
        }
    }

    fn begin(&mut self) {
        self.begun = true;
        let from = |channel: usize| CaptureFrom {
            contents: ChannelContents::of_peer(channel as u32),
            codec: Some(Arc::new(RecordsCodec::<u64>::new())),
            has_come: self.read[channel],
        };
        let from = (0..CHANNELS).map(from).collect();
        self.capture = Some(InputCapture::begin(&mut self.gate, CHECKPOINT, from).unwrap());
    }

    fn read(&mut self) {
        let Poll::Ready((channel, element)) = self.gate.poll_next(Waker::noop()) else {
            return;
        };
        if let Some(capture) = &mut self.capture {
            capture.taken(channel, &element).unwrap();
        }
        let seen = match &element {
            StreamElement::Batch(batch) => seen_of(batch),
            StreamElement::Signal(Signal::Watermark(watermark)) => {
                vec![Seen::Watermark(watermark.timestamp().as_millis())]
            }
            StreamElement::Signal(Signal::Barrier(_)) => {
                self.read[channel] = true;
                if self.capture.is_none() {
                    self.begin();
                }
                Vec::new()
            }
            StreamElement::Signal(_) => Vec::new(),
        };
        let records = seen.iter().filter_map(|seen| match seen {
            Seen::Record(value) => Some(*value),
            Seen::Watermark(_) => None,
        });
        self.received[channel].extend(records);
        if !self.begun {
            self.taken[channel].extend(seen);
        }
    }

    /// All barriers leave, and all that was sent arrives.
    fn end(&mut self) -> Vec<ChannelContents> {
        for channel in 0..CHANNELS {
            self.send_barrier(channel, AlignmentType::Unaligned);
            self.act(channel, 8, 0);
        }
        self.look();
        self.look();
        let capture = self.capture.take().unwrap();
        assert!(capture.is_complete());
        let contents = capture.finish(&mut self.gate);
        for _ in 0..1_000 {
            for producer in &mut self.producers {
                producer.edge.flush_idle(Waker::noop()).unwrap();
                let _ = producer.edge.poll_drain(Waker::noop());
            }
            self.read();
        }
        contents
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(2_000) })]

    #[test]
    fn taken_copied_and_overtaken_are_what_was_put_out_before_the_barrier(
        buffer_bytes in 8usize..80,
        actions in prop::collection::vec((0..CHANNELS, 0u32..14, 1u64..6), 1..80),
    ) {
        let mut world = World::new(buffer_bytes);
        for (channel, action, amount) in actions {
            world.act(channel, action, amount);
        }
        let written = world.next;
        let contents = world.end();
        let mut all = Vec::new();
        for (channel, copied) in contents.iter().enumerate() {
            let mut found = world.taken[channel].clone();
            found.extend(seen_in(copied));
            found.extend(world.producers[channel].overtaken.clone());
            prop_assert_eq!(settled(found), settled(world.producers[channel].before.clone()));
            prop_assert!(world.received[channel].is_sorted_by(|a, b| a < b), "order was lost");
            all.extend(world.received[channel].clone());
        }
        let records: usize = all.len();
        all.sort_unstable();
        all.dedup();
        prop_assert_eq!(all.len(), records, "a record came twice");
        prop_assert!(all.iter().all(|value| *value < written));
    }
}
