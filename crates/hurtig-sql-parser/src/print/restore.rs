//! The other way round: what was carried in a tree becomes Flink's text again.
//!
//! An identifier without quotes is printed as it is. So whatever sqlparser would print in its own way is replaced by an
//! identifier that is the text, from the leaves on.

use std::fmt::{Display, Write};
use std::ops::ControlFlow;

use sqlparser::ast::{
    Expr, Function, FunctionArg, FunctionArgExpr, Ident, MapEntry, ObjectName, TableFactor,
    UnaryOperator, Value, ValueWithSpan, VisitorMut, WindowType,
};

use super::list;
use crate::carriers;
use crate::dialect::{IntervalLiteral, TableArgument, arguments, plain_function, text_of};
use crate::hints::Hint;
use crate::quote::string;

pub(super) struct Restore;

/// Marks a carrier below NOT.
const NOT: &str = " NOT";

impl VisitorMut for Restore {
    type Break = ();

    fn pre_visit_expr(&mut self, expr: &mut Expr) -> ControlFlow<()> {
        // `NOT (x IS JSON)` is `x IS NOT JSON`, which binds as tightly as what it was.
        if let Expr::UnaryOp {
            op: UnaryOperator::Not,
            expr: inner,
        } = expr
            && let Expr::Function(function) = inner.as_mut()
            && matches!(
                carrier(function).as_str(),
                carriers::IS_JSON | carriers::BETWEEN_SYMMETRIC
            )
        {
            let mut function = function.clone();
            function.name.0.extend(ObjectName::from(Ident::new(NOT)).0);
            *expr = Expr::Function(function);
        }
        ControlFlow::Continue(())
    }

    fn post_visit_expr(&mut self, expr: &mut Expr) -> ControlFlow<()> {
        let text = match expr {
            Expr::Function(function) => call(function).or_else(|| {
                unit_first(function);
                None
            }),
            // Two of them would begin a comment.
            Expr::UnaryOp {
                op: UnaryOperator::Minus,
                expr: inner,
            } => {
                let inner = inner.to_string();
                inner.starts_with('-').then(|| format!("- {inner}"))
            }
            Expr::Map(map) => Some(format!("MAP[{}]", list(map.entries.iter().map(entry)))),
            _ => None,
        };
        if let Some(text) = text {
            *expr = raw(text);
        }
        ControlFlow::Continue(())
    }

    fn pre_visit_table_factor(&mut self, factor: &mut TableFactor) -> ControlFlow<()> {
        // Hints come between a table's name and its alias.
        let hints = Hint::of_table(factor);
        if let TableFactor::Table {
            name, with_hints, ..
        } = factor
            && !hints.is_empty()
        {
            with_hints.clear();
            *name = ident(format!("{name} /*+ {} */", list(hints)));
        }
        ControlFlow::Continue(())
    }

    fn post_visit_table_factor(&mut self, factor: &mut TableFactor) -> ControlFlow<()> {
        match factor {
            // So does FOR SYSTEM_TIME.
            TableFactor::Table { name, version, .. } => {
                if let Some(version) = version.take() {
                    *name = ident(format!("{name} {version}"));
                }
            }
            TableFactor::Function {
                lateral: true,
                name,
                args,
                ..
            } => {
                let called = plain_function(std::mem::replace(name, ident("TABLE")), Vec::new());
                let called = with_arguments(called, std::mem::take(args));
                args.push(FunctionArg::Unnamed(FunctionArgExpr::Expr(Expr::Function(
                    called,
                ))));
            }
            TableFactor::MatchRecognize { .. } => match_recognize(factor),
            _ => {}
        }
        ControlFlow::Continue(())
    }

    fn post_visit_value(&mut self, value: &mut ValueWithSpan) -> ControlFlow<()> {
        // The printer below takes some quotes in a text for escaped ones.
        if let Value::SingleQuotedString(text) = &value.value
            && text.contains('\'')
        {
            value.value = Value::Placeholder(string(text).to_string());
        }
        ControlFlow::Continue(())
    }
}

fn raw(text: String) -> Expr {
    Expr::Identifier(Ident::new(text))
}

