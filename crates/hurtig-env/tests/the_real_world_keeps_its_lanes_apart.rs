//! The real world's promises: lanes that do not delay each other, ends that do not block, panics that are errors.

// Tests stand outside the world and look at it: with real threads, real time and unwrap().
#![allow(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    clippy::disallowed_types
)]

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc;
use std::time::Duration;

use hurtig_env::object_store::ObjectStoreExt;
use hurtig_env::{Lane, World};
use hurtig_types::{Error, ErrorKind};

struct OnDrop(mpsc::Sender<()>);

impl Drop for OnDrop {
    fn drop(&mut self) {
        let _ = self.0.send(());
    }
}

#[test]
fn a_blocked_dedicated_task_delays_no_compute_task() {
    let world = World::builder().compute_threads(1).build();
    let (release, blocked) = mpsc::channel::<()>();
    let (begin, begun) = mpsc::channel::<()>();
    let dedicated = world
        .spawner()
        .spawn(Lane::Dedicated, "blocks", async move {
            begin.send(()).unwrap();
            blocked.recv().unwrap();
            7
        });
    begun.recv().unwrap();
    for number in 0..100 {
        let task = world
            .spawner()
            .spawn(Lane::Compute, "computes", async move { number });
        assert_eq!(world.block_on(task).unwrap().unwrap(), number);
    }
    release.send(()).unwrap();
    assert_eq!(world.block_on(dedicated).unwrap().unwrap(), 7);
}

#[test]
fn a_busy_compute_lane_delays_no_io_and_no_timer() {
    let world = World::builder().compute_threads(1).build();
    let stop = Arc::new(AtomicBool::new(false));
    let stopped = stop.clone();
    let busy = world.spawner().spawn(Lane::Compute, "busy", async move {
        while !stopped.load(Ordering::Relaxed) {
            std::hint::spin_loop();
        }
    });
    let clock = world.clock().clone();
    let io = world.spawner().spawn(Lane::Io, "heartbeat", async move {
        clock.sleep(Duration::from_millis(2)).await;
    });
    world.block_on(io).unwrap().unwrap();
    stop.store(true, Ordering::Relaxed);
    world.block_on(busy).unwrap().unwrap();
}

#[test]
fn a_panic_is_an_error_on_every_lane() {
    let world = World::real();
    for lane in [Lane::Compute, Lane::Io, Lane::Dedicated] {
        let task = world
            .spawner()
            .spawn(lane, "faulty", async { panic!("no such column") });
        let error = world
            .block_on::<hurtig_env::JoinHandle<()>>(task)
            .unwrap()
            .unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Bug);
        assert_eq!(error.to_string(), "task `faulty` panicked: no such column");
    }
}

#[test]
fn an_aborted_task_is_dropped_on_every_lane() {
    let world = World::real();
    for lane in [Lane::Compute, Lane::Io, Lane::Dedicated] {
        let (sender, dropped) = mpsc::channel();
        let guard = OnDrop(sender);
        let task = world.spawner().spawn(lane, "waits", async move {
            let _guard = guard;
            std::future::pending::<()>().await
        });
        task.abort();
        assert_eq!(
            world.block_on(task).unwrap().unwrap_err().kind(),
            ErrorKind::Cancelled
        );
        dropped.recv().unwrap();
    }
}

#[test]
fn block_on_works_inside_a_tokio_runtime() {
    let runtimes = [
        tokio::runtime::Builder::new_current_thread()
            .build()
            .unwrap(),
        tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .build()
            .unwrap(),
    ];
    for runtime in runtimes {
        let sum = runtime.block_on(async {
            let world = World::real();
            let clock = world.clock().clone();
            let task = world.spawner().spawn(Lane::Compute, "sum", async move {
                clock.sleep(Duration::from_millis(1)).await;
                1 + 1
            });
            world.block_on(task)
        });
        assert_eq!(sum.unwrap().unwrap(), 2);
    }
}

