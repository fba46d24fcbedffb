//! ROUND, TRUNCATE, FLOOR and CEIL of numbers.

use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::types::{Decimal128Type, Float32Type};
use arrow_array::{Array, ArrayRef, Decimal128Array, Float32Array};
use arrow_cast::cast;
use arrow_schema::DataType;
use datafusion_common::Result;

use super::super::arguments::{Arguments, Column};
use super::super::definition::{Call, Definition, Returns};
use super::super::parameters::Kind;
use super::decimal::power_of_ten;

const ONE: &[Kind] = &[Kind::Number];
const PLACES: &[Kind] = &[Kind::Number, Kind::Long];
const ROUNDED: Returns = Returns::Type(type_of_rounded);
const WHOLE: Returns = Returns::Type(type_of_whole);

pub(super) static ALL: [Definition; 5] = [
    Definition::new("round", PLACES, ROUNDED, |a| round(a, Rounding::HalfUp)).optional(1),
    Definition::new("truncate", PLACES, ROUNDED, |a| round(a, Rounding::Down)).optional(1),
    Definition::new("floor", ONE, WHOLE, |a| round(a, Rounding::Floor)),
    Definition::new("ceil", ONE, WHOLE, |a| round(a, Rounding::Ceil)),
    Definition::new("ceiling", ONE, WHOLE, |a| round(a, Rounding::Ceil)),
];

/// Which of two numbers is taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::functions) enum Rounding {
    /// The nearest; from the middle away from zero.
    HalfUp,
    /// The one nearer to zero.
    Down,
    Floor,
    Ceil,
}

/// A DECIMAL has as many digits behind the point as are asked for, and one more before it.
fn type_of_rounded(call: &Call<'_>) -> Result<DataType> {
    let DataType::Decimal128(precision, scale) = call.type_of(0) else {
        return Ok(call.type_of(0).clone());
    };
    let places = match call.fields.len() {
        1 => Some(0),
        _ => call.number(1),
    };
    let Some(places) = places else {
        return Ok(call.type_of(0).clone());
    };
    if places >= i64::from(*scale) {
        return Ok(call.type_of(0).clone());
    }
    let scale_after = places.max(0) as i8;
    let whole = *precision as i8 - scale + 1;
    Ok(DataType::Decimal128(
        (whole + scale_after).min(38) as u8,
        scale_after,
    ))
}

fn type_of_whole(call: &Call<'_>) -> Result<DataType> {
    Ok(match call.type_of(0) {
        DataType::Decimal128(precision, _) => DataType::Decimal128(*precision, 0),
        other => other.clone(),
    })
}

fn round(arguments: &Arguments<'_>, rounding: Rounding) -> Result<ArrayRef> {
    let places = if arguments.has(1) {
        Some(arguments.longs(1)?)
    } else {
        None
    };
    let places = |row| places.as_ref().map_or(Some(0), |places| places.at(row));
    match arguments.type_of(0) {
        DataType::Float64 => {
            let numbers = arguments.doubles(0)?;
            Ok(arguments
                .doubles_of(|row| Some(round_double(numbers.at(row)?, places(row)?, rounding))))
        }
        DataType::Float32 => {
            let column = arguments.column(0)?;
            let numbers = column.array.as_primitive::<Float32Type>().clone();
            let column = Column {
                array: numbers,
                is_constant: column.is_constant,
            };
            let value = |row| {
                let number = column.array.value(column.place(row)?);
                // By the digits of the FLOAT, not of the DOUBLE beside it.
                let shortest = number
                    .to_string()
                    .parse()
                    .unwrap_or_else(|_| f64::from(number));
                Some(round_double(shortest, places(row)?, rounding) as f32)
            };
            Ok(Arc::new(
                (0..arguments.rows).map(value).collect::<Float32Array>(),
            ))
        }
        DataType::Decimal128(_, scale) => round_decimals(arguments, scale, places, rounding),
        _ => {
            let numbers = arguments.longs(0)?;
            let longs = arguments.longs_of(|row| {
                let (number, places) = (i128::from(numbers.at(row)?), places(row)?);
                Some(rescale(number, 0, places.min(0), rounding)? as i64)
            });
            Ok(cast(&longs, arguments.returns.data_type())?)
        }
    }
}

