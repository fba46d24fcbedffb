//! One seed is one history; all seeds have one result.

use std::collections::BTreeSet;
use std::time::Duration;

use hurtig_connect::WatermarkStrategy;
use hurtig_env::World;
use hurtig_testing::{Collector, ListSource, TestJob, operators, run_under_schedules};

use crate::run;

/// Splits, timers, two shuffles, two branches, a join: something of everything.
fn job(world: &World) -> Vec<i64> {
    let mut job = TestJob::new();
    job.buffers(256, 1, 1).unwrap();
    job.parallelism(2);
    let list = |first: i64| {
        (first..first + 300)
            .map(|number| (number, number))
            .collect()
    };
    let lists = ListSource::new([list(0), list(300), list(600)]);
    let numbers = lists.with_strategy(WatermarkStrategy::monotonous());
    let numbers = job.source("numbers", numbers);
    let keyed = job.key_by(numbers, |number| number % 10);
    let doubled = job.operator("double", keyed, operators::map(|number: i64| number * 2));
    let again = job.key_by(doubled, |number| number % 7);
    let plus = job.operator("plus", keyed, operators::map(|number: i64| number + 10_000));
    let other = job.key_by(plus, |number| number % 7);
    let both = job.two_input("both", (again, other), operators::merge());
    let collector = Collector::new().slow(Duration::from_millis(1));
    job.sink("collect", both, collector.clone());
    run(job, world);
    collector.sorted()
}

#[test]
fn fifty_schedules_have_one_result_and_fifty_histories() {
    let mut expected: Vec<i64> = (0..900).map(|number| number * 2).collect();
    expected.extend((0..900).map(|number| number + 10_000));
    expected.sort_unstable();
    let schedules = run_under_schedules(50, |world| assert_eq!(job(&world), expected));
    let histories: BTreeSet<u64> = schedules
        .iter()
        .map(|schedule| schedule.trace_hash)
        .collect();
    assert_eq!(histories.len(), schedules.len());
}

#[test]
fn one_seed_is_one_history_to_the_last_step() {
    let twice = [(); 2].map(|()| run_under_schedules(10, |world| drop(job(&world))));
    assert_eq!(twice[0], twice[1]);
}
