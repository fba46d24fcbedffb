//! Cells as bytes.

use arrow_array::cast::AsArray;
use arrow_array::types::*;
use arrow_array::{
    Array, ArrayRef, ArrowPrimitiveType, BinaryArray, BooleanArray, PrimitiveArray, StringArray,
    StringViewArray,
};
use arrow_buffer::{IntervalMonthDayNano, NullBuffer, OffsetBuffer};
use arrow_schema::{DataType, IntervalUnit, TimeUnit};
use hurtig_types::{Error, Result};
use smallvec::SmallVec;

type Bytes = SmallVec<[u8; 24]>;

/// A column to be written cell by cell.
pub(super) struct Cells<'a> {
    nulls: Option<&'a NullBuffer>,
    values: Values<'a>,
}

enum Values<'a> {
    Null,
    Boolean(&'a BooleanArray),
    Fixed1(&'a [i8]),
    Fixed2(&'a [i16]),
    Fixed4(&'a [i32]),
    Fixed8(&'a [i64]),
    Fixed16(&'a [i128]),
    Float4(&'a [f32]),
    Float8(&'a [f64]),
    Interval(&'a [IntervalMonthDayNano]),
    TextView(&'a StringViewArray),
    Text(&'a StringArray),
    Binary(&'a BinaryArray),
    List(&'a OffsetBuffer<i32>, Box<Cells<'a>>),
    Struct(Vec<Cells<'a>>),
}

fn values<P: ArrowPrimitiveType>(column: &ArrayRef) -> Result<&[P::Native]> {
    let column: Option<&PrimitiveArray<P>> = column.as_primitive_opt();
    let column = column.ok_or_else(|| Error::bug("a column of another type than its field"))?;
    Ok(column.values())
}

impl<'a> Cells<'a> {
    pub(super) fn new(column: &'a ArrayRef, data_type: &DataType) -> Result<Self> {
        if column.data_type() != data_type && !column.data_type().equals_datatype(data_type) {
            let is = column.data_type();
            let message = format!("a column of type {is}, where {data_type} is expected");
            return Err(Error::bug(message));
        }
        let nulls = column.nulls().filter(|nulls| nulls.null_count() > 0);
        let values = Values::of(column)?;
        Ok(Self { nulls, values })
    }

    fn is_null(&self, index: usize) -> bool {
        matches!(self.values, Values::Null) || self.nulls.is_some_and(|nulls| nulls.is_null(index))
    }
}

impl<'a> Values<'a> {
    fn of(column: &'a ArrayRef) -> Result<Self> {
        use DataType as T;
        Ok(match column.data_type() {
            T::Null => Self::Null,
            T::Boolean => Self::Boolean(column.as_boolean()),
            T::Int8 => Self::Fixed1(values::<Int8Type>(column)?),
            T::Int16 => Self::Fixed2(values::<Int16Type>(column)?),
            T::Int32 => Self::Fixed4(values::<Int32Type>(column)?),
            T::Date32 => Self::Fixed4(values::<Date32Type>(column)?),
            T::Time32(TimeUnit::Second) => Self::Fixed4(values::<Time32SecondType>(column)?),
            T::Time32(_) => Self::Fixed4(values::<Time32MillisecondType>(column)?),
            T::Interval(IntervalUnit::YearMonth) => {
                Self::Fixed4(values::<IntervalYearMonthType>(column)?)
            }
            T::Interval(IntervalUnit::MonthDayNano) => {
                Self::Interval(values::<IntervalMonthDayNanoType>(column)?)
            }
            T::Int64 => Self::Fixed8(values::<Int64Type>(column)?),
            T::Duration(TimeUnit::Millisecond) => {
                Self::Fixed8(values::<DurationMillisecondType>(column)?)
            }
            T::Time64(TimeUnit::Microsecond) => {
                Self::Fixed8(values::<Time64MicrosecondType>(column)?)
            }
            T::Time64(_) => Self::Fixed8(values::<Time64NanosecondType>(column)?),
            T::Timestamp(unit, _) => Self::Fixed8(timestamps(column, *unit)?),
            T::Decimal128(..) => Self::Fixed16(values::<Decimal128Type>(column)?),
            T::Float32 => Self::Float4(values::<Float32Type>(column)?),
            T::Float64 => Self::Float8(values::<Float64Type>(column)?),
            T::Utf8View => Self::TextView(column.as_string_view()),
            T::Utf8 => Self::Text(column.as_string()),
            T::Binary => Self::Binary(column.as_binary()),
            _ => return Self::nested(column),
        })
    }

    fn nested(column: &'a ArrayRef) -> Result<Self> {
        let inner = |column: &'a ArrayRef| Cells::new(column, column.data_type());
        Ok(match column.data_type() {
            DataType::List(_) => {
                let list = column.as_list::<i32>();
                Self::List(list.offsets(), Box::new(inner(list.values())?))
            }
            DataType::Struct(_) => {
                let columns = column.as_struct().columns().iter();
                Self::Struct(columns.map(inner).collect::<Result<_>>()?)
            }
            DataType::Map(..) => {
                let map = column.as_map();
                let entries = map.entries().columns().iter();
                let cells = Cells {
                    nulls: None,
                    values: Self::Struct(entries.map(inner).collect::<Result<_>>()?),
                };
                Self::List(map.offsets(), Box::new(cells))
            }
            other => return Err(super::decode::unsupported(other)),
        })
    }

    fn write(&self, index: usize, bytes: &mut Bytes) {
        match self {
            Self::Null => {}
            Self::Boolean(values) => bytes.push(u8::from(values.value(index))),
            Self::Fixed1(values) => bytes.push(at(values, index) as u8),
            Self::Fixed2(values) => bytes.extend_from_slice(&at(values, index).to_le_bytes()),
            Self::Fixed4(values) => bytes.extend_from_slice(&at(values, index).to_le_bytes()),
            Self::Fixed8(values) => bytes.extend_from_slice(&at(values, index).to_le_bytes()),
            Self::Fixed16(values) => bytes.extend_from_slice(&at(values, index).to_le_bytes()),
            Self::Float4(values) => {
                let value = at(values, index) + 0.0;
                let value = if value.is_nan() { f32::NAN } else { value };
                bytes.extend_from_slice(&value.to_le_bytes());
            }
            Self::Float8(values) => {
                let value = at(values, index) + 0.0;
                let value = if value.is_nan() { f64::NAN } else { value };
                bytes.extend_from_slice(&value.to_le_bytes());
            }
            Self::Interval(values) => {
                let value = at(values, index);
                bytes.extend_from_slice(&value.months.to_le_bytes());
                bytes.extend_from_slice(&value.days.to_le_bytes());
                bytes.extend_from_slice(&value.nanoseconds.to_le_bytes());
            }
            Self::TextView(values) => varlen(values.value(index).as_bytes(), bytes),
            Self::Text(values) => varlen(values.value(index).as_bytes(), bytes),
            Self::Binary(values) => varlen(values.value(index), bytes),
            Self::List(offsets, items) => list(offsets, items, index, bytes),
            Self::Struct(fields) => nested_row(fields, index, bytes),
        }
    }
}

fn timestamps(column: &ArrayRef, unit: TimeUnit) -> Result<&[i64]> {
    match unit {
        TimeUnit::Second => values::<TimestampSecondType>(column),
        TimeUnit::Millisecond => values::<TimestampMillisecondType>(column),
        TimeUnit::Microsecond => values::<TimestampMicrosecondType>(column),
        TimeUnit::Nanosecond => values::<TimestampNanosecondType>(column),
    }
}

fn at<V: Copy + Default>(values: &[V], index: usize) -> V {
    values.get(index).copied().unwrap_or_default()
}

fn varlen(value: &[u8], bytes: &mut Bytes) {
    varint(value.len(), bytes);
    bytes.extend_from_slice(value);
}

fn varint(mut value: usize, bytes: &mut Bytes) {
    while value >= 0x80 {
        bytes.push(value as u8 | 0x80);
        value >>= 7;
    }
    bytes.push(value as u8);
}

/// Each item like a row of one column.
fn list(offsets: &OffsetBuffer<i32>, items: &Cells<'_>, index: usize, bytes: &mut Bytes) {
    let start = offsets.get(index).map_or(0, |offset| *offset as usize);
    let end = offsets
        .get(index + 1)
        .map_or(start, |offset| *offset as usize);
    varint(end - start, bytes);
    for item in start..end {
        nested_row(std::slice::from_ref(items), item, bytes);
    }
}

fn nested_row(cells: &[Cells<'_>], index: usize, bytes: &mut Bytes) {
    let start = bytes.len();
    bytes.resize(start + cells.len().div_ceil(8), 0);
    row_at(cells, index, start, bytes);
}

/// Writes a row behind its bits for nulls, which are there already, at the beginning.
pub(super) fn row(cells: &[Cells<'_>], index: usize, bytes: &mut Bytes) {
    row_at(cells, index, 0, bytes);
}

fn row_at(cells: &[Cells<'_>], index: usize, nulls: usize, bytes: &mut Bytes) {
    for (column, cell) in cells.iter().enumerate() {
        if cell.is_null(index) {
            if let Some(byte) = bytes.get_mut(nulls + column / 8) {
                *byte |= 1 << (column % 8);
            }
        } else {
            cell.values.write(index, bytes);
        }
    }
}
