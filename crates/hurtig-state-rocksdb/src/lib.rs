//! Keyed state on the local disk, larger than memory: [`RocksDbBackend`] is a
//! [`StateBackend`](hurtig_state::store::StateBackend) whose stores are RocksDB databases.
//!
//! What it is not: it caches no values (the tables in front of it do), knows no types, and nothing of where checkpoints go.
//!
//! ```text
//!  RocksDbBackend ── memory budget ─┬─ a quarter: hot entries of the tables in front
//!        │                          └─ the rest: one block cache, to which write buffers, indexes and filters are charged
//!        │ create, open
//!        ▼
//!  RocksDbStore ── one database each, a column family for each column, no log
//!        │ snapshot
//!        ▼
//!  RocksDbSnapshot ── hard links in a directory beside the database, made when they are asked for or before the next write
//!        │ stored
//!        ▼
//!  Registry ── hard links that stay for a restart in place: ReceivedFiles::take_local
//! ```
//!
//! On disk, below the local directory:
//!
//! ```text
//!  rocksdb-0.lock               locked as long as the backend lives; what is beside an unlocked one is removed by the next
//!  rocksdb-0/db-3-sum--1-4-/    a store: db/ and its snapshot-*/
//!           /received-4-…/      what comes from a checkpoint
//!           /kept-0-files/      the registry's
//! ```
//!
//! Three laws:
//! 1. **Nothing on this disk is needed after a failure.** Checkpoints are the durability, so there is no log, and directories go with
//!    what they belong to.
//! 2. **A file of entries is never written again**, so a hard link to it is a copy.
//! 3. **Memory that grows with the state is charged to the cache**: blocks, indexes, filters, write buffers. What is beside it is
//!    bounded by the number of databases and of their open files.

#![cfg_attr(test, allow(clippy::unwrap_used))]

mod backend;
mod balance;
mod database;
mod engine;
mod expiry;
mod import;
mod local;
mod metrics;
mod names;
mod options;
mod received;
mod registry;
mod rescale;
mod snapshot;
mod store;
#[cfg(test)]
mod tests;

pub use backend::RocksDbBackend;
pub use metrics::RocksDbMetrics;
pub use options::{RocksDbCompression, RocksDbOptions};
