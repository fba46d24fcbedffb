//! `peer --engine timely|renoir|hand --workload NAME [--events N] [--parallelism P]`: runs one
//! workload on one engine and prints its report as one JSON line.

use std::error::Error;
use std::process::ExitCode;

use hurtig_bench_peers::Engine;
use hurtig_bench_workloads::{Meter, RunOptions};

/// Records with strings are allocated on one thread and freed on another; the system's allocator
/// is slow at that, and no engine here brings its own.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("peer: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<(), Box<dyn Error>> {
    let options = RunOptions::parse(std::env::args().skip(1))?;
    let engine: Engine = options
        .engine
        .as_deref()
        .ok_or("--engine is missing")?
        .parse()?;
    let meter = Meter::start();
    let tally = engine.run(options.workload, options.events, options.parallelism);
    meter
        .finish(
            engine.name(),
            options.workload,
            options.events,
            options.parallelism,
            tally,
        )
        .print()?;
    Ok(())
}
