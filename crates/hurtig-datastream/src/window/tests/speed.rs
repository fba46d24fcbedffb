//! How fast both operators are. Says numbers, asserts none:
//! `cargo test --release -p hurtig-datastream --lib window::tests::speed -- --ignored --nocapture --test-threads 1`
//!
//! What to expect: a record costs its key, its slice, one probe and one addition. With the table in the second-level
//! cache the probe is about 4 ns (hurtig-state's bench), the rest about as much: 8 to 10 ns. Sliding windows cost the
//! same per record, and per key and slide two or three merges and a result, whatever the number of slices.

#![allow(clippy::disallowed_methods, clippy::disallowed_types)] // A stopwatch is what this is.

use std::time::Instant;

use hurtig_types::batch_capacity;

use super::*;
use crate::window::function::{Aggregate, Count, EmitAggregate};
use crate::window::slice::{SlidingSlices, TumblingSlices};
use crate::window::{
    ContinuousProcessingTimeTrigger, EventTimeSessionWindows, EventTimeTrigger,
    SlidingEventTimeWindows, TumblingEventTimeWindows,
};

/// Adds up the time that an operator takes.
struct Timed<O> {
    operator: O,
    /// Whether it was the clock that it was last called by.
    is_early: bool,
    taken: Arc<Mutex<Taken>>,
}

#[derive(Default)]
struct Taken {
    /// How long each full batch took: of these the median counts, so that what the machine does besides does not.
    batches: Vec<Duration>,
    firing: Duration,
    early: Duration,
}

/// In a job the batch for results keeps its room, which the harness takes away with it.
fn make_room(output: &mut Output) -> Result<()> {
    let records = output.main::<u64>()?;
    records.values.reserve(batch_capacity::<u64>());
    records.timestamps.reserve(batch_capacity::<u64>());
    Ok(())
}

impl<O: StreamOperator> StreamOperator for Timed<O> {
    fn process_batch(
        &mut self,
        input: usize,
        batch: &mut ErasedBatch,
        output: &mut Output,
    ) -> Result<Progress> {
        let begun = Instant::now();
        let result = self.operator.process_batch(input, batch, output);
        self.taken.lock().batches.push(begun.elapsed());
        result
    }

    fn process_watermark(&mut self, watermark: Watermark, output: &mut Output) -> Result<Progress> {
        self.is_early = false;
        make_room(output)?;
        let begun = Instant::now();
        let result = self.operator.process_watermark(watermark, output);
        self.taken.lock().firing += begun.elapsed();
        result
    }

    fn process_time(&mut self, now: Timestamp, output: &mut Output) -> Result<Progress> {
        self.is_early = true;
        make_room(output)?;
        let begun = Instant::now();
        let result = self.operator.process_time(now, output);
        self.taken.lock().early += begun.elapsed();
        result
    }

    fn next_time(&self) -> Option<Timestamp> {
        self.operator.next_time()
    }

    fn resume(&mut self, output: &mut Output) -> Result<Progress> {
        make_room(output)?;
        let begun = Instant::now();
        let result = self.operator.resume(output);
        let elapsed = begun.elapsed();
        let mut taken = self.taken.lock();
        if self.is_early {
            taken.early += elapsed;
        } else {
            taken.firing += elapsed;
        }
        result
    }
}

type Event = (u64, u64);

fn count() -> (Aggregate<Count>, EmitAggregate<Event, Count>) {
    (Aggregate(Count), EmitAggregate::new(Count))
}

