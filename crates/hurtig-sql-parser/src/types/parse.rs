//! The grammar of types.

use sqlparser::parser::Parser;
use sqlparser::tokenizer::{Location, Token};

use super::interval::{DayTimeFields, IntervalType, YearMonthFields};
use super::{DECIMAL_PRECISION_MAX, DataType, LENGTH_MAX, RowField, TIME_PRECISION_MAX, TypeKind};
use crate::syntax::words::{Parsed, Words, wrong};

/// How often ARRAY or MULTISET may stand behind one type.
const POSTFIXES_MAX: usize = 16;

/// All types, for whoever wrote none of them.
const NAMES: &str = "BOOLEAN, TINYINT, SMALLINT, INT, BIGINT, FLOAT, DOUBLE, DECIMAL(p, s), CHAR(n), VARCHAR(n), STRING, \
    BINARY(n), VARBINARY(n), BYTES, DATE, TIME(p), TIMESTAMP(p), TIMESTAMP_LTZ(p), INTERVAL …, ARRAY<t>, MAP<k, v>, \
    MULTISET<t>, ROW<name t, …> or VARIANT";

/// Reads a type with NULL or NOT NULL behind it.
pub(crate) fn data_type(p: &mut Parser<'_>) -> Parsed<DataType> {
    let kind = kind(p)?;
    let mut data_type = DataType {
        kind,
        nullable: nullability(p),
    };
    for _ in 0..POSTFIXES_MAX {
        let Some(word) = p.one_of(&["ARRAY", "MULTISET"]) else {
            return Ok(data_type);
        };
        let element = Box::new(data_type);
        let kind = match word {
            "ARRAY" => TypeKind::Array(element),
            _ => TypeKind::Multiset(element),
        };
        data_type = DataType {
            kind,
            nullable: nullability(p),
        };
    }
    wrong(
        format!("more than {POSTFIXES_MAX} times ARRAY or MULTISET"),
        p.here(),
    )
}

/// Reads a type without NULL or NOT NULL behind it, where `NULL` begins a clause.
pub(crate) fn plain_type(p: &mut Parser<'_>) -> Parsed<DataType> {
    kind(p).map(DataType::nullable)
}

fn nullability(p: &mut Parser<'_>) -> bool {
    p.eat(&["NULL"]) || !p.eat(&["NOT", "NULL"])
}

fn kind(p: &mut Parser<'_>) -> Parsed<TypeKind> {
    let at = p.here();
    let Token::Word(word) = &p.peek_token_ref().token else {
        return p.expected_ref("a type", p.peek_token_ref());
    };
    let (name, quoted) = (word.value.to_ascii_uppercase(), word.quote_style.is_some());
    if quoted {
        return wrong(
            format!("user-defined types are not supported: write one of {NAMES}"),
            at,
        );
    }
    p.advance_token();
    match plain(&name) {
        Some(kind) => Ok(kind),
        None => with_parameters(p, &name, at),
    }
}

fn plain(name: &str) -> Option<TypeKind> {
    Some(match name {
        "STRING" => TypeKind::STRING,
        "BYTES" => TypeKind::BYTES,
        "BOOLEAN" => TypeKind::Boolean,
        "TINYINT" => TypeKind::TinyInt,
        "SMALLINT" => TypeKind::SmallInt,
        "INT" | "INTEGER" => TypeKind::Int,
        "BIGINT" => TypeKind::BigInt,
        "FLOAT" => TypeKind::Float,
        "DATE" => TypeKind::Date,
        "VARIANT" => TypeKind::Variant,
        "NULL" => TypeKind::Null,
        _ => return None,
    })
}

