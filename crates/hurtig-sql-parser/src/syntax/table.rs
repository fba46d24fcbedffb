//! `CREATE TABLE`: columns, constraints, watermarks, and what follows them.

use sqlparser::ast::Ident;
use sqlparser::parser::Parser;
use sqlparser::tokenizer::{Location, Token};

use super::parts::{comment, if_not_exists, names, path, with_options};
use super::unsupported;
use super::words::{Parsed, Words, wrong};
use crate::ast::{
    Column, ColumnKind, CreateTable, Distribution, DistributionKind, Like, LikeAction, LikeFeature,
    PrimaryKey, Watermark,
};
use crate::lex::is_word;
use crate::types::data_type;

const NOT_ENFORCED: &str = "a stream's keys cannot be checked: write PRIMARY KEY … NOT ENFORCED, and see to it that they are unique";

/// What follows `CREATE TABLE`.
pub(crate) fn create_table(
    p: &mut Parser<'_>,
    or_replace: bool,
    temporary: bool,
) -> Parsed<CreateTable> {
    let if_not_exists = if_not_exists(p);
    let mut table = CreateTable {
        or_replace,
        temporary,
        if_not_exists,
        ..CreateTable::new(path(p)?)
    };
    if p.at_token(&Token::LParen) && !p.eat_empty_brackets() {
        p.list(|p| element(p, &mut table))?;
    }
    table.comment = comment(p)?;
    table.distribution = distributed(p)?;
    if p.eat(&["PARTITIONED", "BY"]) {
        table.partitioned_by = names(p)?;
    }
    table.options = with_options(p)?;
    if p.eat(&["LIKE"]) {
        table.like = Some(like(p)?);
    } else if p.eat(&["AS"]) {
        table.query = Some(p.parse_query()?);
    }
    let at = p.here();
    if or_replace && table.query.is_none() {
        return wrong("OR REPLACE goes with AS query alone", at);
    }
    listed_with_query(&table)?;
    Ok(table)
}

trait EmptyBrackets {
    fn eat_empty_brackets(&mut self) -> bool;
}

impl EmptyBrackets for Parser<'_> {
    fn eat_empty_brackets(&mut self) -> bool {
        self.consume_tokens(&[Token::LParen, Token::RParen])
    }
}

/// A column needs a type, unless a query has it.
fn listed_with_query(table: &CreateTable) -> Parsed<()> {
    let listed = table
        .columns
        .iter()
        .find(|column| column.kind == ColumnKind::Listed);
    match listed {
        Some(column) if table.query.is_none() => {
            let message = format!(
                "column {} has no type: write it behind the name, or AS an expression",
                column.name
            );
            wrong(message, column.name.span.start)
        }
        _ => Ok(()),
    }
}

/// Something between the brackets.
fn element(p: &mut Parser<'_>, table: &mut CreateTable) -> Parsed<()> {
    let at = p.here();
    if let Some(watermark) = watermark(p)? {
        return only(
            &mut table.watermark,
            watermark,
            "a table has one watermark",
            at,
        );
    }
    if let Some(key) = table_constraint(p)? {
        return only(
            &mut table.primary_key,
            key,
            "a table has one primary key",
            at,
        );
    }
    let (column, key) = column(p)?;
    table.columns.push(column);
    match key {
        Some(key) => only(
            &mut table.primary_key,
            key,
            "a table has one primary key",
            at,
        ),
        None => Ok(()),
    }
}

fn only<T>(slot: &mut Option<T>, value: T, otherwise: &str, at: Location) -> Parsed<()> {
    match slot.replace(value) {
        None => Ok(()),
        Some(_) => wrong(otherwise, at),
    }
}

/// `WATERMARK FOR column AS expression`
pub(crate) fn watermark(p: &mut Parser<'_>) -> Parsed<Option<Watermark>> {
    if !p.eat(&["WATERMARK", "FOR"]) {
        return Ok(None);
    }
    let column = path(p)?;
    p.need(&["AS"])?;
    Ok(Some(Watermark {
        column,
        expression: Box::new(p.parse_expr()?),
    }))
}

/// `[CONSTRAINT name] PRIMARY KEY (…) NOT ENFORCED`
pub(crate) fn table_constraint(p: &mut Parser<'_>) -> Parsed<Option<PrimaryKey>> {
    // A column may be called so, too: behind its name comes a type, no key.
    let named = p.at(&["CONSTRAINT"])
        && ["PRIMARY", "UNIQUE"]
            .iter()
            .any(|w| is_word(&p.peek_nth_token_ref(2).token, w));
    if named {
        p.advance_token();
        let name = Some(p.name()?);
        return primary_key(p, name).map(Some);
    }
    if p.at(&["PRIMARY", "KEY"]) {
        return primary_key(p, None).map(Some);
    }
    if p.at(&["UNIQUE"]) && p.peek_nth_token_ref(1).token == Token::LParen {
        return unsupported("UNIQUE", "write PRIMARY KEY (…) NOT ENFORCED", p.here());
    }
    Ok(None)
}

fn primary_key(p: &mut Parser<'_>, name: Option<Ident>) -> Parsed<PrimaryKey> {
    if p.at(&["UNIQUE"]) {
        return unsupported("UNIQUE", "write PRIMARY KEY (…) NOT ENFORCED", p.here());
    }
    p.need(&["PRIMARY", "KEY"])?;
    let columns = names(p)?;
    not_enforced(p)?;
    Ok(PrimaryKey { name, columns })
}

