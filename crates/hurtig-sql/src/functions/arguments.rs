//! The arguments of a call, for a batch of rows.

use std::sync::Arc;

use arrow_array::builder::{BinaryBuilder, StringViewBuilder};
use arrow_array::cast::AsArray;
use arrow_array::types::{Float64Type, Int64Type};
use arrow_array::{
    Array, ArrayRef, BinaryArray, BooleanArray, Float64Array, Int32Array, Int64Array,
    StringViewArray,
};
use arrow_cast::cast;
use arrow_schema::{DataType, FieldRef};
use datafusion_common::{Result, exec_datafusion_err};
use datafusion_expr::ColumnarValue;

use super::time::Zone;

/// What a function computes with.
pub(super) struct Arguments<'a> {
    pub(super) values: &'a [ColumnarValue],
    pub(super) fields: &'a [FieldRef],
    /// How many rows it answers for: one, if all arguments are the same for all.
    pub(super) rows: usize,
    /// What it returns.
    pub(super) returns: &'a FieldRef,
    /// The session's zone.
    pub(super) zone: Zone,
}

/// A column, or one value for all rows.
pub(super) struct Column<A> {
    pub(super) array: A,
    pub(super) is_constant: bool,
}

impl<A: Array> Column<A> {
    /// Where the value of a row is, if it is not NULL.
    #[inline]
    pub(super) fn place(&self, row: usize) -> Option<usize> {
        let place = if self.is_constant { 0 } else { row };
        (!self.array.is_null(place)).then_some(place)
    }
}

impl Column<StringViewArray> {
    #[inline]
    pub(super) fn at(&self, row: usize) -> Option<&str> {
        self.place(row).map(|place| self.array.value(place))
    }

    /// The text that all rows have.
    pub(super) fn constant(&self) -> Option<&str> {
        if self.is_constant { self.at(0) } else { None }
    }
}

impl Column<BinaryArray> {
    #[inline]
    pub(super) fn at(&self, row: usize) -> Option<&[u8]> {
        self.place(row).map(|place| self.array.value(place))
    }
}

impl Column<Int64Array> {
    #[inline]
    pub(super) fn at(&self, row: usize) -> Option<i64> {
        self.place(row).map(|place| self.array.value(place))
    }
}

impl Column<Float64Array> {
    #[inline]
    pub(super) fn at(&self, row: usize) -> Option<f64> {
        self.place(row).map(|place| self.array.value(place))
    }
}

impl Column<BooleanArray> {
    #[inline]
    pub(super) fn at(&self, row: usize) -> Option<bool> {
        self.place(row).map(|place| self.array.value(place))
    }
}

