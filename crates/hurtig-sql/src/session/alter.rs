//! `ALTER TABLE`, `ALTER VIEW`.

use std::sync::Arc;

use arrow_schema::Field;
use hurtig_sql_parser::{
    AlterTable, AlterTableAction, AlterView, AlterViewAction, ColumnPosition, SchemaChange,
    Statement,
};
use hurtig_types::{Error, Result};
use sqlparser::ast::ObjectName;

use super::catalogs::set_options;
use super::create::{check_names, column_of, exists, keys_are_never_null, there_or, watermark_of};
use super::{Outcome, TableEnvironment};
use crate::catalog::{CatalogObject, Column, ObjectPath, TableDefinition, names};
use crate::types::TimeAttribute;

impl TableEnvironment {
    pub(super) fn alter_table(&mut self, alter: &AlterTable) -> Result<Outcome> {
        let path = self.catalogs.path(&alter.name)?;
        let table = match self.catalogs.find(&path) {
            Some(CatalogObject::Table(table)) => table.clone(),
            Some(CatalogObject::View(_)) => {
                let message = format!("{path} is a view: write ALTER VIEW");
                return Err(Error::invalid_job(message));
            }
            None => return there_or(false, alter.if_exists, &path.to_string()),
        };
        if let AlterTableAction::RenameTo(name) = &alter.action {
            return self.rename(&path, name);
        }
        let altered = Altering { path: &path, table }.apply(alter)?;
        // What computed columns and the watermark are made of may have gone.
        let altered = self.typed(&path, altered)?;
        let object = CatalogObject::Table(altered);
        self.catalogs_mut().replace(&path, object)?;
        self.keep(&path)?;
        Ok(Outcome::Ok)
    }

    pub(super) fn alter_view(&mut self, alter: AlterView) -> Result<Outcome> {
        let path = self.catalogs.path(&alter.name)?;
        let CatalogObject::View(view) = self.catalogs.get(&path)? else {
            let message = format!("{path} is a table: write ALTER TABLE");
            return Err(Error::invalid_job(message));
        };
        let mut view = view.clone();
        match alter.action {
            AlterViewAction::RenameTo(name) => return self.rename(&path, &name),
            AlterViewAction::As(query) => {
                self.logical(&query)?;
                view.query = query;
                view.columns = Vec::new();
                view.scope = self.scope();
            }
        }
        let object = CatalogObject::View(view);
        self.catalogs_mut().replace(&path, object)?;
        self.keep(&path)?;
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
        // The new file first: a table that is there twice is better than none.
        self.keep(&new)?;
        self.keep(path)?;
        Ok(Outcome::Ok)
    }
}

/// A table that is being changed.
struct Altering<'a> {
    path: &'a ObjectPath,
    table: TableDefinition,
}

