//! `SHOW` and `DESCRIBE`.

use sqlparser::parser::Parser;
use sqlparser::tokenizer::Token;

use super::parts::{partition, path};
use super::words::{Parsed, Words};
use crate::ast::{Describe, DescribeTarget, LikeFilter, Show, ShowTarget};

/// What follows `SHOW`.
pub(crate) fn show(p: &mut Parser<'_>) -> Parsed<Show> {
    let target = target(p)?;
    let columns = target == ShowTarget::Columns;
    let listed = matches!(
        target,
        ShowTarget::Databases
            | ShowTarget::Tables
            | ShowTarget::Views
            | ShowTarget::Functions { .. }
            | ShowTarget::Procedures
    );
    let from = if columns {
        p.need_one_of(&["FROM", "IN"])?;
        Some(path(p)?)
    } else if listed && p.one_of(&["FROM", "IN"]).is_some() {
        Some(path(p)?)
    } else {
        None
    };
    let like = if columns || listed || target == ShowTarget::Catalogs {
        like(p)?
    } else {
        None
    };
    Ok(Show { target, from, like })
}

fn target(p: &mut Parser<'_>) -> Parsed<ShowTarget> {
    let word = p.need_one_of(&[
        "CATALOGS",
        "CURRENT",
        "CREATE",
        "DATABASES",
        "TABLES",
        "VIEWS",
        "FUNCTIONS",
        "USER",
        "PROCEDURES",
        "COLUMNS",
        "PARTITIONS",
        "MODULES",
        "FULL",
        "JARS",
        "JOBS",
    ])?;
    Ok(match word {
        "CATALOGS" => ShowTarget::Catalogs,
        "CURRENT" => match p.need_one_of(&["CATALOG", "DATABASE"])? {
            "CATALOG" => ShowTarget::CurrentCatalog,
            _ => ShowTarget::CurrentDatabase,
        },
        "CREATE" => match p.need_one_of(&["TABLE", "VIEW", "CATALOG"])? {
            "TABLE" => ShowTarget::CreateTable(path(p)?),
            "VIEW" => ShowTarget::CreateView(path(p)?),
            _ => ShowTarget::CreateCatalog(p.name()?),
        },
        "DATABASES" => ShowTarget::Databases,
        "TABLES" => ShowTarget::Tables,
        "VIEWS" => ShowTarget::Views,
        "FUNCTIONS" => ShowTarget::Functions { user: false },
        "USER" => {
            p.need(&["FUNCTIONS"])?;
            ShowTarget::Functions { user: true }
        }
        "PROCEDURES" => ShowTarget::Procedures,
        "COLUMNS" => ShowTarget::Columns,
        "PARTITIONS" => ShowTarget::Partitions(path(p)?, partition(p)?),
        "MODULES" => ShowTarget::Modules { full: false },
        "FULL" => {
            p.need(&["MODULES"])?;
            ShowTarget::Modules { full: true }
        }
        "JARS" => ShowTarget::Jars,
        _ => ShowTarget::Jobs,
    })
}

fn like(p: &mut Parser<'_>) -> Parsed<Option<LikeFilter>> {
    let negated = p.eat(&["NOT"]);
    let word = if negated {
        Some(p.need_one_of(&["LIKE", "ILIKE"])?)
    } else {
        p.one_of(&["LIKE", "ILIKE"])
    };
    let Some(word) = word else { return Ok(None) };
    Ok(Some(LikeFilter {
        negated,
        ignores_case: word == "ILIKE",
        pattern: p.string()?,
    }))
}

/// What follows `DESCRIBE`.
pub(crate) fn describe(p: &mut Parser<'_>) -> Parsed<Describe> {
    // Catalogs and so on may be tables' names as well: they are kinds where a name follows.
    let kinds = ["CATALOG", "DATABASE", "FUNCTION", "JOB", "TABLE"];
    let followed = matches!(
        p.peek_nth_token_ref(1).token,
        Token::Word(_) | Token::UnicodeStringLiteral(_)
    );
    let kind = if followed { p.one_of(&kinds) } else { None };
    if kind == Some("JOB") {
        return Ok(Describe {
            target: DescribeTarget::Job(p.string()?),
            extended: false,
        });
    }
    let extended = p.eat(&["EXTENDED"]);
    let target = match kind {
        Some("CATALOG") => DescribeTarget::Catalog(p.name()?),
        Some("DATABASE") => DescribeTarget::Database(path(p)?),
        Some("FUNCTION") => DescribeTarget::Function(path(p)?),
        _ => DescribeTarget::Table(path(p)?),
    };
    Ok(Describe { target, extended })
}
