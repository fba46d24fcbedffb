//! A job that fails now and then.

use std::time::Duration;

use hurtig_env::World;
use hurtig_testing::Ledger;

use crate::jobs::{ALL, Work, build, environment, sorted, undisturbed};

fn recovers(work: Work, backend: &str, seed: u64) {
    let world = World::simulated(seed);
    let env = environment(&world, 2, backend);
    env.enable_checkpointing(Duration::from_millis(80));
    env.set(
        "execution.checkpointing.unaligned.enabled",
        seed.is_multiple_of(2).to_string(),
    );
    env.set("restart-strategy.type", "fixed-delay");
    env.set("restart-strategy.fixed-delay.attempts", "100");
    env.set("restart-strategy.fixed-delay.delay", "10 ms");
    let ledger = Ledger::new();
    build(&env, work, Some(2_500), &ledger);
    let client = env.execute_async("job").unwrap();
    world.block_on(client.wait()).unwrap().unwrap();
    assert!(
        client.restarts() > 1,
        "{work:?}: {} restarts",
        client.restarts()
    );
    assert_eq!(
        sorted(ledger.committed()),
        undisturbed(work),
        "{work:?} on {backend}, seed {seed}"
    );
}

#[test]
fn state_in_memory_is_exact_after_failures() {
    for (work, seed) in ALL.into_iter().zip(1..) {
        recovers(work, "hashmap", seed);
    }
}

#[test]
fn state_on_disk_is_exact_after_failures() {
    for (work, seed) in ALL.into_iter().zip(1..) {
        recovers(work, "rocksdb", seed);
    }
}
