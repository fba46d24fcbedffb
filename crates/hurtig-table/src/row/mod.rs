//! Rows as bytes: compact, equal exactly when the rows are, and not in any order.
//!
//! A row lies in state this way: a bit per column that says whether it is null, then the values that are not, one behind the other.
//!
//! ```text
//! nulls, a bit a column, in whole bytes | fixed width: little endian | text, bytes: length as varint, bytes | list: length, row by row
//! ```
//!
//! Floating-point numbers: −0 is written as 0 and every NaN as one, so that they are equal as keys.

mod decode;
mod encode;

use arrow_array::{ArrayRef, RecordBatch};
use arrow_schema::{DataType, Field, FieldRef, Fields};
use hurtig_types::{Error, Result};
use serde::{Deserialize, Serialize};
use smallvec::SmallVec;

use decode::Decoder;
use encode::Cells;

/// A row as bytes. Small ones take no allocation.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct RowBytes(SmallVec<[u8; 24]>);

impl RowBytes {
    /// The bytes.
    pub fn as_slice(&self) -> &[u8] {
        &self.0
    }

    /// How many bytes it takes beside itself.
    pub fn heap_bytes(&self) -> usize {
        if self.0.spilled() {
            self.0.capacity()
        } else {
            0
        }
    }
}

impl From<&[u8]> for RowBytes {
    fn from(bytes: &[u8]) -> Self {
        Self(SmallVec::from_slice(bytes))
    }
}

/// Turns rows of these columns into bytes, and back.
///
/// ```
/// use std::sync::Arc;
/// use arrow_array::{ArrayRef, Int64Array, RecordBatch, StringViewArray};
/// use hurtig_table::RowCodec;
///
/// let id: ArrayRef = Arc::new(Int64Array::from(vec![Some(7), None]));
/// let name: ArrayRef = Arc::new(StringViewArray::from(vec!["plum", "pear"]));
/// let batch = RecordBatch::try_from_iter([("id", id), ("name", name)]).unwrap();
/// let codec = RowCodec::new(batch.schema().fields().clone())?;
/// let rows = codec.encode(batch.columns())?;
/// assert_eq!(codec.decode(rows.iter().map(|row| row.as_slice()))?, batch.columns());
/// # Ok::<(), hurtig_types::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct RowCodec {
    fields: Fields,
}

impl RowCodec {
    /// The codec of rows with these columns.
    ///
    /// # Errors
    /// When a column has a type that cannot lie in state.
    pub fn new(fields: Fields) -> Result<Self> {
        fields.iter().try_for_each(|field| check(field))?;
        Ok(Self { fields })
    }

    /// The codec of the columns at `indexes` of a batch.
    ///
    /// # Errors
    /// As [`RowCodec::new`], or when there is no such column.
    pub fn of_columns(fields: &Fields, indexes: &[usize]) -> Result<Self> {
        let chosen: Option<Vec<FieldRef>> =
            indexes.iter().map(|i| fields.get(*i).cloned()).collect();
        let chosen = chosen.ok_or_else(|| Error::bug("a column of a row that is not there"))?;
        Self::new(chosen.into())
    }

    /// The columns.
    pub const fn fields(&self) -> &Fields {
        &self.fields
    }

    /// The rows of these columns, as bytes.
    ///
    /// # Errors
    /// When the columns are others than the codec's, which is a bug.
    pub fn encode(&self, columns: &[ArrayRef]) -> Result<Vec<RowBytes>> {
        let mut rows = Vec::new();
        self.encode_into(columns, &mut rows)?;
        Ok(rows)
    }

    /// As [`encode`](Self::encode), behind what is in `rows`.
    ///
    /// # Errors
    /// As [`encode`](Self::encode).
    pub fn encode_into(&self, columns: &[ArrayRef], rows: &mut Vec<RowBytes>) -> Result<()> {
        let count = columns.first().map_or(0, |column| column.len());
        let cells = self.cells(columns)?;
        rows.reserve(count);
        let nulls = cells.len().div_ceil(8);
        for index in 0..count {
            let mut bytes = SmallVec::from_elem(0, nulls);
            encode::row(&cells, index, &mut bytes);
            rows.push(RowBytes(bytes));
        }
        Ok(())
    }

    /// What encodes rows of these columns one by one, for who wants some of them.
    pub(crate) fn encoder<'a>(&self, columns: &'a [ArrayRef]) -> Result<RowEncoder<'a>> {
        self.cells(columns).map(RowEncoder)
    }

    /// Calls `each` with the bytes of each row of these columns, which are written to one place: for who keeps them elsewhere.
    ///
    /// # Errors
    /// As [`encode`](Self::encode).
    pub fn encode_each(&self, columns: &[ArrayRef], mut each: impl FnMut(&[u8])) -> Result<()> {
        let count = columns.first().map_or(0, |column| column.len());
        let cells = self.cells(columns)?;
        let nulls = cells.len().div_ceil(8);
        let mut bytes = SmallVec::new();
        for index in 0..count {
            bytes.clear();
            bytes.resize(nulls, 0);
            encode::row(&cells, index, &mut bytes);
            each(&bytes);
        }
        Ok(())
    }

    fn cells<'a>(&self, columns: &'a [ArrayRef]) -> Result<Vec<Cells<'a>>> {
        if columns.len() != self.fields.len() {
            let (is, expected) = (columns.len(), self.fields.len());
            let message = format!("rows of {is} columns, where {expected} are expected");
            return Err(Error::bug(message));
        }
        let pairs = columns.iter().zip(&self.fields);
        pairs
            .map(|(column, field)| Cells::new(column, field.data_type()))
            .collect()
    }

    /// The columns of rows that [`encode`](Self::encode) wrote.
    ///
    /// # Errors
    /// When the bytes are no such row.
    pub fn decode<'a>(&self, rows: impl IntoIterator<Item = &'a [u8]>) -> Result<Vec<ArrayRef>> {
        let rows = rows.into_iter();
        let room = rows.size_hint().0;
        let mut decoders = self
            .fields
            .iter()
            .map(|field| Decoder::new(field.data_type(), room))
            .collect::<Result<Vec<_>>>()?;
        for row in rows {
            decode::row(row, &mut decoders)?;
        }
        decoders.into_iter().map(Decoder::finish).collect()
    }

    /// The columns of `batch` at these indexes.
    ///
    /// # Errors
    /// When there is no such column.
    pub fn project(batch: &RecordBatch, indexes: &[usize]) -> Result<Vec<ArrayRef>> {
        let columns = indexes.iter().map(|i| batch.columns().get(*i).cloned());
        let columns: Option<Vec<_>> = columns.collect();
        columns.ok_or_else(|| Error::bug("a column of a batch that is not there"))
    }
}

/// Encodes rows of some columns one by one.
pub(crate) struct RowEncoder<'a>(Vec<Cells<'a>>);

impl RowEncoder<'_> {
    /// The row of this index.
    pub(crate) fn row(&self, index: usize) -> RowBytes {
        let mut bytes = SmallVec::from_elem(0, self.0.len().div_ceil(8));
        encode::row(&self.0, index, &mut bytes);
        RowBytes(bytes)
    }
}

fn check(field: &Field) -> Result<()> {
    match field.data_type() {
        DataType::List(item) => check(item),
        DataType::Struct(fields) => fields.iter().try_for_each(|field| check(field)),
        DataType::Map(entries, _) => check(entries),
        data_type => Decoder::new(data_type, 0).map(drop),
    }
    .map_err(|error| error.context(format!("column `{}`", field.name())))
}

#[cfg(test)]
mod tests;
