//! Hints: what a query tells the planner in `/*+ … */`.

use std::fmt;

use sqlparser::ast::{BinaryOperator, Expr, Ident, ObjectName, Select, TableFactor};
use sqlparser::parser::Parser;
use sqlparser::tokenizer::{Location, Token};

use crate::ast::Options;
use crate::dialect::{FlinkDialect, arguments, plain_function, text, text_of};
use crate::error::ParseError;
use crate::lex::{RawHint, lex};
use crate::quote::{name, string};
use crate::syntax::words::{Parsed, Words, one_of, wrong};

/// All hints that are known.
const NAMES: &[&str] = &[
    "BROADCAST",
    "LOOKUP",
    "MULTI_JOIN",
    "NEST_LOOP",
    "OPTIONS",
    "SHUFFLE_HASH",
    "SHUFFLE_MERGE",
    "STATE_TTL",
];

/// What a query tells the planner.
///
/// `OPTIONS` stands behind a table's name, all others behind SELECT.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Hint {
    /// `OPTIONS('key' = 'value', …)`: options of the table, for this query
    Options(Options),
    /// `STATE_TTL('table' = '1d', …)`: how long state is kept, by table or alias
    StateTtl(Options),
    /// `LOOKUP('table' = 'dim', …)`: how a lookup join asks
    Lookup(Options),
    /// `BROADCAST(t)`, `SHUFFLE_HASH(t)` and others: how these tables are joined
    Join {
        /// The hint's name.
        strategy: JoinStrategy,
        /// The tables or aliases.
        tables: Vec<String>,
    },
}

/// How tables are joined.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum JoinStrategy {
    /// `BROADCAST`
    Broadcast,
    /// `SHUFFLE_HASH`
    ShuffleHash,
    /// `SHUFFLE_MERGE`
    ShuffleMerge,
    /// `NEST_LOOP`
    NestLoop,
    /// `MULTI_JOIN`
    MultiJoin,
}

impl Hint {
    /// The hints of a table in FROM, which are in its `with_hints`.
    ///
    /// ```
    /// use hurtig_sql_parser::{Hint, parse_query};
    /// use sqlparser::ast::SetExpr;
    ///
    /// let query = parse_query("SELECT * FROM t /*+ OPTIONS('scan.rate' = '5') */ AS a")?;
    /// let SetExpr::Select(select) = *query.body else { panic!() };
    /// let hints = Hint::of_table(&select.from[0].relation);
    /// assert_eq!(hints, [Hint::Options(vec![("scan.rate".into(), "5".into())])]);
    /// # Ok::<(), hurtig_sql_parser::ParseError>(())
    /// ```
    pub fn of_table(table: &TableFactor) -> Vec<Self> {
        match table {
            TableFactor::Table { with_hints, .. } => {
                with_hints.iter().filter_map(Self::from_expr).collect()
            }
            _ => Vec::new(),
        }
    }

    /// The hints of a SELECT, which are in its `optimizer_hints`.
    pub fn of_select(select: &Select) -> Result<Vec<Self>, ParseError> {
        let mut hints = Vec::new();
        for hint in &select.optimizer_hints {
            hints.extend(
                parse(&hint.text, Location::new(1, 1), &hint.text)?
                    .into_iter()
                    .map(|(hint, _)| hint),
            );
        }
        Ok(hints)
    }

    /// The hint as a call: `OPTIONS('key' = 'value')`.
    pub fn to_expr(&self) -> Expr {
        let args = match self {
            Self::Options(pairs) | Self::StateTtl(pairs) | Self::Lookup(pairs) => {
                pairs.iter().map(pair).collect()
            }
            Self::Join { tables, .. } => tables.iter().map(|table| text(table)).collect(),
        };
        Expr::Function(plain_function(
            ObjectName::from(Ident::new(self.name())),
            args,
        ))
    }

    fn from_expr(expr: &Expr) -> Option<Self> {
        let Expr::Function(function) = expr else {
            return None;
        };
        let args = arguments(function)?;
        let pairs = args.iter().filter_map(|arg| match arg {
            Expr::BinaryOp { left, right, .. } => {
                Some((text_of(left)?.to_owned(), text_of(right)?.to_owned()))
            }
            _ => None,
        });
        let tables = args
            .iter()
            .filter_map(|arg| text_of(arg).map(str::to_owned));
        Self::named(
            &function.name.to_string(),
            pairs.collect(),
            tables.collect(),
        )
    }

