//! Columns that are put together value by value, from text: what decoders of formats fill.
//!
//! ```text
//!  decoder ─► BatchBuilder ─ a ColumnBuilder per column ─┬ ScalarBuilder: the value of a text
//!                                                        └ RowBuilder, ListBuilder, MapBuilder: of other columns
//! ```
//!
//! The law: a record that is given up in the middle leaves no trace. [`BatchBuilder::end_row`] fills what is missing of it, and leaves it
//! out.

mod batch;
mod decode;
mod nested;
mod scalar;

pub use batch::BatchBuilder;
pub use decode::{DecodeRow, RowsDecoder};
pub use nested::{ListBuilder, MapBuilder, RowBuilder};
pub use scalar::{ScalarBuilder, TimestampFormat};

use arrow_array::ArrayRef;
use arrow_schema::{ArrowError, DataType};
use hurtig_types::{Error, Result};

/// A column that is being put together.
pub enum ColumnBuilder {
    /// Of values without parts.
    Scalar(ScalarBuilder),
    /// Of rows.
    Row(RowBuilder),
    /// Of lists.
    List(ListBuilder),
    /// Of maps.
    Map(MapBuilder),
}

impl ColumnBuilder {
    /// An empty column of this type.
    ///
    /// # Errors
    /// When it is none of those that tables have.
    pub fn new(data_type: &DataType) -> Result<Self> {
        Ok(match data_type {
            DataType::Struct(fields) => Self::Row(RowBuilder::new(fields)?),
            DataType::List(item) => Self::List(ListBuilder::new(item)?),
            DataType::Map(entry, _) => Self::Map(MapBuilder::new(entry)?),
            scalar => match ScalarBuilder::new(scalar) {
                Some(builder) => Self::Scalar(builder),
                None => return Err(Error::unsupported(format!("columns of the type {scalar}"))),
            },
        })
    }

    /// How many values it has.
    pub fn len(&self) -> usize {
        match self {
            Self::Scalar(scalar) => scalar.len(),
            Self::Row(row) => row.rows(),
            Self::List(list) => list.len(),
            Self::Map(map) => map.len(),
        }
    }

    /// Whether it has none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Adds null.
    pub fn append_null(&mut self) {
        self.append_filler(true);
    }

    /// Adds a value that stands for none: null, or where that may not be some other.
    fn append_filler(&mut self, nullable: bool) {
        match self {
            Self::Scalar(scalar) => scalar.append_filler(nullable),
            Self::Row(row) => row.end(!nullable),
            Self::List(list) => list.end(!nullable),
            Self::Map(map) => map.end(!nullable),
        }
    }

    /// Brings it to so many values: what was begun is ended, and what is missing stands for none.
    pub(crate) fn fill(&mut self, length: usize, nullable: bool) {
        self.settle();
        while self.len() < length {
            self.append_filler(nullable);
        }
    }

    /// Ends a value whose parts were begun and given up.
    fn settle(&mut self) {
        match self {
            Self::Scalar(_) => {}
            Self::Row(row) => row.settle(),
            Self::List(list) => list.settle(),
            Self::Map(map) => map.settle(),
        }
    }

    /// The column, and begins anew.
    ///
    /// # Errors
    /// When its parts don't fit, which is a bug.
    pub fn finish(&mut self) -> Result<ArrayRef, ArrowError> {
        match self {
            Self::Scalar(scalar) => scalar.finish(),
            Self::Row(row) => row.finish(),
            Self::List(list) => list.finish(),
            Self::Map(map) => map.finish(),
        }
    }
}
