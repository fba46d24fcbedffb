//! Columns as numbers of one width, and back.

use std::borrow::Cow;
use std::sync::Arc;

use arrow_array::builder::{BinaryBuilder, StringBuilder, StringViewBuilder};
use arrow_array::cast::AsArray;
use arrow_array::types::*;
use arrow_array::{Array, ArrayRef, ArrowPrimitiveType, BooleanArray, PrimitiveArray};
use arrow_schema::{DataType, TimeUnit};
use hurtig_types::{Error, Result};

/// Values on the way to a column of another kind: of one type whatever they come from.
type Cells<'a, V> = &'a mut dyn Iterator<Item = Option<V>>;

fn cannot(what: &str, data_type: &DataType) -> Error {
    Error::unsupported(format!("{what} of type {data_type} in an aggregate"))
}

/// Whole numbers, dates, times and booleans, as numbers in the same order.
pub(crate) fn ints(column: &ArrayRef) -> Result<Cow<'_, [i64]>> {
    use DataType as T;
    fn wide<P: ArrowPrimitiveType<Native = i64>>(column: &ArrayRef) -> Cow<'_, [i64]> {
        Cow::Borrowed(column.as_primitive::<P>().values())
    }
    fn narrow<P: ArrowPrimitiveType<Native: Into<i64>>>(column: &ArrayRef) -> Cow<'_, [i64]> {
        let values = column.as_primitive::<P>().values().iter();
        Cow::Owned(values.map(|value| (*value).into()).collect())
    }
    Ok(match column.data_type() {
        T::Boolean => Cow::Owned(column.as_boolean().values().iter().map(i64::from).collect()),
        T::Int8 => narrow::<Int8Type>(column),
        T::Int16 => narrow::<Int16Type>(column),
        T::Int32 => narrow::<Int32Type>(column),
        T::Int64 => wide::<Int64Type>(column),
        T::Date32 => narrow::<Date32Type>(column),
        T::Time32(TimeUnit::Second) => narrow::<Time32SecondType>(column),
        T::Time32(_) => narrow::<Time32MillisecondType>(column),
        T::Time64(TimeUnit::Microsecond) => wide::<Time64MicrosecondType>(column),
        T::Time64(_) => wide::<Time64NanosecondType>(column),
        T::Timestamp(TimeUnit::Second, _) => wide::<TimestampSecondType>(column),
        T::Timestamp(TimeUnit::Millisecond, _) => wide::<TimestampMillisecondType>(column),
        T::Timestamp(TimeUnit::Microsecond, _) => wide::<TimestampMicrosecondType>(column),
        T::Timestamp(TimeUnit::Nanosecond, _) => wide::<TimestampNanosecondType>(column),
        other => return Err(cannot("values", other)),
    })
}

/// Decimals, unscaled.
pub(super) fn wides(column: &ArrayRef) -> Result<&[i128]> {
    let column = column.as_primitive_opt::<Decimal128Type>();
    let column = column.ok_or_else(|| Error::bug("a decimal that is none"))?;
    Ok(column.values())
}

/// Any numbers, as floating-point numbers.
pub(super) fn floats(column: &ArrayRef) -> Result<Cow<'_, [f64]>> {
    Ok(match column.data_type() {
        DataType::Float64 => Cow::Borrowed(column.as_primitive::<Float64Type>().values()),
        DataType::Float32 => {
            let values = column.as_primitive::<Float32Type>().values().iter();
            Cow::Owned(values.map(|value| f64::from(*value)).collect())
        }
        DataType::Decimal128(_, scale) => {
            let unit = 10f64.powi(i32::from(*scale));
            let values = wides(column)?.iter();
            Cow::Owned(values.map(|value| *value as f64 / unit).collect())
        }
        _ => Cow::Owned(ints(column)?.iter().map(|value| *value as f64).collect()),
    })
}

/// A number whose order among others is that of `value`, with −0 below 0 and NaN above all.
#[inline]
pub(super) fn ordered(value: f64) -> i64 {
    let bits = value.to_bits() as i64;
    bits ^ (((bits >> 63) as u64) >> 1) as i64
}

