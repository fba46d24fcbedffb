//! From text to tokens: blanks and comments dropped, hints taken out and kept with their place.

use sqlparser::dialect::Dialect;
use sqlparser::keywords::Keyword;
use sqlparser::tokenizer::{Location, Span, Token, TokenWithSpan, Tokenizer, Whitespace};

use crate::carriers;
use crate::error::{ParseError, shifted};

/// The tokens of a statement.
#[derive(Debug)]
pub(crate) struct Lexed {
    pub(crate) tokens: Vec<TokenWithSpan>,
    pub(crate) hints: Vec<RawHint>,
}

/// A hint comment, `/*+ … */`.
#[derive(Debug, Clone)]
pub(crate) struct RawHint {
    /// What is between `/*+` and `*/`.
    pub(crate) text: String,
    /// Where that begins.
    pub(crate) start: Location,
    /// Where the token before the comment begins: what the hint belongs to.
    pub(crate) after: Location,
}

/// Lexes a part of `script` that begins at `start`.
pub(crate) fn lex(
    dialect: &dyn Dialect,
    text: &str,
    start: Location,
    script: &str,
) -> Result<Lexed, ParseError> {
    let tokens = Tokenizer::new(dialect, text)
        .tokenize_with_location()
        .map_err(|error| ParseError::from_tokenizer(&error, start, script))?;
    let mut lexed = Lexed {
        tokens: Vec::with_capacity(tokens.len() / 2),
        hints: Vec::new(),
    };
    for TokenWithSpan { token, span } in tokens {
        let span = Span::new(shifted(span.start, start), shifted(span.end, start));
        refuse(&token).map_or(Ok(()), |why| Err(ParseError::new(why, span.start, script)))?;
        lexed.push(token, span);
    }
    lexed.carry_within();
    Ok(lexed)
}

impl Lexed {
    fn push(&mut self, token: Token, span: Span) {
        match token {
            Token::Whitespace(Whitespace::MultiLineComment(text)) if text.starts_with('+') => {
                let after = self
                    .tokens
                    .last()
                    .map_or(Location::empty(), |token| token.span.start);
                let start = Location::new(span.start.line, span.start.column + "/*+".len() as u64);
                self.hints.push(RawHint {
                    text: text[1..].to_owned(),
                    start,
                    after,
                });
            }
            Token::Whitespace(_) => {}
            // Flink shifts no bits: two brackets end types in types.
            Token::ShiftRight => {
                let between = Location::new(span.start.line, span.start.column + 1);
                self.tokens.push(TokenWithSpan::new(
                    Token::Gt,
                    Span::new(span.start, between),
                ));
                self.tokens
                    .push(TokenWithSpan::new(Token::Gt, Span::new(between, span.end)));
            }
            // All texts are of the kind that the parser below takes for values alone, not for names as well.
            Token::SingleQuotedString(text) | Token::NationalStringLiteral(text) => {
                self.tokens
                    .push(TokenWithSpan::new(Token::UnicodeStringLiteral(text), span));
            }
            token => self.tokens.push(TokenWithSpan::new(token, span)),
        }
    }

    /// `PATTERN (…) WITHIN INTERVAL … DEFINE …` of MATCH_RECOGNIZE becomes `PATTERN (…) DEFINE __within AS INTERVAL …, …`, for
    /// which the tree has a place.
    fn carry_within(&mut self) {
        let mut from = 0;
        while let Some((within, define)) = self.find_within(from) {
            let Some(clause) = self.tokens.get(within..=define).map(<[_]>::to_vec) else {
                return;
            };
            let [first, interval @ .., define_token] = clause.as_slice() else {
                return;
            };
            let made = |token| TokenWithSpan::new(token, first.span);
            let mut carried = vec![define_token.clone()];
            carried.push(made(Token::make_word(carriers::WITHIN, None)));
            carried.push(made(Token::make_word("AS", None)));
            carried.extend_from_slice(interval);
            carried.push(made(Token::Comma));
            self.tokens.splice(within..=define, carried);
            from = define;
        }
    }

