//! A query's tree as DataFusion's planner should see it: columns without a name are called as Flink calls them, whole numbers are INT
//! where they fit, and functions are ours.

use std::ops::ControlFlow;

use sqlparser::ast::{
    CastKind, DataType, Expr, Fetch, Ident, LimitClause, NamedWindowDefinition, NamedWindowExpr,
    OrderByKind, Query, Select, SelectItem, SetExpr, Value, VisitMut, VisitorMut, WindowFrameBound,
    WindowSpec, WindowType,
};

use super::calls::rewrite;
use super::group_window::ask_the_window;
use super::hints::spread;
use super::quantified::{by_exists, not_in_by_exists, push_not};
use super::set_all::by_calls;
use super::system_time::carry_times;
use super::values::widen;

/// The query under Flink's rules.
pub(super) fn as_flink(query: &Query) -> Query {
    let mut query = query.clone();
    // It never breaks off.
    let _: ControlFlow<()> = query.visit(&mut Rewriter);
    query
}

/// An expression under Flink's rules.
pub(crate) fn expression_as_flink(expression: &Expr) -> Expr {
    let mut expression = expression.clone();
    let _: ControlFlow<()> = expression.visit(&mut Rewriter);
    expression
}

struct Rewriter;

impl VisitorMut for Rewriter {
    type Break = ();

    fn pre_visit_query(&mut self, query: &mut Query) -> ControlFlow<()> {
        by_calls(&mut query.body);
        spread(&mut query.body);
        name_columns(&mut query.body);
        ControlFlow::Continue(())
    }

    fn pre_visit_expr(&mut self, expression: &mut Expr) -> ControlFlow<()> {
        push_not(expression);
        not_in_by_exists(expression);
        if let Some(exists) = by_exists(expression) {
            *expression = exists;
        }
        ControlFlow::Continue(())
    }

    fn post_visit_expr(&mut self, expression: &mut Expr) -> ControlFlow<()> {
        if let Expr::Value(value) = expression
            && let Value::Number(digits, _) = &value.value
            && digits.parse::<i32>().is_ok()
        {
            *expression = Expr::Cast {
                kind: CastKind::Cast,
                expr: Box::new(expression.clone()),
                data_type: DataType::Int(None),
                array: false,
                format: None,
            };
            return ControlFlow::Continue(());
        }
        if let Expr::Function(call) = expression {
            ask_the_window(call);
        }
        rewrite(expression);
        if let Expr::Function(call) = expression
            && let Some(WindowType::WindowSpec(window)) = &mut call.over
        {
            bare_frame(window);
        }
        ControlFlow::Continue(())
    }

    /// Limits and places in an order are numbers, not values.
    fn post_visit_query(&mut self, query: &mut Query) -> ControlFlow<()> {
        widen(&mut query.body);
        if let SetExpr::Select(select) = query.body.as_mut() {
            for NamedWindowDefinition(_, window) in &mut select.named_window {
                if let NamedWindowExpr::WindowSpec(window) = window {
                    bare_frame(window);
                }
            }
        }
        if let Some(LimitClause::LimitOffset { limit, offset, .. }) = &mut query.limit_clause {
            limit.iter_mut().for_each(bare);
            offset.iter_mut().for_each(|offset| bare(&mut offset.value));
        }
        if let Some(fetch) = query.fetch.take() {
            limit_to(query, fetch);
        }
        if let Some(order) = &mut query.order_by
            && let OrderByKind::Expressions(order) = &mut order.kind
        {
            order.iter_mut().for_each(|order| bare(&mut order.expr));
        }
        ControlFlow::Continue(())
    }
}

/// `FETCH FIRST n ROWS ONLY` is a limit; of one row, if no number is said.
fn limit_to(query: &mut Query, fetch: Fetch) {
    let one = || Expr::value(Value::Number("1".to_string(), false));
    let mut quantity = fetch.quantity.unwrap_or_else(one);
    bare(&mut quantity);
    let clause = query.limit_clause.get_or_insert(LimitClause::LimitOffset {
        limit: None,
        offset: None,
        limit_by: Vec::new(),
    });
    if let LimitClause::LimitOffset { limit, .. } = clause {
        *limit = Some(quantity);
    }
}

/// A number as it was written.
pub(super) fn bare(expression: &mut Expr) {
    if let Expr::Cast { expr, .. } = expression
        && matches!(**expr, Expr::Value(_))
    {
        *expression = (**expr).clone();
    }
}

/// How far a frame goes is a number.
fn bare_frame(window: &mut WindowSpec) {
    let Some(frame) = &mut window.window_frame else {
        return;
    };
    for bound in [Some(&mut frame.start_bound), frame.end_bound.as_mut()] {
        if let Some(
            WindowFrameBound::Preceding(Some(far)) | WindowFrameBound::Following(Some(far)),
        ) = bound
        {
            bare(far);
        }
    }
}

fn name_columns(body: &mut SetExpr) {
    match body {
        SetExpr::Select(select) => {
            name_columns_of(select);
            carry_times(select);
        }
        SetExpr::SetOperation { left, right, .. } => {
            name_columns(left);
            name_columns(right);
        }
        _ => {}
    }
}

/// `EXPR$0` is the first column of a SELECT, if it is computed and has no name.
fn name_columns_of(select: &mut Select) {
    for (index, item) in select.projection.iter_mut().enumerate() {
        if let SelectItem::UnnamedExpr(expr) = item
            && !matches!(
                expr,
                Expr::Identifier(_)
                    | Expr::CompoundIdentifier(_)
                    | Expr::CompoundFieldAccess { .. }
            )
        {
            *item = SelectItem::ExprWithAlias {
                expr: expr.clone(),
                alias: Ident::new(format!("EXPR${index}")),
            };
        }
    }
}
