//! `cargo xtask sim`: builds the simulation and hands the arguments on.
//!
//! It is a program of its own (testing/sim), so that this crate, which is built to check a comma, need not build the engine.

use std::path::Path;
use std::process::Command;

use crate::Failure;

pub(crate) const ARGUMENTS: &str = "[--seeds N] [--from SEED] [--seed SEED] [--scenario NAME] \
    [--trace] [--twice] [--keep-going] [--plant BUG]";

/// Builds and runs it; whether all seeds came through. Planted bugs are built in only where one is asked for.
pub(crate) fn run(root: &Path, arguments: &[String]) -> Result<bool, Failure> {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command
        .current_dir(root)
        .args(["run", "--quiet", "--package", "hurtig-sim"]);
    if arguments.iter().any(|argument| argument == "--plant") {
        command.args(["--features", "planted-bugs"]);
    }
    let status = command.arg("--").args(arguments).status()?;
    Ok(status.success())
}
