//! What many statements have: options, comments, partitions, conditions.

use sqlparser::ast::{Expr, Ident, ObjectName};
use sqlparser::parser::Parser;
use sqlparser::tokenizer::Token;

use super::words::{Parsed, Words};
use crate::ast::{Options, PartitionSpec};

/// `WITH ('key' = 'value', …)`, or nothing.
pub(crate) fn with_options(p: &mut Parser<'_>) -> Parsed<Options> {
    // `WITH` may begin a query as well.
    if p.at(&["WITH"]) && p.peek_nth_token_ref(1).token == Token::LParen {
        p.advance_token();
        return options(p);
    }
    Ok(Options::new())
}

/// `('key' = 'value', …)`
pub(crate) fn options(p: &mut Parser<'_>) -> Parsed<Options> {
    if p.consume_tokens(&[Token::LParen, Token::RParen]) {
        return Ok(Options::new());
    }
    p.list(|p| {
        let key = p.string()?;
        p.expect_token(&Token::Eq)?;
        Ok((key, p.string()?))
    })
}

/// `('key', …)`
pub(crate) fn keys(p: &mut Parser<'_>) -> Parsed<Vec<String>> {
    p.list(Words::string)
}

/// `COMMENT '…'`, or nothing.
pub(crate) fn comment(p: &mut Parser<'_>) -> Parsed<Option<String>> {
    if p.eat(&["COMMENT"]) {
        p.string().map(Some)
    } else {
        Ok(None)
    }
}

/// `(a, b)`
pub(crate) fn names(p: &mut Parser<'_>) -> Parsed<Vec<Ident>> {
    p.list(Words::name)
}

/// `catalog.db.table`, or less of it.
pub(crate) fn path(p: &mut Parser<'_>) -> Parsed<ObjectName> {
    let mut parts = vec![p.name()?];
    while p.consume_token(&Token::Period) {
        parts.push(p.name()?);
    }
    Ok(ObjectName::from(parts))
}

/// `PARTITION (key = literal, key)`, or nothing.
pub(crate) fn partition(p: &mut Parser<'_>) -> Parsed<PartitionSpec> {
    if p.eat(&["PARTITION"]) {
        partition_spec(p)
    } else {
        Ok(PartitionSpec::new())
    }
}

/// `(key = literal, key)`
pub(crate) fn partition_spec(p: &mut Parser<'_>) -> Parsed<PartitionSpec> {
    p.list(|p| {
        let key = p.name()?;
        let value = if p.consume_token(&Token::Eq) {
            Some(p.parse_expr()?)
        } else {
            None
        };
        Ok((key, value))
    })
}

/// `WHERE condition`, or nothing.
pub(crate) fn filter(p: &mut Parser<'_>) -> Parsed<Option<Box<Expr>>> {
    if p.eat(&["WHERE"]) {
        p.parse_expr().map(|filter| Some(Box::new(filter)))
    } else {
        Ok(None)
    }
}

pub(crate) fn if_not_exists(p: &mut Parser<'_>) -> bool {
    p.eat(&["IF", "NOT", "EXISTS"])
}

pub(crate) fn if_exists(p: &mut Parser<'_>) -> bool {
    p.eat(&["IF", "EXISTS"])
}
