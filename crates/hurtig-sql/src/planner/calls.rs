//! Expressions of Flink's in terms of functions: what DataFusion reads otherwise, or computes otherwise, becomes a call of ours.
//!
//! | Flink | Becomes |
//! |---|---|
//! | `CAST(x AS t)`, `TRY_CAST(x AS t)` | `__cast(x, 't')`, `__try_cast(x, 't')` |
//! | `TIMESTAMP '…'`, `DATE '…'`, `TIME '…'` | a cast of the text |
//! | `x LIKE p`, unless `p` is a text without a backslash | `__like(x, p)`, with its escape if there is one |
//! | `x SIMILAR TO p` | `__similar_to(x, p)` |
//! | `SUBSTRING(x FROM a FOR b)` | `substring(x, a, b)` |
//! | `x BETWEEN SYMMETRIC a AND b` | `x BETWEEN a AND b OR x BETWEEN b AND a` |
//! | `IF(c, a, b)`, `IFNULL(a, b)` | CASE, COALESCE: they compute only what they need |
//! | `MOD(a, b)` | `a % b` |
//! | `CURRENT_DATE`, `LOCALTIME`, `LOCALTIMESTAMP`, `UNIX_TIMESTAMP()` | parts of `NOW()` |
//! | `(a, b) = (c, d)` | `a = c AND b = d` |
//! | `(a, b) OVERLAPS (c, d)` | `LEAST(a, b) <= GREATEST(c, d) AND …` |
//! | `1e3` | a cast of the text to DOUBLE |

use hurtig_sql_parser::carriers;
use sqlparser::ast::helpers::attached_token::AttachedToken;
use sqlparser::ast::{
    AccessExpr, BinaryOperator, CaseWhen, CastKind, DataType, Expr, Function, FunctionArg,
    FunctionArgExpr, FunctionArgumentList, FunctionArguments, Ident, ObjectName, UnaryOperator,
    Value,
};

use super::aggregates::of_others;

/// The expression, rewritten; what is in it has been before.
pub(super) fn rewrite(expression: &mut Expr) {
    let rewritten = match expression {
        Expr::Cast {
            kind,
            expr,
            data_type,
            ..
        } => Some(cast(kind, expr, data_type)),
        Expr::TypedString(literal) => {
            let text = Expr::Value(literal.value.clone());
            Some(call(
                "__cast",
                vec![
                    text,
                    string(&type_of_literal(&literal.data_type, &literal.value.value)),
                ],
            ))
        }
        Expr::Like {
            negated,
            expr,
            pattern,
            escape_char,
            ..
        } => {
            let is_plain =
                escape_char.is_none() && text_of(pattern).is_some_and(|text| !text.contains('\\'));
            let escape = escape_char.clone();
            (!is_plain)
                .then(|| matching("__like", *negated, expr, pattern, escape.map(Expr::Value)))
        }
        Expr::SimilarTo {
            negated,
            expr,
            pattern,
            escape_char,
        } => {
            let escape = escape_char.clone();
            Some(matching(
                "__similar_to",
                *negated,
                expr,
                pattern,
                escape.map(Expr::Value),
            ))
        }
        Expr::Substring {
            expr,
            substring_from,
            substring_for,
            ..
        } => {
            let from = substring_from.as_deref().cloned();
            let from = from.unwrap_or_else(|| Expr::value(Value::Number("1".to_string(), false)));
            let arguments = [expr.as_ref().clone(), from].into_iter();
            let arguments = arguments.chain(substring_for.as_deref().cloned());
            Some(call("substring", arguments.collect()))
        }
        Expr::BinaryOp { left, op, right } => rows(left, op, right),
        Expr::Function(function) => of_others(function).or_else(|| of_function(function)),
        Expr::CompoundFieldAccess { access_chain, .. } => {
            access_chain.iter_mut().for_each(name_field);
            None
        }
        Expr::Tuple(values) => Some(call("row", values.clone())),
        Expr::Value(value) => number(&value.value),
        Expr::UnaryOp {
            op: UnaryOperator::Minus,
            expr,
        } => least(expr).or_else(|| negated(expr)),
        _ => None,
    };
    if let Some(rewritten) = rewritten {
        *expression = rewritten;
    }
}

fn cast(kind: &CastKind, expr: &Expr, data_type: &DataType) -> Expr {
    let name = if *kind == CastKind::TryCast {
        "__try_cast"
    } else {
        "__cast"
    };
    call(name, vec![expr.clone(), string(&data_type.to_string())])
}

/// A number with an exponent is a DOUBLE; a DECIMAL has a digit before its point, be it 0.
fn number(value: &Value) -> Option<Expr> {
    match value {
        Value::Number(digits, _) if digits.contains(['e', 'E']) => {
            Some(call("__cast", vec![string(digits), string("DOUBLE")]))
        }
        Value::Number(digits, _) => {
            let (whole, fraction) = digits.split_once('.')?;
            let is_zero = whole.bytes().all(|digit| digit == b'0');
            let scale = fraction.len();
            (is_zero && scale < 38).then(|| {
                let digits = Expr::value(value.clone());
                let data_type = format!("DECIMAL({}, {scale})", scale + 1);
                call("__cast", vec![digits, string(&data_type)])
            })
        }
        _ => None,
    }
}

