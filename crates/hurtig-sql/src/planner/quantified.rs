//! `x > ANY (query)`, `x > ALL (query)` and `(a, b) IN (query)`, in terms of EXISTS.
//!
//! | Flink | Becomes |
//! |---|---|
//! | `x op ANY (q)` | `EXISTS (SELECT 1 FROM (q) WHERE x op c)` |
//! | `x op ALL (q)` | `NOT EXISTS (SELECT 1 FROM (q) WHERE (x op c) IS NOT TRUE)` |
//! | `(a, b) IN (q)` | `EXISTS (SELECT 1 FROM (q) WHERE a = c AND b = d)` |
//! | `(a, b) NOT IN (q)` | `NOT EXISTS (SELECT 1 FROM (q) WHERE (a = c AND b = d) IS NOT FALSE)` |
//!
//! A condition holds or it does not: unknown counts as not. NOT therefore goes inside first, where it still tells the two apart.

use std::ops::ControlFlow;

use sqlparser::ast::{
    BinaryOperator, Expr, Ident, Query, Select, SelectFlavor, SelectItem, SetExpr, TableAlias,
    TableAliasColumnDef, TableFactor, TableWithJoins, UnaryOperator, VisitMut, VisitorMut,
};

use super::calls::values_of_row;

/// `NOT (x = ANY (q))` becomes `x <> ALL (q)`, and so on, where `expression` is such.
pub(super) fn push_not(expression: &mut Expr) {
    let Expr::UnaryOp {
        op: UnaryOperator::Not,
        expr,
    } = expression
    else {
        return;
    };
    let mut inner = expr.as_ref();
    while let Expr::Nested(nested) = inner {
        inner = nested;
    }
    let pushed = match inner {
        Expr::AnyOp {
            left,
            compare_op,
            right,
            ..
        } => negated(compare_op).map(|compare_op| Expr::AllOp {
            left: left.clone(),
            compare_op,
            right: right.clone(),
        }),
        Expr::AllOp {
            left,
            compare_op,
            right,
        } => negated(compare_op).map(|compare_op| Expr::AnyOp {
            left: left.clone(),
            compare_op,
            right: right.clone(),
            is_some: false,
        }),
        Expr::InSubquery {
            expr,
            subquery,
            negated,
        } => Some(Expr::InSubquery {
            expr: expr.clone(),
            subquery: subquery.clone(),
            negated: !negated,
        }),
        _ => None,
    };
    if let Some(pushed) = pushed {
        *expression = pushed;
    }
}

fn negated(op: &BinaryOperator) -> Option<BinaryOperator> {
    Some(match op {
        BinaryOperator::Eq => BinaryOperator::NotEq,
        BinaryOperator::NotEq => BinaryOperator::Eq,
        BinaryOperator::Lt => BinaryOperator::GtEq,
        BinaryOperator::LtEq => BinaryOperator::Gt,
        BinaryOperator::Gt => BinaryOperator::LtEq,
        BinaryOperator::GtEq => BinaryOperator::Lt,
        _ => return None,
    })
}

/// The expression by EXISTS, where it asks a query for any or all of its rows.
pub(super) fn by_exists(expression: &Expr) -> Option<Expr> {
    match expression {
        Expr::AnyOp {
            left,
            compare_op,
            right,
            ..
        } => {
            let condition = compared(&[left.as_ref().clone()], compare_op)?;
            Some(exists(query_of(right)?, 1, condition, false))
        }
        Expr::AllOp {
            left,
            compare_op,
            right,
        } => {
            let condition = compared(&[left.as_ref().clone()], compare_op)?;
            let condition = Expr::IsNotTrue(Box::new(Expr::Nested(Box::new(condition))));
            Some(exists(query_of(right)?, 1, condition, true))
        }
        Expr::InSubquery {
            expr,
            subquery,
            negated,
        } => {
            let values = values_of_row(expr)?;
            Some(is_in(&values, subquery, *negated))
        }
        _ => None,
    }
}

