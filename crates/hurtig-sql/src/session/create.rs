//! `CREATE TABLE`, `CREATE VIEW`.

use std::sync::Arc;

use arrow_schema::{DataType, Field};
use hurtig_sql_parser::{
    Column as DeclaredColumn, ColumnKind as Declared, CreateTable, CreateView,
};
use hurtig_types::{Error, Result};

use super::{Outcome, TableEnvironment};
use crate::catalog::{
    CatalogObject, Catalogs, Column, ColumnKind, ObjectPath, TableDefinition, ViewDefinition,
    Watermark,
};
use crate::types::{TimeAttribute, field_of};

impl TableEnvironment {
    pub(super) fn catalogs_mut(&mut self) -> &mut Catalogs {
        Arc::make_mut(&mut self.catalogs)
    }

    pub(super) fn create_table(&mut self, create: CreateTable) -> Result<Outcome> {
        let path = self.catalogs.path(&create.name)?;
        let is_there = self.catalogs.find(&path).is_some();
        if is_there && !create.or_replace {
            return exists(&path, create.if_not_exists);
        }
        let table = self.declared(&path, &create)?;
        if let Some(query) = &create.query {
            return self.create_as(&path, &create, table, query);
        }
        let table = self.typed(&path, table)?;
        self.add(
            &path,
            CatalogObject::Table(table),
            create.temporary,
            create.or_replace,
        )?;
        Ok(Outcome::Ok)
    }

    /// The table that a statement declares, with what it takes over from another.
    pub(super) fn declared(
        &self,
        path: &ObjectPath,
        create: &CreateTable,
    ) -> Result<TableDefinition> {
        if create.distribution.is_some() {
            return Err(super::alter::buckets());
        }
        let table = definition(path, create)?;
        match &create.like {
            Some(like) => self.liken(table, like),
            None => Ok(table),
        }
    }

    /// The catalog and the database that names are looked up in.
    pub(super) fn scope(&self) -> (String, String) {
        let catalogs = &self.catalogs;
        (
            catalogs.current_catalog().to_string(),
            catalogs.current_database().to_string(),
        )
    }

    /// CTAS: the table gets the query's columns, and the query runs into it.
    fn create_as(
        &mut self,
        path: &ObjectPath,
        create: &CreateTable,
        mut table: TableDefinition,
        query: &sqlparser::ast::Query,
    ) -> Result<Outcome> {
        let plan = self.logical(query)?;
        let columns = plan.schema().fields().iter().map(|field| Column {
            field: TimeAttribute::unmark(field),
            kind: ColumnKind::Physical,
            comment: None,
        });
        let mut columns: Vec<_> = columns.collect();
        columns.append(&mut table.columns);
        table.columns = columns;
        let table = self.typed(path, table)?;
        self.add(
            path,
            CatalogObject::Table(table),
            create.temporary,
            create.or_replace,
        )?;
        let insert = hurtig_sql_parser::Insert {
            overwrite: false,
            target: create.name.clone(),
            hints: Vec::new(),
            partition: Vec::new(),
            columns: Vec::new(),
            query: Box::new(query.clone()),
        };
        self.insert_all(&[insert]).map(Outcome::Job)
    }

    fn add(
        &mut self,
        path: &ObjectPath,
        object: CatalogObject,
        temporary: bool,
        replace: bool,
    ) -> Result<()> {
        if replace {
            self.catalogs_mut().drop(path, temporary)?;
        }
        self.catalogs_mut().create(path, object, temporary)?;
        self.keep(path)
    }

    pub(super) fn create_view(&mut self, create: CreateView) -> Result<Outcome> {
        let path = self.catalogs.path(&create.name)?;
        if self.catalogs.find(&path).is_some() {
            return exists(&path, create.if_not_exists);
        }
        // What is wrong with the query shows now, not when it is read.
        let plan = self.logical(&create.query)?;
        let width = plan.schema().fields().len();
        if !create.columns.is_empty() && create.columns.len() != width {
            return Err(Error::invalid_job(format!(
                "view {path} names {} columns, and its query has {width}",
                create.columns.len()
            )));
        }
        let temporary = create.temporary;
        let view = ViewDefinition::new(create, self.scope());
        self.add(&path, CatalogObject::View(view), temporary, false)?;
        Ok(Outcome::Ok)
    }
}

