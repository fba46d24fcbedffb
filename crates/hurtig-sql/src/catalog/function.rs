//! Functions that users brought, as they were declared.

use hurtig_sql_parser::{FunctionLanguage, FunctionScope};
use hurtig_types::{Error, Result};
use sqlparser::ast::ObjectName;

use super::{Catalogs, ObjectPath, names};

/// A function: what a name stands for.
#[derive(Clone, Debug, PartialEq)]
pub struct FunctionDefinition {
    /// The name, as it was written.
    pub name: String,
    /// `AS '…'`: under which the program has it.
    pub class: String,
    /// `LANGUAGE …`
    pub language: Option<FunctionLanguage>,
}

impl Catalogs {
    /// What a function's name stands for, whatever its case: first what is known everywhere, then what is temporary, then what the
    /// catalog keeps.
    ///
    /// `parts` are those of the name: function, database and function, or all three.
    pub fn find_function(&self, parts: &[&str]) -> Option<&FunctionDefinition> {
        if let [name] = parts
            && let Some(function) = self.system_functions.get(&name.to_lowercase())
        {
            return Some(function);
        }
        let path = self.function_path(parts)?;
        let temporary = self.temporary_functions.get(&path);
        temporary.or_else(|| {
            let database = self.find_database(&path.catalog, &path.database)?;
            database.functions.get(&path.object)
        })
    }

    /// Whether this is the name of a function that is known everywhere.
    pub fn is_everywhere(&self, name: &str) -> bool {
        self.system_functions.contains_key(&name.to_lowercase())
    }

    fn function_path(&self, parts: &[&str]) -> Option<ObjectPath> {
        let (catalog, database) = (self.current_catalog(), self.current_database());
        let (catalog, database, name) = match parts {
            [name] => (catalog, database, name),
            [database, name] => (catalog, *database, name),
            [catalog, database, name] => (*catalog, *database, name),
            _ => return None,
        };
        Some(ObjectPath {
            catalog: catalog.to_string(),
            database: database.to_string(),
            object: name.to_lowercase(),
        })
    }

    /// Where a function of this name is: its path in full, in small letters.
    ///
    /// # Errors
    /// When the name has more than three parts.
    pub fn path_of_function(&self, name: &ObjectName) -> Result<ObjectPath> {
        self.function_path(&names(name)).ok_or_else(|| {
            let message =
                format!("`{name}`: write function, database.function or catalog.database.function");
            Error::invalid_job(message)
        })
    }

    /// Sets what a name stands for, or takes it away; what it stood for.
    ///
    /// # Errors
    /// When there is no such database.
    pub fn set_function(
        &mut self,
        scope: FunctionScope,
        path: &ObjectPath,
        function: Option<FunctionDefinition>,
    ) -> Result<Option<FunctionDefinition>> {
        let name = path.object.clone();
        match scope {
            FunctionScope::TemporarySystem => Ok(swap(&mut self.system_functions, name, function)),
            FunctionScope::Temporary => {
                Ok(swap(&mut self.temporary_functions, path.clone(), function))
            }
            FunctionScope::Catalog => {
                let database = self.database_mut(&path.catalog, &path.database)?;
                Ok(swap(&mut database.functions, name, function))
            }
        }
    }

    /// The function of this scope.
    pub fn function(&self, scope: FunctionScope, path: &ObjectPath) -> Option<&FunctionDefinition> {
        match scope {
            FunctionScope::TemporarySystem => self.system_functions.get(&path.object),
            FunctionScope::Temporary => self.temporary_functions.get(path),
            FunctionScope::Catalog => {
                let database = self.find_database(&path.catalog, &path.database)?;
                database.functions.get(&path.object)
            }
        }
    }

    /// The functions that a database keeps.
    pub fn functions_of<'a>(
        &'a self,
        catalog: &str,
        database: &str,
    ) -> impl Iterator<Item = &'a FunctionDefinition> + use<'a> {
        let database = self.find_database(catalog, database).into_iter();
        database.flat_map(|database| database.functions.values())
    }

    /// All functions that can be called without the name of a database.
    pub fn functions_in_scope(&self) -> Vec<&FunctionDefinition> {
        let (catalog, database) = (self.current_catalog(), self.current_database());
        let temporary = self.temporary_functions.iter();
        let temporary = temporary
            .filter(|(path, _)| path.catalog == catalog && path.database == database)
            .map(|(_, function)| function);
        let kept = self.functions_of(catalog, database);
        let mut all: Vec<_> = self.system_functions.values().collect();
        all.extend(temporary);
        all.extend(kept);
        all
    }
}

fn swap<K: Ord>(
    functions: &mut std::collections::BTreeMap<K, FunctionDefinition>,
    key: K,
    function: Option<FunctionDefinition>,
) -> Option<FunctionDefinition> {
    match function {
        Some(function) => functions.insert(key, function),
        None => functions.remove(&key),
    }
}
