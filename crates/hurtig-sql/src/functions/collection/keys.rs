//! Items of arrays by what they are: equal items are equal keys. NULL is equal to NULL.

use arrow_array::{Array, ArrayRef};
use arrow_row::{Row, RowConverter, Rows, SortField};
use datafusion_common::Result;

/// The items of some arrays of one type, to be compared.
pub(super) struct Keys {
    rows: Vec<Rows>,
}

impl Keys {
    pub(super) fn of(arrays: &[&ArrayRef]) -> Result<Self> {
        let Some(first) = arrays.first() else {
            return Ok(Self { rows: Vec::new() });
        };
        let converter = RowConverter::new(vec![SortField::new(first.data_type().clone())])?;
        let rows = arrays
            .iter()
            .map(|array| converter.convert_columns(&[ArrayRef::clone(array)]));
        Ok(Self {
            rows: rows.collect::<Result<_, _>>()?,
        })
    }

    /// The key of an item of one of the arrays.
    pub(super) fn at(&self, array: usize, item: usize) -> Option<Row<'_>> {
        let rows = self.rows.get(array)?;
        (item < rows.num_rows()).then(|| rows.row(item))
    }
}
