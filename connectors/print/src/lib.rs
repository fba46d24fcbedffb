//! Tables that need nothing from outside.
//!
//! ```text
//!  print      a row a line, as Flink writes it: `orders:1> +I[7, a]`
//!  blackhole  nowhere
//!  collect    rows ─► CollectSink ──a bounded queue──► CollectReader, at a client: what SELECT shows
//!  values     rows that are in memory, for VALUES and for tests
//! ```
//!
//! Two laws:
//! 1. A client that does not take its rows stops the job, and nothing is dropped for it.
//! 2. A client sees each row once, or is told that rows may come again.

#![cfg_attr(test, allow(clippy::unwrap_used))]

mod blackhole;
mod collect;
mod print;
mod values;

pub use blackhole::BlackholeFactory;
pub use collect::{CollectReader, CollectSink, collect};
pub use print::{PrintFactory, PrintRows};
pub use values::{ValuesFactory, ValuesTable};
