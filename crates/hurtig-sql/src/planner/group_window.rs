//! Windows in GROUP BY, as Flink had them before window table functions: `GROUP BY TUMBLE(ts, INTERVAL '1' HOUR)`, with
//! `TUMBLE_START(…)` and its like.
//!
//! ```text
//!  SELECT TUMBLE_END(ts, i), SUM(x) … GROUP BY TUMBLE(ts, i)
//!    ─ in the text ─►  SELECT "$window_end"(TUMBLE(ts, i)), …
//!    ─ in the plan ─►  Aggregate(window_start, window_end, window_time) over TABLE(TUMBLE(…)), and "$window" puts the three together
//! ```

use std::sync::Arc;

use arrow_array::StructArray;
use arrow_array::cast::AsArray;
use arrow_schema::{DataType, Field, FieldRef, Fields, TimeUnit};
use datafusion_common::tree_node::{Transformed, TreeNode};
use datafusion_common::{Column, Result, internal_err, plan_err};
use datafusion_expr::simplify::{ExprSimplifyResult, SimplifyContext};
use datafusion_expr::{
    Aggregate, ColumnarValue, Expr, Extension, LogicalPlan, LogicalPlanBuilder, ReturnFieldArgs,
    ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, Volatility,
};
use sqlparser::ast::{
    Expr as SqlExpr, Function, FunctionArg, FunctionArgExpr, FunctionArgumentList,
    FunctionArguments, Ident, ObjectName,
};

use super::expression::millis;
use super::nodes::{WINDOW_COLUMNS, WindowKind, WindowNode};
use crate::types::TimeAttribute;

/// What is known of a window, and the suffix of the functions that ask for it.
const PARTS: [(&str, &str, usize); 4] = [
    ("_START", "$window_start", 0),
    ("_END", "$window_end", 1),
    ("_ROWTIME", "$window_time", 2),
    ("_PROCTIME", "$window_time", 2),
];

const WINDOWS: [&str; 3] = ["TUMBLE", "HOP", "SESSION"];
const WINDOW: &str = "$window";

/// `TUMBLE_START(ts, i)` becomes a question about `TUMBLE(ts, i)`.
pub(super) fn ask_the_window(call: &mut Function) {
    let name = call.name.to_string().to_uppercase();
    let part = PARTS.iter().find_map(|(suffix, part, _)| {
        let window = name.strip_suffix(suffix)?;
        WINDOWS.contains(&window).then_some((window, *part))
    });
    let Some((window, part)) = part else {
        return;
    };
    let mut inner = call.clone();
    inner.name = ObjectName::from(vec![Ident::new(window)]);
    call.name = ObjectName::from(vec![Ident::new(part)]);
    let inner = SqlExpr::Function(inner);
    call.args = FunctionArguments::List(FunctionArgumentList {
        duplicate_treatment: None,
        args: vec![FunctionArg::Unnamed(FunctionArgExpr::Expr(inner))],
        clauses: Vec::new(),
    });
}

/// The functions of windows, by name.
pub(super) fn function(name: &str) -> Option<Arc<ScalarUDF>> {
    let upper = name.to_uppercase();
    let kind = match WINDOWS.iter().find(|window| **window == upper) {
        Some(window) => Kind::Window(window),
        None => {
            let part = PARTS.iter().find(|(_, part, _)| *part == name)?;
            Kind::Part(part.1, part.2)
        }
    };
    Some(of_kind(kind))
}

fn of_kind(kind: Kind) -> Arc<ScalarUDF> {
    Arc::new(ScalarUDF::from(WindowFunction {
        kind,
        signature: Signature::user_defined(Volatility::Immutable),
    }))
}

