//! What a job has taken into its state and given to its sinks is there exactly once, whatever fails.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use hurtig_connect::WatermarkStrategy;
use hurtig_datastream::{
    Collector, CountTrigger, DataStream, EventTimeSessionWindows, GeneratorSource,
    KeyedProcessContext, KeyedProcessFunction, KeyedStream, MapState, SlidingEventTimeWindows,
    StreamExecutionEnvironment, TumblingEventTimeWindows, ValueState,
};
use hurtig_env::World;
use hurtig_runtime::JobStatus;
use hurtig_testing::Ledger;
use hurtig_types::{Data, Error, Result, Timestamp};

use crate::support::{environment, in_worlds_of_seeds, sorted};

pub(crate) const RECORDS: u64 = 20_000;

/// Checkpoints every 50 ms, and as many restarts as it takes.
pub(crate) fn checkpointed(world: &World, parallelism: u32) -> StreamExecutionEnvironment {
    let env = environment(world, parallelism);
    env.enable_checkpointing(Duration::from_millis(50));
    env.set("restart-strategy.type", "fixed-delay");
    env.set("restart-strategy.fixed-delay.attempts", "100");
    env.set("restart-strategy.fixed-delay.delay", "10 ms");
    env
}

/// Numbers, ten thousand a second.
pub(crate) fn numbers(env: &StreamExecutionEnvironment) -> DataStream<u64> {
    let source = GeneratorSource::new(RECORDS, |n| n).records_per_second(10_000.0);
    let strategy = WatermarkStrategy::bounded_out_of_orderness(Duration::ZERO)
        .with_timestamps(|n: &u64| *n as i64);
    env.from_source(source, strategy, "numbers")
}

/// Fails at every `period`-th record that it sees, over all attempts.
pub(crate) fn failing(stream: &DataStream<u64>, period: u64) -> DataStream<u64> {
    let seen = Arc::new(AtomicU64::new(0));
    stream.try_map(move |n| {
        if seen.fetch_add(1, Ordering::Relaxed) % period == period - 1 {
            return Err(Error::function("out of luck"));
        }
        Ok(n)
    })
}

fn by_remainder(stream: &DataStream<u64>) -> KeyedStream<(u64, u64), u64> {
    stream.map(|n| (n % 7, 1)).key_by(|record| record.0)
}

/// Every count of every remainder, once.
fn all_counts() -> Vec<(u64, u64)> {
    let of = |key: u64| (1..=(RECORDS - key).div_ceil(7)).map(move |count| (key, count));
    sorted((0..7).flat_map(of).collect())
}

/// What a job commits that fails now and then, and how often it was started again.
fn committed<T: Data + Ord + Sync>(
    world: &World,
    build: impl Fn(&DataStream<u64>) -> DataStream<T>,
) -> (Vec<T>, u32) {
    let env = checkpointed(world, 2);
    let ledger = Ledger::new();
    build(&failing(&numbers(&env), 3_000)).sink_to(ledger.sink());
    let client = env.execute_async("job").unwrap();
    world.block_on(client.wait()).unwrap().unwrap();
    (sorted(ledger.committed()), client.restarts())
}

/// Under several seeds, the job commits what it commits undisturbed.
fn is_exact<T: Data + Ord + Sync + std::fmt::Debug>(
    build: impl Fn(&DataStream<u64>) -> DataStream<T>,
) {
    let env = environment(&World::simulated(0), 1);
    let expected = build(&numbers(&env))
        .execute_and_collect("undisturbed")
        .unwrap();
    let expected = sorted(expected);
    in_worlds_of_seeds(5, |world| {
        let (committed, restarts) = committed(&world, &build);
        assert!(restarts >= 3, "{restarts} restarts");
        assert_eq!(committed, expected);
    });
}

fn remainders(stream: &DataStream<u64>) -> KeyedStream<u64, u64> {
    stream.key_by(|n| n % 7)
}

