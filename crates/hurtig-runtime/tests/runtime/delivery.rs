//! Every record arrives once, and those of one channel in their order.

use std::collections::BTreeMap;

use hurtig_env::World;
use hurtig_graph::Partitioning;
use hurtig_runtime::{JobStatus, MiniCluster, OutputTag};
use hurtig_testing::{Collector, Script, Scripts, TestJob, operators, run_under_schedules};

use crate::{SCHEDULES, run};

const RECORDS: u64 = 5_000;

/// Numbers that say from which of `subtasks` producers they come.
fn producers(subtasks: u64) -> Scripts<(u64, u64)> {
    let producer = |subtask| Script::new().generate(0..RECORDS, move |number| (subtask, number));
    Scripts::new((0..subtasks).map(producer))
}

/// For each producer: its numbers, in the order in which they arrived at one subtask.
fn by_producer(values: Vec<(u64, u64)>) -> BTreeMap<u64, Vec<u64>> {
    let mut numbers: BTreeMap<u64, Vec<u64>> = BTreeMap::new();
    for (producer, number) in values {
        numbers.entry(producer).or_default().push(number);
    }
    numbers
}

fn chain(world: &World) {
    let mut job = TestJob::new();
    let numbers = job.source(
        "numbers",
        Script::new().generate(0..RECORDS, |number| number),
    );
    let doubled = job.operator("double", numbers, operators::map(|number: u64| number * 2));
    let plus = job.operator("plus", doubled, operators::map(|number: u64| number + 1));
    let collector = Collector::new();
    let sink = job.sink("collect", plus, collector.clone());
    job.chain(doubled);
    job.chain(plus);
    job.chain(sink);
    run(job, world);
    assert_eq!(
        collector.values(),
        (0..RECORDS).map(|n| n * 2 + 1).collect::<Vec<_>>()
    );
}

#[test]
fn a_chain_delivers_every_record_once_in_order() {
    run_under_schedules(SCHEDULES, |world| chain(&world));
    chain(&World::real());
}

fn shuffle(world: &World, partitioning: Option<Partitioning>) {
    let mut job = TestJob::new();
    job.buffers(512, 1, 2).unwrap();
    job.parallelism(3);
    let numbers = job.source("numbers", producers(3));
    let spread = match partitioning {
        Some(partitioning) => job.partition(numbers, partitioning),
        None => job.key_by(numbers, |(_, number)| *number),
    };
    let passed = job.operator("pass", spread, operators::map(|value: (u64, u64)| value));
    let collector = Collector::new();
    job.sink("collect", passed, collector.clone());
    run(job, world);

    let mut seen = Vec::new();
    for subtask in 0..3 {
        let values = collector.values_of(subtask);
        assert!(
            values.len() > 1_000,
            "subtask {subtask} got {} records",
            values.len()
        );
        for (_, numbers) in by_producer(values.clone()) {
            assert!(numbers.is_sorted(), "a channel was overtaken");
        }
        seen.extend(values);
    }
    seen.sort_unstable();
    let all = (0..3).flat_map(|producer| (0..RECORDS).map(move |number| (producer, number)));
    assert_eq!(seen, all.collect::<Vec<_>>());
}

#[test]
fn a_shuffle_by_key_delivers_every_record_once_in_order_per_channel() {
    run_under_schedules(SCHEDULES, |world| shuffle(&world, None));
    shuffle(&World::real(), None);
}

#[test]
fn rebalance_and_shuffle_deliver_every_record_once_in_order_per_channel() {
    run_under_schedules(SCHEDULES / 2, |world| {
        shuffle(&world, Some(Partitioning::Rebalance));
        shuffle(&world, Some(Partitioning::Shuffle));
    });
}

#[test]
fn a_broadcast_reaches_every_subtask_and_a_global_edge_the_first() {
    run_under_schedules(SCHEDULES, |world| {
        let mut job = TestJob::new();
        job.buffers(256, 1, 1).unwrap();
        let numbers = job.source("numbers", Script::new().generate(0..RECORDS, |n| n));
        let everywhere = job.partition(numbers, Partitioning::Broadcast);
        let (all, first) = (Collector::new(), Collector::new());
        let sink = job.sink("all", everywhere, all.clone());
        job.subtasks(sink, 3);
        let one = job.partition(numbers, Partitioning::Global);
        let sink = job.sink("first", one, first.clone());
        job.subtasks(sink, 2);
        run(job, &world);
        let expected: Vec<u64> = (0..RECORDS).collect();
        for subtask in 0..3 {
            assert_eq!(all.values_of(subtask), expected);
        }
        assert_eq!(first.values_of(0), expected);
        assert!(first.values_of(1).is_empty());
    });
}

