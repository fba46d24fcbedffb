//! However a job ends, its error names operator, subtask and source position, and everyone is closed exactly once.

use std::sync::Arc;
use std::time::Duration;

use hurtig_connect::{
    Boundedness, EnumeratorAction, EnumeratorEvent, ReaderContext, Source, SourceReader,
    SplitEnumerator, WatermarkStrategy,
};
use hurtig_env::World;
use hurtig_runtime::{JobStatus, OperatorContext, StreamOperator};
use hurtig_testing::operators::{self, Failure};
use hurtig_testing::{
    Collector, ListSource, ListSplit, Script, Scripts, SourceOf, TestJob, run_under_schedules,
    typed,
};
use hurtig_types::{Error, ErrorKind, Result};

use crate::{SCHEDULES, limit_steps, run_to_failure};

/// Two subtasks of `numbers → suspect → (by key) → collect`.
fn job(source: Scripts<u64>, failure: Option<Failure>) -> (TestJob, Collector<u64>) {
    let mut job = TestJob::new();
    job.parallelism(2);
    job.buffers(1024, 1, 1).unwrap();
    let numbers = job.source("numbers", source);
    let suspect = match failure {
        Some(failure) => operators::fail(failure, 1),
        None => operators::map(|number: u64| number),
    };
    let passed = job.operator("suspect", numbers, suspect);
    let keyed = job.key_by(passed, |number| *number);
    let collector = Collector::new();
    job.sink("collect", keyed, collector.clone());
    (job, collector)
}

fn numbers(count: u64) -> Scripts<u64> {
    let script = Script::new().generate(0..count, |number| number);
    Scripts::new([script.clone(), script])
}

/// The message of a job that must fail, the same under every schedule and in the real world.
#[track_caller]
fn message(kind: ErrorKind, make: impl Fn() -> TestJob) -> String {
    let fail = |world: &World| {
        let error = run_to_failure(make(), world);
        assert_eq!(error.kind(), kind, "{error:?}");
        error.to_string()
    };
    let real = fail(&World::real());
    run_under_schedules(SCHEDULES, |world| assert_eq!(fail(&world), real));
    real
}

#[test]
fn an_error_names_operator_subtask_and_source_position() {
    let failed = message(ErrorKind::Function, || {
        job(numbers(10_000), Some(Failure::Error(3000))).0
    });
    assert_eq!(
        failed,
        "operator `suspect` (subtask 2/2), at Source: numbers-1 record 3000: \
         failed on purpose at Error(3000)"
    );
}

#[test]
fn a_panic_is_an_error_like_any_other() {
    let failed = message(ErrorKind::Function, || {
        job(numbers(10_000), Some(Failure::Panic(1))).0
    });
    assert_eq!(
        failed,
        "operator `suspect` (subtask 2/2), at Source: numbers-1 record 1: \
         panicked: panicked on purpose at record 1"
    );
}

#[test]
fn opening_ending_and_closing_may_fail_as_well() {
    let place = "operator `suspect` (subtask 2/2)";
    let failed = |failure| message(ErrorKind::Function, || job(numbers(10), Some(failure)).0);
    assert_eq!(
        failed(Failure::Open),
        format!("opening: {place}: failed on purpose at Open")
    );
    assert_eq!(
        failed(Failure::End),
        format!("{place}: failed on purpose at End")
    );
    assert_eq!(
        failed(Failure::Close),
        format!("closing: {place}: failed on purpose at Close")
    );
}

#[test]
fn a_source_that_fails_or_panics_is_named() {
    let with = |script: Script<u64>| {
        let good = Script::new().generate(0..10_000, |number| number).forever();
        job(Scripts::new([good, script]), None).0
    };
    let torn = || with(Script::new().emit([1, 2]).fail("the disk is full"));
    let failed = message(ErrorKind::Io, torn);
    assert_eq!(
        failed,
        "operator `Source: numbers` (subtask 2/2): the disk is full"
    );
    let failed = message(ErrorKind::Function, || {
        with(Script::new().emit([1]).panic("no"))
    });
    assert_eq!(
        failed,
        "operator `Source: numbers` (subtask 2/2): panicked: no"
    );
}

