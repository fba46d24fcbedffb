//! `cargo xtask torment`: kills a job over and over, and says what became of it. It starts itself, as `job …`, to have one to kill.

use std::process::ExitCode;

use hurtig_torment::{JobSettings, Options, run_job, torment};
use hurtig_types::{Error, Result};

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let done = match arguments.split_first() {
        Some((first, rest)) if first == "job" => {
            JobSettings::parse(rest).and_then(|settings| run_job(&settings))
        }
        _ => Options::parse(&arguments).and_then(|options| run(&options)),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("torment: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(options: &Options) -> Result<()> {
    println!("seed {}: {}", options.seed, options.replay());
    let program = std::env::current_exe();
    let program = program.map_err(|error| Error::io(format!("where this program is: {error}")))?;
    let report = torment(&program, options)?;
    println!("{report}");
    println!("nothing is lost, and nothing is there twice");
    Ok(())
}
