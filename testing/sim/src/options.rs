//! What the command line says.

use std::ops::Range;

use hurtig_types::Result;

use crate::wrong;

/// The options, for the usage.
pub(crate) const ARGUMENTS: &str = "[--seeds N] [--from SEED] [--seed SEED] [--scenario NAME] \
    [--trace] [--twice] [--keep-going] [--plant BUG]";

/// Seeds that are run when nobody says how many.
const SEEDS_DEFAULT: u64 = 1000;
/// So many see every fault.
const SEEDS_BROAD: u64 = 1000;
/// Failures after which the rest of the seeds is left.
const FAILURES_MAX: u64 = 3;

/// What to run, and what to show.
pub(crate) struct Options {
    first: u64,
    count: u64,
    pub(crate) scenario: Option<String>,
    /// Shows everything that happens.
    pub(crate) trace: bool,
    /// Runs each seed a second time, and compares.
    pub(crate) twice: bool,
    pub(crate) failures_max: u64,
    pub(crate) plant: Option<String>,
}

impl Options {
    /// Reads the arguments; none when only the usage is wanted.
    pub(crate) fn parse(arguments: &[String]) -> Result<Option<Self>> {
        let mut options = Self {
            first: 0,
            count: SEEDS_DEFAULT,
            scenario: None,
            trace: false,
            twice: false,
            failures_max: FAILURES_MAX,
            plant: None,
        };
        let mut arguments = arguments.iter();
        while let Some(argument) = arguments.next() {
            let mut value = || {
                let missing = || wrong(format!("`{argument}` needs a value"));
                arguments.next().cloned().ok_or_else(missing)
            };
            match argument.as_str() {
                "--seeds" => options.count = number(argument, &value()?)?,
                "--from" => options.first = number(argument, &value()?)?,
                "--seed" => {
                    options.first = number(argument, &value()?)?;
                    options.count = 1;
                }
                "--scenario" => options.scenario = Some(value()?),
                "--plant" => options.plant = Some(value()?),
                "--trace" => options.trace = true,
                "--twice" => options.twice = true,
                "--keep-going" => options.failures_max = u64::MAX,
                "--help" | "-h" => return Ok(None),
                _ => return Err(wrong(format!("`{argument}` is unknown"))),
            }
        }
        Ok(Some(options))
    }

    /// Whether so many seeds of all scenarios are run that everything must happen.
    pub(crate) fn is_broad(&self) -> bool {
        self.scenario.is_none() && self.count >= SEEDS_BROAD
    }

    pub(crate) fn seeds(&self) -> Range<u64> {
        self.first..self.first.saturating_add(self.count)
    }

    /// The command that runs this seed again.
    pub(crate) fn replay(&self, seed: u64, scenario: &str) -> String {
        let plant = self.plant.as_ref();
        let plant = plant.map_or(String::new(), |bug| format!(" --plant {bug}"));
        format!("cargo xtask sim --seed {seed} --scenario {scenario}{plant} --trace")
    }
}

fn number(argument: &str, value: &str) -> Result<u64> {
    let not = |_| wrong(format!("`{argument} {value}`: expected a whole number"));
    value.parse().map_err(not)
}
