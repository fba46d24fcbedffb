//! Row 26: open → run → close, once per subtask, however the job ends.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use hurtig_datastream::{
    CoProcessFunction, Collector, GeneratorSource, JobStatus, KeyedCoProcessFunction,
    KeyedProcessContext, KeyedProcessFunction, MapFunction, OperatorContext, ProcessContext,
    ProcessFunction, StreamExecutionEnvironment, WatermarkStrategy,
};
use hurtig_env::World;
use hurtig_types::{Error, ErrorKind, Result};
use parking_lot::Mutex;

use crate::support::{Arrivals, Say, Splits, environment, in_all_worlds, millis, seconds};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Moment {
    Opened,
    Worked,
    Closed,
}

/// Where a function does not do what it should.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fault {
    None,
    ErrorAt(u64),
    PanicAt(u64),
    ErrorInOpen,
    PanicInOpen,
    ErrorInClose,
    PanicInClose,
}

/// What happened to whom: by function and copy of it.
#[derive(Clone, Default)]
struct Lives {
    moments: Arc<Mutex<BTreeMap<(&'static str, u64), Vec<Moment>>>>,
    copies: Arc<AtomicU64>,
}

impl Lives {
    fn of(&self, function: &'static str) -> Vec<Vec<Moment>> {
        let moments = self.moments.lock();
        moments
            .iter()
            .filter(|((name, _), _)| *name == function)
            .map(|(_, moments)| moments.clone())
            .collect()
    }

    /// Once per subtask each, in this order, nothing before and nothing after.
    #[track_caller]
    fn check_good(&self, function: &'static str, subtasks: usize) {
        let lives = self.of(function);
        assert_eq!(lives.len(), subtasks, "`{function}`");
        for life in lives {
            assert_eq!(life.first(), Some(&Moment::Opened), "`{function}`");
            assert_eq!(life.last(), Some(&Moment::Closed), "`{function}`");
            assert!(life.len() > 2, "`{function}` did nothing");
            assert!(
                life[1..life.len() - 1]
                    .iter()
                    .all(|moment| *moment == Moment::Worked),
                "`{function}`: {life:?}"
            );
        }
    }

    /// However the job ended: opened at most once, closed once, last.
    #[track_caller]
    fn check_closed(&self, function: &'static str, subtasks: usize) {
        let lives = self.of(function);
        assert_eq!(lives.len(), subtasks, "`{function}`");
        for life in lives {
            let count = |wanted| life.iter().filter(|moment| **moment == wanted).count();
            assert!(count(Moment::Opened) <= 1, "`{function}`: {life:?}");
            assert_eq!(count(Moment::Closed), 1, "`{function}`: {life:?}");
            assert_eq!(life.last(), Some(&Moment::Closed), "`{function}`: {life:?}");
            let worked = life.iter().position(|moment| *moment == Moment::Worked);
            let opened = life.iter().position(|moment| *moment == Moment::Opened);
            assert!(
                worked.is_none() || opened < worked && opened.is_some(),
                "`{function}`: {life:?}"
            );
        }
    }
}

/// A function of every kind that tells its life.
struct Watched {
    function: &'static str,
    lives: Lives,
    copy: u64,
    fault: Fault,
}

impl Watched {
    fn new(function: &'static str, lives: &Lives, fault: Fault) -> Self {
        Self {
            function,
            lives: lives.clone(),
            copy: u64::MAX,
            fault,
        }
    }

    fn note(&self, moment: Moment) {
        self.lives
            .moments
            .lock()
            .entry((self.function, self.copy))
            .or_default()
            .push(moment);
    }

    fn opened(&self) -> Result<()> {
        self.note(Moment::Opened);
        match self.fault {
            Fault::ErrorInOpen => Err(Error::function("no luck in opening")),
            Fault::PanicInOpen => panic!("no luck in opening"),
            _ => Ok(()),
        }
    }

    fn worked(&self, n: u64) -> Result<()> {
        self.note(Moment::Worked);
        match self.fault {
            Fault::ErrorAt(unlucky) if unlucky == n => Err(Error::function("no luck")),
            Fault::PanicAt(unlucky) if unlucky == n => panic!("no luck"),
            _ => Ok(()),
        }
    }

