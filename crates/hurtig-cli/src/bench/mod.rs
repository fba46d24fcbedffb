//! `hurtig bench`: what queries cost on this machine.

mod args;
mod measure;
mod nexmark;
mod queries;

pub(crate) use args::Args;

use hurtig_types::Result;

use args::Benchmark;

/// Runs a benchmark.
pub(crate) fn run(args: &Args) -> Result<()> {
    match &args.benchmark {
        Benchmark::Nexmark(args) => nexmark::run(args),
    }
}
