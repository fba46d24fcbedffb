//! Words that begin a clause, where an expression or a name must stand.
//!
//! The parser below takes any word for a name: it would read `FROM WHERE b` as table `WHERE` with alias `b`, and name a mistake
//! far behind it, or none.

use sqlparser::tokenizer::{Location, Token, TokenWithSpan};

use crate::lex::is_word;

/// Behind these something must follow, and no clause can begin.
const BEFORE: [&str; 11] = [
    "SELECT", "FROM", "JOIN", "WHERE", "HAVING", "BY", "ON", "AND", "OR", "BETWEEN", "LIKE",
];
/// These begin a clause.
const CLAUSES: [&str; 9] = [
    "FROM",
    "WHERE",
    "HAVING",
    "JOIN",
    "ON",
    "UNION",
    "INTERSECT",
    "EXCEPT",
    "SELECT",
];

/// Looks for a clause that begins too early. An error is its message and place.
pub(crate) fn check(tokens: &[TokenWithSpan]) -> Result<(), (String, Location)> {
    for (index, pair) in tokens.windows(2).enumerate() {
        let [before, found] = pair else { continue };
        let by = tokens
            .get(index + 2)
            .is_some_and(|next| is_word(&next.token, "BY"));
        if asks_for_more(&before.token) && begins_clause(&found.token, by) {
            let expected = if names_table(&before.token) {
                "a table"
            } else {
                "an expression or a name"
            };
            let word = &found.token;
            let message =
                format!("expected {expected}, found {word}; as a name it is written `{word}`");
            return Err((message, found.span.start));
        }
        if matches!(
            (&before.token, &found.token),
            (Token::Number(..), Token::Period)
        ) {
            return Err(("a number has no fields".to_owned(), found.span.start));
        }
    }
    Ok(())
}

fn any_of(token: &Token, words: &[&str]) -> bool {
    words.iter().any(|word| is_word(token, word))
}

fn names_table(token: &Token) -> bool {
    any_of(token, &["FROM", "JOIN"])
}

fn asks_for_more(token: &Token) -> bool {
    any_of(token, &BEFORE)
        || matches!(
            token,
            Token::Comma
                | Token::Eq
                | Token::Neq
                | Token::Lt
                | Token::LtEq
                | Token::GtEq
                | Token::Plus
                | Token::Div
        )
}

fn begins_clause(token: &Token, by: bool) -> bool {
    any_of(token, &CLAUSES) || by && any_of(token, &["GROUP", "ORDER"])
}
