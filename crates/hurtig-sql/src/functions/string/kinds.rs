//! What a text looks like.

use arrow_array::ArrayRef;
use datafusion_common::Result;

use super::super::arguments::Arguments;
use super::super::definition::{Definition, Returns};
use super::super::parameters::Kind;

const ANY: &[Kind] = &[Kind::Any];

pub(super) static ALL: [Definition; 3] = [
    Definition::new("is_alpha", ANY, Returns::Boolean, |a| all(a, is_alpha)).never_null(),
    Definition::new("is_digit", ANY, Returns::Boolean, |a| all(a, is_digit)).never_null(),
    Definition::new("is_decimal", ANY, Returns::Boolean, |a| all(a, is_decimal)).never_null(),
];

/// FALSE of NULL.
fn all(arguments: &Arguments<'_>, is: fn(&str) -> bool) -> Result<ArrayRef> {
    let texts = arguments.texts(0)?;
    Ok(arguments.booleans_of(|row| Some(texts.at(row).is_some_and(is))))
}

fn is_alpha(text: &str) -> bool {
    !text.is_empty() && text.chars().all(char::is_alphabetic)
}

/// Digits of any script.
fn is_digit(text: &str) -> bool {
    !text.is_empty()
        && text
            .chars()
            .all(|letter| letter.is_numeric() && !letter.is_alphabetic())
}

/// A number, with a sign, a point and an exponent or without.
fn is_decimal(text: &str) -> bool {
    let is_written = |letter: char| letter.is_ascii_digit() || "+-.eE".contains(letter);
    text.chars().all(is_written) && text.parse::<f64>().is_ok()
}
