//! Orders of rows as bytes: rows compare as the bytes do. They lie in state, so their form is ours, not that of a library's version.
//!
//! ```text
//! a cell: 0 or 1, which says whether it is null, by where nulls stand | the value, unless null; each byte inverted if descending
//! numbers, times, booleans: 8 bytes, big endian, the sign inverted | DECIMAL: 16 | text, bytes: 00 becomes 00 ff, and 00 00 ends it
//! ```
//!
//! No encoding is the front of another, so that a cell decides before the next is looked at. Floating-point numbers: −0 equals 0, and
//! NaN, of which there is one, is the greatest.

use arrow_array::cast::AsArray;
use arrow_array::types::*;
use arrow_array::{Array, ArrayRef, ArrowPrimitiveType, RecordBatch, new_empty_array};
use arrow_buffer::NullBuffer;
use arrow_schema::{DataType, Fields, IntervalUnit, TimeUnit};
use hurtig_types::{Error, Result};

use crate::operators::rank::SortColumn;

/// Turns rows into bytes of this order.
#[derive(Clone, Debug)]
pub(crate) struct OrderCodec(Vec<SortColumn>);

/// The orders of a batch's rows, one behind the other.
#[derive(Default)]
pub(crate) struct Orders {
    bytes: Vec<u8>,
    ends: Vec<usize>,
}

impl Orders {
    /// The order of a row.
    #[inline]
    pub(crate) fn get(&self, row: u32) -> &[u8] {
        let row = row as usize;
        let start = row.checked_sub(1).and_then(|before| self.ends.get(before));
        let end = self.ends.get(row).copied().unwrap_or(0);
        let start = start.copied().unwrap_or(0);
        self.bytes.get(start..end).unwrap_or_default()
    }
}

impl OrderCodec {
    /// The codec of this order.
    ///
    /// # Errors
    /// When there is no such column, or its type has no order.
    pub(crate) fn new(fields: &Fields, order: &[SortColumn]) -> Result<Self> {
        for by in order {
            let field = fields.get(by.column);
            let field =
                field.ok_or_else(|| Error::bug("an order by a column that is not there"))?;
            let empty = new_empty_array(field.data_type());
            let has_order = Cells::of(&empty).map(drop);
            has_order.map_err(|error| error.context(format!("ORDER BY `{}`", field.name())))?;
        }
        Ok(Self(order.to_vec()))
    }

    /// The orders of the rows of a batch, in the place of what `orders` held.
    pub(crate) fn encode(&self, batch: &RecordBatch, orders: &mut Orders) -> Result<()> {
        orders.bytes.clear();
        orders.ends.clear();
        let mut columns = Vec::with_capacity(self.0.len());
        for by in &self.0 {
            let column = batch.columns().get(by.column);
            let column =
                column.ok_or_else(|| Error::bug("an order by a column that is not there"))?;
            columns.push(OrderColumn {
                cells: Cells::of(column)?,
                nulls: column.nulls().filter(|nulls| nulls.null_count() > 0),
                by: *by,
            });
        }
        for row in 0..batch.num_rows() {
            for column in &columns {
                column.write(row, &mut orders.bytes);
            }
            orders.ends.push(orders.bytes.len());
        }
        Ok(())
    }
}

struct OrderColumn<'a> {
    cells: Cells<'a>,
    nulls: Option<&'a NullBuffer>,
    by: SortColumn,
}

impl OrderColumn<'_> {
    fn write(&self, row: usize, bytes: &mut Vec<u8>) {
        if self.nulls.is_some_and(|nulls| nulls.is_null(row)) {
            bytes.push(u8::from(!self.by.nulls_first));
            return;
        }
        bytes.push(u8::from(self.by.nulls_first));
        let start = bytes.len();
        self.cells.write(row, bytes);
        if self.by.descending {
            bytes.iter_mut().skip(start).for_each(|byte| *byte = !*byte);
        }
    }
}

