//! JSON_VALUE: one scalar of a document.

use std::sync::Arc;

use arrow_array::{ArrayRef, StringViewArray};
use arrow_schema::{DataType as Arrow, Field};
use datafusion_common::{Result, exec_datafusion_err, exec_err, plan_err};
use hurtig_sql_parser::{DataType, TypeKind};
use serde_json::Value;

use super::super::arguments::Arguments;
use super::super::cast::{Caster, texts_of_values};
use super::super::definition::{Call, Definition, Returns};
use super::super::parameters::Kind;
use super::path::Path;
use super::text::parse;
use crate::error::Carry;
use crate::types::{field_of, flink_of};

const PARAMETERS: &[Kind] = &[
    Kind::Text,
    Kind::Text,
    Kind::Text,
    Kind::Text,
    Kind::Any,
    Kind::Text,
    Kind::Any,
];

pub(super) static ALL: [Definition; 1] =
    [Definition::new("__json_value", PARAMETERS, Returns::Field(type_of), value).nullable()];

/// What a path leads to.
pub(super) enum Found {
    Values(Vec<Value>),
    /// The text is no JSON, or a strict path leads nowhere.
    Error(String),
}

/// What a path leads to in a text.
pub(super) fn search(text: &str, path: &str) -> Result<Found> {
    let Some(path) = Path::parse(path) else {
        return exec_err!("'{path}' is no path into JSON: write it as $.key[0], or lax $.key");
    };
    let Some(value) = parse(text) else {
        if !path.is_strict {
            return Ok(Found::Values(Vec::new()));
        }
        return Ok(Found::Error(format!("'{text}' is no JSON")));
    };
    let found: Vec<Value> = path.find(&value).into_iter().cloned().collect();
    if found.is_empty() && path.is_strict && path.is_single() {
        return Ok(Found::Error("the path leads nowhere".to_string()));
    }
    if path.is_single() {
        return Ok(Found::Values(found));
    }
    // Of a path to several values the answer is an array of them.
    Ok(Found::Values(vec![Value::Array(found)]))
}

/// The type that a call names.
pub(super) fn type_of(call: &Call<'_>) -> Result<Field> {
    let Some(text) = call.text(2) else {
        return plan_err!("RETURNING a type that is computed");
    };
    match text.parse::<DataType>() {
        Ok(data_type) => Ok(field_of("", &data_type).carried()?.as_ref().clone()),
        Err(error) => plan_err!("RETURNING: {error}"),
    }
}

/// What is answered where there is nothing, and on an error: NULL, an error, or a default, as text.
struct Otherwise {
    acts: super::super::arguments::Column<StringViewArray>,
    defaults: Vec<Option<String>>,
}

impl Otherwise {
    fn of(arguments: &Arguments<'_>, index: usize) -> Result<Self> {
        let array = arguments.array(index + 1)?;
        let kind = match arguments.fields.get(index + 1) {
            Some(field) => flink_of(field).carried()?.kind,
            None => TypeKind::STRING,
        };
        Ok(Self {
            acts: arguments.texts(index)?,
            defaults: texts_of_values(&array, &kind, arguments.zone)?,
        })
    }

    fn answer(&self, row: usize, message: &str) -> Result<Option<String>> {
        match self.acts.at(row) {
            Some("ERROR") => exec_err!("JSON_VALUE: {message}"),
            Some("DEFAULT") => Ok(self.defaults.get(row).cloned().flatten()),
            _ => Ok(None),
        }
    }
}

fn value(arguments: &Arguments<'_>) -> Result<ArrayRef> {
    let (texts, paths) = (arguments.texts(0)?, arguments.texts(1)?);
    let (on_empty, on_error) = (Otherwise::of(arguments, 3)?, Otherwise::of(arguments, 5)?);
    let mut values: Vec<Option<String>> = Vec::with_capacity(arguments.rows);
    for row in 0..arguments.rows {
        let (Some(text), Some(path)) = (texts.at(row), paths.at(row)) else {
            values.push(None);
            continue;
        };
        values.push(match search(text, path)? {
            Found::Error(message) => on_error.answer(row, &message)?,
            Found::Values(found) => match found.first() {
                None | Some(Value::Null) => on_empty.answer(row, "there is nothing at the path")?,
                Some(Value::Object(_) | Value::Array(_)) => {
                    on_error.answer(row, "there is no scalar at the path")?
                }
                Some(Value::String(text)) => Some(text.clone()),
                Some(scalar) => Some(scalar.to_string()),
            },
        });
    }
    let texts: ArrayRef = Arc::new(values.into_iter().collect::<StringViewArray>());
    returned(arguments, &texts)
}

/// Texts as the type that is returned.
pub(super) fn returned(arguments: &Arguments<'_>, texts: &ArrayRef) -> Result<ArrayRef> {
    if *arguments.returns.data_type() == Arrow::Utf8View {
        return Ok(Arc::clone(texts));
    }
    let target = arguments.texts(2)?;
    let target = target.at(0).and_then(|text| text.parse::<DataType>().ok());
    let target = target.ok_or_else(|| exec_datafusion_err!("RETURNING what is no type"))?;
    let caster = Caster {
        zone: arguments.zone,
        tries: false,
    };
    caster.cast(texts, &TypeKind::STRING, &target.kind)
}
