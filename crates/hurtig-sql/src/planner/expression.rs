//! Expressions that Flink writes otherwise, or whose types differ.

use std::sync::Arc;

use arrow_schema::DataType;
use datafusion_common::{DFSchema, Result, ScalarValue, plan_err};
use datafusion_expr::expr::{AggregateFunction, ScalarFunction};
use datafusion_expr::planner::{
    ExprPlanner, PlannerResult, RawAggregateExpr, RawBinaryExpr, RawFieldAccessExpr, RawWindowExpr,
};
use datafusion_expr::utils::COUNT_STAR_EXPANSION;
use datafusion_expr::{Expr, ExprSchemable, GetFieldAccess};

use crate::functions::Functions;

/// Plans what DataFusion's planner asks for.
#[derive(Debug)]
pub(crate) struct FlinkExpressions {
    functions: Arc<Functions>,
}

impl FlinkExpressions {
    pub(super) const fn new(functions: Arc<Functions>) -> Self {
        Self { functions }
    }

    /// A call of a function of ours.
    pub(super) fn call(&self, name: &str, arguments: Vec<Expr>) -> Result<Expr> {
        match self.functions.scalar(name) {
            Some(function) => Ok(Expr::ScalarFunction(ScalarFunction::new_udf(
                function, arguments,
            ))),
            None => plan_err!("there is no function {name}"),
        }
    }

    fn planned<T>(&self, name: &str, arguments: Vec<Expr>) -> Result<PlannerResult<T>> {
        self.call(name, arguments).map(PlannerResult::Planned)
    }
}

impl ExprPlanner for FlinkExpressions {
    fn plan_binary_op(
        &self,
        operation: RawBinaryExpr,
        schema: &DFSchema,
    ) -> Result<PlannerResult<RawBinaryExpr>> {
        self.operator(operation, schema)
    }

    fn plan_extract(&self, arguments: Vec<Expr>) -> Result<PlannerResult<Vec<Expr>>> {
        self.planned("date_part", arguments)
    }

    fn plan_substring(&self, arguments: Vec<Expr>) -> Result<PlannerResult<Vec<Expr>>> {
        self.planned("substring", arguments)
    }

    fn plan_overlay(&self, arguments: Vec<Expr>) -> Result<PlannerResult<Vec<Expr>>> {
        self.planned("overlay", arguments)
    }

    /// `POSITION(x IN y)` comes with what is searched in first.
    fn plan_position(&self, mut arguments: Vec<Expr>) -> Result<PlannerResult<Vec<Expr>>> {
        arguments.reverse();
        self.planned("position", arguments)
    }

    fn plan_array_literal(
        &self,
        items: Vec<Expr>,
        _: &DFSchema,
    ) -> Result<PlannerResult<Vec<Expr>>> {
        self.planned("__array", items)
    }

    fn plan_make_map(&self, entries: Vec<Expr>) -> Result<PlannerResult<Vec<Expr>>> {
        self.planned("__map", entries)
    }

    fn plan_struct_literal(&self, values: Vec<Expr>, _: bool) -> Result<PlannerResult<Vec<Expr>>> {
        self.planned("row", values)
    }

    /// `array[1]`, `map['k']`; a field of a row is DataFusion's to take.
    fn plan_field_access(
        &self,
        access: RawFieldAccessExpr,
        schema: &DFSchema,
    ) -> Result<PlannerResult<RawFieldAccessExpr>> {
        let RawFieldAccessExpr { field_access, expr } = access;
        let is_row = matches!(expr.get_type(schema)?, DataType::Struct(_));
        match field_access {
            GetFieldAccess::ListIndex { key } => self.planned("__item", vec![expr, *key]),
            GetFieldAccess::NamedStructField { name } if is_row => {
                let field = ScalarFunction::new_udf(
                    datafusion_functions::core::get_field(),
                    vec![expr, Expr::Literal(name, None)],
                );
                Ok(PlannerResult::Planned(Expr::ScalarFunction(field)))
            }
            GetFieldAccess::NamedStructField { name } => {
                self.planned("__item", vec![expr, Expr::Literal(name, None)])
            }
            other => Ok(PlannerResult::Original(RawFieldAccessExpr {
                field_access: other,
                expr,
            })),
        }
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