/// What a function of windows is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Kind {
    /// The window of a row. Never computed: the plan is made to group by it.
    Window(&'static str),
    /// A window of its start, end and time.
    Of,
    /// Start, end or time of a window.
    Part(&'static str, usize),
}

#[derive(Debug, PartialEq, Eq, Hash)]
struct WindowFunction {
    kind: Kind,
    signature: Signature,
}

impl ScalarUDFImpl for WindowFunction {
    fn name(&self) -> &str {
        match self.kind {
            Kind::Window(name) | Kind::Part(name, _) => name,
            Kind::Of => WINDOW,
        }
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn coerce_types(&self, arguments: &[DataType]) -> Result<Vec<DataType>> {
        Ok(arguments.to_vec())
    }

    fn return_type(&self, _: &[DataType]) -> Result<DataType> {
        internal_err!("the type of {} is a field's", self.name())
    }

    fn return_field_from_args(&self, arguments: ReturnFieldArgs<'_>) -> Result<FieldRef> {
        let given = arguments.arg_fields;
        let fields = match self.kind {
            Kind::Window(name) => match given.first() {
                Some(time) if TimeAttribute::of(time).is_some() => window_fields(time),
                _ => {
                    return plan_err!(
                        "the first argument of {name} in GROUP BY is no time attribute"
                    );
                }
            },
            Kind::Of => given.iter().cloned().collect(),
            Kind::Part(..) => return self.part_of(given),
        };
        let window = DataType::Struct(fields);
        Ok(Arc::new(Field::new(self.name(), window, false)))
    }

    fn invoke_with_args(&self, arguments: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let rows = arguments.number_rows;
        let columns = arguments.args.into_iter().map(|it| it.into_array(rows));
        let columns = columns.collect::<Result<Vec<_>>>()?;
        match self.kind {
            Kind::Window(name) => internal_err!("{name} was left in an expression"),
            Kind::Of => {
                let fields = arguments.arg_fields.iter().cloned().collect();
                Ok(ColumnarValue::Array(Arc::new(StructArray::try_new(
                    fields, columns, None,
                )?)))
            }
            Kind::Part(_, index) => match columns.first().map(|window| window.as_struct()) {
                Some(window) if index < window.num_columns() => {
                    Ok(ColumnarValue::Array(Arc::clone(window.column(index))))
                }
                _ => internal_err!("{} of no window", self.name()),
            },
        }
    }

    /// A part of a window that was just put together is what was put in.
    fn simplify(&self, arguments: Vec<Expr>, _: &SimplifyContext) -> Result<ExprSimplifyResult> {
        if let (Kind::Part(_, index), [Expr::ScalarFunction(window)]) =
            (self.kind, arguments.as_slice())
            && window.func.name() == WINDOW
            && let Some(part) = window.args.get(index)
        {
            return Ok(ExprSimplifyResult::Simplified(part.clone()));
        }
        Ok(ExprSimplifyResult::Original(arguments))
    }
}

impl WindowFunction {
    fn part_of(&self, given: &[FieldRef]) -> Result<FieldRef> {
        let Kind::Part(_, index) = self.kind else {
            return internal_err!("{} is no part of a window", self.name());
        };
        match given.first().map(|field| field.data_type()) {
            Some(DataType::Struct(fields)) if index < fields.len() => {
                Ok(Arc::clone(&fields[index]))
            }
            _ => internal_err!("{} of no window", self.name()),
        }
    }
}

fn window_fields(time: &Field) -> Fields {
    let [start, end, of_window] = WINDOW_COLUMNS;
    let plain = DataType::Timestamp(TimeUnit::Millisecond, None);
    let of_window = Field::new(of_window, time.data_type().clone(), false);
    let of_window = match TimeAttribute::of(time) {
        Some(attribute) => attribute.mark(&of_window),
        None => Arc::new(of_window),
    };
    Fields::from(vec![
        Arc::new(Field::new(start, plain.clone(), false)),
        Arc::new(Field::new(end, plain, false)),
        of_window,
    ])
}

/// The plan with windows in FROM where they stood in GROUP BY.
pub(super) fn unfold(plan: LogicalPlan) -> Result<LogicalPlan> {
    let plan = plan.transform_up_with_subqueries(|plan| match plan {
        LogicalPlan::Aggregate(aggregate) if aggregate.group_expr.iter().any(is_window) => {
            unfolded(&aggregate).map(Transformed::yes)
        }
        other => Ok(Transformed::no(other)),
    })?;
    let elsewhere = plan.data.exists(|plan| {
        let expressions = plan.expressions();
        let mut expressions = expressions.iter();
        Ok(expressions.any(|it| it.exists(|it| Ok(is_window(it))).unwrap_or_default()))
    })?;
    if elsewhere {
        return plan_err!(
            "a window of TUMBLE, HOP or SESSION stands in GROUP BY alone: anywhere else write FROM TABLE(TUMBLE(…))"
        );
    }
    Ok(plan.data)
}

fn is_window(group: &Expr) -> bool {
    matches!(group, Expr::ScalarFunction(call) if WINDOWS.contains(&call.func.name()))
}

fn unfolded(aggregate: &Aggregate) -> Result<LogicalPlan> {
    let (windows, keys): (Vec<_>, Vec<_>) =
        aggregate.group_expr.iter().partition(|it| is_window(it));
    let [Expr::ScalarFunction(call)] = windows.as_slice() else {
        return plan_err!("GROUP BY of more than one window");
    };
    let (kind, time) = window_of(call.func.name(), &call.args)?;
    let input = aggregate.input.as_ref().clone();
    let is_session = matches!(kind, WindowKind::Session { .. });
    let partition = if is_session {
        keys.iter().map(|it| (*it).clone()).collect()
    } else {
        Vec::new()
    };
    let node = Arc::new(WindowNode::new(input, kind, time, partition)?);
    let windowed = LogicalPlan::Extension(Extension { node });
    let of_window = WINDOW_COLUMNS.map(|name| Expr::Column(Column::from_name(name)));
    let groups = of_window.iter().cloned().chain(keys.into_iter().cloned());
    let grouped = LogicalPlanBuilder::from(windowed)
        .aggregate(groups.collect::<Vec<_>>(), aggregate.aggr_expr.clone())?
        .build()?;
    let window = Expr::ScalarFunction(datafusion_expr::expr::ScalarFunction::new_udf(
        of_kind(Kind::Of),
        of_window.into(),
    ));
    let columns = aggregate.schema.iter().zip(
        aggregate
            .group_expr
            .iter()
            .map(Some)
            .chain(std::iter::repeat(None)),
    );
    let columns = columns.map(|((qualifier, field), group)| match group {
        Some(group) if is_window(group) => window
            .clone()
            .alias_qualified(qualifier.cloned(), field.name()),
        _ => Expr::Column(Column::new(qualifier.cloned(), field.name())),
    });
    LogicalPlanBuilder::from(grouped)
        .project(columns.collect::<Vec<_>>())?
        .build()
}

/// The window that a call says, and the column that it goes by.
fn window_of(name: &str, arguments: &[Expr]) -> Result<(WindowKind, Column)> {
    let [Expr::Column(time), spans @ ..] = arguments else {
        return plan_err!("{name} in GROUP BY goes by a column, its time attribute");
    };
    let spans: Option<Vec<i64>> = spans.iter().map(millis).collect();
    let kind = match (name, spans.as_deref()) {
        ("TUMBLE", Some([size])) => WindowKind::Tumble {
            size: *size,
            offset: 0,
        },
        ("HOP", Some([slide, size])) => WindowKind::Hop {
            size: *size,
            slide: *slide,
            offset: 0,
        },
        ("SESSION", Some([gap])) => WindowKind::Session { gap: *gap },
        _ => {
            return plan_err!(
                "{name} in GROUP BY: write TUMBLE(time, size), HOP(time, slide, size) or SESSION(time, gap), of intervals of days and less"
            );
        }
    };
    let positive = match kind {
        WindowKind::Tumble { size, .. } => size > 0,
        WindowKind::Hop { size, slide, .. } => size > 0 && slide > 0,
        WindowKind::Session { gap } => gap > 0,
        WindowKind::Cumulate { .. } => true,
    };
    if !positive {
        return plan_err!("{name} in GROUP BY: its intervals must be longer than nothing");
    }
    Ok((kind, time.clone()))
}
