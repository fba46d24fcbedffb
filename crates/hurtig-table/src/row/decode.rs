//! Bytes as cells.

use std::sync::Arc;

use arrow_array::builder::{BinaryBuilder, BooleanBuilder, StringBuilder, StringViewBuilder};
use arrow_array::types::*;
use arrow_array::{Array, ArrayRef, ListArray, MapArray, NullArray, PrimitiveArray, StructArray};
use arrow_buffer::{
    ArrowNativeType, BooleanBufferBuilder, IntervalMonthDayNano, NullBuffer, OffsetBuffer,
    ScalarBuffer,
};
use arrow_schema::{DataType, Fields, IntervalUnit, TimeUnit};
use hurtig_types::{Error, Result};

use crate::ArrowContext;

/// Gathers the cells of a column.
pub(super) struct Decoder {
    data_type: DataType,
    values: Values,
    valid: BooleanBufferBuilder,
}

enum Values {
    Null,
    Boolean(BooleanBuilder),
    Fixed1(Vec<i8>),
    Fixed2(Vec<i16>),
    Fixed4(Vec<i32>),
    Fixed8(Vec<i64>),
    Fixed16(Vec<i128>),
    Float4(Vec<f32>),
    Float8(Vec<f64>),
    Interval(Vec<IntervalMonthDayNano>),
    TextView(StringViewBuilder),
    Text(StringBuilder),
    Binary(BinaryBuilder),
    List(Vec<i32>, Box<Decoder>),
    Struct(Vec<Decoder>),
}

pub(super) fn unsupported(data_type: &DataType) -> Error {
    Error::unsupported(format!("values of type {data_type} cannot lie in state"))
}

fn damaged() -> Error {
    Error::bad_record("a row in state that is cut short or damaged")
}

impl Decoder {
    pub(super) fn new(data_type: &DataType, room: usize) -> Result<Self> {
        Ok(Self {
            data_type: data_type.clone(),
            values: Values::new(data_type, room)?,
            valid: BooleanBufferBuilder::new(room),
        })
    }

    fn push_null(&mut self) {
        self.valid.append(false);
        self.values.push_null();
    }

    fn push(&mut self, bytes: &mut &[u8]) -> Result<()> {
        self.valid.append(true);
        self.values.push(bytes)
    }

    pub(super) fn finish(mut self) -> Result<ArrayRef> {
        let nulls = NullBuffer::new(self.valid.finish());
        let nulls = (nulls.null_count() > 0).then_some(nulls);
        self.values.finish(&self.data_type, nulls)
    }
}

impl Values {
    fn new(data_type: &DataType, room: usize) -> Result<Self> {
        use DataType as T;
        Ok(match data_type {
            T::Null => Self::Null,
            T::Boolean => Self::Boolean(BooleanBuilder::with_capacity(room)),
            T::Int8 => Self::Fixed1(Vec::with_capacity(room)),
            T::Int16 => Self::Fixed2(Vec::with_capacity(room)),
            T::Int32
            | T::Date32
            | T::Time32(TimeUnit::Second | TimeUnit::Millisecond)
            | T::Interval(IntervalUnit::YearMonth) => Self::Fixed4(Vec::with_capacity(room)),
            T::Int64
            | T::Time64(TimeUnit::Microsecond | TimeUnit::Nanosecond)
            | T::Duration(TimeUnit::Millisecond)
            | T::Timestamp(..) => Self::Fixed8(Vec::with_capacity(room)),
            T::Interval(IntervalUnit::MonthDayNano) => Self::Interval(Vec::with_capacity(room)),
            T::Decimal128(..) => Self::Fixed16(Vec::with_capacity(room)),
            T::Float32 => Self::Float4(Vec::with_capacity(room)),
            T::Float64 => Self::Float8(Vec::with_capacity(room)),
            T::Utf8View => Self::TextView(StringViewBuilder::with_capacity(room)),
            T::Utf8 => Self::Text(StringBuilder::new()),
            T::Binary => Self::Binary(BinaryBuilder::new()),
            T::List(item) => Self::List(vec![0], Box::new(Decoder::new(item.data_type(), room)?)),
            T::Map(entries, _) => {
                Self::List(vec![0], Box::new(Decoder::new(entries.data_type(), room)?))
            }
            T::Struct(fields) => Self::Struct(decoders(fields, room)?),
            other => return Err(unsupported(other)),
        })
    }

