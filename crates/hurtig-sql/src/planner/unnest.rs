//! `UNNEST(collection)` in FROM: rows with the items of a collection that a table to the left has.
//!
//! DataFusion plans it as a table that looks outside of itself, joined. [`correlate`] makes of the two an operator on the left side.

use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

use arrow_schema::{DataType, Field, FieldRef};
use datafusion_common::tree_node::{Transformed, TreeNode};
use datafusion_common::{DFSchema, DFSchemaRef, Result, TableReference, not_impl_err, plan_err};
use datafusion_expr::{
    Expr, Extension, Join, JoinType, LogicalPlan, LogicalPlanBuilder, UserDefinedLogicalNodeCore,
};

use super::nodes::unordered;
use crate::types::is_multiset;

/// What is made of a collection.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Items {
    /// The collection: over the columns of the left side.
    pub(crate) collection: Expr,
    pub(crate) multiset: bool,
    pub(crate) with_ordinality: bool,
}

/// The items alone, before the left side is found.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct UnnestNode {
    items: Items,
    schema: DFSchemaRef,
}

unordered!(UnnestNode);

impl UnnestNode {
    /// The items of a collection, as columns; it may name columns of tables further left.
    pub(crate) fn new(collection: Expr, field: &Field, with_ordinality: bool) -> Result<Self> {
        let multiset = is_multiset(field);
        let mut fields = item_fields(field.data_type(), multiset)?;
        if with_ordinality {
            // Of a row without items, in a left join, there is none.
            fields.push(Field::new("ORDINALITY", DataType::Int32, true));
        }
        let fields = fields.into_iter().map(|field| (None, Arc::new(field)));
        let schema = DFSchema::new_with_metadata(fields.collect(), Default::default())?;
        Ok(Self {
            items: Items {
                collection,
                multiset,
                with_ordinality,
            },
            schema: Arc::new(schema),
        })
    }
}

/// A column of an item, or as many as a ROW has; a key and a value of a map.
fn item_fields(collection: &DataType, multiset: bool) -> Result<Vec<Field>> {
    let nullable = |field: &FieldRef| field.as_ref().clone().with_nullable(true);
    let of_item = |item: &DataType| match item {
        DataType::Struct(fields) => fields.iter().map(nullable).collect(),
        other => vec![Field::new("f0", other.clone(), true)],
    };
    match collection {
        DataType::List(item) => Ok(of_item(item.data_type())),
        DataType::Map(entries, _) => match entries.data_type() {
            DataType::Struct(fields) if multiset => match fields.first() {
                Some(item) => Ok(of_item(item.data_type())),
                None => plan_err!("a MULTISET without items"),
            },
            DataType::Struct(fields) => {
                let types = fields.iter().map(|field| field.data_type().clone());
                let named = types.zip(["KEY", "VALUE"]);
                Ok(named.map(|(it, name)| Field::new(name, it, true)).collect())
            }
            other => plan_err!("a MAP of {other}"),
        },
        other => plan_err!("UNNEST is of an ARRAY, a MAP or a MULTISET, and not of {other}"),
    }
}

impl UserDefinedLogicalNodeCore for UnnestNode {
    fn name(&self) -> &'static str {
        "Unnest"
    }

    fn inputs(&self) -> Vec<&LogicalPlan> {
        Vec::new()
    }

    fn schema(&self) -> &DFSchemaRef {
        &self.schema
    }

    fn expressions(&self) -> Vec<Expr> {
        Vec::new()
    }

    fn fmt_for_explain(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Unnest({})", self.items.collection)
    }

    fn with_exprs_and_inputs(&self, _: Vec<Expr>, _: Vec<LogicalPlan>) -> Result<Self> {
        Ok(self.clone())
    }
}

/// Rows of the input with their items behind them.
#[derive(Clone, Debug, Eq)]
pub(crate) struct CorrelateNode {
    pub(crate) input: LogicalPlan,
    pub(crate) items: Items,
    /// Whether a row without items stays.
    pub(crate) left: bool,
    /// The columns of the items, with the name of their table.
    fields: Vec<(Option<TableReference>, FieldRef)>,
    schema: DFSchemaRef,
}

unordered!(CorrelateNode);

impl PartialEq for CorrelateNode {
    fn eq(&self, other: &Self) -> bool {
        self.input == other.input
            && self.items == other.items
            && self.left == other.left
            && self.fields == other.fields
    }
}

impl Hash for CorrelateNode {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.input.hash(state);
        self.items.hash(state);
        self.left.hash(state);
    }
}

impl CorrelateNode {
    /// The columns of the items of a collection, under the name of a table.
    pub(super) fn fields_of(
        collection: &Field,
        table: Option<TableReference>,
    ) -> Result<Vec<(Option<TableReference>, FieldRef)>> {
        let fields = item_fields(collection.data_type(), is_multiset(collection))?;
        let fields = fields.into_iter();
        Ok(fields
            .map(|field| (table.clone(), Arc::new(field)))
            .collect())
    }

    pub(super) fn new(
        input: LogicalPlan,
        items: Items,
        left: bool,
        fields: Vec<(Option<TableReference>, FieldRef)>,
    ) -> Result<Self> {
        let before = input.schema().iter();
        let before = before.map(|(qualifier, field)| (qualifier.cloned(), Arc::clone(field)));
        let all = before.chain(fields.iter().cloned()).collect();
        let schema = Arc::new(DFSchema::new_with_metadata(all, Default::default())?);
        Ok(Self {
            input,
            items,
            left,
            fields,
            schema,
        })
    }
}

