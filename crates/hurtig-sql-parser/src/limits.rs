//! How deep a statement may be. What is deeper is refused by its tokens, before anything recursive walks over it: a
//! hostile text costs an error, never the stack.

use sqlparser::keywords::Keyword;
use sqlparser::tokenizer::{Location, Token, TokenWithSpan};

/// How many brackets may be open at once.
pub(crate) const NESTING_MAX: usize = 48;
/// How many operators may follow one another in one expression, brackets inside included: the depth of its tree.
pub(crate) const DEPTH_MAX: usize = 400;
/// How often `FROM ((` may be nested: the parser tries both readings of such a bracket, each time.
const DOUBLED_MAX: usize = 6;
/// How much deeper the parser below may recurse: several levels for a bracket.
pub(crate) const RECURSION_MAX: usize = 128;

/// Checks the tokens of a statement. An error is its message and place.
pub(crate) fn check(tokens: &[TokenWithSpan]) -> Result<(), (String, Location)> {
    let mut stack = vec![Level::default()];
    for (index, token) in tokens.iter().enumerate() {
        let previous = index.checked_sub(1).and_then(|at| tokens.get(at));
        step(&mut stack, previous.map(|token| &token.token), &token.token)
            .map_err(|message| (message, token.span.start))?;
    }
    Ok(())
}

/// What is between two brackets.
#[derive(Default)]
struct Level {
    /// Operators since the last comma, and the depth of what brackets held.
    depth: usize,
    deepest: usize,
    doubled: usize,
    is_type: bool,
}

fn step(stack: &mut Vec<Level>, previous: Option<&Token>, token: &Token) -> Result<(), String> {
    if opens(previous, token) {
        let doubled = stack.last().map_or(0, |level| level.doubled);
        let doubled =
            doubled + usize::from(token == &Token::LParen && previous == Some(&Token::LParen));
        stack.push(Level {
            doubled,
            is_type: token == &Token::Lt,
            ..Level::default()
        });
    } else if closes(stack, token) {
        let inner = stack.pop().unwrap_or_default();
        if let Some(level) = stack.last_mut() {
            level.depth += inner.deepest.max(inner.depth) + 1;
        }
    } else if let Some(level) = stack.last_mut() {
        level.operator(token);
    }
    let Some(level) = stack.last() else {
        return Ok(());
    };
    if stack.len() > NESTING_MAX {
        return Err(format!(
            "more than {NESTING_MAX} brackets are open: take parts out into views or WITH"
        ));
    }
    if level.doubled > DOUBLED_MAX {
        return Err(format!(
            "more than {DOUBLED_MAX} doubled brackets are nested: write one where two stand"
        ));
    }
    if level.depth > DEPTH_MAX {
        return Err(format!(
            "this expression has more than {DEPTH_MAX} operators in a row: write IN (…) for many OR, or take parts out into views"
        ));
    }
    Ok(())
}

impl Level {
    fn operator(&mut self, token: &Token) {
        match token {
            Token::Comma | Token::SemiColon => {
                self.deepest = self.deepest.max(self.depth);
                self.depth = 0;
            }
            Token::Word(word) if word.quote_style.is_none() => self.word(word.keyword),
            Token::Word(_) | Token::Number(..) | Token::UnicodeStringLiteral(_) | Token::Period => {
            }
            _ => self.depth += 1,
        }
    }

    fn word(&mut self, keyword: Keyword) {
        match keyword {
            // Clauses are beside one another, not below.
            Keyword::FROM | Keyword::WHERE | Keyword::HAVING | Keyword::WHEN | Keyword::JOIN => {
                self.deepest = self.deepest.max(self.depth);
                self.depth = 0;
            }
            Keyword::AND
            | Keyword::OR
            | Keyword::NOT
            | Keyword::IS
            | Keyword::IN
            | Keyword::LIKE
            | Keyword::SIMILAR
            | Keyword::BETWEEN
            | Keyword::OVERLAPS
            | Keyword::AT
            | Keyword::CASE
            | Keyword::UNION
            | Keyword::EXCEPT
            | Keyword::MINUS
            | Keyword::INTERSECT => self.depth += 1,
            _ => {}
        }
    }
}

fn opens(previous: Option<&Token>, token: &Token) -> bool {
    match token {
        Token::LParen | Token::LBracket | Token::LBrace => true,
        Token::Lt => ["ARRAY", "MAP", "MULTISET", "ROW", "STRUCT"]
            .iter()
            .any(|name| previous.is_some_and(|previous| crate::lex::is_word(previous, name))),
        _ => false,
    }
}

fn closes(stack: &[Level], token: &Token) -> bool {
    let inside = stack.len() > 1;
    match token {
        Token::RParen | Token::RBracket | Token::RBrace => inside,
        Token::Gt => inside && stack.last().is_some_and(|level| level.is_type),
        _ => false,
    }
}