/// The values of a column; what has eight bytes at most as numbers of the same order.
enum Cells<'a> {
    Numbers(Vec<i64>),
    Decimals(&'a [i128]),
    Texts(Vec<&'a [u8]>),
}

impl<'a> Cells<'a> {
    fn of(column: &'a ArrayRef) -> Result<Self> {
        use DataType as T;
        Ok(match column.data_type() {
            T::Boolean => {
                let values = column.as_boolean().values().iter();
                Self::Numbers(values.map(i64::from).collect())
            }
            T::Int8 => numbers::<Int8Type>(column),
            T::Int16 => numbers::<Int16Type>(column),
            T::Int32 => numbers::<Int32Type>(column),
            T::Int64 => numbers::<Int64Type>(column),
            T::Float32 => {
                let values = column.as_primitive::<Float32Type>().values().iter();
                Self::Numbers(values.map(|value| float(f64::from(*value))).collect())
            }
            T::Float64 => {
                let values = column.as_primitive::<Float64Type>().values().iter();
                Self::Numbers(values.map(|value| float(*value)).collect())
            }
            T::Date32 => numbers::<Date32Type>(column),
            T::Time32(TimeUnit::Second) => numbers::<Time32SecondType>(column),
            T::Time32(_) => numbers::<Time32MillisecondType>(column),
            T::Time64(TimeUnit::Microsecond) => numbers::<Time64MicrosecondType>(column),
            T::Time64(_) => numbers::<Time64NanosecondType>(column),
            T::Interval(IntervalUnit::YearMonth) => numbers::<IntervalYearMonthType>(column),
            T::Duration(TimeUnit::Millisecond) => numbers::<DurationMillisecondType>(column),
            T::Timestamp(TimeUnit::Second, _) => numbers::<TimestampSecondType>(column),
            T::Timestamp(TimeUnit::Millisecond, _) => numbers::<TimestampMillisecondType>(column),
            T::Timestamp(TimeUnit::Microsecond, _) => numbers::<TimestampMicrosecondType>(column),
            T::Timestamp(TimeUnit::Nanosecond, _) => numbers::<TimestampNanosecondType>(column),
            T::Decimal128(..) => Self::Decimals(column.as_primitive::<Decimal128Type>().values()),
            T::Utf8View => texts(column.len(), |row| {
                column.as_string_view().value(row).as_bytes()
            }),
            T::Utf8 => texts(column.len(), |row| {
                column.as_string::<i32>().value(row).as_bytes()
            }),
            T::Binary => texts(column.len(), |row| column.as_binary::<i32>().value(row)),
            other => {
                let message = format!("values of type {other} have no order");
                return Err(Error::unsupported(message));
            }
        })
    }

    fn write(&self, row: usize, bytes: &mut Vec<u8>) {
        match self {
            Self::Numbers(values) => {
                let value = values.get(row).copied().unwrap_or_default() ^ i64::MIN;
                bytes.extend_from_slice(&value.to_be_bytes());
            }
            Self::Decimals(values) => {
                let value = values.get(row).copied().unwrap_or_default() ^ i128::MIN;
                bytes.extend_from_slice(&value.to_be_bytes());
            }
            Self::Texts(values) => escape(values.get(row).copied().unwrap_or_default(), bytes),
        }
    }
}

fn numbers<'a, P: ArrowPrimitiveType<Native: Into<i64>>>(column: &ArrayRef) -> Cells<'a> {
    let values = column.as_primitive::<P>().values().iter();
    Cells::Numbers(values.map(|value| (*value).into()).collect())
}

fn texts<'a>(rows: usize, text: impl Fn(usize) -> &'a [u8]) -> Cells<'a> {
    Cells::Texts((0..rows).map(text).collect())
}

/// A number of the same order: of negative ones all bits but the sign are inverted.
fn float(value: f64) -> i64 {
    let value = if value.is_nan() {
        f64::NAN
    } else {
        value + 0.0
    };
    let bits = value.to_bits() as i64;
    bits ^ (((bits >> 63) as u64) >> 1) as i64
}

fn escape(text: &[u8], bytes: &mut Vec<u8>) {
    if text.contains(&0) {
        for byte in text {
            bytes.push(*byte);
            if *byte == 0 {
                bytes.push(0xff);
            }
        }
    } else {
        bytes.extend_from_slice(text);
    }
    bytes.extend([0, 0]);
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow_array::{Float64Array, Int64Array, StringViewArray};
    use proptest::prelude::*;

    use super::*;

    fn orders_of(columns: &[ArrayRef], order: &[SortColumn]) -> Orders {
        let named = columns.iter().enumerate();
        let named = named.map(|(i, column)| (format!("c{i}"), Arc::clone(column), true));
        let batch = RecordBatch::try_from_iter_with_nullable(named).unwrap();
        let codec = OrderCodec::new(batch.schema().fields(), order).unwrap();
        let mut orders = Orders::default();
        codec.encode(&batch, &mut orders).unwrap();
        orders
    }

    #[test]
    fn floating_point_numbers_stand_in_their_order() {
        let ascending = [
            -f64::INFINITY,
            -2.5,
            -1.0,
            0.0,
            0.5,
            f64::INFINITY,
            f64::NAN,
        ];
        let column: ArrayRef = Arc::new(Float64Array::from(ascending.to_vec()));
        let orders = orders_of(&[column], &[SortColumn::ascending(0)]);
        for row in 1..ascending.len() as u32 {
            assert!(orders.get(row - 1) < orders.get(row), "{row}");
        }
        let zeros: ArrayRef = Arc::new(Float64Array::from(vec![0.0, -0.0]));
        let orders = orders_of(&[zeros], &[SortColumn::descending(0)]);
        assert_eq!(orders.get(0), orders.get(1));
    }

    proptest! {
        #[test]
        fn bytes_compare_as_rows_do(
            rows in prop::collection::vec((any::<Option<i8>>(), prop::option::of("[a\u{0}]{0,3}"), -3i64..3), 2..40),
            descending in any::<[bool; 2]>(),
            nulls_first in any::<[bool; 2]>(),
        ) {
            let columns: [ArrayRef; 3] = [
                Arc::new(rows.iter().map(|row| row.0.map(i64::from)).collect::<Int64Array>()),
                Arc::new(rows.iter().map(|row| row.1.as_deref()).collect::<StringViewArray>()),
                Arc::new(Int64Array::from_iter_values(rows.iter().map(|row| row.2))),
            ];
            let by = |column: usize| SortColumn { column, descending: descending[column], nulls_first: nulls_first[column] };
            let orders = orders_of(&columns, &[by(1), by(0), SortColumn::ascending(2)]);
            fn cell<T: Ord>(a: &Option<T>, b: &Option<T>, by: SortColumn) -> std::cmp::Ordering {
                match (a, b) {
                    (Some(a), Some(b)) if by.descending => b.cmp(a),
                    (Some(a), Some(b)) => a.cmp(b),
                    _ if by.nulls_first => a.is_some().cmp(&b.is_some()),
                    _ => b.is_some().cmp(&a.is_some()),
                }
            }
            for (i, a) in rows.iter().enumerate() {
                for (j, b) in rows.iter().enumerate() {
                    let expected = cell(&a.1, &b.1, by(1)).then(cell(&a.0, &b.0, by(0))).then(a.2.cmp(&b.2));
                    prop_assert_eq!(orders.get(i as u32).cmp(orders.get(j as u32)), expected);
                }
            }
        }
    }
}
