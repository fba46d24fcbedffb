//! Functions that users bring: `CREATE FUNCTION` and its like.

use std::sync::Arc;

use hurtig_sql_parser::{
    AlterFunction, CreateFunction, DropObject, FunctionLanguage, FunctionScope,
};
use hurtig_types::{Error, Result};
use sqlparser::ast::ObjectName;

use super::create::{new_or, there_or};
use super::show::info;
use super::{Outcome, TableEnvironment};
use crate::catalog::{FunctionDefinition, names};
use crate::functions::UserFunction;

impl TableEnvironment {
    /// Lets `CREATE FUNCTION … AS 'class'` find this function.
    pub fn add_function(&mut self, class: impl Into<String>, function: UserFunction) -> &mut Self {
        Arc::make_mut(&mut self.functions).add_user(class.into(), function);
        self
    }

    /// Lets all queries of the session call this function by this name.
    ///
    /// # Errors
    /// When there is a temporary function of this name.
    pub fn create_temporary_system_function(
        &mut self,
        name: &str,
        function: UserFunction,
    ) -> Result<()> {
        // Its class is a name that no statement can ask for by accident.
        let class = format!("temporary system function {}", name.to_lowercase());
        self.add_function(class.clone(), function);
        let create = CreateFunction {
            scope: FunctionScope::TemporarySystem,
            if_not_exists: false,
            name: ObjectName::from(vec![name.into()]),
            class,
            language: Some(FunctionLanguage::Rust),
            jars: Vec::new(),
            options: Vec::new(),
        };
        self.create_function(create).map(drop)
    }

    pub(super) fn create_function(&mut self, create: CreateFunction) -> Result<Outcome> {
        let path = self.catalogs.path_of_function(&create.name)?;
        if self.catalogs.function(create.scope, &path).is_some() {
            return new_or(false, create.if_not_exists, &create.name.to_string());
        }
        let function = definition(&create.name, &create)?;
        self.check_class(&function)?;
        self.catalogs_mut()
            .set_function(create.scope, &path, Some(function))?;
        self.keep_functions_of(create.scope, &path)?;
        Ok(Outcome::Ok)
    }

    /// A function that a catalog has kept. Whether this program knows it shows when it is called.
    pub(super) fn load_function(&mut self, catalog: &str, create: &CreateFunction) -> Result<()> {
        let mut path = self.catalogs.path_of_function(&create.name)?;
        path.catalog = catalog.to_string();
        let function = definition(&create.name, create)?;
        self.catalogs_mut()
            .set_function(FunctionScope::Catalog, &path, Some(function))?;
        Ok(())
    }

    pub(super) fn alter_function(&mut self, alter: AlterFunction) -> Result<Outcome> {
        let path = self.catalogs.path_of_function(&alter.name)?;
        let Some(function) = self.catalogs.function(alter.scope, &path) else {
            return there_or(false, alter.if_exists, &alter.name.to_string());
        };
        let function = FunctionDefinition {
            class: alter.class,
            language: alter.language,
            ..function.clone()
        };
        self.check_class(&function)?;
        self.catalogs_mut()
            .set_function(alter.scope, &path, Some(function))?;
        self.keep_functions_of(alter.scope, &path)?;
        Ok(Outcome::Ok)
    }

    pub(super) fn drop_function(&mut self, object: &DropObject) -> Result<Outcome> {
        let path = self.catalogs.path_of_function(&object.name)?;
        let catalogs = self.catalogs_mut();
        let was_there = catalogs.set_function(object.scope, &path, None)?.is_some();
        self.keep_functions_of(object.scope, &path)?;
        there_or(was_there, object.if_exists, &object.name.to_string())
    }

    fn keep_functions_of(
        &self,
        scope: FunctionScope,
        path: &crate::catalog::ObjectPath,
    ) -> Result<()> {
        match scope {
            FunctionScope::Catalog => self.keep_functions(&path.catalog, &path.database),
            _ => Ok(()),
        }
    }

    /// The functions of other languages run where Flink does; ours are part of the program.
    fn check_class(&self, function: &FunctionDefinition) -> Result<()> {
        let class = &function.class;
        let language = match function.language {
            None | Some(FunctionLanguage::Rust) if self.functions.user(class).is_some() => {
                return Ok(());
            }
            Some(FunctionLanguage::Java) => "JAVA",
            Some(FunctionLanguage::Scala) => "SCALA",
            Some(FunctionLanguage::Python) => "PYTHON",
            None | Some(FunctionLanguage::Rust) => {
                return Err(Error::invalid_job(format!(
                    "there is no function '{class}' in this program: there are {}; \
                     TableEnvironment::add_function adds one that is written in Rust",
                    self.functions.classes()
                )));
            }
        };
        Err(Error::unsupported(format!(
            "functions in {language} ('{class}'): write it in Rust, add it by TableEnvironment::add_function, and write LANGUAGE RUST"
        )))
    }

    pub(super) fn describe_function(&self, name: &ObjectName) -> Result<Outcome> {
        let parts = names(name);
        let Some(function) = self.catalogs.find_function(&parts) else {
            let is_own = self
                .names()
                .iter()
                .any(|it| parts.as_slice() == [it.as_str()]);
            return match is_own {
                true => Ok(info(
                    "info",
                    vec![("is system function", "true".to_string())],
                )),
                false => Err(Error::invalid_job(format!("there is no function {name}"))),
            };
        };
        let language = function.language.map(|it| format!("{it:?}").to_uppercase());
        let mut rows = vec![
            ("is system function", "false".to_string()),
            ("class name", function.class.clone()),
            (
                "function language",
                language.unwrap_or_else(|| "RUST".to_string()),
            ),
        ];
        if let Some(user) = self.functions.user(&function.class) {
            rows.push(("kind", user.kind().to_string()));
            rows.push(("signature", user.signature()));
        }
        Ok(info("info", rows))
    }
}

fn definition(name: &ObjectName, create: &CreateFunction) -> Result<FunctionDefinition> {
    if !create.jars.is_empty() {
        return Err(Error::unsupported(
            "USING JAR: functions are part of the program, written in Rust",
        ));
    }
    if let Some((key, _)) = create.options.first() {
        return Err(Error::unsupported(format!("'{key}' of a function")));
    }
    Ok(FunctionDefinition {
        name: names(name).last().copied().unwrap_or_default().to_string(),
        class: create.class.clone(),
        language: create.language,
    })
}
