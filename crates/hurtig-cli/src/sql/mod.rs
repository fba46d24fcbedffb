//! `hurtig sql`.

mod args;
mod cells;
mod completion;
mod csv;
mod interactive;
mod interrupt;
mod json;
mod materialized;
mod out;
mod progress;
mod run;
mod savepoints;
mod tableau;

pub(crate) use args::{Args, key_value};

use std::path::PathBuf;
use std::process::ExitCode;

use hurtig_sql::TableEnvironment;
use hurtig_types::{Error, Result};

use run::{Client, Next, read};
use savepoints::Savepoints;

/// Runs what was asked for: the initial script, then statements, a file, or what is typed. How the program is to end.
pub(crate) fn run(args: &Args) -> Result<ExitCode> {
    let is_script = args.file.is_some() || !args.statements.is_empty();
    let editor = match is_script {
        true => None,
        false => interactive::editor()?,
    };
    interrupt::listen()?;
    let mut tables = TableEnvironment::new();
    crate::connectors::add_to(&mut tables);
    for (key, value) in &args.options {
        tables.settings_mut().set(key, value)?;
    }
    let savepoints = Savepoints::new(args.restore.clone(), args.savepoint_on_exit.clone());
    let mut client = Client::new(tables, args.output, savepoints);
    let next = match scripts(args, &mut client)? {
        Next::GoOn if !is_script => interactive::run(&mut client, editor)?,
        next => next,
    };
    Ok(match next {
        Next::GoOn | Next::Quit => ExitCode::SUCCESS,
        Next::Failed => ExitCode::FAILURE,
        Next::Interrupted => ExitCode::from(interrupt::EXIT_CODE),
    })
}

/// All that is not typed.
fn scripts(args: &Args, client: &mut Client) -> Result<Next> {
    let files = |file: &Option<PathBuf>| file.as_deref().map(read).transpose();
    let (init, file) = (files(&args.init)?, files(&args.file)?);
    let scripts = init.iter().chain(&args.statements).chain(&file);
    for script in scripts {
        let next = client.script(script)?;
        if next != Next::GoOn {
            return Ok(next);
        }
    }
    Ok(Next::GoOn)
}

/// Says what went wrong.
pub(crate) fn tell(error: &Error) {
    eprintln!("[ERROR] {error}");
}