/// What [`ordered`] was made of.
#[inline]
pub(super) fn unordered(value: i64) -> f64 {
    f64::from_bits((value ^ (((value >> 63) as u64) >> 1) as i64) as u64)
}

/// A whole number as it is in a column of this type.
#[inline]
pub(super) fn wrapped(value: i64, data_type: &DataType) -> i64 {
    match data_type {
        DataType::Int8 => i64::from(value as i8),
        DataType::Int16 => i64::from(value as i16),
        DataType::Int32 => i64::from(value as i32),
        _ => value,
    }
}

/// A column of what [`ints`] reads. Numbers that are too large wrap.
pub(crate) fn int_column(
    data_type: &DataType,
    values: impl Iterator<Item = Option<i64>>,
) -> Result<ArrayRef> {
    use DataType as T;
    macro_rules! primitive {
        ($type:ty) => {{
            let native = |value: i64| value as <$type as ArrowPrimitiveType>::Native;
            let array: PrimitiveArray<$type> = values.map(|value| value.map(native)).collect();
            Ok(Arc::new(array.with_data_type(data_type.clone())))
        }};
    }
    match data_type {
        T::Boolean => {
            let array: BooleanArray = values.map(|value| value.map(|value| value != 0)).collect();
            Ok(Arc::new(array))
        }
        T::Int8 => primitive!(Int8Type),
        T::Int16 => primitive!(Int16Type),
        T::Int32 => primitive!(Int32Type),
        T::Int64 => primitive!(Int64Type),
        T::Float32 => primitive!(Float32Type),
        T::Float64 => primitive!(Float64Type),
        T::Date32 => primitive!(Date32Type),
        T::Time32(TimeUnit::Second) => primitive!(Time32SecondType),
        T::Time32(_) => primitive!(Time32MillisecondType),
        T::Time64(TimeUnit::Microsecond) => primitive!(Time64MicrosecondType),
        T::Time64(_) => primitive!(Time64NanosecondType),
        T::Timestamp(TimeUnit::Second, _) => primitive!(TimestampSecondType),
        T::Timestamp(TimeUnit::Millisecond, _) => primitive!(TimestampMillisecondType),
        T::Timestamp(TimeUnit::Microsecond, _) => primitive!(TimestampMicrosecondType),
        T::Timestamp(TimeUnit::Nanosecond, _) => primitive!(TimestampNanosecondType),
        T::Decimal128(..) => {
            let mut values = values.map(|value| value.map(i128::from));
            wide_column(data_type, 0, &mut values as Cells<'_, i128>)
        }
        other => Err(cannot("results", other)),
    }
}

/// A column of floating-point numbers, or of what they are without their fraction.
pub(super) fn float_column(
    data_type: &DataType,
    values: impl Iterator<Item = Option<f64>>,
) -> Result<ArrayRef> {
    match data_type {
        DataType::Float64 => Ok(Arc::new(values.collect::<PrimitiveArray<Float64Type>>())),
        DataType::Float32 => {
            let values = values.map(|value| value.map(|value| value as f32));
            Ok(Arc::new(values.collect::<PrimitiveArray<Float32Type>>()))
        }
        DataType::Decimal128(_, scale) => {
            let unit = 10f64.powi(i32::from(*scale));
            let mut values = values.map(|value| value.map(|value| (value * unit).round() as i128));
            wide_column(data_type, *scale, &mut values as Cells<'_, i128>)
        }
        _ => {
            let mut values = values.map(|value| value.map(|value| value as i64));
            int_column(data_type, &mut values as Cells<'_, i64>)
        }
    }
}

/// A column of decimals that have this scale so far. Those that are too large are NULL.
pub(super) fn wide_column(
    data_type: &DataType,
    scale: i8,
    values: impl Iterator<Item = Option<i128>>,
) -> Result<ArrayRef> {
    let DataType::Decimal128(precision, to) = data_type else {
        let unit = 10f64.powi(i32::from(scale));
        let mut values = values.map(|value| value.map(|value| value as f64 / unit));
        return if data_type.is_decimal() {
            Err(cannot("results", data_type))
        } else {
            float_column(data_type, &mut values as Cells<'_, f64>)
        };
    };
    let limit = power_of_ten(i32::from(*precision)).unwrap_or(i128::MAX);
    let fit = |value: i128| {
        let value = quotient(value, 1, i32::from(*to) - i32::from(scale))?;
        (-limit < value && value < limit).then_some(value)
    };
    let array: PrimitiveArray<Decimal128Type> = values.map(|value| value.and_then(fit)).collect();
    Ok(Arc::new(array.with_data_type(data_type.clone())))
}

fn power_of_ten(exponent: i32) -> Option<i128> {
    10i128.checked_pow(u32::try_from(exponent).ok()?)
}

/// `value · 10^digits / divisor`, half rounded away from zero; none where that has no room.
pub(super) fn quotient(value: i128, divisor: i128, digits: i32) -> Option<i128> {
    if digits < 0 {
        return rounded(value, divisor.checked_mul(power_of_ten(-digits)?)?);
    }
    let unit = power_of_ten(digits)?;
    if let Some(scaled) = value.checked_mul(unit) {
        return rounded(scaled, divisor);
    }
    // Too large at once: the whole part, and the rest, which is below the divisor.
    let whole = value.checked_div(divisor)?.checked_mul(unit)?;
    let rest = value.checked_rem(divisor)?.checked_mul(unit)?;
    whole.checked_add(rounded(rest, divisor)?)
}

fn rounded(value: i128, divisor: i128) -> Option<i128> {
    let whole = value.checked_div(divisor)?;
    let rest = value.checked_rem(divisor)?.unsigned_abs();
    let is_up = rest >= divisor.unsigned_abs() - rest;
    let away = if (value < 0) == (divisor < 0) { 1 } else { -1 };
    Some(if rest != 0 && is_up {
        whole + away
    } else {
        whole
    })
}

/// A column of texts or bytes.
pub(super) fn text_column<'a>(
    data_type: &DataType,
    values: impl Iterator<Item = Option<&'a [u8]>>,
) -> Result<ArrayRef> {
    let text = |bytes: Option<&'a [u8]>| {
        let text = bytes.map(std::str::from_utf8).transpose();
        text.map_err(|_| Error::bad_record("a text in state that is damaged"))
    };
    match data_type {
        DataType::Utf8View => {
            let mut builder = StringViewBuilder::new();
            for value in values {
                builder.append_option(text(value)?);
            }
            Ok(Arc::new(builder.finish()))
        }
        DataType::Utf8 => {
            let mut builder = StringBuilder::new();
            for value in values {
                builder.append_option(text(value)?);
            }
            Ok(Arc::new(builder.finish()))
        }
        DataType::Binary => {
            let mut builder = BinaryBuilder::new();
            values.for_each(|value| builder.append_option(value));
            Ok(Arc::new(builder.finish()))
        }
        other => Err(cannot("results", other)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn the_order_of_floats_is_that_of_their_numbers(a: f64, b: f64) {
            prop_assert_eq!(ordered(a).cmp(&ordered(b)), a.total_cmp(&b));
            prop_assert_eq!(unordered(ordered(a)).to_bits(), a.to_bits());
        }

        #[test]
        fn a_quotient_is_that_of_the_rest_where_it_is_too_large_at_once(value: i64, divisor in 1i64..1000, digits in 0i32..10) {
            let value = i128::from(value) << 50;
            let unit = 10f64.powi(digits);
            let expected = value as f64 / divisor as f64 * unit;
            if let Some(exact) = quotient(value, divisor.into(), digits) {
                prop_assert!((exact as f64 - expected).abs() <= expected.abs() * 1e-9 + 1.0);
            }
        }
    }

    #[test]
    fn halves_go_away_from_zero() {
        assert_eq!(quotient(5, 2, 0), Some(3));
        assert_eq!(quotient(-5, 2, 0), Some(-3));
        assert_eq!(quotient(7, 3, 2), Some(233));
        assert_eq!(quotient(12345, 1, -2), Some(123));
        assert_eq!(quotient(1, 0, 0), None);
    }
}
