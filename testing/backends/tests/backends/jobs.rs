//! Jobs with keyed state of each kind, and what they come to.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use hurtig_connect::WatermarkStrategy;
use hurtig_datastream::{
    AggregatingState, Collector, CountTrigger, DataStream, EventTimeSessionWindows,
    GeneratorSource, KeyedProcessContext, KeyedProcessFunction, KeyedStream, ListState, MapState,
    ReducingState, SlidingEventTimeWindows, StateTtl, StreamExecutionEnvironment, TtlTime,
    TumblingEventTimeWindows, ValueState,
};
use hurtig_env::World;
use hurtig_testing::Ledger;
use hurtig_types::{Error, Result, Timestamp};

pub(crate) const RECORDS: u64 = 12_000;
const KEYS: u64 = 97;

/// A result: the key, and what is told of it.
pub(crate) type Told = (u64, String);
type Numbers = KeyedStream<u64, u64>;

/// What a job makes of its numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Work {
    Rolling,
    States,
    Expiring,
    Timers,
    Tumbling,
    Sliding,
    Sessions,
    Counts,
}

pub(crate) const ALL: [Work; 8] = [
    Work::Rolling,
    Work::States,
    Work::Expiring,
    Work::Timers,
    Work::Tumbling,
    Work::Sliding,
    Work::Sessions,
    Work::Counts,
];

pub(crate) fn environment(
    world: &World,
    parallelism: u32,
    backend: &str,
) -> StreamExecutionEnvironment {
    let env = StreamExecutionEnvironment::in_world(world.clone());
    env.set_parallelism(parallelism);
    env.set("state.backend.type", backend);
    env.set("taskmanager.memory.managed.size", "16mb");
    env.set("pipeline.max-parallelism", "32");
    env.set("execution.checkpointing.dir", "/checkpoints");
    env
}

/// A job that fails at every `period`-th record, if there is one.
pub(crate) fn build(
    env: &StreamExecutionEnvironment,
    work: Work,
    period: Option<u64>,
    ledger: &Ledger<Told>,
) {
    let source = GeneratorSource::new(RECORDS, |n| n).records_per_second(10_000.0);
    // One subtask, and watermarks after each number: so what is told is a function of the numbers alone.
    let strategy = WatermarkStrategy::bounded_out_of_orderness(Duration::from_millis(20))
        .with_timestamps(|n: &u64| *n as i64)
        .per_event();
    let numbers = env.from_source(source, strategy, "numbers");
    let numbers = numbers.uid("numbers").parallelism(1);
    let seen = Arc::new(AtomicU64::new(0));
    let numbers = numbers.try_map(move |n| {
        let count = seen.fetch_add(1, Ordering::Relaxed);
        match period {
            Some(period) if count % period == period - 1 => Err(Error::function("out of luck")),
            _ => Ok(n),
        }
    });
    let keyed = numbers.key_by(|n| n.wrapping_mul(0x9e37_79b9_7f4a_7c15) % KEYS);
    let told = tell(&keyed, work).uid("told");
    told.sink_to(ledger.sink()).uid("ledger");
}

fn tell(numbers: &Numbers, work: Work) -> DataStream<Told> {
    let key = |n: u64| n.wrapping_mul(0x9e37_79b9_7f4a_7c15) % KEYS;
    let sum = move |a: u64, b: u64| a + b;
    let say = move |n: u64| (n, n.to_string());
    let millis = Duration::from_millis;
    match work {
        Work::Rolling => numbers
            .reduce(move |a: u64, b: u64| a.max(b))
            .uid("state")
            .map(move |n| (key(n), n.to_string())),
        Work::States => numbers.process(States::new(None)).uid("state"),
        Work::Expiring => numbers
            .process(States::new(Some(
                StateTtl::new(millis(400)).time(TtlTime::EventTime),
            )))
            .uid("state"),
        Work::Timers => numbers.process(UntilQuiet::new()).uid("state"),
        Work::Tumbling => numbers
            .window(TumblingEventTimeWindows::of(millis(500)))
            .reduce(sum)
            .uid("state")
            .map(say),
        Work::Sliding => numbers
            .window(SlidingEventTimeWindows::of(millis(600), millis(200)))
            .reduce(sum)
            .uid("state")
            .map(say),
        Work::Sessions => numbers
            .window(EventTimeSessionWindows::with_gap(millis(60)))
            .reduce(sum)
            .uid("state")
            .map(say),
        Work::Counts => numbers
            .window(TumblingEventTimeWindows::of(millis(3_000)))
            .trigger(CountTrigger::of(7))
            .reduce(sum)
            .uid("state")
            .map(say),
    }
}

