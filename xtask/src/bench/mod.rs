//! `cargo xtask bench`: Hurtig beside its peers, on this machine, now.
//!
//! Every measurement is a process of its own, so that none inherits another's memory. The engines
//! take turns within each run instead of one finishing all its runs first: when the machine slows
//! down, it slows down for all. What is told is the median over the runs and the spread; outputs and
//! checksums of all engines must agree, or the figures mean nothing and the command fails.

mod engine;
mod machine;
mod options;
mod summary;
mod table;

use std::collections::BTreeMap;
use std::path::Path;

use hurtig_bench_workloads::{Report, Workload};

use crate::Failure;
use engine::{Binaries, Engine};
use options::BenchOptions;

pub(crate) use options::ARGUMENTS;

/// The reports of all runs of an engine on a workload.
type Results = BTreeMap<(Workload, Engine), Vec<Report>>;

/// Builds, measures, prints.
pub(crate) fn run(root: &Path, arguments: &[String]) -> Result<bool, Failure> {
    let options = BenchOptions::parse(arguments)?;
    let binaries = Binaries::build(root, &options.engines)?;
    let machine = machine::describe();
    let (results, mut problems) = measure(&binaries, &options);
    problems.extend(summary::disagreements(&results));

    let mut text = format!("{machine}\n{}", table::render(&results, &options));
    for problem in &problems {
        text.push_str(&format!("\n**{problem}**\n"));
    }
    println!("{text}");
    if let Some(path) = &options.out {
        std::fs::write(path, text).map_err(|error| format!("{}: {error}", path.display()))?;
    }
    Ok(problems.is_empty())
}

/// Runs everything, and tells what failed.
fn measure(binaries: &Binaries, options: &BenchOptions) -> (Results, Vec<String>) {
    let (mut results, mut problems) = (Results::new(), Vec::new());
    let (runs, engines) = (options.runs, options.engines.len());
    for run in 0..runs {
        for &workload in &options.workloads {
            // Each run begins with another engine, so that none always comes first.
            for &engine in options
                .engines
                .iter()
                .cycle()
                .skip(run % engines)
                .take(engines)
            {
                eprint!(
                    "\rrun {} of {runs}: {workload} on {}{:20}",
                    run + 1,
                    engine.name(),
                    ""
                );
                match binaries.run(engine, workload, options) {
                    Ok(report) => results.entry((workload, engine)).or_default().push(report),
                    Err(error) => {
                        problems.push(format!("{} on {workload}: {error}", engine.name()))
                    }
                }
            }
        }
    }
    eprintln!();
    problems.sort_unstable();
    problems.dedup();
    (results, problems)
}
