//! Values of Rust as values of SQL.

use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::types::{
    Date32Type, Float32Type, Float64Type, Int8Type, Int16Type, Int32Type, Int64Type,
    TimestampMillisecondType,
};
use arrow_array::{
    Array, ArrayRef, BinaryArray, BooleanArray, ListArray, PrimitiveArray, StringViewArray,
    new_null_array,
};
use arrow_buffer::{NullBuffer, OffsetBuffer};
use arrow_schema::Field;
use chrono::{DateTime, NaiveDate, NaiveDateTime};
use datafusion_common::{Result, exec_datafusion_err};
use hurtig_sql_parser::{DataType, TypeKind};

use crate::error::Carry;
use crate::types::field_of;

/// A type of Rust whose values SQL knows.
///
/// | Rust | SQL |
/// |---|---|
/// | `bool`, `i8`, `i16`, `i32`, `i64`, `f32`, `f64` | BOOLEAN, TINYINT, SMALLINT, INT, BIGINT, FLOAT, DOUBLE |
/// | `String`, `Vec<u8>` as [`Bytes`] | STRING, BYTES |
/// | [`NaiveDate`], [`NaiveDateTime`] | DATE, TIMESTAMP(3) |
/// | `Vec<T>` | ARRAY of T |
/// | `Option<T>` | T, or NULL |
pub trait SqlType: Sized + Send + 'static {
    /// Its type in SQL; NOT NULL, unless it is an [`Option`].
    fn data_type() -> DataType;

    /// The value of a row, which is there.
    fn get(column: &ArrayRef, row: usize) -> Self;

    /// The value of a row that is NULL, if there is one for it.
    fn null() -> Option<Self> {
        None
    }

    /// The column of these values.
    ///
    /// # Errors
    /// When a value is beyond what the type of SQL holds.
    fn column(values: Vec<Option<Self>>) -> Result<ArrayRef>;
}

/// The value of a row; none where it is NULL, and there is no value for that.
pub(super) fn value<T: SqlType>(column: &ArrayRef, row: usize) -> Option<T> {
    if column.is_null(row) {
        return T::null();
    }
    Some(T::get(column, row))
}

macro_rules! primitive {
    ($($rust:ty, $kind:expr, $arrow:ty;)*) => { $(
        impl SqlType for $rust {
            fn data_type() -> DataType {
                DataType::not_null($kind)
            }

            fn get(column: &ArrayRef, row: usize) -> Self {
                column.as_primitive::<$arrow>().value(row)
            }

            fn column(values: Vec<Option<Self>>) -> Result<ArrayRef> {
                Ok(Arc::new(PrimitiveArray::<$arrow>::from(values)))
            }
        }
    )* };
}

primitive! {
    i8, TypeKind::TinyInt, Int8Type;
    i16, TypeKind::SmallInt, Int16Type;
    i32, TypeKind::Int, Int32Type;
    i64, TypeKind::BigInt, Int64Type;
    f32, TypeKind::Float, Float32Type;
    f64, TypeKind::Double, Float64Type;
}

impl SqlType for bool {
    fn data_type() -> DataType {
        DataType::not_null(TypeKind::Boolean)
    }

    fn get(column: &ArrayRef, row: usize) -> Self {
        column.as_boolean().value(row)
    }

    fn column(values: Vec<Option<Self>>) -> Result<ArrayRef> {
        Ok(Arc::new(BooleanArray::from(values)))
    }
}

impl SqlType for String {
    fn data_type() -> DataType {
        DataType::not_null(TypeKind::STRING)
    }

    fn get(column: &ArrayRef, row: usize) -> Self {
        column.as_string_view().value(row).to_string()
    }

    fn column(values: Vec<Option<Self>>) -> Result<ArrayRef> {
        Ok(Arc::new(values.into_iter().collect::<StringViewArray>()))
    }
}

/// BYTES: `Vec<u8>` would be an ARRAY.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Bytes(pub Vec<u8>);

