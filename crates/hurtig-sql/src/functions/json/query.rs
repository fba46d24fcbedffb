//! JSON_QUERY: a part of a document, as JSON.

use std::sync::Arc;

use arrow_array::builder::{ListBuilder, StringViewBuilder};
use arrow_array::{ArrayRef, StringViewArray};
use arrow_schema::{DataType, Field};
use datafusion_common::{Result, exec_err};
use serde_json::Value;

use super::super::arguments::Arguments;
use super::super::definition::{Definition, Returns};
use super::super::parameters::Kind;
use super::text::{parse, written};
use super::value::{Found, returned, search, type_of};

const PARAMETERS: &[Kind] = &[
    Kind::Text,
    Kind::Text,
    Kind::Text,
    Kind::Text,
    Kind::Text,
    Kind::Text,
];

pub(super) static ALL: [Definition; 1] =
    [Definition::new("__json_query", PARAMETERS, Returns::Field(type_of), query).nullable()];

fn query(arguments: &Arguments<'_>) -> Result<ArrayRef> {
    let (texts, paths, wrappers) = (
        arguments.texts(0)?,
        arguments.texts(1)?,
        arguments.texts(3)?,
    );
    let (on_empty, on_error) = (arguments.texts(4)?, arguments.texts(5)?);
    let mut values: Vec<Option<String>> = Vec::with_capacity(arguments.rows);
    for row in 0..arguments.rows {
        let (Some(text), Some(path)) = (texts.at(row), paths.at(row)) else {
            values.push(None);
            continue;
        };
        values.push(match search(text, path)? {
            Found::Error(message) => otherwise(on_error.at(row), &message)?,
            Found::Values(found) => match found.into_iter().next() {
                None | Some(Value::Null) => {
                    otherwise(on_empty.at(row), "there is nothing at the path")?
                }
                Some(value) => match wrapped(value, wrappers.at(row)) {
                    Some(value) => Some(written(&value)),
                    None => otherwise(
                        on_error.at(row),
                        "there is a scalar at the path, and no wrapper",
                    )?,
                },
            },
        });
    }
    let texts: ArrayRef = Arc::new(
        values
            .iter()
            .map(Option::as_deref)
            .collect::<StringViewArray>(),
    );
    match arguments.returns.data_type() {
        DataType::List(item) => Ok(items(&values, item)),
        _ => returned(arguments, &texts),
    }
}

/// What is answered instead.
fn otherwise(act: Option<&str>, message: &str) -> Result<Option<String>> {
    match act {
        Some("ERROR") => exec_err!("JSON_QUERY: {message}"),
        Some("EMPTY ARRAY") => Ok(Some("[]".to_string())),
        Some("EMPTY OBJECT") => Ok(Some("{}".to_string())),
        _ => Ok(None),
    }
}

/// In an array, always or if it is a scalar; a scalar without is none of JSON_QUERY's.
fn wrapped(value: Value, wrapper: Option<&str>) -> Option<Value> {
    let is_scalar = !value.is_object() && !value.is_array();
    match wrapper {
        Some("UNCONDITIONAL") => Some(Value::Array(vec![value])),
        Some("CONDITIONAL") if !value.is_array() => Some(Value::Array(vec![value])),
        _ if is_scalar => None,
        _ => Some(value),
    }
}

/// Arrays of JSON as arrays of texts.
fn items(values: &[Option<String>], item: &Arc<Field>) -> ArrayRef {
    let mut lists = ListBuilder::new(StringViewBuilder::new()).with_field(Arc::clone(item));
    for value in values {
        let Some(Value::Array(items)) = value.as_deref().and_then(parse) else {
            lists.append(false);
            continue;
        };
        for item in items {
            match item {
                Value::Null => lists.values().append_null(),
                Value::String(text) => lists.values().append_value(text),
                other => lists.values().append_value(written(&other)),
            }
        }
        lists.append(true);
    }
    Arc::new(lists.finish())
}
