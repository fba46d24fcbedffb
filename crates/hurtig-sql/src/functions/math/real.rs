//! Functions of DOUBLE.

use arrow_array::ArrayRef;
use datafusion_common::Result;

use super::super::arguments::Arguments;
use super::super::definition::{Definition, Returns};
use super::super::parameters::Kind;

const TWO: &[Kind] = &[Kind::Double, Kind::Double];

pub(super) static ALL: [Definition; 23] = [
    Definition::real("sqrt", f64::sqrt),
    Definition::real("exp", f64::exp),
    Definition::real("ln", f64::ln),
    Definition::real("log10", f64::log10),
    Definition::real("log2", f64::log2),
    Definition::real("sin", f64::sin),
    Definition::real("sinh", f64::sinh),
    Definition::real("cos", f64::cos),
    Definition::real("cosh", f64::cosh),
    Definition::real("tan", f64::tan),
    Definition::real("tanh", f64::tanh),
    Definition::real("cot", |number| 1.0 / number.tan()),
    Definition::real("asin", f64::asin),
    Definition::real("acos", f64::acos),
    Definition::real("atan", f64::atan),
    Definition::real("degrees", f64::to_degrees),
    Definition::real("radians", f64::to_radians),
    Definition::new("power", TWO, Returns::Double, |a| of_two(a, power)),
    Definition::new("pow", TWO, Returns::Double, |a| of_two(a, power)),
    Definition::new("atan2", TWO, Returns::Double, |a| of_two(a, f64::atan2)),
    Definition::new("log", TWO, Returns::Double, log).optional(1),
    Definition::new("pi", &[], Returns::Double, |a| {
        Ok(a.doubles_of(|_| Some(std::f64::consts::PI)))
    }),
    Definition::new("e", &[], Returns::Double, |a| {
        Ok(a.doubles_of(|_| Some(std::f64::consts::E)))
    }),
];

/// As Java: what is no number stays so, and no power of 1 is known.
fn power(base: f64, exponent: f64) -> f64 {
    if exponent.is_nan() || base.abs() == 1.0 && exponent.is_infinite() {
        return f64::NAN;
    }
    base.powf(exponent)
}

fn of_two(arguments: &Arguments<'_>, compute: fn(f64, f64) -> f64) -> Result<ArrayRef> {
    let (first, second) = (arguments.doubles(0)?, arguments.doubles(1)?);
    Ok(arguments.doubles_of(|row| Some(compute(first.at(row)?, second.at(row)?))))
}

/// The natural logarithm, or that to a base: `LOG(base, x)`.
fn log(arguments: &Arguments<'_>) -> Result<ArrayRef> {
    let first = arguments.doubles(0)?;
    if !arguments.has(1) {
        return Ok(arguments.doubles_of(|row| first.at(row).map(f64::ln)));
    }
    let second = arguments.doubles(1)?;
    Ok(arguments.doubles_of(|row| Some(second.at(row)?.ln() / first.at(row)?.ln())))
}
