//! Operators whose types are Flink's.

use arrow_schema::DataType;
use datafusion_common::{DFSchema, Result, plan_err};
use datafusion_expr::planner::{PlannerResult, RawBinaryExpr};
use datafusion_expr::{Expr, ExprSchemable, cast};
use sqlparser::ast::BinaryOperator;

use super::expression::FlinkExpressions;
use crate::functions::{DECIMAL_OPERATORS, DecimalType};

impl FlinkExpressions {
    /// DECIMAL has arithmetic of its own; text is no number, and is not made one.
    pub(super) fn operator(
        &self,
        operation: RawBinaryExpr,
        schema: &DFSchema,
    ) -> Result<PlannerResult<RawBinaryExpr>> {
        let types = operation
            .left
            .get_type(schema)
            .ok()
            .zip(operation.right.get_type(schema).ok());
        let Some((left, right)) = types else {
            return Ok(PlannerResult::Original(operation));
        };
        refuse_text(&operation.op, &left, &right)?;
        let is_mixed =
            is_decimal(&left) && right.is_floating() || left.is_floating() && is_decimal(&right);
        if is_mixed {
            return Ok(PlannerResult::Original(RawBinaryExpr {
                left: cast(operation.left, DataType::Float64),
                right: cast(operation.right, DataType::Float64),
                op: operation.op,
            }));
        }
        if operation.op == BinaryOperator::Multiply
            && let Some((interval, number)) = scaled(&operation, &left, &right)
        {
            let call = self.call("__interval_times", vec![interval, number])?;
            return Ok(PlannerResult::Planned(call));
        }
        let Some(function) = decimal_function(&operation.op) else {
            return Ok(PlannerResult::Original(operation));
        };
        let exact = DecimalType::of(&left)
            .zip(DecimalType::of(&right))
            .is_some();
        if exact && (is_decimal(&left) || is_decimal(&right)) {
            let call = self.call(function, vec![operation.left, operation.right])?;
            return Ok(PlannerResult::Planned(call));
        }
        if operation.op == BinaryOperator::Modulo && exact && left != right {
            return Ok(PlannerResult::Planned(remainder(operation, right)));
        }
        Ok(PlannerResult::Original(operation))
    }
}

const fn is_decimal(data_type: &DataType) -> bool {
    matches!(data_type, DataType::Decimal128(..))
}

fn decimal_function(op: &BinaryOperator) -> Option<&'static str> {
    let [plus, minus, times, divide, modulo] = DECIMAL_OPERATORS;
    Some(match op {
        BinaryOperator::Plus => plus,
        BinaryOperator::Minus => minus,
        BinaryOperator::Multiply => times,
        BinaryOperator::Divide => divide,
        BinaryOperator::Modulo => modulo,
        _ => return None,
    })
}

/// An interval, and what it is multiplied by.
fn scaled(operation: &RawBinaryExpr, left: &DataType, right: &DataType) -> Option<(Expr, Expr)> {
    let (one, other) = (operation.left.clone(), operation.right.clone());
    match (left, right) {
        (DataType::Interval(_), right) if right.is_numeric() => Some((one, other)),
        (left, DataType::Interval(_)) if left.is_numeric() => Some((other, one)),
        _ => None,
    }
}

/// A remainder has the type of what was divided by.
fn remainder(operation: RawBinaryExpr, data_type: DataType) -> Expr {
    let modulo = datafusion_expr::Operator::Modulo;
    let rest = datafusion_expr::binary_expr(operation.left, modulo, operation.right);
    cast(rest, data_type)
}

fn refuse_text(op: &BinaryOperator, left: &DataType, right: &DataType) -> Result<()> {
    let is_concerned = !matches!(op, BinaryOperator::StringConcat);
    let is_number = |data_type: &DataType| data_type.is_numeric();
    let mixed = is_number(left) && right.is_string() || left.is_string() && is_number(right);
    if is_concerned && mixed {
        return plan_err!(
            "{left} {op} {right}: text and numbers do not go together, CAST one of them"
        );
    }
    Ok(())
}