pub(super) fn exists(path: &ObjectPath, is_fine: bool) -> Result<Outcome> {
    new_or(false, is_fine, &path.to_string())
}

pub(super) fn new_or(is_new: bool, if_not_exists: bool, name: &str) -> Result<Outcome> {
    if is_new || if_not_exists {
        return Ok(Outcome::Ok);
    }
    Err(Error::invalid_job(format!(
        "{name} exists already: write IF NOT EXISTS, or drop it"
    )))
}

pub(super) fn there_or(was_there: bool, if_exists: bool, name: &str) -> Result<Outcome> {
    if was_there || if_exists {
        return Ok(Outcome::Ok);
    }
    Err(Error::invalid_job(format!(
        "there is no {name}: write IF EXISTS if that is fine"
    )))
}

/// A table as it was written. Computed columns have no type yet.
fn definition(path: &ObjectPath, create: &CreateTable) -> Result<TableDefinition> {
    let columns = create.columns.iter().map(|it| column_of(path, it));
    let columns = columns.collect::<Result<Vec<_>>>()?;
    let key = create.primary_key.as_ref();
    let mut table = TableDefinition {
        columns,
        watermark: create.watermark.as_ref().map(watermark_of),
        primary_key: key.map_or_else(Vec::new, |key| {
            key.columns.iter().map(|it| it.value.clone()).collect()
        }),
        primary_key_name: key
            .and_then(|key| key.name.as_ref())
            .map(|it| it.value.clone()),
        partitioned_by: create
            .partitioned_by
            .iter()
            .map(|it| it.value.clone())
            .collect(),
        options: create.options.clone(),
        comment: create.comment.clone(),
    };
    check_names(path, &table)?;
    keys_are_never_null(&mut table);
    Ok(table)
}

pub(super) fn watermark_of(watermark: &hurtig_sql_parser::Watermark) -> Watermark {
    Watermark {
        column: watermark.column.to_string().replace('`', ""),
        expression: watermark.expression.clone(),
    }
}

/// The columns of a primary key have a value in every row.
pub(super) fn keys_are_never_null(table: &mut TableDefinition) {
    for name in &table.primary_key {
        let column = table.columns.iter_mut().find(|it| it.field.name() == name);
        if let Some(column) = column {
            let field = Field::clone(&column.field).with_nullable(false);
            column.field = Arc::new(field);
        }
    }
}

pub(super) fn check_names(path: &ObjectPath, table: &TableDefinition) -> Result<()> {
    for (index, column) in table.columns.iter().enumerate() {
        let name = column.field.name();
        let mut before = table.columns.iter().take(index);
        if before.any(|other| other.field.name() == name) {
            return Err(Error::invalid_job(format!(
                "{path} has the column `{name}` twice"
            )));
        }
    }
    Ok(())
}

/// A column as it was written. A computed one has no type yet.
pub(super) fn column_of(path: &ObjectPath, column: &DeclaredColumn) -> Result<Column> {
    let name = column.name.value.as_str();
    let (field, kind) = match &column.kind {
        Declared::Physical(data_type) => (field_of(name, data_type)?, ColumnKind::Physical),
        Declared::Computed(expression) => (
            Arc::new(Field::new(name, DataType::Null, true)),
            ColumnKind::Computed(expression.clone()),
        ),
        Declared::Metadata {
            data_type,
            key,
            is_virtual,
        } => (
            field_of(name, data_type)?,
            ColumnKind::Metadata {
                key: key.clone().unwrap_or_else(|| name.to_string()),
                is_virtual: *is_virtual,
            },
        ),
        Declared::Listed => {
            return Err(Error::unsupported(format!(
                "column `{name}` of {path} without a type: give it a name in the query"
            )));
        }
    };
    Ok(Column {
        field,
        kind,
        comment: column.comment.clone(),
    })
}
