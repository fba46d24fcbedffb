//! A query's tree as DataFusion's planner should see it: columns without a name are called as Flink calls them, whole numbers are INT
//! where they fit.

use std::ops::ControlFlow;

use sqlparser::ast::helpers::attached_token::AttachedToken;
use sqlparser::ast::{
    BinaryOperator, CaseWhen, CastKind, DataType, Expr, Function, FunctionArg, FunctionArgExpr,
    FunctionArgumentList, FunctionArguments, Ident, LimitClause, NamedWindowDefinition,
    NamedWindowExpr, ObjectName, OrderByKind, Query, Select, SelectItem, SetExpr, Value, VisitMut,
    VisitorMut, WindowFrameBound, WindowSpec, WindowType,
};

use super::group_window::ask_the_window;
use super::system_time::carry_times;

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
        name_columns(&mut query.body);
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
        }
        if let Some(call) = substring(expression) {
            *expression = call;
        }
        if let Expr::Function(call) = expression {
            ask_the_window(call);
            if let Some(other) = in_other_words(call) {
                *expression = other;
            }
        }
        if let Expr::Function(call) = expression
            && let Some(WindowType::WindowSpec(window)) = &mut call.over
        {
            bare_frame(window);
        }
        ControlFlow::Continue(())
    }

    /// Limits and places in an order are numbers, not values.
    fn post_visit_query(&mut self, query: &mut Query) -> ControlFlow<()> {
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
        if let Some(fetch) = &mut query.fetch {
            fetch.quantity.iter_mut().for_each(bare);
        }
        if let Some(order) = &mut query.order_by
            && let OrderByKind::Expressions(order) = &mut order.kind
        {
            order.iter_mut().for_each(|order| bare(&mut order.expr));
        }
        ControlFlow::Continue(())
    }
}

/// A number as it was written.
fn bare(expression: &mut Expr) {
    if let Expr::Cast { expr, .. } = expression
        && matches!(**expr, Expr::Value(_))
    {
        *expression = (**expr).clone();
    }
}

/// Calls that say what the language has other words for: MOD, IF, IFNULL.
fn in_other_words(call: &Function) -> Option<Expr> {
    let FunctionArguments::List(list) = &call.args else {
        return None;
    };
    let arguments = list.args.iter().map(|argument| match argument {
        FunctionArg::Unnamed(FunctionArgExpr::Expr(argument)) => Some(argument.clone()),
        _ => None,
    });
    let arguments: Vec<Expr> = arguments.collect::<Option<_>>()?;
    let nested = |it: &Expr| Box::new(Expr::Nested(Box::new(it.clone())));
    match (
        call.name.to_string().to_uppercase().as_str(),
        arguments.as_slice(),
    ) {
        ("MOD", [left, right]) => Some(Expr::Nested(Box::new(Expr::BinaryOp {
            left: nested(left),
            op: BinaryOperator::Modulo,
            right: nested(right),
        }))),
        ("IF", [condition, then, otherwise]) => Some(either(condition, then, otherwise)),
        ("IFNULL", [value, otherwise]) => {
            let is_there = Expr::IsNotNull(nested(value));
            Some(either(&is_there, value, otherwise))
        }
        _ => None,
    }
}

/// `SUBSTRING(text FROM start FOR length)` as a call.
fn substring(expression: &Expr) -> Option<Expr> {
    let Expr::Substring {
        expr,
        substring_from: Some(start),
        substring_for,
        ..
    } = expression
    else {
        return None;
    };
    let arguments = [Some(expr), Some(start), substring_for.as_ref()];
    let arguments = arguments.into_iter().flatten();
    let arguments = arguments.map(|it| FunctionArg::Unnamed(FunctionArgExpr::Expr((**it).clone())));
    Some(Expr::Function(Function {
        name: ObjectName::from(vec![Ident::new("substr")]),
        uses_odbc_syntax: false,
        parameters: FunctionArguments::None,
        args: FunctionArguments::List(FunctionArgumentList {
            duplicate_treatment: None,
            args: arguments.collect(),
            clauses: Vec::new(),
        }),
        filter: None,
        null_treatment: None,
        over: None,
        within_group: Vec::new(),
    }))
}

fn either(condition: &Expr, then: &Expr, otherwise: &Expr) -> Expr {
    Expr::Case {
        case_token: AttachedToken::empty(),
        end_token: AttachedToken::empty(),
        operand: None,
        conditions: vec![CaseWhen {
            condition: condition.clone(),
            result: then.clone(),
        }],
        else_result: Some(Box::new(otherwise.clone())),
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
