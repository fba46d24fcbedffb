//! Statements about catalogs, databases, and what goes from them.

use hurtig_sql_parser::{
    AlterCatalog, AlterCatalogAction, CreateCatalog, DropObject, FunctionScope, Statement, Use,
};
use hurtig_types::{Error, Result};
use sqlparser::ast::ObjectName;

use super::create::{new_or, there_or};
use super::{Outcome, TableEnvironment};
use crate::catalog::{Catalog, CatalogObject, Database, IN_MEMORY, names};

impl TableEnvironment {
    /// Statements about catalogs and what is in them.
    pub(super) fn change_catalogs(&mut self, statement: Statement) -> Result<Outcome> {
        match statement {
            Statement::DropTable(object) => self.drop_object(&object, true),
            Statement::DropView(object) => self.drop_object(&object, false),
            Statement::CreateCatalog(create) => self.create_catalog(create),
            Statement::AlterCatalog(alter) => self.alter_catalog(alter),
            Statement::DropCatalog(object) => {
                let name = object.name.to_string().replace('`', "");
                let was_there = self.catalogs_mut().drop_catalog(&name)?;
                there_or(was_there, object.if_exists, &name)
            }
            Statement::CreateDatabase(create) => {
                let (catalog, name) = self.database(&create.name)?;
                let database = Database::new(create.options, create.comment);
                let catalogs = self.catalogs_mut();
                let is_new = catalogs.create_database(&catalog, &name, database)?;
                if is_new {
                    self.keep_database(&catalog, &name)?;
                }
                new_or(is_new, create.if_not_exists, &name)
            }
            Statement::AlterDatabase(alter) => {
                let (catalog, name) = self.database(&alter.name)?;
                let database = self.catalogs_mut().database_mut(&catalog, &name)?;
                set_options(&mut database.options, alter.options);
                self.keep_database(&catalog, &name)?;
                Ok(Outcome::Ok)
            }
            Statement::DropDatabase(object) => {
                let (catalog, name) = self.database(&object.name)?;
                let catalogs = self.catalogs_mut();
                let was_there = catalogs.drop_database(&catalog, &name, object.cascade)?;
                if was_there {
                    self.forget_database(&catalog, &name)?;
                }
                there_or(was_there, object.if_exists, &name)
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
            Statement::AlterView(alter) => self.alter_view(alter),
            Statement::CreateFunction(create) => self.create_function(create),
            Statement::AlterFunction(alter) => self.alter_function(alter),
            Statement::DropFunction(object) => self.drop_function(&object),
            other => Err(Error::unsupported(format!("the statement `{other}`"))),
        }
    }

    /// Catalog and database of a name with one or two parts.
    pub(super) fn database(&self, name: &ObjectName) -> Result<(String, String)> {
        let current = self.catalogs.current_catalog();
        match names(name).as_slice() {
            [database] => Ok((current.to_string(), (*database).to_string())),
            [catalog, database] => Ok(((*catalog).to_string(), (*database).to_string())),
            _ => Err(Error::invalid_job(format!(
                "`{name}`: write database or catalog.database"
            ))),
        }
    }

    fn create_catalog(&mut self, create: CreateCatalog) -> Result<Outcome> {
        let name = create.name.value;
        let mut catalog = Catalog::default();
        catalog.options = create.options;
        catalog.comment = create.comment;
        if self.catalogs.catalog(&name).is_ok() {
            return new_or(false, create.if_not_exists, &name);
        }
        match catalog.kind() {
            IN_MEMORY => drop(self.catalogs_mut().create_catalog(&name, catalog)),
            super::persist::FILE => self.open_catalog(&name, catalog)?,
            kind => {
                return Err(Error::unsupported(format!(
                    "catalogs of type '{kind}': there are '{IN_MEMORY}' and '{}'",
                    super::persist::FILE
                )));
            }
        }
        Ok(Outcome::Ok)
    }

    fn alter_catalog(&mut self, alter: AlterCatalog) -> Result<Outcome> {
        let name = &alter.name.value;
        let catalog = self.catalogs_mut().catalog_mut(name)?;
        // Where a catalog is, and what it is, was settled when it was created.
        let fixed = |key: &String| match key.as_str() {
            "type" | "path" => Err(Error::invalid_job(format!(
                "'{key}' of catalog `{name}` can't be changed: drop the catalog, and create it anew"
            ))),
            _ => Ok(()),
        };
        match alter.action {
            AlterCatalogAction::SetOptions(options) => {
                options.iter().try_for_each(|(key, _)| fixed(key))?;
                set_options(&mut catalog.options, options);
            }
            AlterCatalogAction::ResetOptions(keys) => {
                keys.iter().try_for_each(fixed)?;
                catalog.options.retain(|(known, _)| !keys.contains(known));
            }
            AlterCatalogAction::Comment(comment) => catalog.comment = Some(comment),
        }
        Ok(Outcome::Ok)
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
        self.keep(&path)?;
        there_or(was_there, object.if_exists, &path.to_string())
    }
}

/// Sets options among others.
pub(super) fn set_options(options: &mut Vec<(String, String)>, new: Vec<(String, String)>) {
    for (key, value) in new {
        options.retain(|(known, _)| *known != key);
        options.push((key, value));
    }
}
