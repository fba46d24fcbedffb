//! Functions of texts.

use std::cell::RefCell;
use std::sync::Arc;

use arrow_array::ArrayRef;
use arrow_array::builder::StringViewBuilder;
use arrow_schema::DataType;
use datafusion_common::Result;
use datafusion_expr::{ColumnarValue, ScalarUDF};
use regex::Regex;

use super::arguments::{Texts, Wanted, Wholes, types};
use super::plain::{Plain, function};

/// All of them.
pub(super) fn functions() -> impl Iterator<Item = Arc<ScalarUDF>> {
    [
        Plain {
            name: "split_index",
            takes: |name, given| {
                types(name, given, &[Wanted::Text, Wanted::Text, Wanted::Whole], 0)
            },
            gives: |_| DataType::Utf8View,
            call: split_index,
        },
        Plain {
            name: "regexp_extract",
            takes: |name, given| {
                types(name, given, &[Wanted::Text, Wanted::Text, Wanted::Whole], 1)
            },
            gives: |_| DataType::Utf8View,
            call: regexp_extract,
        },
    ]
    .into_iter()
    .map(function)
}

/// `SPLIT_INDEX(text, separator, index)`: the part at this place, counted from 0; NULL where there is none.
fn split_index(arguments: &[ColumnarValue], rows: usize) -> Result<ArrayRef> {
    let texts = Texts::of(arguments, 0)?;
    let separators = Texts::of(arguments, 1)?;
    let indexes = Wholes::of(arguments, 2)?;
    let part = |row| {
        let (text, separator) = (texts.get(row)?, separators.get(row)?);
        let index = usize::try_from(indexes.get(row)?).ok()?;
        nth_part(text, separator, index)
    };
    let mut results = StringViewBuilder::with_capacity(rows);
    (0..rows).for_each(|row| results.append_option(part(row)));
    Ok(Arc::new(results.finish()))
}

/// A text of nothing has no parts; without a separator they are parted by blanks.
fn nth_part<'a>(text: &'a str, separator: &str, index: usize) -> Option<&'a str> {
    match separator {
        _ if text.is_empty() => None,
        "" => text.split_whitespace().nth(index),
        separator => text.split(separator).nth(index),
    }
}

/// `REGEXP_EXTRACT(text, pattern[, group])`: what the pattern, or a group of it, matches first; NULL where it does not, or is no pattern.
fn regexp_extract(arguments: &[ColumnarValue], rows: usize) -> Result<ArrayRef> {
    let texts = Texts::of(arguments, 0)?;
    let patterns = Texts::of(arguments, 1)?;
    let groups = match arguments.get(2) {
        Some(_) => Wholes::of(arguments, 2)?,
        None => Wholes::One(Some(0)),
    };
    let mut results = StringViewBuilder::with_capacity(rows);
    for row in 0..rows {
        let found = (|| {
            let (text, pattern) = (texts.get(row)?, patterns.get(row)?);
            let group = usize::try_from(groups.get(row)?).ok()?;
            with_pattern(pattern, |pattern| match group {
                0 => pattern.find(text).map(|found| found.as_str()),
                group => pattern
                    .captures(text)?
                    .get(group)
                    .map(|found| found.as_str()),
            })
        })();
        results.append_option(found);
    }
    Ok(Arc::new(results.finish()))
}

thread_local! {
    /// The last pattern, compiled: it is the same one for row after row, and batch after batch.
    static LAST: RefCell<Option<(String, Option<Regex>)>> = const { RefCell::new(None) };
}

fn with_pattern<'a>(
    pattern: &str,
    find: impl FnOnce(&Regex) -> Option<&'a str>,
) -> Option<&'a str> {
    LAST.with_borrow_mut(|last| {
        if last.as_ref().is_none_or(|(text, _)| text != pattern) {
            *last = Some((pattern.to_string(), Regex::new(pattern).ok()));
        }
        find(last.as_ref()?.1.as_ref()?)
    })
}
