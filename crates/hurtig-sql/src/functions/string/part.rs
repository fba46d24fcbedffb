//! Parts of texts by their places: SUBSTRING, LEFT, RIGHT, OVERLAY.

use arrow_array::ArrayRef;
use datafusion_common::Result;

use super::super::arguments::Arguments;
use super::super::definition::{Definition, Returns};
use super::super::parameters::Kind;

const SUBSTRING: &[Kind] = &[Kind::Text, Kind::Long, Kind::Long];
const SIDE: &[Kind] = &[Kind::Text, Kind::Long];
const OVERLAY: &[Kind] = &[Kind::Text, Kind::Text, Kind::Long, Kind::Long];

pub(super) static ALL: [Definition; 5] = [
    Definition::new("substring", SUBSTRING, Returns::Text, substring)
        .optional(1)
        .nullable(),
    Definition::new("substr", SUBSTRING, Returns::Text, substring)
        .optional(1)
        .nullable(),
    Definition::new("left", SIDE, Returns::Text, left),
    Definition::new("right", SIDE, Returns::Text, right),
    Definition::new("overlay", OVERLAY, Returns::Text, overlay).optional(1),
];

/// From a place on, or from the end if it is negative; NULL if the length is.
fn substring(arguments: &Arguments<'_>) -> Result<ArrayRef> {
    let (texts, starts) = (arguments.texts(0)?, arguments.longs(1)?);
    let lengths = if arguments.has(2) {
        Some(arguments.longs(2)?)
    } else {
        None
    };
    Ok(arguments.texts_of(|row| {
        let (text, start) = (texts.at(row)?, starts.at(row)?);
        let length = match &lengths {
            Some(lengths) => usize::try_from(lengths.at(row)?).ok()?,
            None => usize::MAX,
        };
        let from = match start {
            1.. => usize::try_from(start - 1).ok()?,
            0 => 0,
            _ => {
                let count = text.chars().count();
                match count.checked_sub(usize::try_from(start.unsigned_abs()).ok()?) {
                    Some(from) => from,
                    None => return Some(""),
                }
            }
        };
        Some(slice(text, from, length))
    }))
}

/// So many characters, behind so many others.
pub(super) fn slice(text: &str, from: usize, length: usize) -> &str {
    let rest = text.get(place_of(text, from)..).unwrap_or_default();
    rest.get(..place_of(rest, length)).unwrap_or_default()
}

/// Where the character of this number begins, or the text ends.
fn place_of(text: &str, number: usize) -> usize {
    if text.is_ascii() {
        return number.min(text.len());
    }
    let place = text.char_indices().nth(number);
    place.map_or(text.len(), |(place, _)| place)
}

fn left(arguments: &Arguments<'_>) -> Result<ArrayRef> {
    let (texts, lengths) = (arguments.texts(0)?, arguments.longs(1)?);
    Ok(arguments.texts_of(|row| {
        let length = usize::try_from(lengths.at(row)?).unwrap_or(0);
        Some(slice(texts.at(row)?, 0, length))
    }))
}

fn right(arguments: &Arguments<'_>) -> Result<ArrayRef> {
    let (texts, lengths) = (arguments.texts(0)?, arguments.longs(1)?);
    Ok(arguments.texts_of(|row| {
        let text = texts.at(row)?;
        let length = usize::try_from(lengths.at(row)?).unwrap_or(0);
        let from = text.chars().count().saturating_sub(length);
        Some(slice(text, from, usize::MAX))
    }))
}

/// A text in the place of another, of its own length if none is said; a text stays as it is where the place is none of its.
fn overlay(arguments: &Arguments<'_>) -> Result<ArrayRef> {
    let (texts, others, starts) = (
        arguments.texts(0)?,
        arguments.texts(1)?,
        arguments.longs(2)?,
    );
    let lengths = if arguments.has(3) {
        Some(arguments.longs(3)?)
    } else {
        None
    };
    Ok(arguments.texts_of(|row| {
        let (text, other, start) = (texts.at(row)?, others.at(row)?, starts.at(row)?);
        let length = match &lengths {
            Some(lengths) => lengths.at(row)?,
            None => other.chars().count() as i64,
        };
        let count = text.chars().count() as i64;
        if start <= 0 || start > count {
            return Some(text.to_string());
        }
        let from = (start - 1) as usize;
        let behind = match start.checked_add(length) {
            Some(behind) if behind <= count && length > 0 => {
                slice(text, (behind - 1) as usize, usize::MAX)
            }
            _ => "",
        };
        Some([slice(text, 0, from), other, behind].concat())
    }))
}
