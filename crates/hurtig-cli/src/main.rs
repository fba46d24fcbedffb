//! `hurtig`: the one binary.

#![cfg_attr(test, allow(clippy::unwrap_used))]
#![allow(
    clippy::disallowed_methods,
    reason = "a program that is run by hand, on the real machine"
)]

mod bench;
mod connectors;
mod sql;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// Its memory: many small pieces of state, from several threads.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Stateful stream processing.
#[derive(Parser)]
#[command(name = "hurtig", version, about)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Runs SQL: a client to type in, a script, or a statement.
    Sql(sql::Args),
    /// Measures what queries cost on this machine
    Bench(bench::Args),
}

/// State grows in small pieces all over the place: zeroing two megabytes for each costs more than small pages do (a third of the CPU
/// time of Nexmark's joins), and takes more memory.
fn take_small_pages() {
    #[cfg(target_os = "linux")]
    // Where it cannot be had, all is as right, and slower.
    let _ = nix::sys::prctl::set_thp_disable(true);
}

fn main() -> ExitCode {
    take_small_pages();
    let result = match Cli::parse().command {
        Command::Sql(args) => sql::run(&args),
        Command::Bench(args) => bench::run(&args).map(|()| ExitCode::SUCCESS),
    };
    result.unwrap_or_else(|error| {
        sql::tell(&error);
        ExitCode::FAILURE
    })
}
