//! Texts as strings of JSON, and back.

use arrow_array::ArrayRef;
use datafusion_common::Result;
use serde_json::Value;

use super::super::arguments::Arguments;
use super::super::definition::{Definition, Returns};
use super::super::parameters::Kind;
use super::text::{parse, quoted};

const TEXT: &[Kind] = &[Kind::Text];

pub(super) static ALL: [Definition; 2] = [
    Definition::new("json_quote", TEXT, Returns::Text, quote),
    Definition::new("json_unquote", TEXT, Returns::Text, unquote),
];

fn quote(arguments: &Arguments<'_>) -> Result<ArrayRef> {
    let texts = arguments.texts(0)?;
    Ok(arguments.texts_of(|row| texts.at(row).map(quoted)))
}

/// What is no string of JSON stays as it is.
fn unquote(arguments: &Arguments<'_>) -> Result<ArrayRef> {
    let texts = arguments.texts(0)?;
    Ok(arguments.texts_of(|row| {
        let text = texts.at(row)?;
        Some(match parse(text) {
            Some(Value::String(inner)) => inner,
            _ => text.to_string(),
        })
    }))
}
