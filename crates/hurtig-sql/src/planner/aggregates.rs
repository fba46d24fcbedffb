//! Functions of many rows in terms of others.
//!
//! | Flink | Becomes |
//! |---|---|
//! | `LAG(x, n, d) OVER w` | the first of `ARRAY_AGG(x) OVER (w ROWS n PRECEDING)` if it has more than n items; d if that is NULL |
//! | `RANK() OVER w` | the rows so far, less those of this rank, and one, by two counts with RANGE |
//! | `DENSE_RANK() OVER (… ORDER BY x)` | `COUNT(DISTINCT ROW(x)) OVER (… RANGE …)` |
//! | `FIRST_VALUE(x) OVER w` | the aggregate, under a name that DataFusion has no function of its own for |
//! | `JSON_ARRAYAGG(x)` | `JSON_STRING(ARRAY_AGG(x))`, `[]` of none |
//! | `JSON_OBJECTAGG(KEY k VALUE v)` | its entries, joined |
//! | `GROUPING_ID(…)`, `GROUP_ID()` | `GROUPING(…)`, 0, as BIGINT |

use hurtig_sql_parser::carriers;
use sqlparser::ast::{
    BinaryOperator, DuplicateTreatment, Expr, Function, FunctionArguments, Ident, ObjectName,
    Value, WindowFrame, WindowFrameBound, WindowFrameUnits, WindowSpec, WindowType,
};

use super::calls::{arguments, binary, call, case, function, string};
use super::rewrite::bare;

/// What the call is in terms of others, if it is one of these.
pub(super) fn of_others(function: &Function) -> Option<Expr> {
    let list = arguments(function)?;
    if let Some(window) = window_of(function) {
        let name = function.name.to_string().to_uppercase();
        return over(&name, &list, &window, function);
    }
    let name = function.name.to_string().to_lowercase();
    let array_of = |item, counts| aggregate(function, item, counts);
    match (name.as_str(), list.as_slice()) {
        ("grouping" | "grouping_id", [_, ..]) => {
            let grouping = Expr::Function(renamed(function, "grouping"));
            Some(call("__cast", vec![grouping, string("BIGINT")]))
        }
        ("group_id", []) => Some(call("__cast", vec![string("0"), string("BIGINT")])),
        (carriers::JSON_ARRAYAGG_NULL, [item]) => Some(json_array(array_of(item.clone(), None))),
        (carriers::JSON_ARRAYAGG_ABSENT, [item]) => {
            Some(json_array(array_of(item.clone(), Some(is_there(item)))))
        }
        (carriers::JSON_OBJECTAGG_NULL, [key, value]) => {
            Some(json_object(array_of(entry(key, value), None)))
        }
        (carriers::JSON_OBJECTAGG_ABSENT, [key, value]) => {
            let is_there = is_there(value);
            Some(json_object(array_of(entry(key, value), Some(is_there))))
        }
        _ => None,
    }
}

fn window_of(function: &Function) -> Option<WindowSpec> {
    match function.over.as_ref()? {
        WindowType::WindowSpec(window) => Some(window.clone()),
        WindowType::NamedWindow(name) => Some(WindowSpec {
            window_name: Some(name.clone()),
            partition_by: Vec::new(),
            order_by: Vec::new(),
            window_frame: None,
        }),
    }
}

fn over(name: &str, list: &[Expr], window: &WindowSpec, function: &Function) -> Option<Expr> {
    match (name, list) {
        ("LAG", [value]) => lag(value, &literal("1"), None, window),
        ("LAG", [value, far]) => lag(value, far, None, window),
        ("LAG", [value, far, otherwise]) => lag(value, far, Some(otherwise), window),
        ("RANK", []) => {
            let before = count_over(window, None);
            let alike = count_over(window, Some(WindowFrameBound::CurrentRow));
            let rows = binary(&before, &BinaryOperator::Minus, &alike);
            let rank = binary(&rows, &BinaryOperator::Plus, &literal("1"));
            Some(Expr::Nested(Box::new(rank)))
        }
        ("DENSE_RANK", []) => {
            let [order] = window.order_by.as_slice() else {
                return None;
            };
            let mut count = in_frame("count", vec![order.expr.clone()], window, range(None));
            if let FunctionArguments::List(list) = &mut count.args {
                list.duplicate_treatment = Some(DuplicateTreatment::Distinct);
            }
            Some(Expr::Function(count))
        }
        ("FIRST_VALUE", [_]) => Some(Expr::Function(renamed(function, "__first_value"))),
        ("LAST_VALUE", [_]) => Some(Expr::Function(renamed(function, "__last_value"))),
        _ => None,
    }
}