    fn push_null(&mut self) {
        match self {
            Self::Null => {}
            Self::Boolean(values) => values.append_null(),
            Self::Fixed1(values) => values.push(0),
            Self::Fixed2(values) => values.push(0),
            Self::Fixed4(values) => values.push(0),
            Self::Fixed8(values) => values.push(0),
            Self::Fixed16(values) => values.push(0),
            Self::Float4(values) => values.push(0.0),
            Self::Float8(values) => values.push(0.0),
            Self::Interval(values) => values.push(IntervalMonthDayNano::default()),
            Self::TextView(values) => values.append_null(),
            Self::Text(values) => values.append_null(),
            Self::Binary(values) => values.append_null(),
            Self::List(offsets, _) => offsets.push(offsets.last().copied().unwrap_or(0)),
            Self::Struct(fields) => fields.iter_mut().for_each(Decoder::push_null),
        }
    }

    fn push(&mut self, bytes: &mut &[u8]) -> Result<()> {
        match self {
            Self::Null => {}
            Self::Boolean(values) => values.append_value(i8::from_le_bytes(take(bytes)?) != 0),
            Self::Fixed1(values) => values.push(i8::from_le_bytes(take(bytes)?)),
            Self::Fixed2(values) => values.push(i16::from_le_bytes(take(bytes)?)),
            Self::Fixed4(values) => values.push(i32::from_le_bytes(take(bytes)?)),
            Self::Fixed8(values) => values.push(i64::from_le_bytes(take(bytes)?)),
            Self::Fixed16(values) => values.push(i128::from_le_bytes(take(bytes)?)),
            Self::Float4(values) => values.push(f32::from_le_bytes(take(bytes)?)),
            Self::Float8(values) => values.push(f64::from_le_bytes(take(bytes)?)),
            Self::Interval(values) => values.push(IntervalMonthDayNano::new(
                i32::from_le_bytes(take(bytes)?),
                i32::from_le_bytes(take(bytes)?),
                i64::from_le_bytes(take(bytes)?),
            )),
            Self::TextView(values) => values.append_value(text(bytes)?),
            Self::Text(values) => values.append_value(text(bytes)?),
            Self::Binary(values) => values.append_value(varlen(bytes)?),
            Self::List(offsets, item) => push_list(offsets, item, bytes)?,
            Self::Struct(fields) => nested_row(bytes, fields)?,
        }
        Ok(())
    }

    fn finish(self, data_type: &DataType, nulls: Option<NullBuffer>) -> Result<ArrayRef> {
        use DataType as T;
        Ok(match self {
            Self::Null => Arc::new(NullArray::new(nulls.map_or(0, |nulls| nulls.len()))),
            Self::Boolean(mut values) => Arc::new(values.finish()),
            Self::Fixed1(values) => primitive::<Int8Type>(values, nulls, data_type),
            Self::Fixed2(values) => primitive::<Int16Type>(values, nulls, data_type),
            Self::Fixed4(values) => match data_type {
                T::Date32 => primitive::<Date32Type>(values, nulls, data_type),
                T::Time32(TimeUnit::Second) => {
                    primitive::<Time32SecondType>(values, nulls, data_type)
                }
                T::Time32(_) => primitive::<Time32MillisecondType>(values, nulls, data_type),
                T::Interval(_) => primitive::<IntervalYearMonthType>(values, nulls, data_type),
                _ => primitive::<Int32Type>(values, nulls, data_type),
            },
            Self::Fixed8(values) => finish_eight(values, nulls, data_type),
            Self::Fixed16(values) => primitive::<Decimal128Type>(values, nulls, data_type),
            Self::Float4(values) => primitive::<Float32Type>(values, nulls, data_type),
            Self::Float8(values) => primitive::<Float64Type>(values, nulls, data_type),
            Self::Interval(values) => {
                primitive::<IntervalMonthDayNanoType>(values, nulls, data_type)
            }
            Self::TextView(mut values) => Arc::new(values.finish()),
            Self::Text(mut values) => Arc::new(values.finish()),
            Self::Binary(mut values) => Arc::new(values.finish()),
            Self::List(offsets, item) => finish_list(offsets, *item, nulls, data_type)?,
            Self::Struct(fields) => Arc::new(finish_struct(fields, nulls, data_type)?),
        })
    }
}

fn decoders(fields: &Fields, room: usize) -> Result<Vec<Decoder>> {
    let decoders = fields.iter();
    decoders
        .map(|field| Decoder::new(field.data_type(), room))
        .collect()
}

fn primitive<P: ArrowPrimitiveType>(
    values: Vec<P::Native>,
    nulls: Option<NullBuffer>,
    data_type: &DataType,
) -> ArrayRef
where
    P::Native: ArrowNativeType,
{
    let array = PrimitiveArray::<P>::new(ScalarBuffer::from(values), nulls);
    Arc::new(array.with_data_type(data_type.clone()))
}