    fn closed(&self) -> Result<()> {
        self.note(Moment::Closed);
        match self.fault {
            Fault::ErrorInClose => Err(Error::function("no luck in closing")),
            Fault::PanicInClose => panic!("no luck in closing"),
            _ => Ok(()),
        }
    }
}

impl Clone for Watched {
    fn clone(&self) -> Self {
        let copy = self.lives.copies.fetch_add(1, Ordering::Relaxed);
        Self {
            function: self.function,
            lives: self.lives.clone(),
            copy,
            fault: self.fault,
        }
    }
}

macro_rules! watched {
    ($($item:tt)*) => {
        type Out = u64;
        fn open(&mut self, _: &OperatorContext) -> Result<()> {
            self.opened()
        }
        fn close(&mut self) -> Result<()> {
            self.closed()
        }
        $($item)*
    };
}

impl MapFunction<u64> for Watched {
    watched! {
        fn map(&mut self, n: u64) -> Result<u64> {
            self.worked(n)?;
            Ok(n)
        }
    }
}

impl ProcessFunction<u64> for Watched {
    watched! {
        fn process(&mut self, n: u64, _: &mut ProcessContext<'_>, out: &mut Collector<'_, u64>) -> Result<()> {
            out.collect(n);
            self.worked(n)
        }
    }
}

impl KeyedProcessFunction<u64, u64> for Watched {
    watched! {
        fn process(
            &mut self,
            n: u64,
            _: &mut KeyedProcessContext<'_, u64>,
            out: &mut Collector<'_, u64>,
        ) -> Result<()> {
            out.collect(n);
            self.worked(n)
        }
    }
}

impl CoProcessFunction<u64, u64> for Watched {
    watched! {
        fn process1(&mut self, n: u64, _: &mut ProcessContext<'_>, out: &mut Collector<'_, u64>) -> Result<()> {
            out.collect(n);
            self.worked(n)
        }
        fn process2(&mut self, n: u64, _: &mut ProcessContext<'_>, _: &mut Collector<'_, u64>) -> Result<()> {
            self.worked(n)
        }
    }
}

impl KeyedCoProcessFunction<u64, u64, u64> for Watched {
    watched! {
        fn process1(
            &mut self,
            n: u64,
            _: &mut KeyedProcessContext<'_, u64>,
            out: &mut Collector<'_, u64>,
        ) -> Result<()> {
            out.collect(n);
            self.worked(n)
        }
        fn process2(
            &mut self,
            n: u64,
            _: &mut KeyedProcessContext<'_, u64>,
            _: &mut Collector<'_, u64>,
        ) -> Result<()> {
            self.worked(n)
        }
    }
}

const FUNCTIONS: [&str; 5] = ["map", "process", "keyed", "co", "keyed co"];

/// A job with a function of every kind, of which `faulty` has the fault.
fn job(
    world: &World,
    lives: &Lives,
    (faulty, fault): (&str, Fault),
    bounded: bool,
) -> (StreamExecutionEnvironment, Arrivals<u64>) {
    let env = environment(world, 2);
    let function = |name: &'static str| {
        Watched::new(
            name,
            lives,
            if name == faulty { fault } else { Fault::None },
        )
    };
    let numbers = if bounded {
        env.from_sequence(0, 999)
    } else {
        let endless = GeneratorSource::unbounded(|n| n).records_per_second(10_000.0);
        env.from_source(endless, WatermarkStrategy::none(), "endless")
    };
    let processed = numbers
        .map_with(function("map"))
        .process(function("process"));
    let keyed = processed.key_by(|n| *n).process(function("keyed"));
    let both = keyed.connect(&processed).process(function("co"));
    let all = both
        .connect(&both)
        .key_by(|n| *n, |n| *n)
        .process(function("keyed co"));
    let arrivals = Arrivals::new();
    all.sink_to(arrivals.clone());
    (env, arrivals)
}

#[test]
fn a_job_that_ends_well_opens_and_closes_each_function_once_per_subtask() {
    in_all_worlds(|world| {
        let lives = Lives::default();
        let (env, arrivals) = job(&world, &lives, ("", Fault::None), true);
        env.execute("good").unwrap();
        FUNCTIONS
            .iter()
            .for_each(|function| lives.check_good(function, 2));
        assert_eq!((arrivals.values().len(), arrivals.closed()), (1000, 2));
    });
}

#[test]
fn a_job_whose_function_fails_or_panics_closes_each_function_once() {
    in_all_worlds(|world| {
        for function in FUNCTIONS {
            for (fault, wanted) in [
                (Fault::ErrorAt(700), "no luck"),
                (Fault::PanicAt(700), "panicked: no luck"),
            ] {
                let lives = Lives::default();
                let (env, arrivals) = job(&world, &lives, (function, fault), true);
                let error = env.execute("bad").map(|_| ()).unwrap_err();
                assert_eq!(error.kind(), ErrorKind::Function, "{error}");
                assert!(error.to_string().ends_with(wanted), "{error}");
                FUNCTIONS
                    .iter()
                    .for_each(|function| lives.check_closed(function, 2));
                assert_eq!(
                    arrivals.closed(),
                    2,
                    "writers are closed after {fault:?} in `{function}`"
                );
            }
        }
    });
}

#[test]
fn a_job_that_fails_in_opening_closes_each_function_once_and_says_so() {
    in_all_worlds(|world| {
        for function in FUNCTIONS {
            for fault in [Fault::ErrorInOpen, Fault::PanicInOpen] {
                let lives = Lives::default();
                let (env, arrivals) = job(&world, &lives, (function, fault), true);
                let error = env.execute("bad").map(|_| ()).unwrap_err().to_string();
                assert!(error.starts_with("opening: operator `"), "{error}");
                FUNCTIONS
                    .iter()
                    .for_each(|function| lives.check_closed(function, 2));
                assert_eq!(arrivals.closed(), 2);
            }
        }
    });
}

