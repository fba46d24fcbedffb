//! What is wrong with a text, where, and what was expected there.

use std::fmt;

use sqlparser::parser::ParserError;
use sqlparser::tokenizer::{Location, TokenizerError};

/// How many characters of a line are shown around its mistake.
const SNIPPET_CHARACTERS_MAX: usize = 100;

/// Why a text is not a statement.
///
/// ```
/// let error = hurtig_sql_parser::parse_statement("SELECT a\nFROM WHERE b").unwrap_err();
/// assert_eq!((error.line, error.column), (2, 6));
/// assert_eq!(
///     error.to_string(),
///     "line 2, column 6: expected a table, found WHERE; as a name it is written `WHERE`\n2 | FROM WHERE b\n  |      ^",
/// );
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ParseError {
    /// What is wrong, in a sentence.
    pub message: String,
    /// The line of the mistake, from 1.
    pub line: u64,
    /// The character in its line, from 1.
    pub column: u64,
    /// What would have been right there, where one thing would.
    pub expected: Option<String>,
    source_line: String,
}

impl ParseError {
    /// A mistake at `location` of `script`.
    pub(crate) fn new(message: impl Into<String>, location: Location, script: &str) -> Self {
        let location = if location.line == 0 {
            end_of(script)
        } else {
            location
        };
        let line = usize::try_from(location.line - 1).unwrap_or(usize::MAX);
        Self {
            message: message.into(),
            line: location.line,
            column: location.column,
            expected: None,
            source_line: script.lines().nth(line).unwrap_or_default().to_owned(),
        }
    }

    /// What the parser below says, which has the place in its text. Where it has none, the mistake is at `fallback`.
    pub(crate) fn from_parser(error: ParserError, fallback: Location, script: &str) -> Self {
        match error {
            ParserError::RecursionLimitExceeded => {
                let message = "nested too deeply: take parts out into views or WITH";
                Self::new(message, fallback, script)
            }
            ParserError::ParserError(text) | ParserError::TokenizerError(text) => {
                Self::from_text(&text, fallback, script)
            }
        }
    }

    pub(crate) fn from_tokenizer(error: &TokenizerError, start: Location, script: &str) -> Self {
        Self::new(
            uncapitalised(&error.message),
            shifted(error.location, start),
            script,
        )
    }

    fn from_text(text: &str, fallback: Location, script: &str) -> Self {
        let (text, location) = split_location(text);
        let location = location.unwrap_or(fallback);
        let Some((expected, found)) = split_expectation(text) else {
            return Self::new(uncapitalised(text), location, script);
        };
        let found = match found {
            "EOF" => "the end of the statement",
            // The lexer makes all texts one kind.
            text => text.strip_prefix("U&").unwrap_or(text),
        };
        let message = format!("expected {expected}, found {found}");
        Self {
            expected: Some(expected.to_owned()),
            ..Self::new(message, location, script)
        }
    }

    fn snippet(&self) -> (String, usize) {
        let column = usize::try_from(self.column.saturating_sub(1)).unwrap_or(0);
        let from = column.saturating_sub(SNIPPET_CHARACTERS_MAX / 2);
        let line = self
            .source_line
            .chars()
            .skip(from)
            .take(SNIPPET_CHARACTERS_MAX);
        let line = line.map(|c| if c.is_control() { ' ' } else { c }).collect();
        (line, column - from)
    }
}

impl fmt::Display for ParseError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "line {}, column {}: {}",
            self.line, self.column, self.message
        )?;
        let (line, column) = self.snippet();
        if line.trim().is_empty() {
            return Ok(());
        }
        let number = self.line.to_string();
        let margin = " ".repeat(number.len());
        let indent = " ".repeat(column);
        write!(f, "\n{number} | {line}\n{margin} | {indent}^")
    }
}

impl std::error::Error for ParseError {}

/// The place behind the last character.
pub(crate) fn end_of(script: &str) -> Location {
    let text = script.trim_end();
    let line = text.matches('\n').count() as u64 + 1;
    let column = text.rsplit('\n').next().unwrap_or_default().chars().count() as u64 + 1;
    Location::new(line, column)
}

/// A place of a part as a place of the whole, where the part begins at `start`.
pub(crate) fn shifted(location: Location, start: Location) -> Location {
    match location.line {
        0 => location,
        1 => Location::new(start.line, location.column + start.column - 1),
        _ => Location::new(location.line + start.line - 1, location.column),
    }
}

/// Takes ` at Line: 1, Column: 2` off.
fn split_location(text: &str) -> (&str, Option<Location>) {
    let found = text.rfind(" at Line: ").and_then(|at| {
        let (line, column) = text[at..]
            .trim_start_matches(" at Line: ")
            .split_once(", Column: ")?;
        Some((
            &text[..at],
            Location::new(line.parse().ok()?, column.parse().ok()?),
        ))
    });
    found.map_or((text, None), |(text, location)| (text, Some(location)))
}

fn split_expectation(text: &str) -> Option<(&str, &str)> {
    text.strip_prefix("Expected: ")?.rsplit_once(", found: ")
}

fn uncapitalised(text: &str) -> String {
    let mut characters = text.chars();
    let first = characters.next().map(|c| c.to_ascii_lowercase());
    // A word in capitals is a keyword.
    if characters.clone().next().is_some_and(char::is_uppercase) {
        return text.to_owned();
    }
    first.into_iter().chain(characters).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_taken_from_the_text() {
        let error =
            ParserError::ParserError("Expected: a, b, found: EOF at Line: 2, Column: 3".into());
        let error = ParseError::from_parser(error, Location::empty(), "x\nab");
        assert_eq!(
            error.message,
            "expected a, b, found the end of the statement"
        );
        assert_eq!(
            (error.line, error.column, error.expected),
            (2, 3, Some("a, b".into()))
        );
    }

    #[test]
    fn without_a_place_it_is_the_end() {
        let error = ParseError::new("x", Location::empty(), "SELECT\n a \n");
        assert_eq!((error.line, error.column), (2, 3));
        assert_eq!(error.to_string(), "line 2, column 3: x\n2 |  a \n  |   ^");
    }

    #[test]
    fn a_long_line_is_cut() {
        let script = format!("{}!{}", "x".repeat(5000), "y".repeat(5000));
        let shown = ParseError::new("no", Location::new(1, 5001), &script).to_string();
        let lines = shown.lines().collect::<Vec<_>>();
        assert!(lines.iter().all(|line| line.len() < 120));
        let caret = lines[2].find('^').unwrap();
        assert_eq!(&lines[1][caret..=caret], "!");
    }
}
