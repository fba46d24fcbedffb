//! Catalogs, databases, views and functions.

use std::fmt::{self, Write};

use super::{comment, keys, list, options, with_options, word};
use crate::ast::{
    AlterCatalog, AlterCatalogAction, AlterFunction, AlterView, AlterViewAction, CreateCatalog,
    CreateDatabase, CreateFunction, CreateView, DropObject, FunctionLanguage, FunctionScope,
};
use crate::quote::string;

pub(super) fn view(view: &CreateView, out: &mut String) -> fmt::Result {
    let temporary = word(view.temporary, "TEMPORARY ");
    let exists = word(view.if_not_exists, "IF NOT EXISTS ");
    write!(out, "CREATE {temporary}VIEW {exists}{}", view.name)?;
    if !view.columns.is_empty() {
        write!(out, " ({})", list(&view.columns))?;
    }
    write!(out, "{} AS {}", comment(view.comment.as_ref()), view.query)
}

pub(super) fn alter_view(view: &AlterView, out: &mut String) -> fmt::Result {
    match &view.action {
        AlterViewAction::RenameTo(name) => write!(out, "ALTER VIEW {} RENAME TO {name}", view.name),
        AlterViewAction::As(query) => write!(out, "ALTER VIEW {} AS {query}", view.name),
    }
}

pub(super) fn catalog(catalog: &CreateCatalog, out: &mut String) -> fmt::Result {
    let exists = word(catalog.if_not_exists, "IF NOT EXISTS ");
    let comment = comment(catalog.comment.as_ref());
    write!(
        out,
        "CREATE CATALOG {exists}{}{comment}{}",
        catalog.name,
        with_options(&catalog.options)
    )
}

pub(super) fn alter_catalog(catalog: &AlterCatalog, out: &mut String) -> fmt::Result {
    write!(out, "ALTER CATALOG {} ", catalog.name)?;
    match &catalog.action {
        AlterCatalogAction::SetOptions(given) => write!(out, "SET {}", options(given)),
        AlterCatalogAction::ResetOptions(given) => write!(out, "RESET {}", keys(given)),
        AlterCatalogAction::Comment(text) => write!(out, "COMMENT {}", string(text)),
    }
}

pub(super) fn database(database: &CreateDatabase, out: &mut String) -> fmt::Result {
    let exists = word(database.if_not_exists, "IF NOT EXISTS ");
    let comment = comment(database.comment.as_ref());
    write!(
        out,
        "CREATE DATABASE {exists}{}{comment}{}",
        database.name,
        with_options(&database.options)
    )
}

pub(super) fn function(function: &CreateFunction, out: &mut String) -> fmt::Result {
    let exists = word(function.if_not_exists, "IF NOT EXISTS ");
    write!(
        out,
        "CREATE {}FUNCTION {exists}{}",
        scope(function.scope),
        function.name
    )?;
    write!(
        out,
        " AS {}{}",
        string(&function.class),
        language(function.language)
    )?;
    if !function.jars.is_empty() {
        write!(
            out,
            " USING {}",
            list(
                function
                    .jars
                    .iter()
                    .map(|jar| format!("JAR {}", string(jar)))
            )
        )?;
    }
    out.write_str(&with_options(&function.options))
}

pub(super) fn alter_function(function: &AlterFunction, out: &mut String) -> fmt::Result {
    let exists = word(function.if_exists, "IF EXISTS ");
    write!(
        out,
        "ALTER {}FUNCTION {exists}{}",
        scope(function.scope),
        function.name
    )?;
    write!(
        out,
        " AS {}{}",
        string(&function.class),
        language(function.language)
    )
}

pub(super) fn drop(kind: &str, dropped: &DropObject, out: &mut String) -> fmt::Result {
    let exists = word(dropped.if_exists, "IF EXISTS ");
    let cascade = word(dropped.cascade, " CASCADE");
    write!(
        out,
        "DROP {}{kind} {exists}{}{cascade}",
        scope(dropped.scope),
        dropped.name
    )
}

fn scope(scope: FunctionScope) -> &'static str {
    match scope {
        FunctionScope::Catalog => "",
        FunctionScope::Temporary => "TEMPORARY ",
        FunctionScope::TemporarySystem => "TEMPORARY SYSTEM ",
    }
}

fn language(language: Option<FunctionLanguage>) -> &'static str {
    match language {
        None => "",
        Some(FunctionLanguage::Java) => " LANGUAGE JAVA",
        Some(FunctionLanguage::Scala) => " LANGUAGE SCALA",
        Some(FunctionLanguage::Python) => " LANGUAGE PYTHON",
        Some(FunctionLanguage::Rust) => " LANGUAGE RUST",
    }
}
