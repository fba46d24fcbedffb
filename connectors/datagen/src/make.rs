//! Values of row numbers.

use std::sync::Arc;

use arrow_array::builder::{BinaryBuilder, StringViewBuilder};
use arrow_array::types::{
    Date32Type, Decimal128Type, Float32Type, Float64Type, Int8Type, Int16Type, Int32Type,
    Int64Type, IntervalMonthDayNano, IntervalMonthDayNanoType, IntervalYearMonthType,
    Time32MillisecondType,
};
use arrow_array::{
    ArrayRef, ArrowPrimitiveType, BooleanArray, ListArray, MapArray, PrimitiveArray, StructArray,
};
use arrow_buffer::{NullBuffer, OffsetBuffer};
use arrow_schema::{ArrowError, DataType, FieldRef, TimeUnit};
use hurtig_table::connector::Draw;
use hurtig_table::text::time::Moment;

use crate::range::Whole;

type Made = Result<ArrayRef, ArrowError>;

/// Makes the values of a field.
pub(crate) struct Generator {
    pub(crate) values: Values,
    pub(crate) draw: Draw,
    /// Which part is null, in 2^32nds.
    pub(crate) null_rate: u64,
}

/// What the values are.
pub(crate) enum Values {
    Boolean,
    /// Numbers, and intervals of months, of these types.
    Whole(DataType, Whole),
    Float(f32, f32),
    Double(f64, f64),
    /// The first number, and what a row adds.
    Sequence(DataType, i64),
    Text(Length),
    Bytes(Length),
    Date,
    Time,
    /// Milliseconds ago, at most.
    Timestamp(DataType, u64),
    /// Milliseconds.
    Interval(Whole),
    Row(Vec<(FieldRef, Generator)>),
    List(FieldRef, Box<Generator>, Length),
    Map(FieldRef, Box<Generator>, Box<Generator>, Length),
}

/// How long a text or a collection is.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Length {
    pub(crate) most: u64,
    pub(crate) varies: bool,
}

impl Length {
    fn of(self, draw: Draw, number: u64) -> usize {
        let length = if self.varies && self.most > 0 {
            1 + Draw::below(draw.part(LENGTH).bits(number), self.most)
        } else {
            self.most
        };
        length as usize
    }
}

// Parts of a field's draws that are for something else than its value.
const NULL: u64 = 1000;
const LENGTH: u64 = 1001;
const ITEMS: u64 = 1002;

impl Generator {
    /// The values of these rows; `now` is the time that dates and timestamps go by.
    pub(crate) fn make(&self, rows: &[u64], now_ms: i64) -> Made {
        let nulls = self.nulls(rows);
        let draw = self.draw;
        match &self.values {
            Values::Boolean => {
                let values = rows.iter().map(|row| draw.bits(*row) & 1 == 1).collect();
                Ok(Arc::new(BooleanArray::new(values, nulls)))
            }
            Values::Whole(data_type, range) => {
                let value = |row| range.draw(draw, row);
                whole(data_type, rows, nulls, value)
            }
            Values::Sequence(data_type, first) => self.sequence(data_type, *first, rows, nulls),
            Values::Float(min, max) => primitive::<Float32Type>(rows, nulls, |row| {
                let part = Draw::unit(draw.bits(row)) as f32;
                (min * (1.0 - part) + max * part).clamp(*min, *max)
            }),
            Values::Double(min, max) => primitive::<Float64Type>(rows, nulls, |row| {
                let part = Draw::unit(draw.bits(row));
                (min * (1.0 - part) + max * part).clamp(*min, *max)
            }),
            Values::Text(length) => Ok(self.text(*length, rows, nulls)),
            Values::Bytes(length) => Ok(self.bytes(*length, rows, nulls)),
            Values::Row(fields) => row(fields, rows, nulls, now_ms),
            Values::List(item, generator, length) => {
                let (offsets, items) = self.items(*length, rows, &nulls);
                let items = generator.make(&items, now_ms)?;
                let list = ListArray::try_new(Arc::clone(item), offsets, items, nulls)?;
                Ok(Arc::new(list))
            }
            Values::Map(entry, key, value, length) => {
                let (offsets, items) = self.items(*length, rows, &nulls);
                let columns = vec![key.make(&items, now_ms)?, value.make(&items, now_ms)?];
                let DataType::Struct(fields) = entry.data_type() else {
                    return Err(ArrowError::SchemaError("entries that are no rows".into()));
                };
                let entries = StructArray::try_new(fields.clone(), columns, None)?;
                let map = MapArray::try_new(Arc::clone(entry), offsets, entries, nulls, false)?;
                Ok(Arc::new(map))
            }
            _ => self.time(rows, nulls, now_ms),
        }
    }

