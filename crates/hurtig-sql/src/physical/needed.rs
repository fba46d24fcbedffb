//! What an operator needs of its input as columns: keys, arguments, filters, each once.

use std::collections::BTreeSet;
use std::sync::Arc;

use arrow_schema::{FieldRef, Schema};
use datafusion_common::tree_node::{Transformed, TreeNode};
use datafusion_common::{DFSchema, DFSchemaRef};
use datafusion_expr::{Expr, ExprSchemable};
use hurtig_types::Result;

use super::calc::column_of;
use super::lower::calc_named;
use super::node::{Calc, Node};
use crate::error::PlanContext;

/// The columns of a node of which `over` names the first; the others, which were computed below, have names that nobody writes.
pub(super) fn widened(over: &DFSchemaRef, node: &Node, side: &str) -> Result<DFSchemaRef> {
    let width = over.fields().len();
    if node.schema.fields().len() == width {
        return Ok(Arc::clone(over));
    }
    let known = over.iter();
    let known = known.map(|(qualifier, field)| (qualifier.cloned(), Arc::clone(field)));
    let computed = node.schema.fields().iter().enumerate().skip(width);
    let computed = computed.map(|(index, field)| {
        let field = field.as_ref().clone().with_name(format!("${side}{index}"));
        (None, Arc::new(field))
    });
    let fields = known.chain(computed).collect();
    let schema = DFSchema::new_with_metadata(fields, Default::default()).planned()?;
    Ok(Arc::new(schema))
}

/// Columns that are computed below an operator.
pub(super) struct Needed {
    over: DFSchemaRef,
    expressions: Vec<Expr>,
    fields: Vec<FieldRef>,
}

impl Needed {
    /// Only what is asked for.
    pub(super) fn nothing(over: &DFSchemaRef) -> Self {
        Self {
            over: Arc::clone(over),
            expressions: Vec::new(),
            fields: Vec::new(),
        }
    }

    /// All columns of a node, where they are, and what is asked for behind them.
    ///
    /// # Errors
    /// When two columns have one name.
    pub(super) fn all(over: &DFSchemaRef, node: &Node) -> Result<Self> {
        let over = widened(over, node, "")?;
        Ok(Self {
            expressions: over.columns().into_iter().map(Expr::Column).collect(),
            fields: node.schema.fields().iter().cloned().collect(),
            over,
        })
    }

    /// The columns that expressions are over.
    pub(super) const fn over(&self) -> &DFSchemaRef {
        &self.over
    }

    /// Where an expression is.
    pub(super) fn column(&mut self, expression: &Expr) -> Result<usize> {
        let bare = expression.clone().unalias();
        if let Some(index) = self.expressions.iter().position(|it| *it == bare) {
            return Ok(index);
        }
        let (_, field) = bare.to_field(self.over.as_ref()).planned()?;
        self.expressions.push(bare);
        self.fields.push(field);
        Ok(self.expressions.len() - 1)
    }

    /// The columns of the input that are used.
    pub(super) fn columns_used(&self) -> impl Iterator<Item = usize> {
        let columns = self.expressions.iter().flat_map(Expr::column_refs);
        columns.filter_map(|column| self.over.index_of_column(column).ok())
    }

    /// Whether these are just the columns that sessions are of; where those are no columns, they are whatever is grouped by.
    pub(super) fn is_of(&self, key: &[usize], partition: Option<&Vec<usize>>) -> bool {
        let Some(partition) = partition else {
            return true;
        };
        let column = |index: &usize| column_of(self.expressions.get(*index)?, &self.over);
        let columns: Option<BTreeSet<usize>> = key.iter().map(column).collect();
        columns == Some(partition.iter().copied().collect())
    }

    /// The same in terms of what a projection is over.
    pub(super) fn below(mut self, calc: &Calc) -> Result<Self> {
        let over = Arc::clone(&self.over);
        let substitute = |expression: Expr| match &expression {
            Expr::Column(column) => {
                let computed = calc.projection.get(over.index_of_column(column)?);
                Ok(match computed {
                    Some(computed) => Transformed::yes(computed.clone().unalias()),
                    None => Transformed::no(expression),
                })
            }
            _ => Ok(Transformed::no(expression)),
        };
        for expression in &mut self.expressions {
            *expression = std::mem::take(expression)
                .transform_up(substitute)
                .planned()?
                .data;
        }
        self.over = Arc::clone(&calc.input);
        Ok(self)
    }

    /// The input with these columns.
    pub(super) fn of(self, input: Arc<Node>) -> Arc<Node> {
        let width = self.over.fields().len();
        let mut columns = self.expressions.iter().enumerate();
        let is_all = self.expressions.len() == width
            && columns.all(|(index, it)| column_of(it, &self.over) == Some(index));
        if is_all {
            return input;
        }
        let schema = Arc::new(Schema::new(self.fields));
        Arc::new(calc_named(input, self.over, None, self.expressions, schema))
    }
}
