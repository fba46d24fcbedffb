//! **Hurtig**: stateful stream processing. Apache Flink's system, built anew in Rust.
//!
//! ```text
//!  source ─► map, filter, flat_map ─► key_by ─► window, process (state, timers) ─► sink
//! ```
//!
//! This crate is the one to depend on; but for [`WebUi`], which joins the typed API and the REST server, it holds nothing of its own.
//!
//! Features: `web-ui` (on by default) brings the REST server and its page; without it no HTTP is compiled in.
//!
//! ```
//! use hurtig::prelude::*;
//!
//! let env = StreamExecutionEnvironment::new();
//! let counts = env
//!     .from_collection(["to be or not to be"].map(String::from))
//!     .flat_map(|line| line.split(' ').map(|word| (word.to_string(), 1u64)).collect::<Vec<_>>())
//!     .key_by(|word| word.0.clone())
//!     .sum(|word| &mut word.1);
//! let last = counts.filter(|word| word.0 == "be").execute_and_collect("word count")?;
//! assert_eq!(last, [("be".to_string(), 1), ("be".to_string(), 2)]);
//! # Ok::<(), hurtig::Error>(())
//! ```

#[cfg(feature = "web-ui")]
mod web_ui;

/// Everything a job needs: `use hurtig::prelude::*`.
pub mod prelude {
    #[cfg(feature = "web-ui")]
    pub use crate::WebUi;
    pub use crate::{Configuration, Error, ErrorKind, Result, Timestamp};
    pub use hurtig_connector_files::{Compression, FileSink, FileSource};
    pub use hurtig_datastream::*;
    pub use hurtig_format_csv::CsvFormat;
    pub use hurtig_format_json::JsonFormat;
}

/// The contracts of sources and sinks, for connectors of one's own.
pub use hurtig_connect as connect;
/// Files: text, CSV, JSON lines; directories, globs, compression.
pub use hurtig_connector_files as files;
/// The typed API.
pub use hurtig_datastream as datastream;
/// Time, randomness, storage and threads: real, or simulated under a seed.
pub use hurtig_env as env;
/// Counters, gauges, histograms, meters.
pub use hurtig_metrics as metrics;
/// The REST server, for clusters of one's own.
#[cfg(feature = "web-ui")]
pub use hurtig_rest as rest;
/// Operators and jobs, for operators of one's own.
pub use hurtig_runtime as runtime;

#[cfg(feature = "web-ui")]
pub use web_ui::WebUi;

pub use hurtig_types::{
    Configuration, Data, Error, ErrorContext, ErrorKind, Key, Result, Timestamp,
};

/// Sees that the job in the README compiles.
#[cfg(doctest)]
#[doc = include_str!("../../../README.md")]
struct Readme;
