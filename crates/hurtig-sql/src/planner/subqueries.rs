//! Subqueries as joins that a stream can run.

use std::sync::Arc;

use datafusion_common::tree_node::{Transformed, TreeNode};
use datafusion_common::{Result, ScalarValue, not_impl_err};
use datafusion_expr::expr::AggregateFunction;
use datafusion_expr::utils::{conjunction, split_conjunction_owned};
use datafusion_expr::{
    AggregateUDF, Expr, Join, JoinType, LogicalPlan, LogicalPlanBuilder, Subquery, col, lit,
};
use datafusion_optimizer::{OptimizerConfig, OptimizerRule, optimizer::ApplyOrder};

/// A query that stands for a value has one row: where nothing says so, more are an error when they come, as in Flink.
pub(super) fn single_values(plan: LogicalPlan, single: &Arc<AggregateUDF>) -> Result<LogicalPlan> {
    let plan = plan.transform_up_with_subqueries(|plan| {
        plan.map_expressions(|expression| {
            expression.transform_up(|expression| match expression {
                Expr::ScalarSubquery(subquery) => single_value(subquery, single),
                other => Ok(Transformed::no(other)),
            })
        })
    })?;
    Ok(plan.data)
}

fn single_value(subquery: Subquery, single: &Arc<AggregateUDF>) -> Result<Transformed<Expr>> {
    let plan = &subquery.subquery;
    let columns = plan.schema().columns();
    let [column] = columns.as_slice() else {
        return Ok(Transformed::no(Expr::ScalarSubquery(subquery)));
    };
    if plan.max_rows().is_some_and(|rows| rows <= 1) {
        return Ok(Transformed::no(Expr::ScalarSubquery(subquery)));
    }
    let call = AggregateFunction::new_udf(
        Arc::clone(single),
        vec![Expr::Column(column.clone())],
        false,
        None,
        Vec::new(),
        None,
    );
    let call = Expr::AggregateFunction(call).alias(&column.name);
    let plan = LogicalPlanBuilder::from(Arc::clone(plan))
        .aggregate(Vec::<Expr>::new(), vec![call])?
        .build()?;
    Ok(Transformed::yes(Expr::ScalarSubquery(Subquery {
        subquery: Arc::new(plan),
        ..subquery
    })))
}

/// What DataFusion's joins of IN and NOT IN mean, in terms of plain joins.
///
/// `x NOT IN (…)` keeps no row whose `x` may equal one of them: where either is NULL it may. IN and EXISTS within OR mark rows instead of
/// keeping them.
#[derive(Debug, Default)]
pub(super) struct PlainJoins;

impl OptimizerRule for PlainJoins {
    fn name(&self) -> &'static str {
        "plain_joins"
    }

    fn apply_order(&self) -> Option<ApplyOrder> {
        Some(ApplyOrder::BottomUp)
    }

    fn supports_rewrite(&self) -> bool {
        true
    }

    fn rewrite(
        &self,
        plan: LogicalPlan,
        _: &dyn OptimizerConfig,
    ) -> Result<Transformed<LogicalPlan>> {
        match plan {
            LogicalPlan::Join(join) if join.null_aware => {
                Ok(Transformed::yes(LogicalPlan::Join(may_be_equal(join))))
            }
            LogicalPlan::Join(join) if join.join_type == JoinType::LeftMark => {
                marked(join).map(Transformed::yes)
            }
            other => Ok(Transformed::no(other)),
        }
    }
}

/// The first condition is that of NOT IN; others are of the subquery, and hold or don't.
fn may_be_equal(mut join: Join) -> Join {
    let mut conditions = join
        .filter
        .take()
        .map(split_conjunction_owned)
        .unwrap_or_default();
    if let Some(first) = conditions.first_mut() {
        let equal = std::mem::replace(first, lit(true));
        *first = Expr::IsNotFalse(Box::new(equal));
    }
    Join {
        filter: conjunction(conditions),
        null_aware: false,
        ..join
    }
}

/// The name of a column that is there where a row was found.
const FOUND: &str = "$found";

/// Rows of the left side once, and whether the right side has a row for each.
fn marked(join: Join) -> Result<LogicalPlan> {
    let columns = join.left.schema().columns().len();
    let Some((qualifier, mark)) = join.schema.iter().nth(columns) else {
        return not_impl_err!("a mark join without a mark");
    };
    let conditions = join
        .filter
        .clone()
        .map(split_conjunction_owned)
        .unwrap_or_default();
    let is_equality = |condition: &Expr| matches!(condition, Expr::BinaryExpr(binary) if binary.op == datafusion_expr::Operator::Eq);
    if !conditions.iter().all(is_equality) {
        return not_impl_err!(
            "IN or EXISTS within OR, by more than equality; write it as a UNION of queries"
        );
    }
    let right = join.right.schema().columns().into_iter().map(Expr::Column);
    let found = Expr::Literal(ScalarValue::Boolean(Some(true)), None).alias(FOUND);
    let right = LogicalPlanBuilder::from(Arc::clone(&join.right))
        .distinct()?
        .project(right.chain([found]))?
        .build()?;
    let on: Vec<Expr> = join
        .on
        .iter()
        .map(|(left, right)| left.clone().eq(right.clone()))
        .chain(conditions)
        .collect();
    let left = join.left.schema().columns().into_iter().map(Expr::Column);
    let mark =
        Expr::IsNotNull(Box::new(col(FOUND))).alias_qualified(qualifier.cloned(), mark.name());
    LogicalPlanBuilder::from(Arc::clone(&join.left))
        .join_on(right, JoinType::Left, on)?
        .project(left.chain([mark]))?
        .build()
}