fn ident(text: impl Into<String>) -> ObjectName {
    ObjectName::from(Ident::new(text.into()))
}

fn entry(entry: &MapEntry) -> String {
    format!("{}, {}", entry.key, entry.value)
}

fn with_arguments(mut function: Function, args: Vec<FunctionArg>) -> Function {
    if let sqlparser::ast::FunctionArguments::List(list) = &mut function.args {
        list.args = args;
    }
    function
}

/// The first part of a function's name.
fn carrier(function: &Function) -> String {
    match function.name.0.first().and_then(|part| part.as_ident()) {
        Some(ident) if ident.quote_style.is_none() => ident.value.clone(),
        _ => String::new(),
    }
}

/// Units as first arguments are words.
fn unit_first(function: &mut Function) {
    let name = function.name.to_string().to_ascii_uppercase();
    if matches!(name.as_str(), "TIMESTAMPADD" | "TIMESTAMPDIFF")
        && let sqlparser::ast::FunctionArguments::List(list) = &mut function.args
        && let Some(FunctionArg::Unnamed(FunctionArgExpr::Expr(first))) = list.args.first_mut()
        && let Some(unit) = text_of(first)
    {
        *first = raw(unit.to_owned());
    }
}

/// The text of a call that carries something else.
fn call(function: &Function) -> Option<String> {
    let carrier = carrier(function);
    if !carrier.starts_with("__") {
        return None;
    }
    let args = arguments(function)?;
    let not = if function.name.0.len() > 1 { NOT } else { "" };
    let word = |expr: &Expr| text_of(expr).map(str::to_owned);
    Some(match (carrier.as_str(), args.as_slice()) {
        (carriers::FLOOR_TO, [x, unit]) => format!("FLOOR({x} TO {})", word(unit)?),
        (carriers::CEIL_TO, [x, unit]) => format!("CEIL({x} TO {})", word(unit)?),
        (carriers::INTERVAL, _) => {
            IntervalLiteral::from_expr(&Expr::Function(function.clone()))?.to_string()
        }
        (carriers::BETWEEN_SYMMETRIC, [x, a, b]) => {
            format!("{x}{not} BETWEEN SYMMETRIC {a} AND {b}")
        }
        (carriers::IS_JSON, [x, kind]) => format!("{x} IS{not} JSON {}", word(kind)?),
        (carriers::JSON_EXISTS, [x, path, on_error]) => {
            format!("JSON_EXISTS({x}, {path} {} ON ERROR)", word(on_error)?)
        }
        (carriers::JSON_VALUE, [x, path, t, empty, d, error, e]) => format!(
            "JSON_VALUE({x}, {path} RETURNING {} {} ON EMPTY {} ON ERROR)",
            word(t)?,
            behaviour(&word(empty)?, d),
            behaviour(&word(error)?, e)
        ),
        (carriers::JSON_QUERY, [x, path, t, wrapper, empty, error]) => format!(
            "JSON_QUERY({x}, {path} RETURNING {} {} ON EMPTY {} ON ERROR)",
            with_wrapper(&word(t)?, &word(wrapper)?),
            word(empty)?,
            word(error)?
        ),
        (carriers::JSON_OBJECT, [on_null, members @ ..]) => {
            format!(
                "JSON_OBJECT({}{} ON NULL)",
                members_of(members),
                word(on_null)?
            )
        }
        (carriers::JSON_ARRAY, [on_null, items @ ..]) => {
            let blank = if items.is_empty() { "" } else { " " };
            format!(
                "JSON_ARRAY({}{blank}{} ON NULL)",
                list(items),
                word(on_null)?
            )
        }
        (carriers::TABLE, _) => table_argument(function)?,
        (aggregate, args) => aggregated(aggregate, args, function)?,
    })
}

fn behaviour(word: &str, default: &Expr) -> String {
    if word == "DEFAULT" {
        format!("DEFAULT {default}")
    } else {
        word.to_owned()
    }
}

fn with_wrapper(data_type: &str, wrapper: &str) -> String {
    match wrapper {
        "WITHOUT" => format!("{data_type} WITHOUT WRAPPER"),
        kind => format!("{data_type} WITH {kind} WRAPPER"),
    }
}

