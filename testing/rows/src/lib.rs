//! What tests of table operators are made from.
//!
//! ```text
//!  rows!(…)          a batch written by hand: kinds and cells
//!  RowHarness        all subtasks of one operator, with the exchange before it; snapshots and rescaling in between
//!  Table             what a changelog amounts to: the rows that are there after it
//! ```

mod build;
mod harness;
mod table;

pub use build::{ColumnsOf, batch, changes, column};
pub use harness::{HarnessOptions, RowHarness};
pub use table::{Row, Table, rows_of, text_of};
