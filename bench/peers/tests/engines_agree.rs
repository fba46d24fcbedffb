//! Every engine gives the answer of the reference, for every workload.

use hurtig_bench_peers::Engine;
use hurtig_bench_workloads::{Workload, reference};

fn agrees(engine: Engine, events: u64, parallelism: usize) {
    for workload in Workload::ALL {
        let expected = reference(workload, events);
        let tally = engine.run(workload, events, parallelism);
        assert_eq!(
            tally,
            expected,
            "{} on {workload}, {parallelism} workers",
            engine.name()
        );
    }
}

#[test]
fn the_hand_agrees() {
    for (events, parallelism) in [(0, 2), (1, 2), (5_000, 3), (100_000, 1), (600_000, 2)] {
        agrees(Engine::Hand, events, parallelism);
    }
}

#[test]
fn timely_agrees() {
    for (events, parallelism) in [(0, 2), (1, 2), (5_000, 3), (100_000, 1), (600_000, 2)] {
        agrees(Engine::Timely, events, parallelism);
    }
}

#[test]
fn renoir_agrees() {
    for (events, parallelism) in [(0, 2), (1, 2), (5_000, 3), (100_000, 1), (600_000, 2)] {
        agrees(Engine::Renoir, events, parallelism);
    }
}
