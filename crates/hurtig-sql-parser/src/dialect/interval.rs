//! Literals of intervals.

use sqlparser::ast::{DateTimeField, Expr, Function, Interval};
use sqlparser::parser::Parser;
use sqlparser::tokenizer::Token;

use super::calls::{arguments, function, text, text_of};
use crate::carriers;
use crate::syntax::words::{Parsed, Words, one_of, wrong};

/// The units of an interval, from the longest on.
const UNITS: [&str; 8] = [
    "YEAR", "QUARTER", "MONTH", "WEEK", "DAY", "HOUR", "MINUTE", "SECOND",
];

const SECOND_MS: i64 = 1000;
const MINUTE_MS: i64 = 60 * SECOND_MS;
const HOUR_MS: i64 = 60 * MINUTE_MS;
const DAY_MS: i64 = 24 * HOUR_MS;

/// How long an interval is. Flink counts months, or milliseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum IntervalValue {
    /// Years, quarters and months
    Months(i64),
    /// Weeks to seconds
    Milliseconds(i64),
}

/// An interval as it is written: `INTERVAL '1 10' DAY TO HOUR`.
///
/// ```
/// use hurtig_sql_parser::{IntervalLiteral, IntervalValue, parse_expression};
///
/// let value = |sql| IntervalLiteral::from_expr(&parse_expression(sql).unwrap()).unwrap().value();
/// assert_eq!(value("INTERVAL '10' MINUTES"), Some(IntervalValue::Milliseconds(600_000)));
/// assert_eq!(value("INTERVAL -'1-6' YEAR TO MONTH"), Some(IntervalValue::Months(-18)));
/// assert_eq!(value("INTERVAL '1 02:03:04.5' DAY TO SECOND"), Some(IntervalValue::Milliseconds(93_784_500)));
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IntervalLiteral {
    /// What is between the quotes; a sign before them is its first character.
    pub text: String,
    /// The first unit, in capitals, singular.
    pub from: &'static str,
    /// The unit behind TO, or the same.
    pub to: &'static str,
    /// What is behind INTERVAL and the text, with its precisions.
    qualifier: String,
}

impl IntervalLiteral {
    /// Reads an interval in an expression's tree, in both forms in which it may be there; `None` if it is something else.
    pub fn from_expr(expr: &Expr) -> Option<Self> {
        match expr {
            Expr::Interval(interval) => Self::from_native(interval),
            Expr::Function(function) => Self::from_carrier(function),
            _ => None,
        }
    }

    fn from_native(interval: &Interval) -> Option<Self> {
        let unit = interval.leading_field.as_ref()?.to_string();
        let from = UNITS.into_iter().find(|known| *known == unit)?;
        let text = text_of(&interval.value)?.to_owned();
        Some(Self {
            text,
            from,
            to: from,
            qualifier: unit,
        })
    }

    fn from_carrier(function: &Function) -> Option<Self> {
        if function.name.to_string() != carriers::INTERVAL {
            return None;
        }
        let args = arguments(function)?;
        let [value, qualifier] = args.as_slice() else {
            return None;
        };
        let (text, qualifier) = (text_of(value)?.to_owned(), text_of(qualifier)?.to_owned());
        let (first, last) = qualifier
            .split_once(" TO ")
            .unwrap_or((&qualifier, &qualifier));
        let unit = |part: &str| {
            let name = part.split('(').next();
            UNITS.into_iter().find(|unit| Some(*unit) == name)
        };
        let (from, to) = (unit(first)?, unit(last)?);
        Some(Self {
            text,
            from,
            to,
            qualifier,
        })
    }

    /// How long it is. `None` if the text does not fit its units; no parsed literal is so.
    pub fn value(&self) -> Option<IntervalValue> {
        let (sign, text) = match self.text.strip_prefix('-') {
            Some(text) => (-1, text),
            None => (1, self.text.strip_prefix('+').unwrap_or(&self.text)),
        };
        let units = units_between(self.from, self.to);
        let mut rest = text.trim();
        let mut total = 0_i64;
        for (n, unit) in units.iter().enumerate() {
            let separator = match units.get(n + 1) {
                Some(next) => separator_before(next),
                None => '\0',
            };
            let (part, behind) = rest.split_once(separator).unwrap_or((rest, ""));
            let value = part_value(part, unit)?;
            if n > 0 && value >= limit(unit) {
                return None;
            }
            total = total.checked_add(value)?;
            rest = behind;
        }
        let total = (rest.is_empty() || units.len() == 1).then_some(sign * total)?;
        Some(if is_months(self.from) {
            IntervalValue::Months(total)
        } else {
            IntervalValue::Milliseconds(total)
        })
    }
}

impl std::fmt::Display for IntervalLiteral {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "INTERVAL {} {}",
            crate::quote::string(&self.text),
            self.qualifier
        )
    }
}

fn is_months(unit: &str) -> bool {
    matches!(unit, "YEAR" | "QUARTER" | "MONTH")
}

/// The units that the text has a number for.
fn units_between(from: &str, to: &str) -> Vec<&'static str> {
    let units: &[&str] = if is_months(from) {
        &["YEAR", "MONTH"]
    } else {
        &["DAY", "HOUR", "MINUTE", "SECOND"]
    };
    let single = UNITS.into_iter().filter(|unit| from == to && *unit == from);
    let first = units.iter().position(|unit| *unit == from);
    let last = units.iter().position(|unit| *unit == to);
    match (first, last) {
        (Some(first), Some(last)) if first < last => {
            units.iter().take(last + 1).skip(first).copied().collect()
        }
        _ => single.collect(),
    }
}

