//! The workloads on Renoir.
//!
//! Renoir's own event-time windows begin at the first event of each key and lose those that come
//! before it. The workloads' windows are aligned to time zero, as in Flink, so this file brings a
//! window description for aligned windows ([`Aligned`]), through the same public traits that
//! Renoir's own use. Renoir cannot share slices between sliding windows either; two windows one
//! after the other, slices and then sums of slices, come to the same with its own means.
//!
//! A watermark visits the state of every key in Renoir. So a source sends one only when it passes
//! the end of a window, which is what a careful user would do.

use std::collections::VecDeque;

use hurtig_bench_workloads::{
    SLIDE_MS, SLIDING_MS, TUMBLING_MS, Tally, TimedKey, Workload, bid, is_complete, keep_a,
    keep_bid, key_b, map_a, map_bid, timed_c, timed_e, watermark_after, worker_indexes,
};
use renoir::operator::sink::StreamOutput;
use renoir::operator::window::{WindowAccumulator, WindowDescription, WindowManager, WindowResult};
use renoir::operator::{Data, Operator, StreamElement};
use renoir::{BatchMode, KeyedStream, Replication, RuntimeConfig, Stream, StreamContext};

use crate::counts::exchange_hash;

/// Small records in a batch between two blocks.
const BATCH: usize = 2048;

/// Bids in a batch: few enough that their strings are still in the cache when they are counted.
const BATCH_OF_BIDS: usize = 128;

type Tallies = StreamOutput<Vec<Tally>>;

pub(crate) fn run(workload: Workload, events: u64, parallelism: usize) -> Tally {
    let config = RuntimeConfig::local(parallelism as u64).expect("a number of local threads");
    let context = StreamContext::new(config);
    let tallies = install(&context, workload, events);
    context.execute_blocking();
    tallies.get().unwrap_or_default().into_iter().collect()
}

fn install(context: &StreamContext, workload: Workload, events: u64) -> Tallies {
    let keys = workload.keys().unwrap_or(1);
    match workload {
        Workload::A => tally_of(values(context, events), |tally, y| tally.add_value(y)),
        Workload::AShuffle => {
            let exchanged = values(context, events)
                .repartition_by(Replication::Unlimited, |&y| exchange_hash(y));
            tally_of(exchanged, |tally, y| tally.add_value(y))
        }
        Workload::B1k | Workload::B1m => {
            let counted = indexes(context, events)
                .map(move |i| key_b(i, keys))
                .group_by(|&key| key)
                .rich_map({
                    let mut count = 0;
                    move |_| {
                        count += 1;
                        count
                    }
                });
            tally_of(counted.unkey(), |tally, (key, count)| {
                tally.add_running(key, count)
            })
        }
        Workload::Bagg1k | Workload::Bagg1m => {
            let counted = indexes(context, events)
                .map(move |i| key_b(i, keys))
                .group_by(|&key| key)
                .fold(0, |count, _| *count += 1);
            tally_of(counted.unkey(), |tally, (key, count)| {
                tally.add_final(key, count)
            })
        }
        Workload::C => {
            let counted = timed::<_, TUMBLING_MS>(indexes(context, events).map(timed_c))
                .window(Aligned::<TUMBLING_MS, TUMBLING_MS>)
                .fold(0, |count, _| *count += 1);
            tally_of_windows(counted)
        }
        Workload::D => {
            let counted = indexes(context, events)
                .batch_mode(BatchMode::fixed(BATCH_OF_BIDS))
                .map(bid)
                .filter(keep_bid)
                .map(map_bid)
                .add_timestamps(|bid| bid.date_time, watermarks::<_, TUMBLING_MS>())
                .group_by(|bid| bid.auction)
                .window(Aligned::<TUMBLING_MS, TUMBLING_MS>)
                .fold(0, |count, _| *count += 1);
            tally_of_windows(counted)
        }
        Workload::E => {
            let counted = timed::<_, SLIDE_MS>(indexes(context, events).map(timed_e))
                .window(Aligned::<SLIDE_MS, SLIDE_MS>)
                .fold(0, |count, _| *count += 1)
                .window(Aligned::<SLIDING_MS, SLIDE_MS>)
                .fold(0, |sum, slice| *sum += slice);
            tally_of_windows(counted)
        }
    }
}

/// The kept values of workloads `a` and `a-shuffle`.
fn values(context: &StreamContext, events: u64) -> Stream<impl Operator<Out = u64> + use<>> {
    context
        .stream_par_iter(0..events)
        .batch_mode(BatchMode::fixed(BATCH))
        .map(map_a)
        .filter(|&y| keep_a(y))
}

/// The indexes of the events, every other one for each of two replicas.
fn indexes(context: &StreamContext, events: u64) -> Stream<impl Operator<Out = u64> + use<>> {
    context
        .stream_par_iter(move |replica, replicas| {
            worker_indexes(replica as usize, replicas as usize, events)
        })
        .batch_mode(BatchMode::fixed(BATCH))
}