/// One state of each kind, which must agree.
#[derive(Clone)]
struct States {
    value: ValueState<u64>,
    list: ListState<u64>,
    map: MapState<u64, u64>,
    reducing: ReducingState<u64>,
    aggregating: AggregatingState<Sum, u64>,
    expires: bool,
}

#[derive(Clone)]
struct Sum;

impl hurtig_datastream::AggregateFunction<u64> for Sum {
    type Acc = u64;
    type Out = u64;

    fn create_accumulator(&self) -> u64 {
        0
    }

    fn add(&self, acc: &mut u64, value: u64) {
        *acc += value;
    }

    fn merge(&self, into: &mut u64, other: u64) {
        *into += other;
    }

    fn result(&self, acc: &u64) -> u64 {
        *acc
    }
}

impl States {
    fn new(ttl: Option<StateTtl>) -> Self {
        let states = Self {
            value: ValueState::new("value"),
            list: ListState::new("list"),
            map: MapState::new("map"),
            reducing: ReducingState::new("reducing", |a, b| a + b),
            aggregating: AggregatingState::new("aggregating", Sum),
            expires: ttl.is_some(),
        };
        match ttl {
            None => states,
            Some(ttl) => Self {
                value: states.value.with_ttl(ttl),
                list: states.list.with_ttl(ttl),
                map: states.map.with_ttl(ttl),
                ..states
            },
        }
    }
}

impl KeyedProcessFunction<u64, u64> for States {
    type Out = Told;

    fn process(
        &mut self,
        n: u64,
        ctx: &mut KeyedProcessContext<'_, u64>,
        out: &mut Collector<'_, Told>,
    ) -> Result<()> {
        let key = *ctx.current_key();
        // Every tenth number of a key begins anew, so that entries are removed as well.
        if n.is_multiple_of(10) && !self.expires {
            self.value.clear(ctx)?;
            self.list.clear(ctx)?;
            self.map.clear(ctx)?;
            self.reducing.clear(ctx)?;
            self.aggregating.clear(ctx)?;
        }
        self.list.push(ctx, n)?;
        self.map.insert(ctx, n % 5, n)?;
        self.reducing.add(ctx, n)?;
        self.aggregating.add(ctx, n)?;
        *self.value.get_or_default(ctx)? += 1;
        let value = *self.value.get_or_default(ctx)?;
        let list: Vec<u64> = self.list.get(ctx)?.to_vec();
        let mut map: Vec<(u64, u64)> = self.map.iter(ctx)?.map(|(k, v)| (*k, *v)).collect();
        map.sort_unstable();
        let reduced = self.reducing.get(ctx)?.copied();
        let aggregated = self.aggregating.get(ctx)?;
        out.collect((
            key,
            format!(
                "{n}: {value} {} {map:?} {reduced:?} {aggregated:?}",
                list.len()
            ),
        ));
        Ok(())
    }
}

/// Tells the count of a key when it has been quiet, and deletes timers in between.
#[derive(Clone)]
struct UntilQuiet {
    count: ValueState<u64>,
    quiet: ValueState<Timestamp>,
}

impl UntilQuiet {
    fn new() -> Self {
        Self {
            count: ValueState::new("count"),
            quiet: ValueState::new("quiet"),
        }
    }
}

impl KeyedProcessFunction<u64, u64> for UntilQuiet {
    type Out = Told;

    fn process(
        &mut self,
        _: u64,
        ctx: &mut KeyedProcessContext<'_, u64>,
        _: &mut Collector<'_, Told>,
    ) -> Result<()> {
        *self.count.get_or_default(ctx)? += 1;
        if let Some(before) = self.quiet.take(ctx)? {
            ctx.delete_event_time_timer(before)?;
        }
        let quiet = ctx.timestamp().unwrap_or_default() + Duration::from_millis(120);
        self.quiet.set(ctx, quiet)?;
        ctx.register_event_time_timer(quiet)
    }

    fn on_timer(
        &mut self,
        time: Timestamp,
        ctx: &mut KeyedProcessContext<'_, u64>,
        out: &mut Collector<'_, Told>,
    ) -> Result<()> {
        let count = self.count.take(ctx)?.unwrap_or(0);
        self.quiet.clear(ctx)?;
        out.collect((
            *ctx.current_key(),
            format!("{} at {}", count, time.as_millis()),
        ));
        Ok(())
    }
}

/// What a job comes to in memory, when nothing happens to it.
pub(crate) fn undisturbed(work: Work) -> Vec<Told> {
    let world = World::simulated(0);
    let ledger = Ledger::new();
    let env = environment(&world, 1, "hashmap");
    build(&env, work, None, &ledger);
    env.execute("undisturbed").unwrap();
    sorted(ledger.committed())
}

pub(crate) fn sorted(mut told: Vec<Told>) -> Vec<Told> {
    told.sort();
    told
}
