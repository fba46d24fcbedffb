//! Settings, modules, jars, changes of rows, and what a client does by itself.

use sqlparser::parser::Parser;
use sqlparser::tokenizer::Token;

use super::parts::{filter, partition, path, with_options};
use super::words::{Parsed, Words};
use crate::ast::{Analyze, AnalyzeColumns, Delete, Module, Statement, StopJob, Update, Use};

/// What follows the words that `any` does not send elsewhere.
pub(crate) fn other(p: &mut Parser<'_>, first: &str) -> Parsed<Statement> {
    Ok(match first {
        "USE" => Statement::Use(use_statement(p)?),
        "SET" => Statement::Set(setting(p)?),
        "RESET" => Statement::Reset(
            if p.at_token(&Token::EOF) || p.at_token(&Token::SemiColon) {
                None
            } else {
                Some(key(p)?)
            },
        ),
        "ANALYZE" => Statement::Analyze(analyze(p)?),
        "LOAD" => Statement::LoadModule(module(p)?),
        "UNLOAD" => Statement::UnloadModule(module(p)?),
        "ADD" => Statement::AddJar(jar(p)?),
        "REMOVE" => Statement::RemoveJar(jar(p)?),
        "DELETE" => {
            p.need(&["FROM"])?;
            Statement::Delete(Delete {
                table: path(p)?,
                filter: filter(p)?,
            })
        }
        "UPDATE" => Statement::Update(update(p)?),
        "TRUNCATE" => {
            p.need(&["TABLE"])?;
            Statement::Truncate(path(p)?)
        }
        "CALL" => Statement::Call(Box::new(p.parse_expr()?)),
        "STOP" => Statement::StopJob(stop_job(p)?),
        "CLEAR" => Statement::Clear,
        "HELP" => Statement::Help,
        "SOURCE" => Statement::Source(p.string()?),
        _ => Statement::Quit,
    })
}

fn use_statement(p: &mut Parser<'_>) -> Parsed<Use> {
    // A database may be called so, too.
    let named = matches!(p.peek_nth_token_ref(1).token, Token::Word(_));
    if named && p.eat(&["CATALOG"]) {
        return Ok(Use::Catalog(p.name()?));
    }
    if named && p.eat(&["MODULES"]) {
        return Ok(Use::Modules(p.parse_comma_separated(Words::name)?));
    }
    Ok(Use::Database(path(p)?))
}

/// `'key' = 'value'`, or without quotes, as scripts of old have it.
fn setting(p: &mut Parser<'_>) -> Parsed<Option<(String, String)>> {
    if p.at_token(&Token::EOF) || p.at_token(&Token::SemiColon) {
        return Ok(None);
    }
    let key = key(p)?;
    p.expect_token(&Token::Eq)?;
    let value = match &p.peek_token_ref().token {
        Token::UnicodeStringLiteral(_) => p.string()?,
        _ => unquoted(p, "a value")?,
    };
    Ok(Some((key, value)))
}

fn key(p: &mut Parser<'_>) -> Parsed<String> {
    match &p.peek_token_ref().token {
        Token::UnicodeStringLiteral(_) => p.string(),
        _ => unquoted(p, "a key"),
    }
}

/// Tokens that stand together, up to a blank, an equal sign or the end, as one text.
fn unquoted(p: &mut Parser<'_>, what: &str) -> Parsed<String> {
    let mut text = String::new();
    let mut end = None;
    loop {
        let next = p.peek_token_ref();
        let apart = end.is_some_and(|end| end != next.span.start);
        if apart || matches!(next.token, Token::EOF | Token::SemiColon | Token::Eq) {
            break;
        }
        text.push_str(&next.token.to_string());
        end = Some(next.span.end);
        p.advance_token();
    }
    if text.is_empty() {
        return p.expected_ref(what, p.peek_token_ref());
    }
    Ok(text)
}

fn analyze(p: &mut Parser<'_>) -> Parsed<Analyze> {
    p.need(&["TABLE"])?;
    let table = path(p)?;
    let partition = partition(p)?;
    p.need(&["COMPUTE", "STATISTICS"])?;
    let columns = if !p.eat(&["FOR"]) {
        AnalyzeColumns::None
    } else if p.eat(&["ALL", "COLUMNS"]) {
        AnalyzeColumns::All
    } else {
        p.need(&["COLUMNS"])?;
        AnalyzeColumns::Some(p.parse_comma_separated(Words::name)?)
    };
    Ok(Analyze {
        table,
        partition,
        columns,
    })
}

fn module(p: &mut Parser<'_>) -> Parsed<Module> {
    p.need(&["MODULE"])?;
    Ok(Module {
        name: p.name()?,
        options: with_options(p)?,
    })
}

fn jar(p: &mut Parser<'_>) -> Parsed<String> {
    p.need(&["JAR"])?;
    p.string()
}

fn update(p: &mut Parser<'_>) -> Parsed<Update> {
    let table = path(p)?;
    p.need(&["SET"])?;
    let assignments = p.parse_comma_separated(|p| {
        let column = path(p)?;
        p.expect_token(&Token::Eq)?;
        Ok((column, p.parse_expr()?))
    })?;
    Ok(Update {
        table,
        assignments,
        filter: filter(p)?,
    })
}

fn stop_job(p: &mut Parser<'_>) -> Parsed<StopJob> {
    p.need(&["JOB"])?;
    let mut stop = StopJob {
        job_id: p.string()?,
        with_savepoint: false,
        with_drain: false,
    };
    while p.eat(&["WITH"]) {
        match p.need_one_of(&["SAVEPOINT", "DRAIN"])? {
            "SAVEPOINT" => stop.with_savepoint = true,
            _ => stop.with_drain = true,
        }
    }
    Ok(stop)
}
