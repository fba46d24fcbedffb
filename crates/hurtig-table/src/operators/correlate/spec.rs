//! What the planner says of correlates.

use arrow_array::{RecordBatch, UInt32Array};
use arrow_schema::SchemaRef;
use hurtig_types::Result;

/// A function that makes rows of a row.
///
/// The law: the rows that it makes come in the order of the rows that they are made of, and depend on those alone (a function that is
/// not deterministic must not stand behind a changelog that takes rows away).
pub trait TableFunction: Send {
    /// The rows that are made of `rows`, which are those of the input with all their columns; and for each the index of the row that it
    /// was made of, ascending.
    ///
    /// # Errors
    /// When the function fails at a row.
    fn call(&mut self, rows: &RecordBatch) -> Result<(RecordBatch, UInt32Array)>;
}

/// `UNNEST`: behind the columns of a row stand those of an item. An item of an array is a column, or as many as a ROW has fields; one of
/// a map two; one of a multiset (a map of items and their counts) a column, and as many rows as it is there.
#[derive(Clone, Debug)]
pub struct UnnestSpec {
    /// The column of the collection.
    pub column: usize,
    /// Whether it is a multiset.
    pub multiset: bool,
    /// Whether a last column (`INT NOT NULL`) counts the items of a row from 1.
    pub with_ordinality: bool,
    /// Whether a row without items stays, with nulls.
    pub left: bool,
    /// The columns of the output.
    pub output: SchemaRef,
}
