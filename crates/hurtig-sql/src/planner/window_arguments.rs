//! The arguments of window table functions.

use datafusion_common::{Result, plan_err};
use hurtig_sql_parser::{IntervalLiteral, IntervalValue, TableArgument};
use sqlparser::ast::{Expr, FunctionArg, FunctionArgExpr, FunctionArguments};

use super::nodes::WindowKind;
use super::relation::table_argument;

/// What a window table function was given.
pub(super) struct WindowArguments<'a> {
    pub(super) kind: WindowKind,
    pub(super) table: TableArgument<'a>,
    pub(super) time: &'a Expr,
}

/// The names of the arguments of each function, in order; the last is not needed.
fn names(function: &str) -> Result<&'static [&'static str]> {
    Ok(match function {
        "TUMBLE" => &["DATA", "TIMECOL", "SIZE", "OFFSET"],
        "HOP" => &["DATA", "TIMECOL", "SLIDE", "SIZE", "OFFSET"],
        "CUMULATE" => &["DATA", "TIMECOL", "STEP", "SIZE", "OFFSET"],
        "SESSION" => &["DATA", "TIMECOL", "GAP"],
        _ => {
            return plan_err!(
                "{function} is no table function: there are TUMBLE, HOP, CUMULATE and SESSION"
            );
        }
    })
}

impl<'a> WindowArguments<'a> {
    /// Reads arguments by place or by name.
    pub(super) fn read(function: &str, arguments: &[(Option<String>, &'a Expr)]) -> Result<Self> {
        let names = names(function)?;
        let mut values: Vec<Option<&'a Expr>> = vec![None; names.len()];
        for (index, (name, value)) in arguments.iter().enumerate() {
            let place = match name {
                Some(name) => names.iter().position(|known| known == name),
                None => (index < names.len()).then_some(index),
            };
            match place.and_then(|place| values.get_mut(place)) {
                Some(slot) => *slot = Some(*value),
                None => {
                    return plan_err!("{function} takes {}, and nothing else", names.join(", "));
                }
            }
        }
        let value = |name: &str| {
            let place = names.iter().position(|known| *known == name)?;
            values.get(place).copied().flatten()
        };
        let need = |name: &str| match value(name) {
            Some(expr) => Ok(expr),
            None => plan_err!("{function} lacks its argument {name}"),
        };
        let millis = |name: &str| need(name).and_then(|expr| millis(function, name, expr));
        let offset = match value("OFFSET") {
            Some(expr) => self::millis(function, "OFFSET", expr)?,
            None => 0,
        };
        let kind = match function {
            "TUMBLE" => WindowKind::Tumble {
                size: millis("SIZE")?,
                offset,
            },
            "HOP" => WindowKind::Hop {
                size: millis("SIZE")?,
                slide: millis("SLIDE")?,
                offset,
            },
            "CUMULATE" => WindowKind::Cumulate {
                max: millis("SIZE")?,
                step: millis("STEP")?,
                offset,
            },
            _ => WindowKind::Session {
                gap: millis("GAP")?,
            },
        };
        check(function, &kind)?;
        Ok(Self {
            kind,
            table: table_argument(need("DATA")?)?,
            time: descriptor(function, need("TIMECOL")?)?,
        })
    }
}

fn check(function: &str, kind: &WindowKind) -> Result<()> {
    let (whole, part) = match *kind {
        WindowKind::Tumble { size, .. } => (size, size),
        WindowKind::Session { gap } => (gap, gap),
        WindowKind::Hop { size, slide, .. } => (size, slide),
        WindowKind::Cumulate { max, step, .. } => (max, step),
    };
    if whole <= 0 || part <= 0 {
        return plan_err!("{function}: times must be above 0");
    }
    if whole % part != 0 {
        let parts = if function == "HOP" { "slide" } else { "step" };
        return plan_err!(
            "{function}: its size, {whole} ms, is no multiple of its {parts}, {part} ms"
        );
    }
    Ok(())
}

fn millis(function: &str, name: &str, expr: &Expr) -> Result<i64> {
    let literal = IntervalLiteral::from_expr(expr);
    match literal.and_then(|literal| literal.value()) {
        Some(IntervalValue::Milliseconds(millis)) => Ok(millis),
        Some(IntervalValue::Months(_)) => plan_err!(
            "{name} of {function} is in months or years, whose lengths differ: write days or less"
        ),
        None => {
            plan_err!("{name} of {function} is `{expr}`: write an interval, as INTERVAL '1' MINUTE")
        }
    }
}

/// The column in `DESCRIPTOR(column)`.
fn descriptor<'a>(function: &str, expr: &'a Expr) -> Result<&'a Expr> {
    if let Expr::Function(call) = expr
        && call.name.to_string().eq_ignore_ascii_case("DESCRIPTOR")
        && let FunctionArguments::List(list) = &call.args
        && let [FunctionArg::Unnamed(FunctionArgExpr::Expr(column))] = list.args.as_slice()
    {
        return Ok(column);
    }
    plan_err!("the time column of {function} is `{expr}`: write DESCRIPTOR(column)")
}