fn finish_eight(values: Vec<i64>, nulls: Option<NullBuffer>, data_type: &DataType) -> ArrayRef {
    use DataType as T;
    match data_type {
        T::Time64(TimeUnit::Microsecond) => {
            primitive::<Time64MicrosecondType>(values, nulls, data_type)
        }
        T::Time64(_) => primitive::<Time64NanosecondType>(values, nulls, data_type),
        T::Duration(_) => primitive::<DurationMillisecondType>(values, nulls, data_type),
        T::Timestamp(TimeUnit::Second, _) => {
            primitive::<TimestampSecondType>(values, nulls, data_type)
        }
        T::Timestamp(TimeUnit::Millisecond, _) => {
            primitive::<TimestampMillisecondType>(values, nulls, data_type)
        }
        T::Timestamp(TimeUnit::Microsecond, _) => {
            primitive::<TimestampMicrosecondType>(values, nulls, data_type)
        }
        T::Timestamp(TimeUnit::Nanosecond, _) => {
            primitive::<TimestampNanosecondType>(values, nulls, data_type)
        }
        _ => primitive::<Int64Type>(values, nulls, data_type),
    }
}

fn finish_list(
    offsets: Vec<i32>,
    item: Decoder,
    nulls: Option<NullBuffer>,
    data_type: &DataType,
) -> Result<ArrayRef> {
    let offsets = OffsetBuffer::new(ScalarBuffer::from(offsets));
    match data_type {
        DataType::Map(entries, sorted) => {
            let array = item.finish()?;
            let columns = array.to_data();
            let structs = StructArray::from(columns);
            let map = MapArray::try_new(Arc::clone(entries), offsets, structs, nulls, *sorted);
            Ok(Arc::new(map.during("reading a map in state")?))
        }
        DataType::List(field) => {
            let values = item.finish()?;
            let list = ListArray::try_new(Arc::clone(field), offsets, values, nulls);
            Ok(Arc::new(list.during("reading a list in state")?))
        }
        other => Err(unsupported(other)),
    }
}

fn finish_struct(
    decoders: Vec<Decoder>,
    nulls: Option<NullBuffer>,
    data_type: &DataType,
) -> Result<StructArray> {
    let DataType::Struct(fields) = data_type else {
        return Err(unsupported(data_type));
    };
    let columns = decoders.into_iter().map(Decoder::finish);
    let columns = columns.collect::<Result<Vec<_>>>()?;
    StructArray::try_new(fields.clone(), columns, nulls).during("reading a row in state")
}

fn take<const N: usize>(bytes: &mut &[u8]) -> Result<[u8; N]> {
    let (taken, rest) = bytes.split_first_chunk::<N>().ok_or_else(damaged)?;
    *bytes = rest;
    Ok(*taken)
}

fn varint(bytes: &mut &[u8]) -> Result<usize> {
    let mut value = 0;
    for shift in (0..35).step_by(7) {
        let [byte] = take(bytes)?;
        value |= usize::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            return Ok(value);
        }
    }
    Err(damaged())
}

fn varlen<'a>(bytes: &mut &'a [u8]) -> Result<&'a [u8]> {
    let len = varint(bytes)?;
    let (value, rest) = bytes.split_at_checked(len).ok_or_else(damaged)?;
    *bytes = rest;
    Ok(value)
}

fn text<'a>(bytes: &mut &'a [u8]) -> Result<&'a str> {
    std::str::from_utf8(varlen(bytes)?).map_err(|_| damaged())
}

fn push_list(offsets: &mut Vec<i32>, item: &mut Decoder, bytes: &mut &[u8]) -> Result<()> {
    let len = varint(bytes)?;
    if len > bytes.len() {
        return Err(damaged());
    }
    for _ in 0..len {
        nested_row(bytes, std::slice::from_mut(item))?;
    }
    let end = offsets.last().copied().unwrap_or(0);
    let end = i32::try_from(len).ok().and_then(|len| end.checked_add(len));
    offsets.push(end.ok_or_else(damaged)?);
    Ok(())
}

fn nested_row(bytes: &mut &[u8], decoders: &mut [Decoder]) -> Result<()> {
    let nulls = decoders.len().div_ceil(8);
    let (nulls, rest) = bytes.split_at_checked(nulls).ok_or_else(damaged)?;
    *bytes = rest;
    for (column, decoder) in decoders.iter_mut().enumerate() {
        let byte = nulls.get(column / 8).copied().unwrap_or(0);
        if byte >> (column % 8) & 1 == 1 {
            decoder.push_null();
        } else {
            decoder.push(bytes)?;
        }
    }
    Ok(())
}

/// Reads a row, whole.
pub(super) fn row(mut bytes: &[u8], decoders: &mut [Decoder]) -> Result<()> {
    nested_row(&mut bytes, decoders)?;
    if bytes.is_empty() {
        Ok(())
    } else {
        Err(damaged())
    }
}
