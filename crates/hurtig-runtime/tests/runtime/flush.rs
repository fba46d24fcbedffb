//! When a partial batch leaves: at once, when the task waits, at its timeout, when it is full, before a signal.

use std::time::Duration;

use hurtig_env::World;
use hurtig_graph::BufferTimeout;
use hurtig_testing::{Collector, Emitted, Script, TestJob, run_under_schedules, typed};
use hurtig_types::{ErasedBatch, Records, Result, Timestamp};

use hurtig_runtime::{OperatorContext, Output, OutputTag, Progress, StreamOperator};

use crate::{SCHEDULES, run};

const AT_ONCE: BufferTimeout = BufferTimeout::After(Duration::ZERO);
const SOON: BufferTimeout = BufferTimeout::After(Duration::from_millis(100));
const NEVER: BufferTimeout = BufferTimeout::Never;
const SECOND: Duration = Duration::from_secs(1);

/// When each record arrived, in milliseconds.
fn arrivals(collector: &Collector<u64>) -> Vec<u64> {
    let records = collector
        .arrivals()
        .into_iter()
        .filter(|arrival| matches!(arrival.what, Emitted::Record(..)));
    records
        .map(|arrival| arrival.at_nanos / 1_000_000)
        .collect()
}

fn run_script(world: &World, timeout: BufferTimeout, script: Script<u64>) -> Vec<u64> {
    let mut job = TestJob::new();
    job.buffer_timeout(timeout);
    let numbers = job.source("numbers", script);
    let collector = Collector::new();
    job.sink("collect", numbers, collector.clone());
    run(job, world);
    arrivals(&collector)
}

#[test]
fn a_task_that_waits_sends_what_it_has() {
    run_under_schedules(SCHEDULES, |world| {
        let script = || {
            Script::new()
                .emit([1])
                .pause(SECOND)
                .emit([2])
                .pause(SECOND)
        };
        let start = |timeout| {
            let world = World::simulated(world.seed().unwrap());
            run_script(&world, timeout, script())
        };
        assert_eq!(start(AT_ONCE), [0, 1000]);
        assert_eq!(start(SOON), [0, 1000]);
        assert_eq!(start(NEVER), [2000, 2000]);
    });
}

#[test]
fn signals_and_full_buffers_go_at_once_whatever_the_timeout() {
    run_under_schedules(SCHEDULES, |world| {
        let script = Script::new().emit([1]).watermark(1).pause(SECOND);
        assert_eq!(run_script(&world, NEVER, script), [0]);
        let script = Script::new().emit(0..8192).pause(SECOND).emit([1]);
        let world = World::simulated(world.seed().unwrap());
        let times = run_script(&world, NEVER, script);
        assert_eq!((times[0], times[8191], times[8192]), (0, 0, 1000));
    });
}

/// One number in 2048 to the side.
struct Pick(OutputTag<u64>);

impl StreamOperator for Pick {
    fn process_batch(
        &mut self,
        _: usize,
        batch: &mut ErasedBatch,
        output: &mut Output,
    ) -> Result<Progress> {
        let records = batch.get_mut::<Records<u64>>()?;
        let (main, mut sides) = output.split::<u64>()?;
        for value in records.values.drain(..) {
            if value % 2048 == 7 {
                sides.push(&self.0, value, Timestamp::NONE)?;
            } else {
                main.values.push(value);
            }
        }
        Ok(Progress::Done)
    }
}

/// When the first record of a thin stream arrives whose task is held back by a slow, thick one.
fn thin_beside_thick(seed: u64, timeout: BufferTimeout) -> u64 {
    let world = World::simulated(seed);
    let mut job = TestJob::new();
    job.buffer_timeout(timeout);
    job.buffers(16 * 1024, 0, 0).unwrap();
    let numbers = job.source("numbers", Script::new().generate(0..20 * 2048, |n| n));
    let tag = OutputTag::new("thin");
    let pick = tag.clone();
    let pick =
        move |_: &OperatorContext| Ok(Box::new(Pick(pick.clone())) as Box<dyn StreamOperator>);
    let thick = job.operator("pick", numbers, typed::<u64, u64>(pick));
    let thin = job.side_output(thick, &tag);
    let collector = Collector::new();
    job.sink("thick", thick, Collector::new().slow(SECOND));
    job.sink("thin", thin, collector.clone());
    run(job, &world);
    arrivals(&collector)[0]
}

#[test]
fn a_timeout_bounds_the_wait_of_a_thin_stream_beside_a_blocked_one() {
    run_under_schedules(SCHEDULES, |world| {
        let seed = world.seed().unwrap();
        assert_eq!(thin_beside_thick(seed, AT_ONCE), 0);
        let soon = thin_beside_thick(seed, SOON);
        assert!(soon <= 100, "{soon} ms");
        let never = thin_beside_thick(seed, NEVER);
        assert!(never >= 10_000, "{never} ms");
    });
}

/// Emits what it gets, and then waits a second for the outside world.
#[derive(Default)]
struct EmitAndWait {
    world: Option<World>,
    sleep: Option<hurtig_env::Sleep>,
}

impl StreamOperator for EmitAndWait {
    fn open(&mut self, context: &OperatorContext, _: &mut Output) -> Result<()> {
        self.world = Some(context.world.clone());
        Ok(())
    }

    fn process_batch(
        &mut self,
        _: usize,
        batch: &mut ErasedBatch,
        output: &mut Output,
    ) -> Result<Progress> {
        let records = batch.get_mut::<Records<u64>>()?;
        output.main::<u64>()?.values.append(&mut records.values);
        self.sleep = self.world.as_ref().map(|world| world.clock().sleep(SECOND));
        self.resume(output)
    }

    fn resume(&mut self, output: &mut Output) -> Result<Progress> {
        let mut context = std::task::Context::from_waker(output.waker());
        let sleep = self.sleep.as_mut().unwrap();
        let waiting = Future::poll(std::pin::Pin::new(sleep), &mut context);
        Ok(if waiting.is_pending() {
            Progress::Blocked
        } else {
            Progress::Done
        })
    }
}

#[test]
fn what_an_operator_emits_before_it_waits_does_not_wait_with_it() {
    let times = |world: &World, chained: bool| {
        let mut job = TestJob::new();
        let numbers = job.source(
            "numbers",
            Script::new().emit([1]).pause(SECOND * 5).emit([2]),
        );
        let wait = typed::<u64, u64>(|_: &OperatorContext| {
            Ok(Box::new(EmitAndWait::default()) as Box<dyn StreamOperator>)
        });
        let waited = job.operator("wait", numbers, wait);
        let collector = Collector::new();
        let sink = job.sink("collect", waited, collector.clone());
        if chained {
            job.chain(sink);
        }
        run(job, world);
        arrivals(&collector)
    };
    run_under_schedules(SCHEDULES, |world| {
        assert_eq!(times(&world, true), [0, 5000]);
        let world = World::simulated(world.seed().unwrap());
        assert_eq!(times(&world, false), [0, 5000]);
    });
}
