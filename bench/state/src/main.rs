//! `hurtig-bench-state [MEASUREMENT]`: what state costs that is larger than memory, what increments store, and what a restore needs.
//!
//! - `upserts`: 10 M keys of 100 bytes within 256 MiB, through the tables of the engine, beside the store alone with the same batches.
//!   The bound is the store's: the engine can only save what it finds in memory.
//! - `increments`: what a second checkpoint stores when 1, 10 and 100 % of the keys have changed. The bound is their bytes.
//! - `restore`: a gigabyte of state in memory, from the bytes of a checkpoint. The bound of memory is the state's own.
//!
//! Each is run in a process of its own, so that peaks of memory are its own.

mod increments;
mod keys;
mod restore;
mod upserts;

use std::process::{Command, ExitCode};

use hurtig_types::{Error, Result};

const ALL: [&str; 3] = ["upserts", "increments", "restore"];

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let done = match arguments.first().map(String::as_str) {
        None => ALL.into_iter().try_for_each(apart),
        Some("upserts") => upserts::run(),
        Some("increments") => increments::run(),
        Some("restore") => restore::run(),
        Some(other) => Err(Error::config(format!(
            "no measurement is called `{other}`: there are {}",
            ALL.join(", ")
        ))),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("hurtig-bench-state: {error}");
            ExitCode::FAILURE
        }
    }
}

/// Measures in a process of its own.
fn apart(name: &str) -> Result<()> {
    let failed = |error: std::io::Error| Error::io(error.to_string());
    let program = std::env::current_exe().map_err(failed)?;
    let status = Command::new(program).arg(name).status().map_err(failed)?;
    if status.success() {
        return Ok(());
    }
    Err(Error::io(format!("`{name}` failed")))
}

/// How much memory the process has, in MiB: now, and at most so far.
#[allow(
    clippy::disallowed_methods,
    reason = "the kernel's figures are in files"
)]
pub(crate) fn memory_mib() -> (f64, f64) {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let of = |name: &str| {
        let line = status.lines().find(|line| line.starts_with(name));
        let kib = line.and_then(|line| line.split_whitespace().nth(1)?.parse::<f64>().ok());
        kib.unwrap_or(0.0) / 1024.0
    };
    (of("VmRSS:"), of("VmHWM:"))
}