fn with_parameters(p: &mut Parser<'_>, name: &str, at: Location) -> Parsed<TypeKind> {
    match name {
        "CHAR" | "CHARACTER" if p.eat(&["VARYING"]) => Ok(TypeKind::Varchar(length(p, "VARCHAR")?)),
        "CHAR" | "CHARACTER" => Ok(TypeKind::Char(length(p, "CHAR")?)),
        "VARCHAR" => Ok(TypeKind::Varchar(length(p, "VARCHAR")?)),
        "BINARY" if p.eat(&["VARYING"]) => Ok(TypeKind::Varbinary(length(p, "VARBINARY")?)),
        "BINARY" => Ok(TypeKind::Binary(length(p, "BINARY")?)),
        "VARBINARY" => Ok(TypeKind::Varbinary(length(p, "VARBINARY")?)),
        "DECIMAL" | "NUMERIC" | "DEC" => decimal(p),
        "DOUBLE" => {
            p.eat(&["PRECISION"]);
            Ok(TypeKind::Double)
        }
        "TIME" => time(p),
        "TIMESTAMP" => timestamp(p),
        "TIMESTAMP_LTZ" => Ok(TypeKind::TimestampLtz(precision(p, "TIMESTAMP_LTZ", 6)?)),
        "INTERVAL" => Ok(TypeKind::Interval(interval(p)?)),
        "ARRAY" => Ok(TypeKind::Array(element(p)?)),
        "MULTISET" => Ok(TypeKind::Multiset(element(p)?)),
        "MAP" => map(p),
        "ROW" => row(p),
        "RAW" => wrong(
            "RAW is a type of Java's serializers, which are not here: use BYTES",
            at,
        ),
        "STRUCTURED" => wrong(
            "structured types are Java classes, which are not here: use ROW<…>",
            at,
        ),
        _ => wrong(format!("`{name}` is no type: write one of {NAMES}"), at),
    }
}

/// A number in brackets, within limits.
fn bounded(p: &mut Parser<'_>, what: &str, min: u32, max: u32, unit: &str) -> Parsed<u32> {
    let at = p.here();
    let number = p.number()?;
    if (min..=max).contains(&number) {
        return Ok(number);
    }
    wrong(
        format!("{what} has {min} to {max} {unit}, not {number}"),
        at,
    )
}

fn optional(
    p: &mut Parser<'_>,
    what: &str,
    limits: (u32, u32),
    unit: &str,
    default: u32,
) -> Parsed<u32> {
    if !p.at_token(&Token::LParen) {
        return Ok(default);
    }
    p.in_brackets(|p| bounded(p, what, limits.0, limits.1, unit))
}

fn length(p: &mut Parser<'_>, what: &str) -> Parsed<u32> {
    optional(p, what, (1, LENGTH_MAX), "places", 1)
}

fn precision(p: &mut Parser<'_>, what: &str, default: u32) -> Parsed<u32> {
    optional(
        p,
        what,
        (0, TIME_PRECISION_MAX),
        "digits behind its seconds",
        default,
    )
}

fn decimal(p: &mut Parser<'_>) -> Parsed<TypeKind> {
    if !p.at_token(&Token::LParen) {
        return Ok(TypeKind::Decimal(10, 0));
    }
    let (precision, scale) = p.in_brackets(|p| {
        let precision = bounded(p, "DECIMAL", 1, DECIMAL_PRECISION_MAX, "digits")?;
        let scale = if p.consume_token(&Token::Comma) {
            bounded(
                p,
                &format!("DECIMAL({precision})"),
                0,
                precision,
                "digits behind its point",
            )?
        } else {
            0
        };
        Ok((precision, scale))
    })?;
    Ok(TypeKind::Decimal(precision, scale))
}

fn time(p: &mut Parser<'_>) -> Parsed<TypeKind> {
    let precision = precision(p, "TIME", 0)?;
    if p.at(&["WITH", "TIME", "ZONE"]) {
        return wrong("TIME has no time zone: write TIME(p)", p.here());
    }
    p.eat(&["WITHOUT", "TIME", "ZONE"]);
    Ok(TypeKind::Time(precision))
}

