//! What was typed behind `hurtig sql`.

use std::path::PathBuf;

use clap::ValueEnum;

/// Options of `hurtig sql`, with Flink's names.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Statements to run, with semicolons between them; may be given several times
    #[arg(short = 'e', long = "execute", value_name = "SQL")]
    pub(crate) statements: Vec<String>,
    /// A script to run
    #[arg(short, long, value_name = "FILE", conflicts_with = "statements")]
    pub(crate) file: Option<PathBuf>,
    /// A script to run before all else: tables, settings
    #[arg(short, long, value_name = "FILE")]
    pub(crate) init: Option<PathBuf>,
    /// An option of the session, as SET says it
    #[arg(short = 'D', value_name = "KEY=VALUE", value_parser = key_value)]
    pub(crate) options: Vec<(String, String)>,
    /// Where the first job goes on from: the path of a savepoint or checkpoint, or `latest`
    #[arg(long, value_name = "PATH")]
    pub(crate) restore: Option<String>,
    /// Ctrl-C ends a job with a savepoint, in this directory or that of 'execution.checkpointing.savepoint-dir'
    #[arg(long, value_name = "DIR", num_args = 0..=1, require_equals = true)]
    pub(crate) savepoint_on_exit: Option<Option<String>>,
    /// How results are shown
    #[arg(long, value_enum, default_value_t = Format::Tableau)]
    pub(crate) output: Format,
}

/// How results are shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// A table on the terminal, with the kind of each change
    Tableau,
    /// A JSON object for each change: {"op":"+I","row":{…}}
    Json,
    /// Comma-separated values, the kind of the change first
    Csv,
}

/// An option and its value.
pub(crate) fn key_value(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((key, value)) => Ok((key.trim().to_string(), value.trim().to_string())),
        None => Err(format!("`{text}`: write KEY=VALUE")),
    }
}