#[test]
fn a_reader_that_fails_names_split_and_position() {
    let failed = message(ErrorKind::Io, || {
        let mut job = TestJob::new();
        let lists = ListSource::new([(0..100).map(|number| (number, number)).collect()]);
        let numbers = job.source("numbers", lists.fail_at(40).punctuated(|_, _| None));
        job.sink("collect", numbers, Collector::<i64>::new());
        job
    });
    assert_eq!(
        failed,
        "operator `Source: numbers` (subtask 1/1): list-0 record 32: the list is torn"
    );
}

/// A source whose enumerator fails, or panics, when it is asked for a split.
struct NoSplits(bool);

impl Source for NoSplits {
    type Item = u64;
    type Split = ListSplit;

    fn boundedness(&self) -> Boundedness {
        Boundedness::Bounded
    }

    fn create_enumerator(&self, _: &World) -> Result<Box<dyn SplitEnumerator<ListSplit>>> {
        Ok(Box::new(NoSplits(self.0)))
    }

    fn create_reader(
        &self,
        context: ReaderContext,
    ) -> Result<Box<dyn SourceReader<u64, ListSplit>>> {
        ListSource::new([vec![(1, 1)]]).create_reader(context)
    }
}

impl SplitEnumerator<ListSplit> for NoSplits {
    fn step(
        &mut self,
        event: EnumeratorEvent<ListSplit>,
        _: &mut Vec<EnumeratorAction<ListSplit>>,
    ) -> Result<()> {
        match event {
            EnumeratorEvent::SplitRequested { .. } if self.0 => panic!("no list"),
            EnumeratorEvent::SplitRequested { .. } => Err(Error::io("no list")),
            _ => Ok(()),
        }
    }

    fn snapshot(&self) -> Result<Vec<u8>> {
        Ok(Vec::new())
    }

    fn restore(&mut self, _: &[u8]) -> Result<()> {
        Ok(())
    }
}

#[test]
fn an_enumerator_that_fails_or_panics_names_its_source() {
    let failed = |kind, panics| {
        message(kind, || {
            let mut job = TestJob::new();
            job.parallelism(2);
            let source = SourceOf::new(NoSplits(panics), WatermarkStrategy::none());
            let numbers = job.source("numbers", source);
            job.sink("collect", numbers, Collector::<u64>::new());
            job
        })
    };
    let place = "coordinator of `Source: numbers`";
    assert_eq!(failed(ErrorKind::Io, false), format!("{place}: no list"));
    assert_eq!(
        failed(ErrorKind::Function, true),
        format!("{place}: panicked: no list")
    );
}

#[test]
fn a_factory_that_fails_leaves_nobody_open() {
    let failed = message(ErrorKind::Config, || {
        let (mut job, _) = job(numbers(10), None);
        let more = job.source("more", numbers(10));
        let refuse = |context: &OperatorContext| -> Result<Box<dyn StreamOperator>> {
            Err(Error::config(format!("not in subtask {}", context.subtask)))
        };
        job.sink("refuse", more, typed::<u64, ()>(refuse));
        job
    });
    assert_eq!(
        failed,
        "operator `Sink: refuse` (subtask 1/2): not in subtask 0"
    );
}

#[test]
fn a_key_selector_that_panics_is_charged_to_the_operator_before_it() {
    let failed = message(ErrorKind::Function, || {
        let mut job = TestJob::new();
        let numbers = job.source("numbers", Script::new().emit([1u64, 2, 3]));
        let passed = job.operator("pass", numbers, operators::map(|number: u64| number));
        let keyed = job.key_by(
            passed,
            |number| if *number == 3 { panic!("three") } else { 0 },
        );
        job.sink("collect", keyed, Collector::new());
        job
    });
    assert_eq!(
        failed,
        "operator `pass` (subtask 1/1), in records from Source: numbers-0 record 1 to 3: \
         handing on: panicked: three"
    );
    let failed = message(ErrorKind::Function, || {
        let mut job = TestJob::new();
        let numbers = job.source("numbers", Script::new().emit([1u64, 2, 3]));
        let keyed = job.key_by(
            numbers,
            |number| if *number == 3 { panic!("three") } else { 0 },
        );
        job.sink("collect", keyed, Collector::new());
        job
    });
    assert_eq!(
        failed,
        "operator `Source: numbers` (subtask 1/1), in records from Source: numbers-0 record 1 to 3: \
         handing on: panicked: three"
    );
}

