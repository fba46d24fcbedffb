//! `hurtig sql`.

mod args;
mod cells;
mod csv;
mod interactive;
mod interrupt;
mod json;
mod run;
mod tableau;

pub(crate) use args::Args;

use hurtig_connector_filesystem::FilesystemFactory;
use hurtig_format_csv::table::CsvFactory;
use hurtig_format_json::table::JsonFactory;
use hurtig_sql::TableEnvironment;
use hurtig_table::connector::Formats;
use hurtig_types::{Error, Result};

use run::{Client, read};

/// Runs what was asked for: the initial script, then statements, a file, or what is typed.
pub(crate) fn run(args: &Args) -> Result<()> {
    interrupt::listen()?;
    let mut tables = TableEnvironment::new();
    connectors(&mut tables);
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

/// The connectors that come with the binary.
fn connectors(tables: &mut TableEnvironment) {
    let formats = Formats::new().with(CsvFactory).with(JsonFactory);
    tables
        .add_connector(hurtig_connector_datagen::DatagenFactory)
        .add_connector(FilesystemFactory::new(formats))
        .add_connector(hurtig_connector_nexmark::NexmarkFactory)
        .add_connector(hurtig_connector_print::PrintFactory)
        .add_connector(hurtig_connector_print::BlackholeFactory);
}

/// Says what went wrong.
pub(crate) fn tell(error: &Error) {
    eprintln!("[ERROR] {error}");
}
