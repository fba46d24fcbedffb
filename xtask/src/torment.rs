//! `cargo xtask torment`: builds the torment and hands the arguments on.
//!
//! A program of its own (testing/torment), for the reason that the simulation is one.

use std::path::Path;
use std::process::Command;

use crate::Failure;

pub(crate) const ARGUMENTS: &str =
    "[--kills N] [--seed S] [--records N] [--planted MISTAKE] [--disk-full]";

/// Builds and runs it; whether nothing was lost and nothing is there twice.
pub(crate) fn run(root: &Path, arguments: &[String]) -> Result<bool, Failure> {
    let status = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
        .current_dir(root)
        .args(["run", "--quiet", "--package", "hurtig-torment", "--"])
        .args(arguments)
        .status()?;
    Ok(status.success())
}