impl Altering<'_> {
    fn apply(mut self, alter: &AlterTable) -> Result<TableDefinition> {
        // Whether a column is event time is said by the watermark that there is in the end.
        for column in &mut self.table.columns {
            column.field = TimeAttribute::unmark(&column.field);
        }
        let table = &mut self.table;
        match &alter.action {
            AlterTableAction::SetOptions(options) => {
                set_options(&mut table.options, options.clone());
            }
            AlterTableAction::ResetOptions(keys) => {
                table.options.retain(|(known, _)| !keys.contains(known));
            }
            AlterTableAction::RenameColumn { from, to } => self.rename(from, &to.value)?,
            AlterTableAction::Add(changes) => {
                changes.iter().try_for_each(|change| self.add(change))?;
            }
            AlterTableAction::Modify(changes) => {
                changes.iter().try_for_each(|change| self.modify(change))?;
            }
            AlterTableAction::DropColumns(columns) => {
                columns.iter().try_for_each(|column| self.drop(column))?;
            }
            AlterTableAction::DropPrimaryKey => self.drop_key(None)?,
            AlterTableAction::DropConstraint(name) => self.drop_key(Some(&name.value))?,
            AlterTableAction::DropWatermark => {
                let watermark = table.watermark.take();
                watermark.ok_or_else(|| self.has_no("watermark"))?;
            }
            _ => {
                let statement = Statement::AlterTable(alter.clone());
                return Err(Error::unsupported(format!("the statement `{statement}`")));
            }
        }
        check_names(self.path, &self.table)?;
        keys_are_never_null(&mut self.table);
        Ok(self.table)
    }

    fn has_no(&self, what: &str) -> Error {
        Error::invalid_job(format!("{} has no {what}", self.path))
    }

    fn has_a(&self, what: &str) -> Error {
        Error::invalid_job(format!(
            "{} has a {what} already: write MODIFY, or drop it",
            self.path
        ))
    }

    /// Where the column of this name is.
    fn place(&self, name: &ObjectName) -> Result<usize> {
        let parts = names(name);
        let [column] = parts.as_slice() else {
            return Err(Error::unsupported(format!(
                "ALTER TABLE of `{name}`: fields within a row"
            )));
        };
        let mut columns = self.table.columns.iter();
        let place = columns.position(|it| it.field.name() == column);
        place.ok_or_else(|| self.has_no(&format!("column `{column}`")))
    }

    fn add(&mut self, change: &SchemaChange) -> Result<()> {
        match change {
            SchemaChange::Column(column, position) => {
                let column = column_of(self.path, column)?;
                self.insert(column, position.as_ref(), self.table.columns.len())
            }
            SchemaChange::Watermark(watermark) => match self.table.watermark {
                Some(_) => Err(self.has_a("watermark")),
                None => {
                    self.table.watermark = Some(watermark_of(watermark));
                    Ok(())
                }
            },
            SchemaChange::PrimaryKey(key) => {
                if !self.table.primary_key.is_empty() {
                    return Err(self.has_a("primary key"));
                }
                self.set_key(key)
            }
            SchemaChange::Distribution(_) => Err(buckets()),
        }
    }

    fn modify(&mut self, change: &SchemaChange) -> Result<()> {
        match change {
            SchemaChange::Column(column, position) => {
                let name = ObjectName::from(vec![column.name.clone()]);
                let place = self.place(&name)?;
                let mut column = column_of(self.path, column)?;
                let before = self.table.columns.remove(place);
                column.comment = column.comment.or(before.comment);
                self.insert(column, position.as_ref(), place)
            }
            SchemaChange::Watermark(watermark) => {
                let there = self.table.watermark.take();
                there.ok_or_else(|| self.has_no("watermark"))?;
                self.table.watermark = Some(watermark_of(watermark));
                Ok(())
            }
            SchemaChange::PrimaryKey(key) => {
                if self.table.primary_key.is_empty() {
                    return Err(self.has_no("primary key"));
                }
                self.set_key(key)
            }
            SchemaChange::Distribution(_) => Err(buckets()),
        }
    }

    fn insert(
        &mut self,
        column: Column,
        position: Option<&ColumnPosition>,
        otherwise: usize,
    ) -> Result<()> {
        let place = match position {
            Some(ColumnPosition::First) => 0,
            Some(ColumnPosition::After(name)) => self.place(name)? + 1,
            None => otherwise,
        };
        self.table.columns.insert(place, column);
        Ok(())
    }

    fn set_key(&mut self, key: &hurtig_sql_parser::PrimaryKey) -> Result<()> {
        for name in &key.columns {
            self.place(&ObjectName::from(vec![name.clone()]))?;
        }
        let columns = key.columns.iter().map(|it| it.value.clone());
        self.table.primary_key = columns.collect();
        self.table.primary_key_name = key.name.as_ref().map(|it| it.value.clone());
        Ok(())
    }

    fn drop_key(&mut self, name: Option<&str>) -> Result<()> {
        let right = name.is_none() || name == self.table.primary_key_name.as_deref();
        if self.table.primary_key.is_empty() || !right {
            return Err(self.has_no(name.unwrap_or("primary key")));
        }
        self.table.primary_key.clear();
        self.table.primary_key_name = None;
        Ok(())
    }

    fn drop(&mut self, name: &ObjectName) -> Result<()> {
        let place = self.place(name)?;
        let column = self.table.columns.remove(place);
        let column = column.field.name();
        let used = [
            ("primary key", &self.table.primary_key),
            ("partitioning", &self.table.partitioned_by),
        ];
        match used.iter().find(|(_, columns)| columns.contains(column)) {
            Some((what, _)) => Err(Error::invalid_job(format!(
                "column `{column}` of {} is part of its {what}",
                self.path
            ))),
            None => Ok(()),
        }
    }

    fn rename(&mut self, from: &ObjectName, to: &str) -> Result<()> {
        let place = self.place(from)?;
        let Some(column) = self.table.columns.get_mut(place) else {
            return Err(Error::bug("a column that is nowhere"));
        };
        let old = column.field.name().clone();
        column.field = Arc::new(Field::clone(&column.field).with_name(to));
        let listed = self.table.primary_key.iter_mut();
        for name in listed.chain(&mut self.table.partitioned_by) {
            if *name == old {
                *name = to.to_string();
            }
        }
        Ok(())
    }
}

/// Why nothing is distributed.
pub(super) fn buckets() -> Error {
    Error::unsupported("DISTRIBUTED BY: no connector has buckets")
}
