//! `INSERT INTO`: the columns of a query as those of a table.

use std::collections::HashMap;
use std::sync::Arc;

use arrow_schema::FieldRef;
use datafusion_common::ScalarValue;
use datafusion_expr::{Expr, ExprSchemable as _, LogicalPlan, LogicalPlanBuilder, cast};
use hurtig_sql_parser::{Hint, Insert};
use hurtig_table::connector::{SinkTable, TableDescription};
use hurtig_types::{Error, Result};

use super::TableEnvironment;
use crate::catalog::{CatalogObject, ColumnKind, ObjectPath, TableDefinition, names};
use crate::connectors::Connectors;
use crate::error::PlanContext;
use crate::planner::scan::describe;

/// Where an insert goes.
pub(super) struct Target {
    pub(super) description: TableDescription,
    connectors: Connectors,
}

impl Target {
    /// The sink of the table.
    pub(super) fn sink(&self) -> Result<SinkTable> {
        self.connectors
            .of(&self.description)?
            .sink(&self.description)
    }
}

impl TableEnvironment {
    /// The plan of what is inserted, with the columns of the table; and where it goes.
    pub(super) fn plan_insert(&self, insert: &Insert) -> Result<(LogicalPlan, Target)> {
        let path = self.catalogs.path(&insert.target)?;
        let CatalogObject::Table(table) = self.catalogs.get(&path)? else {
            return Err(Error::invalid_job(format!(
                "{path} is a view: it cannot be written to"
            )));
        };
        if insert.overwrite {
            return Err(Error::unsupported(
                "INSERT OVERWRITE of a stream: write INSERT INTO",
            ));
        }
        let hints = insert.hints.iter().flat_map(|hint| match hint {
            Hint::Options(options) => options.clone(),
            _ => Vec::new(),
        });
        let description = describe(&path, table, hints.collect())?;
        let written = written_columns(table);
        let plan = self.logical(&insert.query)?;
        let plan = as_columns(&path, insert, &written, plan)?;
        let connectors = Connectors::clone(&self.planning().connectors);
        let target = Target {
            description,
            connectors,
        };
        Ok((plan, target))
    }
}

/// The columns that are written: computed ones and virtual metadata are not.
fn written_columns(table: &TableDefinition) -> Vec<FieldRef> {
    let columns = table.columns.iter().filter(|column| match &column.kind {
        ColumnKind::Physical => true,
        ColumnKind::Metadata { is_virtual, .. } => !is_virtual,
        ColumnKind::Computed(_) => false,
    });
    columns
        .map(|column| FieldRef::clone(&column.field))
        .collect()
}

/// The query's columns under the table's names and types; what was not named is NULL.
fn as_columns(
    path: &ObjectPath,
    insert: &Insert,
    written: &[FieldRef],
    plan: LogicalPlan,
) -> Result<LogicalPlan> {
    let mut given: HashMap<String, Expr> = HashMap::new();
    for (key, value) in &insert.partition {
        let value = value.as_ref().and_then(literal_of);
        let value = value.ok_or_else(|| {
            Error::invalid_job(format!(
                "PARTITION ({key}): write a literal, as PARTITION (day = '2024-01-01')"
            ))
        })?;
        given.insert(key.value.clone(), Expr::Literal(value, None));
    }
    let wanted: Vec<String> = if insert.columns.is_empty() {
        let names = written.iter().map(|field| field.name().clone());
        names.filter(|name| !given.contains_key(name)).collect()
    } else {
        let columns = insert.columns.iter();
        columns
            .map(|name| {
                names(name)
                    .last()
                    .map(|it| (*it).to_string())
                    .unwrap_or_default()
            })
            .collect()
    };
    let columns = plan.schema().columns();
    if columns.len() != wanted.len() {
        return Err(Error::invalid_job(format!(
            "the query has {} columns, and {path} is to get {}: {}",
            columns.len(),
            wanted.len(),
            wanted.join(", ")
        )));
    }
    for (name, column) in wanted.iter().zip(columns) {
        if !written.iter().any(|field| field.name() == name) {
            return Err(Error::invalid_job(format!(
                "{path} has no column `{name}` to write to"
            )));
        }
        given.insert(name.clone(), Expr::Column(column));
    }
    let schema = Arc::clone(plan.schema());
    let projection = written.iter().map(|field| {
        let value = given
            .remove(field.name())
            .unwrap_or(Expr::Literal(ScalarValue::Null, None));
        // What has the type keeps what is known of it: that it is a key.
        let fits = value
            .get_type(&schema)
            .is_ok_and(|it| it == *field.data_type());
        let value = match fits {
            true => value,
            false => cast(value, field.data_type().clone()),
        };
        value.alias(field.name())
    });
    let projection: Vec<_> = projection.collect();
    LogicalPlanBuilder::from(plan)
        .project(projection)
        .planned()?
        .build()
        .planned()
}

fn literal_of(expr: &sqlparser::ast::Expr) -> Option<ScalarValue> {
    use sqlparser::ast::{Expr, Value};
    let Expr::Value(value) = expr else {
        return None;
    };
    Some(match &value.value {
        Value::SingleQuotedString(text) => ScalarValue::Utf8View(Some(text.clone())),
        Value::Number(number, _) => ScalarValue::Int64(number.parse().ok()),
        Value::Boolean(value) => ScalarValue::Boolean(Some(*value)),
        _ => return None,
    })
}
