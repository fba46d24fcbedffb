//! One seed: draws a job and its storm, runs it through all of it, and compares.

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::Duration;

use hurtig_env::object_store::memory::InMemory;
use hurtig_env::{Durable, Rng, World};
use hurtig_types::{Error, Result};

use crate::data::{Input, Row};
use crate::judge::{Judge, difference};
use crate::lives::Lives;
use crate::marks::Marks;
use crate::scenario::{self, Scenario};
use crate::settings::{STORE, Settings};
use crate::shape::Shape;
use crate::storm::{Blow, Crash, FaultyStore, Site, Storm, StormPlan};
use crate::trace::Trace;
use crate::vault::Vault;

/// More steps than any run takes: beyond them somebody wakes himself for ever.
const STEPS_MAX: u64 = 20_000_000;

/// What became of a seed.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// The seed.
    pub seed: u64,
    /// The scenario that was named or drawn.
    pub scenario: &'static str,
    /// What happened, line by line.
    pub trace: Vec<String>,
    /// How many times a task was polled.
    pub steps: u64,
    /// How much time passed in the world.
    pub virtual_time: Duration,
    /// What happened how often.
    pub marks: BTreeMap<String, u64>,
    /// What was wrong.
    pub failure: Option<String>,
}

impl Outcome {
    fn new(seed: u64, scenario: &'static str) -> Self {
        Self {
            seed,
            scenario,
            trace: Vec::new(),
            steps: 0,
            virtual_time: Duration::ZERO,
            marks: BTreeMap::new(),
            failure: None,
        }
    }

    /// Adds another run of the same seed.
    fn add(&mut self, run: Self) {
        self.trace.extend(run.trace);
        self.steps += run.steps;
        self.virtual_time += run.virtual_time;
        for (mark, count) in run.marks {
            *self.marks.entry(mark).or_default() += count;
        }
        if self.failure.is_none() {
            self.failure = run.failure;
        }
    }
}

/// Runs `seed` in the scenario of this name, or in one that the seed draws.
///
/// # Errors
/// When there is no such scenario. What goes wrong in the run is in the outcome.
pub fn run_seed(seed: u64, name: Option<&str>) -> Result<Outcome> {
    let world = World::simulated(seed);
    let scenario = match name {
        Some(name) => scenario::scenario(name).ok_or_else(|| unknown(name))?,
        None => scenario::drawn(&mut world.rng("scenario")),
    };
    let mut outcome = Outcome::new(seed, scenario.name);
    if !scenario.weather.every_commit_point {
        outcome.add(Run::draw(seed, scenario, None).run().0);
        return Ok(outcome);
    }
    // The first run tells which points there are; each further one is struck at one of them.
    let (calm, points) = Run::draw(seed, scenario, Some(Vec::new())).run();
    outcome.add(calm);
    for (site, passages) in points {
        for passage in 1..=passages.min(POINTS_MAX) {
            for blow in [Blow::Error, Blow::Kill] {
                let crash = Crash {
                    site,
                    passage,
                    blow,
                };
                outcome.add(Run::draw(seed, scenario, Some(vec![crash])).run().0);
            }
        }
    }
    Ok(outcome)
}

/// How many passages of a point are struck, each in two runs of its own: by an error, and by the death of the process.
const POINTS_MAX: u64 = 8;

fn unknown(name: &str) -> Error {
    let names = scenario::SCENARIOS.iter().map(|scenario| scenario.name);
    let names: Vec<&str> = names.collect();
    Error::config(format!(
        "no scenario is called `{name}`: there are {}",
        names.join(", ")
    ))
}

/// Everything that is drawn from the seed, and what it acts on.
pub(crate) struct Run {
    pub(crate) world: World,
    pub(crate) settings: Settings,
    pub(crate) plan: StormPlan,
    pub(crate) input: Arc<Input>,
    pub(crate) shape: Arc<dyn Shape>,
    pub(crate) storm: Storm,
    pub(crate) vault: Vault,
    pub(crate) marks: Marks,
    pub(crate) trace: Trace,
    pub(crate) objects: Arc<InMemory>,
    scenario: &'static Scenario,
}

impl Run {
    fn draw(seed: u64, scenario: &'static Scenario, crashes: Option<Vec<Crash>>) -> Self {
        let world = World::simulated(seed);
        if let Some(simulation) = world.simulation() {
            simulation.limit_steps(STEPS_MAX);
        }
        let (marks, trace) = (Marks::default(), Trace::new(&world));
        let weather = &scenario.weather;
        // Each scenario draws for itself: one seed is many storms.
        let rng = |what: &str| world.rng(&format!("{what} of {}", scenario.name));
        let shape = draw_shape(scenario, &mut rng("shape"));
        let sizes = shape.streams(weather.events);
        let input = Arc::new(Input::draw(&sizes, weather.keys, &mut rng("input")));
        let mut plan = StormPlan::draw(weather, &input, &mut rng("storm"));
        plan.crashes = crashes.unwrap_or(plan.crashes);
        let settings = Settings::draw(weather, &mut rng("settings"));
        let storm = Storm::new(&plan, &world, &marks, &trace);
        Self {
            settings,
            vault: Vault::new(storm.clone()),
            objects: Arc::default(),
            world,
            plan,
            input,
            shape,
            storm,
            marks,
            trace,
            scenario,
        }
    }

