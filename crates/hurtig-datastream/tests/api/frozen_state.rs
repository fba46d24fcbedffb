//! The state of a savepoint is that of its barrier, though it is encoded while the job goes on at full speed.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use hurtig_connect::WatermarkStrategy;
use hurtig_datastream::{
    Collector, DataStream, EndOfStreamTrigger, GeneratorSource, GlobalWindows, KeyedProcessContext,
    KeyedProcessFunction, KeyedStream, ListState, MapState, StreamExecutionEnvironment,
    TumblingEventTimeWindows, ValueState,
};
use hurtig_env::{World, yield_now};
use hurtig_testing::Ledger;
use hurtig_types::Result;

use crate::support::{environment, in_worlds_of_seeds, sorted};

const RECORDS: u64 = 400_000;
/// Each subtask encodes its share of the state in several slices.
const KEYS: u64 = 80_000;

type Counts = KeyedStream<(u64, u64), u64>;

/// The last count of each key, as `count` counts them.
fn job(
    env: &StreamExecutionEnvironment,
    seen: &Arc<AtomicU64>,
    count: impl Fn(&Counts) -> DataStream<(u64, u64)>,
    ledger: &Ledger<(u64, u64)>,
) {
    env.set("execution.checkpointing.dir", "/checkpoints");
    let seen = Arc::clone(seen);
    let strategy = WatermarkStrategy::bounded_out_of_orderness(Duration::ZERO)
        .with_timestamps(|n: &u64| *n as i64);
    let keyed = env
        .from_source(GeneratorSource::new(RECORDS, |n| n), strategy, "numbers")
        .uid("numbers")
        .map(move |n| {
            seen.fetch_add(1, Ordering::Relaxed);
            (n.wrapping_mul(0x9e37_79b9_7f4a_7c15) % KEYS, 1)
        })
        .key_by(|record| record.0);
    count(&keyed)
        .uid("counts")
        .key_by(|record| record.0)
        .window(GlobalWindows::create())
        .trigger(EndOfStreamTrigger::new())
        .reduce(|a, b| (a.0, a.1.max(b.1)))
        .uid("last")
        .sink_to(ledger.sink())
        .uid("ledger");
}

/// Under several seeds: what is restored from a savepoint in the middle comes to what the whole comes to.
fn is_what_it_was(count: impl Fn(&Counts) -> DataStream<(u64, u64)>) {
    let mut expected = vec![0; KEYS as usize];
    for n in 0..RECORDS {
        expected[(n.wrapping_mul(0x9e37_79b9_7f4a_7c15) % KEYS) as usize] += 1;
    }
    let expected = (0..).zip(expected).filter(|(_, count)| *count > 0);
    let expected: Vec<(u64, u64)> = expected.collect();
    in_worlds_of_seeds(3, |world| {
        let (ledger, seen) = (Ledger::new(), Arc::default());
        let path = savepoint_in_the_middle(&world, &count, &seen, &ledger);
        assert_eq!(sorted(ledger.committed()), expected);

        let restored = Ledger::new();
        let env = environment(&world, 3);
        env.set("execution.state-recovery.path", path);
        job(&env, &seen, &count, &restored);
        env.execute("restored").unwrap();
        assert_eq!(sorted(restored.committed()), expected);
    });
}

fn savepoint_in_the_middle(
    world: &World,
    count: impl Fn(&Counts) -> DataStream<(u64, u64)>,
    seen: &Arc<AtomicU64>,
    ledger: &Ledger<(u64, u64)>,
) -> String {
    let env = environment(world, 2);
    job(&env, seen, count, ledger);
    let client = env.execute_async("first").unwrap();
    let saved = world.block_on(async {
        while seen.load(Ordering::Relaxed) < RECORDS / 2 {
            yield_now().await;
        }
        let path = client.trigger_savepoint(Some("/savepoints")).await?;
        let at = seen.load(Ordering::Relaxed);
        assert!(
            at < RECORDS,
            "the job was over before the savepoint was there"
        );
        client.wait().await?;
        Ok::<_, hurtig_types::Error>(path)
    });
    saved.unwrap().unwrap()
}

#[test]
fn a_rolling_state_is_what_it_was_at_the_barrier() {
    is_what_it_was(|counts| counts.sum(|record| &mut record.1));
}

/// A barrier that comes with the last records: the tasks have nothing else to do, and end, when all is encoded.
#[test]
fn a_task_does_not_end_before_its_state_is_encoded() {
    let last: Vec<_> = (10..=18)
        .map(|part| RECORDS - part * RECORDS / 200)
        .collect();
    let taken = AtomicU64::new(0);
    in_worlds_of_seeds(2, |world| {
        for at in &last {
            let (ledger, seen) = (Ledger::new(), Arc::default());
            let env = environment(&world, 2);
            job(
                &env,
                &seen,
                |counts| counts.sum(|record| &mut record.1),
                &ledger,
            );
            let client = env.execute_async("first").unwrap();
            let saved = world.block_on(async {
                while seen.load(Ordering::Relaxed) < *at {
                    yield_now().await;
                }
                let saved = client.trigger_savepoint(Some("/savepoints")).await;
                client.wait().await.unwrap();
                saved
            });
            match saved.unwrap() {
                Ok(_) => drop(taken.fetch_add(1, Ordering::Relaxed)),
                Err(error) => {
                    let message = error.to_string();
                    assert!(!message.contains("encoded"), "{message}");
                }
            }
        }
    });
    assert!(taken.into_inner() > 0, "the jobs were over too soon");
}

/// Counts three times over, in states of three kinds, which must agree.
#[derive(Clone)]
struct Threefold {
    value: ValueState<u64>,
    list: ListState<u8>,
    map: MapState<u8, u64>,
}

impl KeyedProcessFunction<u64, (u64, u64)> for Threefold {
    type Out = (u64, u64);

    fn process(
        &mut self,
        (key, n): (u64, u64),
        ctx: &mut KeyedProcessContext<'_, u64>,
        out: &mut Collector<'_, (u64, u64)>,
    ) -> Result<()> {
        self.list.push(ctx, 0)?;
        let in_map = self.map.get(ctx, &0)?.copied().unwrap_or(0) + n;
        self.map.insert(ctx, 0, in_map)?;
        let count = self.value.get_or_default(ctx)?;
        *count += n;
        let count = *count;
        assert_eq!((in_map, self.list.get(ctx)?.len() as u64), (count, count));
        out.collect((key, count));
        Ok(())
    }
}

#[test]
fn the_states_of_a_function_are_what_they_were_at_the_barrier() {
    is_what_it_was(|counts| {
        counts.process(Threefold {
            value: ValueState::new("value"),
            list: ListState::new("list"),
            map: MapState::new("map"),
        })
    });
}

#[test]
fn open_windows_are_what_they_were_at_the_barrier() {
    // One window over everything, which is a slice; and the same in the operator for any window.
    let all = || TumblingEventTimeWindows::of(Duration::from_millis(RECORDS));
    is_what_it_was(|counts| {
        let windows = counts.window(all());
        windows.reduce(|a, b| (a.0, a.1 + b.1))
    });
    is_what_it_was(|counts| {
        let windows = counts
            .window(all())
            .allowed_lateness(Duration::from_millis(1));
        windows.reduce(|a, b| (a.0, a.1 + b.1))
    });
}
