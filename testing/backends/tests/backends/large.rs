//! State that is larger than its memory.

use std::time::Duration;

use hurtig_connect::WatermarkStrategy;
use hurtig_datastream::{GeneratorSource, StreamExecutionEnvironment};
use hurtig_env::World;
use hurtig_testing::Ledger;

use crate::jobs::environment;

const KEYS: u64 = 300_000;
const ROUNDS: u64 = 2;

/// Some 150 bytes for each key, which is five times the memory and more.
fn job(env: &StreamExecutionEnvironment, ledger: &Ledger<(u64, u64)>) {
    env.from_source(
        GeneratorSource::new(KEYS * ROUNDS, |n| n),
        WatermarkStrategy::none(),
        "numbers",
    )
    .map(|n| (n.wrapping_mul(7919) % KEYS, 1u64, "x".repeat(120)))
    .key_by(|record| record.0)
    .sum(|record| &mut record.1)
    .filter(|record| record.1 == ROUNDS)
    .map(|record| (record.0, record.1))
    .sink_to(ledger.sink());
}

#[test]
fn state_larger_than_its_memory_loses_nothing() {
    let ledger = Ledger::new();
    let env = environment(&World::real(), 2, "rocksdb");
    let directory = tempfile::tempdir().unwrap();
    env.set(
        "execution.checkpointing.dir",
        directory.path().to_str().unwrap(),
    );
    env.set("taskmanager.memory.managed.size", "8mb");
    env.enable_checkpointing(Duration::from_millis(500));
    job(&env, &ledger);
    env.execute("job").unwrap();
    let mut counts = ledger.committed();
    counts.sort_unstable();
    assert!(counts.into_iter().eq((0..KEYS).map(|key| (key, ROUNDS))));
}
