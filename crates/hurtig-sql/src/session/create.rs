//! Statements that change catalogs.

use std::sync::Arc;

use arrow_schema::{DataType, Field};
use hurtig_sql_parser::{
    AlterTable, AlterTableAction, ColumnKind as Declared, CreateTable, CreateView, DropObject,
    FunctionScope, LikeAction, LikeFeature, Statement, Use,
};
use hurtig_types::{Error, Result};
use sqlparser::ast::ObjectName;

use super::{Outcome, TableEnvironment};
use crate::catalog::{
    CatalogObject, Catalogs, Column, ColumnKind, ObjectPath, TableDefinition, ViewDefinition,
    Watermark, names,
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
        let mut table = definition(&path, &create)?;
        if let Some(like) = &create.like {
            table = self.liken(table, like)?;
        }
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
        self.catalogs_mut()
            .create(path, object, temporary)
            .map(drop)
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
        let view = ViewDefinition {
            query: create.query,
            columns: create.columns.into_iter().map(|it| it.value).collect(),
            comment: create.comment,
            scope: (
                self.catalogs.current_catalog().to_string(),
                self.catalogs.current_database().to_string(),
            ),
        };
        self.catalogs_mut()
            .create(&path, CatalogObject::View(view), create.temporary)?;
        Ok(Outcome::Ok)
    }

    /// Statements about catalogs and what is in them.
    pub(super) fn change_catalogs(&mut self, statement: Statement) -> Result<Outcome> {
        match statement {
            Statement::DropTable(object) => self.drop_object(&object, true),
            Statement::DropView(object) => self.drop_object(&object, false),
            Statement::CreateCatalog(create) => {
                let kind = create.options.iter().find(|(key, _)| key == "type");
                let kind = kind.map_or("generic_in_memory", |(_, value)| value.as_str());
                if kind != "generic_in_memory" {
                    return Err(Error::unsupported(format!(
                        "catalogs of type '{kind}': there is 'generic_in_memory'"
                    )));
                }
                let is_new = self.catalogs_mut().create_catalog(&create.name.value);
                new_or(is_new, create.if_not_exists, &create.name.value)
            }
            Statement::DropCatalog(object) => {
                let name = object.name.to_string();
                let was_there = self.catalogs_mut().drop_catalog(&name)?;
                there_or(was_there, object.if_exists, &name)
            }
            Statement::CreateDatabase(create) => {
                let (catalog, database) = self.database(&create.name)?;
                let is_new = self.catalogs_mut().create_database(&catalog, &database)?;
                new_or(is_new, create.if_not_exists, &database)
            }
            Statement::DropDatabase(object) => {
                let (catalog, database) = self.database(&object.name)?;
                let catalogs = self.catalogs_mut();
                let was_there = catalogs.drop_database(&catalog, &database, object.cascade)?;
                there_or(was_there, object.if_exists, &database)
            }
            Statement::Use(Use::Catalog(name)) => {
                self.catalogs_mut().use_catalog(&name.value)?;
                Ok(Outcome::Ok)
            }
            Statement::Use(Use::Database(name)) => {
                let (catalog, database) = self.database(&name)?;
                self.catalogs_mut().use_database(&catalog, &database)?;
                Ok(Outcome::Ok)
            }
            Statement::AlterTable(alter) => self.alter_table(&alter),
            other => Err(Error::unsupported(format!("the statement `{other}`"))),
        }
    }

    /// Catalog and database of a name with one or two parts.
    fn database(&self, name: &ObjectName) -> Result<(String, String)> {
        let current = self.catalogs.current_catalog();
        match names(name).as_slice() {
            [database] => Ok((current.to_string(), (*database).to_string())),
            [catalog, database] => Ok(((*catalog).to_string(), (*database).to_string())),
            _ => Err(Error::invalid_job(format!(
                "`{name}`: write database or catalog.database"
            ))),
        }
    }

    fn drop_object(&mut self, object: &DropObject, is_table: bool) -> Result<Outcome> {
        let path = self.catalogs.path(&object.name)?;
        let right = match self.catalogs.find(&path) {
            Some(CatalogObject::Table(_)) => is_table,
            Some(CatalogObject::View(_)) => !is_table,
            None => return there_or(false, object.if_exists, &path.to_string()),
        };
        if !right {
            let (is, write) = if is_table {
                ("view", "DROP VIEW")
            } else {
                ("table", "DROP TABLE")
            };
            return Err(Error::invalid_job(format!(
                "{path} is a {is}: write {write}"
            )));
        }
        let temporary = object.scope != FunctionScope::Catalog;
        let was_there = self.catalogs_mut().drop(&path, temporary)?.is_some();
        there_or(was_there, object.if_exists, &path.to_string())
    }

    fn alter_table(&mut self, alter: &AlterTable) -> Result<Outcome> {
        let path = self.catalogs.path(&alter.name)?;
        let Some(CatalogObject::Table(table)) = self.catalogs.find(&path) else {
            return there_or(false, alter.if_exists, &path.to_string());
        };
        let mut table = table.clone();
        match &alter.action {
            AlterTableAction::SetOptions(options) => {
                for (key, value) in options {
                    table.options.retain(|(known, _)| known != key);
                    table.options.push((key.clone(), value.clone()));
                }
            }
            AlterTableAction::ResetOptions(keys) => {
                table.options.retain(|(known, _)| !keys.contains(known));
            }
            AlterTableAction::RenameTo(name) => return self.rename(&path, name),
            _ => {
                let statement = Statement::AlterTable(alter.clone());
                return Err(Error::unsupported(format!("the statement `{statement}`")));
            }
        }
        self.catalogs_mut()
            .replace(&path, CatalogObject::Table(table))?;
        Ok(Outcome::Ok)
    }

    fn rename(&mut self, path: &ObjectPath, name: &ObjectName) -> Result<Outcome> {
        let new = self.catalogs.path(name)?;
        if self.catalogs.find(&new).is_some() {
            return exists(&new, false);
        }
        let temporary = self.catalogs.is_temporary(path);
        if let Some(object) = self.catalogs_mut().drop(path, temporary)? {
            self.catalogs_mut().create(&new, object, temporary)?;
        }
        Ok(Outcome::Ok)
    }

    /// `LIKE`: what the new table takes over from another.
    fn liken(
        &self,
        table: TableDefinition,
        like: &hurtig_sql_parser::Like,
    ) -> Result<TableDefinition> {
        let path = self.catalogs.path(&like.table)?;
        let CatalogObject::Table(other) = self.catalogs.get(&path)? else {
            return Err(Error::invalid_job(format!("LIKE {path}: it is a view")));
        };
        let takes = |feature: LikeFeature| {
            let mut last = LikeAction::Including;
            for (action, of) in &like.options {
                if *of == feature || *of == LikeFeature::All {
                    last = *action;
                }
            }
            last != LikeAction::Excluding
        };
        let columns = other.columns.iter().filter(|column| match column.kind {
            ColumnKind::Physical => true,
            ColumnKind::Metadata { .. } => takes(LikeFeature::Metadata),
            ColumnKind::Computed(_) => takes(LikeFeature::Generated),
        });
        let mut columns: Vec<_> = columns
            .filter(|column| table.column(column.field.name()).is_none())
            .map(|column| Column {
                // Whether it is event time is said by the new table's watermark.
                field: TimeAttribute::unmark(&column.field),
                ..column.clone()
            })
            .collect();
        columns.extend(table.columns);
        let mut options = if takes(LikeFeature::Options) {
            other.options.clone()
        } else {
            Vec::new()
        };
        options.retain(|(key, _)| !table.options.iter().any(|(own, _)| own == key));
        options.extend(table.options);
        let or = |own: Vec<String>, others: &[String], feature| {
            if own.is_empty() && takes(feature) {
                others.to_vec()
            } else {
                own
            }
        };
        Ok(TableDefinition {
            columns,
            watermark: table.watermark.or_else(|| {
                other
                    .watermark
                    .clone()
                    .filter(|_| takes(LikeFeature::Watermarks))
            }),
            primary_key: or(
                table.primary_key,
                &other.primary_key,
                LikeFeature::Constraints,
            ),
            primary_key_name: table.primary_key_name,
            partitioned_by: or(
                table.partitioned_by,
                &other.partitioned_by,
                LikeFeature::Partitions,
            ),
            options,
            comment: table.comment.or_else(|| other.comment.clone()),
        })
    }
}

