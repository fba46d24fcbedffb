//! Texts with other texts, or characters, in the place of some.

use arrow_array::ArrayRef;
use datafusion_common::Result;

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
    Ok(arguments.texts_of(|row| Some(texts.at(row)?.replace(old.at(row)?, new.at(row)?))))
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
