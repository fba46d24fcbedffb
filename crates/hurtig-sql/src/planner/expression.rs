//! Expressions that Flink writes otherwise, or whose types differ.

use arrow_schema::DataType;
use datafusion_common::{Result, ScalarValue};
use datafusion_expr::expr::{AggregateFunction, ScalarFunction};
use datafusion_expr::planner::{ExprPlanner, PlannerResult, RawAggregateExpr, RawWindowExpr};
use datafusion_expr::utils::COUNT_STAR_EXPANSION;
use datafusion_expr::{Expr, cast};

/// Plans what DataFusion's planner asks for.
#[derive(Debug)]
pub(crate) struct FlinkExpressions;

impl ExprPlanner for FlinkExpressions {
    /// `EXTRACT(unit FROM x)` is a BIGINT.
    fn plan_extract(&self, arguments: Vec<Expr>) -> Result<PlannerResult<Vec<Expr>>> {
        let part = datafusion_functions::datetime::date_part();
        Ok(PlannerResult::Planned(cast(
            Expr::ScalarFunction(ScalarFunction::new_udf(part, arguments)),
            DataType::Int64,
        )))
    }

    fn plan_substring(&self, arguments: Vec<Expr>) -> Result<PlannerResult<Vec<Expr>>> {
        let substring = datafusion_functions::unicode::substr();
        let call = ScalarFunction::new_udf(substring, arguments);
        Ok(PlannerResult::Planned(Expr::ScalarFunction(call)))
    }

    /// `POSITION(x IN y)` is an INT.
    fn plan_position(&self, arguments: Vec<Expr>) -> Result<PlannerResult<Vec<Expr>>> {
        let position = datafusion_functions::unicode::strpos();
        Ok(PlannerResult::Planned(cast(
            Expr::ScalarFunction(ScalarFunction::new_udf(position, arguments)),
            DataType::Int32,
        )))
    }

    /// `COUNT(*)` counts a 1 for each row, under the name that it was written by.
    fn plan_aggregate(&self, call: RawAggregateExpr) -> Result<PlannerResult<RawAggregateExpr>> {
        if call.func.name() != "count" || !is_of_rows(&call.args) {
            return Ok(PlannerResult::Original(call));
        }
        let count = Expr::AggregateFunction(AggregateFunction::new_udf(
            call.func,
            vec![row()],
            call.distinct,
            call.filter,
            call.order_by,
            call.null_treatment,
        ));
        Ok(PlannerResult::Planned(count.alias("count(*)")))
    }

    /// The same over a window.
    fn plan_window(&self, mut call: RawWindowExpr) -> Result<PlannerResult<RawWindowExpr>> {
        if call.func_def.name() == "count" && is_of_rows(&call.args) {
            call.args = vec![row()];
        }
        Ok(PlannerResult::Original(call))
    }
}

/// Whether the arguments are `*`, or none.
fn is_of_rows(arguments: &[Expr]) -> bool {
    #[expect(deprecated, reason = "the planner still says * this way")]
    let is_star = |argument: &Expr| matches!(argument, Expr::Wildcard { .. });
    arguments.iter().all(is_star)
}

fn row() -> Expr {
    Expr::Literal(COUNT_STAR_EXPANSION, None)
}

/// Whether an argument is the 1 that stands for a row.
pub(crate) fn is_row(argument: &Expr) -> bool {
    matches!(argument, Expr::Literal(value, _) if *value == COUNT_STAR_EXPANSION)
}

/// A literal text.
pub(crate) fn text_of(expr: &Expr) -> Option<&str> {
    match expr {
        Expr::Literal(
            ScalarValue::Utf8(Some(text))
            | ScalarValue::Utf8View(Some(text))
            | ScalarValue::LargeUtf8(Some(text)),
            _,
        ) => Some(text),
        Expr::Cast(cast) => text_of(&cast.expr),
        _ => None,
    }
}

/// What is below casts.
pub(crate) fn uncast(expression: &Expr) -> &Expr {
    match expression {
        Expr::Cast(cast) => uncast(&cast.expr),
        other => other,
    }
}

/// An interval of days and less, in milliseconds.
pub(crate) fn millis(expression: &Expr) -> Option<i64> {
    match uncast(expression) {
        Expr::Literal(ScalarValue::IntervalMonthDayNano(Some(interval)), _) => {
            let days = i64::from(interval.days).checked_mul(86_400_000)?;
            let rest = interval.nanoseconds / 1_000_000;
            (interval.months == 0).then(|| days.checked_add(rest))?
        }
        Expr::Literal(ScalarValue::IntervalDayTime(Some(interval)), _) => {
            Some(i64::from(interval.days) * 86_400_000 + i64::from(interval.milliseconds))
        }
        _ => None,
    }
}
