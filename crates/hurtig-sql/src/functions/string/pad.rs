//! Texts of a length: LPAD and RPAD.

use arrow_array::ArrayRef;
use datafusion_common::{Result, exec_err};

use super::super::arguments::Arguments;
use super::super::definition::{Definition, Returns};
use super::super::parameters::Kind;
use super::part::slice;

const PARAMETERS: &[Kind] = &[Kind::Text, Kind::Long, Kind::Text];
/// No text is made longer.
const LENGTH_MAX: usize = 1 << 28;

pub(super) static ALL: [Definition; 2] = [
    Definition::new("lpad", PARAMETERS, Returns::Text, |a| pad(a, true)).nullable(),
    Definition::new("rpad", PARAMETERS, Returns::Text, |a| pad(a, false)).nullable(),
];

/// NULL for a negative length, and where there is nothing to fill up with.
fn pad(arguments: &Arguments<'_>, left: bool) -> Result<ArrayRef> {
    let (texts, lengths, fills) = (
        arguments.texts(0)?,
        arguments.longs(1)?,
        arguments.texts(2)?,
    );
    arguments.try_texts_of(|row| {
        let (Some(text), Some(length), Some(fill)) =
            (texts.at(row), lengths.at(row), fills.at(row))
        else {
            return Ok(None);
        };
        let Ok(length) = usize::try_from(length) else {
            return Ok(None);
        };
        if length > LENGTH_MAX {
            return exec_err!(
                "a text cannot be padded to {length} characters: {LENGTH_MAX} are the most"
            );
        }
        Ok(padded(text, length, fill, left))
    })
}

fn padded(text: &str, length: usize, fill: &str, left: bool) -> Option<String> {
    let count = text.chars().count();
    if count >= length {
        return Some(slice(text, 0, length).to_string());
    }
    if fill.is_empty() {
        return None;
    }
    let fill: String = fill.chars().cycle().take(length - count).collect();
    Some(if left {
        fill + text
    } else {
        text.to_string() + &fill
    })
}
