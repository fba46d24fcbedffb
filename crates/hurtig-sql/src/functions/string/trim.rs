//! Texts without what stands at their ends.

use arrow_array::ArrayRef;
use datafusion_common::Result;

use super::super::arguments::Arguments;
use super::super::definition::{Definition, Returns};
use super::super::parameters::Kind;

const PARAMETERS: &[Kind] = &[Kind::Text, Kind::Text];

pub(super) static ALL: [Definition; 4] = [
    Definition::new("trim", &[Kind::Text], Returns::Text, |a| {
        trim(a, true, true)
    }),
    Definition::new("btrim", PARAMETERS, Returns::Text, |a| trim(a, true, true)).optional(1),
    Definition::new("ltrim", PARAMETERS, Returns::Text, |a| trim(a, true, false)).optional(1),
    Definition::new("rtrim", PARAMETERS, Returns::Text, |a| trim(a, false, true)).optional(1),
];

/// All characters of the second argument are taken away, spaces if there is none.
fn trim(arguments: &Arguments<'_>, left: bool, right: bool) -> Result<ArrayRef> {
    let texts = arguments.texts(0)?;
    let sets = if arguments.has(1) {
        Some(arguments.texts(1)?)
    } else {
        None
    };
    Ok(arguments.texts_of(|row| {
        let mut text = texts.at(row)?;
        let set = match &sets {
            Some(sets) => sets.at(row)?,
            None => " ",
        };
        let is_in_set = |letter: char| set.contains(letter);
        if left {
            text = text.trim_start_matches(is_in_set);
        }
        if right {
            text = text.trim_end_matches(is_in_set);
        }
        Some(text)
    }))
}