#[test]
fn a_job_that_fails_in_closing_closes_the_other_functions_and_says_so() {
    in_all_worlds(|world| {
        for function in FUNCTIONS {
            for fault in [Fault::ErrorInClose, Fault::PanicInClose] {
                let lives = Lives::default();
                let (env, arrivals) = job(&world, &lives, (function, fault), true);
                let error = env.execute("bad").map(|_| ()).unwrap_err().to_string();
                assert!(error.starts_with("closing: operator `"), "{error}");
                FUNCTIONS
                    .iter()
                    .for_each(|function| lives.check_closed(function, 2));
                assert_eq!(arrivals.closed(), 2);
            }
        }
    });
}

#[test]
fn a_job_that_is_cancelled_closes_each_function_once() {
    in_all_worlds(|world| {
        let lives = Lives::default();
        let (env, arrivals) = job(&world, &lives, ("", Fault::None), false);
        let client = env.execute_async("endless").unwrap();
        world.block_on(world.clock().sleep(millis(50))).unwrap();
        assert_eq!(client.status(), JobStatus::Running);
        client.cancel();
        let error = world
            .block_on(client.wait())
            .unwrap()
            .map(|_| ())
            .unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Cancelled, "{error}");
        assert_eq!(client.status(), JobStatus::Canceled);
        FUNCTIONS
            .iter()
            .for_each(|function| lives.check_closed(function, 2));
        assert_eq!(arrivals.closed(), 2);
    });
}

#[test]
fn a_job_that_is_cancelled_before_it_ran_closes_what_was_made() {
    in_all_worlds(|world| {
        let lives = Lives::default();
        let (env, arrivals) = job(&world, &lives, ("", Fault::None), false);
        let client = env.execute_async("never").unwrap();
        client.cancel();
        let error = world
            .block_on(client.wait())
            .unwrap()
            .map(|_| ())
            .unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Cancelled, "{error}");
        let made = arrivals.closed();
        assert!(made == 0 || made == 2, "{made}");
        FUNCTIONS
            .iter()
            .for_each(|function| lives.check_closed(function, made));
    });
}

#[test]
fn readers_of_a_source_are_closed_once_per_subtask_however_the_job_ends() {
    in_all_worlds(|world| {
        for fail in [false, true] {
            let env = environment(&world, 3);
            let records: Vec<(u64, i64)> = (0..100).map(|n| (n, 0)).collect();
            let scripts = (0..3).map(|_| Splits::batches(records.clone(), 7));
            let source = Splits::new(scripts);
            let closed = source.closed();
            let stream = source.stream(&env, WatermarkStrategy::none(), "split");
            stream
                .try_map(move |n| {
                    if fail && n == 50 {
                        Err(Error::function("50"))
                    } else {
                        Ok(n)
                    }
                })
                .discard();
            assert_eq!(env.execute("readers").is_err(), fail);
            assert_eq!(closed.load(Ordering::Relaxed), 3);
        }
        let env = environment(&world, 3);
        let source = Splits::new([vec![Say::<u64>::Wait(seconds(3600))]]);
        let closed = source.closed();
        source
            .stream(&env, WatermarkStrategy::none(), "quiet")
            .discard();
        let client = env.execute_async("readers").unwrap();
        world.block_on(world.clock().sleep(millis(20))).unwrap();
        client.cancel();
        assert!(world.block_on(client.wait()).unwrap().is_err());
        assert_eq!(closed.load(Ordering::Relaxed), 3);
    });
}

#[test]
fn open_sees_name_subtask_parallelism_and_key_groups() {
    type Place = (String, u32, u32, u32, usize, usize);

    #[derive(Clone)]
    struct Places(Arc<Mutex<Vec<Place>>>);

    impl KeyedProcessFunction<u64, u64> for Places {
        type Out = u64;

        fn open(&mut self, context: &OperatorContext) -> Result<()> {
            let groups = context.key_groups;
            let max_parallelism = context.max_parallelism.get();
            let place = (
                context.name.clone(),
                context.subtask,
                context.parallelism,
                max_parallelism,
                groups.start(),
                groups.len(),
            );
            self.0.lock().push(place);
            Ok(())
        }

        fn process(
            &mut self,
            n: u64,
            _: &mut KeyedProcessContext<'_, u64>,
            out: &mut Collector<'_, u64>,
        ) -> Result<()> {
            out.collect(n);
            Ok(())
        }
    }

    in_all_worlds(|world| {
        let env = environment(&world, 1);
        let places = Places(Arc::default());
        let keyed = env
            .from_sequence(0, 9)
            .key_by(|n| *n)
            .process(places.clone());
        keyed
            .name("places")
            .parallelism(3)
            .max_parallelism(10)
            .discard();
        env.execute("open").unwrap();
        let mut opened = places.0.lock().clone();
        opened.sort();
        let place = |subtask, start, len| ("places".to_string(), subtask, 3, 10, start, len);
        assert_eq!(opened, [place(0, 0, 4), place(1, 4, 3), place(2, 7, 3)]);
    });
}
