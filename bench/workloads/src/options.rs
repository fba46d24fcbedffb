//! The command line that all benchmark binaries share.

use std::fmt;

use crate::Workload;

/// What to run: `--workload NAME [--events N] [--parallelism P] [--engine NAME]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RunOptions {
    /// The workload.
    pub workload: Workload,
    /// How many events; by default those of a full run.
    pub events: u64,
    /// How many workers; 2 by default.
    pub parallelism: usize,
    /// Which engine, for a binary that holds several.
    pub engine: Option<String>,
}

/// What was wrong with a command line, said for its writer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OptionsError(String);

impl fmt::Display for OptionsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for OptionsError {}

impl RunOptions {
    /// Greatest parallelism that is accepted; more threads than this is surely a slip.
    pub const PARALLELISM_MAX: usize = 1024;

    /// Parses the arguments that follow the program's name.
    ///
    /// ```
    /// use hurtig_bench_workloads::{RunOptions, Workload};
    /// let options = RunOptions::parse(["--workload", "c", "--events", "1000"]).unwrap();
    /// assert_eq!((options.workload, options.events, options.parallelism), (Workload::C, 1000, 2));
    /// ```
    ///
    /// # Errors
    ///
    /// If an option is unknown, lacks its value, or has one that does not fit; or if there is no
    /// workload.
    pub fn parse<S: Into<String>>(
        arguments: impl IntoIterator<Item = S>,
    ) -> Result<Self, OptionsError> {
        let (mut workload, mut events, mut parallelism, mut engine) = (None, None, 2, None);
        let mut arguments = arguments.into_iter().map(Into::into);
        while let Some(option) = arguments.next() {
            let value = arguments
                .next()
                .ok_or_else(|| OptionsError(format!("{option} lacks its value")))?;
            match option.as_str() {
                "--workload" => {
                    workload = Some(
                        value
                            .parse::<Workload>()
                            .map_err(|e| OptionsError(e.to_string()))?,
                    )
                }
                "--events" => events = Some(number(&option, &value.replace('_', ""))?),
                "--parallelism" => parallelism = number(&option, &value)?,
                "--engine" => engine = Some(value),
                _ => return Err(OptionsError(format!("no option is called {option}"))),
            }
        }
        let workload = workload.ok_or_else(|| OptionsError("--workload is missing".to_owned()))?;
        if !(1..=Self::PARALLELISM_MAX).contains(&parallelism) {
            return Err(OptionsError(format!(
                "--parallelism must be 1 to {}",
                Self::PARALLELISM_MAX
            )));
        }
        Ok(Self {
            workload,
            events: events.unwrap_or_else(|| workload.default_events()),
            parallelism,
            engine,
        })
    }
}

fn number<N: std::str::FromStr>(option: &str, value: &str) -> Result<N, OptionsError> {
    value
        .parse()
        .map_err(|_| OptionsError(format!("{option} takes a whole number, not {value:?}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn defaults_are_those_of_a_full_run() {
        let options = RunOptions::parse(["--workload", "d"]).unwrap();
        assert_eq!(
            (options.events, options.parallelism, options.engine),
            (5_000_000, 2, None)
        );
    }

    #[test]
    fn each_mistake_is_named() {
        let mistakes: [(&[&str], &str); 6] = [
            (&[], "--workload is missing"),
            (&["--workload"], "--workload lacks its value"),
            (&["--workload", "z"], "no workload is called"),
            (
                &["--workload", "a", "--events", "many"],
                "--events takes a whole number",
            ),
            (
                &["--workload", "a", "--parallelism", "0"],
                "--parallelism must be 1 to",
            ),
            (&["--speed", "high"], "no option is called --speed"),
        ];
        for (arguments, message) in mistakes {
            let error = RunOptions::parse(arguments.iter().copied())
                .unwrap_err()
                .to_string();
            assert!(error.contains(message), "{arguments:?}: {error}");
        }
    }
}