    fn time(&self, rows: &[u64], nulls: Option<NullBuffer>, now_ms: i64) -> Made {
        let draw = self.draw;
        let (day, of_day) = (now_ms.div_euclid(DAY_MS), now_ms.rem_euclid(DAY_MS));
        match &self.values {
            Values::Date => primitive::<Date32Type>(rows, nulls, |_| day as i32),
            Values::Time => primitive::<Time32MillisecondType>(rows, nulls, |_| of_day as i32),
            Values::Timestamp(data_type, past) => timestamps(data_type, rows, nulls, |row| {
                now_ms.saturating_sub_unsigned(Draw::below(draw.bits(row), past + 1))
            }),
            Values::Interval(range) => primitive::<IntervalMonthDayNanoType>(rows, nulls, |row| {
                let millis = range.draw(draw, row) as i64;
                let (days, millis) = (millis / DAY_MS, millis % DAY_MS);
                IntervalMonthDayNano::new(0, days as i32, millis * 1_000_000)
            }),
            _ => Err(ArrowError::SchemaError("values that are no times".into())),
        }
    }

    fn nulls(&self, rows: &[u64]) -> Option<NullBuffer> {
        let draw = self.draw.part(NULL);
        let is_there = |row: &u64| draw.bits(*row) >> 32 >= self.null_rate;
        (self.null_rate > 0).then(|| rows.iter().map(is_there).collect())
    }

    fn sequence(
        &self,
        data_type: &DataType,
        first: i64,
        rows: &[u64],
        nulls: Option<NullBuffer>,
    ) -> Made {
        let value = |row: u64| first.wrapping_add_unsigned(row);
        if *data_type != DataType::Utf8View {
            return whole(data_type, rows, nulls, |row| value(row).into());
        }
        let mut texts = StringViewBuilder::with_capacity(rows.len());
        for (index, row) in rows.iter().enumerate() {
            if nulls.as_ref().is_some_and(|nulls| nulls.is_null(index)) {
                texts.append_null();
            } else {
                texts.append_value(value(*row).to_string());
            }
        }
        Ok(Arc::new(texts.finish()))
    }

    /// Hexadecimal digits.
    fn text(&self, length: Length, rows: &[u64], nulls: Option<NullBuffer>) -> ArrayRef {
        let mut texts = StringViewBuilder::with_capacity(rows.len());
        let mut text = String::new();
        for (index, row) in rows.iter().enumerate() {
            if nulls.as_ref().is_some_and(|nulls| nulls.is_null(index)) {
                texts.append_null();
                continue;
            }
            text.clear();
            let bits = self.draw.bits(*row);
            for digit in 0..length.of(self.draw, *row) as u64 {
                let sixteen = self.draw.part(digit / 16).bits(bits);
                let digit = (sixteen >> (4 * (digit % 16))) as u32 & 15;
                text.push(char::from_digit(digit, 16).unwrap_or('0'));
            }
            texts.append_value(&text);
        }
        Arc::new(texts.finish())
    }

    fn bytes(&self, length: Length, rows: &[u64], nulls: Option<NullBuffer>) -> ArrayRef {
        let mut all = BinaryBuilder::new();
        let mut bytes = Vec::new();
        for (index, row) in rows.iter().enumerate() {
            if nulls.as_ref().is_some_and(|nulls| nulls.is_null(index)) {
                all.append_null();
                continue;
            }
            bytes.clear();
            let bits = self.draw.bits(*row);
            let length = length.of(self.draw, *row);
            for eight in 0..length.div_ceil(8) as u64 {
                bytes.extend(self.draw.part(eight).bits(bits).to_le_bytes());
            }
            bytes.truncate(length);
            all.append_value(&bytes);
        }
        Arc::new(all.finish())
    }