fn exists(path: &ObjectPath, is_fine: bool) -> Result<Outcome> {
    new_or(false, is_fine, &path.to_string())
}

fn new_or(is_new: bool, if_not_exists: bool, name: &str) -> Result<Outcome> {
    if is_new || if_not_exists {
        return Ok(Outcome::Ok);
    }
    Err(Error::invalid_job(format!(
        "{name} exists already: write IF NOT EXISTS, or drop it"
    )))
}

fn there_or(was_there: bool, if_exists: bool, name: &str) -> Result<Outcome> {
    if was_there || if_exists {
        return Ok(Outcome::Ok);
    }
    Err(Error::invalid_job(format!(
        "there is no {name}: write IF EXISTS if that is fine"
    )))
}

/// A table as it was written. Computed columns have no type yet.
fn definition(path: &ObjectPath, create: &CreateTable) -> Result<TableDefinition> {
    let columns = create.columns.iter().map(|column| {
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
    });
    let columns = columns.collect::<Result<Vec<_>>>()?;
    let key = create.primary_key.as_ref();
    let mut table = TableDefinition {
        columns,
        watermark: create.watermark.as_ref().map(|watermark| Watermark {
            column: watermark.column.to_string().replace('`', ""),
            expression: watermark.expression.clone(),
        }),
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
    for name in table.primary_key.clone() {
        let column = table.columns.iter_mut().find(|it| *it.field.name() == name);
        if let Some(column) = column {
            let field = Field::clone(&column.field).with_nullable(false);
            column.field = Arc::new(field);
        }
    }
    Ok(table)
}

fn check_names(path: &ObjectPath, table: &TableDefinition) -> Result<()> {
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
