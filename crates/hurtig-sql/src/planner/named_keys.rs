//! `ORDER BY` and `PARTITION BY` an expression: it becomes a column below, by which operators can go.

use std::sync::Arc;

use datafusion_common::tree_node::Transformed;
use datafusion_common::{Column, Result};
use datafusion_expr::expr::{Sort as SortExpr, WindowFunction};
use datafusion_expr::{Expr, Limit, LogicalPlan, LogicalPlanBuilder, Projection, Sort, Window};

/// The same plan, where windows and orders go by columns alone.
pub(super) fn name_keys(plan: LogicalPlan) -> Result<LogicalPlan> {
    let plan = plan.transform_up_with_subqueries(|plan| match plan {
        LogicalPlan::Window(window) => of_window(window),
        LogicalPlan::Sort(sort) => of_sort(sort),
        LogicalPlan::Limit(limit) => of_limit(limit),
        other => Ok(Transformed::no(other)),
    })?;
    Ok(plan.data)
}

/// Columns that are computed below.
#[derive(Default)]
struct Added(Vec<Expr>);

impl Added {
    /// A column in the place of an expression.
    fn name(&mut self, key: &mut Expr) {
        if matches!(key, Expr::Column(_)) {
            return;
        }
        let expression = key.clone().unalias_nested().data;
        let place = self.0.iter().position(|other| *other == expression);
        let place = place.unwrap_or_else(|| {
            self.0.push(expression);
            self.0.len() - 1
        });
        *key = Expr::Column(Column::from_name(name(place)));
    }

    fn name_all(&mut self, keys: &mut [SortExpr]) {
        keys.iter_mut().for_each(|key| self.name(&mut key.expr));
    }

    /// The input, with the columns behind its own.
    fn below(self, input: &Arc<LogicalPlan>) -> Result<LogicalPlan> {
        let columns = input.schema().columns().into_iter().map(Expr::Column);
        let added = self.0.into_iter().enumerate();
        let added = added.map(|(place, expression)| expression.alias(name(place)));
        let columns = columns.chain(added);
        LogicalPlanBuilder::from(Arc::clone(input))
            .project(columns)?
            .build()
    }
}

fn name(place: usize) -> String {
    format!("$key{place}")
}

fn of_window(window: Window) -> Result<Transformed<LogicalPlan>> {
    let mut added = Added::default();
    let expressions = window.window_expr.iter();
    let expressions = expressions
        .map(|expression| renamed(expression, &mut added))
        .collect::<Result<Vec<_>>>()?;
    if added.0.is_empty() {
        return Ok(Transformed::no(LogicalPlan::Window(window)));
    }
    let input = added.below(&window.input)?;
    let plan = LogicalPlan::Window(Window::try_new(expressions, Arc::new(input))?);
    let wanted = window.schema.columns().into_iter().map(Expr::Column);
    let plan = LogicalPlanBuilder::from(plan).project(wanted)?.build()?;
    Ok(Transformed::yes(plan))
}

/// The call by columns, under the name that it had.
fn renamed(expression: &Expr, added: &mut Added) -> Result<Expr> {
    let (call, name) = match expression {
        Expr::WindowFunction(call) => (call, expression.schema_name().to_string()),
        Expr::Alias(alias) => match alias.expr.as_ref() {
            Expr::WindowFunction(call) => (call, alias.name.clone()),
            _ => return Ok(expression.clone()),
        },
        _ => return Ok(expression.clone()),
    };
    let mut call: Box<WindowFunction> = call.clone();
    added.name_all(&mut call.params.order_by);
    for key in &mut call.params.partition_by {
        added.name(key);
    }
    let call = Expr::WindowFunction(call);
    if call == *expression {
        return Ok(call);
    }
    Ok(call.alias(name))
}

fn of_sort(mut sort: Sort) -> Result<Transformed<LogicalPlan>> {
    let mut added = Added::default();
    added.name_all(&mut sort.expr);
    if added.0.is_empty() {
        return Ok(Transformed::no(LogicalPlan::Sort(sort)));
    }
    let wanted = sort.input.schema().columns().into_iter().map(Expr::Column);
    let plan = LogicalPlan::Sort(Sort {
        input: Arc::new(added.below(&sort.input)?),
        ..sort
    });
    let plan = LogicalPlanBuilder::from(plan)
        .project(wanted.collect::<Vec<_>>())?
        .build()?;
    Ok(Transformed::yes(plan))
}

/// A limit stays next to its order.
fn of_limit(limit: Limit) -> Result<Transformed<LogicalPlan>> {
    let LogicalPlan::Projection(projection) = limit.input.as_ref() else {
        return Ok(Transformed::no(LogicalPlan::Limit(limit)));
    };
    if !matches!(projection.input.as_ref(), LogicalPlan::Sort(_)) {
        return Ok(Transformed::no(LogicalPlan::Limit(limit)));
    }
    let (expressions, schema) = (projection.expr.clone(), Arc::clone(&projection.schema));
    let limit = LogicalPlan::Limit(Limit {
        input: Arc::clone(&projection.input),
        ..limit
    });
    let projection = Projection::try_new_with_schema(expressions, Arc::new(limit), schema)?;
    Ok(Transformed::yes(LogicalPlan::Projection(projection)))
}
