//! Calls with words between their arguments.

use sqlparser::ast::{
    CastKind, Expr, Function, FunctionArg, FunctionArgExpr, FunctionArgumentList,
    FunctionArguments, Ident, Map, MapEntry, ObjectName, TrimWhereField, UnaryOperator, Value,
};
use sqlparser::dialect::{Dialect, Precedence};
use sqlparser::parser::{Parser, ParserError};
use sqlparser::tokenizer::{Span, Token};

use super::FlinkDialect;
use crate::carriers;
use crate::lex::is_word;
use crate::syntax::words::{Parsed, Words, wrong};
use crate::types;

/// A call of this name, if it is none that the parser below reads.
pub(super) fn call(p: &mut Parser<'_>, name: &str) -> Option<Result<Expr, ParserError>> {
    match name {
        "CAST" => Some(cast(p, CastKind::Cast)),
        "TRY_CAST" => Some(cast(p, CastKind::TryCast)),
        "FLOOR" => Some(round(p, carriers::FLOOR_TO)),
        "CEIL" | "CEILING" => Some(round(p, carriers::CEIL_TO)),
        "TIMESTAMPADD" | "TIMESTAMPDIFF" => Some(with_unit(p)),
        "TRIM" => trim_blanks(p),
        "POSITION" => Some(position(p)),
        _ => None,
    }
}

/// `CAST(x AS type)`
fn cast(p: &mut Parser<'_>, kind: CastKind) -> Parsed<Expr> {
    p.advance_token();
    p.in_brackets(|p| {
        let expr = Box::new(p.parse_expr()?);
        p.need(&["AS"])?;
        let data_type = types::data_type(p)?.to_sql();
        Ok(Expr::Cast {
            kind: kind.clone(),
            expr,
            data_type,
            array: false,
            format: None,
        })
    })
}

/// `FLOOR(x)`, `FLOOR(x TO unit)`
fn round(p: &mut Parser<'_>, carrier: &str) -> Parsed<Expr> {
    let name = p.parse_identifier()?;
    let args = p.in_brackets(|p| {
        let value = p.parse_expr()?;
        let unit = if p.eat(&["TO"]) {
            Some(unit(p, "MILLENNIUM CENTURY DECADE")?)
        } else {
            None
        };
        Ok((value, unit))
    })?;
    match args {
        (value, Some(unit)) => Ok(function(carrier, vec![value, text(&unit)])),
        (value, None) => Ok(Expr::Function(plain_function(
            ObjectName::from(name),
            vec![value],
        ))),
    }
}

/// `TIMESTAMPADD(unit, n, x)`
fn with_unit(p: &mut Parser<'_>) -> Parsed<Expr> {
    let name = p.parse_identifier()?;
    let args = p.in_brackets(|p| {
        let mut args = vec![text(&unit(p, "")?)];
        while args.len() < 3 {
            p.expect_token(&Token::Comma)?;
            args.push(p.parse_expr()?);
        }
        Ok(args)
    })?;
    Ok(Expr::Function(plain_function(ObjectName::from(name), args)))
}

/// `TRIM(LEADING FROM x)`: without a character it is the blank. All other forms are known below.
fn trim_blanks(p: &mut Parser<'_>) -> Option<Result<Expr, ParserError>> {
    let side = [
        ("LEADING", TrimWhereField::Leading),
        ("TRAILING", TrimWhereField::Trailing),
        ("BOTH", TrimWhereField::Both),
    ]
    .into_iter()
    .find(|(word, _)| {
        is_word(&p.peek_nth_token_ref(2).token, word)
            && is_word(&p.peek_nth_token_ref(3).token, "FROM")
    })?;
    p.advance_token();
    Some(p.in_brackets(|p| {
        p.need(&[side.0, "FROM"])?;
        let expr = Box::new(p.parse_expr()?);
        let trim_what = Some(Box::new(text(" ")));
        Ok(Expr::Trim {
            trim_where: Some(side.1),
            trim_what,
            expr,
            trim_characters: None,
        })
    }))
}

/// `POSITION(x IN y)`. The parser below tries two readings of it, and so of all that is in it.
fn position(p: &mut Parser<'_>) -> Parsed<Expr> {
    p.advance_token();
    p.in_brackets(|p| {
        let expr = Box::new(p.parse_subexpr(FlinkDialect.prec_value(Precedence::Between))?);
        p.need(&["IN"])?;
        Ok(Expr::Position {
            expr,
            r#in: Box::new(p.parse_expr()?),
        })
    })
}

const UNITS: [&str; 10] = [
    "MICROSECOND",
    "MILLISECOND",
    "SECOND",
    "MINUTE",
    "HOUR",
    "DAY",
    "WEEK",
    "MONTH",
    "QUARTER",
    "YEAR",
];

