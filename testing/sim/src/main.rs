//! `cargo xtask sim`: runs seeds, and says of each that fails how to run it again.

use std::collections::BTreeMap;
use std::process::ExitCode;
use std::time::Duration;

use hurtig_env::World;
use hurtig_sim::{EXPECTED_MARKS, Outcome, SCENARIOS, run_seed};
use hurtig_types::{Error, Result};

mod options;

use options::Options;

/// How many lines of the trace of a failure are shown when nobody asked for all.
const TAIL_LINES: usize = 25;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let done = Options::parse(&arguments).and_then(|options| match options {
        Some(options) => simulate(&options),
        None => {
            print!("{}", usage());
            Ok(true)
        }
    });
    match done {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("sim: {error}");
            ExitCode::from(2)
        }
    }
}

fn usage() -> String {
    let mut text = format!("cargo xtask sim {}\n\nscenarios:\n", options::ARGUMENTS);
    for scenario in &SCENARIOS {
        text.push_str(&format!("  {:<14} {}\n", scenario.name, scenario.about));
    }
    text
}

/// Plants the bug that was asked for.
#[cfg(feature = "planted-bugs")]
fn plant(options: &Options) -> Result<()> {
    let bug = options.plant.as_deref().map(str::parse).transpose()?;
    hurtig_sim::planted::plant(bug);
    Ok(())
}

/// There are none to plant.
#[cfg(not(feature = "planted-bugs"))]
fn plant(options: &Options) -> Result<()> {
    let asked = options
        .plant
        .as_ref()
        .map(|bug| wrong(format!("`{bug}` needs the feature `planted-bugs`")));
    asked.map_or(Ok(()), Err)
}

/// Runs all seeds; whether all is well.
fn simulate(options: &Options) -> Result<bool> {
    plant(options)?;
    let clock = World::real().clock().clone();
    let started = clock.now();
    let mut report = Report::default();
    for seed in options.seeds() {
        let outcome = run_seed(seed, options.scenario.as_deref())?;
        if options.twice {
            let again = run_seed(seed, options.scenario.as_deref())?;
            report.compare(&outcome, &again);
        }
        if options.trace {
            outcome.trace.iter().for_each(|line| println!("{line}"));
        }
        report.add(outcome, options);
        if report.failures >= options.failures_max {
            break;
        }
    }
    if options.is_broad() {
        report.check_marks();
    }
    report.print(clock.now().saturating_since(started));
    Ok(report.failures == 0)
}

/// What became of all seeds.
#[derive(Default)]
struct Report {
    seeds: u64,
    failures: u64,
    steps: u64,
    virtual_time: Duration,
    scenarios: BTreeMap<&'static str, u64>,
    marks: BTreeMap<String, u64>,
}

impl Report {
    fn add(&mut self, outcome: Outcome, options: &Options) {
        self.seeds += 1;
        self.steps += outcome.steps;
        self.virtual_time += outcome.virtual_time;
        *self.scenarios.entry(outcome.scenario).or_default() += 1;
        for (mark, count) in &outcome.marks {
            *self.marks.entry(mark.clone()).or_default() += count;
        }
        if let Some(failure) = &outcome.failure {
            self.failures += 1;
            let (seed, scenario) = (outcome.seed, outcome.scenario);
            let skipped = outcome.trace.len().saturating_sub(TAIL_LINES);
            println!("\nseed {seed} ({scenario}) failed: {failure}");
            if !options.trace {
                outcome
                    .trace
                    .iter()
                    .skip(skipped)
                    .for_each(|line| println!("  {line}"));
            }
            println!("to replay: {}", options.replay(seed, scenario));
        }
    }

    /// Whether every fault fired.
    fn check_marks(&mut self) {
        for mark in EXPECTED_MARKS {
            if !self.marks.contains_key(mark) {
                println!("`{mark}` never happened, in {} seeds", self.seeds);
                self.failures += 1;
            }
        }
    }

    fn compare(&mut self, one: &Outcome, other: &Outcome) {
        let lines = one.trace.iter().zip(&other.trace);
        let differs = lines.enumerate().find(|(_, (one, other))| one != other);
        if let Some((line, (one, other))) = differs {
            println!("two runs of one seed part at line {line}:\n  {one}\n  {other}");
        }
        if one.trace != other.trace {
            println!("seed {} has two histories", one.seed);
            self.failures += 1;
        }
    }

    fn print(&self, took: Duration) {
        println!("\nwhat happened, over all seeds:");
        for (mark, count) in &self.marks {
            println!("  {count:>9} {mark}");
        }
        let per_minute = self.seeds as f64 * 60.0 / took.as_secs_f64().max(1e-9);
        let scenarios: Vec<String> = self
            .scenarios
            .iter()
            .map(|(name, count)| format!("{name} {count}"))
            .collect();
        println!("\nseeds by scenario: {}", scenarios.join(", "));
        println!(
            "{} seeds, {} failed; {} steps, {:.0} s of virtual time in {:.1} s: {per_minute:.0} seeds per minute",
            self.seeds,
            self.failures,
            self.steps,
            self.virtual_time.as_secs_f64(),
            took.as_secs_f64(),
        );
    }
}

/// An argument that cannot be.
fn wrong(what: impl Into<String>) -> Error {
    Error::config(format!("{}; {}", what.into(), options::ARGUMENTS))
}
