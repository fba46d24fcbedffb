//! What may stand in FROM beyond DataFusion's own: tables of catalogs with their event time, views, window table functions.

use std::collections::HashSet;
use std::sync::Arc;

use datafusion_common::{Column, DFSchema, Result, TableReference, not_impl_err, plan_err};
use datafusion_expr::planner::{
    PlannedRelation, RelationPlanner, RelationPlannerContext, RelationPlanning,
};
use datafusion_expr::{Expr, ExprSchemable, Extension, LogicalPlan, LogicalPlanBuilder};
use hurtig_sql_parser::{Hint, TableArgument};
use sqlparser::ast::{
    Expr as SqlExpr, Function, FunctionArg, FunctionArgExpr, FunctionArgumentList,
    FunctionArguments, ObjectName, Query, TableAlias, TableFactor, TableVersion,
};

use super::context::World;
use super::hints::{StateTtlNode, state_ttl};
use super::nodes::{WatermarkNode, WindowKind, WindowNode};
use super::rewrite::expression_as_flink;
use super::scan::CatalogSource;
use super::set_all;
use super::system_time::SystemTimeNode;
use super::unnest::UnnestNode;
use super::window_arguments::WindowArguments;
use crate::catalog::{CatalogObject, ColumnKind, ObjectPath, TableDefinition, ViewDefinition};
use crate::error::Carry;

/// Plans tables, views and window table functions.
#[derive(Debug)]
pub(crate) struct FlinkRelations {
    world: World,
    /// Names that the query defines by WITH: they hide tables.
    with: HashSet<String>,
}

impl FlinkRelations {
    pub(crate) const fn new(world: World, with: HashSet<String>) -> Self {
        Self { world, with }
    }
}

impl RelationPlanner for FlinkRelations {
    fn plan_relation(
        &self,
        relation: TableFactor,
        context: &mut dyn RelationPlannerContext,
    ) -> Result<RelationPlanning> {
        match relation {
            TableFactor::Table { ref name, .. } if self.is_defined_by_with(name) => {
                refuse_hints(&relation)?;
                Ok(RelationPlanning::Original(Box::new(relation)))
            }
            TableFactor::Table {
                args: Some(_),
                name,
                ..
            } => plan_err!("{name}(…) in FROM: write TABLE({name}(…)) or LATERAL TABLE({name}(…))"),
            TableFactor::Table { .. } => self.table(&relation, context),
            TableFactor::TableFunction { expr, alias } => {
                if let Some((query, ttl)) = state_ttl(&expr) {
                    let input = context.plan(derived(query))?;
                    return planned(extension(StateTtlNode { input, ttl })?, alias);
                }
                if let Some(plan) = set_all::plan(&expr, &self.world, context)? {
                    return planned(plan, alias);
                }
                match self.rows_of(&expr, context)? {
                    Some(plan) => planned(plan, alias),
                    None => planned(window_function(&expr, context)?, alias),
                }
            }
            TableFactor::Function {
                name, args, alias, ..
            } => {
                let mut call = super::calls::function("", Vec::new());
                call.args = FunctionArguments::List(FunctionArgumentList {
                    duplicate_treatment: None,
                    args,
                    clauses: Vec::new(),
                });
                call.name = name;
                match self.rows_of(&SqlExpr::Function(call.clone()), context)? {
                    Some(plan) => planned(plan, alias),
                    None => plan_err!("there is no table function {}", call.name),
                }
            }
            TableFactor::UNNEST { .. } => unnest(relation, context),
            TableFactor::MatchRecognize { .. } => {
                not_impl_err!("MATCH_RECOGNIZE is not built yet")
            }
            other => Ok(RelationPlanning::Original(Box::new(other))),
        }
    }
}

fn planned(plan: LogicalPlan, alias: Option<TableAlias>) -> Result<RelationPlanning> {
    let planned = PlannedRelation::new(plan, alias);
    Ok(RelationPlanning::Planned(Box::new(planned)))
}

fn refuse_hints(relation: &TableFactor) -> Result<()> {
    if Hint::of_table(relation).is_empty() {
        return Ok(());
    }
    plan_err!("OPTIONS belong to a table of a catalog: what WITH or a view defines has none")
}

impl FlinkRelations {
    fn is_defined_by_with(&self, name: &ObjectName) -> bool {
        match crate::catalog::names(name).as_slice() {
            [only] => self.with.contains(*only),
            _ => false,
        }
    }

