//! Texts behind each other, and one of several.

use arrow_array::ArrayRef;
use datafusion_common::{Result, exec_err};

use super::super::arguments::Arguments;
use super::super::definition::{Definition, Returns};
use super::super::parameters::Kind;

pub(super) static ALL: [Definition; 3] = [
    Definition::new("concat", &[Kind::Text], Returns::Text, concat).repeats(),
    Definition::new(
        "concat_ws",
        &[Kind::Text, Kind::Text],
        Returns::Text,
        concat_ws,
    )
    .repeats()
    .nullable(),
    Definition::new("elt", &[Kind::Long, Kind::Text], Returns::Text, elt)
        .repeats()
        .nullable(),
];

/// NULL if one is.
fn concat(arguments: &Arguments<'_>) -> Result<ArrayRef> {
    let parts = (0..arguments.count()).map(|index| arguments.texts(index));
    let parts = parts.collect::<Result<Vec<_>>>()?;
    Ok(arguments.texts_of(|row| {
        let mut text = String::new();
        for part in &parts {
            text.push_str(part.at(row)?);
        }
        Some(text)
    }))
}

/// With a text between; those that are NULL are left out.
fn concat_ws(arguments: &Arguments<'_>) -> Result<ArrayRef> {
    let between = arguments.texts(0)?;
    let parts = (1..arguments.count()).map(|index| arguments.texts(index));
    let parts = parts.collect::<Result<Vec<_>>>()?;
    Ok(arguments.texts_of(|row| {
        let between = between.at(row)?;
        let mut text = String::new();
        for (index, part) in parts.iter().filter_map(|part| part.at(row)).enumerate() {
            if index > 0 {
                text.push_str(between);
            }
            text.push_str(part);
        }
        Some(text)
    }))
}

/// The text of a number, from 1.
fn elt(arguments: &Arguments<'_>) -> Result<ArrayRef> {
    let places = arguments.longs(0)?;
    let texts = (1..arguments.count()).map(|index| arguments.texts(index));
    let texts = texts.collect::<Result<Vec<_>>>()?;
    arguments.try_texts_of(|row| {
        let Some(place) = places.at(row) else {
            return Ok(None);
        };
        if place < 0 {
            return exec_err!("ELT's first argument is {place}: it counts the texts from 1");
        }
        let text = usize::try_from(place - 1)
            .ok()
            .and_then(|place| texts.get(place));
        Ok(text.and_then(|text| text.at(row)))
    })
}