/// `KEY k VALUE v, … `, with a blank behind it if there are any.
fn members_of(members: &[&Expr]) -> String {
    let pairs = members.chunks(2).filter_map(|pair| match pair {
        [key, value] => Some(format!("KEY {key} VALUE {value}")),
        _ => None,
    });
    let members = list(pairs);
    if members.is_empty() {
        members
    } else {
        format!("{members} ")
    }
}

fn aggregated(carrier: &str, args: &[&Expr], function: &Function) -> Option<String> {
    let mut text = match (carrier, args) {
        (carriers::JSON_OBJECTAGG_NULL, [k, v]) => {
            format!("JSON_OBJECTAGG(KEY {k} VALUE {v} NULL ON NULL)")
        }
        (carriers::JSON_OBJECTAGG_ABSENT, [k, v]) => {
            format!("JSON_OBJECTAGG(KEY {k} VALUE {v} ABSENT ON NULL)")
        }
        (carriers::JSON_ARRAYAGG_NULL, [x]) => format!("JSON_ARRAYAGG({x} NULL ON NULL)"),
        (carriers::JSON_ARRAYAGG_ABSENT, [x]) => format!("JSON_ARRAYAGG({x} ABSENT ON NULL)"),
        _ => return None,
    };
    if let Some(filter) = &function.filter {
        let _ = write!(text, " FILTER (WHERE {filter})");
    }
    match &function.over {
        Some(WindowType::WindowSpec(spec)) => {
            let _ = write!(text, " OVER ({spec})");
        }
        Some(WindowType::NamedWindow(name)) => {
            let _ = write!(text, " OVER {name}");
        }
        None => {}
    }
    Some(text)
}

fn table_argument(function: &Function) -> Option<String> {
    let call = Expr::Function(function.clone());
    let argument = TableArgument::from_expr(&call)?;
    let mut text = match argument.table() {
        Some(table) => format!("TABLE {table}"),
        None => format!("TABLE ({})", argument.query),
    };
    if !argument.partition_by.is_empty() {
        let _ = write!(text, " PARTITION BY {}", one_or_list(argument.partition_by));
    }
    if !argument.order_by.is_empty() {
        let _ = write!(text, " ORDER BY {}", one_or_list(argument.order_by));
    }
    Some(text)
}

fn one_or_list<T: Display>(items: &[T]) -> String {
    match items {
        [one] => one.to_string(),
        many => format!("({})", list(many)),
    }
}

/// Written whole, for WITHIN comes between two of its clauses.
fn match_recognize(factor: &mut TableFactor) {
    let TableFactor::MatchRecognize {
        table,
        partition_by,
        order_by,
        measures,
        rows_per_match,
        after_match_skip,
        pattern,
        symbols,
        alias,
    } = factor
    else {
        return;
    };
    let within = symbols
        .first()
        .filter(|symbol| symbol.symbol.value == carriers::WITHIN);
    let within = within.map(|symbol| format!("WITHIN {}", symbol.definition));
    let defined = symbols.iter().skip(usize::from(within.is_some()));
    let clauses = [
        listed("PARTITION BY", partition_by),
        listed("ORDER BY", order_by),
        listed("MEASURES", measures),
        rows_per_match.as_ref().map(ToString::to_string),
        after_match_skip.as_ref().map(ToString::to_string),
        Some(format!("PATTERN ({pattern})")),
        within,
        Some(format!("DEFINE {}", list(defined))),
    ];
    let clauses = clauses.into_iter().flatten().collect::<Vec<_>>().join(" ");
    let alias = alias
        .as_ref()
        .map(|alias| format!(" {alias}"))
        .unwrap_or_default();
    *factor = TableFactor::Table {
        name: ident(format!("{table} MATCH_RECOGNIZE ({clauses}){alias}")),
        alias: None,
        args: None,
        with_hints: Vec::new(),
        version: None,
        with_ordinality: false,
        partitions: Vec::new(),
        json_path: None,
        sample: None,
        index_hints: Vec::new(),
    };
}

fn listed<T: Display>(words: &str, items: &[T]) -> Option<String> {
    (!items.is_empty()).then(|| format!("{words} {}", list(items)))
}
