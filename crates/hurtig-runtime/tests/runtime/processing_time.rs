//! Timers of processing time, in virtual and in real time.

use std::time::Duration;

use hurtig_connect::WatermarkStrategy;
use hurtig_env::World;
use hurtig_metrics::names;
use hurtig_testing::{
    Collector, Emitted, ListSource, Script, TestJob, operators, run_under_schedules,
};

use crate::{SCHEDULES, run};

const SECOND: Duration = Duration::from_secs(1);
const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// When the alarms rang: as they say, and when they arrived, both in milliseconds since the job began.
fn alarms(world: &World, script: Script<i64>, chained: bool) -> Vec<(i64, u64)> {
    let began = (
        world.clock().wall_clock_ms(),
        world.clock().now().as_millis(),
    );
    let mut job = TestJob::new();
    let delays = job.source("delays", script);
    let rung = job.operator("alarm", delays, operators::alarm());
    if chained {
        job.chain(rung);
    }
    let collector = Collector::new();
    job.sink("collect", rung, collector.clone());
    run(job, world);
    let rang = collector
        .arrivals()
        .into_iter()
        .filter_map(|arrival| match arrival.what {
            Emitted::Record(at, _) => Some((at - began.0, arrival.at_nanos / 1_000_000 - began.1)),
            _ => None,
        });
    rang.collect()
}

#[test]
fn timers_fire_at_their_time_to_the_millisecond() {
    run_under_schedules(SCHEDULES, |world| {
        let script = || {
            Script::new()
                .emit([5, 86_400_000, 3_600_000, 7])
                .pause(2 * DAY)
        };
        let expected = [5, 7, 3_600_000, 86_400_000].map(|time| (time, time as u64));
        assert_eq!(alarms(&world, script(), false), expected);
        assert_eq!(alarms(&world, script(), true), expected);
    });
}

#[test]
fn timers_fire_in_the_real_world() {
    let world = World::real();
    let script = Script::new()
        .emit([20, 10])
        .pause(Duration::from_millis(60));
    let rang = alarms(&world, script, false);
    assert_eq!(rang.len(), 2);
    // Never early, whatever the machine.
    assert!(rang[0].0 >= 10 && rang[1].0 >= 20, "{rang:?}");
}

#[test]
fn a_clock_that_is_set_back_delays_timers_and_nothing_spins() {
    run_under_schedules(SCHEDULES, |world| {
        let mut job = TestJob::new();
        let script = Script::new().emit([10_000]).pause(2 * DAY);
        let delays = job.source("delays", script);
        let rung = job.operator("alarm", delays, operators::alarm());
        let collector = Collector::new();
        job.sink("collect", rung, collector.clone());
        let client = job.submit(&world).unwrap();
        let simulation = world.simulation().unwrap();
        simulation.limit_steps(10_000);
        world.block_on(world.clock().sleep(5 * SECOND)).unwrap();
        simulation.advance_wall_clock(-3_600_000);
        world.block_on(client.wait()).unwrap().unwrap();
        let arrivals = collector.arrivals();
        assert_eq!(arrivals[0].at_nanos, 3_610_000_000_000);
    });
}

#[test]
fn timers_and_periodic_watermarks_that_are_due_do_not_spin_behind_a_slow_sink() {
    run_under_schedules(SCHEDULES, |world| {
        let mut job = TestJob::new();
        job.buffers(256, 0, 0).unwrap();
        let list = (0..200).map(|number| (number, number)).collect();
        let numbers = ListSource::new([list]).with_strategy(WatermarkStrategy::monotonous());
        let numbers = job.source("numbers", numbers);
        let collector = Collector::new().slow(10 * SECOND);
        job.sink("collect", numbers, collector.clone());
        world.simulation().unwrap().limit_steps(20_000);
        let lifecycles = job.lifecycles();
        let result = job.run(&world).unwrap();
        lifecycles.assert_closed_once();
        let read = result
            .metrics
            .sum_over_subtasks("Source: numbers", names::NUM_RECORDS_OUT);
        assert_eq!(read, Some(200));
    });
}

#[test]
fn a_timer_that_is_due_while_its_chain_waits_for_the_outside_world_does_not_spin() {
    run_under_schedules(SCHEDULES, |world| {
        let mut job = TestJob::new();
        let pause = Duration::from_millis(500);
        let script = Script::new()
            .emit([1000i64])
            .pause(pause)
            .emit([10])
            .pause(60 * SECOND);
        let delays = job.source("delays", script);
        let passed = job.operator("pass", delays, operators::map(|delay: i64| delay));
        let rung = job.operator("alarm", passed, operators::alarm());
        let slow = Collector::new().slow(10 * SECOND);
        let sink = job.sink("slow", passed, slow.clone());
        job.chain(rung);
        job.chain(sink);
        let collector = Collector::new();
        job.sink("collect", rung, collector.clone());
        world.simulation().unwrap().limit_steps(10_000);
        job.run(&world).unwrap();
        assert_eq!((slow.len(), collector.len()), (2, 2));
    });
}
