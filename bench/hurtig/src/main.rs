//! `hurtig-bench --workload NAME [--events N] [--parallelism P]`: runs one workload on Hurtig and prints its report as one JSON line.

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
    let options = RunOptions::parse(std::env::args().skip(1))?;
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
