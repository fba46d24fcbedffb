//! SQL's functions on JSON, whose clauses become arguments.

use sqlparser::ast::{Expr, Function, Ident, ObjectName, WindowType};
use sqlparser::parser::{Parser, ParserError};
use sqlparser::tokenizer::Token;

use super::calls::{function, negate, null, plain_function, text};
use crate::carriers;
use crate::lex::is_word;
use crate::syntax::words::{Parsed, Words, wrong};
use crate::types;

/// A call of this name, if it is one of these.
pub(super) fn call(p: &mut Parser<'_>, name: &str) -> Option<Result<Expr, ParserError>> {
    let grammar: fn(&mut Parser<'_>) -> Parsed<Expr> = match name {
        "JSON_EXISTS" => exists,
        "JSON_VALUE" => value,
        "JSON_QUERY" => query,
        "JSON_OBJECT" => object,
        "JSON_ARRAY" => array,
        "JSON_OBJECTAGG" => object_aggregate,
        "JSON_ARRAYAGG" => array_aggregate,
        _ => return None,
    };
    p.advance_token();
    Some(grammar(p))
}

/// `x IS [NOT] JSON [VALUE | OBJECT | ARRAY | SCALAR]`
pub(super) fn is_json(p: &mut Parser<'_>, value: &Expr) -> Option<Result<Expr, ParserError>> {
    let negated = p.eat(&["IS", "NOT", "JSON"]);
    if !negated && !p.eat(&["IS", "JSON"]) {
        return None;
    }
    let kind = p
        .one_of(&["VALUE", "OBJECT", "ARRAY", "SCALAR"])
        .unwrap_or("VALUE");
    Some(Ok(negate(
        negated,
        function(carriers::IS_JSON, vec![value.clone(), text(kind)]),
    )))
}

/// What all that read a path begin with.
fn input_and_path(p: &mut Parser<'_>) -> Parsed<Vec<Expr>> {
    let input = p.parse_expr()?;
    p.expect_token(&Token::Comma)?;
    Ok(vec![input, p.parse_expr()?])
}

/// `JSON_EXISTS(x, 'path' [{TRUE | FALSE | UNKNOWN | ERROR} ON ERROR])`
fn exists(p: &mut Parser<'_>) -> Parsed<Expr> {
    p.in_brackets(|p| {
        let mut args = input_and_path(p)?;
        let on_error = p.one_of(&["TRUE", "FALSE", "UNKNOWN", "ERROR"]);
        if on_error.is_some() {
            p.need(&["ON", "ERROR"])?;
        }
        args.push(text(on_error.unwrap_or("FALSE")));
        Ok(function(carriers::JSON_EXISTS, args))
    })
}

/// `JSON_VALUE(x, 'path' [RETURNING t] [{NULL | ERROR | DEFAULT d} ON EMPTY] [… ON ERROR])`
fn value(p: &mut Parser<'_>) -> Parsed<Expr> {
    p.in_brackets(|p| {
        let mut args = input_and_path(p)?;
        args.push(text(&returning(p)?));
        let mut clauses = [None, None];
        while let Some(behaviour) = p.one_of(&["NULL", "ERROR", "DEFAULT"]) {
            let default = if behaviour == "DEFAULT" {
                p.parse_expr()?
            } else {
                null()
            };
            on(p, &mut clauses, (behaviour, default))?;
        }
        for clause in clauses {
            let (behaviour, default) = clause.unwrap_or(("NULL", null()));
            args.extend([text(behaviour), default]);
        }
        Ok(function(carriers::JSON_VALUE, args))
    })
}

/// `JSON_QUERY(x, 'path' [RETURNING t] [… WRAPPER] [{NULL | EMPTY ARRAY | EMPTY OBJECT | ERROR} ON EMPTY] [… ON ERROR])`
fn query(p: &mut Parser<'_>) -> Parsed<Expr> {
    p.in_brackets(|p| {
        let mut args = input_and_path(p)?;
        args.push(text(&returning(p)?));
        args.push(text(wrapper(p)?));
        let mut clauses = [None, None];
        while let Some(word) = p.one_of(&["NULL", "ERROR", "EMPTY"]) {
            let behaviour = match word {
                "EMPTY" if p.need_one_of(&["ARRAY", "OBJECT"])? == "ARRAY" => "EMPTY ARRAY",
                "EMPTY" => "EMPTY OBJECT",
                word => word,
            };
            on(p, &mut clauses, behaviour)?;
        }
        args.extend(clauses.map(|clause| text(clause.unwrap_or("NULL"))));
        Ok(function(carriers::JSON_QUERY, args))
    })
}

fn returning(p: &mut Parser<'_>) -> Parsed<String> {
    if p.eat(&["RETURNING"]) {
        Ok(types::plain_type(p)?.to_string())
    } else {
        Ok("STRING".to_owned())
    }
}

/// `ON EMPTY` or `ON ERROR`, each at most once.
fn on<T>(p: &mut Parser<'_>, clauses: &mut [Option<T>; 2], clause: T) -> Parsed<()> {
    p.need(&["ON"])?;
    let at = p.here();
    let word = p.need_one_of(&["EMPTY", "ERROR"])?;
    let [on_empty, on_error] = clauses;
    let slot = if word == "EMPTY" { on_empty } else { on_error };
    match slot.replace(clause) {
        None => Ok(()),
        Some(_) => wrong(format!("ON {word} is there twice"), at),
    }
}

