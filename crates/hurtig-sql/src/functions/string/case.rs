//! Letters, large and small; texts read backwards, and again and again.

use std::sync::Arc;

use arrow_array::ArrayRef;
use arrow_array::builder::StringViewBuilder;
use datafusion_common::{Result, exec_err};

use super::super::arguments::Arguments;
use super::super::definition::{Definition, Returns};
use super::super::parameters::Kind;

const TEXT: &[Kind] = &[Kind::Text];
/// No text may be longer.
const BYTES_MAX: usize = 1 << 30;

pub(super) static ALL: [Definition; 5] = [
    Definition::new("upper", TEXT, Returns::Text, |a| {
        cased(a, str::make_ascii_uppercase, str::to_uppercase)
    }),
    Definition::new("lower", TEXT, Returns::Text, |a| {
        cased(a, str::make_ascii_lowercase, str::to_lowercase)
    }),
    Definition::new("initcap", TEXT, Returns::Text, |a| each(a, initcap)),
    Definition::new("reverse", TEXT, Returns::Text, |a| {
        each(a, |text| text.chars().rev().collect())
    }),
    Definition::new("repeat", &[Kind::Text, Kind::Long], Returns::Text, repeat),
];

fn each(arguments: &Arguments<'_>, change: fn(&str) -> String) -> Result<ArrayRef> {
    let texts = arguments.texts(0)?;
    Ok(arguments.texts_of(|row| texts.at(row).map(change)))
}

/// Most texts are ASCII, and change in place.
fn cased(
    arguments: &Arguments<'_>,
    in_place: fn(&mut str),
    change: fn(&str) -> String,
) -> Result<ArrayRef> {
    let texts = arguments.texts(0)?;
    let mut made = StringViewBuilder::with_capacity(arguments.rows);
    let mut ascii = String::new();
    for row in 0..arguments.rows {
        match texts.at(row) {
            Some(text) if text.is_ascii() => {
                ascii.clear();
                ascii.push_str(text);
                in_place(&mut ascii);
                made.append_value(&ascii);
            }
            Some(text) => made.append_value(change(text)),
            None => made.append_null(),
        }
    }
    Ok(Arc::new(made.finish()))
}

/// Words begin large: they are of ASCII letters and digits, as in Flink, and other letters stay between them.
fn initcap(text: &str) -> String {
    let mut is_inside = false;
    let change = |letter: char| {
        let changed = if is_inside {
            letter.to_ascii_lowercase()
        } else {
            letter.to_ascii_uppercase()
        };
        is_inside = letter.is_ascii_alphanumeric();
        changed
    };
    text.chars().map(change).collect()
}

fn repeat(arguments: &Arguments<'_>) -> Result<ArrayRef> {
    let (texts, counts) = (arguments.texts(0)?, arguments.longs(1)?);
    arguments.try_texts_of(|row| {
        let (Some(text), Some(count)) = (texts.at(row), counts.at(row)) else {
            return Ok(None);
        };
        let count = usize::try_from(count).unwrap_or(0);
        if text.len().saturating_mul(count) > BYTES_MAX {
            return exec_err!("REPEAT would make a text of more than {BYTES_MAX} bytes");
        }
        Ok(Some(text.repeat(count)))
    })
}