impl SqlType for Bytes {
    fn data_type() -> DataType {
        DataType::not_null(TypeKind::BYTES)
    }

    fn get(column: &ArrayRef, row: usize) -> Self {
        Self(column.as_binary::<i32>().value(row).to_vec())
    }

    fn column(values: Vec<Option<Self>>) -> Result<ArrayRef> {
        let values = values
            .iter()
            .map(|it| it.as_ref().map(|it| it.0.as_slice()));
        Ok(Arc::new(values.collect::<BinaryArray>()))
    }
}

impl SqlType for NaiveDate {
    fn data_type() -> DataType {
        DataType::not_null(TypeKind::Date)
    }

    fn get(column: &ArrayRef, row: usize) -> Self {
        let dates = column.as_primitive::<Date32Type>();
        dates.value_as_date(row).unwrap_or_default()
    }

    fn column(values: Vec<Option<Self>>) -> Result<ArrayRef> {
        let days = values
            .into_iter()
            .map(|it| it.map(Date32Type::from_naive_date));
        Ok(Arc::new(days.collect::<PrimitiveArray<Date32Type>>()))
    }
}

impl SqlType for NaiveDateTime {
    fn data_type() -> DataType {
        DataType::not_null(TypeKind::Timestamp(3))
    }

    fn get(column: &ArrayRef, row: usize) -> Self {
        let ms = column.as_primitive::<TimestampMillisecondType>().value(row);
        DateTime::from_timestamp_millis(ms)
            .unwrap_or_default()
            .naive_utc()
    }

    fn column(values: Vec<Option<Self>>) -> Result<ArrayRef> {
        let ms = values.into_iter();
        let ms = ms.map(|it| it.map(|it| it.and_utc().timestamp_millis()));
        let ms: PrimitiveArray<TimestampMillisecondType> = ms.collect();
        Ok(Arc::new(ms))
    }
}

impl<T: SqlType> SqlType for Option<T> {
    fn data_type() -> DataType {
        DataType::nullable(T::data_type().kind)
    }

    fn get(column: &ArrayRef, row: usize) -> Self {
        Some(T::get(column, row))
    }

    fn null() -> Option<Self> {
        Some(None)
    }

    fn column(values: Vec<Option<Self>>) -> Result<ArrayRef> {
        T::column(values.into_iter().map(Option::flatten).collect())
    }
}

impl<T: SqlType> SqlType for Vec<T> {
    fn data_type() -> DataType {
        let item = DataType::nullable(T::data_type().kind);
        DataType::not_null(TypeKind::Array(Box::new(item)))
    }

    /// What is NULL in an array of values that never are is left out.
    fn get(column: &ArrayRef, row: usize) -> Self {
        let items = column.as_list::<i32>().value(row);
        (0..items.len())
            .filter_map(|item| value(&items, item))
            .collect()
    }

    fn column(values: Vec<Option<Self>>) -> Result<ArrayRef> {
        let nulls: NullBuffer = values.iter().map(Option::is_some).collect();
        let lengths = values.iter().map(|it| it.as_ref().map_or(0, Vec::len));
        let offsets = OffsetBuffer::from_lengths(lengths);
        let items = values.into_iter().flatten().flatten().map(Some);
        let items = T::column(items.collect())?;
        let item = field_of("item", &DataType::nullable(T::data_type().kind)).carried()?;
        let list = ListArray::try_new(item, offsets, items, Some(nulls))?;
        Ok(Arc::new(list))
    }
}

/// A column of a declared type: a value of Rust says less than SQL.
pub(super) fn as_declared(column: &ArrayRef, field: &Field) -> Result<ArrayRef> {
    if column.data_type() == field.data_type() {
        return Ok(Arc::clone(column));
    }
    if column.data_type().is_null() {
        return Ok(new_null_array(field.data_type(), column.len()));
    }
    arrow_cast::cast(column, field.data_type())
        .map_err(|error| exec_datafusion_err!("{} is {error}", field.name()))
}
