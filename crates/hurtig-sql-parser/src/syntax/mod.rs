//! The grammar of statements, on the parser of expressions and queries below.

mod alter;
mod create;
mod insert;
mod other;
pub(crate) mod parts;
mod plan;
mod show;
mod table;
pub(crate) mod words;

use sqlparser::ast::{Expr, Query};
use sqlparser::parser::{Parser, ParserError};
use sqlparser::tokenizer::{Location, Token, TokenWithSpan};

use crate::ast::Statement;
use crate::attach::attach_hints;
use crate::dialect::FlinkDialect;
use crate::error::{ParseError, end_of, shifted};
use crate::lex::{Lexed, begins_query, is_word, lex};
use crate::walk::Walk;
use crate::{limits, reserved};
use words::{Parsed, Words, one_of, wrong};

/// What statements begin with.
const FIRST_WORDS: &[&str] = &[
    "SELECT", "WITH", "VALUES", "INSERT", "CREATE", "ALTER", "DROP", "EXECUTE", "BEGIN", "EXPLAIN",
    "DESCRIBE", "DESC", "SHOW", "USE", "SET", "RESET", "COMPILE", "ANALYZE", "LOAD", "UNLOAD",
    "ADD", "REMOVE", "DELETE", "UPDATE", "TRUNCATE", "CALL", "STOP", "QUIT", "EXIT", "CLEAR",
    "HELP", "SOURCE",
];

/// Parses one statement; a semicolon may end it.
///
/// ```
/// use hurtig_sql_parser::{Statement, parse_statement};
///
/// assert!(matches!(parse_statement("SELECT 1;")?, Statement::Query(_)));
///
/// let error = parse_statement("CREATE TABLE t (a INT, a STRNG)").unwrap_err();
/// assert_eq!((error.line, error.column), (1, 26));
/// # Ok::<(), hurtig_sql_parser::ParseError>(())
/// ```
pub fn parse_statement(sql: &str) -> Result<Statement, ParseError> {
    statement(sql, START, sql)
}

/// Parses a query alone, say that of a view.
pub fn parse_query(sql: &str) -> Result<Box<Query>, ParseError> {
    whole(sql, |p| p.parse_query())
}

/// Parses an expression alone, say that of a computed column.
pub fn parse_expression(sql: &str) -> Result<Expr, ParseError> {
    whole(sql, |p| p.parse_expr())
}

const START: Location = Location { line: 1, column: 1 };

/// Parses a statement that begins at `start` of `script`.
pub(crate) fn statement(sql: &str, start: Location, script: &str) -> Result<Statement, ParseError> {
    part(sql, start, script, any)
}

