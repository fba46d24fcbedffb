//! One test under many schedules: the same closure in simulated worlds of different seeds.
//!
//! The seed decides which task runs next, so that each world is another interleaving. A failure prints its seed and the
//! command that runs this history again, step by step.

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

use hurtig_env::World;

/// Replays one seed: `HURTIG_SEED=17 cargo test -p hurtig-runtime the_name_of_the_test`.
pub const SEED_VARIABLE: &str = "HURTIG_SEED";

/// How many schedules to run in place of what tests ask for: `HURTIG_SCHEDULES=10000 cargo test …`.
pub const COUNT_VARIABLE: &str = "HURTIG_SCHEDULES";

/// What one run under one seed was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Schedule {
    /// The seed of the world.
    pub seed: u64,
    /// A number for its whole history.
    pub trace_hash: u64,
    /// How many times a task was polled in it.
    pub steps: u64,
}

/// What a test closure may return: nothing, or a result.
pub trait Verdict {
    /// Why it failed.
    fn failure(self) -> Option<String>;
}

impl Verdict for () {
    fn failure(self) -> Option<String> {
        None
    }
}

impl<E: std::fmt::Debug> Verdict for Result<(), E> {
    fn failure(self) -> Option<String> {
        self.err().map(|error| format!("{error:?}"))
    }
}

/// Runs `test` in `count` simulated worlds, each of another seed, and says what histories they had.
///
/// With [`HURTIG_SEED`](SEED_VARIABLE) set it runs that seed alone; [`HURTIG_SCHEDULES`](COUNT_VARIABLE) sets another
/// `count`. After each run all tasks of the world are dropped, so that nothing leaks.
///
/// ```
/// use hurtig_env::Lane;
/// use hurtig_testing::for_each_schedule;
///
/// let schedules = for_each_schedule(10, |world, _seed| {
///     let task = world.spawner().spawn(Lane::Compute, "answer", async { 42 });
///     assert_eq!(world.block_on(task)??, 42);
///     Ok::<_, hurtig_types::Error>(())
/// });
/// assert!(!schedules.is_empty());
/// ```
///
/// # Panics
/// When the test fails under a seed: with the seed and the command that replays it.
pub fn for_each_schedule<V: Verdict>(
    count: u64,
    mut test: impl FnMut(World, u64) -> V,
) -> Vec<Schedule> {
    seeds(count).map(|seed| run_seed(seed, &mut test)).collect()
}

/// As [`for_each_schedule`], for tests that don't mind the seed.
///
/// ```
/// hurtig_testing::run_under_schedules(3, |world| assert!(world.is_simulated()));
/// ```
///
/// # Panics
/// When the test fails under a seed: with the seed and the command that replays it.
pub fn run_under_schedules<V: Verdict>(
    count: u64,
    mut test: impl FnMut(World) -> V,
) -> Vec<Schedule> {
    for_each_schedule(count, |world, _| test(world))
}

/// The seeds to run: those that were asked for by the environment, or the first `count`.
fn seeds(count: u64) -> Box<dyn Iterator<Item = u64>> {
    match number(SEED_VARIABLE) {
        Some(seed) => Box::new(std::iter::once(seed)),
        None => Box::new(0..number(COUNT_VARIABLE).unwrap_or(count)),
    }
}

/// A variable of the process: how people and cargo talk to a test.
#[allow(clippy::disallowed_methods)] // A test has no configuration file.
fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

/// # Panics
/// When the variable is set and is no number.
fn number(name: &str) -> Option<u64> {
    let text = variable(name)?;
    match text.parse() {
        Ok(number) => Some(number),
        Err(_) => panic!("{name} is `{text}`: expected a whole number"),
    }
}

fn run_seed<V: Verdict>(seed: u64, test: &mut impl FnMut(World, u64) -> V) -> Schedule {
    let world = World::simulated(seed);
    let outcome = catch_unwind(AssertUnwindSafe(|| test(world.clone(), seed).failure()));
    let mut schedule = Schedule {
        seed,
        trace_hash: 0,
        steps: 0,
    };
    if let Some(simulation) = world.simulation() {
        schedule.trace_hash = simulation.trace_hash();
        schedule.steps = simulation.steps();
        simulation.cancel_all();
    }
    match outcome {
        Ok(None) => schedule,
        Ok(Some(failure)) => panic!("{failure}\n{}", replay_hint(seed)),
        Err(panic) => {
            eprintln!("{}", replay_hint(seed));
            resume_unwind(panic)
        }
    }
}

/// What to say beside a failure. The test harness names a test's thread after the test.
fn replay_hint(seed: u64) -> String {
    let package = variable("CARGO_PKG_NAME");
    let package = package.map_or(String::new(), |name| format!(" -p {name}"));
    let thread = std::thread::current();
    let test = thread
        .name()
        .filter(|name| *name != "main")
        .unwrap_or_default();
    format!(
        "failed under seed {seed}; to replay: {SEED_VARIABLE}={seed} cargo test{package} {test}"
    )
}
