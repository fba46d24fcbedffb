//! `CREATE` and `DROP`; tables have a file of their own.

use sqlparser::ast::Ident;
use sqlparser::parser::Parser;
use sqlparser::tokenizer::Location;

use super::parts::{comment, if_exists, if_not_exists, names, path, with_options};
use super::words::{Parsed, Words};
use super::{table, unsupported};
use crate::ast::{
    CreateCatalog, CreateDatabase, CreateFunction, CreateView, DropObject, FunctionLanguage,
    FunctionScope, Statement,
};

const KINDS: &[&str] = &[
    "TABLE",
    "VIEW",
    "CATALOG",
    "DATABASE",
    "FUNCTION",
    "MATERIALIZED",
    "MODEL",
    "CONNECTION",
];

/// What follows `CREATE`.
pub(crate) fn create(p: &mut Parser<'_>) -> Parsed<Statement> {
    let at = p.here();
    let or_replace = p.eat(&["OR", "REPLACE"]);
    let scope = scope(p);
    let kind = kind(p, scope, or_replace, at)?;
    Ok(match kind {
        "TABLE" => {
            let temporary = scope == FunctionScope::Temporary;
            Statement::CreateTable(Box::new(table::create_table(p, or_replace, temporary)?))
        }
        "VIEW" => Statement::CreateView(view(p, scope == FunctionScope::Temporary)?),
        "CATALOG" => Statement::CreateCatalog(catalog(p)?),
        "DATABASE" => Statement::CreateDatabase(database(p)?),
        _ => Statement::CreateFunction(function(p, scope)?),
    })
}

pub(crate) fn scope(p: &mut Parser<'_>) -> FunctionScope {
    if p.eat(&["TEMPORARY", "SYSTEM"]) {
        FunctionScope::TemporarySystem
    } else if p.eat(&["TEMPORARY"]) {
        FunctionScope::Temporary
    } else {
        FunctionScope::Catalog
    }
}

/// The kind of what is created or dropped, if it may be of this scope.
fn kind(
    p: &mut Parser<'_>,
    scope: FunctionScope,
    or_replace: bool,
    at: Location,
) -> Parsed<&'static str> {
    let kinds: &[&'static str] = match scope {
        FunctionScope::TemporarySystem => &["FUNCTION"],
        FunctionScope::Temporary => &["TABLE", "VIEW", "FUNCTION"],
        FunctionScope::Catalog if or_replace => &["TABLE"],
        FunctionScope::Catalog => KINDS,
    };
    match p.need_one_of(kinds)? {
        "MATERIALIZED" => unsupported(
            "a materialized table",
            "use CREATE TABLE … AS, or a view",
            at,
        ),
        "MODEL" => unsupported("a model", "call it from a function", at),
        "CONNECTION" => unsupported(
            "a connection",
            "write its options in WITH (…) of the table",
            at,
        ),
        kind => Ok(kind),
    }
}

fn view(p: &mut Parser<'_>, temporary: bool) -> Parsed<CreateView> {
    let if_not_exists = if_not_exists(p);
    let name = path(p)?;
    let columns = if p.at_token(&sqlparser::tokenizer::Token::LParen) {
        names(p)?
    } else {
        Vec::new()
    };
    let comment = comment(p)?;
    p.need(&["AS"])?;
    Ok(CreateView {
        temporary,
        if_not_exists,
        name,
        columns,
        comment,
        query: p.parse_query()?,
    })
}

fn catalog(p: &mut Parser<'_>) -> Parsed<CreateCatalog> {
    let if_not_exists = if_not_exists(p);
    let name = p.name()?;
    Ok(CreateCatalog {
        if_not_exists,
        name,
        comment: comment(p)?,
        options: with_options(p)?,
    })
}

fn database(p: &mut Parser<'_>) -> Parsed<CreateDatabase> {
    let if_not_exists = if_not_exists(p);
    let name = path(p)?;
    Ok(CreateDatabase {
        if_not_exists,
        name,
        comment: comment(p)?,
        options: with_options(p)?,
    })
}

fn function(p: &mut Parser<'_>, scope: FunctionScope) -> Parsed<CreateFunction> {
    let if_not_exists = if_not_exists(p);
    let name = path(p)?;
    p.need(&["AS"])?;
    let class = p.string()?;
    let language = language(p)?;
    let jars = if p.eat(&["USING"]) {
        p.parse_comma_separated(jar)?
    } else {
        Vec::new()
    };
    Ok(CreateFunction {
        scope,
        if_not_exists,
        name,
        class,
        language,
        jars,
        options: with_options(p)?,
    })
}

fn jar(p: &mut Parser<'_>) -> Parsed<String> {
    p.need_one_of(&["JAR", "ARTIFACT"])?;
    p.string()
}

pub(crate) fn language(p: &mut Parser<'_>) -> Parsed<Option<FunctionLanguage>> {
    if !p.eat(&["LANGUAGE"]) {
        return Ok(None);
    }
    Ok(Some(
        match p.need_one_of(&["JAVA", "SCALA", "PYTHON", "RUST"])? {
            "JAVA" => FunctionLanguage::Java,
            "SCALA" => FunctionLanguage::Scala,
            "PYTHON" => FunctionLanguage::Python,
            _ => FunctionLanguage::Rust,
        },
    ))
}

/// What follows `DROP`.
pub(crate) fn drop(p: &mut Parser<'_>) -> Parsed<Statement> {
    let at = p.here();
    let scope = scope(p);
    let kind = kind(p, scope, false, at)?;
    let if_exists = if_exists(p);
    let name = if kind == "CATALOG" {
        name_of(p.name()?)
    } else {
        path(p)?
    };
    let cascade = kind == "DATABASE" && p.one_of(&["RESTRICT", "CASCADE"]) == Some("CASCADE");
    let dropped = DropObject {
        scope,
        if_exists,
        name,
        cascade,
    };
    Ok(match kind {
        "TABLE" => Statement::DropTable(dropped),
        "VIEW" => Statement::DropView(dropped),
        "CATALOG" => Statement::DropCatalog(dropped),
        "DATABASE" => Statement::DropDatabase(dropped),
        _ => Statement::DropFunction(dropped),
    })
}

fn name_of(name: Ident) -> sqlparser::ast::ObjectName {
    name.into()
}
