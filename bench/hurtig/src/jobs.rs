//! The workloads as jobs in the typed API.

use std::sync::Arc;
use std::time::Duration;

use hurtig_bench_workloads::{
    Bid, Tally, TimedKey, Workload, bid, keep_a, keep_bid, key_b, map_a, map_bid, timed_c, timed_e,
};
use hurtig_datastream::{
    AggregateFunction, Collector, DataStream, EndOfStreamTrigger, GeneratorSource, GlobalWindow,
    GlobalWindows, KeyedStream, ProcessWindowFunction, SlidingEventTimeWindows,
    StreamExecutionEnvironment, TimeWindow, TumblingEventTimeWindows, WatermarkStrategy,
    WindowContext,
};
use hurtig_types::Result;
use parking_lot::Mutex;

use crate::tally_sink::TallySink;

/// How late events of the timed workloads may be.
const LATENESS: Duration = Duration::from_millis(50);

/// Where the outputs are counted.
pub(crate) type Total = Arc<Mutex<Tally>>;

/// Runs a workload to its end.
pub(crate) fn run(workload: Workload, events: u64, parallelism: usize) -> Result<Tally> {
    let env = environment(parallelism);
    let total = Total::default();
    build(&env, workload, events, None, &total);
    env.execute(format!("bench {workload}"))?;
    let tally = std::mem::take(&mut *total.lock());
    Ok(tally)
}

/// Where workloads run.
pub(crate) fn environment(parallelism: usize) -> StreamExecutionEnvironment {
    let env = StreamExecutionEnvironment::new();
    env.set_parallelism(parallelism as u32);
    // A second of the benchmark is minutes of event time: watermarks as often as a live job's in proportion.
    env.set_auto_watermark_interval(Duration::from_millis(5));
    env
}

/// Adds a workload, with its own number of keys or another.
pub(crate) fn build(
    env: &StreamExecutionEnvironment,
    workload: Workload,
    events: u64,
    keys: Option<u64>,
    total: &Total,
) {
    let keys = keys.or(workload.keys()).unwrap_or(1);
    match workload {
        Workload::A => map_filter(env, events, total),
        Workload::AShuffle => map_filter_shuffle(env, events, total),
        Workload::B1k | Workload::B1m => running_count(env, events, keys, total),
        Workload::Bagg1k | Workload::Bagg1m => final_count(env, events, keys, total),
        Workload::C => {
            let keyed = timed(env, events, timed_c);
            let windows = TumblingEventTimeWindows::of(Duration::from_secs(10));
            tally_windows(
                &keyed.window(windows).aggregate_with(Count, Describe),
                total,
            );
        }
        Workload::D => bids(env, events, total),
        Workload::E => {
            let keyed = timed(env, events, timed_e);
            let windows =
                SlidingEventTimeWindows::of(Duration::from_secs(60), Duration::from_secs(1));
            tally_windows(
                &keyed.window(windows).aggregate_with(Count, Describe),
                total,
            );
        }
    }
}

fn map_filter(env: &StreamExecutionEnvironment, events: u64, total: &Total) {
    env.generate(events, |i| i)
        .map(map_a)
        .filter(|y| keep_a(*y))
        .sink_to(TallySink::new(total, |tally: &mut Tally, y: &u64| {
            tally.add_value(*y)
        }));
}

fn map_filter_shuffle(env: &StreamExecutionEnvironment, events: u64, total: &Total) {
    env.generate(events, |i| i)
        .map(map_a)
        .filter(|y| keep_a(*y))
        .key_by(|y| *y)
        .as_stream()
        .sink_to(TallySink::new(total, |tally: &mut Tally, y: &u64| {
            tally.add_value(*y)
        }));
}

fn numbers(
    env: &StreamExecutionEnvironment,
    events: u64,
    keys: u64,
) -> KeyedStream<(u64, u64), u64> {
    let source = GeneratorSource::new(events, move |i| (key_b(i, keys), 1u64));
    env.from_source(source, WatermarkStrategy::none(), "numbers")
        .key_by(|record| record.0)
}

fn running_count(env: &StreamExecutionEnvironment, events: u64, keys: u64, total: &Total) {
    numbers(env, events, keys)
        .sum(|record| &mut record.1)
        .sink_to(TallySink::new(
            total,
            |tally: &mut Tally, record: &(u64, u64)| tally.add_running(record.0, record.1),
        ));
}

fn final_count(env: &StreamExecutionEnvironment, events: u64, keys: u64, total: &Total) {
    numbers(env, events, keys)
        .window(GlobalWindows::create())
        .trigger(EndOfStreamTrigger::new())
        .aggregate_with(Count, Describe)
        .sink_to(TallySink::new(
            total,
            |tally: &mut Tally, record: &(u64, u64)| {
                tally.add_final(record.0, record.1);
            },
        ));
}

fn timed(
    env: &StreamExecutionEnvironment,
    events: u64,
    generate: impl Fn(u64) -> TimedKey + Clone + Send + Sync + 'static,
) -> KeyedStream<TimedKey, u64> {
    let strategy = WatermarkStrategy::bounded_out_of_orderness(LATENESS)
        .with_timestamps(|event: &TimedKey| event.timestamp_ms);
    let source = GeneratorSource::new(events, generate);
    env.from_source(source, strategy, "events")
        .key_by(|event| event.key)
}

fn bids(env: &StreamExecutionEnvironment, events: u64, total: &Total) {
    let strategy = WatermarkStrategy::bounded_out_of_orderness(LATENESS)
        .with_timestamps(|bid: &Bid| bid.date_time);
    let windows = TumblingEventTimeWindows::of(Duration::from_secs(10));
    let counts = env
        .from_source(GeneratorSource::new(events, bid), strategy, "bids")
        .filter(keep_bid)
        .map(map_bid)
        .key_by(|bid| bid.auction)
        .window(windows)
        .aggregate_with(Count, Describe);
    tally_windows(&counts, total);
}

fn tally_windows(counts: &DataStream<(u64, i64, u64)>, total: &Total) {
    counts.sink_to(TallySink::new(
        total,
        |tally: &mut Tally, count: &(u64, i64, u64)| {
            tally.add_window(count.0, count.1, count.2);
        },
    ));
}

/// Counts.
#[derive(Clone, Copy)]
struct Count;

impl<T> AggregateFunction<T> for Count {
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

/// Says of which key and window a count is.
#[derive(Clone, Copy)]
struct Describe;

impl ProcessWindowFunction<u64, u64, TimeWindow> for Describe {
    type Out = (u64, i64, u64);

    fn process(
        &mut self,
        key: &u64,
        ctx: &mut WindowContext<'_, u64, TimeWindow>,
        counts: hurtig_datastream::Elements<'_, u64>,
        out: &mut Collector<'_, (u64, i64, u64)>,
    ) -> Result<()> {
        let end = ctx.window().end.as_millis();
        counts
            .into_iter()
            .for_each(|count| out.collect((*key, end, count)));
        Ok(())
    }
}

impl ProcessWindowFunction<u64, u64, GlobalWindow> for Describe {
    type Out = (u64, u64);

    fn process(
        &mut self,
        key: &u64,
        _: &mut WindowContext<'_, u64, GlobalWindow>,
        counts: hurtig_datastream::Elements<'_, u64>,
        out: &mut Collector<'_, (u64, u64)>,
    ) -> Result<()> {
        counts
            .into_iter()
            .for_each(|count| out.collect((*key, count)));
        Ok(())
    }
}