    /// The rows that a user's table function gives, if this is a call of one: they are the items of an array.
    fn rows_of(
        &self,
        expr: &SqlExpr,
        context: &mut dyn RelationPlannerContext,
    ) -> Result<Option<LogicalPlan>> {
        let SqlExpr::Function(call) = expr else {
            return Ok(None);
        };
        let name = crate::catalog::names(&call.name).join(".");
        let Some(function) = self.world.table_function(&name) else {
            return Ok(None);
        };
        let nothing = DFSchema::empty();
        let arguments = arguments_of(call)?.into_iter();
        let arguments = arguments.map(|(_, it)| context.sql_to_expr(it.clone(), &nothing));
        let rows = function.call(arguments.collect::<Result<_>>()?);
        let (_, field) = rows.to_field(&nothing)?;
        extension(UnnestNode::new(rows, &field, false)?).map(Some)
    }

    fn table(
        &self,
        relation: &TableFactor,
        context: &mut dyn RelationPlannerContext,
    ) -> Result<RelationPlanning> {
        let TableFactor::Table {
            name,
            alias,
            version,
            ..
        } = relation
        else {
            return not_impl_err!("{relation} in FROM");
        };
        let path = self.world.catalogs.path(name).carried()?;
        let plan = match self.world.catalogs.get(&path).carried()? {
            CatalogObject::Table(table) => {
                self.scan(&path, table, options_of(relation), context)?
            }
            CatalogObject::View(view) => {
                refuse_hints(relation)?;
                view_plan(&path, view, context)?
            }
        };
        let plan = match version {
            Some(TableVersion::ForSystemTimeAsOf(_)) => extension(SystemTimeNode {
                input: plan,
                lookup: lookup_of(relation),
            })?,
            Some(other) => {
                return not_impl_err!("{other}: a table as it was is read in a join alone");
            }
            None => plan,
        };
        let plan = LogicalPlanBuilder::from(plan)
            .alias(TableReference::bare(path.object.as_str()))?
            .build()?;
        planned(plan, alias.clone())
    }

    /// The scan of a table, its computed columns, its event time.
    fn scan(
        &self,
        path: &ObjectPath,
        table: &TableDefinition,
        hint: Vec<(String, String)>,
        context: &mut dyn RelationPlannerContext,
    ) -> Result<LogicalPlan> {
        let source = CatalogSource::new(
            path,
            table,
            hint,
            &self.world.connectors,
            self.world.declares,
        )
        .carried()?;
        let name = TableReference::bare(path.object.as_str());
        let scan = LogicalPlanBuilder::scan(name, Arc::new(source), None)?.build()?;
        let plan = with_computed(scan, table, context)?;
        let Some(watermark) = &table.watermark else {
            return Ok(plan);
        };
        let schema = Arc::clone(plan.schema());
        let expression =
            context.sql_to_expr(expression_as_flink(&watermark.expression), &schema)?;
        let (qualifier, field) = schema.qualified_field_with_unqualified_name(&watermark.column)?;
        let column = Column::new(qualifier.cloned(), field.name());
        extension(WatermarkNode::new(plan, column, expression)?)
    }
}

/// A query as a table in FROM.
pub(super) fn derived(query: Query) -> TableFactor {
    TableFactor::Derived {
        lateral: false,
        subquery: Box::new(query),
        alias: None,
        sample: None,
    }
}

/// How a table is to be asked.
fn lookup_of(relation: &TableFactor) -> Vec<(String, String)> {
    let hints = Hint::of_table(relation).into_iter();
    let options = hints.map(|hint| match hint {
        Hint::Lookup(options) => options,
        _ => Vec::new(),
    });
    options.flatten().collect()
}

fn options_of(relation: &TableFactor) -> Vec<(String, String)> {
    let hints = Hint::of_table(relation).into_iter();
    let options = hints.map(|hint| match hint {
        Hint::Options(options) => options,
        _ => Vec::new(),
    });
    options.flatten().collect()
}

/// All declared columns in their order, where some are computed.
fn with_computed(
    scan: LogicalPlan,
    table: &TableDefinition,
    context: &mut dyn RelationPlannerContext,
) -> Result<LogicalPlan> {
    let is_computed = |kind: &ColumnKind| matches!(kind, ColumnKind::Computed(_));
    if !table.columns.iter().any(|column| is_computed(&column.kind)) {
        return Ok(scan);
    }
    let schema = Arc::clone(scan.schema());
    let mut columns = Vec::new();
    for column in &table.columns {
        let name = column.field.name();
        let expression = match &column.kind {
            ColumnKind::Computed(expression) => {
                context.sql_to_expr(expression_as_flink(expression), &schema)?
            }
            _ => Expr::Column(Column::from(
                schema.qualified_field_with_unqualified_name(name)?,
            )),
        };
        columns.push(expression.alias(name));
    }
    LogicalPlanBuilder::from(scan).project(columns)?.build()
}

