//! `EXCEPT ALL`, `INTERSECT ALL`: rows as often as the difference of the counts, or the lesser of them, says.
//!
//! ```text
//!  a EXCEPT ALL b  ─►  SELECT * FROM TABLE($except_all((a), (b)))
//!                  ─►  rows of a with (1, 0), rows of b with (0, 1) ─ UNION ALL ─ GROUP BY the row: sums l, r ─ repeated l − r times
//! ```

use std::sync::Arc;

use datafusion_common::{Column, ExprSchema as _, Result, TableReference, plan_err};
use datafusion_expr::expr::AggregateFunction;
use datafusion_expr::planner::RelationPlannerContext;
use datafusion_expr::{
    Expr, ExprSchemable as _, Extension, LogicalPlan, LogicalPlanBuilder, cast, lit, when,
};
use sqlparser::ast::{Expr as SqlExpr, Query, SetExpr, SetOperator, SetQuantifier, TableFactor};

use super::calls::{arguments, call};
use super::context::World;
use super::hints::select_all_of;
use super::relation::derived;
use super::unnest::{CorrelateNode, Items};

const EXCEPT_ALL: &str = "$except_all";
const INTERSECT_ALL: &str = "$intersect_all";

/// Puts calls in the place of these operations.
pub(super) fn by_calls(body: &mut SetExpr) {
    let SetExpr::SetOperation {
        op,
        set_quantifier,
        left,
        right,
    } = body
    else {
        return;
    };
    by_calls(left);
    by_calls(right);
    let name = match (op, set_quantifier) {
        (SetOperator::Except | SetOperator::Minus, SetQuantifier::All) => EXCEPT_ALL,
        (SetOperator::Intersect, SetQuantifier::All) => INTERSECT_ALL,
        _ => return,
    };
    let query = |body: &SetExpr| SqlExpr::Subquery(Box::new(query_of(body.clone())));
    let called = TableFactor::TableFunction {
        expr: call(name, vec![query(left), query(right)]),
        alias: None,
    };
    if let Some(all) = select_all_of(called) {
        *body = *all.body;
    }
}

fn query_of(body: SetExpr) -> Query {
    Query {
        with: None,
        body: Box::new(body),
        order_by: None,
        limit_clause: None,
        fetch: None,
        locks: Vec::new(),
        for_clause: None,
        settings: None,
        format_clause: None,
        pipe_operators: Vec::new(),
    }
}

/// The plan of such a call; none of another.
pub(super) fn plan(
    expr: &SqlExpr,
    world: &World,
    context: &mut dyn RelationPlannerContext,
) -> Result<Option<LogicalPlan>> {
    let SqlExpr::Function(function) = expr else {
        return Ok(None);
    };
    let name = function.name.to_string();
    if name != EXCEPT_ALL && name != INTERSECT_ALL {
        return Ok(None);
    }
    let arguments = arguments(function).unwrap_or_default();
    let [SqlExpr::Subquery(left), SqlExpr::Subquery(right)] = arguments.as_slice() else {
        return plan_err!("{name} is of two queries");
    };
    let left = context.plan(derived(left.as_ref().clone()))?;
    let right = context.plan(derived(right.as_ref().clone()))?;
    let (ours, theirs) = (left.schema().fields().len(), right.schema().fields().len());
    if ours != theirs {
        return plan_err!("{ours} columns on the left of a set operation, {theirs} on the right");
    }
    let counted = counted(left, right, world)?;
    let (l, r) = (column("$l"), column("$r"));
    let times = match name.as_str() {
        EXCEPT_ALL => l - r,
        _ => when(l.clone().lt(r.clone()), l).otherwise(r)?,
    };
    repeated(counted, times, ours, world).map(Some)
}

fn column(name: &str) -> Expr {
    Expr::Column(Column::from_name(name))
}

/// The different rows of both, with how often each is there on the left, `$l`, and on the right, `$r`.
fn counted(left: LogicalPlan, right: LogicalPlan, world: &World) -> Result<LogicalPlan> {
    let types: Vec<_> = left
        .schema()
        .fields()
        .iter()
        .map(|it| it.data_type().clone())
        .collect();
    let marked = |plan: LogicalPlan, counts: (i64, i64)| {
        let columns = plan.schema().columns().into_iter().zip(&types).enumerate();
        let columns = columns.map(|(index, (column, data_type))| {
            let name = format!("$c{index}");
            match plan.schema().data_type(&column) {
                Ok(own) if own == data_type => Ok(Expr::Column(column).alias(name)),
                Ok(_) => Ok(cast(Expr::Column(column), data_type.clone()).alias(name)),
                Err(error) => Err(error),
            }
        });
        let mut columns = columns.collect::<Result<Vec<_>>>()?;
        columns.push(lit(counts.0).alias("$l"));
        columns.push(lit(counts.1).alias("$r"));
        LogicalPlanBuilder::from(plan).project(columns)?.build()
    };
    let names: Vec<_> = left
        .schema()
        .fields()
        .iter()
        .map(|it| it.name().clone())
        .collect();
    let (left, right) = (marked(left, (1, 0))?, marked(right, (0, 1))?);
    let Some(sum) = world.functions.aggregate("sum") else {
        return plan_err!("there is no function sum");
    };
    let total = |name: &str| {
        let sum = AggregateFunction::new_udf(
            Arc::clone(&sum),
            vec![column(name)],
            false,
            None,
            Vec::new(),
            None,
        );
        Expr::AggregateFunction(sum).alias(name)
    };
    let key = (0..names.len()).map(|index| column(&format!("$c{index}")));
    let grouped = LogicalPlanBuilder::from(left)
        .union(right)?
        .aggregate(key.collect::<Vec<_>>(), vec![total("$l"), total("$r")])?;
    let named = names.iter().enumerate();
    let named = named.map(|(index, name)| column(&format!("$c{index}")).alias(name));
    let mut columns: Vec<_> = named.collect();
    columns.extend([column("$l"), column("$r")]);
    grouped.project(columns)?.build()
}

/// The rows, each so many times, without their counts.
fn repeated(plan: LogicalPlan, times: Expr, width: usize, world: &World) -> Result<LogicalPlan> {
    let Some(repeat) = world.functions.scalar("__times") else {
        return plan_err!("there is no function __times");
    };
    let plan = LogicalPlanBuilder::from(plan)
        .filter(times.clone().gt(lit(0i64)))?
        .build()?;
    let columns: Vec<_> = plan.schema().columns().into_iter().take(width).collect();
    let collection = repeat.call(vec![times]);
    let (_, field) = collection.to_field(plan.schema())?;
    let items = Items {
        collection,
        multiset: false,
        with_ordinality: false,
    };
    let of_items = CorrelateNode::fields_of(&field, Some(TableReference::bare("$times")))?;
    let node = CorrelateNode::new(plan, items, false, of_items)?;
    let plan = LogicalPlan::Extension(Extension {
        node: Arc::new(node),
    });
    let columns: Vec<_> = columns.into_iter().map(Expr::Column).collect();
    LogicalPlanBuilder::from(plan).project(columns)?.build()
}
