//! Flink SQL.
//!
//! ```text
//!  text ─ hurtig-sql-parser ─► Statement ─ TableEnvironment ─┬► catalogs change, settings change, something is shown
//!                                                            └► query ─ planner ─► physical ─► RowStreams in a job
//! ```
//!
//! [`TableEnvironment`] is where a program or a client begins. Parsing is `hurtig-sql-parser`'s, operators are `hurtig-table`'s;
//! DataFusion resolves names and types, optimises, and computes expressions.

#![cfg_attr(test, allow(clippy::unwrap_used))]

pub mod catalog;
mod connectors;
mod error;
pub mod functions;
mod physical;
mod planner;
mod session;
pub mod types;

pub use connectors::Connectors;
pub use functions::Functions;
pub use session::{Outcome, QueryHandle, Settings, TableEnvironment};