impl UserDefinedLogicalNodeCore for CorrelateNode {
    fn name(&self) -> &'static str {
        "Correlate"
    }

    fn inputs(&self) -> Vec<&LogicalPlan> {
        vec![&self.input]
    }

    fn schema(&self) -> &DFSchemaRef {
        &self.schema
    }

    fn expressions(&self) -> Vec<Expr> {
        vec![self.items.collection.clone()]
    }

    /// What is asked of items stays above.
    fn prevent_predicate_push_down_columns(&self) -> std::collections::HashSet<String> {
        let fields = self.fields.iter();
        fields.map(|(_, field)| field.name().clone()).collect()
    }

    fn fmt_for_explain(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Correlate(unnest=[{}])", self.items.collection)
    }

    fn with_exprs_and_inputs(&self, exprs: Vec<Expr>, inputs: Vec<LogicalPlan>) -> Result<Self> {
        let mut items = self.items.clone();
        if let Some(collection) = exprs.into_iter().next() {
            items.collection = collection;
        }
        let input = inputs.into_iter().next();
        let input = input.unwrap_or_else(|| self.input.clone());
        Self::new(input, items, self.left, self.fields.clone())
    }

    fn necessary_children_exprs(&self, output_columns: &[usize]) -> Option<Vec<Vec<usize>>> {
        let schema = self.input.schema();
        let width = schema.fields().len();
        let of_input = output_columns.iter().filter(|index| **index < width);
        let mut needed: Vec<usize> = of_input.copied().collect();
        for column in self.items.collection.column_refs() {
            needed.push(schema.index_of_column(column).ok()?);
        }
        needed.sort_unstable();
        needed.dedup();
        Some(vec![needed])
    }
}

/// The plan with each collection behind the rows that it is of.
pub(super) fn correlate(plan: LogicalPlan) -> Result<LogicalPlan> {
    let plan = plan.transform_up_with_subqueries(|plan| match plan {
        LogicalPlan::Join(join) if unnest_of(&join.right).is_some() => {
            correlated(&join).map(Transformed::yes)
        }
        other => Ok(Transformed::no(other)),
    })?;
    let plan = plan.data.transform_up_with_subqueries(|plan| match &plan {
        LogicalPlan::Extension(extension) => match extension.node.as_any().downcast_ref() {
            Some(unnest) => of_one_row(unnest).map(Transformed::yes),
            None => Ok(Transformed::no(plan)),
        },
        _ => Ok(Transformed::no(plan)),
    })?;
    Ok(plan.data)
}

/// A collection that no table stands before is that of one row without columns.
fn of_one_row(unnest: &UnnestNode) -> Result<LogicalPlan> {
    if !unnest.items.collection.column_refs().is_empty() || unnest.items.collection.contains_outer()
    {
        return plan_err!(
            "UNNEST({}) of columns that no table before it has",
            unnest.items.collection
        );
    }
    let input = LogicalPlanBuilder::empty(true).build()?;
    let fields = unnest.schema.iter();
    let fields = fields.map(|(qualifier, field)| (qualifier.cloned(), Arc::clone(field)));
    let node = CorrelateNode::new(input, unnest.items.clone(), false, fields.collect())?;
    Ok(LogicalPlan::Extension(Extension {
        node: Arc::new(node),
    }))
}

fn correlated(join: &Join) -> Result<LogicalPlan> {
    let Some(unnest) = unnest_of(&join.right) else {
        return not_impl_err!("a join with no UNNEST");
    };
    let mut items = unnest.items.clone();
    items.collection = inner(items.collection)?;
    let left = match join.join_type {
        JoinType::Inner => false,
        JoinType::Left => true,
        other => return not_impl_err!("a {other} join with UNNEST: write CROSS or LEFT JOIN"),
    };
    let fields = join.right.schema().iter();
    let fields = fields.map(|(qualifier, field)| (qualifier.cloned(), Arc::clone(field)));
    let input = join.left.as_ref().clone();
    let node = CorrelateNode::new(input, items, left, fields.collect())?;
    let plan = LogicalPlan::Extension(Extension {
        node: Arc::new(node),
    });
    let is_true = |filter: &Expr| *filter == datafusion_expr::lit(true);
    match &join.filter {
        Some(filter) if is_true(filter) => Ok(plan),
        None => Ok(plan),
        Some(filter) if !left => LogicalPlanBuilder::from(plan)
            .filter(filter.clone())?
            .build(),
        Some(filter) => {
            not_impl_err!("LEFT JOIN UNNEST(…) ON {filter}: write ON TRUE, and a filter around it")
        }
    }
}

/// The collection in terms of the rows that it stands in.
fn inner(collection: Expr) -> Result<Expr> {
    let inner = collection.transform(|expression| match expression {
        Expr::OuterReferenceColumn(_, column) => Ok(Transformed::yes(Expr::Column(column))),
        other => Ok(Transformed::no(other)),
    })?;
    Ok(inner.data)
}

/// The items that a plan is, under whatever names.
fn unnest_of(plan: &LogicalPlan) -> Option<&UnnestNode> {
    match plan {
        LogicalPlan::Extension(extension) => extension.node.as_any().downcast_ref(),
        LogicalPlan::SubqueryAlias(alias) => unnest_of(&alias.input),
        LogicalPlan::Projection(projection) => unnest_of(&projection.input),
        LogicalPlan::Subquery(subquery) => unnest_of(&subquery.subquery),
        _ => None,
    }
}
