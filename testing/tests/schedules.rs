//! What the runner of schedules promises.
#![allow(clippy::unwrap_used)]

use std::collections::BTreeSet;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::Duration;

use hurtig_env::{Lane, World, yield_now};
use hurtig_testing::{Schedule, for_each_schedule, run_under_schedules};
use hurtig_types::Error;
use parking_lot::Mutex;

/// Four tasks that write down in which order they get to run.
fn order(world: &World) -> Vec<u8> {
    let order = Arc::new(Mutex::new(Vec::new()));
    for task in 0..4 {
        let order = Arc::clone(&order);
        world
            .spawner()
            .spawn(Lane::Compute, format!("task {task}"), async move {
                for _ in 0..3 {
                    order.lock().push(task);
                    yield_now().await;
                }
            });
    }
    world
        .block_on(world.clock().sleep(Duration::from_secs(1)))
        .unwrap();
    std::mem::take(&mut order.lock())
}

#[test]
fn distinct_seeds_are_distinct_schedules_and_one_seed_is_one() {
    let mut orders = BTreeSet::new();
    let run = |orders: &mut BTreeSet<Vec<u8>>| {
        run_under_schedules(50, |world| {
            orders.insert(order(&world));
        })
    };
    let schedules = run(&mut orders);
    if schedules.len() == 50 {
        let hashes: BTreeSet<u64> = schedules
            .iter()
            .map(|schedule| schedule.trace_hash)
            .collect();
        assert_eq!(hashes.len(), 50, "two seeds had one history");
        assert!(orders.len() > 45, "only {} orders of 50", orders.len());
    }
    let again = run(&mut orders);
    assert_eq!(schedules, again);
}

#[test]
fn an_error_carries_the_seed_and_the_command() {
    let failed = catch_unwind(AssertUnwindSafe(|| {
        for_each_schedule(5, |_, seed| {
            if seed == 3 {
                Err(Error::bug("three"))
            } else {
                Ok(())
            }
        })
    }));
    // Not when another seed, or fewer, were asked for.
    let Err(failed) = failed else { return };
    let message = failed.downcast::<String>().unwrap();
    assert!(message.starts_with("three [bug in Hurtig]"), "{message}");
    let command = "HURTIG_SEED=3 cargo test -p hurtig-testing an_error_carries_the_seed";
    assert!(message.contains(command), "{message}");
}

#[test]
fn a_world_is_freed_after_its_run() {
    let probe = Arc::new(());
    let schedules = run_under_schedules(2, |world| {
        let (probe, held) = (Arc::clone(&probe), world.clone());
        world
            .spawner()
            .spawn(Lane::Io, "holds its world", async move {
                let _probe = probe;
                held.clock().sleep(Duration::from_secs(3600)).await;
            });
        world.block_on(yield_now()).unwrap();
    });
    assert!(
        schedules
            .iter()
            .all(|schedule: &Schedule| schedule.steps > 0)
    );
    assert_eq!(Arc::strong_count(&probe), 1);
}
