//! A simulated world's promises: one seed, one history; time that costs nothing; failures that explain themselves.

// Tests stand outside the world and look at it: with real threads, real time and unwrap().
#![allow(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    clippy::disallowed_types
)]

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use hurtig_env::object_store::ObjectStoreExt;
use hurtig_env::{Lane, World, yield_now};
use hurtig_types::{Error, ErrorKind};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

/// A bit of everything: tasks that race, sleep, write files and talk to each other.
fn history(seed: u64) -> (u64, Vec<Arc<str>>, String) {
    let world = World::simulated(seed);
    let simulation = world.simulation().unwrap();
    simulation.record_trace(true);
    let place = world.storage().open("/journal").unwrap();
    let writers: Vec<_> = (0..5)
        .map(|index| {
            let (clock, place, mut rng) = (
                world.clock().clone(),
                place.clone(),
                world.rng(&format!("writer {index}")),
            );
            world
                .spawner()
                .spawn(Lane::Compute, format!("writer {index}"), async move {
                    for _ in 0..4 {
                        yield_now().await;
                        clock.sleep(Duration::from_millis(rng.below(3))).await;
                        place
                            .store
                            .put(&place.path, format!("{index}").into())
                            .await
                            .unwrap();
                    }
                })
        })
        .collect();
    let network = world.network().clone();
    let server = world.spawner().spawn(Lane::Io, "server", async move {
        let mut listener = network.listen("host:1").await?;
        let mut sum = 0;
        for _ in 0..3 {
            sum = sum * 10 + u64::from(listener.accept().await?.read_u8().await?);
        }
        Ok::<_, Error>(sum)
    });
    for index in 1..=3 {
        let (network, clock) = (world.network().clone(), world.clock().clone());
        world
            .spawner()
            .spawn(Lane::Io, format!("client {index}"), async move {
                loop {
                    match network.connect("host:1").await {
                        Ok(mut connection) => break connection.write_u8(index).await,
                        Err(_) => clock.sleep(Duration::from_millis(1)).await,
                    }
                }
            });
    }
    let outcome = world.block_on(async {
        for writer in writers {
            writer.await?;
        }
        let order = server.await??;
        let last = place.store.get(&place.path).await?;
        let written = last.meta.last_modified.timestamp_millis();
        Ok::<_, Error>(format!("{order} {:?} {written}", last.bytes().await?))
    });
    (
        simulation.trace_hash(),
        simulation.trace(),
        outcome.unwrap().unwrap(),
    )
}

#[test]
fn the_same_seed_gives_the_same_history() {
    for seed in 0..20 {
        assert_eq!(history(seed), history(seed), "seed {seed}");
    }
}

#[test]
fn other_seeds_give_other_histories_and_other_outcomes() {
    let histories: Vec<_> = (0..50).map(history).collect();
    let hashes: BTreeSet<u64> = histories.iter().map(|(hash, _, _)| *hash).collect();
    let outcomes: BTreeSet<&String> = histories.iter().map(|(_, _, outcome)| outcome).collect();
    assert!(hashes.len() > 40, "{} of 50", hashes.len());
    assert!(outcomes.len() > 10, "{outcomes:?}");
}

#[test]
fn every_ready_task_may_be_first() {
    let mut first = BTreeMap::new();
    for seed in 0..400 {
        let world = World::simulated(seed);
        let simulation = world.simulation().unwrap();
        simulation.record_trace(true);
        let tasks =
            ["a", "b", "c"].map(|name| world.spawner().spawn(Lane::Compute, name, async {}));
        world.block_on(futures::future::join_all(tasks)).unwrap();
        *first.entry(simulation.trace()[0].clone()).or_insert(0) += 1;
    }
    assert_eq!(first.len(), 4, "{first:?}");
    assert!(
        first.values().all(|count| (60..140).contains(count)),
        "{first:?}"
    );
}

#[test]
fn virtual_time_costs_no_time() {
    // Were it real time, this test would not end.
    let world = World::simulated(1);
    let before = world.clock().wall_clock_ms();
    world
        .block_on(world.clock().sleep(Duration::from_secs(24 * 60 * 60)))
        .unwrap();
    assert_eq!(world.clock().wall_clock_ms() - before, 24 * 60 * 60 * 1000);
}

