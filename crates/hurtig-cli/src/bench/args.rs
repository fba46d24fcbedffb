//! What was typed behind `hurtig bench`.

use clap::{Subcommand, ValueEnum};

use super::queries;
use crate::sql::key_value;

/// Options of `hurtig bench`.
#[derive(clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    pub(super) benchmark: Benchmark,
}

#[derive(Subcommand)]
pub(super) enum Benchmark {
    /// The queries of Nexmark, an auction house, over events that are made as they are read
    Nexmark(Nexmark),
}

/// Options of `hurtig bench nexmark`.
#[derive(clap::Args, Clone)]
pub(super) struct Nexmark {
    /// Which queries, as q0,q5; all of them without
    #[arg(long, value_delimiter = ',', value_parser = query)]
    pub(super) queries: Vec<&'static str>,
    /// How many events: persons, auctions and bids together
    #[arg(long, default_value_t = 10_000_000, value_parser = clap::value_parser!(u64).range(1..))]
    pub(super) events: u64,
    /// How many subtasks each operator has
    #[arg(long, default_value_t = 2, value_parser = clap::value_parser!(u32).range(1..))]
    pub(super) parallelism: u32,
    /// Where state is kept
    #[arg(long, value_enum, default_value_t = StateBackend::Hashmap)]
    pub(super) state_backend: StateBackend,
    /// Takes a checkpoint so often, as 1s; none without
    #[arg(long, value_name = "TIME")]
    pub(super) checkpoint_interval: Option<String>,
    /// Makes all columns of the events, whatever the query reads
    #[arg(long)]
    pub(super) full_rows: bool,
    /// Puts changes out one by one, and not at most one of a key for each batch
    #[arg(long)]
    pub(super) no_mini_batch: bool,
    /// An option of the session, as SET says it
    #[arg(short = 'D', value_name = "KEY=VALUE", value_parser = key_value)]
    pub(super) options: Vec<(String, String)>,
    /// Prints a JSON object for each query
    #[arg(long)]
    pub(super) json: bool,
    /// Runs the queries in this process, and not in one for each: memory is then what all have taken together
    #[arg(long)]
    pub(super) in_process: bool,
}

/// Where state is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum StateBackend {
    /// In memory
    Hashmap,
    /// On the local disk
    Rocksdb,
}

impl StateBackend {
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Hashmap => "hashmap",
            Self::Rocksdb => "rocksdb",
        }
    }
}

fn query(text: &str) -> Result<&'static str, String> {
    let known = queries::names().find(|name| *name == text);
    known.ok_or_else(|| format!("there is no query `{text}`: they are q0 to q22"))
}
