//! Catalogs, databases, views and functions.

use sqlparser::ast::{Ident, ObjectName, Query};

use super::Options;

/// `CREATE VIEW …`
#[derive(Debug, Clone, PartialEq)]
pub struct CreateView {
    /// `TEMPORARY`
    pub temporary: bool,
    /// `IF NOT EXISTS`
    pub if_not_exists: bool,
    /// The view's name.
    pub name: ObjectName,
    /// Names for the query's columns, if it has others.
    pub columns: Vec<Ident>,
    /// `COMMENT '…'`
    pub comment: Option<String>,
    /// What the view is.
    pub query: Box<Query>,
}

/// `ALTER VIEW …`
#[derive(Debug, Clone, PartialEq)]
pub struct AlterView {
    /// The view.
    pub name: ObjectName,
    /// What changes.
    pub action: AlterViewAction,
}

/// What `ALTER VIEW` changes.
#[derive(Debug, Clone, PartialEq)]
pub enum AlterViewAction {
    /// `RENAME TO name`
    RenameTo(ObjectName),
    /// `AS query`
    As(Box<Query>),
}

/// `DROP … name`
#[derive(Debug, Clone, PartialEq)]
pub struct DropObject {
    /// `TEMPORARY`, and of functions `TEMPORARY SYSTEM`
    pub scope: FunctionScope,
    /// `IF EXISTS`
    pub if_exists: bool,
    /// What is dropped.
    pub name: ObjectName,
    /// `CASCADE`, of databases: with what is in them.
    pub cascade: bool,
}

/// `CREATE CATALOG …`
#[derive(Debug, Clone, PartialEq)]
pub struct CreateCatalog {
    /// `IF NOT EXISTS`
    pub if_not_exists: bool,
    /// Its name.
    pub name: Ident,
    /// `COMMENT '…'`
    pub comment: Option<String>,
    /// `WITH (…)`
    pub options: Options,
}

/// `ALTER CATALOG …`
#[derive(Debug, Clone, PartialEq)]
pub struct AlterCatalog {
    /// The catalog.
    pub name: Ident,
    /// What changes.
    pub action: AlterCatalogAction,
}

/// What `ALTER CATALOG` changes.
#[derive(Debug, Clone, PartialEq)]
pub enum AlterCatalogAction {
    /// `SET (…)`
    SetOptions(Options),
    /// `RESET (…)`
    ResetOptions(Vec<String>),
    /// `COMMENT '…'`
    Comment(String),
}

/// `CREATE DATABASE …`
#[derive(Debug, Clone, PartialEq)]
pub struct CreateDatabase {
    /// `IF NOT EXISTS`
    pub if_not_exists: bool,
    /// Its name, with the catalog's or without.
    pub name: ObjectName,
    /// `COMMENT '…'`
    pub comment: Option<String>,
    /// `WITH (…)`
    pub options: Options,
}

/// `ALTER DATABASE … SET (…)`
#[derive(Debug, Clone, PartialEq)]
pub struct AlterDatabase {
    /// The database.
    pub name: ObjectName,
    /// What is set.
    pub options: Options,
}

/// Where a function is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum FunctionScope {
    /// In its catalog.
    #[default]
    Catalog,
    /// `TEMPORARY`: in the session, under its catalog and database.
    Temporary,
    /// `TEMPORARY SYSTEM`: in the session, everywhere.
    TemporarySystem,
}

/// `CREATE FUNCTION …`
#[derive(Debug, Clone, PartialEq)]
pub struct CreateFunction {
    /// Where it is known.
    pub scope: FunctionScope,
    /// `IF NOT EXISTS`
    pub if_not_exists: bool,
    /// Its name.
    pub name: ObjectName,
    /// `AS 'class'`
    pub class: String,
    /// `LANGUAGE …`
    pub language: Option<FunctionLanguage>,
    /// `USING JAR '…', JAR '…'`
    pub jars: Vec<String>,
    /// `WITH (…)`
    pub options: Options,
}

/// `ALTER FUNCTION …`
#[derive(Debug, Clone, PartialEq)]
pub struct AlterFunction {
    /// Where it is known.
    pub scope: FunctionScope,
    /// `IF EXISTS`
    pub if_exists: bool,
    /// Its name.
    pub name: ObjectName,
    /// `AS 'class'`
    pub class: String,
    /// `LANGUAGE …`
    pub language: Option<FunctionLanguage>,
}

/// What a function is written in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FunctionLanguage {
    /// `JAVA`
    Java,
    /// `SCALA`
    Scala,
    /// `PYTHON`
    Python,
    /// `RUST`, which Flink has not
    Rust,
}
