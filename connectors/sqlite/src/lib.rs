//! SQLite as a sink: rows, and the note that they were written, in one transaction.
//!
//! ```text
//!  compute lane      SqliteWriter: record ─► row of values, kept until the barrier
//!                        │ committable: an id and the rows, part of the checkpoint
//!  a thread of its own   SqliteCommitter, when the checkpoint is complete: one transaction inserts the rows
//!                        and notes the id; an id that is there already stands for rows that are
//! ```
//!
//! [`SqliteSink`] is the pattern for databases with transactions that can't be kept open: what is to be written travels in the
//! checkpoint, and the database itself remembers what of it was written.
//!
//! What it is not: no source, no maker of tables, no upserts of its own (the statement is yours: `INSERT … ON CONFLICT …`).
//!
//! Two laws:
//! 1. The rows between two barriers are in the database all or not at all, and once.
//! 2. Nothing blocks but threads that are there for it.

#![cfg_attr(test, allow(clippy::unwrap_used))]

mod commit;
mod database;
mod sink;
mod value;
mod writer;

pub use sink::SqliteSink;
pub use value::{Row, Value};
