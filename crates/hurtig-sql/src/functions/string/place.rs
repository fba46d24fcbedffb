//! How long texts are, and where others are in them.

use arrow_array::ArrayRef;
use datafusion_common::Result;

use super::super::arguments::Arguments;
use super::super::definition::{Definition, Returns};
use super::super::parameters::Kind;
use super::part::slice;

const TEXT: &[Kind] = &[Kind::Text];
const TWO: &[Kind] = &[Kind::Text, Kind::Text];
const SAME: &[Kind] = &[Kind::TextOrBytes, Kind::TextOrBytes];

pub(super) static ALL: [Definition; 9] = [
    Definition::new("char_length", TEXT, Returns::Int, length),
    Definition::new("character_length", TEXT, Returns::Int, length),
    Definition::new("octet_length", &[Kind::TextOrBytes], Returns::Int, octets),
    Definition::new("ascii", TEXT, Returns::Int, ascii),
    Definition::new("position", TWO, Returns::Int, locate),
    Definition::new(
        "locate",
        &[Kind::Text, Kind::Text, Kind::Long],
        Returns::Int,
        locate,
    )
    .optional(1),
    Definition::new(
        "instr",
        &[Kind::Text, Kind::Text, Kind::Long, Kind::Long],
        Returns::Int,
        instr,
    )
    .optional(2),
    Definition::new("startswith", SAME, Returns::Boolean, |a| {
        at_end(a, |bytes, end| bytes.starts_with(end))
    }),
    Definition::new("endswith", SAME, Returns::Boolean, |a| {
        at_end(a, |bytes, end| bytes.ends_with(end))
    }),
];

fn length(arguments: &Arguments<'_>) -> Result<ArrayRef> {
    let texts = arguments.texts(0)?;
    Ok(arguments.ints_of(|row| Some(texts.at(row)?.chars().count() as i64)))
}

fn octets(arguments: &Arguments<'_>) -> Result<ArrayRef> {
    let bytes = arguments.bytes(0)?;
    Ok(arguments.ints_of(|row| Some(bytes.at(row)?.len() as i64)))
}

/// The first byte, with its sign, as Java has it.
fn ascii(arguments: &Arguments<'_>) -> Result<ArrayRef> {
    let texts = arguments.texts(0)?;
    Ok(arguments.ints_of(|row| {
        let first = texts.at(row)?.bytes().next().unwrap_or(0);
        Some(i64::from(first as i8))
    }))
}

/// Where the first is in the second, from 1, or 0; searched from a place on.
fn locate(arguments: &Arguments<'_>) -> Result<ArrayRef> {
    let (wanted, texts) = (arguments.texts(0)?, arguments.texts(1)?);
    let starts = if arguments.has(2) {
        Some(arguments.longs(2)?)
    } else {
        None
    };
    Ok(arguments.ints_of(|row| {
        let start = match &starts {
            Some(starts) => starts.at(row)?,
            None => 1,
        };
        let (text, wanted) = (texts.at(row)?, wanted.at(row)?);
        let before = usize::try_from(start - 1).unwrap_or(0);
        if starts.is_some() && before > text.chars().count() {
            return Some(0);
        }
        let rest = slice(text, before, usize::MAX);
        let Some(at) = rest.find(wanted) else {
            return Some(0);
        };
        Some((before + characters(rest, at) + 1) as i64)
    }))
}

/// How many characters there are before a byte.
fn characters(text: &str, byte: usize) -> usize {
    text.get(..byte).map_or(0, |before| before.chars().count())
}

/// Where the second is in the first, from a place on (from the end, backwards, if it is negative), for the n-th time.
fn instr(arguments: &Arguments<'_>) -> Result<ArrayRef> {
    let (texts, wanted) = (arguments.texts(0)?, arguments.texts(1)?);
    let starts = if arguments.has(2) {
        Some(arguments.longs(2)?)
    } else {
        None
    };
    let times = if arguments.has(3) {
        Some(arguments.longs(3)?)
    } else {
        None
    };
    Ok(arguments.ints_of(|row| {
        let or_one = |column: &Option<_>| match column {
            Some(column) => {
                super::super::arguments::Column::<arrow_array::Int64Array>::at(column, row)
            }
            None => Some(1),
        };
        let (start, nth) = (or_one(&starts)?, or_one(&times)?);
        Some(nth_place(texts.at(row)?, wanted.at(row)?, start, nth) as i64)
    }))
}

fn nth_place(text: &str, wanted: &str, start: i64, nth: i64) -> usize {
    let Some(skip) = usize::try_from(nth - 1).ok() else {
        return 0;
    };
    let first = |at: usize| text.get(at..).is_some_and(|rest| rest.starts_with(wanted));
    let places = text.char_indices().map(|(at, _)| at).enumerate();
    let found = match start {
        1.. => places
            .skip((start - 1) as usize)
            .filter(|(_, at)| first(*at))
            .nth(skip),
        0 => None,
        _ => {
            let last = text.chars().count() as i64 + start;
            let mut places: Vec<_> = places
                .filter(|(number, _)| *number as i64 <= last)
                .collect();
            places.reverse();
            places.into_iter().filter(|(_, at)| first(*at)).nth(skip)
        }
    };
    found.map_or_else(
        || usize::from(wanted.is_empty() && text.is_empty()),
        |(number, _)| number + 1,
    )
}

fn at_end(arguments: &Arguments<'_>, is_there: fn(&[u8], &[u8]) -> bool) -> Result<ArrayRef> {
    let (texts, ends) = (arguments.bytes(0)?, arguments.bytes(1)?);
    Ok(arguments.booleans_of(|row| Some(is_there(texts.at(row)?, ends.at(row)?))))
}
