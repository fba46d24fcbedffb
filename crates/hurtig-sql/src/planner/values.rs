//! `VALUES` whose rows differ in the length of a text or the digits of a time: the column is as wide as its widest cell.

use sqlparser::ast::{Expr, SetExpr, Values};

use super::calls::{call, cast_of, string};

/// Gives the cells of each column one type.
pub(super) fn widen(body: &mut SetExpr) {
    match body {
        SetExpr::Values(values) => widen_columns(values),
        SetExpr::SetOperation { left, right, .. } => {
            widen(left);
            widen(right);
        }
        _ => {}
    }
}

fn widen_columns(values: &mut Values) {
    let width = values.rows.iter().map(|row| row.content.len()).max();
    for column in 0..width.unwrap_or(0) {
        let cells = values.rows.iter().filter_map(|row| row.content.get(column));
        let Some(widest) = widest(cells) else {
            continue;
        };
        let cells = values.rows.iter_mut();
        for cell in cells.filter_map(|row| row.content.get_mut(column)) {
            if cast_of(cell) != Some(widest.as_str()) {
                *cell = call("__cast", vec![cell.clone(), string(&widest)]);
            }
        }
    }
}

/// The type that all cells fit in; `None` where they agree already, or it is not a matter of width.
fn widest<'a>(cells: impl Iterator<Item = &'a Expr>) -> Option<String> {
    let types: Vec<Option<&str>> = cells.map(cast_of).collect();
    let mut cast = types.iter().copied().flatten();
    let first = cast.next()?;
    if types.iter().all(|data_type| *data_type == Some(first)) {
        return None;
    }
    let family = family(first)?;
    let mut digits = digits(first);
    for data_type in cast {
        if self::family(data_type)? != family {
            return None;
        }
        digits = digits.max(self::digits(data_type));
    }
    Some(match family {
        Family::Text => "STRING".to_string(),
        Family::Bytes => "BYTES".to_string(),
        Family::Timestamp => format!("TIMESTAMP({digits})"),
    })
}

/// Types that differ in width alone.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Family {
    Text,
    Bytes,
    Timestamp,
}

fn family(data_type: &str) -> Option<Family> {
    let name = data_type.split('(').next().unwrap_or(data_type);
    match name.trim() {
        "CHAR" | "VARCHAR" | "STRING" => Some(Family::Text),
        "BINARY" | "VARBINARY" | "BYTES" => Some(Family::Bytes),
        "TIMESTAMP" if data_type.ends_with(')') => Some(Family::Timestamp),
        _ => None,
    }
}

/// The number in the parentheses.
fn digits(data_type: &str) -> u32 {
    let digits = data_type.split_once('(').map(|(_, rest)| rest);
    let digits = digits.and_then(|rest| rest.trim_end_matches(')').trim().parse().ok());
    digits.unwrap_or(0)
}
