//! Names and texts in quotes.

use std::fmt;

/// Writes a text between quotes, and every quote in it twice.
pub(crate) struct Quoted<'a>(char, &'a str);

/// A string literal.
pub(crate) fn string(text: &str) -> Quoted<'_> {
    Quoted('\'', text)
}

/// A quoted name.
pub(crate) fn name(text: &str) -> Quoted<'_> {
    Quoted('`', text)
}

impl fmt::Display for Quoted<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        use fmt::Write;
        f.write_char(self.0)?;
        for character in self.1.chars() {
            if character == self.0 {
                f.write_char(character)?;
            }
            f.write_char(character)?;
        }
        f.write_char(self.0)
    }
}