/// The value so many rows before: the first of a frame that begins there, if there are so many.
fn lag(value: &Expr, far: &Expr, otherwise: Option<&Expr>, window: &WindowSpec) -> Option<Expr> {
    let mut far = far.clone();
    bare(&mut far);
    let frame = WindowFrame {
        units: WindowFrameUnits::Rows,
        start_bound: WindowFrameBound::Preceding(Some(Box::new(far.clone()))),
        end_bound: Some(WindowFrameBound::CurrentRow),
    };
    let values = Expr::Function(in_frame("array_agg", vec![value.clone()], window, frame));
    let count = call("cardinality", vec![values.clone()]);
    let is_there = binary(&count, &BinaryOperator::Gt, &far);
    let first = call("__item", vec![values, literal("1")]);
    let value = case(&is_there, &first, &Expr::value(Value::Null));
    // As in Flink, NULL that is there counts as nothing there.
    Some(match otherwise {
        Some(otherwise) => call("coalesce", vec![value, otherwise.clone()]),
        None => value,
    })
}

fn count_over(window: &WindowSpec, start: Option<WindowFrameBound>) -> Expr {
    Expr::Function(in_frame("count", Vec::new(), window, range(start)))
}

/// From there, or from the beginning, to the row.
fn range(start: Option<WindowFrameBound>) -> WindowFrame {
    WindowFrame {
        units: WindowFrameUnits::Range,
        start_bound: start.unwrap_or(WindowFrameBound::Preceding(None)),
        end_bound: Some(WindowFrameBound::CurrentRow),
    }
}

fn in_frame(name: &str, arguments: Vec<Expr>, window: &WindowSpec, frame: WindowFrame) -> Function {
    let window = WindowSpec {
        window_frame: Some(frame),
        ..window.clone()
    };
    Function {
        over: Some(WindowType::WindowSpec(window)),
        ..function(name, arguments)
    }
}

fn renamed(function: &Function, name: &str) -> Function {
    Function {
        name: ObjectName::from(vec![Ident::new(name)]),
        ..function.clone()
    }
}

fn literal(digits: &str) -> Expr {
    Expr::value(Value::Number(digits.to_string(), false))
}

fn is_there(value: &Expr) -> Expr {
    Expr::IsNotNull(Box::new(Expr::Nested(Box::new(value.clone()))))
}

/// `ARRAY_AGG(item)`, of the rows that the call is of and for which this holds.
fn aggregate(of: &Function, item: Expr, counts: Option<Expr>) -> Expr {
    let filter = match (of.filter.clone(), counts) {
        (Some(filter), Some(counts)) => {
            let filter = Expr::Nested(filter);
            Some(Box::new(binary(&filter, &BinaryOperator::And, &counts)))
        }
        (filter, counts) => filter.or(counts.map(Box::new)),
    };
    Expr::Function(Function {
        filter,
        ..function("array_agg", vec![item])
    })
}

fn json_array(items: Expr) -> Expr {
    let json = call("json_string", vec![items]);
    call("coalesce", vec![json, string("[]")])
}

/// `"key":value`
fn entry(key: &Expr, value: &Expr) -> Expr {
    let text = |value: &Expr| call("json_string", vec![value.clone()]);
    let value = call("coalesce", vec![text(value), string("null")]);
    call("concat", vec![text(key), string(":"), value])
}

fn json_object(entries: Expr) -> Expr {
    let joined = call("array_join", vec![entries, string(",")]);
    let joined = call("coalesce", vec![joined, string("")]);
    call("concat", vec![string("{"), joined, string("}")])
}
