//! GROUPING SETS, CUBE and ROLLUP: a grouping for each set, put together.
//!
//! ```text
//!  Aggregate(GROUPING SETS ((a), ()), SUM(x))  ─►  Union of  a, 0, SUM(x) … GROUP BY a
//!                                                  and  NULL, 1, SUM(x)
//! ```
//!
//! The number behind the groups says by its bits which of them are not in the set: that is what GROUPING(…) answers from.

use std::sync::Arc;

use arrow_schema::DataType;
use datafusion_common::tree_node::Transformed;
use datafusion_common::{Column, Result, ScalarValue, plan_err};
use datafusion_expr::utils::grouping_set_to_exprlist;
use datafusion_expr::{
    Aggregate, Expr, ExprSchemable, GroupingSet, LogicalPlan, LogicalPlanBuilder, Union, lit,
};

/// The plan without sets of groupings.
pub(super) fn unfold(plan: LogicalPlan) -> Result<LogicalPlan> {
    let plan = plan.transform_up_with_subqueries(|plan| match plan {
        LogicalPlan::Aggregate(aggregate) => match aggregate.group_expr.as_slice() {
            [Expr::GroupingSet(sets)] => unfolded(&aggregate, sets).map(Transformed::yes),
            _ => Ok(Transformed::no(LogicalPlan::Aggregate(aggregate))),
        },
        other => Ok(Transformed::no(other)),
    })?;
    Ok(plan.data)
}

fn unfolded(aggregate: &Aggregate, sets: &GroupingSet) -> Result<LogicalPlan> {
    let groups = grouping_set_to_exprlist(&aggregate.group_expr)?;
    let sets = sets_of(sets);
    let parts = sets
        .iter()
        .map(|set| part(aggregate, &groups, set).map(Arc::new));
    let union = Union::try_new(parts.collect::<Result<_>>()?)?;
    let columns = aggregate.schema.iter().enumerate();
    let columns = columns.map(|(index, (qualifier, field))| {
        Expr::Column(Column::from_name(place(index)))
            .alias_qualified(qualifier.cloned(), field.name())
    });
    LogicalPlanBuilder::from(LogicalPlan::Union(union))
        .project(columns.collect::<Vec<_>>())?
        .build()
}

/// Every set, with what is in it.
fn sets_of(sets: &GroupingSet) -> Vec<Vec<Expr>> {
    match sets {
        GroupingSet::GroupingSets(sets) => sets.clone(),
        GroupingSet::Rollup(groups) => {
            let lengths = (0..=groups.len()).rev();
            lengths
                .map(|length| groups.iter().take(length).cloned().collect())
                .collect()
        }
        GroupingSet::Cube(groups) => {
            let sets = (0..1u64 << groups.len().min(20)).rev();
            let in_set = |set: u64, index: usize| set >> (groups.len() - 1 - index) & 1 == 1;
            let of_set = |set: u64| {
                let groups = groups.iter().enumerate();
                groups
                    .filter(|(index, _)| in_set(set, *index))
                    .map(|(_, it)| it.clone())
                    .collect()
            };
            sets.map(of_set).collect()
        }
    }
}

fn place(index: usize) -> String {
    format!("${index}")
}

/// The grouping by one set, with columns for all.
fn part(aggregate: &Aggregate, groups: &[&Expr], set: &[Expr]) -> Result<LogicalPlan> {
    let input = aggregate.input.as_ref().clone();
    let input_schema = Arc::clone(input.schema());
    if set.is_empty() && aggregate.aggr_expr.is_empty() {
        return plan_err!("the grouping set () of a query that aggregates nothing");
    }
    let plan = LogicalPlanBuilder::from(input)
        .aggregate(set.to_vec(), aggregate.aggr_expr.clone())?
        .build()?;
    let mut columns = Vec::new();
    let mut missing = 0u64;
    for group in groups {
        let is_in = set.contains(group);
        missing = missing << 1 | u64::from(!is_in);
        let (qualifier, field) = group.to_field(&input_schema)?;
        columns.push(if is_in {
            Expr::Column(Column::new(qualifier, field.name()))
        } else {
            lit(ScalarValue::try_from(field.data_type())?)
        });
    }
    columns.push(lit(number(missing, aggregate, groups.len())?));
    let results = plan.schema().columns().into_iter().skip(set.len());
    columns.extend(results.map(Expr::Column));
    let columns = columns.into_iter().enumerate();
    let columns = columns.map(|(index, column)| column.alias(place(index)));
    LogicalPlanBuilder::from(plan)
        .project(columns.collect::<Vec<_>>())?
        .build()
}

/// The number of a set, of the type that the plan expects.
fn number(missing: u64, aggregate: &Aggregate, index: usize) -> Result<ScalarValue> {
    match aggregate
        .schema
        .fields()
        .get(index)
        .map(|field| field.data_type())
    {
        Some(DataType::UInt8) => Ok(ScalarValue::UInt8(u8::try_from(missing).ok())),
        Some(DataType::UInt16) => Ok(ScalarValue::UInt16(u16::try_from(missing).ok())),
        Some(DataType::UInt32) => Ok(ScalarValue::UInt32(u32::try_from(missing).ok())),
        Some(DataType::UInt64) => Ok(ScalarValue::UInt64(Some(missing))),
        other => plan_err!("grouping sets numbered by {other:?}"),
    }
}