#[test]
fn the_last_handle_may_be_dropped_anywhere_and_ends_all_tasks() {
    let ends = |drop_it: fn(World)| {
        let world = World::real();
        let (sender, dropped) = mpsc::channel();
        let started = [Lane::Compute, Lane::Io, Lane::Dedicated].map(|lane| {
            let (guard, (begin, begun)) = (OnDrop(sender.clone()), mpsc::channel());
            world.spawner().spawn(lane, "endless", async move {
                let _guard = guard;
                begin.send(()).unwrap();
                std::future::pending::<()>().await
            });
            begun
        });
        started.iter().for_each(|begun| begun.recv().unwrap());
        drop_it(world);
        for _ in 0..3 {
            dropped.recv_timeout(Duration::from_secs(60)).unwrap();
        }
    };
    ends(drop);
    ends(|world| {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .build()
            .unwrap();
        runtime.block_on(async move { drop(world) });
    });
    // By a task of its own runtime, which is the last to hold it.
    ends(|world| {
        let own = world.clone();
        world.spawner().spawn(Lane::Compute, "last", async move {
            own.clock().sleep(Duration::from_millis(5)).await;
            drop(own);
        });
    });
}

#[test]
fn sleeps_end_in_any_executor_and_after_their_world() {
    let world = World::real();
    let clock = world.clock().clone();
    let (short, long) = (
        clock.sleep(Duration::from_millis(2)),
        clock.sleep(Duration::from_secs(3600)),
    );
    let before = clock.now();
    world
        .block_on(futures::future::select(
            long,
            clock.sleep(Duration::from_millis(1)),
        ))
        .unwrap();
    drop(world);
    futures::executor::block_on(short);
    assert!(clock.now().saturating_since(before) >= Duration::from_millis(1));
}

#[test]
fn many_sleepers_are_all_woken() {
    let world = World::real();
    let mut rng = world.rng("naps");
    let tasks: Vec<_> = (0..500)
        .map(|_| {
            let sleep = world.clock().sleep(Duration::from_micros(rng.below(5_000)));
            world.spawner().spawn(Lane::Compute, "nap", sleep)
        })
        .collect();
    for task in tasks {
        world.block_on(task).unwrap().unwrap();
    }
}

#[test]
fn files_are_written_and_read_on_the_io_lane() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("out dir/part 0.csv");
    let world = World::real();
    let place = world.storage().open(path.to_str().unwrap()).unwrap();
    let task = world.spawner().spawn(Lane::Io, "write", async move {
        place.store.put(&place.path, "a,b\n".into()).await?;
        Ok::<_, Error>(place.store.get(&place.path).await?.bytes().await?)
    });
    assert_eq!(world.block_on(task).unwrap().unwrap().unwrap(), "a,b\n");
    assert_eq!(std::fs::read_to_string(path).unwrap(), "a,b\n");
}

#[test]
fn nobody_listening_is_an_io_error() {
    let world = World::real();
    let address = {
        let listener = world
            .block_on(world.network().listen("127.0.0.1:0"))
            .unwrap()
            .unwrap();
        listener.local_addr().to_string()
    };
    let error = world
        .block_on(world.network().connect(&address))
        .unwrap()
        .err()
        .unwrap();
    assert_eq!(error.kind(), ErrorKind::Io);
    assert!(
        error
            .to_string()
            .to_lowercase()
            .contains("connection refused"),
        "{error}"
    );
}

#[test]
fn the_handles_go_everywhere() {
    fn goes_everywhere<T: Send + Sync + Clone + 'static>() {}
    goes_everywhere::<World>();
    goes_everywhere::<hurtig_env::Spawner>();
    goes_everywhere::<hurtig_env::Clock>();
    goes_everywhere::<hurtig_env::Storage>();
    goes_everywhere::<hurtig_env::Network>();
    goes_everywhere::<hurtig_env::Location>();
    fn is_sleep<T: Future<Output = ()> + Send + Unpin + 'static>() {}
    is_sleep::<hurtig_env::Sleep>();
}