fn wrapper(p: &mut Parser<'_>) -> Parsed<&'static str> {
    let wrapper = match p.one_of(&["WITHOUT", "WITH"]) {
        None => return Ok("WITHOUT"),
        Some("WITHOUT") => "WITHOUT",
        Some(_) => p
            .one_of(&["CONDITIONAL", "UNCONDITIONAL"])
            .unwrap_or("UNCONDITIONAL"),
    };
    p.eat(&["ARRAY"]);
    p.need(&["WRAPPER"])?;
    Ok(wrapper)
}

/// `{NULL | ABSENT} ON NULL`, or nothing.
fn on_null(p: &mut Parser<'_>, default: &'static str) -> &'static str {
    if p.eat(&["NULL", "ON", "NULL"]) {
        "NULL"
    } else if p.eat(&["ABSENT", "ON", "NULL"]) {
        "ABSENT"
    } else {
        default
    }
}

/// `JSON_OBJECT([KEY] k VALUE v, … [NULL ON NULL | ABSENT ON NULL])`
fn object(p: &mut Parser<'_>) -> Parsed<Expr> {
    p.in_brackets(|p| {
        let mut members = Vec::new();
        while !p.at_token(&Token::RParen) && !p.at(&["NULL", "ON"]) && !p.at(&["ABSENT", "ON"]) {
            if !members.is_empty() {
                p.expect_token(&Token::Comma)?;
            }
            members.extend(member(p)?);
        }
        let on_null = text(on_null(p, "NULL"));
        Ok(function(
            carriers::JSON_OBJECT,
            std::iter::once(on_null).chain(members).collect(),
        ))
    })
}

/// `[KEY] k VALUE v`, or `k: v`
fn member(p: &mut Parser<'_>) -> Parsed<[Expr; 2]> {
    // KEY may be a column as well: then VALUE follows, or a point.
    let next = &p.peek_nth_token_ref(1).token;
    if p.at(&["KEY"]) && !is_word(next, "VALUE") && next != &Token::Period {
        p.advance_token();
    }
    let key = p.parse_expr()?;
    if !p.consume_token(&Token::Colon) {
        p.need(&["VALUE"])?;
    }
    Ok([key, p.parse_expr()?])
}

/// `JSON_ARRAY(a, … [NULL ON NULL | ABSENT ON NULL])`
fn array(p: &mut Parser<'_>) -> Parsed<Expr> {
    p.in_brackets(|p| {
        let mut items = Vec::new();
        while !p.at_token(&Token::RParen) && !p.at(&["NULL", "ON"]) && !p.at(&["ABSENT", "ON"]) {
            if !items.is_empty() {
                p.expect_token(&Token::Comma)?;
            }
            items.push(p.parse_expr()?);
        }
        let on_null = text(on_null(p, "ABSENT"));
        Ok(function(
            carriers::JSON_ARRAY,
            std::iter::once(on_null).chain(items).collect(),
        ))
    })
}

/// `JSON_OBJECTAGG([KEY] k VALUE v [NULL ON NULL | ABSENT ON NULL])`
fn object_aggregate(p: &mut Parser<'_>) -> Parsed<Expr> {
    let (members, on_null) = p.in_brackets(|p| {
        let members = member(p)?;
        Ok((members, on_null(p, "NULL")))
    })?;
    let carrier = match on_null {
        "NULL" => carriers::JSON_OBJECTAGG_NULL,
        _ => carriers::JSON_OBJECTAGG_ABSENT,
    };
    aggregate(p, carrier, members.into())
}

/// `JSON_ARRAYAGG(x [NULL ON NULL | ABSENT ON NULL])`
fn array_aggregate(p: &mut Parser<'_>) -> Parsed<Expr> {
    let (item, on_null) = p.in_brackets(|p| {
        let item = p.parse_expr()?;
        Ok((item, on_null(p, "ABSENT")))
    })?;
    let carrier = match on_null {
        "NULL" => carriers::JSON_ARRAYAGG_NULL,
        _ => carriers::JSON_ARRAYAGG_ABSENT,
    };
    aggregate(p, carrier, vec![item])
}

/// A call with `FILTER (WHERE …)` and `OVER (…)` behind it, if they are there.
fn aggregate(p: &mut Parser<'_>, carrier: &str, args: Vec<Expr>) -> Parsed<Expr> {
    let mut function = plain_function(ObjectName::from(Ident::new(carrier)), args);
    if p.eat(&["FILTER"]) {
        let filter = p.in_brackets(|p| {
            p.need(&["WHERE"])?;
            p.parse_expr()
        })?;
        function.filter = Some(Box::new(filter));
    }
    over(p, &mut function)?;
    Ok(Expr::Function(function))
}

fn over(p: &mut Parser<'_>, function: &mut Function) -> Parsed<()> {
    if p.eat(&["OVER"]) {
        function.over = Some(if p.consume_token(&Token::LParen) {
            WindowType::WindowSpec(p.parse_window_spec()?)
        } else {
            WindowType::NamedWindow(p.name()?)
        });
    }
    Ok(())
}