    /// Where the items of each row end, and a number for each of them.
    fn items(
        &self,
        length: Length,
        rows: &[u64],
        nulls: &Option<NullBuffer>,
    ) -> (OffsetBuffer<i32>, Vec<u64>) {
        let mut lengths = Vec::with_capacity(rows.len());
        let mut items = Vec::new();
        let draw = self.draw.part(ITEMS);
        for (index, row) in rows.iter().enumerate() {
            let is_null = nulls.as_ref().is_some_and(|nulls| nulls.is_null(index));
            let length = if is_null {
                0
            } else {
                length.of(self.draw, *row)
            };
            let first = draw.bits(*row);
            items.extend((0..length as u64).map(|item| first.wrapping_add(item)));
            lengths.push(length);
        }
        (OffsetBuffer::from_lengths(lengths), items)
    }
}

const DAY_MS: i64 = 86_400_000;

fn row(
    fields: &[(FieldRef, Generator)],
    rows: &[u64],
    nulls: Option<NullBuffer>,
    now_ms: i64,
) -> Made {
    let columns = fields
        .iter()
        .map(|(_, generator)| generator.make(rows, now_ms));
    let columns = columns.collect::<Result<_, _>>()?;
    let fields = fields.iter().map(|(field, _)| Arc::clone(field)).collect();
    let rows = StructArray::try_new_with_length(fields, columns, nulls, rows.len())?;
    Ok(Arc::new(rows))
}

fn primitive<T: ArrowPrimitiveType>(
    rows: &[u64],
    nulls: Option<NullBuffer>,
    value: impl Fn(u64) -> T::Native,
) -> Made {
    let values: Vec<T::Native> = rows.iter().map(|row| value(*row)).collect();
    Ok(Arc::new(PrimitiveArray::<T>::try_new(
        values.into(),
        nulls,
    )?))
}

/// Numbers of any of these types; they are within its range.
fn whole(
    data_type: &DataType,
    rows: &[u64],
    nulls: Option<NullBuffer>,
    value: impl Fn(u64) -> i128,
) -> Made {
    match data_type {
        DataType::Int8 => primitive::<Int8Type>(rows, nulls, |row| value(row) as i8),
        DataType::Int16 => primitive::<Int16Type>(rows, nulls, |row| value(row) as i16),
        DataType::Int32 => primitive::<Int32Type>(rows, nulls, |row| value(row) as i32),
        DataType::Int64 => primitive::<Int64Type>(rows, nulls, |row| value(row) as i64),
        DataType::Float32 => primitive::<Float32Type>(rows, nulls, |row| value(row) as f32),
        DataType::Float64 => primitive::<Float64Type>(rows, nulls, |row| value(row) as f64),
        DataType::Decimal128(precision, scale) => {
            let values: Vec<_> = rows.iter().map(|row| value(*row)).collect();
            let decimals = PrimitiveArray::<Decimal128Type>::try_new(values.into(), nulls)?;
            Ok(Arc::new(
                decimals.with_precision_and_scale(*precision, *scale)?,
            ))
        }
        _ => primitive::<IntervalYearMonthType>(rows, nulls, |row| value(row) as i32),
    }
}

fn timestamps(
    data_type: &DataType,
    rows: &[u64],
    nulls: Option<NullBuffer>,
    millis: impl Fn(u64) -> i64,
) -> Made {
    let DataType::Timestamp(unit, _) = data_type else {
        return Err(ArrowError::SchemaError(
            "a timestamp of another type".into(),
        ));
    };
    let value = |row: &u64| {
        let moment = Moment::of(millis(*row), TimeUnit::Millisecond);
        moment.value(*unit).unwrap_or(i64::MAX)
    };
    let values: Vec<i64> = rows.iter().map(value).collect();
    let values = PrimitiveArray::<Int64Type>::try_new(values.into(), nulls)?;
    // All timestamps are 64 bits, whatever they count.
    let data = arrow_array::Array::into_data(values).into_builder();
    Ok(arrow_array::make_array(
        data.data_type(data_type.clone()).build()?,
    ))
}
