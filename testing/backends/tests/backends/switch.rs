//! A job that gets another backend.

use std::time::Duration;

use hurtig_env::World;
use hurtig_testing::Ledger;

use crate::jobs::{Told, Work, build, environment, sorted, undisturbed};

fn savepoint_of(world: &World, work: Work, backend: &str, ledger: &Ledger<Told>) -> String {
    let env = environment(world, 2, backend);
    build(&env, work, None, ledger);
    let client = env.execute_async("job").unwrap();
    let stopped = world.block_on(async {
        world.clock().sleep(Duration::from_millis(500)).await;
        let path = client.stop_with_savepoint(Some("/savepoints")).await?;
        client.wait().await?;
        Ok::<_, hurtig_types::Error>(path)
    });
    stopped.unwrap().unwrap()
}

#[test]
fn what_was_in_memory_goes_to_the_disk() {
    for work in [
        Work::Rolling,
        Work::States,
        Work::Expiring,
        Work::Timers,
        Work::Sessions,
    ] {
        let (world, ledger) = (World::simulated(3), Ledger::new());
        let path = savepoint_of(&world, work, "hashmap", &ledger);
        let env = environment(&world, 3, "rocksdb");
        env.set("execution.state-recovery.path", path);
        build(&env, work, None, &ledger);
        env.execute("job").unwrap();
        assert_eq!(sorted(ledger.committed()), undisturbed(work), "{work:?}");
    }
}

#[test]
fn what_was_on_the_disk_names_the_backend_that_it_needs() {
    let (world, ledger) = (World::simulated(3), Ledger::new());
    let path = savepoint_of(&world, Work::States, "rocksdb", &ledger);
    let env = environment(&world, 2, "hashmap");
    env.set("execution.state-recovery.path", path);
    build(&env, Work::States, None, &ledger);
    let error = env.execute("job").err().unwrap().to_string();
    assert!(error.contains("`state.backend.type: rocksdb`"), "{error}");
}

#[test]
fn an_unknown_backend_is_named_before_the_job_starts() {
    let env = environment(&World::simulated(1), 1, "forst");
    build(&env, Work::States, None, &Ledger::new());
    let error = env.execute("job").err().unwrap().to_string();
    assert!(
        error.contains("`forst`") && error.contains("rocksdb"),
        "{error}"
    );
}
