//! Arithmetic of DECIMAL: as many digits as Flink gives its results, 38 at most.

use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::types::Decimal128Type;
use arrow_array::{ArrayRef, Decimal128Array};
use arrow_buffer::i256;
use arrow_schema::DataType;
use datafusion_common::{Result, exec_err, plan_err};

use super::super::arguments::{Arguments, Column};
use super::super::definition::{Call, Definition, Returns};
use super::super::parameters::Kind;
use super::round::{Rounding, divide_rounded};

const TWO: &[Kind] = &[Kind::Number, Kind::Number];
const RESULT: Returns = Returns::Type(type_of_result);

/// The functions that operators become, `+ - * / %`.
pub(crate) const OPERATORS: [&str; 5] = [
    "__decimal_plus",
    "__decimal_minus",
    "__decimal_times",
    "__decimal_divide",
    "__decimal_modulo",
];

/// A result that has too many digits is NULL.
pub(super) static ALL: [Definition; 5] = [
    Definition::new("__decimal_plus", TWO, RESULT, |a| {
        compute(a, Operator::Plus)
    })
    .nullable(),
    Definition::new("__decimal_minus", TWO, RESULT, |a| {
        compute(a, Operator::Minus)
    })
    .nullable(),
    Definition::new("__decimal_times", TWO, RESULT, |a| {
        compute(a, Operator::Times)
    })
    .nullable(),
    Definition::new("__decimal_divide", TWO, RESULT, |a| {
        compute(a, Operator::Divide)
    })
    .nullable(),
    Definition::new("__decimal_modulo", TWO, RESULT, |a| {
        compute(a, Operator::Modulo)
    })
    .nullable(),
];

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Operator {
    Plus,
    Minus,
    Times,
    Divide,
    Modulo,
}

/// How many digits there are, and how many of them behind the point.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct DecimalType {
    precision: i64,
    scale: i64,
}

impl DecimalType {
    /// The digits of a number's type, if it is exact.
    pub(crate) fn of(data_type: &DataType) -> Option<Self> {
        let (precision, scale) = match data_type {
            DataType::Decimal128(precision, scale) => (i64::from(*precision), i64::from(*scale)),
            DataType::Int8 => (3, 0),
            DataType::Int16 => (5, 0),
            DataType::Int32 => (10, 0),
            DataType::Int64 => (19, 0),
            _ => return None,
        };
        Some(Self { precision, scale })
    }

    /// With 38 digits at most: those behind the point go first, but for 6.
    fn capped(precision: i64, scale: i64) -> Self {
        if precision <= 38 {
            return Self { precision, scale };
        }
        let whole = precision - scale;
        Self {
            precision: 38,
            scale: (38 - whole).max(scale.min(6)),
        }
    }

    pub(crate) const fn arrow(self) -> DataType {
        DataType::Decimal128(self.precision as u8, self.scale as i8)
    }

    const fn whole(self) -> i64 {
        self.precision - self.scale
    }

    /// The type that holds the values of both.
    pub(crate) fn union(self, other: Self) -> Self {
        let scale = self.scale.max(other.scale);
        Self::capped(self.whole().max(other.whole()) + scale, scale)
    }
}

/// The type of `left operator right`.
fn operator_type(function: &str, left: DecimalType, right: DecimalType) -> DecimalType {
    let scale = left.scale.max(right.scale);
    match function {
        "__decimal_times" => DecimalType::capped(
            left.precision + right.precision + 1,
            left.scale + right.scale,
        ),
        "__decimal_divide" => {
            let scale = (left.scale + right.precision + 1).max(6);
            DecimalType::capped(left.whole() + right.scale + scale, scale)
        }
        "__decimal_modulo" => DecimalType::capped(left.whole().min(right.whole()) + scale, scale),
        _ => DecimalType::capped(left.whole().max(right.whole()) + scale + 1, scale),
    }
}

fn type_of_result(call: &Call<'_>) -> Result<DataType> {
    let digits = |index| DecimalType::of(call.type_of(index));
    match digits(0).zip(digits(1)) {
        Some((left, right)) => Ok(operator_type(call.name, left, right).arrow()),
        None => plan_err!(
            "{} of {} and {}",
            call.name,
            call.type_of(0),
            call.type_of(1)
        ),
    }
}

/// One side, as whole numbers of its scale.
struct Side {
    numbers: Column<Decimal128Array>,
    scale: i64,
}

impl Side {
    fn of(arguments: &Arguments<'_>, index: usize) -> Result<Self> {
        let data_type = arguments.type_of(index);
        let Some(digits) = DecimalType::of(&data_type) else {
            return exec_err!("{data_type} is no DECIMAL");
        };
        let column = arguments.as_type(index, &digits.arrow())?;
        Ok(Self {
            numbers: Column {
                array: column.array.as_primitive::<Decimal128Type>().clone(),
                is_constant: column.is_constant,
            },
            scale: digits.scale,
        })
    }

