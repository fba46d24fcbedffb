//! The project's own tools, run as `cargo xtask <command>`.
//!
//! What cargo can do is left to cargo, and `make` strings both together. This crate stands outside
//! the system it serves: it reads files and starts processes as any script does, hence the lint
//! that reserves such calls for `hurtig-env` is off here.

#![allow(
    clippy::disallowed_methods,
    reason = "a build tool acts on the real machine"
)]

mod bench;
mod sim;
mod tidy;
mod torment;

use std::error::Error;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

type Failure = Box<dyn Error>;

/// One command: its name, what follows it, what it does.
struct Command {
    name: &'static str,
    arguments: &'static str,
    about: &'static str,
    /// Says whether all is well.
    run: fn(&Path, &[String]) -> Result<bool, Failure>,
}

const COMMANDS: [Command; 4] = [
    Command {
        name: "tidy",
        arguments: "",
        about: "check the style that rustc cannot see",
        run: tidy::run,
    },
    Command {
        name: "bench",
        arguments: bench::ARGUMENTS,
        about: "measure Hurtig beside its peers",
        run: bench::run,
    },
    Command {
        name: "sim",
        arguments: sim::ARGUMENTS,
        about: "run jobs under seeded storms of faults (testing/sim)",
        run: sim::run,
    },
    Command {
        name: "torment",
        arguments: torment::ARGUMENTS,
        about: "kill a job over and over, and look at what it wrote (testing/torment)",
        run: torment::run,
    },
];

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let Some((name, rest)) = arguments.split_first() else {
        print!("{}", usage());
        return ExitCode::SUCCESS;
    };
    let Some(command) = COMMANDS.iter().find(|command| command.name == name) else {
        eprint!("no command is called {name:?}\n\n{}", usage());
        return ExitCode::from(2);
    };
    match (command.run)(&root(), rest) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(failure) => {
            eprintln!("xtask {name}: {failure}");
            ExitCode::from(2)
        }
    }
}

fn usage() -> String {
    let mut text = String::from("cargo xtask <command>\n\n");
    for Command {
        name,
        arguments,
        about,
        ..
    } in COMMANDS
    {
        text.push_str(&format!("  {name:<8} {about}\n"));
        if !arguments.is_empty() {
            text.push_str(&format!("           {arguments}\n"));
        }
    }
    text
}

/// The directory of the main workspace.
fn root() -> PathBuf {
    let mut root = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    root.pop();
    root
}
