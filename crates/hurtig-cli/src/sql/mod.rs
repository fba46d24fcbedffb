//! `hurtig sql`.

mod args;
mod cells;
mod csv;
mod interactive;
mod interrupt;
mod json;
mod run;
mod tableau;

pub(crate) use args::{Args, key_value};

use hurtig_sql::TableEnvironment;
use hurtig_types::{Error, Result};

use run::{Client, read};

/// Runs what was asked for: the initial script, then statements, a file, or what is typed.
pub(crate) fn run(args: &Args) -> Result<()> {
    interrupt::listen()?;
    let mut tables = TableEnvironment::new();
    crate::connectors::add_to(&mut tables);
    for (key, value) in &args.options {
        tables.settings_mut().set(key, value)?;
    }
    let mut client = Client::new(tables, args.output);
    if let Some(init) = &args.init {
        client.script(&read(init)?)?;
    }
    if !args.statements.is_empty() {
        return args
            .statements
            .iter()
            .try_for_each(|sql| client.script(sql));
    }
    match &args.file {
        Some(file) => client.script(&read(file)?),
        None => interactive::run(&mut client),
    }
}

/// Says what went wrong.
pub(crate) fn tell(error: &Error) {
    eprintln!("[ERROR] {error}");
}