fn view_plan(
    path: &ObjectPath,
    view: &ViewDefinition,
    context: &mut dyn RelationPlannerContext,
) -> Result<LogicalPlan> {
    let plan = context.plan(derived(super::rewrite::as_flink(&view.query)))?;
    if view.columns.is_empty() {
        return Ok(plan);
    }
    let width = plan.schema().fields().len();
    if width != view.columns.len() {
        return plan_err!(
            "view {path} names {} columns, and its query has {width}",
            view.columns.len()
        );
    }
    let columns = plan.schema().columns().into_iter().zip(&view.columns);
    let columns: Vec<_> = columns
        .map(|(column, name)| Expr::Column(column).alias(name))
        .collect();
    LogicalPlanBuilder::from(plan).project(columns)?.build()
}

/// `UNNEST(collection)`, which may name columns of the tables before it.
fn unnest(
    relation: TableFactor,
    context: &mut dyn RelationPlannerContext,
) -> Result<RelationPlanning> {
    let TableFactor::UNNEST {
        alias,
        array_exprs,
        with_ordinality,
        ..
    } = relation
    else {
        return plan_err!("no UNNEST");
    };
    let [collection] = array_exprs.as_slice() else {
        return plan_err!("UNNEST is of one collection");
    };
    let nothing = DFSchema::empty();
    let collection = context.sql_to_expr(collection.clone(), &nothing)?;
    let (_, field) = collection.to_field(&nothing)?;
    let node = UnnestNode::new(collection, &field, with_ordinality)?;
    planned(extension(node)?, alias)
}

/// `TABLE(TUMBLE(…))` and its like.
fn window_function(
    expr: &SqlExpr,
    context: &mut dyn RelationPlannerContext,
) -> Result<LogicalPlan> {
    let SqlExpr::Function(function) = expr else {
        return plan_err!("TABLE({expr}): a call of a table function is expected");
    };
    let name = function.name.to_string().to_uppercase();
    let arguments = WindowArguments::read(&name, &arguments_of(function)?)?;
    let input = context.plan(derived(arguments.table.query.clone()))?;
    let schema = Arc::clone(input.schema());
    let time = context.sql_to_expr(arguments.time.clone(), &schema)?;
    let Expr::Column(time) = time else {
        return plan_err!(
            "DESCRIPTOR({}) of {name} is no column of its table",
            arguments.time
        );
    };
    let partition_by = arguments.table.partition_by.iter();
    let partition_by = partition_by
        .map(|key| context.sql_to_expr(key.clone(), &schema))
        .collect::<Result<Vec<_>>>()?;
    if !partition_by.is_empty() && !matches!(arguments.kind, WindowKind::Session { .. }) {
        return plan_err!("{name} has no PARTITION BY: SESSION alone does");
    }
    extension(WindowNode::new(input, arguments.kind, time, partition_by)?)
}

/// The arguments of a call, with their names where they have one.
fn arguments_of(function: &Function) -> Result<Vec<(Option<String>, &SqlExpr)>> {
    let FunctionArguments::List(list) = &function.args else {
        return plan_err!("{} needs arguments", function.name);
    };
    let arguments = list.args.iter().map(|argument| match argument {
        FunctionArg::Unnamed(FunctionArgExpr::Expr(expr)) => Ok((None, expr)),
        FunctionArg::Named {
            name,
            arg: FunctionArgExpr::Expr(expr),
            ..
        } => Ok((Some(name.value.to_uppercase()), expr)),
        other => plan_err!("{} cannot have the argument {other}", function.name),
    });
    arguments.collect()
}

/// Whether an argument is a table.
pub(super) fn table_argument(expr: &SqlExpr) -> Result<TableArgument<'_>> {
    match TableArgument::from_expr(expr) {
        Some(table) => Ok(table),
        None => plan_err!("`{expr}` is no table: write TABLE name or TABLE (query)"),
    }
}

fn extension(node: impl datafusion_expr::UserDefinedLogicalNode + 'static) -> Result<LogicalPlan> {
    Ok(LogicalPlan::Extension(Extension {
        node: Arc::new(node),
    }))
}
