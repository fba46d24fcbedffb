//! Flink's dialect of expressions and queries.

mod calls;
mod interval;
mod json;
mod table_argument;

use std::any::TypeId;

pub(crate) use calls::{arguments, plain_function, text, text_of};
pub use interval::{IntervalLiteral, IntervalValue};
use sqlparser::ast::Expr;
use sqlparser::dialect::{Dialect, GenericDialect};
use sqlparser::keywords::Keyword;
use sqlparser::parser::{Parser, ParserError};
use sqlparser::tokenizer::Token;
pub use table_argument::TableArgument;

use crate::lex::is_word;

/// Flink's SQL, for sqlparser. It knows queries and expressions; statements and hints are known to
/// [`parse_statement`](crate::parse_statement) alone, so use that, or [`parse_query`](crate::parse_query) and
/// [`parse_expression`](crate::parse_expression).
///
/// What it reads that only Flink writes, it [carries](crate::carriers).
#[derive(Debug, Clone, Copy, Default)]
pub struct FlinkDialect;

impl Dialect for FlinkDialect {
    /// The parser asks here and there for certain dialects, UNNEST for one: then this is the generic one.
    fn dialect(&self) -> TypeId {
        TypeId::of::<GenericDialect>()
    }

    fn is_delimited_identifier_start(&self, character: char) -> bool {
        character == '`'
    }

    fn identifier_quote_style(&self, _identifier: &str) -> Option<char> {
        Some('`')
    }

    fn is_identifier_start(&self, character: char) -> bool {
        character.is_alphabetic() || character == '_'
    }

    fn is_identifier_part(&self, character: char) -> bool {
        character.is_alphanumeric() || character == '_' || character == '$'
    }

    fn supports_unicode_string_literal(&self) -> bool {
        true
    }

    fn supports_filter_during_aggregation(&self) -> bool {
        true
    }

    fn supports_window_clause_named_window_reference(&self) -> bool {
        true
    }

    fn supports_group_by_expr(&self) -> bool {
        true
    }

    fn supports_match_recognize(&self) -> bool {
        true
    }

    fn supports_table_versioning(&self) -> bool {
        true
    }

    fn supports_parens_around_table_factor(&self) -> bool {
        true
    }

    fn supports_left_associative_joins_without_parens(&self) -> bool {
        true
    }

    /// These are reserved in Flink: what follows them is wrong if it is not theirs, and is not tried as a call again.
    fn is_reserved_for_identifier(&self, keyword: Keyword) -> bool {
        matches!(
            keyword,
            Keyword::ARRAY
                | Keyword::CASE
                | Keyword::CAST
                | Keyword::TRY_CAST
                | Keyword::CEIL
                | Keyword::EXISTS
                | Keyword::EXTRACT
                | Keyword::FLOOR
                | Keyword::INTERVAL
                | Keyword::NOT
                | Keyword::OVERLAY
                | Keyword::POSITION
                | Keyword::SUBSTRING
                | Keyword::TRIM
        )
    }

    fn parse_prefix(&self, parser: &mut Parser<'_>) -> Option<Result<Expr, ParserError>> {
        let Token::Word(word) = &parser.peek_token_ref().token else {
            return None;
        };
        if word.quote_style.is_some() {
            return None;
        }
        let name = word.value.to_ascii_uppercase();
        match (name.as_str(), &parser.peek_nth_token_ref(1).token) {
            ("TABLE", Token::Word(_) | Token::LParen) => Some(table_argument::parse(parser)),
            ("MAP", Token::LBracket) => Some(calls::map(parser)),
            // It is reserved; and the parser below would try what follows again and again.
            ("INTERVAL", _) => Some(interval::literal(parser)),
            (name, Token::LParen) => calls::call(parser, name).or_else(|| json::call(parser, name)),
            _ => None,
        }
    }

    fn parse_infix(
        &self,
        parser: &mut Parser<'_>,
        expr: &Expr,
        _precedence: u8,
    ) -> Option<Result<Expr, ParserError>> {
        calls::between(parser, expr).or_else(|| json::is_json(parser, expr))
    }

    /// Operators that Flink does not have are none: so the error is at them, and their words may be names.
    fn get_next_precedence(&self, parser: &Parser<'_>) -> Option<Result<u8, ParserError>> {
        let known = match &parser.peek_token_ref().token {
            Token::Word(word) => {
                !matches!(
                    word.keyword,
                    Keyword::XOR
                        | Keyword::ILIKE
                        | Keyword::RLIKE
                        | Keyword::REGEXP
                        | Keyword::MATCH
                        | Keyword::MEMBER
                        | Keyword::OPERATOR
                        | Keyword::DIV
                        | Keyword::NOTNULL
                ) && !negates_other(parser)
            }
            Token::Eq
            | Token::Neq
            | Token::Lt
            | Token::LtEq
            | Token::Gt
            | Token::GtEq
            | Token::Plus
            | Token::Minus
            | Token::Mul
            | Token::Div
            | Token::Mod
            | Token::StringConcat
            | Token::Period
            | Token::LBracket => true,
            _ => false,
        };
        (!known).then_some(Ok(self.prec_unknown()))
    }
}

/// `NOT` before an operator that Flink does not have, or `NOT NULL`, which stands in types alone.
fn negates_other(parser: &Parser<'_>) -> bool {
    let next = &parser.peek_nth_token_ref(1).token;
    is_word(&parser.peek_token_ref().token, "NOT")
        && !["IN", "BETWEEN", "LIKE", "SIMILAR"]
            .iter()
            .any(|word| is_word(next, word))
}
