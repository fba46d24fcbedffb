//! A job that is stopped with a savepoint, and goes on with other parallelism.

use std::time::Duration;

use hurtig_env::World;
use hurtig_testing::Ledger;

use crate::jobs::{ALL, Work, build, environment, sorted, undisturbed};

fn rescales(work: Work, backend: &str) {
    let world = World::simulated(7);
    let ledger = Ledger::new();
    let mut from: Option<String> = None;
    for parallelism in [1, 2, 7] {
        let env = environment(&world, parallelism, backend);
        if let Some(from) = &from {
            env.set("execution.state-recovery.path", from);
        }
        build(&env, work, None, &ledger);
        let client = env.execute_async("job").unwrap();
        let stopped = world.block_on(async {
            world.clock().sleep(Duration::from_millis(300)).await;
            let path = client.stop_with_savepoint(Some("/savepoints")).await?;
            client.wait().await?;
            Ok::<_, hurtig_types::Error>(path)
        });
        from = Some(stopped.unwrap().unwrap());
    }
    let env = environment(&world, 3, backend);
    env.set("execution.state-recovery.path", from.unwrap());
    build(&env, work, None, &ledger);
    env.execute("job").unwrap();
    assert_eq!(
        sorted(ledger.committed()),
        undisturbed(work),
        "{work:?} on {backend}"
    );
}

#[test]
fn state_in_memory_keeps_every_keys_value_from_1_to_2_to_7_to_3() {
    ALL.into_iter().for_each(|work| rescales(work, "hashmap"));
}

#[test]
fn state_on_disk_keeps_every_keys_value_from_1_to_2_to_7_to_3() {
    ALL.into_iter().for_each(|work| rescales(work, "rocksdb"));
}
