//! Idle, busy and back-pressured: what a task's time goes to, and which task is to blame.

use std::time::Duration;

use hurtig_env::World;
use hurtig_metrics::{MetricRegistry, names};
use hurtig_testing::{Collector, Script, TestJob, operators, run_under_schedules};

use crate::{SCHEDULES, run};

const SECOND: Duration = Duration::from_secs(1);

/// Idle, busy and back-pressured milliseconds of a task.
fn spent(metrics: &MetricRegistry, task: &str) -> [u64; 3] {
    [
        names::ACCUMULATE_IDLE_TIME_MS,
        names::ACCUMULATE_BUSY_TIME_MS,
        names::ACCUMULATE_BACK_PRESSURED_TIME_MS,
    ]
    .map(|name| metrics.sum_over_subtasks(task, name).unwrap())
}

/// `numbers → pass → collect`, with the sink slow; what each spent, and the job's lifetime.
fn slow_sink(world: &World, pause: Duration) -> ([[u64; 3]; 3], u64) {
    let mut job = TestJob::new();
    job.buffers(16 * 1024, 0, 0).unwrap();
    let numbers = job.source("numbers", Script::new().generate(0..40 * 2048, |n| n));
    let passed = job.operator("pass", numbers, operators::map(|n: u64| n));
    job.sink("collect", passed, Collector::new().slow(pause));
    let result = run(job, world);
    let tasks = ["Source: numbers", "pass", "Sink: collect"];
    (
        tasks.map(|task| spent(&result.metrics, task)),
        result.net_runtime.as_millis() as u64,
    )
}

#[test]
fn a_slow_sink_is_busy_and_those_before_it_are_backpressured() {
    run_under_schedules(SCHEDULES, |world| {
        let ([source, pass, sink], lifetime) = slow_sink(&world, SECOND);
        assert_eq!(lifetime, 40_000);
        assert_eq!(sink, [0, 40_000, 0]);
        for before in [source, pass] {
            let [idle, busy, backpressured] = before;
            assert!(backpressured >= 34_000 && busy == 0, "{before:?}");
            assert!(idle + busy + backpressured <= lifetime);
        }
    });
}

#[test]
fn a_slow_source_leaves_the_others_idle() {
    run_under_schedules(SCHEDULES, |world| {
        let mut job = TestJob::new();
        let script = (0..10).fold(Script::new(), |script, n| script.emit([n]).pause(SECOND));
        let numbers = job.source("numbers", script);
        job.sink("collect", numbers, Collector::<u64>::new());
        let result = run(job, &world);
        for task in ["Source: numbers", "Sink: collect"] {
            assert_eq!(spent(&result.metrics, task), [10_000, 0, 0], "{task}");
        }
    });
}

#[test]
fn in_the_real_world_they_add_up_to_the_lifetime() {
    let ([source, pass, sink], lifetime) = slow_sink(&World::real(), Duration::from_millis(5));
    let sums = [source, pass, sink].map(|spent| spent.iter().sum::<u64>());
    assert!(
        sums.iter().all(|sum| *sum <= lifetime + 3),
        "{sums:?} of {lifetime}"
    );
    assert!(
        sink[1] >= 40 * 5,
        "the sink was busy for {} ms only",
        sink[1]
    );
    assert!(source[2] >= 50, "the source was held back: {source:?}");
    println!("the tasks account for {sums:?} of {lifetime} ms");
}