fn timed<Op, const STEP_MS: i64>(
    events: Stream<Op>,
) -> KeyedStream<impl Operator<Out = (u64, TimedKey)> + use<Op, STEP_MS>>
where
    Op: Operator<Out = TimedKey> + 'static,
{
    events
        .add_timestamps(|event| event.timestamp_ms, watermarks::<_, STEP_MS>())
        .group_by(|event| event.key)
}

/// Adds up what each replica put out, then what they all did.
fn tally_of<Op>(
    outputs: Stream<Op>,
    add: impl Fn(&mut Tally, Op::Out) + Clone + Send + 'static,
) -> Tallies
where
    Op: Operator + 'static,
{
    outputs
        .fold_assoc(Tally::default(), add, Tally::merge)
        .collect_vec()
}

/// The same for windows, whose end is told by the time of the output.
fn tally_of_windows<Op>(counts: KeyedStream<Op>) -> Tallies
where
    Op: Operator<Out = (u64, u64)> + 'static,
{
    let ended = counts.rich_map_custom(|mut counts| match counts.next() {
        StreamElement::Timestamped((key, count), time) => {
            StreamElement::Timestamped((key, time + 1, count), time)
        }
        other => other.map(|_| unreachable!("windows put out records with times")),
    });
    tally_of(ended, |tally, (key, end, count)| {
        tally.add_window(key, end, count)
    })
}

/// A watermark whenever it passes the next multiple of `STEP_MS`.
fn watermarks<T, const STEP_MS: i64>() -> impl FnMut(&T, &i64) -> Option<i64> + Clone + Send {
    let (mut greatest, mut due) = (i64::MIN / 2, 0);
    move |_, &timestamp_ms| {
        greatest = greatest.max(timestamp_ms);
        let watermark = watermark_after(greatest);
        is_complete(due, watermark).then(|| {
            due = ((watermark + 1).div_euclid(STEP_MS) + 1) * STEP_MS;
            watermark
        })
    }
}

/// Windows aligned to time zero. Their outputs carry the last time inside the window.
#[derive(Clone)]
struct Aligned<const SIZE_MS: i64, const SLIDE_MS: i64>;

impl<T: Data, const SIZE_MS: i64, const SLIDE_MS: i64> WindowDescription<T>
    for Aligned<SIZE_MS, SLIDE_MS>
{
    type Manager<A: WindowAccumulator<In = T>> = AlignedManager<A, SIZE_MS, SLIDE_MS>;

    fn build<A: WindowAccumulator<In = T>>(&self, accumulator: A) -> Self::Manager<A> {
        AlignedManager {
            empty: accumulator,
            open: VecDeque::new(),
        }
    }
}

/// The open windows of one key, the earliest first.
#[derive(Clone)]
struct AlignedManager<A, const SIZE_MS: i64, const SLIDE_MS: i64> {
    empty: A,
    open: VecDeque<(i64, A)>,
}

impl<A: WindowAccumulator, const SIZE_MS: i64, const SLIDE_MS: i64>
    AlignedManager<A, SIZE_MS, SLIDE_MS>
{
    #[inline]
    fn add(&mut self, item: &A::In, timestamp_ms: i64) {
        let first_end = (timestamp_ms.div_euclid(SLIDE_MS) + 1) * SLIDE_MS;
        let first = self.open.partition_point(|(end, _)| *end < first_end);
        let ends = (first_end..first_end + SIZE_MS).step_by(SLIDE_MS as usize);
        for (position, end) in (first..).zip(ends) {
            if self.open.get(position).is_none_or(|(open, _)| *open != end) {
                self.open.insert(position, (end, self.empty.clone()));
            }
            self.open[position].1.process(item);
        }
    }

    fn fire(&mut self, watermark_ms: i64) -> Vec<WindowResult<A::Out>> {
        let complete = self
            .open
            .partition_point(|(end, _)| is_complete(*end, watermark_ms));
        self.open
            .drain(..complete)
            .map(|(end, window)| WindowResult::Timestamped(window.output(), end - 1))
            .collect()
    }
}

impl<A: WindowAccumulator, const SIZE_MS: i64, const SLIDE_MS: i64> WindowManager
    for AlignedManager<A, SIZE_MS, SLIDE_MS>
{
    type In = A::In;
    type Out = A::Out;
    type Output = Vec<WindowResult<A::Out>>;

    #[inline]
    fn process(&mut self, element: StreamElement<A::In>) -> Self::Output {
        match element {
            StreamElement::Timestamped(item, timestamp_ms) => {
                self.add(&item, timestamp_ms);
                Vec::new()
            }
            StreamElement::Watermark(watermark_ms) => self.fire(watermark_ms),
            StreamElement::FlushAndRestart | StreamElement::Terminate => self.fire(i64::MAX),
            StreamElement::FlushBatch => Vec::new(),
            StreamElement::Item(_) => panic!("event-time windows need records with times"),
        }
    }

    fn recycle(&self) -> bool {
        self.open.is_empty()
    }
}
