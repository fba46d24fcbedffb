//! Regular expressions.
//!
//! They are those of the `regex` crate, which looks at each character once: of Java's it lacks looking around and back references, and
//! calls a pattern that has them invalid.

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;

use arrow_array::ArrayRef;
use arrow_array::builder::{ListBuilder, StringViewBuilder};
use arrow_schema::{DataType, Field};
use datafusion_common::Result;
use regex::{CaptureLocations, NoExpand, Regex};

use super::super::arguments::Arguments;
use super::super::definition::{Definition, Returns};
use super::super::parameters::Kind;

const TWO: &[Kind] = &[Kind::Text, Kind::Text];
const GROUP: &[Kind] = &[Kind::Text, Kind::Text, Kind::Long];
const TEXTS: Returns = Returns::Type(|_| Ok(DataType::List(item())));

pub(super) static ALL: [Definition; 7] = [
    Definition::new("regexp", TWO, Returns::Boolean, regexp),
    Definition::new("regexp_extract", GROUP, Returns::Text, extract)
        .optional(1)
        .nullable(),
    Definition::new("regexp_extract_all", GROUP, TEXTS, extract_all)
        .optional(1)
        .nullable(),
    Definition::new(
        "regexp_replace",
        &[Kind::Text, Kind::Text, Kind::Text],
        Returns::Text,
        replace,
    )
    .nullable(),
    Definition::new("regexp_count", TWO, Returns::Int, count).nullable(),
    Definition::new("regexp_instr", TWO, Returns::Int, instr).nullable(),
    Definition::new("regexp_substr", TWO, Returns::Text, substr).nullable(),
];

/// How many patterns a thread remembers: a literal one is compiled once, and columns of patterns do not grow without bound.
const PATTERNS_MAX: usize = 64;

thread_local! {
    static PATTERNS: RefCell<Vec<(String, Option<Rc<Regex>>)>> = const { RefCell::new(Vec::new()) };
}

/// What `act` makes of a pattern; `None` if it is none.
pub(super) fn with_pattern<T>(pattern: &str, act: impl FnOnce(&Regex) -> T) -> Option<T> {
    compiled(pattern).map(|pattern| act(&pattern))
}

fn compiled(pattern: &str) -> Option<Rc<Regex>> {
    PATTERNS.with_borrow_mut(|patterns| {
        if let Some(place) = patterns.iter().position(|(known, _)| known == pattern) {
            // The last that was used is found first.
            patterns.swap(0, place);
        } else {
            if patterns.len() == PATTERNS_MAX {
                patterns.pop();
            }
            let compiled = Regex::new(pattern).ok().map(Rc::new);
            patterns.insert(0, (pattern.to_string(), compiled));
        }
        patterns.first().and_then(|(_, compiled)| compiled.clone())
    })
}

/// What `act` makes of the text and the pattern of a row.
fn matched<'a, T>(
    text: Option<&'a str>,
    pattern: Option<&str>,
    act: impl FnOnce(&Regex, &'a str) -> Option<T>,
) -> Option<T> {
    let text = text?;
    with_pattern(pattern?, |pattern| act(pattern, text)).flatten()
}

/// Whether it is found somewhere; nothing is found by an empty pattern.
fn regexp(arguments: &Arguments<'_>) -> Result<ArrayRef> {
    let (texts, patterns) = (arguments.texts(0)?, arguments.texts(1)?);
    Ok(arguments.booleans_of(|row| {
        let (text, pattern) = (texts.at(row)?, patterns.at(row)?);
        let found = matched(Some(text), Some(pattern), |pattern, text| {
            Some(pattern.is_match(text))
        });
        Some(!pattern.is_empty() && found.unwrap_or(false))
    }))
}