fn timestamp(p: &mut Parser<'_>) -> Parsed<TypeKind> {
    let precision = precision(p, "TIMESTAMP", 6)?;
    if p.eat(&["WITH", "LOCAL", "TIME", "ZONE"]) {
        return Ok(TypeKind::TimestampLtz(precision));
    }
    if p.eat(&["WITH", "TIME", "ZONE"]) {
        return Ok(TypeKind::TimestampTz(precision));
    }
    p.eat(&["WITHOUT", "TIME", "ZONE"]);
    Ok(TypeKind::Timestamp(precision))
}

fn element(p: &mut Parser<'_>) -> Parsed<Box<DataType>> {
    p.expect_token(&Token::Lt)?;
    let element = data_type(p)?;
    p.expect_token(&Token::Gt)?;
    Ok(Box::new(element))
}

fn map(p: &mut Parser<'_>) -> Parsed<TypeKind> {
    p.expect_token(&Token::Lt)?;
    let key = data_type(p)?;
    p.expect_token(&Token::Comma)?;
    let value = data_type(p)?;
    p.expect_token(&Token::Gt)?;
    Ok(TypeKind::Map(Box::new(key), Box::new(value)))
}

fn row(p: &mut Parser<'_>) -> Parsed<TypeKind> {
    // The lexer takes the brackets of a row without fields for "not equal".
    if p.consume_token(&Token::Neq) || p.consume_tokens(&[Token::LParen, Token::RParen]) {
        return Ok(TypeKind::Row(Vec::new()));
    }
    if p.at_token(&Token::LParen) {
        return Ok(TypeKind::Row(p.list(row_field)?));
    }
    p.expect_token(&Token::Lt)?;
    let fields = p.parse_comma_separated(row_field)?;
    p.expect_token(&Token::Gt)?;
    Ok(TypeKind::Row(fields))
}

fn row_field(p: &mut Parser<'_>) -> Parsed<RowField> {
    let name = p.name()?.value;
    let data_type = data_type(p)?;
    let comment = match &p.peek_token_ref().token {
        Token::UnicodeStringLiteral(_) => Some(p.string()?),
        _ => None,
    };
    Ok(RowField {
        name,
        data_type,
        comment,
    })
}

/// What follows INTERVAL in a type, and a literal's text.
pub(crate) fn interval(p: &mut Parser<'_>) -> Parsed<IntervalType> {
    let from = unit(p)?;
    let leading = match from {
        "YEAR" => optional(p, "YEAR", (1, 4), "digits", 2)?,
        "DAY" => optional(p, "DAY", (1, 6), "digits", 2)?,
        _ => 2,
    };
    let mut fraction = if from == "SECOND" {
        fraction_of_seconds(p)?
    } else {
        6
    };
    let at = p.here();
    let to = if p.eat(&["TO"]) { unit(p)? } else { from };
    if to == "SECOND" && from != "SECOND" {
        fraction = fraction_of_seconds(p)?;
    }
    if let Some(fields) = DayTimeFields::between(from, to) {
        return Ok(IntervalType::DayTime {
            fields,
            precision: leading,
            fraction,
        });
    }
    let fields = match (from, to) {
        ("YEAR", "YEAR") => YearMonthFields::Year,
        ("YEAR", "MONTH") => YearMonthFields::YearToMonth,
        ("MONTH", "MONTH") => YearMonthFields::Month,
        _ => return wrong(format!("no interval goes from {from} to {to}"), at),
    };
    Ok(IntervalType::YearMonth {
        fields,
        precision: leading,
    })
}

fn fraction_of_seconds(p: &mut Parser<'_>) -> Parsed<u32> {
    precision(p, "SECOND", 6)
}

fn unit(p: &mut Parser<'_>) -> Parsed<&'static str> {
    p.need_one_of(&["YEAR", "MONTH", "DAY", "HOUR", "MINUTE", "SECOND"])
}
