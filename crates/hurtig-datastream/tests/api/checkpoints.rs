//! What a job has taken into its state and given to its sinks is there exactly once, whatever fails.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use hurtig_connect::WatermarkStrategy;
use hurtig_datastream::{DataStream, GeneratorSource, KeyedStream, StreamExecutionEnvironment};
use hurtig_env::World;
use hurtig_runtime::JobStatus;
use hurtig_testing::Ledger;
use hurtig_types::Error;

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
    });
}