/// Cancels a job after a while and checks how it ends.
#[track_caller]
fn cancel_after(world: &World, wait: Duration, job: TestJob) {
    limit_steps(world);
    let lifecycles = job.lifecycles();
    let client = job.submit(world).unwrap();
    if !wait.is_zero() {
        // A machine under load may take its time to begin.
        while client.status() == JobStatus::Created {
            world.block_on(world.clock().sleep(wait)).unwrap();
        }
        world.block_on(world.clock().sleep(wait)).unwrap();
        assert_eq!(client.status(), JobStatus::Running);
    }
    client.cancel();
    let error = world.block_on(client.wait()).unwrap().err().unwrap();
    assert_eq!(
        (error.kind(), client.status()),
        (ErrorKind::Cancelled, JobStatus::Canceled)
    );
    lifecycles.assert_closed_once();
    if let Some(simulation) = world.simulation() {
        world
            .block_on(world.clock().sleep(Duration::from_nanos(1)))
            .unwrap();
        assert!(
            simulation.live_tasks().is_empty(),
            "{:?}",
            simulation.live_tasks()
        );
    }
}

fn endless() -> Scripts<u64> {
    let pause = Duration::from_millis(1);
    let step = |script: Script<u64>| script.emit(0..10).pause(pause);
    let script = (0..5_000).fold(Script::new(), |script, _| step(script));
    Scripts::new([script.clone(), script])
}

#[test]
fn a_job_is_cancelled_before_it_runs_while_it_runs_and_while_it_is_idle() {
    let all = |world: World, second: Duration| {
        cancel_after(&world, Duration::ZERO, job(numbers(10), None).0);
        cancel_after(&world, second, job(endless(), None).0);
        cancel_after(
            &world,
            second,
            job(Scripts::new([Script::new().forever()]), None).0,
        );
        let lists = ListSource::new([vec![(1, 1)]]).punctuated(|_, _| None);
        let mut idle = TestJob::new();
        let numbers = idle.source("numbers", lists);
        let more = idle.source("more", Script::new().forever());
        let both = idle.union(&[numbers, more]);
        idle.sink("collect", both, Collector::new());
        cancel_after(&world, second, idle);
    };
    run_under_schedules(SCHEDULES, |world| all(world, Duration::from_secs(1)));
    all(World::real(), Duration::from_millis(30));
}

#[test]
fn a_job_is_cancelled_while_it_is_backpressured() {
    let all = |world: World, second: Duration| {
        let mut job = TestJob::new();
        job.buffers(512, 0, 0).unwrap();
        let numbers = job.source("numbers", Script::new().generate(0..1_000_000, |n| n));
        let passed = job.operator("pass", numbers, operators::map(|n: u64| n));
        job.sink("collect", passed, Collector::new().slow(10 * second));
        cancel_after(&world, second, job);
    };
    run_under_schedules(SCHEDULES, |world| all(world, Duration::from_secs(1)));
    all(World::real(), Duration::from_millis(30));
}

#[test]
fn a_world_that_ends_closes_everyone() {
    run_under_schedules(SCHEDULES, |world| {
        let (job, _) = job(endless(), None);
        let lifecycles = job.lifecycles();
        let client = job.submit(&world).unwrap();
        world
            .block_on(world.clock().sleep(Duration::from_millis(50)))
            .unwrap();
        world.simulation().unwrap().cancel_all();
        lifecycles.assert_closed_once();
        assert_eq!(client.status(), JobStatus::Running);
    });
}

#[test]
fn what_one_operator_does_on_its_way_out_does_not_hide_the_first_error() {
    run_under_schedules(SCHEDULES, |world| {
        let mut job = TestJob::new();
        let numbers = job.source("numbers", Script::new().emit([1u64]).forever());
        let first = job.operator("first", numbers, operators::fail(Failure::Error(1), 0));
        job.sink("second", first, {
            let fail = operators::fail::<u64>(Failure::Close, 0);
            let factory = hurtig_testing::TypedOperator::into_factory(fail);
            typed::<u64, ()>(move |context: &OperatorContext| {
                let factory = Arc::clone(&factory);
                factory.create(context)
            })
        });
        let error = run_to_failure(job, &world);
        assert!(error.to_string().starts_with("operator `first`"), "{error}");
    });
}