    fn at(&self, row: usize) -> Option<i128> {
        self.numbers
            .place(row)
            .map(|place| self.numbers.array.value(place))
    }
}

fn compute(arguments: &Arguments<'_>, operator: Operator) -> Result<ArrayRef> {
    let (left, right) = (Side::of(arguments, 0)?, Side::of(arguments, 1)?);
    let DataType::Decimal128(precision, scale) = *arguments.returns.data_type() else {
        return exec_err!(
            "{operator:?} of DECIMAL has the type {}",
            arguments.returns.data_type()
        );
    };
    let Some(bound) = power_of_ten(i64::from(precision)) else {
        return exec_err!("a DECIMAL of {precision} digits");
    };
    let scales = Scales {
        left: left.scale,
        right: right.scale,
        result: i64::from(scale),
    };
    let mut results = Vec::with_capacity(arguments.rows);
    for row in 0..arguments.rows {
        let (Some(left), Some(right)) = (left.at(row), right.at(row)) else {
            results.push(None);
            continue;
        };
        if right == 0 && matches!(operator, Operator::Divide | Operator::Modulo) {
            return exec_err!("Division by zero");
        }
        let result = scales
            .narrow(operator, left, right)
            .or_else(|| scales.wide(operator, left, right));
        results.push(result.filter(|result| result.abs() < bound));
    }
    let results = Decimal128Array::from(results).with_precision_and_scale(precision, scale)?;
    Ok(Arc::new(results))
}

/// The scales of both sides, and of what comes out.
#[derive(Clone, Copy)]
struct Scales {
    left: i64,
    right: i64,
    result: i64,
}

impl Scales {
    /// In 128 bits, if there is room.
    fn narrow(self, operator: Operator, left: i128, right: i128) -> Option<i128> {
        let common = self.left.max(self.right);
        let aligned = |number: i128, scale: i64| number.checked_mul(power_of_ten(common - scale)?);
        match operator {
            Operator::Times => rounded(
                left.checked_mul(right)?,
                self.left + self.right - self.result,
            ),
            Operator::Divide => {
                let shift = power_of_ten(self.result + self.right - self.left)?;
                let sign = right.signum();
                Some(divide_rounded(
                    left.checked_mul(shift)?.checked_mul(sign)?,
                    right.abs(),
                    Rounding::HalfUp,
                ))
            }
            _ => {
                let (left, right) = (aligned(left, self.left)?, aligned(right, self.right)?);
                let exact = match operator {
                    Operator::Plus => left.checked_add(right)?,
                    Operator::Minus => left.checked_sub(right)?,
                    _ => left.checked_rem(right)?,
                };
                rounded(exact, common - self.result)
            }
        }
    }

    /// In 256 bits; NULL if that is too little.
    fn wide(self, operator: Operator, left: i128, right: i128) -> Option<i128> {
        let (left, right) = (i256::from_i128(left), i256::from_i128(right));
        let common = self.left.max(self.right);
        let aligned = |number: i256, scale: i64| number.checked_mul(wide_power(common - scale)?);
        match operator {
            Operator::Times => wide_rounded(
                left.checked_mul(right)?,
                wide_power(self.left + self.right - self.result)?,
            ),
            Operator::Divide => {
                let shifted =
                    left.checked_mul(wide_power(self.result + self.right - self.left)?)?;
                let (shifted, by) = if right < i256::ZERO {
                    (shifted.checked_neg()?, right.checked_neg()?)
                } else {
                    (shifted, right)
                };
                wide_rounded(shifted, by)
            }
            _ => {
                let (left, right) = (aligned(left, self.left)?, aligned(right, self.right)?);
                let exact = match operator {
                    Operator::Plus => left.checked_add(right)?,
                    Operator::Minus => left.checked_sub(right)?,
                    _ => left.checked_rem(right)?,
                };
                wide_rounded(exact, wide_power(common - self.result)?)
            }
        }
    }
}

/// Without so many digits at the end.
fn rounded(number: i128, digits: i64) -> Option<i128> {
    match digits {
        ..=0 => number.checked_mul(power_of_ten(-digits)?),
        _ => Some(divide_rounded(
            number,
            power_of_ten(digits)?,
            Rounding::HalfUp,
        )),
    }
}

fn wide_rounded(number: i256, by: i256) -> Option<i128> {
    let quotient = number.checked_div(by)?;
    let rest = number.checked_rem(by)?.wrapping_abs();
    let is_up = rest >= by.checked_sub(rest)?;
    let step = match number < i256::ZERO {
        true => i256::MINUS_ONE,
        false => i256::ONE,
    };
    let rounded = if is_up {
        quotient.checked_add(step)?
    } else {
        quotient
    };
    rounded.to_i128()
}

/// 10 to the power of a number, if there is room.
pub(super) fn power_of_ten(exponent: i64) -> Option<i128> {
    10i128.checked_pow(u32::try_from(exponent).ok()?)
}

fn wide_power(exponent: i64) -> Option<i256> {
    i256::from_i128(10).checked_pow(u32::try_from(exponent).ok()?)
}