    /// The next `) WITHIN INTERVAL`, and the DEFINE behind the interval.
    fn find_within(&self, from: usize) -> Option<(usize, usize)> {
        let tail = self.tokens.get(from..)?;
        let at = tail.windows(3).position(|three| {
            matches!(three, [close, within, interval] if close.token == Token::RParen
                && is_word(&within.token, "WITHIN")
                && is_word(&interval.token, "INTERVAL"))
        })?;
        let within = from + at + 1;
        // An interval is a string and a few words; whatever is longer is no such clause.
        let behind = self.tokens.get(within..)?.iter().take(INTERVAL_TOKENS_MAX);
        let define = behind
            .into_iter()
            .position(|token| is_word(&token.token, "DEFINE"))?;
        Some((within, within + define))
    }
}

/// `WITHIN INTERVAL -'1' DAY(2) TO SECOND(3) DEFINE`
const INTERVAL_TOKENS_MAX: usize = 14;

/// Whether a token is this word, unquoted.
pub(crate) fn is_word(token: &Token, expected: &str) -> bool {
    matches!(token, Token::Word(word) if word.quote_style.is_none() && word.value.eq_ignore_ascii_case(expected))
}

/// Tokens that other dialects have, and what to write instead.
fn refuse(token: &Token) -> Option<&'static str> {
    match token {
        Token::DoubleQuotedString(_) => {
            Some("double quotes mean nothing here: write 'text' or `name`")
        }
        Token::SingleQuotedByteStringLiteral(_)
        | Token::DoubleQuotedByteStringLiteral(_)
        | Token::SingleQuotedRawStringLiteral(_)
        | Token::DoubleQuotedRawStringLiteral(_)
        | Token::DollarQuotedString(_) => {
            Some("such a string is none of Flink's: write 'text', U&'\\0041' or x'CAFE'")
        }
        Token::HexStringLiteral(digits)
            if digits.len() % 2 == 1 || !digits.bytes().all(|b| b.is_ascii_hexdigit()) =>
        {
            Some("a binary literal is made of pairs of hexadecimal digits: x'CAFE'")
        }
        // The printer below cannot tell them from what is escaped already.
        Token::Word(word)
            if word.quote_style.is_some()
                && (word.value.contains("``") || word.value.contains("\\`")) =>
        {
            Some("a name may not have two backticks, or a backslash before one, in it")
        }
        Token::Word(word) if word.value.is_empty() => Some("a name has at least one character"),
        _ => None,
    }
}

/// The words that a text begins with, in capitals, as far as a statement's kind can be told by them.
pub(crate) fn first_words(text: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut rest = text.trim_start();
    while words.len() < 16 {
        if let Some(comment) = rest.strip_prefix("--") {
            rest = comment
                .split_once('\n')
                .map_or("", |(_, rest)| rest)
                .trim_start();
        } else if let Some(comment) = rest.strip_prefix("/*") {
            rest = comment
                .split_once("*/")
                .map_or("", |(_, rest)| rest)
                .trim_start();
        } else if let Some(list) = rest.strip_prefix(',') {
            rest = list.trim_start();
        } else {
            let end = rest
                .find(|c: char| !c.is_alphanumeric() && c != '_')
                .unwrap_or(rest.len());
            let (word, behind) = rest.split_at(end);
            // What follows a path in quotes, as of COMPILE PLAN, counts as well.
            if let (true, Some(string)) = (word.is_empty(), rest.strip_prefix('\'')) {
                rest = string
                    .split_once('\'')
                    .map_or("", |(_, rest)| rest)
                    .trim_start();
                continue;
            }
            if word.is_empty() {
                break;
            }
            words.push(word.to_ascii_uppercase());
            rest = behind.trim_start();
        }
    }
    words
}

/// Whether a token begins a query.
pub(crate) fn begins_query(token: &Token) -> bool {
    matches!(token, Token::Word(word)
        if word.quote_style.is_none() && matches!(word.keyword, Keyword::SELECT | Keyword::WITH | Keyword::VALUES | Keyword::TABLE))
}