/// The least INT and the least BIGINT: without their signs they would be too large.
fn least(expr: &Expr) -> Option<Expr> {
    let Expr::Value(value) = expr else {
        return None;
    };
    let (digits, data_type) = match &value.value {
        Value::Number(digits, _) if digits == "2147483648" => (digits, "INT"),
        Value::Number(digits, _) if digits == "9223372036854775808" => (digits, "BIGINT"),
        _ => return None,
    };
    let text = string(&format!("-{digits}"));
    Some(call("__cast", vec![text, string(data_type)]))
}

/// A TIMESTAMP has as many digits as are written.
fn type_of_literal(data_type: &DataType, value: &Value) -> String {
    if !matches!(data_type, DataType::Timestamp(..)) {
        return data_type.to_string();
    }
    let text = match value {
        Value::SingleQuotedString(text) => text.as_str(),
        _ => "",
    };
    let digits = text
        .split_once('.')
        .map_or(0, |(_, fraction)| fraction.trim_end().len());
    format!("TIMESTAMP({})", digits.min(9))
}

fn matching(name: &str, negated: bool, expr: &Expr, pattern: &Expr, escape: Option<Expr>) -> Expr {
    let arguments = [expr.clone(), pattern.clone()].into_iter().chain(escape);
    let call = call(name, arguments.collect());
    if !negated {
        return call;
    }
    Expr::UnaryOp {
        op: UnaryOperator::Not,
        expr: Box::new(call),
    }
}

/// Of the least number there is no other sign: it stays. A literal is one number with its sign.
fn negated(expr: &Expr) -> Option<Expr> {
    let mut bare = expr.clone();
    super::rewrite::bare(&mut bare);
    let is_literal = matches!(bare, Expr::Value(_) | Expr::Interval(_));
    (!is_literal).then(|| call("__negate", vec![expr.clone()]))
}

/// Rows are equal if all their values are; two spans of time overlap if neither is over before the other begins.
fn rows(left: &Expr, op: &BinaryOperator, right: &Expr) -> Option<Expr> {
    let (left, right) = (values_of_row(left)?, values_of_row(right)?);
    let all = match (op, left.as_slice(), right.as_slice()) {
        (BinaryOperator::Overlaps, [from, to], [other_from, other_to]) => {
            let (from, to) = span(from, to);
            let (other_from, other_to) = span(other_from, other_to);
            let begins = binary(&from, &BinaryOperator::LtEq, &other_to);
            let is_begun = binary(&other_from, &BinaryOperator::LtEq, &to);
            binary(&begins, &BinaryOperator::And, &is_begun)
        }
        (BinaryOperator::Eq | BinaryOperator::NotEq, left, right) if left.len() == right.len() => {
            let join = if *op == BinaryOperator::Eq {
                BinaryOperator::And
            } else {
                BinaryOperator::Or
            };
            let pairs = left.iter().zip(right);
            let pairs = pairs.map(|(left, right)| binary(left, op, right));
            pairs.reduce(|first, second| binary(&first, &join, &second))?
        }
        _ => return None,
    };
    Some(Expr::Nested(Box::new(all)))
}

/// The values of `(a, b)` and of `ROW(a, b)`.
pub(super) fn values_of_row(expr: &Expr) -> Option<Vec<Expr>> {
    match expr {
        Expr::Tuple(values) => Some(values.clone()),
        Expr::Nested(inner) => values_of_row(inner),
        Expr::Function(function) if function.name.to_string().eq_ignore_ascii_case("row") => {
            arguments(function)
        }
        _ => None,
    }
}

/// From when to when: the second may be how long it is, and they may come in any order.
fn span(from: &Expr, to: &Expr) -> (Expr, Expr) {
    let is_length = match to {
        Expr::Interval(_) => true,
        Expr::Function(function) => function.name.to_string() == carriers::INTERVAL,
        _ => false,
    };
    let to = if is_length {
        binary(from, &BinaryOperator::Plus, to)
    } else {
        to.clone()
    };
    let both = vec![from.clone(), to];
    (call("least", both.clone()), call("greatest", both))
}

pub(super) fn binary(left: &Expr, op: &BinaryOperator, right: &Expr) -> Expr {
    Expr::BinaryOp {
        left: Box::new(left.clone()),
        op: op.clone(),
        right: Box::new(right.clone()),
    }
}

