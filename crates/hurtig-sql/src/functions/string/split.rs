//! Texts cut to pieces.

use std::sync::Arc;

use arrow_array::ArrayRef;
use arrow_array::builder::{ListBuilder, MapBuilder, MapFieldNames, StringViewBuilder};
use arrow_schema::{DataType, Field, Fields};
use datafusion_common::Result;

use super::super::arguments::Arguments;
use super::super::definition::{Definition, Returns};
use super::super::parameters::{Kind, is_text};
use super::regexp::with_pattern;

const TEXTS: Returns = Returns::Type(|_| Ok(DataType::List(item())));

pub(super) static ALL: [Definition; 3] = [
    Definition::new(
        "split_index",
        &[Kind::Text, Kind::NumberOrText, Kind::Long],
        Returns::Text,
        split_index,
    )
    .nullable(),
    Definition::new("split", &[Kind::Text, Kind::Text], TEXTS, split),
    Definition::new(
        "str_to_map",
        &[Kind::Text, Kind::Text, Kind::Text],
        Returns::Type(|_| Ok(map())),
        str_to_map,
    )
    .optional(2),
];

fn item() -> Arc<Field> {
    Arc::new(Field::new("item", DataType::Utf8View, true))
}

fn map() -> DataType {
    let keys = Field::new("keys", DataType::Utf8View, false);
    let values = Field::new("values", DataType::Utf8View, true);
    let entries = DataType::Struct(Fields::from(vec![keys, values]));
    DataType::Map(Arc::new(Field::new("entries", entries, false)), false)
}

/// The piece of a number, from 0. What cuts is a text, or the number of a character.
fn split_index(arguments: &Arguments<'_>) -> Result<ArrayRef> {
    let (texts, indexes) = (arguments.texts(0)?, arguments.longs(2)?);
    if !is_text(&arguments.type_of(1)) {
        let codes = arguments.longs(1)?;
        return Ok(arguments.texts_of(|row| {
            let code = u32::try_from(codes.at(row)?)
                .ok()
                .filter(|code| (1..=255).contains(code))?;
            piece(
                texts.at(row)?,
                char::from_u32(code)?.encode_utf8(&mut [0; 4]),
                indexes.at(row)?,
            )
        }));
    }
    let cuts = arguments.texts(1)?;
    Ok(arguments.texts_of(|row| piece(texts.at(row)?, cuts.at(row)?, indexes.at(row)?)))
}

/// An empty text has no pieces; one that nothing cuts is cut at its spaces.
fn piece<'a>(text: &'a str, cut: &str, index: i64) -> Option<&'a str> {
    let index = usize::try_from(index).ok()?;
    if text.is_empty() {
        return None;
    }
    if cut.is_empty() {
        return text.split_whitespace().nth(index);
    }
    match cut.as_bytes() {
        [byte] => piece_by_byte(text, *byte, index),
        _ => text.split(cut).nth(index),
    }
}

/// What cuts is nearly always one character of ASCII, and is not part of any other.
fn piece_by_byte(text: &str, cut: u8, index: usize) -> Option<&str> {
    let bytes = text.as_bytes();
    let mut start = 0;
    for _ in 0..index {
        start += memchr::memchr(cut, bytes.get(start..)?)? + 1;
    }
    let rest = bytes.get(start..)?;
    let length = memchr::memchr(cut, rest).unwrap_or(rest.len());
    text.get(start..start + length)
}

/// All pieces; characters, if nothing cuts.
fn split(arguments: &Arguments<'_>) -> Result<ArrayRef> {
    let (texts, cuts) = (arguments.texts(0)?, arguments.texts(1)?);
    let mut lists = ListBuilder::new(StringViewBuilder::new()).with_field(item());
    for row in 0..arguments.rows {
        match (texts.at(row), cuts.at(row)) {
            (Some(""), Some(_)) => lists.append(true),
            (Some(text), Some("")) => {
                text.chars().for_each(|letter| {
                    lists.values().append_value(letter.encode_utf8(&mut [0; 4]))
                });
                lists.append(true);
            }
            (Some(text), Some(cut)) => {
                text.split(cut)
                    .for_each(|piece| lists.values().append_value(piece));
                lists.append(true);
            }
            _ => lists.append(false),
        }
    }
    Ok(Arc::new(lists.finish()))
}

/// `k=v,k=v`: what cuts entries, and keys from values, are regular expressions; of a key that comes again the last value stays.
fn str_to_map(arguments: &Arguments<'_>) -> Result<ArrayRef> {
    let texts = arguments.texts(0)?;
    let entries = if arguments.has(1) {
        Some(arguments.texts(1)?)
    } else {
        None
    };
    let values = if arguments.has(2) {
        Some(arguments.texts(2)?)
    } else {
        None
    };
    let names = MapFieldNames {
        entry: "entries".into(),
        key: "keys".into(),
        value: "values".into(),
    };
    let mut maps = MapBuilder::new(
        Some(names),
        StringViewBuilder::new(),
        StringViewBuilder::new(),
    );
    for row in 0..arguments.rows {
        let cut = entries
            .as_ref()
            .map_or(Some(","), |entries| entries.at(row));
        let is = values.as_ref().map_or(Some("="), |values| values.at(row));
        let (Some(text), Some(cut), Some(is)) = (texts.at(row), cut, is) else {
            maps.append(false)?;
            continue;
        };
        for (key, value) in pairs(text, cut, is) {
            maps.keys().append_value(key);
            maps.values().append_option(value);
        }
        maps.append(true)?;
    }
    Ok(Arc::new(maps.finish()))
}

fn pairs<'a>(text: &'a str, cut: &str, is: &str) -> Vec<(&'a str, Option<&'a str>)> {
    let mut pairs: Vec<(&str, Option<&str>)> = Vec::new();
    if text.is_empty() {
        return pairs;
    }
    let entries = with_pattern(cut, |cut| cut.split(text).collect::<Vec<_>>());
    for entry in entries.unwrap_or_default() {
        let mut parts = with_pattern(is, |is| is.splitn(entry, 2).collect::<Vec<_>>())
            .unwrap_or_default()
            .into_iter();
        let key = parts.next().unwrap_or(entry);
        let value = parts.next();
        match pairs.iter_mut().find(|(known, _)| *known == key) {
            Some(known) => known.1 = value,
            None => pairs.push((key, value)),
        }
    }
    pairs
}
