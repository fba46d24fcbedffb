//! The patterns of SIMILAR TO as regular expressions.

use datafusion_common::{Result, exec_err};

use super::like::push_plain;

/// `%` is any text, `_` any character; `|`, `*`, `+`, `?`, braces, brackets and groups are those of regular expressions.
pub(super) fn regex_of_similar(pattern: &str, escape: Option<char>) -> Result<String> {
    let mut regex = String::from("(?s)^(?:");
    let mut letters = pattern.chars().peekable();
    while let Some(letter) = letters.next() {
        match letter {
            _ if Some(letter) == escape => match letters.next() {
                Some(letter) => push_plain(&mut regex, letter),
                None => return exec_err!("the pattern '{pattern}' ends with its escape {letter}"),
            },
            '%' => regex.push_str(".*"),
            '_' => regex.push('.'),
            '|' | '*' | '+' | '?' | '{' | '}' | '(' | ')' => regex.push(letter),
            '[' => push_set(&mut regex, &mut letters),
            letter => push_plain(&mut regex, letter),
        }
    }
    regex.push_str(")$");
    Ok(regex)
}

/// Brackets, up to theirs; `[:ALPHA:]` in them is a class.
fn push_set(regex: &mut String, letters: &mut std::iter::Peekable<std::str::Chars<'_>>) {
    regex.push('[');
    while let Some(letter) = letters.next() {
        match letter {
            ']' => break,
            '[' => {
                regex.push('[');
                for letter in letters.by_ref() {
                    regex.extend(letter.to_lowercase());
                    if letter == ']' {
                        break;
                    }
                }
            }
            '^' | '-' => regex.push(letter),
            letter => push_plain(regex, letter),
        }
    }
    regex.push(']');
}