fn of_function(function: &mut Function) -> Option<Expr> {
    let name = function.name.to_string().to_uppercase();
    let mut arguments = arguments(function)?;
    match (name.as_str(), arguments.as_mut_slice()) {
        ("IF", [condition, then, otherwise]) => Some(case(condition, then, otherwise)),
        ("IFNULL", [value, otherwise]) => {
            Some(call("coalesce", vec![value.clone(), otherwise.clone()]))
        }
        ("MOD", [left, right]) => Some(Expr::Nested(Box::new(binary(
            left,
            &BinaryOperator::Modulo,
            right,
        )))),
        ("__BETWEEN_SYMMETRIC", [value, one, other]) => {
            let forth = between(value, one, other);
            let back = between(value, other, one);
            Some(Expr::Nested(Box::new(binary(
                &forth,
                &BinaryOperator::Or,
                &back,
            ))))
        }
        ("CURRENT_DATE", []) => Some(of_now("DATE")),
        ("LOCALTIME" | "CURRENT_TIME", []) => Some(of_now("TIME(0)")),
        ("LOCALTIMESTAMP", []) => Some(of_now("TIMESTAMP(3)")),
        ("UNIX_TIMESTAMP", []) => Some(call(
            "date_part",
            vec![string("EPOCH"), call("now", Vec::new())],
        )),
        // How many places there are decides upon the type: it must be seen as the number that it is.
        ("ROUND" | "TRUNCATE", [_, places]) => {
            super::rewrite::bare(places);
            if let Expr::UnaryOp { expr, .. } = places {
                super::rewrite::bare(expr);
            }
            set_arguments(function, arguments);
            None
        }
        _ => None,
    }
}

/// `.field` behind a subscript: DataFusion's planner takes a name as a text alone.
fn name_field(access: &mut AccessExpr) {
    if let AccessExpr::Dot(Expr::Identifier(name)) = access {
        *access = AccessExpr::Dot(string(&name.value.clone()));
    }
}

/// The arguments of a plain call: no names, no clauses.
pub(super) fn arguments(function: &Function) -> Option<Vec<Expr>> {
    let list = match &function.args {
        FunctionArguments::None => return Some(Vec::new()),
        FunctionArguments::List(list) => list,
        FunctionArguments::Subquery(_) => return None,
    };
    let arguments = list.args.iter().map(|argument| match argument {
        FunctionArg::Unnamed(FunctionArgExpr::Expr(argument)) => Some(argument.clone()),
        _ => None,
    });
    arguments.collect()
}

fn set_arguments(function: &mut Function, arguments: Vec<Expr>) {
    function.args = list(arguments);
}

fn list(arguments: Vec<Expr>) -> FunctionArguments {
    let unnamed = |argument| FunctionArg::Unnamed(FunctionArgExpr::Expr(argument));
    FunctionArguments::List(FunctionArgumentList {
        duplicate_treatment: None,
        args: arguments.into_iter().map(unnamed).collect(),
        clauses: Vec::new(),
    })
}

fn of_now(data_type: &str) -> Expr {
    call("__cast", vec![call("now", Vec::new()), string(data_type)])
}

fn between(value: &Expr, low: &Expr, high: &Expr) -> Expr {
    Expr::Between {
        expr: Box::new(value.clone()),
        negated: false,
        low: Box::new(low.clone()),
        high: Box::new(high.clone()),
    }
}

pub(super) fn case(condition: &Expr, then: &Expr, otherwise: &Expr) -> Expr {
    Expr::Case {
        case_token: AttachedToken::empty(),
        end_token: AttachedToken::empty(),
        operand: None,
        conditions: vec![CaseWhen {
            condition: condition.clone(),
            result: then.clone(),
        }],
        else_result: Some(Box::new(otherwise.clone())),
    }
}

/// A call of a function by its name.
pub(super) fn call(name: &str, arguments: Vec<Expr>) -> Expr {
    Expr::Function(function(name, arguments))
}

pub(super) fn function(name: &str, arguments: Vec<Expr>) -> Function {
    Function {
        name: ObjectName::from(vec![Ident::new(name)]),
        uses_odbc_syntax: false,
        parameters: FunctionArguments::None,
        args: list(arguments),
        filter: None,
        null_treatment: None,
        over: None,
        within_group: Vec::new(),
    }
}

pub(super) fn string(text: &str) -> Expr {
    Expr::value(Value::SingleQuotedString(text.to_string()))
}

/// The type that a call of `__cast` makes.
pub(super) fn cast_of(expr: &Expr) -> Option<&str> {
    let Expr::Function(Function {
        name,
        args: FunctionArguments::List(list),
        ..
    }) = expr
    else {
        return None;
    };
    if !name.to_string().eq_ignore_ascii_case("__cast") {
        return None;
    }
    match list.args.last() {
        Some(FunctionArg::Unnamed(FunctionArgExpr::Expr(data_type))) => text_of(data_type),
        _ => None,
    }
}

fn text_of(expr: &Expr) -> Option<&str> {
    match expr {
        Expr::Value(value) => match &value.value {
            Value::SingleQuotedString(text) => Some(text),
            _ => None,
        },
        _ => None,
    }
}
