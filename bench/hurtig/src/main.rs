//! `hurtig-bench --workload NAME [--events N] [--parallelism P]`: runs one workload on Hurtig and prints its report as one JSON line.
//! `hurtig-bench checkpoints`: what checkpoints cost.

mod checkpoints;
mod jobs;
mod tally_sink;

use std::process::ExitCode;

use hurtig_bench_workloads::{Meter, RunOptions};
use hurtig_types::Result;

/// The allocator of the peers as well.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("hurtig-bench: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match arguments[..] {
        ["checkpoints"] => return checkpoints::run(),
        ["checkpoints", name, interval] => return checkpoints::run_one(name, interval),
        _ => {}
    }
    let options = RunOptions::parse(arguments)?;
    let meter = Meter::start();
    let tally = jobs::run(options.workload, options.events, options.parallelism)?;
    let report = meter.finish(
        "hurtig",
        options.workload,
        options.events,
        options.parallelism,
        tally,
    );
    report.print()?;
    Ok(())
}
