//! What is in flight stays within the credit, whatever an operator has to say; and credit, however little, is enough.

use std::time::Duration;

use hurtig_env::World;
use hurtig_metrics::{MetricRegistry, names};
use hurtig_runtime::INPUT_QUEUE_SIZE_PEAK;
use hurtig_testing::{Collector, Script, TestJob, operators, run_under_schedules};

use crate::{SCHEDULES, run};

fn integer(metrics: &MetricRegistry, task: &str, name: &str) -> i64 {
    match metrics.find(task, 0, name) {
        Some(hurtig_metrics::MetricValue::Integer(value)) => value,
        other => panic!("{name} of {task} is {other:?}"),
    }
}

#[test]
fn one_record_that_becomes_a_million_stays_within_the_credit() {
    const MILLION: u64 = 1_000_000;
    let explode = |world: &World, pause: Duration| {
        let mut job = TestJob::new();
        job.buffers(32 * 1024, 2, 1).unwrap();
        let numbers = job.source("numbers", Script::new().emit([MILLION]));
        let exploded = job.operator("explode", numbers, operators::explode());
        let collector = Collector::new().slow(pause);
        job.sink("collect", exploded, collector.clone());
        let result = run(job, world);
        assert_eq!(collector.len() as u64, MILLION);
        assert!(collector.values().is_sorted());

        let credit = 3 * 32 * 1024;
        let peak = integer(&result.metrics, "Sink: collect", INPUT_QUEUE_SIZE_PEAK);
        assert!(
            peak > 0 && peak <= credit,
            "{peak} bytes were in flight, the credit is {credit}"
        );
        assert_eq!(
            integer(&result.metrics, "Sink: collect", names::INPUT_QUEUE_SIZE),
            0
        );
        let buffers = result
            .metrics
            .sum_over_subtasks("explode", names::NUM_BUFFERS_OUT)
            .unwrap();
        assert!(buffers >= MILLION * 8 / (64 * 1024), "{buffers} buffers");
    };
    run_under_schedules(2, |world| explode(&world, Duration::ZERO));
    run_under_schedules(1, |world| explode(&world, Duration::from_millis(1)));
    explode(&World::real(), Duration::ZERO);
}

/// Source → two branches → a join of both.
fn diamond(world: &World, bytes: u64, per_channel: u32, floating: u32, subtasks: u32) {
    const RECORDS: u64 = 2_000;
    let mut job = TestJob::new();
    job.buffers(bytes, per_channel, floating).unwrap();
    job.parallelism(subtasks);
    let numbers = job.source("numbers", Script::new().generate(0..RECORDS, |n| n));
    let keyed = job.key_by(numbers, |number| *number);
    let same = job.operator("same", keyed, operators::map(|n: u64| n));
    let other = job.key_by(numbers, |number| number / 7);
    let more = job.operator("more", other, operators::map(|n: u64| n + RECORDS));
    let inputs = (job.key_by(same, |n| *n), job.key_by(more, |n| *n));
    let both = job.two_input("both", inputs, operators::merge());
    let collector = Collector::new();
    job.sink("collect", both, collector.clone());
    run(job, world);
    assert_eq!(collector.sorted(), (0..2 * RECORDS).collect::<Vec<_>>());
}

#[test]
fn no_deadlock_without_any_buffers() {
    run_under_schedules(SCHEDULES, |world| diamond(&world, 64, 0, 0, 2));
    run_under_schedules(SCHEDULES, |world| diamond(&world, 0, 0, 0, 1));
    diamond(&World::real(), 64, 0, 0, 3);
}

#[test]
fn no_deadlock_with_few_buffers() {
    run_under_schedules(SCHEDULES, |world| diamond(&world, 64, 1, 0, 2));
    run_under_schedules(SCHEDULES, |world| diamond(&world, 64, 0, 1, 3));
    diamond(&World::real(), 64, 1, 1, 4);
}

#[test]
fn a_record_larger_than_all_buffers_passes() {
    let large = |world: &World| {
        let mut job = TestJob::new();
        job.buffers(32 * 1024, 1, 0).unwrap();
        let (small, big) = (
            |n: u64| n.to_string(),
            |n: u64| "x".repeat(10_000_000 + n as usize),
        );
        let script = Script::new()
            .generate(0..100, small)
            .emit([big(0), "behind".to_string(), big(1)])
            .generate(100..200, small);
        let texts = job.source("texts", script);
        let keyed = job.key_by(texts, |text| text.len() as u64);
        let collector = Collector::new();
        let sink = job.sink("collect", keyed, collector.clone());
        job.subtasks(sink, 2);
        run(job, world);
        let mut lengths: Vec<usize> = collector.values().iter().map(String::len).collect();
        lengths.sort_unstable();
        assert_eq!(lengths.len(), 203);
        assert_eq!(lengths[200..], [6, 10_000_000, 10_000_001]);
    };
    run_under_schedules(3, |world| large(&world));
    large(&World::real());
}

#[test]
fn a_slow_sink_holds_the_source_back() {
    run_under_schedules(SCHEDULES, |world| {
        let mut job = TestJob::new();
        job.buffers(1024, 1, 0).unwrap();
        let numbers = job.source(
            "numbers",
            Script::new().generate(0..100_000, |n| n).forever(),
        );
        let passed = job.operator("pass", numbers, operators::map(|n: u64| n));
        let collector = Collector::new().slow(Duration::from_secs(1));
        job.sink("collect", passed, collector.clone());
        let lifecycles = job.lifecycles();
        let client = job.submit(&world).unwrap();
        world
            .block_on(world.clock().sleep(Duration::from_millis(2_500)))
            .unwrap();
        // Three batches have arrived; what else is under way is bounded by buffers and batches, not by the source.
        let out = client
            .metrics()
            .sum_over_subtasks("Source: numbers", names::NUM_RECORDS_OUT);
        let batch = hurtig_types::batch_capacity::<u64>() as u64;
        assert!(
            out.unwrap() <= 8 * batch,
            "the source ran ahead: {out:?} records"
        );
        assert_eq!(collector.len() as u64, 3 * batch);
        client.cancel();
        assert!(world.block_on(client.wait()).unwrap().is_err());
        lifecycles.assert_closed_once();
    });
}
