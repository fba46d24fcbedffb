//! Numbers without their sign, and the sign alone.

use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::types::*;
use arrow_array::{Array, ArrayRef};
use arrow_schema::DataType;
use datafusion_common::{Result, internal_err, plan_err};

use super::super::arguments::Arguments;
use super::super::definition::{Definition, Returns};
use super::super::parameters::Kind;

const NUMBER: &[Kind] = &[Kind::Number];

pub(super) static ALL: [Definition; 3] = [
    Definition::new("__negate", &[Kind::Any], Returns::Argument(0), negate),
    Definition::new("abs", NUMBER, Returns::Argument(0), abs),
    Definition::new("sign", NUMBER, Returns::Argument(0), sign),
];

fn negate(arguments: &Arguments<'_>) -> Result<ArrayRef> {
    let array = arguments.array(0)?;
    match array.data_type() {
        number if number.is_numeric() => Ok(arrow_arith::numeric::neg_wrapping(&array)?),
        DataType::Interval(_) | DataType::Null => Ok(arrow_arith::numeric::neg_wrapping(&array)?),
        other => plan_err!("- of {other}: it is of a number"),
    }
}

/// The least number of a type has no other sign: it stays.
fn abs(arguments: &Arguments<'_>) -> Result<ArrayRef> {
    let array = arguments.array(0)?;
    Ok(match array.data_type() {
        DataType::Int8 => Arc::new(
            array
                .as_primitive::<Int8Type>()
                .unary::<_, Int8Type>(i8::wrapping_abs),
        ),
        DataType::Int16 => Arc::new(
            array
                .as_primitive::<Int16Type>()
                .unary::<_, Int16Type>(i16::wrapping_abs),
        ),
        DataType::Int32 => Arc::new(
            array
                .as_primitive::<Int32Type>()
                .unary::<_, Int32Type>(i32::wrapping_abs),
        ),
        DataType::Int64 => Arc::new(
            array
                .as_primitive::<Int64Type>()
                .unary::<_, Int64Type>(i64::wrapping_abs),
        ),
        DataType::Float32 => Arc::new(
            array
                .as_primitive::<Float32Type>()
                .unary::<_, Float32Type>(f32::abs),
        ),
        DataType::Float64 => Arc::new(
            array
                .as_primitive::<Float64Type>()
                .unary::<_, Float64Type>(f64::abs),
        ),
        DataType::Decimal128(precision, scale) => {
            let numbers = array
                .as_primitive::<Decimal128Type>()
                .unary::<_, Decimal128Type>(i128::abs);
            Arc::new(numbers.with_precision_and_scale(*precision, *scale)?)
        }
        other => return internal_err!("ABS of {other}"),
    })
}

/// -1, 0 or 1, in the number's own type.
fn sign(arguments: &Arguments<'_>) -> Result<ArrayRef> {
    let array = arguments.array(0)?;
    Ok(match array.data_type() {
        DataType::Int8 => Arc::new(
            array
                .as_primitive::<Int8Type>()
                .unary::<_, Int8Type>(i8::signum),
        ),
        DataType::Int16 => Arc::new(
            array
                .as_primitive::<Int16Type>()
                .unary::<_, Int16Type>(i16::signum),
        ),
        DataType::Int32 => Arc::new(
            array
                .as_primitive::<Int32Type>()
                .unary::<_, Int32Type>(i32::signum),
        ),
        DataType::Int64 => Arc::new(
            array
                .as_primitive::<Int64Type>()
                .unary::<_, Int64Type>(i64::signum),
        ),
        DataType::Float32 => Arc::new(
            array
                .as_primitive::<Float32Type>()
                .unary::<_, Float32Type>(sign_of_float),
        ),
        DataType::Float64 => Arc::new(
            array
                .as_primitive::<Float64Type>()
                .unary::<_, Float64Type>(sign_of_double),
        ),
        DataType::Decimal128(precision, scale) => {
            let one = 10i128.pow(u32::from(scale.unsigned_abs()));
            let of = |number: i128| number.signum() * one;
            let numbers = array
                .as_primitive::<Decimal128Type>()
                .unary::<_, Decimal128Type>(of);
            Arc::new(numbers.with_precision_and_scale(*precision, *scale)?)
        }
        other => return internal_err!("SIGN of {other}"),
    })
}

/// A zero has none.
fn sign_of_double(number: f64) -> f64 {
    if number == 0.0 {
        number
    } else {
        number.signum()
    }
}

fn sign_of_float(number: f32) -> f32 {
    if number == 0.0 {
        number
    } else {
        number.signum()
    }
}