/// `NOT IN` within OR, where a join cannot tell unknown from false.
pub(super) fn not_in_by_exists(expression: &mut Expr) {
    struct Within;
    impl VisitorMut for Within {
        type Break = ();

        fn post_visit_expr(&mut self, expression: &mut Expr) -> ControlFlow<()> {
            if let Expr::InSubquery {
                expr,
                subquery,
                negated: true,
            } = expression
            {
                *expression = is_in(&[expr.as_ref().clone()], subquery, true);
            }
            ControlFlow::Continue(())
        }
    }
    if let Expr::BinaryOp {
        op: BinaryOperator::Or,
        ..
    } = expression
    {
        // It never breaks off.
        let _: ControlFlow<()> = expression.visit(&mut Within);
    }
}

fn is_in(values: &[Expr], query: &Query, negated: bool) -> Expr {
    let equal = compared(values, &BinaryOperator::Eq);
    let equal = equal.unwrap_or_else(|| Expr::value(sqlparser::ast::Value::Boolean(true)));
    let condition = if negated {
        Expr::IsNotFalse(Box::new(Expr::Nested(Box::new(equal))))
    } else {
        equal
    };
    exists(query, values.len(), condition, negated)
}

fn query_of(expr: &Expr) -> Option<&Query> {
    match expr {
        Expr::Subquery(query) => Some(query),
        Expr::Nested(nested) => query_of(nested),
        _ => None,
    }
}

/// The name of the query in FROM, which nobody writes.
const TABLE: &str = "$rows";

fn column(index: usize) -> Ident {
    Ident::with_quote('`', format!("${index}"))
}

/// Each value, against its column of the query; all must hold.
fn compared(values: &[Expr], op: &BinaryOperator) -> Option<Expr> {
    let pairs = values.iter().enumerate().map(|(index, value)| {
        let table = Ident::with_quote('`', TABLE);
        Expr::BinaryOp {
            left: Box::new(Expr::Nested(Box::new(value.clone()))),
            op: op.clone(),
            right: Box::new(Expr::CompoundIdentifier(vec![table, column(index)])),
        }
    });
    pairs.reduce(|left, right| Expr::BinaryOp {
        left: Box::new(left),
        op: BinaryOperator::And,
        right: Box::new(right),
    })
}

fn exists(query: &Query, width: usize, condition: Expr, negated: bool) -> Expr {
    let columns = (0..width).map(|index| TableAliasColumnDef {
        name: column(index),
        data_type: None,
    });
    let rows = TableFactor::Derived {
        lateral: false,
        subquery: Box::new(query.clone()),
        alias: Some(TableAlias {
            explicit: true,
            name: Ident::with_quote('`', TABLE),
            columns: columns.collect(),
            at: None,
        }),
        sample: None,
    };
    let select = Select {
        projection: vec![SelectItem::UnnamedExpr(Expr::value(
            sqlparser::ast::Value::Number("1".to_string(), false),
        ))],
        from: vec![TableWithJoins {
            relation: rows,
            joins: Vec::new(),
        }],
        selection: Some(condition),
        ..empty_select()
    };
    Expr::Exists {
        subquery: Box::new(Query {
            with: None,
            body: Box::new(SetExpr::Select(Box::new(select))),
            order_by: None,
            limit_clause: None,
            fetch: None,
            locks: Vec::new(),
            for_clause: None,
            settings: None,
            format_clause: None,
            pipe_operators: Vec::new(),
        }),
        negated,
    }
}

fn empty_select() -> Select {
    Select {
        select_token: sqlparser::ast::helpers::attached_token::AttachedToken::empty(),
        optimizer_hints: Vec::new(),
        distinct: None,
        select_modifiers: None,
        top: None,
        top_before_distinct: false,
        projection: Vec::new(),
        exclude: None,
        into: None,
        from: Vec::new(),
        lateral_views: Vec::new(),
        prewhere: None,
        selection: None,
        connect_by: Vec::new(),
        group_by: sqlparser::ast::GroupByExpr::Expressions(Vec::new(), Vec::new()),
        cluster_by: Vec::new(),
        distribute_by: Vec::new(),
        sort_by: Vec::new(),
        having: None,
        named_window: Vec::new(),
        qualify: None,
        window_before_qualify: false,
        value_table_mode: None,
        flavor: SelectFlavor::Standard,
    }
}