#[test]
fn sleepers_wake_in_order_of_their_deadlines_and_a_dropped_sleep_wakes_nobody() {
    let world = World::simulated(3);
    let clock = world.clock().clone();
    let order = Arc::new(parking_lot::Mutex::new(Vec::new()));
    for millis in [30, 10, 20] {
        let (sleep, order) = (clock.sleep(Duration::from_millis(millis)), order.clone());
        world.spawner().spawn(Lane::Compute, "sleeper", async move {
            sleep.await;
            order.lock().push(millis);
        });
    }
    world
        .block_on(async {
            let long = clock.sleep(Duration::from_secs(1000));
            futures::future::select(long, clock.sleep(Duration::from_millis(40))).await;
        })
        .unwrap();
    assert_eq!(*order.lock(), [10, 20, 30]);
    assert_eq!(clock.now().as_millis(), 40);
    assert!(world.block_on(std::future::pending::<()>()).is_err());
    assert_eq!(clock.now().as_millis(), 40);
}

#[test]
fn a_stuck_simulation_names_its_seed_and_who_waits() {
    let world = World::simulated(77);
    for name in ["gate", "gate", "sink"] {
        world
            .spawner()
            .spawn(Lane::Compute, name, std::future::pending::<()>());
    }
    let error = world.block_on(std::future::pending::<()>()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Bug);
    let message = error.to_string();
    for part in ["seed 77", "stuck", "main", "gate (×2)", "sink"] {
        assert!(message.contains(part), "{message}");
    }
    // And it is not broken by that.
    assert_eq!(world.block_on(async { 1 }).unwrap(), 1);
}

#[test]
fn a_panic_in_a_task_is_an_error_that_names_it() {
    let world = World::simulated(1);
    let task = world
        .spawner()
        .spawn(Lane::Compute, "map", async { panic!("{} is odd", 3) });
    let error = world
        .block_on::<hurtig_env::JoinHandle<()>>(task)
        .unwrap()
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Bug);
    assert_eq!(error.to_string(), "task `map` panicked: 3 is odd");
}

#[test]
fn a_task_may_call_block_on_and_the_others_run_meanwhile() {
    for seed in 0..20 {
        let world = World::simulated(seed);
        let (inner, other) = (world.clone(), world.clone());
        let other = world.spawner().spawn(Lane::Io, "other", async move {
            other.clock().sleep(Duration::from_millis(5)).await
        });
        let task = world
            .spawner()
            .spawn(Lane::Dedicated, "blocking", async move {
                inner
                    .block_on(async { inner.clock().sleep(Duration::from_millis(1)).await })
                    .unwrap();
                inner.block_on(other).unwrap().unwrap();
                inner.clock().now().as_millis()
            });
        assert_eq!(world.block_on(task).unwrap().unwrap(), 5);
    }
}

#[test]
fn runs_inside_a_tokio_runtime_without_its_budget() {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap();
    runtime.block_on(async {
        for world in [World::simulated(1), World::real()] {
            let (sender, mut receiver) = tokio::sync::mpsc::channel(1);
            world.spawner().spawn(Lane::Compute, "sender", async move {
                for number in 0..1000 {
                    sender.send(number).await.unwrap();
                }
            });
            let sum = world.block_on(async {
                let mut sum = 0;
                while let Some(number) = receiver.recv().await {
                    sum += number;
                }
                sum
            });
            assert_eq!(sum.unwrap(), 499_500);
        }
    });
}

#[test]
fn another_thread_can_not_drive_the_same_simulation() {
    let world = World::simulated(1);
    let other = world.clone();
    let error = world
        .block_on(async {
            std::thread::spawn(move || other.block_on(async {}).unwrap_err())
                .join()
                .unwrap()
        })
        .unwrap();
    assert!(error.to_string().contains("another thread"), "{error}");
}

#[test]
fn the_network_refuses_and_forgets_as_a_real_one() {
    let world = World::simulated(1);
    let network = world.network();
    world
        .block_on(async {
            assert_eq!(
                network.connect("h:1").await.err().unwrap().kind(),
                ErrorKind::Io
            );
            let listener = network.listen("h:1").await.unwrap();
            assert!(network.listen("h:1").await.is_err());
            let mut orphan = network.connect("h:1").await.unwrap();
            drop(listener);
            assert!(network.connect("h:1").await.is_err());
            assert_eq!(orphan.read(&mut [0]).await.unwrap(), 0);
            let _everywhere = network.listen("0.0.0.0:2").await.unwrap();
            assert!(network.connect("localhost:2").await.is_ok());
        })
        .unwrap();
}

#[test]
fn cancelled_tasks_are_dropped_and_free_their_world() {
    let world = World::simulated(1);
    let held = world.clone();
    let task = world.spawner().spawn(Lane::Compute, "holder", async move {
        held.clock().sleep(Duration::MAX).await;
    });
    world.block_on(yield_now()).unwrap();
    world.simulation().unwrap().cancel_all();
    assert_eq!(
        world.block_on(task).unwrap().unwrap_err().kind(),
        ErrorKind::Cancelled
    );
    assert!(world.simulation().unwrap().live_tasks().is_empty());
}
