//! `INSERT`, alone and in statement sets.

use sqlparser::parser::Parser;
use sqlparser::tokenizer::Token;

use super::parts::{partition, path};
use super::words::{Parsed, Words};
use crate::ast::Insert;
use crate::lex::begins_query;

/// What follows `INSERT`.
pub(crate) fn insert(p: &mut Parser<'_>) -> Parsed<Insert> {
    let overwrite = p.need_one_of(&["INTO", "OVERWRITE"])? == "OVERWRITE";
    p.eat(&["TABLE"]);
    let target = path(p)?;
    let partition = partition(p)?;
    // A bracket may begin the columns or the query.
    let list = p.at_token(&Token::LParen)
        && !begins_query(&p.peek_nth_token_ref(1).token)
        && p.peek_nth_token_ref(1).token != Token::LParen;
    let columns = if list { p.list(path)? } else { Vec::new() };
    let next = p.peek_token_ref();
    if !begins_query(&next.token) && next.token != Token::LParen {
        return p.expected_ref("the query to insert: SELECT, VALUES or WITH", next);
    }
    Ok(Insert {
        overwrite,
        target,
        hints: Vec::new(),
        partition,
        columns,
        query: p.parse_query()?,
    })
}

/// `INSERT …; INSERT …; END`
pub(crate) fn inserts(p: &mut Parser<'_>) -> Parsed<Vec<Insert>> {
    let mut inserts = Vec::new();
    loop {
        while p.consume_token(&Token::SemiColon) {}
        if !inserts.is_empty() && p.eat(&["END"]) {
            return Ok(inserts);
        }
        if !p.eat(&["INSERT"]) {
            let expected = if inserts.is_empty() {
                "INSERT"
            } else {
                "INSERT or END"
            };
            return p.expected_ref(expected, p.peek_token_ref());
        }
        inserts.push(insert(p)?);
        if !p.at(&["END"]) {
            p.expect_token(&Token::SemiColon)?;
        }
    }
}