/// A group of the first match; 0 is all of it.
fn extract(arguments: &Arguments<'_>) -> Result<ArrayRef> {
    let (texts, patterns) = (arguments.texts(0)?, arguments.texts(1)?);
    let groups = if arguments.has(2) {
        Some(arguments.longs(2)?)
    } else {
        None
    };
    if let Some(pattern) = patterns.constant() {
        let Some(pattern) = compiled(pattern) else {
            return Ok(arguments.texts_of(|_| None::<&str>));
        };
        let places = RefCell::new(pattern.capture_locations());
        return Ok(arguments.texts_of(|row| {
            let group = groups.as_ref().map_or(Some(0), |groups| groups.at(row))?;
            group_of(texts.at(row)?, &pattern, group, &mut places.borrow_mut())
        }));
    }
    Ok(arguments.texts_of(|row| {
        let group = groups.as_ref().map_or(Some(0), |groups| groups.at(row))?;
        matched(texts.at(row), patterns.at(row), |pattern, text| {
            group_of(text, pattern, group, &mut pattern.capture_locations())
        })
    }))
}

fn group_of<'a>(
    text: &'a str,
    pattern: &Regex,
    group: i64,
    places: &mut CaptureLocations,
) -> Option<&'a str> {
    let group = usize::try_from(group).ok()?;
    if group == 0 {
        return pattern.find(text).map(|found| found.as_str());
    }
    pattern.captures_read(places, text)?;
    let (start, end) = places.get(group)?;
    text.get(start..end)
}

fn item() -> Arc<Field> {
    Arc::new(Field::new("item", DataType::Utf8View, true))
}

/// A group of all matches, the first if none is said; NULL if the pattern has no such group.
fn extract_all(arguments: &Arguments<'_>) -> Result<ArrayRef> {
    let (texts, patterns) = (arguments.texts(0)?, arguments.texts(1)?);
    let groups = if arguments.has(2) {
        Some(arguments.longs(2)?)
    } else {
        None
    };
    let mut lists = ListBuilder::new(StringViewBuilder::new()).with_field(item());
    for row in 0..arguments.rows {
        let group = groups.as_ref().map_or(Some(1), |groups| groups.at(row));
        let group = group.and_then(|group| usize::try_from(group).ok());
        let all = matched(texts.at(row), patterns.at(row), |pattern, text| {
            let group = group.filter(|group| *group < pattern.captures_len())?;
            let all = pattern
                .captures_iter(text)
                .map(|captures| Some(captures.get(group)?.as_str()));
            Some(all.collect::<Vec<_>>())
        });
        all.iter()
            .flatten()
            .for_each(|text| lists.values().append_option(*text));
        lists.append(all.is_some());
    }
    Ok(Arc::new(lists.finish()))
}

/// The text in the place of matches is taken as it is: `$1` is no group.
fn replace(arguments: &Arguments<'_>) -> Result<ArrayRef> {
    let (texts, patterns, others) = (
        arguments.texts(0)?,
        arguments.texts(1)?,
        arguments.texts(2)?,
    );
    Ok(arguments.texts_of(|row| {
        let other = others.at(row)?;
        matched(texts.at(row), patterns.at(row), |pattern, text| {
            Some(pattern.replace_all(text, NoExpand(other)))
        })
    }))
}

fn count(arguments: &Arguments<'_>) -> Result<ArrayRef> {
    let (texts, patterns) = (arguments.texts(0)?, arguments.texts(1)?);
    Ok(arguments.ints_of(|row| {
        matched(texts.at(row), patterns.at(row), |pattern, text| {
            Some(pattern.find_iter(text).count() as i64)
        })
    }))
}

fn instr(arguments: &Arguments<'_>) -> Result<ArrayRef> {
    let (texts, patterns) = (arguments.texts(0)?, arguments.texts(1)?);
    Ok(arguments.ints_of(|row| {
        matched(texts.at(row), patterns.at(row), |pattern, text| {
            let before = pattern
                .find(text)
                .and_then(|found| text.get(..found.start()));
            Some(before.map_or(0, |before| before.chars().count() as i64 + 1))
        })
    }))
}

fn substr(arguments: &Arguments<'_>) -> Result<ArrayRef> {
    let (texts, patterns) = (arguments.texts(0)?, arguments.texts(1)?);
    Ok(arguments.texts_of(|row| {
        matched(texts.at(row), patterns.at(row), |pattern, text| {
            pattern.find(text).map(|found| found.as_str())
        })
    }))
}
