//! Whether a text is JSON, and whether something is in it.

use arrow_array::ArrayRef;
use datafusion_common::{Result, exec_err};
use serde_json::Value;

use super::super::arguments::Arguments;
use super::super::definition::{Definition, Returns};
use super::super::parameters::Kind;
use super::text::parse;
use super::value::{Found, search};

pub(super) static ALL: [Definition; 2] = [
    Definition::new(
        "__is_json",
        &[Kind::Text, Kind::Text],
        Returns::Boolean,
        is_json,
    )
    .never_null(),
    Definition::new(
        "__json_exists",
        &[Kind::Text, Kind::Text, Kind::Text],
        Returns::Boolean,
        exists,
    )
    .nullable(),
];

/// Of a kind: VALUE is any. NULL is none.
fn is_json(arguments: &Arguments<'_>) -> Result<ArrayRef> {
    let (texts, kinds) = (arguments.texts(0)?, arguments.texts(1)?);
    Ok(arguments.booleans_of(|row| {
        let Some(value) = texts.at(row).and_then(parse) else {
            return Some(false);
        };
        Some(match kinds.at(row)? {
            "OBJECT" => value.is_object(),
            "ARRAY" => value.is_array(),
            "SCALAR" => !value.is_object() && !value.is_array(),
            _ => true,
        })
    }))
}

/// Whether the path leads to something; what is answered on an error is the third argument.
fn exists(arguments: &Arguments<'_>) -> Result<ArrayRef> {
    let (texts, paths, on_error) = (
        arguments.texts(0)?,
        arguments.texts(1)?,
        arguments.texts(2)?,
    );
    let mut answers = Vec::with_capacity(arguments.rows);
    for row in 0..arguments.rows {
        let (Some(text), Some(path)) = (texts.at(row), paths.at(row)) else {
            answers.push(None);
            continue;
        };
        let answer = match (search(text, path)?, on_error.at(row)) {
            (Found::Error(message), Some("ERROR")) => return exec_err!("JSON_EXISTS: {message}"),
            (Found::Error(_), Some("TRUE")) => Some(true),
            (Found::Error(_), Some("UNKNOWN")) => None,
            (Found::Error(_), _) => Some(false),
            (Found::Values(values), _) => Some(values.iter().any(|value| *value != Value::Null)),
        };
        answers.push(answer);
    }
    Ok(arguments.booleans_of(|row| answers.get(row).copied().flatten()))
}
