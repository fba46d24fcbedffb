//! Under full back pressure barriers overtake what is queued; what they overtake is part of the checkpoint, and is taken once.

use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use hurtig_connect::{Committer, PreCommit, Sink, SinkWriter, WatermarkStrategy, WriterContext};
use hurtig_datastream::{GeneratorSource, SlidingEventTimeWindows, StreamExecutionEnvironment};
use hurtig_env::{Clock, Sleep, World};
use hurtig_runtime::{CheckpointRecord, CheckpointStatus, JobClient};
use hurtig_testing::{Ledger, LedgerSink};
use hurtig_types::{Data, Records, Result};

use crate::support::{environment, in_worlds_of_seeds, sorted};

/// A ledger that takes so long for each record.
pub(crate) struct SlowSink<T> {
    ledger: LedgerSink<T>,
    pause: Duration,
}

impl<T: Data + Sync> Sink<T> for SlowSink<T> {
    fn create_writer(&self, context: WriterContext) -> Result<Box<dyn SinkWriter<T>>> {
        Ok(Box::new(SlowWriter {
            clock: context.world.clock().clone(),
            writer: self.ledger.create_writer(context)?,
            pause: self.pause,
            sleep: None,
        }))
    }

    fn create_committer(&self, context: &WriterContext) -> Result<Option<Box<dyn Committer>>> {
        self.ledger.create_committer(context)
    }
}

struct SlowWriter<T> {
    clock: Clock,
    writer: Box<dyn SinkWriter<T>>,
    pause: Duration,
    sleep: Option<Sleep>,
}

impl<T: Data> SinkWriter<T> for SlowWriter<T> {
    fn poll_write(
        &mut self,
        context: &mut Context<'_>,
        batch: &mut Records<T>,
    ) -> Poll<Result<()>> {
        let (clock, pause) = (&self.clock, self.pause * batch.len() as u32);
        let sleep = self.sleep.get_or_insert_with(|| clock.sleep(pause));
        if Pin::new(sleep).poll(context).is_pending() {
            return Poll::Pending;
        }
        self.sleep = None;
        self.writer.poll_write(context, batch)
    }

    fn poll_flush(&mut self, context: &mut Context<'_>) -> Poll<Result<()>> {
        self.writer.poll_flush(context)
    }

    fn poll_pre_commit(&mut self, context: &mut Context<'_>) -> Poll<Result<PreCommit>> {
        self.writer.poll_pre_commit(context)
    }

    fn restore(&mut self, states: Vec<Vec<u8>>) -> Result<()> {
        self.writer.restore(states)
    }

    fn close(&mut self) -> Result<()> {
        self.writer.close()
    }
}

pub(crate) fn slow<T: Data + Sync>(ledger: &Ledger<T>, pause: Duration) -> SlowSink<T> {
    SlowSink {
        ledger: ledger.sink(),
        pause,
    }
}

const KEYS: u64 = 7;

/// An environment in which little fits into a channel, with checkpoints to keep.
fn pressed(world: &World, parallelism: u32, from: Option<&str>) -> StreamExecutionEnvironment {
    let env = environment(world, parallelism);
    env.set("taskmanager.memory.segment-size", "1 kb");
    env.set("execution.checkpointing.dir", "/checkpoints");
    env.set(
        "execution.checkpointing.externalized-checkpoint-retention",
        "RETAIN_ON_CANCELLATION",
    );
    if let Some(from) = from {
        env.set("execution.state-recovery.path", from);
    }
    env
}

/// Counts by remainder, as fast as can be, before a sink that takes a millisecond for each count.
fn counting(
    env: &StreamExecutionEnvironment,
    records: u64,
    pause: Duration,
    ledger: &Ledger<(u64, u64)>,
) -> JobClient {
    let source = GeneratorSource::new(records, |n| n);
    env.from_source(source, WatermarkStrategy::none(), "numbers")
        .uid("numbers")
        .map(|n| (n % KEYS, 1))
        .uid("remainders")
        .key_by(|record| record.0)
        .sum(|record| &mut record.1)
        .uid("counts")
        .rebalance()
        .sink_to(slow(ledger, pause))
        .uid("ledger");
    env.execute_async("counting").unwrap()
}

fn all_counts(records: u64) -> Vec<(u64, u64)> {
    let of = |key: u64| (1..=(records - key).div_ceil(KEYS)).map(move |count| (key, count));
    sorted((0..KEYS).flat_map(of).collect())
}

