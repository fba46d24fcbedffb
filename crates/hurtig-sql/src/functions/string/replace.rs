//! Texts with other texts, or characters, in the place of some.

use std::sync::Arc;

use arrow_array::ArrayRef;
use arrow_array::builder::StringViewBuilder;
use datafusion_common::Result;
use memchr::memmem::Finder;

use super::super::arguments::Arguments;
use super::super::definition::{Definition, Returns};
use super::super::parameters::Kind;

const PARAMETERS: &[Kind] = &[Kind::Text, Kind::Text, Kind::Text];

pub(super) static ALL: [Definition; 3] = [
    Definition::new("replace", PARAMETERS, Returns::Text, replace),
    Definition::new("translate", PARAMETERS, Returns::Text, translate),
    Definition::new("translate3", PARAMETERS, Returns::Text, translate),
];

fn replace(arguments: &Arguments<'_>) -> Result<ArrayRef> {
    let (texts, old, new) = (
        arguments.texts(0)?,
        arguments.texts(1)?,
        arguments.texts(2)?,
    );
    let finder = old.constant().map(Finder::new);
    let mut replaced = String::new();
    let mut made = StringViewBuilder::with_capacity(arguments.rows);
    for row in 0..arguments.rows {
        let (Some(text), Some(old), Some(new)) = (texts.at(row), old.at(row), new.at(row)) else {
            made.append_null();
            continue;
        };
        match &finder {
            Some(finder) if !old.is_empty() => {
                replaced.clear();
                replace_found(text, finder, new, &mut replaced);
                made.append_value(&replaced);
            }
            _ => made.append_value(text.replace(old, new)),
        }
    }
    Ok(Arc::new(made.finish()))
}

/// What is searched for is nearly always the same for all rows, and looked at once.
fn replace_found(text: &str, finder: &Finder<'_>, new: &str, replaced: &mut String) {
    let mut rest = text;
    while let Some(place) = finder.find(rest.as_bytes()) {
        // What is found begins and ends between characters, as it is text itself.
        let (Some(before), Some(behind)) =
            (rest.get(..place), rest.get(place + finder.needle().len()..))
        else {
            break;
        };
        replaced.push_str(before);
        replaced.push_str(new);
        rest = behind;
    }
    replaced.push_str(rest);
}

/// Each character of the second becomes that of the third in its place; those that have none there go.
fn translate(arguments: &Arguments<'_>) -> Result<ArrayRef> {
    let (texts, from, to) = (
        arguments.texts(0)?,
        arguments.texts(1)?,
        arguments.texts(2)?,
    );
    Ok(arguments.texts_of(|row| {
        let (text, from, to) = (texts.at(row)?, from.at(row)?, to.at(row)?);
        let change = |letter: char| match from.chars().position(|other| other == letter) {
            Some(place) => to.chars().nth(place),
            None => Some(letter),
        };
        Some(text.chars().filter_map(change).collect::<String>())
    }))
}
