//! Scripts: many statements, one after the other.

use std::ops::Range;

use crate::error::ParseError;
use crate::scan::{Chunk, Within, chunks};
use crate::syntax;
use crate::{Statement, lex};

/// A statement of a script as it is written, without the semicolon behind it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ScriptStatement<'a> {
    /// The text, from its first word or comment on.
    pub text: &'a str,
    /// The line where it begins, from 1.
    pub line: u64,
    /// The character in its line, from 1.
    pub column: u64,
    offset: usize,
    script: &'a str,
}

impl ScriptStatement<'_> {
    /// Parses it. Errors name their place in the script.
    pub fn parse(&self) -> Result<Statement, ParseError> {
        let start = sqlparser::tokenizer::Location::new(self.line, self.column);
        syntax::statement(self.text, start, self.script)
    }

    /// Where it stands in the script, in bytes.
    pub fn range(&self) -> Range<usize> {
        self.offset..self.offset + self.text.len()
    }
}

/// Parses a script: statements with semicolons between them.
///
/// ```
/// use hurtig_sql_parser::{Statement, parse_script};
///
/// let script = "
///     CREATE TABLE sink (a INT) WITH ('connector' = 'print');  -- a comment; it ends here
///     BEGIN STATEMENT SET;
///       INSERT INTO sink SELECT 1;
///       INSERT INTO sink SELECT 2;
///     END;
/// ";
/// let statements = parse_script(script)?;
/// assert!(matches!(statements[0], Statement::CreateTable(_)));
/// assert!(matches!(&statements[1], Statement::StatementSet(inserts) if inserts.len() == 2));
/// # Ok::<(), hurtig_sql_parser::ParseError>(())
/// ```
pub fn parse_script(script: &str) -> Result<Vec<Statement>, ParseError> {
    split_script(script)?
        .iter()
        .map(ScriptStatement::parse)
        .collect()
}

/// Splits a script into its statements, by the semicolons outside strings, names and comments. A statement set with its
/// inserts is one statement.
///
/// ```
/// let statements = hurtig_sql_parser::split_script("SET 'a' = ';';\n  SELECT 1;")?;
/// assert_eq!(statements[1].text, "SELECT 1");
/// assert_eq!((statements[1].line, statements[1].column), (2, 3));
/// # Ok::<(), hurtig_sql_parser::ParseError>(())
/// ```
pub fn split_script(script: &str) -> Result<Vec<ScriptStatement<'_>>, ParseError> {
    let (chunks, _) = chunks(script);
    let mut statements = Vec::new();
    let mut open: Option<Chunk<'_>> = None;
    for chunk in chunks.iter().filter(|chunk| chunk.has_code) {
        match open {
            None if opens_set(chunk.text) => open = Some(*chunk),
            None => statements.push(whole(script, chunk.text.len(), chunk)),
            Some(first) if is_end(chunk.text) => {
                let length = chunk.offset + chunk.text.len() - first.offset;
                statements.push(whole(script, length, &first));
                open = None;
            }
            Some(_) => {}
        }
    }
    match open {
        None => Ok(statements),
        Some(first) => Err(ParseError::new(
            "this statement set has no end: write END; behind its last INSERT",
            first.start,
            script,
        )),
    }
}

/// Whether a statement is complete, or a client must read another line: a string, name, comment or statement set is still
/// open, or no semicolon has come yet.
///
/// ```
/// use hurtig_sql_parser::is_complete;
///
/// assert!(is_complete("SELECT 1;"));
/// assert!(!is_complete("SELECT 1"));
/// assert!(!is_complete("SELECT ';"));
/// assert!(!is_complete("BEGIN STATEMENT SET; INSERT INTO a SELECT 1;"));
/// ```
pub fn is_complete(text: &str) -> bool {
    let (chunks, within) = chunks(text);
    if !matches!(within, Within::Code | Within::LineComment) {
        return false;
    }
    let mut code = chunks.iter().filter(|chunk| chunk.has_code);
    let Some(last) = code.clone().next_back() else {
        return false;
    };
    let open = code.try_fold(false, |open, chunk| {
        Some(if open {
            !is_end(chunk.text)
        } else {
            opens_set(chunk.text)
        })
    });
    last.terminated && open == Some(false)
}

fn whole<'a>(script: &'a str, length: usize, first: &Chunk<'a>) -> ScriptStatement<'a> {
    ScriptStatement {
        text: script
            .get(first.offset..first.offset + length)
            .unwrap_or_default(),
        line: first.start.line,
        column: first.start.column,
        offset: first.offset,
        script,
    }
}

/// `BEGIN STATEMENT SET`, or `… STATEMENT SET BEGIN …`, whose inserts have semicolons of their own.
fn opens_set(text: &str) -> bool {
    let words = lex::first_words(text);
    let begins = words
        .windows(3)
        .position(|three| three == ["STATEMENT", "SET", "BEGIN"]);
    words.starts_with(&["BEGIN".into(), "STATEMENT".into(), "SET".into()])
        || begins.is_some()
            && matches!(
                words.first().map(String::as_str),
                Some("EXECUTE" | "EXPLAIN" | "COMPILE")
            )
}

fn is_end(text: &str) -> bool {
    lex::first_words(text) == ["END"]
}
