//! The command line of `cargo xtask bench`.

use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use hurtig_bench_workloads::Workload;

use super::engine::Engine;

/// What may follow the command's name.
pub(crate) const ARGUMENTS: &str = "[--runs 5] [--only a,b1k] [--engines hurtig,timely,renoir,hand] \
                                    [--events N] [--parallelism 2] [--timeout-seconds 300] [--out FILE]";

/// What to measure, and how.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct BenchOptions {
    pub(super) runs: usize,
    pub(super) workloads: Vec<Workload>,
    pub(super) engines: Vec<Engine>,
    /// How many events instead of those of a full run.
    pub(super) events: Option<u64>,
    pub(super) parallelism: usize,
    /// After how long a process is ended.
    pub(super) timeout: Duration,
    pub(super) out: Option<PathBuf>,
}

impl BenchOptions {
    pub(super) fn parse(arguments: &[String]) -> Result<Self, String> {
        let mut options = Self {
            runs: 5,
            workloads: Workload::ALL.to_vec(),
            engines: Engine::ALL.to_vec(),
            events: None,
            parallelism: 2,
            timeout: Duration::from_secs(300),
            out: None,
        };
        let mut arguments = arguments.iter();
        while let Some(option) = arguments.next() {
            let value = arguments
                .next()
                .ok_or_else(|| format!("{option} lacks its value"))?;
            match option.as_str() {
                "--runs" => options.runs = at_least_one(option, value)?,
                "--only" => options.workloads = list(value)?,
                "--engines" => options.engines = list(value)?,
                "--events" => options.events = Some(at_least_one(option, value)?),
                "--parallelism" => options.parallelism = at_least_one(option, value)?,
                "--timeout-seconds" => {
                    options.timeout = Duration::from_secs(at_least_one(option, value)?);
                }
                "--out" => options.out = Some(value.into()),
                _ => {
                    return Err(format!(
                        "no option is called {option}; there are {ARGUMENTS}"
                    ));
                }
            }
        }
        Ok(options)
    }
}

fn at_least_one<N: FromStr + PartialOrd + From<u8>>(
    option: &str,
    value: &str,
) -> Result<N, String> {
    let number = value
        .replace('_', "")
        .parse()
        .ok()
        .filter(|number| *number >= N::from(1));
    number.ok_or_else(|| format!("{option} takes a whole number from 1, not {value:?}"))
}

fn list<T: FromStr<Err: ToString>>(value: &str) -> Result<Vec<T>, String> {
    value
        .split(',')
        .map(|name| name.trim().parse().map_err(|e: T::Err| e.to_string()))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(line: &str) -> Result<BenchOptions, String> {
        let arguments: Vec<String> = line.split_whitespace().map(str::to_owned).collect();
        BenchOptions::parse(&arguments)
    }

    #[test]
    fn everything_runs_five_times_by_default() {
        let options = parse("").unwrap();
        assert_eq!(
            (options.runs, options.workloads.len(), options.engines.len()),
            (5, 9, 4)
        );
    }

    #[test]
    fn lists_and_numbers_are_taken() {
        let options = parse("--runs 2 --only a,b1k --engines hand,timely --out x.md").unwrap();
        assert_eq!(options.runs, 2);
        assert_eq!(options.workloads, [Workload::A, Workload::B1k]);
        assert_eq!(options.engines, [Engine::Hand, Engine::Timely]);
        assert_eq!(options.out, Some(PathBuf::from("x.md")));
    }

    #[test]
    fn mistakes_are_named() {
        for (line, part) in [
            ("--runs 0", "--runs takes a whole number from 1"),
            ("--only z", "no workload is called \"z\""),
            ("--engines flink", "no engine is called \"flink\""),
            ("--out", "--out lacks its value"),
            ("--fast yes", "no option is called --fast"),
        ] {
            let error = parse(line).unwrap_err();
            assert!(error.contains(part), "{line}: {error}");
        }
    }
}