#[test]
fn a_union_and_a_fan_out_lose_nothing() {
    run_under_schedules(SCHEDULES, |world| {
        let mut job = TestJob::new();
        job.buffers(128, 0, 1).unwrap();
        let low = job.source("low", Script::new().generate(0..1000, |n| n));
        let high = job.source("high", Script::new().generate(1000..3000, |n| n));
        let both = job.union(&[low, high]);
        let (left, right) = (Collector::new(), Collector::new());
        job.sink("left", both, left.clone());
        job.sink("right", both, right.clone());
        run(job, &world);
        let expected: Vec<u64> = (0..3000).collect();
        assert_eq!(
            (left.sorted(), right.sorted()),
            (expected.clone(), expected)
        );
    });
}

/// Odd numbers go to the side.
struct Sieve(OutputTag<u64>);

impl hurtig_runtime::StreamOperator for Sieve {
    fn process_batch(
        &mut self,
        _: usize,
        batch: &mut hurtig_types::ErasedBatch,
        output: &mut hurtig_runtime::Output,
    ) -> hurtig_types::Result<hurtig_runtime::Progress> {
        let records = batch.get_mut::<hurtig_types::Records<u64>>()?;
        let (main, mut sides) = output.split::<u64>()?;
        for value in records.values.drain(..) {
            if value % 2 == 0 {
                main.values.push(value);
            } else {
                sides.push(&self.0, value, hurtig_types::Timestamp::NONE)?;
            }
        }
        Ok(hurtig_runtime::Progress::Done)
    }
}

#[test]
fn side_outputs_reach_their_readers_chained_or_not() {
    run_under_schedules(SCHEDULES, |world| {
        let odd = OutputTag::new("odd");
        let mut job = TestJob::new();
        let numbers = job.source("numbers", Script::new().generate(0..RECORDS, |n| n));
        let tag = odd.clone();
        let sieve = move |_: &hurtig_runtime::OperatorContext| {
            Ok(Box::new(Sieve(tag.clone())) as Box<dyn hurtig_runtime::StreamOperator>)
        };
        let even = job.operator("sieve", numbers, hurtig_testing::typed::<u64, u64>(sieve));
        let odd = job.side_output(even, &odd);
        let collectors = [(); 4].map(|()| Collector::new());
        for (index, collector) in collectors.iter().enumerate() {
            let stream = if index < 2 { even } else { odd };
            let sink = job.sink(&format!("collect {index}"), stream, collector.clone());
            if index % 2 == 0 {
                job.chain(sink);
            }
        }
        run(job, &world);
        for (index, collector) in collectors.iter().enumerate() {
            let first = if index < 2 { 0 } else { 1 };
            assert_eq!(
                collector.values(),
                (first..RECORDS).step_by(2).collect::<Vec<_>>()
            );
        }
    });
}

#[test]
fn two_jobs_run_side_by_side_on_one_cluster() {
    let both = |world: &World| {
        let cluster = MiniCluster::new(world.clone());
        let submit = |name: &str, first: u64| {
            let mut job = TestJob::new();
            job.name(name);
            job.parallelism(2);
            let script = Script::new().generate(first..first + RECORDS, |n| n);
            let numbers = job.source("numbers", script);
            let keyed = job.key_by(numbers, |number| *number);
            let collector = Collector::new();
            job.sink("collect", keyed, collector.clone());
            (cluster.submit(job.build().unwrap()), collector)
        };
        let (one, ones) = submit("one", 0);
        let (two, twos) = submit("two", 1_000_000);
        assert_ne!(one.job_id(), two.job_id());
        let second = world.block_on(two.wait()).unwrap().unwrap();
        let first = world.block_on(one.wait()).unwrap().unwrap();
        assert_eq!(
            (first.job_name.as_str(), second.job_name.as_str()),
            ("one", "two")
        );
        assert_eq!(
            (one.status(), two.status()),
            (JobStatus::Finished, JobStatus::Finished)
        );
        assert_eq!(ones.sorted(), (0..RECORDS).collect::<Vec<_>>());
        assert_eq!(
            twos.sorted(),
            (1_000_000..1_000_000 + RECORDS).collect::<Vec<_>>()
        );
    };
    run_under_schedules(SCHEDULES, |world| both(&world));
    both(&World::real());
}

#[test]
fn a_trivial_job_is_done_soon_after_its_cluster_began() {
    let began = World::real();
    let started = began.clock().now();
    let world = World::real();
    let mut job = TestJob::new();
    let numbers = job.source("numbers", Script::new().emit([1u64]));
    let collector = Collector::new();
    job.sink("collect", numbers, collector.clone());
    run(job, &world);
    let took = began.clock().now().saturating_since(started);
    assert_eq!(collector.values(), [1]);
    // Timings are never asserted; the figure to reach is 100 ms.
    println!("a cluster with its first job took {took:?}");
}