/// Parses a text that is one thing.
pub(crate) fn whole<T: Walk>(
    sql: &str,
    grammar: impl Fn(&mut Parser<'_>) -> Parsed<T>,
) -> Result<T, ParseError> {
    part(sql, START, sql, grammar)
}

fn part<T: Walk>(
    sql: &str,
    start: Location,
    script: &str,
    grammar: impl Fn(&mut Parser<'_>) -> Parsed<T>,
) -> Result<T, ParseError> {
    let Lexed { tokens, hints } = lex(&FlinkDialect, sql, start, script)?;
    limits::check(&tokens)
        .and_then(|()| reserved::check(&tokens))
        .map_err(|(message, at)| ParseError::new(message, at, script))?;
    let mut parser = Parser::new(&FlinkDialect)
        .with_recursion_limit(limits::RECURSION_MAX)
        .with_tokens_with_locations(tokens);
    let parsed = grammar(&mut parser).and_then(|value| end(&mut parser).map(|()| value));
    let at = if parser.at_token(&Token::EOF) {
        shifted(end_of(sql), start)
    } else {
        parser.here()
    };
    let mut value = parsed.map_err(|error| {
        let error = innermost(parser.into_tokens(), error);
        ParseError::from_parser(error, at, script)
    })?;
    attach_hints(&mut value, &hints, start, script)?;
    Ok(value)
}

fn end(p: &mut Parser<'_>) -> Parsed<()> {
    while p.consume_token(&Token::SemiColon) {}
    if p.at_token(&Token::EOF) {
        return Ok(());
    }
    p.expected_ref("the end of the statement", p.peek_token_ref())
}

/// The parser below tries some parts in several ways, and then names a mistake of the last. So ask each such part alone, from
/// the innermost on: the first that fails is where the mistake is.
fn innermost(tokens: Vec<TokenWithSpan>, error: ParserError) -> ParserError {
    let found = parts(&tokens)
        .into_iter()
        .find_map(|Part { from, to, is_query }| {
            let tokens = tokens.get(from..to)?.to_vec();
            let last = tokens.last()?.span.end;
            let mut parser = Parser::new(&FlinkDialect)
                .with_recursion_limit(limits::RECURSION_MAX)
                .with_tokens_with_locations(tokens);
            let failed = if is_query {
                parser.parse_query().err()
            } else {
                parser.parse_expr().err()
            };
            let failed = failed.or_else(|| end(&mut parser).err())?;
            Some(with_place(failed, last))
        });
    found.unwrap_or(error)
}

/// At a part's end, says where that is, and what is there.
fn with_place(error: ParserError, end: Location) -> ParserError {
    match error {
        ParserError::ParserError(text) if text.ends_with("found: EOF") => {
            let text = text.trim_end_matches("EOF");
            ParserError::ParserError(format!("{text}the end of this part{end}"))
        }
        other => other,
    }
}

/// How many parts are asked alone.
const PARTS_MAX: usize = 32;

/// A query in brackets, or an argument behind its name.
struct Part {
    from: usize,
    to: usize,
    is_query: bool,
}

/// The parts of a statement that are tried in several ways, from the innermost on.
fn parts(tokens: &[TokenWithSpan]) -> Vec<Part> {
    // Where brackets have opened, and where arguments in them have begun.
    let (mut open, mut parts): (Vec<(usize, Option<usize>)>, _) = (Vec::new(), Vec::new());
    for (to, token) in tokens.iter().enumerate() {
        let argument = match (&token.token, open.last_mut()) {
            (Token::RArrow, Some((_, argument))) => {
                *argument = Some(to + 1);
                None
            }
            (Token::RParen | Token::Comma, Some((_, argument))) => argument.take(),
            _ => None,
        };
        parts.extend(argument.map(|from| Part {
            from,
            to,
            is_query: false,
        }));
        match token.token {
            Token::LParen => open.push((to + 1, None)),
            Token::RParen => {
                let from = open.pop().map(|(from, _)| from);
                let query =
                    from.filter(|from| tokens.get(*from).is_some_and(|t| is_query(&t.token)));
                parts.extend(query.map(|from| Part {
                    from,
                    to,
                    is_query: true,
                }));
            }
            _ => {}
        }
    }
    parts.truncate(PARTS_MAX);
    parts
}

/// `TABLE t` in brackets is an argument as well.
fn is_query(token: &Token) -> bool {
    begins_query(token) && !is_word(token, "TABLE")
}

/// One statement of any kind.
pub(crate) fn any(p: &mut Parser<'_>) -> Parsed<Statement> {
    let next = &p.peek_token_ref().token;
    if begins_query(next) || next == &Token::LParen {
        return Ok(Statement::Query(p.parse_query()?));
    }
    let at = p.here();
    let Some(first) = p.one_of(FIRST_WORDS) else {
        return p.expected_ref(
            &format!("a statement: {}", one_of(FIRST_WORDS)),
            p.peek_token_ref(),
        );
    };
    match first {
        "INSERT" => Ok(Statement::Insert(insert::insert(p)?)),
        "CREATE" => create::create(p),
        "ALTER" => alter::alter(p),
        "DROP" => create::drop(p),
        "EXECUTE" => plan::execute(p),
        "BEGIN" => plan::begin(p, at),
        "EXPLAIN" => plan::explain(p),
        "COMPILE" => plan::compile(p),
        "DESCRIBE" | "DESC" => Ok(Statement::Describe(show::describe(p)?)),
        "SHOW" => Ok(Statement::Show(show::show(p)?)),
        other => other::other(p, other),
    }
}

/// Something that is none of Flink's, or not ours.
fn unsupported<T>(what: &str, instead: &str, at: Location) -> Parsed<T> {
    wrong(format!("{what} is not supported: {instead}"), at)
}
