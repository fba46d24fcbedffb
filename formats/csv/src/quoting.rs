//! When a field needs quotes.

use std::sync::Arc;

use crate::format::Options;

/// What of the options decides whether a field needs quotes, worked out once.
#[derive(Debug)]
pub(crate) struct Quoting {
    options: Arc<Options>,
    /// Bytes that a field without quotes can't hold.
    special: [bool; 256],
    /// Whether no number needs quotes.
    numbers_are_plain: bool,
}

impl Quoting {
    pub(crate) fn new(options: Arc<Options>) -> Self {
        let mut special = [false; 256];
        for byte in [options.delimiter, b'\n', b'\r']
            .into_iter()
            .chain(options.quote)
        {
            if let Some(special) = special.get_mut(usize::from(byte)) {
                *special = true;
            }
        }
        // Digits, signs, `inf`, `NaN`: no delimiter, and no literal or comment begins so.
        let in_numbers = |byte: u8| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte);
        let texts = options.null_literals.iter().chain(&options.comment);
        let numbers_are_plain = !in_numbers(options.delimiter)
            && !options.quote.is_some_and(in_numbers)
            && !texts.into_iter().any(|text| begins_number(text));
        Self {
            options,
            special,
            numbers_are_plain,
        }
    }

    pub(crate) fn options(&self) -> &Options {
        &self.options
    }

    /// Whether no number needs quotes.
    pub(crate) fn numbers_are_plain(&self) -> bool {
        self.numbers_are_plain
    }

    /// Whether a text would be taken for something else without quotes.
    pub(crate) fn needs_quotes(&self, text: &str, first_in_line: bool) -> bool {
        let Options {
            trim,
            comment,
            null_literals,
            ..
        } = &*self.options;
        let special = |byte: u8| self.special.get(usize::from(byte)) == Some(&true);
        let starts_comment = || {
            first_in_line
                && comment
                    .as_ref()
                    .is_some_and(|prefix| text.starts_with(prefix))
        };
        text.is_empty()
            || text.bytes().any(special)
            || (*trim && text.trim_matches([' ', '\t']).len() < text.len())
            || starts_comment()
            || null_literals.iter().any(|literal| literal == text)
    }
}

/// Whether a number could begin with `text`, or be it.
fn begins_number(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_digit() || "+-.".contains(c))
        || ["inf", "NaN"].iter().any(|word| word.starts_with(text))
}