fn round_decimals(
    arguments: &Arguments<'_>,
    scale: i8,
    places: impl Fn(usize) -> Option<i64>,
    rounding: Rounding,
) -> Result<ArrayRef> {
    let column = arguments.array(0)?;
    let numbers = column.as_primitive::<Decimal128Type>();
    let DataType::Decimal128(precision, scale_after) = *arguments.returns.data_type() else {
        return Ok(column);
    };
    let value = |row: usize| {
        let number = (!numbers.is_null(row)).then(|| numbers.value(row))?;
        let rounded = rescale(number, i64::from(scale), places(row)?, rounding)?;
        // The type's digits: those that were rounded away are zero.
        rescale(
            rounded,
            i64::from(scale),
            i64::from(scale_after),
            Rounding::Down,
        )?
        .checked_div(power_of_ten(i64::from(scale - scale_after))?)
    };
    let rounded: Decimal128Array = (0..arguments.rows).map(value).collect();
    Ok(Arc::new(
        rounded.with_precision_and_scale(precision, scale_after)?,
    ))
}

/// A number of this scale, with zeros behind so many places.
fn rescale(number: i128, scale: i64, places: i64, rounding: Rounding) -> Option<i128> {
    if places >= scale {
        return Some(number);
    }
    match power_of_ten(scale - places) {
        Some(power) => divide_rounded(number, power, rounding).checked_mul(power),
        None => Some(0),
    }
}

/// A quotient as a whole number; the divisor is positive.
pub(in crate::functions) const fn divide_rounded(
    number: i128,
    by: i128,
    rounding: Rounding,
) -> i128 {
    let (quotient, rest) = (number / by, number % by);
    match rounding {
        Rounding::Down => quotient,
        Rounding::Floor if rest < 0 => quotient - 1,
        Rounding::Ceil if rest > 0 => quotient + 1,
        Rounding::HalfUp if rest.abs() >= by - rest.abs() => quotient + number.signum(),
        _ => quotient,
    }
}

/// By the fewest digits that mean the number, as Java does it: 1.005 is 1.01 then.
fn round_double(number: f64, places: i64, rounding: Rounding) -> f64 {
    match rounding {
        Rounding::Floor => return number.floor(),
        Rounding::Ceil => return number.ceil(),
        _ if !number.is_finite() || number == 0.0 => return number,
        _ => {}
    }
    let text = format!("{:e}", number.abs());
    let Some((digits, exponent)) = text.split_once('e') else {
        return number;
    };
    let digits = digits.replace('.', "");
    let kept = exponent.parse::<i64>().unwrap_or(0) + 1 + places;
    if kept >= digits.len() as i64 {
        return number;
    }
    let Ok(kept) = usize::try_from(kept) else {
        return 0.0;
    };
    let (front, behind) = digits.split_at(kept);
    let mut whole: u64 = front.parse().unwrap_or(0);
    if rounding == Rounding::HalfUp
        && behind
            .as_bytes()
            .first()
            .is_some_and(|digit| *digit >= b'5')
    {
        whole += 1;
    }
    let rounded: f64 = format!("{whole}e{}", -places).parse().unwrap_or(number);
    if whole == 0 {
        0.0
    } else {
        rounded.copysign(number)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_rounded_by_their_digits() {
        for (number, places, expected) in [
            (1.005, 2, 1.01),
            (0.285, 2, 0.29),
            (-2.5, 0, -3.0),
            (125.0, -1, 130.0),
            (0.04, 1, 0.0),
        ] {
            assert_eq!(
                round_double(number, places, Rounding::HalfUp),
                expected,
                "{number}"
            );
        }
        assert_eq!(round_double(-42.329, 2, Rounding::Down), -42.32);
        assert_eq!(divide_rounded(-25, 10, Rounding::HalfUp), -3);
        assert_eq!(divide_rounded(-25, 10, Rounding::Floor), -3);
    }
}