    fn named(name: &str, pairs: Options, tables: Vec<String>) -> Option<Self> {
        let strategy = match name {
            "OPTIONS" => return Some(Self::Options(pairs)),
            "STATE_TTL" => return Some(Self::StateTtl(pairs)),
            "LOOKUP" => return Some(Self::Lookup(pairs)),
            "BROADCAST" => JoinStrategy::Broadcast,
            "SHUFFLE_HASH" => JoinStrategy::ShuffleHash,
            "SHUFFLE_MERGE" => JoinStrategy::ShuffleMerge,
            "NEST_LOOP" => JoinStrategy::NestLoop,
            "MULTI_JOIN" => JoinStrategy::MultiJoin,
            _ => return None,
        };
        Some(Self::Join { strategy, tables })
    }

    fn name(&self) -> &'static str {
        match self {
            Self::Options(_) => "OPTIONS",
            Self::StateTtl(_) => "STATE_TTL",
            Self::Lookup(_) => "LOOKUP",
            Self::Join { strategy, .. } => match strategy {
                JoinStrategy::Broadcast => "BROADCAST",
                JoinStrategy::ShuffleHash => "SHUFFLE_HASH",
                JoinStrategy::ShuffleMerge => "SHUFFLE_MERGE",
                JoinStrategy::NestLoop => "NEST_LOOP",
                JoinStrategy::MultiJoin => "MULTI_JOIN",
            },
        }
    }
}

fn pair((key, value): &(String, String)) -> Expr {
    Expr::BinaryOp {
        left: Box::new(text(key)),
        op: BinaryOperator::Eq,
        right: Box::new(text(value)),
    }
}

impl fmt::Display for Hint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}(", self.name())?;
        match self {
            Self::Options(pairs) | Self::StateTtl(pairs) | Self::Lookup(pairs) => {
                for (n, (key, value)) in pairs.iter().enumerate() {
                    let comma = if n == 0 { "" } else { ", " };
                    write!(f, "{comma}{} = {}", string(key), string(value))?;
                }
            }
            Self::Join { tables, .. } => {
                for (n, table) in tables.iter().enumerate() {
                    write!(f, "{}{}", if n == 0 { "" } else { ", " }, name(table))?;
                }
            }
        }
        f.write_str(")")
    }
}

/// Parses what is between `/*+` and `*/`: hints, with their places.
pub(crate) fn parse(
    text: &str,
    start: Location,
    script: &str,
) -> Result<Vec<(Hint, Location)>, ParseError> {
    let lexed = lex(&FlinkDialect, text, start, script)?;
    let mut parser = Parser::new(&FlinkDialect).with_tokens_with_locations(lexed.tokens);
    let at = |p: &Parser<'_>| {
        if p.at_token(&Token::EOF) {
            start
        } else {
            p.here()
        }
    };
    hints(&mut parser).map_err(|error| ParseError::from_parser(error, at(&parser), script))
}

impl RawHint {
    pub(crate) fn parse(&self, script: &str) -> Result<Vec<(Hint, Location)>, ParseError> {
        parse(&self.text, self.start, script)
    }
}

fn hints(p: &mut Parser<'_>) -> Parsed<Vec<(Hint, Location)>> {
    let mut hints = Vec::new();
    while !p.at_token(&Token::EOF) || hints.is_empty() {
        let at = p.here();
        hints.push((hint(p)?, at));
        let _ = p.consume_token(&Token::Comma);
    }
    Ok(hints)
}

fn hint(p: &mut Parser<'_>) -> Parsed<Hint> {
    let Some(name) = p.one_of(NAMES) else {
        let next = p.peek_token_ref();
        let found = if next.token == Token::EOF {
            "nothing".to_owned()
        } else {
            format!("`{}`", next.token)
        };
        return wrong(
            format!("{found} is no hint: write {}", one_of(NAMES)),
            p.here(),
        );
    };
    let (mut pairs, mut tables) = (Options::new(), Vec::new());
    if matches!(name, "OPTIONS" | "STATE_TTL" | "LOOKUP") {
        pairs = p.list(|p| {
            let key = word_or_string(p)?;
            p.expect_token(&Token::Eq)?;
            Ok((key, p.string()?))
        })?;
    } else {
        tables = p.list(word_or_string)?;
    }
    Hint::named(name, pairs, tables)
        .map_or_else(|| p.expected_ref(&one_of(NAMES), p.peek_token_ref()), Ok)
}

fn word_or_string(p: &mut Parser<'_>) -> Parsed<String> {
    match &p.peek_token_ref().token {
        Token::Word(_) => {
            let path = crate::syntax::parts::path(p)?;
            let parts = path
                .0
                .iter()
                .filter_map(|part| part.as_ident())
                .map(|ident| ident.value.as_str());
            Ok(parts.collect::<Vec<_>>().join("."))
        }
        _ => p.string(),
    }
}
