//! Numbers as numbers of other types.

use std::sync::Arc;

use arrow_array::builder::BooleanBuilder;
use arrow_array::cast::AsArray;
use arrow_array::types::*;
use arrow_array::{Array, ArrayRef, Decimal128Array, Float32Array, Float64Array, PrimitiveArray};
use arrow_cast::cast as arrow_cast;
use arrow_schema::DataType as Arrow;
use datafusion_common::{Result, internal_err};

use super::super::math::{Rounding, divide_rounded};

/// 1 and 0, and back: what is not 0 is true.
pub(super) fn of_boolean(array: &ArrayRef, to: &Arrow) -> Result<ArrayRef> {
    if *array.data_type() == Arrow::Boolean {
        let ints = arrow_cast(array, &Arrow::Int32)?;
        return of_number(&ints, to);
    }
    let numbers = arrow_cast(array, &Arrow::Float64)?;
    let numbers = numbers.as_primitive::<Float64Type>();
    let mut booleans = BooleanBuilder::with_capacity(array.len());
    numbers
        .iter()
        .for_each(|number| booleans.append_option(number.map(|number| number != 0.0)));
    Ok(Arc::new(booleans.finish()))
}

/// A number of another type: whole numbers keep their lower bits.
pub(super) fn of_number(array: &ArrayRef, to: &Arrow) -> Result<ArrayRef> {
    if array.data_type() == to {
        return Ok(Arc::clone(array));
    }
    match (array.data_type(), to) {
        (_, Arrow::Decimal128(precision, scale)) => to_decimal(array, *precision, *scale),
        (_, Arrow::Float32 | Arrow::Float64) => to_float(array, to),
        (Arrow::Float32 | Arrow::Float64, _) => whole_of_float(array, to),
        (Arrow::Decimal128(_, scale), _) => {
            let power = power(*scale);
            let whole = array
                .as_primitive::<Decimal128Type>()
                .unary::<_, Int64Type>(|number| (number / power) as i64);
            narrowed(&whole, to)
        }
        _ => narrowed(arrow_cast(array, &Arrow::Int64)?.as_primitive(), to),
    }
}

const fn power(scale: i8) -> i128 {
    10i128.pow(scale.unsigned_abs() as u32)
}

fn narrowed(numbers: &PrimitiveArray<Int64Type>, to: &Arrow) -> Result<ArrayRef> {
    Ok(match to {
        Arrow::Int8 => Arc::new(numbers.unary::<_, Int8Type>(|number| number as i8)),
        Arrow::Int16 => Arc::new(numbers.unary::<_, Int16Type>(|number| number as i16)),
        Arrow::Int32 => Arc::new(numbers.unary::<_, Int32Type>(|number| number as i32)),
        Arrow::Int64 => Arc::new(numbers.clone()),
        other => return internal_err!("a number as {other}"),
    })
}

/// The nearest whole number towards zero; what is beyond INT stops there, and small types take the lower bits of that.
fn whole_of_float(array: &ArrayRef, to: &Arrow) -> Result<ArrayRef> {
    let numbers = arrow_cast(array, &Arrow::Float64)?;
    let numbers = numbers.as_primitive::<Float64Type>();
    if *to == Arrow::Int64 {
        return Ok(Arc::new(
            numbers.unary::<_, Int64Type>(|number| number as i64),
        ));
    }
    narrowed(
        &numbers.unary::<_, Int64Type>(|number| i64::from(number as i32)),
        to,
    )
}

fn to_float(array: &ArrayRef, to: &Arrow) -> Result<ArrayRef> {
    let Arrow::Decimal128(_, scale) = array.data_type() else {
        return Ok(arrow_cast(array, to)?);
    };
    // By its text: dividing by a power of ten would round twice.
    let scale = *scale;
    let numbers = array.as_primitive::<Decimal128Type>();
    let doubles = numbers.iter().map(|number| {
        let number = number?;
        format!("{number}e{}", -scale).parse::<f64>().ok()
    });
    if *to == Arrow::Float64 {
        return Ok(Arc::new(doubles.collect::<Float64Array>()));
    }
    Ok(Arc::new(
        doubles
            .map(|number| number.map(|number| number as f32))
            .collect::<Float32Array>(),
    ))
}

/// Rounded to the digits that there are; NULL if they are too few.
fn to_decimal(array: &ArrayRef, precision: u8, scale: i8) -> Result<ArrayRef> {
    let numbers: Vec<Option<i128>> = match array.data_type() {
        Arrow::Decimal128(_, from) => {
            let from = *from;
            array
                .as_primitive::<Decimal128Type>()
                .iter()
                .map(|number| rescaled(number?, from, scale))
                .collect()
        }
        Arrow::Float32 => {
            let numbers = array.as_primitive::<Float32Type>().iter();
            numbers
                .map(|number| decimal_of_text(&number?.to_string(), scale))
                .collect()
        }
        Arrow::Float64 => {
            let numbers = array.as_primitive::<Float64Type>().iter();
            numbers
                .map(|number| decimal_of_text(&number?.to_string(), scale))
                .collect()
        }
        _ => {
            let longs = arrow_cast(array, &Arrow::Int64)?;
            let longs = longs.as_primitive::<Int64Type>().iter();
            longs
                .map(|number| rescaled(i128::from(number?), 0, scale))
                .collect()
        }
    };
    decimals(numbers, precision, scale)
}

/// Numbers of a scale; those that have too many digits are NULL.
pub(super) fn decimals(numbers: Vec<Option<i128>>, precision: u8, scale: i8) -> Result<ArrayRef> {
    let bound = 10i128.pow(u32::from(precision));
    let numbers = numbers
        .into_iter()
        .map(|number| number.filter(|number| number.abs() < bound));
    let numbers: Decimal128Array = numbers.collect();
    Ok(Arc::new(
        numbers.with_precision_and_scale(precision, scale)?,
    ))
}

fn rescaled(number: i128, from: i8, to: i8) -> Option<i128> {
    if to >= from {
        return number.checked_mul(power(to - from));
    }
    Some(divide_rounded(number, power(from - to), Rounding::HalfUp))
}

/// `-12.345`, `1e3`; rounded to a scale. `None` if it is no number, or has more digits than any DECIMAL.
pub(super) fn decimal_of_text(text: &str, scale: i8) -> Option<i128> {
    let (mantissa, exponent) = match text.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, exponent.parse::<i32>().ok()?),
        None => (text, 0),
    };
    let (sign, digits) = match mantissa.strip_prefix('-') {
        Some(digits) => (-1, digits),
        None => (1, mantissa.strip_prefix('+').unwrap_or(mantissa)),
    };
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let all = [whole, fraction].concat();
    if all.is_empty() || !all.bytes().all(|digit| digit.is_ascii_digit()) {
        return None;
    }
    // How many of the digits are before the scale's last place.
    let kept = i32::try_from(whole.len())
        .ok()?
        .checked_add(exponent)?
        .checked_add(i32::from(scale))?;
    let Ok(kept) = usize::try_from(kept) else {
        return Some(0);
    };
    let significant = all.trim_start_matches('0');
    let leading = all.len() - significant.len();
    if significant.is_empty() {
        return Some(0);
    }
    if kept > leading + 39 {
        return None;
    }
    let front: String = all
        .chars()
        .chain(std::iter::repeat('0'))
        .take(kept)
        .collect();
    let number: i128 = if front.is_empty() {
        0
    } else {
        front.parse().ok()?
    };
    let next = all.as_bytes().get(kept);
    let is_up = next.is_some_and(|digit| *digit >= b'5');
    Some(sign * (number + i128::from(is_up)))
}
