//! How deep a statement may be. What is deeper is refused by its tokens, before anything recursive walks over it: a
//! hostile text costs an error, never the stack.

use sqlparser::keywords::Keyword;
use sqlparser::tokenizer::{Location, Token, TokenWithSpan};

use crate::lex::is_word;

/// How many brackets may be open at once; CASE counts as one.
pub(crate) const NESTING_MAX: usize = 48;
/// How many operators may follow one another in one expression, brackets inside included: the depth of its tree. Trees are
/// read, copied, printed and freed recursively, in a thread's stack of 2 MiB.
const DEPTH_MAX: usize = 400;
/// How many queries a statement may combine by UNION and its like: their tree leans to the left.
const SETS_MAX: usize = 200;
/// How often `((` may be nested: the parser below tries both readings of such a bracket in FROM, each time.
const DOUBLED_MAX: usize = 6;
/// How much deeper the parser below may recurse: several levels for a bracket.
pub(crate) const RECURSION_MAX: usize = 128;

/// Checks the tokens of a statement. An error is its message and place.
pub(crate) fn check(tokens: &[TokenWithSpan]) -> Result<(), (String, Location)> {
    let mut nesting = Nesting {
        levels: vec![Level::default()],
        sets: 0,
    };
    let mut previous = &Token::SemiColon;
    for token in tokens {
        nesting.step(previous, &token.token);
        nesting
            .check()
            .map_err(|message| (message, token.span.start))?;
        previous = &token.token;
    }
    Ok(())
}

struct Nesting {
    levels: Vec<Level>,
    sets: usize,
}

/// What is between two brackets, or CASE and END.
#[derive(Default)]
struct Level {
    kind: Kind,
    /// Operators since the last comma, with the most that brackets between them held.
    depth: usize,
    /// The most before a comma.
    deepest: usize,
    /// How often two brackets have opened at once.
    doubled: usize,
}

#[derive(Default, Clone, Copy, PartialEq, Eq)]
enum Kind {
    #[default]
    Bracket,
    Type,
    Case,
}

impl Nesting {
    fn step(&mut self, previous: &Token, token: &Token) {
        let innermost = self.levels.last().map_or(Kind::Bracket, |level| level.kind);
        self.sets += usize::from(combines(token));
        if let Some(kind) = opens(previous, token) {
            let twice = token == &Token::LParen && previous == &Token::LParen;
            let doubled = self.levels.last().map_or(0, |level| level.doubled) + usize::from(twice);
            self.levels.push(Level {
                kind,
                doubled,
                ..Level::default()
            });
        } else if self.levels.len() > 1 && closes(innermost, token) {
            let inner = self.levels.pop().unwrap_or_default();
            if let Some(level) = self.levels.last_mut() {
                level.depth += inner.deepest.max(inner.depth) + 1;
            }
        } else if let Some(level) = self.levels.last_mut() {
            if divides(level.kind, previous, token) {
                level.deepest = level.deepest.max(level.depth);
                level.depth = 0;
            } else {
                level.depth += usize::from(is_operator(token));
            }
        }
    }

    fn check(&self) -> Result<(), String> {
        let (depth, doubled) = self
            .levels
            .last()
            .map_or((0, 0), |level| (level.depth, level.doubled));
        if self.levels.len() > NESTING_MAX {
            return Err(format!(
                "more than {NESTING_MAX} brackets are open: take parts out into views or WITH"
            ));
        }
        if doubled > DOUBLED_MAX {
            return Err(format!(
                "more than {DOUBLED_MAX} doubled brackets are nested: write one where two stand"
            ));
        }
        if self.sets > SETS_MAX {
            return Err(format!(
                "more than {SETS_MAX} queries are combined: take parts out into views"
            ));
        }
        if depth > DEPTH_MAX {
            return Err(format!(
                "an expression has more than {DEPTH_MAX} operators in a row: write IN (…) for many OR, or take parts out into views"
            ));
        }
        Ok(())
    }
}

fn opens(previous: &Token, token: &Token) -> Option<Kind> {
    match token {
        Token::LParen | Token::LBracket | Token::LBrace => Some(Kind::Bracket),
        Token::Lt => ["ARRAY", "MAP", "MULTISET", "ROW", "STRUCT"]
            .iter()
            .any(|name| is_word(previous, name))
            .then_some(Kind::Type),
        // As a part of a name it is none.
        _ => (is_word(token, "CASE") && previous != &Token::Period).then_some(Kind::Case),
    }
}

fn closes(innermost: Kind, token: &Token) -> bool {
    match token {
        Token::RParen | Token::RBracket | Token::RBrace => true,
        Token::Gt => innermost == Kind::Type,
        _ => innermost == Kind::Case && is_word(token, "END"),
    }
}

/// Whether what comes is beside what was, not around it. A name that is called like a clause is not, so behind an operator there
/// is none.
fn divides(kind: Kind, previous: &Token, token: &Token) -> bool {
    match token {
        Token::Comma | Token::SemiColon => true,
        Token::Word(word) if word.quote_style.is_none() => match word.keyword {
            Keyword::WHEN | Keyword::THEN | Keyword::ELSE => {
                kind == Kind::Case && !is_operator(previous)
            }
            Keyword::WHERE | Keyword::HAVING | Keyword::JOIN => !is_operator(previous),
            _ => combines(token) && !is_operator(previous),
        },
        _ => false,
    }
}

fn combines(token: &Token) -> bool {
    matches!(token, Token::Word(word) if word.quote_style.is_none()
        && matches!(word.keyword, Keyword::UNION | Keyword::EXCEPT | Keyword::MINUS | Keyword::INTERSECT))
}

fn is_operator(token: &Token) -> bool {
    match token {
        Token::Word(word) if word.quote_style.is_none() => matches!(
            word.keyword,
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
        ),
        Token::Word(_)
        | Token::Number(..)
        | Token::UnicodeStringLiteral(_)
        | Token::HexStringLiteral(_)
        | Token::Comma
        | Token::Period
        | Token::SemiColon
        | Token::LParen
        | Token::RParen
        | Token::LBracket
        | Token::RBracket => false,
        _ => true,
    }
}
