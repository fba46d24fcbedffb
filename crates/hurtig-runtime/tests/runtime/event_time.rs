//! Watermarks, idleness and ends, over several inputs.

use std::time::Duration;

use hurtig_connect::WatermarkStrategy;
use hurtig_testing::{
    Collector, Emitted, ListSource, Script, Scripts, Stream, TestJob, operators,
    run_under_schedules,
};

use crate::{SCHEDULES, run};

const SECOND: Duration = Duration::from_secs(1);

/// One sink behind three sources.
fn three(world: &hurtig_env::World, scripts: [Script<u64>; 3]) -> Collector<u64> {
    let mut job = TestJob::new();
    let streams: Vec<Stream<u64>> = scripts
        .into_iter()
        .enumerate()
        .map(|(index, script)| job.source(&format!("source {index}"), script))
        .collect();
    let all = job.union(&streams);
    let collector = Collector::new();
    job.sink("collect", all, collector.clone());
    run(job, world);
    collector
}

#[test]
fn the_watermark_of_three_inputs_is_the_least_of_theirs() {
    run_under_schedules(SCHEDULES, |world| {
        // A second apart, so that the order of what arrives is the order of the script.
        let a = Script::new()
            .watermark(10)
            .pause(3 * SECOND)
            .watermark(40)
            .pause(3 * SECOND);
        let b = Script::new()
            .pause(SECOND)
            .watermark(5)
            .pause(3 * SECOND)
            .watermark(30);
        let c = Script::new()
            .pause(2 * SECOND)
            .watermark(20)
            .pause(3 * SECOND)
            .watermark(25);
        let collector = three(&world, [a, b.pause(9 * SECOND), c.pause(9 * SECOND)]);
        assert_eq!(collector.watermarks(0), [5, 20, 25, i64::MAX]);
    });
}

#[test]
fn an_idle_input_holds_nobody_back_and_never_moves_time_back() {
    run_under_schedules(SCHEDULES, |world| {
        let a = Script::new()
            .watermark(10)
            .pause(3 * SECOND)
            .watermark(20)
            .pause(9 * SECOND);
        let b = Script::new()
            .watermark(1)
            .pause(SECOND)
            .idle()
            .pause(4 * SECOND);
        let b = b
            .active()
            .watermark(15)
            .pause(SECOND)
            .watermark(50)
            .pause(9 * SECOND);
        let c = Script::new().watermark(100).pause(20 * SECOND);
        let collector = three(&world, [a, b, c]);
        assert_eq!(collector.watermarks(0), [1, 10, 20, 50, 100, i64::MAX]);
    });
}

#[test]
fn an_input_that_ends_early_holds_nobody_back() {
    run_under_schedules(SCHEDULES, |world| {
        let a = Script::new().emit([1]).watermark(10);
        let b = Script::new()
            .watermark(20)
            .pause(2 * SECOND)
            .watermark(30)
            .pause(SECOND);
        let cut = Script::new().watermark(3).pause(SECOND).cut();
        let collector = three(&world, [a, b, cut]);
        assert_eq!(collector.watermarks(0), [3, 20, 30, i64::MAX]);
        assert_eq!(collector.values(), [1]);
    });
}

#[test]
fn an_input_that_ended_does_not_end_time_while_the_others_are_idle() {
    run_under_schedules(SCHEDULES, |world| {
        let ended = Script::new().watermark(10);
        let idle = Script::new()
            .watermark(5)
            .pause(SECOND)
            .idle()
            .pause(SECOND)
            .active();
        let idle = idle.emit_at([(7, 7)]).watermark(8).pause(SECOND);
        let collector = three(&world, [ended, idle.clone(), idle]);
        assert_eq!(collector.watermarks(0), [5, 8, i64::MAX]);
    });
}

#[test]
fn an_idle_input_that_ends_still_ends_time() {
    run_under_schedules(SCHEDULES, |world| {
        for subtasks in [1, 2] {
            let mut job = TestJob::new();
            let script = Script::new().emit_at([(1u64, 1)]).watermark(1).idle();
            let numbers = job.source("numbers", Scripts::new([script.clone(), script]));
            job.subtasks(numbers, subtasks);
            let collector = Collector::new();
            job.sink("collect", numbers, collector.clone());
            run(job, &world);
            assert_eq!(collector.watermarks(0).last(), Some(&i64::MAX));
        }
    });
}

#[test]
fn a_source_that_was_cut_does_not_end_time() {
    run_under_schedules(SCHEDULES, |world| {
        let script = || Script::new().watermark(7).cut();
        let collector = three(
            &world,
            [script(), script(), Script::new().watermark(9).cut()],
        );
        assert!(!collector.watermarks(0).contains(&i64::MAX));
        let last = collector.arrivals().pop().unwrap();
        assert_eq!(last.what, Emitted::EndOfInput);
    });
}

#[test]
fn the_end_of_one_of_two_inputs_is_told_and_the_other_goes_on() {
    run_under_schedules(SCHEDULES, |world| {
        let mut job = TestJob::new();
        let short = job.source("short", Script::new().emit([1u64]));
        let long = Script::new().emit([2]).watermark(5).pause(SECOND).emit([3]);
        let long = job.source("long", long);
        let both = job.two_input("both", (short, long), operators::merge());
        let collector = Collector::new();
        job.sink("collect", both, collector.clone());
        run(job, &world);
        assert_eq!(collector.sorted(), [1, 2, 3]);
        assert_eq!(collector.watermarks(0), [5, i64::MAX]);
    });
}

#[test]
fn punctuated_watermarks_stand_right_behind_their_records() {
    run_under_schedules(SCHEDULES, |world| {
        let mut job = TestJob::new();
        let list = (1..=40).map(|number| (number, number)).collect();
        let list = ListSource::new([list]).batch_records(7);
        let numbers = list.punctuated(|_, time| (time % 10 == 5).then_some(time));
        let numbers = job.source("numbers", numbers);
        let collector = Collector::new();
        let sink = job.sink("collect", numbers, collector.clone());
        job.chain(sink);
        run(job, &world);
        let mut expected = Vec::new();
        for number in 1..=40 {
            expected.push(Emitted::Record(number, Some(number)));
            if number % 10 == 5 {
                expected.push(Emitted::Watermark(number));
            }
        }
        expected.extend([Emitted::Watermark(i64::MAX), Emitted::EndOfInput]);
        let arrived = collector.arrivals().into_iter().map(|arrival| arrival.what);
        assert_eq!(arrived.collect::<Vec<_>>(), expected);
    });
}

#[test]
fn splits_are_shared_out_and_their_watermarks_combined() {
    run_under_schedules(SCHEDULES, |world| {
        let mut job = TestJob::new();
        job.parallelism(3);
        let list = |first: i64| {
            (first..first + 100)
                .map(|number| (number, number))
                .collect()
        };
        let lists = ListSource::new([list(0), list(100), list(200), list(300), list(400)]);
        let numbers = lists.with_strategy(WatermarkStrategy::monotonous().per_event());
        let numbers = job.source("numbers", numbers);
        let one = job.partition(numbers, hurtig_graph::Partitioning::Global);
        let collector = Collector::new();
        let sink = job.sink("collect", one, collector.clone());
        job.subtasks(sink, 1);
        run(job, &world);
        assert_eq!(collector.sorted(), (0..500).collect::<Vec<_>>());
        let watermarks = collector.watermarks(0);
        assert!(
            watermarks.is_sorted() && watermarks.last() == Some(&i64::MAX),
            "{watermarks:?}"
        );
    });
}