const fn ms(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

/// Waits until so many checkpoints of this job are complete; the last.
async fn completed(world: &World, client: &JobClient, count: u64) -> CheckpointRecord {
    for _ in 0..10_000 {
        let history = client.checkpoints();
        if history.completed >= count
            && let Some(last) = history.last_completed()
        {
            return last.clone();
        }
        world.clock().sleep(ms(20)).await;
    }
    panic!(
        "{count} checkpoints were never complete: {:?}",
        client.checkpoints()
    );
}

/// Lets a job run until its `count`-th checkpoint is complete, and lets it die. That checkpoint.
fn killed_after(world: &World, client: &JobClient, count: u64) -> CheckpointRecord {
    let killed = world.block_on(async {
        let last = completed(world, client, count).await;
        client.cancel();
        assert!(client.wait().await.is_err());
        let newest = client.checkpoints().last_completed().cloned();
        newest.unwrap_or(last)
    });
    killed.unwrap()
}

fn took(record: &CheckpointRecord) -> i64 {
    assert_eq!(record.status, CheckpointStatus::Completed, "{record:?}");
    record.ended_ms.unwrap() - record.triggered_ms
}

#[test]
fn under_full_back_pressure_aligned_barriers_wait_and_unaligned_ones_do_not() {
    in_worlds_of_seeds(3, |world| {
        let time_of = |unaligned: bool| {
            let env = pressed(&world, 2, None);
            env.enable_checkpointing(ms(500));
            env.set(
                "execution.checkpointing.unaligned.enabled",
                unaligned.to_string(),
            );
            let client = counting(&env, 100_000, ms(1), &Ledger::new());
            let last = killed_after(&world, &client, 2);
            assert_eq!(last.is_unaligned(), unaligned, "{last:?}");
            assert_eq!(last.persisted_bytes() > 0, unaligned, "{last:?}");
            took(&last)
        };
        let (aligned, unaligned) = (time_of(false), time_of(true));
        assert!(
            unaligned * 3 < aligned && unaligned <= 2_000,
            "{unaligned} ms unaligned, {aligned} ms aligned"
        );
    });
}

#[test]
fn with_a_timeout_barriers_overtake_only_when_it_has_passed() {
    in_worlds_of_seeds(5, |world| {
        let env = pressed(&world, 2, None);
        env.enable_checkpointing(ms(300))
            .enable_unaligned_checkpoints();
        env.set(
            "execution.checkpointing.aligned-checkpoint-timeout",
            "500 ms",
        );
        let client = counting(&env, 100_000, ms(1), &Ledger::new());
        let last = killed_after(&world, &client, 2);
        assert!(last.is_unaligned(), "{last:?}");
        assert!((500..3_000).contains(&took(&last)), "{last:?}");

        let env = crate::checkpoints::checkpointed(&world, 2);
        env.enable_unaligned_checkpoints();
        env.set(
            "execution.checkpointing.aligned-checkpoint-timeout",
            "500 ms",
        );
        crate::checkpoints::numbers(&env)
            .key_by(|n| n % KEYS)
            .sum(|n| n)
            .rebalance()
            .sink_to(Ledger::new().sink());
        let client = env.execute_async("at leisure").unwrap();
        let last = world.block_on(completed(&world, &client, 3)).unwrap();
        client.cancel();
        assert!(world.block_on(client.wait()).unwrap().is_err());
        assert!(!last.is_unaligned() && took(&last) < 500, "{last:?}");
    });
}

#[test]
fn what_was_in_flight_is_taken_once_at_any_parallelism() {
    is_taken_once(50, "0 ms");
}

#[test]
fn what_was_in_flight_when_the_timeout_passed_is_taken_once() {
    is_taken_once(20, "70 ms");
}

fn is_taken_once(seeds: u64, timeout: &str) {
    const RECORDS: u64 = 20_000;
    in_worlds_of_seeds(seeds, |world| {
        let ledger = Ledger::new();
        let mut from: Option<String> = None;
        for parallelism in [1, 2, 7, 3] {
            let env = pressed(&world, parallelism, from.as_deref());
            env.enable_checkpointing(ms(200))
                .enable_unaligned_checkpoints();
            env.set(
                "execution.checkpointing.aligned-checkpoint-timeout",
                timeout,
            );
            let client = counting(&env, RECORDS, ms(1), &ledger);
            let last = killed_after(&world, &client, 2);
            assert!(last.persisted_bytes() > 0, "{last:?}");
            from = Some(last.path);
        }
        let env = pressed(&world, 2, from.as_deref());
        let client = counting(&env, RECORDS, Duration::ZERO, &ledger);
        world.block_on(client.wait()).unwrap().unwrap();
        assert_eq!(sorted(ledger.committed()), all_counts(RECORDS));
    });
}

/// Counts on an edge that is partitioned by a function, before a sink that takes a millisecond for each.
fn custom(env: &StreamExecutionEnvironment, ledger: &Ledger<u64>) -> JobClient {
    env.enable_checkpointing(ms(200))
        .enable_unaligned_checkpoints();
    env.set("execution.checkpointing.unaligned.forced", "true");
    let source = GeneratorSource::new(10_000, |n| n);
    env.from_source(source, WatermarkStrategy::none(), "numbers")
        .uid("numbers")
        .partition_custom("sides", |n, subtasks| *n as usize % subtasks, |n| n / 3)
        .sink_to(slow(ledger, ms(1)))
        .uid("ledger");
    env.execute_async("custom").unwrap()
}

#[test]
fn on_custom_edges_barriers_overtake_if_they_are_forced_to() {
    in_worlds_of_seeds(5, |world| {
        let ledger = Ledger::new();
        let client = custom(&pressed(&world, 2, None), &ledger);
        let last = killed_after(&world, &client, 2);
        assert!(last.persisted_bytes() > 0, "{last:?}");

        let other = custom(&pressed(&world, 3, Some(&last.path)), &ledger);
        let error = world.block_on(other.wait()).unwrap().err().unwrap();
        let message = format!("{error:?}");
        assert!(message.contains("start it with 2"), "{message}");

        let same = custom(&pressed(&world, 2, Some(&last.path)), &ledger);
        world.block_on(same.wait()).unwrap().unwrap();
        let all: Vec<u64> = (0..10_000).collect();
        assert_eq!(sorted(ledger.committed()), all);
    });
}

#[test]
fn a_failed_job_goes_on_with_what_was_in_flight() {
    in_worlds_of_seeds(10, |world| {
        let env = crate::checkpoints::checkpointed(&world, 2);
        env.set("taskmanager.memory.segment-size", "1 kb");
        env.enable_unaligned_checkpoints();
        let ledger = Ledger::new();
        crate::checkpoints::failing(&crate::checkpoints::numbers(&env), 3_000)
            .map(|n| (n % KEYS, 1))
            .key_by(|record| record.0)
            .sum(|record| &mut record.1)
            .rebalance()
            .sink_to(slow(&ledger, Duration::from_micros(300)));
        let client = env.execute_async("counts").unwrap();
        world.block_on(client.wait()).unwrap().unwrap();
        assert!(client.restarts() >= 5, "{} restarts", client.restarts());
        assert_eq!(
            sorted(ledger.committed()),
            all_counts(crate::checkpoints::RECORDS)
        );
    });
}

/// Of a window's key and end, how many records it had.
type Counted = (u64, i64, u64);

/// Counts of windows of this size and slide, before a sink that takes so long for each.
fn windows(
    env: &StreamExecutionEnvironment,
    (size, slide): (u64, u64),
    pause: Duration,
    ledger: &Ledger<Counted>,
) -> JobClient {
    env.enable_checkpointing(ms(100))
        .enable_unaligned_checkpoints();
    env.set_auto_watermark_interval(ms(10));
    let source = GeneratorSource::new(EVENTS, |n| n).records_per_second(5_000.0);
    let strategy = WatermarkStrategy::bounded_out_of_orderness(Duration::ZERO)
        .with_timestamps(|n: &u64| *n as i64);
    env.from_source(source, strategy, "numbers")
        .uid("numbers")
        .rebalance()
        .map(|n| n)
        .uid("mapped")
        .key_by(|n| n % KEYS)
        .window(SlidingEventTimeWindows::of(ms(size), ms(slide)))
        .count_with_fn(|key, ctx, count, out| {
            out.collect((*key, ctx.window().end.as_millis(), count));
            Ok(())
        })
        .uid("windows")
        .rebalance()
        .sink_to(slow(ledger, pause))
        .uid("ledger");
    env.execute_async("windows").unwrap()
}

const EVENTS: u64 = 30_000;

fn all_windows((size, slide): (u64, u64)) -> Vec<Counted> {
    let ends = (1..).map(|index| (index * slide) as i64);
    let ends = ends.take_while(|end| *end < (EVENTS + size) as i64);
    let of = |end: i64| {
        let window = (end - size as i64).max(0) as u64..EVENTS.min(end as u64);
        let count = move |key| window.clone().filter(|n| n % KEYS == key).count() as u64;
        (0..KEYS).map(move |key| (key, end, count(key)))
    };
    let counted = ends.flat_map(of).filter(|(.., count)| *count > 0);
    sorted(counted.collect())
}

/// Whatever the parallelism that the job goes on with, each window speaks once, of all its records.
fn windows_are_exact(of: (u64, u64)) {
    in_worlds_of_seeds(10, |world| {
        let ledger = Ledger::new();
        let mut from: Option<String> = None;
        for parallelism in [2, 3, 1, 5] {
            let env = pressed(&world, parallelism, from.as_deref());
            let client = windows(&env, of, ms(3), &ledger);
            let last = killed_after(&world, &client, 4);
            assert!(last.is_unaligned(), "{last:?}");
            from = Some(last.path);
        }
        let env = pressed(&world, 2, from.as_deref());
        let client = windows(&env, of, Duration::ZERO, &ledger);
        world.block_on(client.wait()).unwrap().unwrap();
        let (found, expected) = (sorted(ledger.committed()), all_windows(of));
        assert_eq!(found.len(), expected.len());
        assert_eq!(found, expected);
    });
}

#[test]
fn event_time_goes_on_where_it_was_and_no_record_is_late_that_was_not() {
    windows_are_exact((50, 50));
}

#[test]
fn sliding_windows_whose_subtasks_stood_at_different_times_speak_once() {
    windows_are_exact((150, 50));
}

#[test]
fn savepoints_hold_nothing_in_flight() {
    const RECORDS: u64 = 40_000;
    in_worlds_of_seeds(5, |world| {
        let ledger = Ledger::new();
        let env = pressed(&world, 2, None);
        env.enable_checkpointing(ms(100))
            .enable_unaligned_checkpoints();
        let client = counting(&env, RECORDS, ms(1), &ledger);
        let stopped = world.block_on(async {
            completed(&world, &client, 2).await;
            let path = client.stop_with_savepoint(Some("/savepoints")).await?;
            client.wait().await?;
            Ok::<_, hurtig_types::Error>(path)
        });
        let path = stopped.unwrap().unwrap();
        let history = client.checkpoints();
        let savepoint = history.recent.iter().find(|it| it.is_savepoint).unwrap();
        assert_eq!(savepoint.persisted_bytes(), 0);
        assert!(!savepoint.is_unaligned());
        let env = pressed(&world, 3, Some(&path));
        let client = counting(&env, RECORDS, Duration::ZERO, &ledger);
        world.block_on(client.wait()).unwrap().unwrap();
        assert_eq!(sorted(ledger.committed()), all_counts(RECORDS));
    });
}

/// Forward, rescale, custom and broadcast edges, and unions of them with others: barriers wait on the one kind, and overtake on the other.
#[test]
fn edges_on_which_barriers_wait_are_as_exact() {
    for timeout in ["0 ms", "40 ms"] {
        in_worlds_of_seeds(10, |world| {
            let env = crate::checkpoints::checkpointed(&world, 2);
            env.disable_operator_chaining();
            env.set("taskmanager.memory.segment-size", "1 kb");
            env.enable_unaligned_checkpoints();
            env.set(
                "execution.checkpointing.aligned-checkpoint-timeout",
                timeout,
            );
            let ledger = Ledger::new();
            let all = crate::checkpoints::failing(&crate::checkpoints::numbers(&env), 3_000);
            let even = all.filter(|n| n % 2 == 0).rescale().map(|n| n);
            let odd = all
                .filter(|n| n % 2 == 1)
                .partition_custom("by value", |n: &u64, of| *n as usize % of, |n| *n)
                .map(|n| n);
            let none = all.filter(|_| false).broadcast().map(|n| n);
            even.union(&[&odd.rebalance(), &none])
                .map(|n| (n % KEYS, 1))
                .key_by(|record| record.0)
                .sum(|record| &mut record.1)
                .rebalance()
                .sink_to(slow(&ledger, Duration::from_micros(200)));
            let client = env.execute_async("counts").unwrap();
            world.block_on(client.wait()).unwrap().unwrap();
            assert!(client.restarts() >= 5, "{} restarts", client.restarts());
            assert_eq!(
                sorted(ledger.committed()),
                all_counts(crate::checkpoints::RECORDS)
            );
        });
    }
}

#[test]
fn what_does_not_go_with_unaligned_checkpoints_is_said() {
    let world = World::simulated(1);
    for (key, value, said) in [
        (
            "execution.checkpointing.mode",
            "AT_LEAST_ONCE",
            "AT_LEAST_ONCE",
        ),
        (
            "execution.checkpointing.max-concurrent-checkpoints",
            "2",
            "max-concurrent",
        ),
    ] {
        let env = environment(&world, 1);
        env.enable_checkpointing(ms(100))
            .enable_unaligned_checkpoints();
        env.set(key, value);
        env.from_collection(vec![1u64]).discard();
        let error = env.execute("wrong").err().unwrap().to_string();
        assert!(
            error.contains(said) && error.contains("unaligned.enabled"),
            "{error}"
        );
    }
}