impl Arguments<'_> {
    /// How many there are.
    pub(super) const fn count(&self) -> usize {
        self.values.len()
    }

    pub(super) const fn has(&self, index: usize) -> bool {
        index < self.values.len()
    }

    pub(super) fn type_of(&self, index: usize) -> DataType {
        let value = self.values.get(index);
        value.map_or(DataType::Null, ColumnarValue::data_type)
    }

    /// An argument's values, one if it is the same for all rows.
    pub(super) fn column(&self, index: usize) -> Result<Column<ArrayRef>> {
        let value = self.values.get(index);
        let value = value.ok_or_else(|| exec_datafusion_err!("argument {} is missing", index + 1));
        Ok(match value? {
            ColumnarValue::Array(array) => Column {
                array: Arc::clone(array),
                is_constant: false,
            },
            ColumnarValue::Scalar(scalar) => Column {
                array: scalar.to_array()?,
                is_constant: true,
            },
        })
    }

    /// An argument's values, one for each row.
    pub(super) fn array(&self, index: usize) -> Result<ArrayRef> {
        let value = self.values.get(index);
        let value = value.ok_or_else(|| exec_datafusion_err!("argument {} is missing", index + 1));
        value?.to_array(self.rows)
    }

    pub(super) fn as_type(&self, index: usize, data_type: &DataType) -> Result<Column<ArrayRef>> {
        let column = self.column(index)?;
        if column.array.data_type() == data_type {
            return Ok(column);
        }
        Ok(Column {
            array: cast(&column.array, data_type)?,
            is_constant: column.is_constant,
        })
    }

    pub(super) fn texts(&self, index: usize) -> Result<Column<StringViewArray>> {
        let column = self.as_type(index, &DataType::Utf8View)?;
        Ok(Column {
            array: column.array.as_string_view().clone(),
            is_constant: column.is_constant,
        })
    }

    /// The bytes of an argument: of text, its UTF-8.
    pub(super) fn bytes(&self, index: usize) -> Result<Column<BinaryArray>> {
        let column = self.as_type(index, &DataType::Binary)?;
        Ok(Column {
            array: column.array.as_binary::<i32>().clone(),
            is_constant: column.is_constant,
        })
    }

    pub(super) fn longs(&self, index: usize) -> Result<Column<Int64Array>> {
        let column = self.as_type(index, &DataType::Int64)?;
        Ok(Column {
            array: column.array.as_primitive::<Int64Type>().clone(),
            is_constant: column.is_constant,
        })
    }

    pub(super) fn doubles(&self, index: usize) -> Result<Column<Float64Array>> {
        let column = self.as_type(index, &DataType::Float64)?;
        Ok(Column {
            array: column.array.as_primitive::<Float64Type>().clone(),
            is_constant: column.is_constant,
        })
    }

    pub(super) fn booleans(&self, index: usize) -> Result<Column<BooleanArray>> {
        let column = self.column(index)?;
        Ok(Column {
            array: column.array.as_boolean().clone(),
            is_constant: column.is_constant,
        })
    }

    /// A column of texts.
    pub(super) fn texts_of<T: AsRef<str>>(&self, value: impl Fn(usize) -> Option<T>) -> ArrayRef {
        let mut texts = StringViewBuilder::with_capacity(self.rows);
        (0..self.rows).for_each(|row| texts.append_option(value(row)));
        Arc::new(texts.finish())
    }

    /// The same, where a row may fail.
    pub(super) fn try_texts_of<T: AsRef<str>>(
        &self,
        mut value: impl FnMut(usize) -> Result<Option<T>>,
    ) -> Result<ArrayRef> {
        let mut texts = StringViewBuilder::with_capacity(self.rows);
        for row in 0..self.rows {
            texts.append_option(value(row)?);
        }
        Ok(Arc::new(texts.finish()))
    }

    /// A column of bytes.
    pub(super) fn bytes_of<T: AsRef<[u8]>>(&self, value: impl Fn(usize) -> Option<T>) -> ArrayRef {
        let mut bytes = BinaryBuilder::with_capacity(self.rows, 0);
        (0..self.rows).for_each(|row| bytes.append_option(value(row)));
        Arc::new(bytes.finish())
    }

    /// A column of INT.
    pub(super) fn ints_of(&self, value: impl Fn(usize) -> Option<i64>) -> ArrayRef {
        let ints = (0..self.rows).map(|row| value(row).map(|number| number as i32));
        Arc::new(ints.collect::<Int32Array>())
    }

    /// A column of BIGINT.
    pub(super) fn longs_of(&self, value: impl Fn(usize) -> Option<i64>) -> ArrayRef {
        Arc::new((0..self.rows).map(value).collect::<Int64Array>())
    }

    /// A column of DOUBLE.
    pub(super) fn doubles_of(&self, value: impl Fn(usize) -> Option<f64>) -> ArrayRef {
        Arc::new((0..self.rows).map(value).collect::<Float64Array>())
    }

    /// A column of BOOLEAN.
    pub(super) fn booleans_of(&self, value: impl Fn(usize) -> Option<bool>) -> ArrayRef {
        Arc::new((0..self.rows).map(value).collect::<BooleanArray>())
    }
}