    /// Runs it; also tells how often each point of a commit was passed.
    fn run(self) -> (Outcome, Vec<(Site, u64)>) {
        self.tell_what_was_drawn();
        let judged = catch_unwind(AssertUnwindSafe(|| self.go()));
        let failure = match judged {
            Ok(Ok(None)) => None,
            Ok(Ok(Some(found))) => Some(found),
            Ok(Err(error)) => Some(error.to_string()),
            Err(panic) => Some(message_of(&*panic)),
        };
        if let Some(failure) = &failure {
            self.trace.line(format_args!("WRONG: {failure}"));
        } else {
            self.trace.line("all is well");
        }
        let passages = self.storm.passages().into_iter();
        let points = passages
            .filter(|(site, _)| Site::OF_COMMIT.contains(site))
            .collect();
        let simulation = self.world.simulation();
        let outcome = Outcome {
            trace: self.trace.take(),
            steps: simulation.map_or(0, |it| it.steps()),
            virtual_time: Duration::from_nanos(self.world.clock().now().as_nanos()),
            marks: self.marks.counts(),
            failure,
            ..Outcome::new(self.world.seed().unwrap_or_default(), self.scenario.name)
        };
        if let Some(simulation) = simulation {
            simulation.calm();
            simulation.cancel_all();
        }
        (outcome, points)
    }

    fn tell_what_was_drawn(&self) {
        let streams = self.input.streams.iter();
        let splits = streams.map(|stream| stream.splits.iter().map(Vec::len).collect::<Vec<_>>());
        let splits: Vec<_> = splits.collect();
        let (name, shape) = (self.scenario.name, self.shape.describe());
        let disorder = self.input.disorder_ms;
        let trace = &self.trace;
        trace.line(format_args!(
            "{name}: {shape}; splits of {splits:?} events, {disorder} ms out of order"
        ));
        trace.line(format_args!("settings: {}", self.settings));
        trace.line(format_args!("storm: {:?}", self.plan));
    }

    /// What tasks beside the job need.
    pub(crate) fn shared(&self) -> (World, Marks, Trace) {
        (self.world.clone(), self.marks.clone(), self.trace.clone())
    }

    /// What is wrong, if anything is.
    fn go(&self) -> Result<Option<String>> {
        let judge = Arc::new(Judge::new(
            &self.objects,
            self.input.clone(),
            self.shape.clone(),
            self.vault.clone(),
            self.storm.clone(),
            self.is_at_least_once(),
        )?);
        let judging = judge.clone();
        let store = FaultyStore::new(
            self.objects.clone(),
            self.storm.clone(),
            self.world.clock().clone(),
            Box::new(move |path| judging.written(path)),
        );
        let disk = Durable::new(Arc::new(store));
        self.world.storage().mount(STORE, Arc::new(disk))?;
        if let Some(simulation) = self.world.simulation() {
            let storm = self.storm.clone();
            simulation.disturb(move |kind| storm.carry(kind));
        }
        Lives::new(self, &judge).live_them_all()?;
        let mut found = judge.findings();
        found.extend(self.vault.violations());
        let there = self.vault.committed();
        let mut expected = self.shape.rows(&self.input);
        expected.extend(self.input.unreadable_rows(None));
        found.extend(if self.is_at_least_once() {
            too_few(&there, &expected)
        } else {
            difference(there, expected).map(|it| format!("what was committed differs: {it}"))
        });
        Ok(found.into_iter().next())
    }

    fn is_at_least_once(&self) -> bool {
        self.scenario.weather.mode == "AT_LEAST_ONCE"
    }
}

fn draw_shape(scenario: &Scenario, rng: &mut Rng) -> Arc<dyn Shape> {
    let place = rng.below(scenario.shapes.len().max(1) as u64) as usize;
    let draw = scenario.shapes.get(place).copied();
    Arc::from(draw.unwrap_or(crate::shape::Counts::draw)(rng))
}

/// Whether the last count of a key is below what it has, where counts may be too high.
fn too_few(there: &[Row], expected: &[Row]) -> Option<String> {
    let last = |rows: &[Row]| {
        let mut last: BTreeMap<u64, u64> = BTreeMap::new();
        for row in rows {
            let count = last.entry(row.key).or_default();
            *count = row.count.max(*count);
        }
        last
    };
    let (there, expected) = (last(there), last(expected));
    let count = |key: &u64| there.get(key).copied().unwrap_or(0);
    let short = expected.iter().find(|(key, least)| count(key) < **least);
    short.map(|(key, least)| format!("key {key} was counted up to {} of {least}", count(key)))
}

fn message_of(panic: &(dyn std::any::Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(|text| (*text).to_string());
    let text = text.or_else(|| panic.downcast_ref::<String>().cloned());
    format!("panicked: {}", text.unwrap_or_default())
}
