//! Reading words, and saying what is wrong at a place.

use sqlparser::ast::Ident;
use sqlparser::parser::{Parser, ParserError};
use sqlparser::tokenizer::{Location, Token};

use crate::lex::is_word;

pub(crate) type Parsed<T> = Result<T, ParserError>;

/// What a grammar asks of the tokens that are left. Words are compared without case, and never with quoted names.
pub(crate) trait Words {
    /// Whether these words come next.
    fn at(&self, words: &[&str]) -> bool;
    /// Takes these words, if all of them come next.
    fn eat(&mut self, words: &[&str]) -> bool;
    /// Takes these words, or fails at the first that is another.
    fn need(&mut self, words: &[&str]) -> Parsed<()>;
    /// Takes the one of these words that comes next.
    fn one_of(&mut self, words: &[&'static str]) -> Option<&'static str>;
    /// Takes one of these words, or fails.
    fn need_one_of(&mut self, words: &[&'static str]) -> Parsed<&'static str>;
    /// Whether this token comes next.
    fn at_token(&self, token: &Token) -> bool;
    /// A string literal.
    fn string(&mut self) -> Parsed<String>;
    /// A whole number.
    fn number(&mut self) -> Parsed<u32>;
    /// Something in round brackets.
    fn in_brackets<T>(&mut self, inner: impl FnMut(&mut Self) -> Parsed<T>) -> Parsed<T>;
    /// A list in round brackets.
    fn list<T>(&mut self, item: impl FnMut(&mut Self) -> Parsed<T>) -> Parsed<Vec<T>>;
    /// A name that may not be reserved.
    fn name(&mut self) -> Parsed<Ident>;
    /// Where the next token begins.
    fn here(&self) -> Location;
}

impl Words for Parser<'_> {
    fn at(&self, words: &[&str]) -> bool {
        words
            .iter()
            .enumerate()
            .all(|(n, word)| is_word(&self.peek_nth_token_ref(n).token, word))
    }

    fn eat(&mut self, words: &[&str]) -> bool {
        let found = self.at(words);
        if found {
            for _ in words {
                self.advance_token();
            }
        }
        found
    }

    fn need(&mut self, words: &[&str]) -> Parsed<()> {
        for word in words {
            if !self.eat(&[word]) {
                return self.expected_ref(word, self.peek_token_ref());
            }
        }
        Ok(())
    }

    fn one_of(&mut self, words: &[&'static str]) -> Option<&'static str> {
        let found = words.iter().find(|word| self.at(&[word]))?;
        self.advance_token();
        Some(found)
    }

    fn need_one_of(&mut self, words: &[&'static str]) -> Parsed<&'static str> {
        match self.one_of(words) {
            Some(word) => Ok(word),
            None => self.expected_ref(&one_of(words), self.peek_token_ref()),
        }
    }

    fn at_token(&self, token: &Token) -> bool {
        &self.peek_token_ref().token == token
    }

    fn string(&mut self) -> Parsed<String> {
        match &self.peek_token_ref().token {
            Token::UnicodeStringLiteral(text) => {
                let text = text.clone();
                self.advance_token();
                Ok(text)
            }
            _ => self.expected_ref("a string in single quotes", self.peek_token_ref()),
        }
    }

    fn number(&mut self) -> Parsed<u32> {
        if let Token::Number(digits, false) = &self.peek_token_ref().token
            && let Ok(number) = digits.parse()
        {
            self.advance_token();
            return Ok(number);
        }
        self.expected_ref("a whole number", self.peek_token_ref())
    }

    fn in_brackets<T>(&mut self, mut inner: impl FnMut(&mut Self) -> Parsed<T>) -> Parsed<T> {
        self.expect_token(&Token::LParen)?;
        let value = inner(self)?;
        self.expect_token(&Token::RParen)?;
        Ok(value)
    }

    fn list<T>(&mut self, item: impl FnMut(&mut Self) -> Parsed<T>) -> Parsed<Vec<T>> {
        self.expect_token(&Token::LParen)?;
        let items = self.parse_comma_separated(item)?;
        self.expect_token(&Token::RParen)?;
        Ok(items)
    }

    fn name(&mut self) -> Parsed<Ident> {
        match &self.peek_token_ref().token {
            Token::Word(_) => self.parse_identifier(),
            _ => self.expected_ref("a name", self.peek_token_ref()),
        }
    }

    fn here(&self) -> Location {
        self.peek_token_ref().span.start
    }
}

/// A mistake at a place.
pub(crate) fn wrong<T>(message: impl std::fmt::Display, at: Location) -> Parsed<T> {
    Err(ParserError::ParserError(format!("{message}{at}")))
}

/// `A, B or C`
pub(crate) fn one_of(words: &[&str]) -> String {
    match words {
        [] => String::new(),
        [one] => (*one).to_owned(),
        [most @ .., last] => format!("{} or {last}", most.join(", ")),
    }
}
