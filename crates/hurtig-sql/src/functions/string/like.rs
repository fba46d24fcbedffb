//! LIKE and SIMILAR TO, where the pattern is no plain literal.

use arrow_array::ArrayRef;
use datafusion_common::{Result, exec_datafusion_err, exec_err};

use super::super::arguments::Arguments;
use super::super::definition::{Definition, Returns};
use super::super::parameters::Kind;
use super::regexp::with_pattern;
use super::similar::regex_of_similar;

const PARAMETERS: &[Kind] = &[Kind::Text, Kind::Text, Kind::Text];

pub(super) static ALL: [Definition; 2] = [
    Definition::new("__like", PARAMETERS, Returns::Boolean, |a| {
        matches(a, regex_of_like)
    })
    .optional(1),
    Definition::new("__similar_to", PARAMETERS, Returns::Boolean, |a| {
        matches(a, regex_of_similar)
    })
    .optional(1),
];

type Translate = fn(&str, Option<char>) -> Result<String>;

fn matches(arguments: &Arguments<'_>, translate: Translate) -> Result<ArrayRef> {
    let (texts, patterns) = (arguments.texts(0)?, arguments.texts(1)?);
    let escapes = if arguments.has(2) {
        Some(arguments.texts(2)?)
    } else {
        None
    };
    let mut constant = None;
    let mut matches = Vec::with_capacity(arguments.rows);
    for row in 0..arguments.rows {
        let escape = escapes.as_ref().map_or(Some(""), |escapes| escapes.at(row));
        let (Some(text), Some(pattern), Some(escape)) = (texts.at(row), patterns.at(row), escape)
        else {
            matches.push(None);
            continue;
        };
        let is_known =
            patterns.is_constant && escapes.as_ref().is_none_or(|escapes| escapes.is_constant);
        let regex = match constant.take() {
            Some(regex) if is_known => regex,
            _ => translate(pattern, escape_of(escape)?)?,
        };
        let found = with_pattern(&regex, |regex| regex.is_match(text));
        matches.push(Some(
            found.ok_or_else(|| exec_datafusion_err!("'{pattern}' is no pattern"))?,
        ));
        constant = Some(regex);
    }
    Ok(arguments.booleans_of(|row| matches.get(row).copied().flatten()))
}

fn escape_of(text: &str) -> Result<Option<char>> {
    let mut letters = text.chars();
    match (letters.next(), letters.next()) {
        (letter, None) => Ok(letter),
        _ => exec_err!("ESCAPE '{text}' should be one character"),
    }
}

/// `%` is any text, `_` any character; what follows the escape is itself.
fn regex_of_like(pattern: &str, escape: Option<char>) -> Result<String> {
    let mut regex = String::from("(?s)^");
    let mut letters = pattern.chars();
    while let Some(letter) = letters.next() {
        match letter {
            _ if Some(letter) == escape => match letters.next() {
                Some(letter) => push_plain(&mut regex, letter),
                None => return exec_err!("the pattern '{pattern}' ends with its escape {letter}"),
            },
            '%' => regex.push_str(".*"),
            '_' => regex.push('.'),
            letter => push_plain(&mut regex, letter),
        }
    }
    regex.push('$');
    Ok(regex)
}

/// A character that means itself.
pub(super) fn push_plain(regex: &mut String, letter: char) {
    regex.push_str(&regex::escape(letter.encode_utf8(&mut [0; 4])));
}