/// A unit of time, in capitals and singular. ODBC's names for them are known as well.
fn unit(p: &mut Parser<'_>, more: &str) -> Parsed<String> {
    let at = p.here();
    let name = match &p.peek_token_ref().token {
        Token::Word(word) if word.quote_style.is_none() => word.value.to_ascii_uppercase(),
        Token::UnicodeStringLiteral(text) => text.to_ascii_uppercase(),
        _ => return p.expected_ref("a unit of time", p.peek_token_ref()),
    };
    let name = name.strip_prefix("SQL_TSI_").unwrap_or(&name);
    if !UNITS.contains(&name) && !more.split(' ').any(|unit| unit == name) {
        return wrong(
            format!(
                "`{name}` is no unit of time: write {}",
                crate::syntax::words::one_of(&UNITS)
            ),
            at,
        );
    }
    p.advance_token();
    Ok(name.to_owned())
}

/// `MAP[k, v, …]`
pub(super) fn map(p: &mut Parser<'_>) -> Parsed<Expr> {
    p.advance_token();
    p.expect_token(&Token::LBracket)?;
    let mut entries = Vec::new();
    if p.consume_token(&Token::RBracket) {
        return Ok(Expr::Map(Map { entries }));
    }
    loop {
        let key = Box::new(p.parse_expr()?);
        if p.at_token(&Token::RBracket) {
            return wrong(
                "this key of MAP[…] has no value: keys and values take turns",
                p.here(),
            );
        }
        p.expect_token(&Token::Comma)?;
        entries.push(MapEntry {
            key,
            value: Box::new(p.parse_expr()?),
        });
        if !p.consume_token(&Token::Comma) {
            p.expect_token(&Token::RBracket)?;
            return Ok(Expr::Map(Map { entries }));
        }
    }
}

/// `x [NOT] BETWEEN [SYMMETRIC | ASYMMETRIC] a AND b`, where one of these words is there.
pub(super) fn between(p: &mut Parser<'_>, value: &Expr) -> Option<Result<Expr, ParserError>> {
    let word = |word| p.at(&["BETWEEN", word]) || p.at(&["NOT", "BETWEEN", word]);
    let symmetric = word("SYMMETRIC");
    (symmetric || word("ASYMMETRIC")).then(|| {
        let negated = p.eat(&["NOT"]);
        p.advance_token();
        p.advance_token();
        let precedence = FlinkDialect.prec_value(Precedence::Between);
        let low = p.parse_subexpr(precedence)?;
        p.need(&["AND"])?;
        let high = p.parse_subexpr(precedence)?;
        let value = value.clone();
        if symmetric {
            return Ok(negate(
                negated,
                function(carriers::BETWEEN_SYMMETRIC, vec![value, low, high]),
            ));
        }
        Ok(Expr::Between {
            expr: Box::new(value),
            negated,
            low: Box::new(low),
            high: Box::new(high),
        })
    })
}

pub(super) fn negate(negated: bool, expr: Expr) -> Expr {
    if negated {
        Expr::UnaryOp {
            op: UnaryOperator::Not,
            expr: Box::new(expr),
        }
    } else {
        expr
    }
}

/// A string literal.
pub(crate) fn text(text: &str) -> Expr {
    Expr::Value(Value::SingleQuotedString(text.to_owned()).with_span(Span::empty()))
}

/// NULL.
pub(super) fn null() -> Expr {
    Expr::Value(Value::Null.with_span(Span::empty()))
}

/// A call by a name of ours.
pub(crate) fn function(name: &str, args: Vec<Expr>) -> Expr {
    Expr::Function(plain_function(ObjectName::from(Ident::new(name)), args))
}

pub(crate) fn plain_function(name: ObjectName, args: Vec<Expr>) -> Function {
    let args = args
        .into_iter()
        .map(|arg| FunctionArg::Unnamed(FunctionArgExpr::Expr(arg)));
    Function {
        name,
        uses_odbc_syntax: false,
        parameters: FunctionArguments::None,
        args: FunctionArguments::List(FunctionArgumentList {
            duplicate_treatment: None,
            args: args.collect(),
            clauses: Vec::new(),
        }),
        filter: None,
        null_treatment: None,
        over: None,
        within_group: Vec::new(),
    }
}

/// The arguments of a call without names and words.
pub(crate) fn arguments(function: &Function) -> Option<Vec<&Expr>> {
    let FunctionArguments::List(list) = &function.args else {
        return None;
    };
    let expr = |arg: &'_ FunctionArg| matches!(arg, FunctionArg::Unnamed(FunctionArgExpr::Expr(_)));
    list.args.iter().all(expr).then(|| {
        let args = list.args.iter().filter_map(|arg| match arg {
            FunctionArg::Unnamed(FunctionArgExpr::Expr(expr)) => Some(expr),
            _ => None,
        });
        args.collect()
    })
}

/// The text of a string literal.
pub(crate) fn text_of(expr: &Expr) -> Option<&str> {
    match expr {
        Expr::Value(value) => match &value.value {
            Value::SingleQuotedString(text) => Some(text),
            _ => None,
        },
        _ => None,
    }
}
