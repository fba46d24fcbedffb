//! What tests of table operators are made from.
//!
//! ```text
//!  rows!(…)          a batch written by hand: kinds and cells
//!  RowHarness        all subtasks of one operator, with the exchange before it; snapshots and rescaling in between
//!  SortedMaps        a backend for its state, as a disk would be
//!  Table             what a changelog amounts to: the rows that are there after it
//! ```

mod build;
mod harness;
mod maps;
mod table;

pub use build::{ColumnsOf, batch, changes, column};
pub use harness::{HarnessOptions, RowHarness};
pub use maps::SortedMaps;
pub use table::{Row, Table, rows_of, text_of};
