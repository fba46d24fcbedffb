//! A checkpoint does not wait until a window has fired for all its keys, nor until all timers have; what is left fires after a restart.

use std::time::Duration;

use hurtig_connect::WatermarkStrategy;
use hurtig_datastream::{
    DataStream, GeneratorSource, KeyedStream, SlidingEventTimeWindows, StreamExecutionEnvironment,
    TumblingEventTimeWindows,
};
use hurtig_env::World;
use hurtig_runtime::JobClient;
use hurtig_testing::Ledger;

use crate::support::{at, environment, in_worlds_of_seeds, sorted, with_timers};
use crate::unaligned::slow;

/// So many keys, each in the first second of event time; after that a few more records, so that event time goes on.
const KEYS: u64 = 40_000;
const RECORDS: u64 = KEYS + 300;

type Fired = (u64, i64);

fn ms(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

fn keyed(env: &StreamExecutionEnvironment) -> KeyedStream<u64, u64> {
    env.set_auto_watermark_interval(ms(10));
    let source = GeneratorSource::new(RECORDS, |n| n).records_per_second(200_000.0);
    let event_time = |n: &u64| match n.checked_sub(KEYS) {
        None => (n * 1_000 / KEYS) as i64,
        Some(more) => 5_000 + more as i64,
    };
    let strategy = WatermarkStrategy::bounded_out_of_orderness(Duration::ZERO);
    env.from_source(source, strategy.with_timestamps(event_time), "numbers")
        .uid("numbers")
        .key_by(|n| *n)
}

fn job(
    world: &World,
    parallelism: u32,
    from: Option<&str>,
    ledger: &Ledger<Fired>,
    (unaligned, pause): (bool, Duration),
    build: &dyn Fn(&KeyedStream<u64, u64>) -> DataStream<Fired>,
) -> JobClient {
    let env = environment(world, parallelism);
    env.set("taskmanager.memory.segment-size", "1 kb");
    env.set("execution.checkpointing.dir", "/checkpoints");
    env.set(
        "execution.checkpointing.externalized-checkpoint-retention",
        "RETAIN_ON_CANCELLATION",
    );
    env.set(
        "execution.checkpointing.unaligned.enabled",
        unaligned.to_string(),
    );
    env.enable_checkpointing(ms(20));
    if let Some(from) = from {
        env.set("execution.state-recovery.path", from);
    }
    build(&keyed(&env))
        .uid("firing")
        .rebalance()
        .sink_to(slow(ledger, pause))
        .uid("ledger");
    env.execute_async("firing").unwrap()
}

/// Kills the job in the middle of firing, again and again; what is committed in the end is there once.
fn fires_once(per_key: usize, build: impl Fn(&KeyedStream<u64, u64>) -> DataStream<Fired>) {
    let pause = Duration::from_micros(20);
    for unaligned in [false, true] {
        in_worlds_of_seeds(4, |world| {
            let ledger = Ledger::new();
            let mut from: Option<String> = None;
            for parallelism in [2, 3, 1] {
                let of = (unaligned, pause);
                let client = job(&world, parallelism, from.as_deref(), &ledger, of, &build);
                let before = ledger.committed().len();
                let killed = world.block_on(async {
                    let is_early = || {
                        client.checkpoints().completed == 0
                            || ledger.committed().len() < before + 1_000
                    };
                    while is_early() {
                        world.clock().sleep(ms(5)).await;
                    }
                    client.cancel();
                    assert!(client.wait().await.is_err());
                    ledger.committed().len()
                });
                let committed = killed.unwrap();
                assert!(
                    committed < KEYS as usize * per_key,
                    "{committed}: no checkpoint came in the middle"
                );
                from = client
                    .checkpoints()
                    .last_completed()
                    .map(|it| it.path.clone());
            }
            let of = (unaligned, Duration::ZERO);
            let client = job(&world, 2, from.as_deref(), &ledger, of, &build);
            world.block_on(client.wait()).unwrap().unwrap();
            let fired = sorted(ledger.committed());
            assert!(fired.is_sorted_by(|a, b| a < b), "something fired twice");
            assert_eq!(fired.len(), RECORDS as usize * per_key);
        });
    }
}

#[test]
fn a_tumbling_window_of_many_keys() {
    fires_once(1, |keyed| {
        keyed
            .window(TumblingEventTimeWindows::of(ms(1_000)))
            .count_with_fn(|key, ctx, _, out| {
                out.collect((*key, ctx.window().end.as_millis()));
                Ok(())
            })
    });
}

#[test]
fn sliding_windows_of_many_keys() {
    fires_once(3, |keyed| {
        keyed
            .window(SlidingEventTimeWindows::of(ms(3_000), ms(1_000)))
            .count_with_fn(|key, ctx, _, out| {
                out.collect((*key, ctx.window().end.as_millis()));
                Ok(())
            })
    });
}

#[test]
fn a_window_with_a_trigger_of_its_own() {
    fires_once(1, |keyed| {
        keyed
            .window(TumblingEventTimeWindows::of(ms(1_000)))
            .allowed_lateness(ms(10))
            .process_fn(|key, ctx, _, out| {
                out.collect((*key, ctx.window().end.as_millis()));
                Ok(())
            })
    });
}

#[test]
fn timers_of_many_keys() {
    fires_once(1, |keyed| {
        keyed.process(with_timers(
            |n: u64, ctx, _| {
                let time = if n < KEYS { 1_500 } else { 6_000 };
                ctx.register_event_time_timer(at(time)).map(drop)
            },
            |time, ctx, out| {
                out.collect((*ctx.current_key(), time.as_millis()));
                Ok(())
            },
        ))
    });
}
