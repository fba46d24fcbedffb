//! Walking over all queries and expressions of a statement.

use std::ops::ControlFlow;

use sqlparser::ast::{Expr, Query, VisitMut, VisitorMut};

use crate::ast::{
    AlterTableAction, AlterViewAction, ColumnKind, CreateTable, Insert, PartitionSpec,
    SchemaChange, ShowTarget, Statement,
};
use crate::types::DataType;

/// What has queries and expressions in it.
pub(crate) trait Walk {
    /// Shows them all to a visitor.
    fn walk<V: VisitorMut>(&mut self, visitor: &mut V) -> ControlFlow<V::Break>;

    /// The inserts in it, whose targets may have hints.
    fn inserts(&mut self) -> Vec<&mut Insert> {
        Vec::new()
    }
}

impl Walk for DataType {
    fn walk<V: VisitorMut>(&mut self, _visitor: &mut V) -> ControlFlow<V::Break> {
        ControlFlow::Continue(())
    }
}

impl Walk for Expr {
    fn walk<V: VisitorMut>(&mut self, visitor: &mut V) -> ControlFlow<V::Break> {
        self.visit(visitor)
    }
}

impl Walk for Box<Query> {
    fn walk<V: VisitorMut>(&mut self, visitor: &mut V) -> ControlFlow<V::Break> {
        self.visit(visitor)
    }
}

impl Walk for Insert {
    fn walk<V: VisitorMut>(&mut self, visitor: &mut V) -> ControlFlow<V::Break> {
        partition(&mut self.partition, visitor)?;
        self.query.walk(visitor)
    }

    fn inserts(&mut self) -> Vec<&mut Insert> {
        vec![self]
    }
}

impl Walk for Statement {
    fn walk<V: VisitorMut>(&mut self, visitor: &mut V) -> ControlFlow<V::Break> {
        match self {
            Self::Query(query) => query.walk(visitor),
            Self::Insert(insert) => insert.walk(visitor),
            Self::StatementSet(inserts) => inserts
                .iter_mut()
                .try_for_each(|insert| insert.walk(visitor)),
            Self::CreateTable(table) => table.walk(visitor),
            Self::AlterTable(alter) => alter_table(&mut alter.action, visitor),
            Self::CreateView(view) => view.query.walk(visitor),
            Self::AlterView(view) => match &mut view.action {
                AlterViewAction::As(query) => query.walk(visitor),
                AlterViewAction::RenameTo(_) => ControlFlow::Continue(()),
            },
            Self::Explain(explain) => explain.statement.walk(visitor),
            Self::CompilePlan(plan) => plan.statement.walk(visitor),
            Self::Show(show) => match &mut show.target {
                ShowTarget::Partitions(_, spec) => partition(spec, visitor),
                _ => ControlFlow::Continue(()),
            },
            Self::Analyze(analyze) => partition(&mut analyze.partition, visitor),
            Self::Delete(delete) => optional(delete.filter.as_deref_mut(), visitor),
            Self::Update(update) => {
                update
                    .assignments
                    .iter_mut()
                    .try_for_each(|(_, value)| value.visit(visitor))?;
                optional(update.filter.as_deref_mut(), visitor)
            }
            Self::Call(call) => call.visit(visitor),
            _ => ControlFlow::Continue(()),
        }
    }

    fn inserts(&mut self) -> Vec<&mut Insert> {
        match self {
            Self::Insert(insert) => vec![insert],
            Self::StatementSet(inserts) => inserts.iter_mut().collect(),
            Self::Explain(explain) => explain.statement.inserts(),
            Self::CompilePlan(plan) => plan.statement.inserts(),
            _ => Vec::new(),
        }
    }
}

impl Walk for CreateTable {
    fn walk<V: VisitorMut>(&mut self, visitor: &mut V) -> ControlFlow<V::Break> {
        for column in &mut self.columns {
            column_kind(&mut column.kind, visitor)?;
        }
        if let Some(watermark) = &mut self.watermark {
            watermark.expression.visit(visitor)?;
        }
        match &mut self.query {
            Some(query) => query.walk(visitor),
            None => ControlFlow::Continue(()),
        }
    }
}

fn column_kind<V: VisitorMut>(kind: &mut ColumnKind, visitor: &mut V) -> ControlFlow<V::Break> {
    match kind {
        ColumnKind::Computed(expr) => expr.visit(visitor),
        _ => ControlFlow::Continue(()),
    }
}

fn alter_table<V: VisitorMut>(
    action: &mut AlterTableAction,
    visitor: &mut V,
) -> ControlFlow<V::Break> {
    match action {
        AlterTableAction::Add(changes) | AlterTableAction::Modify(changes) => {
            changes.iter_mut().try_for_each(|change| match change {
                SchemaChange::Column(column, _) => column_kind(&mut column.kind, visitor),
                SchemaChange::Watermark(watermark) => watermark.expression.visit(visitor),
                _ => ControlFlow::Continue(()),
            })
        }
        AlterTableAction::AddPartitions { partitions, .. } => partitions
            .iter_mut()
            .try_for_each(|(spec, _)| partition(spec, visitor)),
        AlterTableAction::DropPartitions { partitions, .. } => partitions
            .iter_mut()
            .try_for_each(|spec| partition(spec, visitor)),
        _ => ControlFlow::Continue(()),
    }
}

fn partition<V: VisitorMut>(spec: &mut PartitionSpec, visitor: &mut V) -> ControlFlow<V::Break> {
    spec.iter_mut()
        .try_for_each(|(_, value)| optional(value.as_mut(), visitor))
}

fn optional<V: VisitorMut>(expr: Option<&mut Expr>, visitor: &mut V) -> ControlFlow<V::Break> {
    match expr {
        Some(expr) => expr.visit(visitor),
        None => ControlFlow::Continue(()),
    }
}