/// So many events of so many keys, `per_second` of them a second of event time, with a watermark every second, when
/// the clock has gone on by a second as well. Says what it took in all, ns per event.
fn run<O: StreamOperator + 'static>(
    what: &str,
    (events, keys, per_second): (u64, u64, u64),
    make: impl Fn(KeySelector<Event, u64>, &OperatorContext) -> O + Send + Sync + 'static,
) -> f64 {
    let taken = Arc::new(Mutex::new(Taken::default()));
    let stopwatch = Arc::clone(&taken);
    let selector = KeySelector::new(|event: &Event| event.0);
    let factory = move |context: &OperatorContext| {
        let operator = make(selector.clone(), context);
        let timed: Box<dyn StreamOperator> = Box::new(Timed {
            operator,
            is_early: false,
            taken: Arc::clone(&stopwatch),
        });
        Ok(timed)
    };
    let builder = OperatorHarness::<Event, u64>::builder().key_by(|event: &Event| event.0);
    let mut harness = builder.create(&factory).unwrap();
    let (mut random, mut second) = (1u64, 0);
    let (mut results, mut early_results) = (0, 0);
    for first in (0..events).step_by(2_048) {
        let mut records = Records::new();
        for number in first..(first + 2_048).min(events) {
            random = random
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1);
            let time = Timestamp::from_millis((number * 1_000 / per_second) as i64);
            records.push(((random >> 33) % keys, number), time);
        }
        harness.push_batch(records).unwrap();
        let now = first / per_second;
        if now > second {
            second = now;
            harness.watermark(second as i64 * 1_000 - 1).unwrap();
            results += harness.output().len();
            harness.set_time(second as i64 * 1_000).unwrap();
            early_results += harness.output().len();
        }
    }
    harness.watermark(i64::MAX).unwrap();
    results += harness.output().len();
    let Taken {
        mut batches,
        firing,
        early,
    } = std::mem::take(&mut *taken.lock());
    batches.sort();
    let per_event = |part: usize| {
        let batch = batches[batches.len() * part / 100];
        batch.as_nanos() as f64 / 2_048.0
    };
    println!(
        "{what:<44} {:>5.1} ns/event (10% of batches below {:.1}, 90% below {:.1}), firing \
         {:.1} ns/event, {:.0} ns for each of {results} results",
        per_event(50),
        per_event(10),
        per_event(90),
        firing.as_nanos() as f64 / events as f64,
        firing.as_nanos() as f64 / results as f64,
    );
    let firing = firing.as_nanos() as f64 / events as f64;
    let early_nanos = early.as_nanos() as f64;
    if early_results > 0 {
        println!(
            "{:<44} {:>5.1} ns/event firing early, {:.0} ns for each of {early_results} results: {:.1} % more",
            "",
            early_nanos / events as f64,
            early_nanos / early_results as f64,
            100.0 * early_nanos / events as f64 / (per_event(50) + firing),
        );
    }
    per_event(50) + firing + early_nanos / events as f64
}

fn grid(size: i64, slide: i64) -> AlignedWindows<TimeWindow> {
    AlignedWindows::of_time(size, slide, 0)
}

fn tumble(what: &str, load: (u64, u64, u64), size: i64) {
    run(what, load, move |selector, context| {
        let grid = grid(size, size);
        SliceWindowOperator::<_, _, _, _, _, TumblingSlices<u64>>::new(
            selector,
            grid,
            count(),
            None,
            context,
        )
    });
}

fn hop(what: &str, load: (u64, u64, u64), size: i64, slide: i64) {
    run(what, load, move |selector, context| {
        hopping((size, slide), selector, context)
    });
}

type Hopping = SliceWindowOperator<
    u64,
    Event,
    TimeWindow,
    Aggregate<Count>,
    EmitAggregate<Event, Count>,
    SlidingSlices<u64>,
>;

fn hopping(
    (size, slide): (i64, i64),
    selector: KeySelector<Event, u64>,
    context: &OperatorContext,
) -> Hopping {
    SliceWindowOperator::new(selector, grid(size, slide), count(), None, context)
}

#[test]
#[ignore = "a benchmark"]
fn speed() {
    tumble(
        "(c) tumbling 10 s, 10 K keys",
        (20_000_000, 10_000, 1_000_000),
        10_000,
    );
    tumble(
        "    tumbling 10 s, 1 M keys",
        (20_000_000, 1_000_000, 1_000_000),
        10_000,
    );
    hop(
        "(e) sliding 60 s by 1 s, 1 K keys",
        (20_000_000, 1_000, 100_000),
        60_000,
        1_000,
    );
    // Few keys: results per event are comparable, what differs is what a window costs.
    tumble(
        "    tumbling 1 h, 100 keys",
        (20_000_000, 100, 2_000),
        3_600_000,
    );
    hop(
        "    sliding 1 h by 1 s, 100 keys",
        (20_000_000, 100, 2_000),
        3_600_000,
        1_000,
    );
    tumble(
        "    tumbling 1 h, 10 keys, 2 K a second",
        (20_000_000, 10, 2_000),
        3_600_000,
    );
    hop(
        "    sliding 1 h by 1 s, 10 keys, 2 K a second",
        (20_000_000, 10, 2_000),
        3_600_000,
        1_000,
    );
    run(
        "    general: tumbling 10 s, 10 K keys",
        (20_000_000, 10_000, 1_000_000),
        |keys, context| {
            let windows = TumblingEventTimeWindows::of(ms(10_000));
            let parts = (windows, EventTimeTrigger::new());
            WindowOperator::new(keys, parts, count(), no_lateness(), context)
        },
    );
    run(
        "    general: sessions of 1 s, 10 K keys",
        (5_000_000, 10_000, 10_000),
        |keys, context| {
            let parts = (
                EventTimeSessionWindows::with_gap(ms(1_000)),
                EventTimeTrigger::new(),
            );
            WindowOperator::new(keys, parts, count(), no_lateness(), context)
        },
    );
}