fn not_enforced(p: &mut Parser<'_>) -> Parsed<()> {
    if p.eat(&["NOT", "ENFORCED"]) {
        Ok(())
    } else {
        wrong(NOT_ENFORCED, p.here())
    }
}

/// A column, and its key if it is the whole key.
pub(crate) fn column(p: &mut Parser<'_>) -> Parsed<(Column, Option<PrimaryKey>)> {
    let name = p.name()?;
    if p.eat(&["AS"]) {
        let kind = ColumnKind::Computed(Box::new(p.parse_expr()?));
        return Ok((
            Column {
                name,
                kind,
                comment: comment(p)?,
            },
            None,
        ));
    }
    if matches!(p.peek_token_ref().token, Token::Comma | Token::RParen) {
        return Ok((
            Column {
                name,
                kind: ColumnKind::Listed,
                comment: None,
            },
            None,
        ));
    }
    let data_type = data_type(p)?;
    if p.eat(&["METADATA"]) {
        let key = if p.eat(&["FROM"]) {
            Some(p.string()?)
        } else {
            None
        };
        let kind = ColumnKind::Metadata {
            data_type,
            key,
            is_virtual: p.eat(&["VIRTUAL"]),
        };
        return Ok((
            Column {
                name,
                kind,
                comment: comment(p)?,
            },
            None,
        ));
    }
    if p.at(&["DEFAULT"]) {
        return unsupported(
            "DEFAULT",
            "write COALESCE in the query that inserts, or a computed column",
            p.here(),
        );
    }
    let mut comment_text = comment(p)?;
    let key = column_constraint(p, &name)?;
    if comment_text.is_none() {
        comment_text = comment(p)?;
    }
    Ok((
        Column {
            name,
            kind: ColumnKind::Physical(data_type),
            comment: comment_text,
        },
        key,
    ))
}

fn column_constraint(p: &mut Parser<'_>, column: &Ident) -> Parsed<Option<PrimaryKey>> {
    let name = if p.eat(&["CONSTRAINT"]) {
        Some(p.name()?)
    } else {
        None
    };
    if p.at(&["UNIQUE"]) {
        return unsupported("UNIQUE", "write PRIMARY KEY NOT ENFORCED", p.here());
    }
    if name.is_none() && !p.at(&["PRIMARY", "KEY"]) {
        return Ok(None);
    }
    p.need(&["PRIMARY", "KEY"])?;
    not_enforced(p)?;
    Ok(Some(PrimaryKey {
        name,
        columns: vec![column.clone()],
    }))
}

/// `DISTRIBUTED BY [HASH | RANGE] (…) INTO n BUCKETS`, or nothing.
fn distributed(p: &mut Parser<'_>) -> Parsed<Option<Distribution>> {
    if p.eat(&["DISTRIBUTED"]) {
        distribution(p).map(Some)
    } else {
        Ok(None)
    }
}

/// `BY [HASH | RANGE] (…) [INTO n BUCKETS]`, or `INTO n BUCKETS`
pub(crate) fn distribution(p: &mut Parser<'_>) -> Parsed<Distribution> {
    let mut distribution = Distribution {
        kind: None,
        columns: Vec::new(),
        buckets: None,
    };
    if p.eat(&["BY"]) {
        distribution.kind = p.one_of(&["HASH", "RANGE"]).map(|kind| match kind {
            "HASH" => DistributionKind::Hash,
            _ => DistributionKind::Range,
        });
        distribution.columns = names(p)?;
    } else if !p.at(&["INTO"]) {
        return p.expected_ref("BY or INTO", p.peek_token_ref());
    }
    if p.eat(&["INTO"]) {
        distribution.buckets = Some(p.number()?);
        p.need(&["BUCKETS"])?;
    }
    Ok(distribution)
}

fn like(p: &mut Parser<'_>) -> Parsed<Like> {
    let table = path(p)?;
    let mut options = Vec::new();
    if p.at_token(&Token::LParen) && !p.eat_empty_brackets() {
        p.expect_token(&Token::LParen)?;
        while !p.consume_token(&Token::RParen) {
            options.push((like_action(p)?, like_feature(p)?));
        }
    }
    Ok(Like { table, options })
}

fn like_action(p: &mut Parser<'_>) -> Parsed<LikeAction> {
    Ok(
        match p.need_one_of(&["INCLUDING", "EXCLUDING", "OVERWRITING"])? {
            "INCLUDING" => LikeAction::Including,
            "EXCLUDING" => LikeAction::Excluding,
            _ => LikeAction::Overwriting,
        },
    )
}

fn like_feature(p: &mut Parser<'_>) -> Parsed<LikeFeature> {
    let word = p.need_one_of(&[
        "ALL",
        "CONSTRAINTS",
        "DISTRIBUTION",
        "GENERATED",
        "METADATA",
        "OPTIONS",
        "PARTITIONS",
        "WATERMARKS",
    ])?;
    Ok(match word {
        "ALL" => LikeFeature::All,
        "CONSTRAINTS" => LikeFeature::Constraints,
        "DISTRIBUTION" => LikeFeature::Distribution,
        "GENERATED" => LikeFeature::Generated,
        "METADATA" => LikeFeature::Metadata,
        "OPTIONS" => LikeFeature::Options,
        "PARTITIONS" => LikeFeature::Partitions,
        _ => LikeFeature::Watermarks,
    })
}
