//! `ALTER`.

use sqlparser::parser::Parser;
use sqlparser::tokenizer::Token;

use super::create::{language, scope};
use super::parts::{if_exists, if_not_exists, keys, options, partition_spec, path, with_options};
use super::table::{column, distribution, table_constraint, watermark};
use super::words::{Parsed, Words, wrong};
use crate::ast::{
    AlterCatalog, AlterCatalogAction, AlterDatabase, AlterFunction, AlterTable, AlterTableAction,
    AlterView, AlterViewAction, ColumnPosition, FunctionScope, SchemaChange, Statement,
};

/// What follows `ALTER`.
pub(crate) fn alter(p: &mut Parser<'_>) -> Parsed<Statement> {
    let scope = scope(p);
    let kinds: &[&'static str] = match scope {
        FunctionScope::Catalog => &["TABLE", "VIEW", "CATALOG", "DATABASE", "FUNCTION"],
        _ => &["FUNCTION"],
    };
    Ok(match p.need_one_of(kinds)? {
        "TABLE" => Statement::AlterTable(table(p)?),
        "VIEW" => Statement::AlterView(view(p)?),
        "CATALOG" => Statement::AlterCatalog(catalog(p)?),
        "DATABASE" => {
            let name = path(p)?;
            p.need(&["SET"])?;
            Statement::AlterDatabase(AlterDatabase {
                name,
                options: options(p)?,
            })
        }
        _ => {
            let if_exists = if_exists(p);
            let name = path(p)?;
            p.need(&["AS"])?;
            let class = p.string()?;
            Statement::AlterFunction(AlterFunction {
                scope,
                if_exists,
                name,
                class,
                language: language(p)?,
            })
        }
    })
}

fn view(p: &mut Parser<'_>) -> Parsed<AlterView> {
    let name = path(p)?;
    let action = if p.eat(&["RENAME", "TO"]) {
        AlterViewAction::RenameTo(path(p)?)
    } else if p.eat(&["AS"]) {
        AlterViewAction::As(p.parse_query()?)
    } else {
        return p.expected_ref("RENAME TO or AS", p.peek_token_ref());
    };
    Ok(AlterView { name, action })
}

fn catalog(p: &mut Parser<'_>) -> Parsed<AlterCatalog> {
    let name = p.name()?;
    let action = match p.need_one_of(&["SET", "RESET", "COMMENT"])? {
        "SET" => AlterCatalogAction::SetOptions(options(p)?),
        "RESET" => AlterCatalogAction::ResetOptions(keys(p)?),
        _ => AlterCatalogAction::Comment(p.string()?),
    };
    Ok(AlterCatalog { name, action })
}

fn table(p: &mut Parser<'_>) -> Parsed<AlterTable> {
    let if_exists = if_exists(p);
    let name = path(p)?;
    let action = match p.need_one_of(&["RENAME", "SET", "RESET", "ADD", "MODIFY", "DROP"])? {
        "RENAME" if p.eat(&["TO"]) => AlterTableAction::RenameTo(path(p)?),
        "RENAME" => {
            let from = path(p)?;
            p.need(&["TO"])?;
            AlterTableAction::RenameColumn {
                from,
                to: p.name()?,
            }
        }
        "SET" => AlterTableAction::SetOptions(options(p)?),
        "RESET" => AlterTableAction::ResetOptions(keys(p)?),
        "ADD" => add(p)?,
        "MODIFY" => AlterTableAction::Modify(changes(p)?),
        _ => drop(p)?,
    };
    Ok(AlterTable {
        if_exists,
        name,
        action,
    })
}

fn add(p: &mut Parser<'_>) -> Parsed<AlterTableAction> {
    let mut ahead = 0;
    if p.at(&["IF", "NOT", "EXISTS"]) {
        ahead = 3;
    }
    let is_partition = crate::lex::is_word(&p.peek_nth_token_ref(ahead).token, "PARTITION")
        && p.peek_nth_token_ref(ahead + 1).token == Token::LParen;
    if !is_partition {
        return Ok(AlterTableAction::Add(changes(p)?));
    }
    let if_not_exists = if_not_exists(p);
    let mut partitions = Vec::new();
    while p.eat(&["PARTITION"]) {
        partitions.push((partition_spec(p)?, with_options(p)?));
        let _ = p.consume_token(&Token::Comma);
    }
    Ok(AlterTableAction::AddPartitions {
        if_not_exists,
        partitions,
    })
}

/// One change, or several in brackets.
fn changes(p: &mut Parser<'_>) -> Parsed<Vec<SchemaChange>> {
    let changes = if p.at_token(&Token::LParen) {
        p.list(change)?
    } else {
        vec![change(p)?]
    };
    Ok(changes.into_iter().flatten().collect())
}

/// A change; a column with its key is two.
fn change(p: &mut Parser<'_>) -> Parsed<Vec<SchemaChange>> {
    if let Some(watermark) = watermark(p)? {
        return Ok(vec![SchemaChange::Watermark(watermark)]);
    }
    if let Some(key) = table_constraint(p)? {
        return Ok(vec![SchemaChange::PrimaryKey(key)]);
    }
    if p.eat(&["DISTRIBUTION"]) || p.eat(&["DISTRIBUTED"]) {
        return Ok(vec![SchemaChange::Distribution(distribution(p)?)]);
    }
    p.eat(&["COLUMN"]);
    let at = p.here();
    let (column, key) = column(p)?;
    if column.kind == crate::ast::ColumnKind::Listed {
        return wrong(
            format!(
                "column {} has no type: write it behind the name, or AS an expression",
                column.name
            ),
            at,
        );
    }
    let position = position(p)?;
    let change = SchemaChange::Column(column, position);
    Ok(std::iter::once(change)
        .chain(key.map(SchemaChange::PrimaryKey))
        .collect())
}

fn position(p: &mut Parser<'_>) -> Parsed<Option<ColumnPosition>> {
    if p.eat(&["FIRST"]) {
        return Ok(Some(ColumnPosition::First));
    }
    if p.eat(&["AFTER"]) {
        Ok(Some(ColumnPosition::After(path(p)?)))
    } else {
        Ok(None)
    }
}

fn drop(p: &mut Parser<'_>) -> Parsed<AlterTableAction> {
    if p.eat(&["PRIMARY", "KEY"]) {
        return Ok(AlterTableAction::DropPrimaryKey);
    }
    if p.eat(&["CONSTRAINT"]) {
        return Ok(AlterTableAction::DropConstraint(p.name()?));
    }
    if p.eat(&["WATERMARK"]) {
        return Ok(AlterTableAction::DropWatermark);
    }
    if p.eat(&["DISTRIBUTION"]) {
        return Ok(AlterTableAction::DropDistribution);
    }
    let partitions = p.at(&["PARTITION"]) || p.at(&["IF", "EXISTS", "PARTITION"]);
    if partitions && p.peek_nth_token_ref(1).token != Token::EOF {
        let if_exists = if_exists(p);
        let partitions = p.parse_comma_separated(|p| {
            p.need(&["PARTITION"])?;
            partition_spec(p)
        })?;
        return Ok(AlterTableAction::DropPartitions {
            if_exists,
            partitions,
        });
    }
    p.eat(&["COLUMN"]);
    let columns = if p.at_token(&Token::LParen) {
        p.list(path)?
    } else {
        vec![path(p)?]
    };
    Ok(AlterTableAction::DropColumns(columns))
}