fn ms(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

#[test]
fn tumbling_windows_are_exact_after_failures() {
    is_exact(|numbers| {
        let windows = TumblingEventTimeWindows::of(ms(700));
        remainders(numbers)
            .window(windows)
            .count_with_fn(|key, ctx, count, out| {
                out.collect((*key, ctx.window().end.as_millis(), count));
                Ok(())
            })
    });
}

#[test]
fn sliding_windows_are_exact_after_failures() {
    is_exact(|numbers| {
        let windows = SlidingEventTimeWindows::of(ms(1_000), ms(130));
        remainders(numbers).window(windows).sum(|n| n)
    });
}

#[test]
fn windows_with_lateness_and_own_triggers_are_exact_after_failures() {
    is_exact(|numbers| {
        remainders(numbers)
            .window(TumblingEventTimeWindows::of(ms(700)))
            .trigger(CountTrigger::of(30))
            .allowed_lateness(ms(100))
            .process_fn(|key, ctx, numbers, out| {
                out.collect((
                    *key,
                    ctx.window().end.as_millis(),
                    numbers.into_iter().count(),
                ));
                Ok(())
            })
    });
}

#[test]
fn sessions_are_exact_after_failures() {
    is_exact(|numbers| {
        // Of each hundred numbers some keys miss a stretch that is longer than the gap.
        let gaps = numbers.filter(|n| n % 100 < 40 + n % 7 * 10);
        remainders(&gaps)
            .window(EventTimeSessionWindows::with_gap(ms(25)))
            .sum(|n| n)
    });
}

#[test]
fn count_windows_are_exact_after_failures() {
    is_exact(|numbers| {
        // Which records share a window depends on who comes first; how many they are does not.
        remainders(numbers)
            .count_window_sliding(40, 15)
            .process_fn(|key, _, numbers, out| {
                out.collect((*key, numbers.into_iter().count()));
                Ok(())
            })
    });
}

/// Counts, and speaks of every count that was there for half a second of event time.
#[derive(Clone)]
struct Patient {
    count: ValueState<u64>,
    seen: MapState<u64, u64>,
}

impl KeyedProcessFunction<u64, u64> for Patient {
    type Out = (u64, i64, u64, usize);

    fn process(
        &mut self,
        value: u64,
        ctx: &mut KeyedProcessContext<'_, u64>,
        _: &mut Collector<'_, Self::Out>,
    ) -> Result<()> {
        self.count.update(ctx, |count| *count += 1)?;
        self.seen.insert(ctx, value % 100, value)?;
        ctx.register_event_time_timer(Timestamp::from_millis((value / 500 + 1) as i64 * 500))?;
        Ok(())
    }

    fn on_timer(
        &mut self,
        time: Timestamp,
        ctx: &mut KeyedProcessContext<'_, u64>,
        out: &mut Collector<'_, Self::Out>,
    ) -> Result<()> {
        let key = *ctx.current_key();
        let seen = self.seen.len(ctx)?;
        // The count itself depends on how far the records are ahead of the watermark.
        let some = u64::from(self.count.get(ctx)?.is_some());
        out.collect((key, time.as_millis(), some, seen));
        Ok(())
    }
}

/// So many keys that a checkpoint takes several slices of encoding, between which the states go on to change.
fn of_many_keys(stream: &DataStream<u64>) -> KeyedStream<u64, u64> {
    stream.key_by(|n| n * 7919 % 6_000)
}

#[test]
fn large_rolling_states_are_exact_after_failures() {
    is_exact(|numbers| of_many_keys(&numbers.map(|n| n)).reduce(|a, b| a + b));
}

#[test]
fn large_states_of_functions_are_exact_after_failures() {
    is_exact(|numbers| {
        let patient = Patient {
            count: ValueState::new("count"),
            seen: MapState::new("seen"),
        };
        of_many_keys(numbers).process(patient)
    });
}

#[test]
fn large_windows_are_exact_after_failures() {
    is_exact(|numbers| {
        let windows = SlidingEventTimeWindows::of(ms(12_000), ms(5_000));
        of_many_keys(numbers).window(windows).sum(|n| n)
    });
    is_exact(|numbers| {
        of_many_keys(numbers)
            .window(TumblingEventTimeWindows::of(ms(9_000)))
            .trigger(CountTrigger::of(2))
            .allowed_lateness(ms(100))
            .process_fn(|key, _, numbers, out| {
                out.collect((*key, numbers.into_iter().count()));
                Ok(())
            })
    });
}

#[test]
fn timers_fire_once_after_failures() {
    is_exact(|numbers| {
        let patient = Patient {
            count: ValueState::new("count"),
            seen: MapState::new("seen"),
        };
        remainders(numbers)
            .process(patient)
            .filter(|(_, time, ..)| *time > 1_000)
            .map(|(key, time, some, _)| (key, time, some))
    });
}

#[test]
fn at_least_once_never_counts_too_little_and_waits_for_no_barrier() {
    let mut too_much = 0;
    in_worlds_of_seeds(10, |world| {
        let env = checkpointed(&world, 2);
        env.set("execution.checkpointing.mode", "AT_LEAST_ONCE");
        let ledger = Ledger::new();
        by_remainder(&failing(&numbers(&env), 3_000))
            .sum(|record| &mut record.1)
            .sink_to(ledger.sink());
        env.execute("counts").unwrap();
        for key in 0..7 {
            let counts = ledger.committed().into_iter().filter(|(of, _)| *of == key);
            let last = counts.map(|(_, count)| count).max().unwrap_or(0);
            let exact = (RECORDS - key).div_ceil(7);
            assert!(last >= exact, "{last} of {exact}");
            too_much += last - exact;
        }
    });
    assert!(
        too_much > 0,
        "alignment makes no difference: then it was not off"
    );
}

#[test]
fn a_job_without_checkpoints_fails_at_once_and_one_with_them_when_its_restarts_are_used_up() {
    in_worlds_of_seeds(3, |world| {
        let env = environment(&world, 2);
        failing(&numbers(&env), 3_000).discard();
        let client = env.execute_async("once").unwrap();
        assert!(world.block_on(client.wait()).unwrap().is_err());
        assert_eq!((client.restarts(), client.status()), (0, JobStatus::Failed));

        let env = checkpointed(&world, 2);
        env.set("restart-strategy.fixed-delay.attempts", "3");
        failing(&numbers(&env), 100).discard();
        let client = env.execute_async("thrice").unwrap();
        let error = world.block_on(client.wait()).unwrap().err().unwrap();
        assert!(error.to_string().contains("out of luck"), "{error}");
        assert_eq!((client.restarts(), client.status()), (3, JobStatus::Failed));
    });
}

#[test]
fn a_job_that_waits_for_its_restart_can_be_cancelled() {
    in_worlds_of_seeds(3, |world| {
        let env = checkpointed(&world, 1);
        env.set("restart-strategy.fixed-delay.delay", "1 h");
        failing(&numbers(&env), 100).discard();
        let client = env.execute_async("patient").unwrap();
        let waiting = world.block_on(async {
            world.clock().sleep(Duration::from_secs(10)).await;
            let status = client.status();
            client.cancel();
            assert!(client.wait().await.is_err());
            status
        });
        assert_eq!(waiting.unwrap(), JobStatus::Restarting);
        assert_eq!(client.status(), JobStatus::Canceled);
    });
}

#[test]
fn what_is_wrong_with_a_job_itself_is_not_tried_again() {
    let world = World::simulated(1);
    let env = checkpointed(&world, 1);
    env.set("execution.checkpointing.mode", "SOMETIMES");
    numbers(&env).discard();
    let client = env.execute_async("wrong").unwrap();
    let error = world.block_on(client.wait()).unwrap().err().unwrap();
    assert!(error.to_string().contains("AT_LEAST_ONCE"), "{error}");
    assert_eq!(client.restarts(), 0);
}

#[test]
fn a_directory_that_cannot_be_written_fails_the_job_at_its_start() {
    let file = tempfile::NamedTempFile::new().unwrap();
    let env = checkpointed(&World::real(), 1);
    env.set("execution.checkpointing.dir", file.path().to_str().unwrap());
    numbers(&env).discard();
    let error = env.execute("nowhere").err().unwrap();
    let message = error.to_string();
    assert!(
        message.contains("checkpoints cannot be written"),
        "{message}"
    );
}

#[test]
fn counts_are_exact_after_many_failures() {
    in_worlds_of_seeds(10, |world| {
        let env = checkpointed(&world, 2);
        let ledger = Ledger::new();
        by_remainder(&failing(&numbers(&env), 3_000))
            .sum(|record| &mut record.1)
            .sink_to(ledger.sink());
        let client = env.execute_async("counts").unwrap();
        world.block_on(client.wait()).unwrap().unwrap();
        assert!(client.restarts() >= 5, "{} restarts", client.restarts());
        assert_eq!(sorted(ledger.committed()), all_counts());
        assert_eq!(client.status(), JobStatus::Finished);
        let history = client.checkpoints();
        assert!(history.completed > 10, "{history:?}");
        assert_eq!(
            history.restores,
            u64::from(client.restarts()),
            "{history:?}"
        );
        let last = history.last_completed().unwrap();
        assert!(
            last.bytes() > 0 && last.ended_ms >= Some(last.triggered_ms),
            "{last:?}"
        );
    });
}

#[test]
fn a_record_that_fails_again_and_again_is_shown_with_its_position() {
    in_worlds_of_seeds(3, |world| {
        let env = checkpointed(&world, 2);
        env.set("restart-strategy.fixed-delay.attempts", "3");
        let poisoned = numbers(&env).try_map(|n| match n {
            5_001 => Err(Error::function("poison")),
            n => Ok(n),
        });
        poisoned.discard();
        let client = env.execute_async("poisoned").unwrap();
        assert!(world.block_on(client.wait()).unwrap().is_err());
        let failures = client.failures();
        let roots = failures.iter().filter(|failure| failure.is_root);
        let shown = roots.map(|failure| failure.message.contains("at numbers-1 record 5001"));
        assert_eq!(shown.collect::<Vec<_>>(), [true; 4], "{failures:?}");
    });
}