/// Nexmark's q5, its windows alone: the bids of 10 000 hot auctions, a million a second. Firing early is to add less than
/// a tenth: a million events take ten milliseconds, so 10 000 keys with five windows each have 100 ns a key.
#[test]
#[ignore = "a benchmark"]
fn speed_early() {
    let load = (20_000_000, 10_000, 1_000_000);
    let q5 = (10_000, 2_000);
    let mut ratios = Vec::new();
    for _ in 0..3 {
        let without = run(
            "q5: sliding 10 s by 2 s, 10 K keys",
            load,
            move |keys, context| hopping(q5, keys, context),
        );
        let with = run(
            "    early every second, and at the end",
            load,
            move |keys, context| hopping(q5, keys, context).with_early(1_000, true),
        );
        ratios.push(with / without);
    }
    println!("q5 with early firing to without: {ratios:.3?}");
    let load = (3_000_000, 10_000, 1_000_000);
    run(
        "    early every second in the general operator",
        load,
        |keys, context| {
            let windows = SlidingEventTimeWindows::of(ms(10_000), ms(2_000));
            let parts = (windows, ContinuousProcessingTimeTrigger::of(ms(1_000)));
            WindowOperator::new(keys, parts, count(), no_lateness(), context)
        },
    );
    for keys in [10_000, 1_000_000] {
        let load = (20_000_000, keys, 1_000_000);
        let what = format!("    tumbling 10 s, {keys} keys, early every second");
        run(&what, load, |keys, context| {
            SliceWindowOperator::<_, _, _, _, _, TumblingSlices<u64>>::new(
                keys,
                grid(10_000, 10_000),
                count(),
                None,
                context,
            )
            .with_early(1_000, true)
        });
    }
}

/// A bid of Nexmark, as far as q5 reads it.
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
struct Bid {
    auction: u64,
    bidder: u64,
    price: u64,
    time: i64,
}

#[derive(Clone, Copy)]
struct HowMany;

impl<T> crate::AggregateFunction<T> for HowMany {
    type Acc = u64;
    type Out = u64;

    fn create_accumulator(&self) -> u64 {
        0
    }

    fn add(&self, count: &mut u64, _: T) {
        *count += 1;
    }

    fn merge(&self, into: &mut u64, from: u64) {
        *into += from;
    }

    fn result(&self, count: &u64) -> u64 {
        *count
    }
}

const BIDS: u64 = 10_000_000;
const BIDS_PER_SECOND: u64 = 1_000_000;

/// The whole job around q5's windows, with events as fast as they happen: what firing early adds to the processor time of everything.
#[test]
#[ignore = "a measurement"]
fn speed_early_whole_job() {
    let mut ratios = Vec::new();
    for _ in 0..3 {
        let without = whole_job(false);
        let with = whole_job(true);
        ratios.push(with / without);
    }
    println!("the whole job with early firing to without: {ratios:.3?}");
}

/// Runs the job; nanoseconds of processor time per bid.
fn whole_job(early: bool) -> f64 {
    let env = crate::StreamExecutionEnvironment::new();
    env.set_parallelism(2);
    let strategy = crate::WatermarkStrategy::bounded_out_of_orderness(ms(50))
        .with_timestamps(|bid: &Bid| bid.time);
    let source = crate::GeneratorSource::new(BIDS, |index| Bid {
        auction: (index.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 32) % 10_000,
        bidder: index % 1_000,
        price: index % 100_000,
        time: (index / (BIDS_PER_SECOND / 1_000)) as i64,
    });
    let source = source.records_per_second(BIDS_PER_SECOND as f64);
    let windows = env
        .from_source(source, strategy, "bids")
        .key_by(|bid| bid.auction)
        .window(SlidingEventTimeWindows::of(ms(10_000), ms(2_000)));
    let counts = if early {
        windows
            .trigger(ContinuousProcessingTimeTrigger::of(ms(1_000)))
            .aggregate(HowMany)
    } else {
        windows.aggregate(HowMany)
    };
    counts.discard();
    let begun = processor_ticks();
    env.execute("q5").unwrap();
    let nanos = (processor_ticks() - begun) as f64 * 1e7 / BIDS as f64;
    println!("early {early}: {nanos:.1} ns of processor time per bid");
    nanos
}

/// User and system time of the process, in hundredths of a second.
fn processor_ticks() -> u64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap();
    let fields: Vec<&str> = stat
        .rsplit(')')
        .next()
        .unwrap()
        .split_whitespace()
        .collect();
    let tick = |index: usize| fields[index].parse::<u64>().unwrap();
    tick(11) + tick(12)
}