fn separator_before(unit: &str) -> char {
    match unit {
        "MONTH" => '-',
        "HOUR" => ' ',
        _ => ':',
    }
}

/// How long one of a unit is: in months, or in milliseconds.
fn length(unit: &str) -> i64 {
    match unit {
        "YEAR" => 12,
        "QUARTER" => 3,
        "MONTH" => 1,
        "WEEK" => 7 * DAY_MS,
        "DAY" => DAY_MS,
        "HOUR" => HOUR_MS,
        "MINUTE" => MINUTE_MS,
        _ => SECOND_MS,
    }
}

/// What a number behind another stays below.
fn limit(unit: &str) -> i64 {
    match unit {
        "MONTH" => 12,
        "HOUR" => DAY_MS,
        "MINUTE" => HOUR_MS,
        _ => MINUTE_MS,
    }
}

fn part_value(part: &str, unit: &str) -> Option<i64> {
    let (whole, fraction) = match part.split_once('.') {
        Some((whole, fraction)) if unit == "SECOND" => (whole, fraction),
        Some(_) => return None,
        None => (part, ""),
    };
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if whole.is_empty() || !digits(whole) || !digits(fraction) {
        return None;
    }
    let milliseconds = format!("{fraction:0<3}").get(..3)?.parse::<i64>().ok()?;
    whole
        .parse::<i64>()
        .ok()?
        .checked_mul(length(unit))?
        .checked_add(milliseconds)
}

/// `INTERVAL [sign] 'text' unit [TO unit]`
pub(super) fn literal(p: &mut Parser<'_>) -> Parsed<Expr> {
    p.advance_token();
    let negative = p.consume_token(&Token::Minus);
    if !negative {
        let _ = p.consume_token(&Token::Plus);
    }
    let at = p.here();
    let text = signed(p.string()?, negative);
    let (from, mut qualifier) = unit(p)?;
    let to = if p.eat(&["TO"]) {
        let (to, second) = unit(p)?;
        qualifier = format!("{qualifier} TO {second}");
        to
    } else {
        from
    };
    if units_between(from, to).is_empty() {
        return wrong(format!("no interval goes from {from} to {to}"), at);
    }
    let literal = IntervalLiteral {
        text,
        from,
        to,
        qualifier,
    };
    if literal.value().is_none() {
        let message = format!(
            "'{}' is no {}: write {}",
            literal.text,
            describe(from, to),
            example(from, to)
        );
        return wrong(message, at);
    }
    Ok(carried(literal))
}

fn signed(text: String, negative: bool) -> String {
    match (negative, text.strip_prefix('-')) {
        (false, _) => text,
        (true, Some(positive)) => positive.to_owned(),
        (true, None) => format!("-{}", text.trim_start_matches('+')),
    }
}

fn carried(literal: IntervalLiteral) -> Expr {
    let simple = literal.qualifier == literal.from && literal.text.trim() == literal.text;
    let field = match literal.from {
        "YEAR" => Some(DateTimeField::Year),
        "MONTH" => Some(DateTimeField::Month),
        "WEEK" => Some(DateTimeField::Week(None)),
        "DAY" => Some(DateTimeField::Day),
        "HOUR" => Some(DateTimeField::Hour),
        "MINUTE" => Some(DateTimeField::Minute),
        "SECOND" => Some(DateTimeField::Second),
        _ => None,
    };
    match field {
        Some(field) if simple => Expr::Interval(Interval {
            value: Box::new(text(&literal.text)),
            leading_field: Some(field),
            leading_precision: None,
            last_field: None,
            fractional_seconds_precision: None,
        }),
        _ => function(
            carriers::INTERVAL,
            vec![text(&literal.text), text(&literal.qualifier)],
        ),
    }
}

/// A unit, and how it is written with its precision.
fn unit(p: &mut Parser<'_>) -> Parsed<(&'static str, String)> {
    let word = match &p.peek_token_ref().token {
        Token::Word(word) if word.quote_style.is_none() => word.value.to_ascii_uppercase(),
        _ => String::new(),
    };
    let singular = word.strip_suffix('S').unwrap_or(&word);
    let Some(unit) = UNITS.into_iter().find(|unit| *unit == singular) else {
        return p.expected_ref(&one_of(&UNITS), p.peek_token_ref());
    };
    p.advance_token();
    let mut written = unit.to_owned();
    // A bracket behind a unit is its precision: nothing else follows a literal with a bracket.
    if p.consume_token(&Token::LParen) {
        let precision = p.number()?;
        let fraction = if p.consume_token(&Token::Comma) {
            Some(p.number()?)
        } else {
            None
        };
        p.expect_token(&Token::RParen)?;
        written = match fraction {
            Some(fraction) => format!("{unit}({precision}, {fraction})"),
            None => format!("{unit}({precision})"),
        };
    }
    Ok((unit, written))
}

fn describe(from: &str, to: &str) -> String {
    if from == to {
        format!("number of {from}s")
    } else {
        format!("interval {from} TO {to}")
    }
}

fn example(from: &str, to: &str) -> &'static str {
    match (from, to) {
        ("YEAR", "MONTH") => "'1-6'",
        ("DAY", "HOUR") => "'1 10'",
        ("DAY", "MINUTE") => "'1 10:30'",
        ("DAY", "SECOND") => "'1 10:30:15.5'",
        ("HOUR", "MINUTE") => "'10:30'",
        ("HOUR", "SECOND") => "'10:30:15.5'",
        ("MINUTE", "SECOND") => "'30:15.5'",
        ("SECOND", _) => "'15.5'",
        _ => "'15'",
    }
}
