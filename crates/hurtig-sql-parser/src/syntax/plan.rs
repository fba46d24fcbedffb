//! Statements about statements: sets, plans, `EXPLAIN`.

use sqlparser::parser::Parser;
use sqlparser::tokenizer::{Location, Token};

use super::insert::{insert, inserts};
use super::parts::if_not_exists;
use super::words::{Parsed, Words, wrong};
use super::{any, create};
use crate::ast::{CompilePlan, Explain, ExplainDetail, Statement};
use crate::lex::begins_query;

/// What follows `EXECUTE`.
pub(crate) fn execute(p: &mut Parser<'_>) -> Parsed<Statement> {
    if p.eat(&["PLAN"]) {
        return Ok(Statement::ExecutePlan(p.string()?));
    }
    if let Some(set) = statement_set(p)? {
        return Ok(set);
    }
    if p.eat(&["INSERT"]) {
        return Ok(Statement::Insert(insert(p)?));
    }
    if begins_query(&p.peek_token_ref().token) {
        return Ok(Statement::Query(p.parse_query()?));
    }
    p.expected_ref("STATEMENT SET, PLAN, INSERT or a query", p.peek_token_ref())
}

/// `STATEMENT SET BEGIN …; END`
fn statement_set(p: &mut Parser<'_>) -> Parsed<Option<Statement>> {
    if !p.eat(&["STATEMENT", "SET"]) {
        return Ok(None);
    }
    p.need(&["BEGIN"])?;
    Ok(Some(Statement::StatementSet(inserts(p)?)))
}

/// What follows `BEGIN`: the form of the client, with a semicolon behind `SET`.
pub(crate) fn begin(p: &mut Parser<'_>, at: Location) -> Parsed<Statement> {
    p.need(&["STATEMENT", "SET"])?;
    p.expect_token(&Token::SemiColon)?;
    if p.at_token(&Token::EOF) {
        return wrong(
            "this statement set has no end: write END; behind its last INSERT",
            at,
        );
    }
    Ok(Statement::StatementSet(inserts(p)?))
}

/// What follows `EXPLAIN`.
pub(crate) fn explain(p: &mut Parser<'_>) -> Parsed<Statement> {
    let mut details = Vec::new();
    if !p.eat(&["PLAN", "FOR"]) && p.at_token_of_details() {
        details = p.parse_comma_separated(detail)?;
    }
    let statement = Box::new(explained(p)?);
    Ok(Statement::Explain(Explain { details, statement }))
}

trait Details {
    fn at_token_of_details(&self) -> bool;
}

impl Details for Parser<'_> {
    /// Whether a word comes that begins no statement: then it is meant to be a detail.
    fn at_token_of_details(&self) -> bool {
        let next = &self.peek_token_ref().token;
        let statement = ["STATEMENT", "INSERT", "CREATE", "EXECUTE"]
            .iter()
            .any(|word| self.at(&[word]));
        matches!(next, Token::Word(_)) && !begins_query(next) && !statement
    }
}

fn detail(p: &mut Parser<'_>) -> Parsed<ExplainDetail> {
    let word = p.need_one_of(&[
        "ESTIMATED_COST",
        "CHANGELOG_MODE",
        "JSON_EXECUTION_PLAN",
        "PLAN_ADVICE",
    ])?;
    Ok(match word {
        "ESTIMATED_COST" => ExplainDetail::EstimatedCost,
        "CHANGELOG_MODE" => ExplainDetail::ChangelogMode,
        "JSON_EXECUTION_PLAN" => ExplainDetail::JsonExecutionPlan,
        _ => ExplainDetail::PlanAdvice,
    })
}

fn explained(p: &mut Parser<'_>) -> Parsed<Statement> {
    if let Some(set) = statement_set(p)? {
        return Ok(set);
    }
    let at = p.here();
    if p.eat(&["CREATE"]) {
        let created = create::create(p)?;
        return match &created {
            Statement::CreateTable(table) if table.query.is_some() => Ok(created),
            _ => wrong("there is nothing to explain: it runs no query", at),
        };
    }
    if p.at(&["INSERT"]) || begins_query(&p.peek_token_ref().token) || p.at_token(&Token::LParen) {
        return any(p);
    }
    p.expected_ref(
        "a query, INSERT, STATEMENT SET or CREATE TABLE … AS",
        p.peek_token_ref(),
    )
}

/// What follows `COMPILE`.
pub(crate) fn compile(p: &mut Parser<'_>) -> Parsed<Statement> {
    let execute = p.eat(&["AND", "EXECUTE"]);
    p.need(&["PLAN"])?;
    let path = p.string()?;
    let if_not_exists = if_not_exists(p);
    p.need(&["FOR"])?;
    let statement = match statement_set(p)? {
        Some(set) => set,
        None => {
            if !p.eat(&["INSERT"]) {
                return p.expected_ref("INSERT or STATEMENT SET", p.peek_token_ref());
            }
            Statement::Insert(insert(p)?)
        }
    };
    Ok(Statement::CompilePlan(CompilePlan {
        execute,
        path,
        if_not_exists,
        statement: Box::new(statement),
    }))
}
