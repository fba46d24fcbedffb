//! Patterns of dates and times, as Java writes them: `yyyy-MM-dd HH:mm:ss.SSS`.

use datafusion_common::{Result, exec_err};

/// What a pattern is made of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Piece {
    /// A letter, so many times.
    Field(char, usize),
    /// Text as it is.
    Text(String),
}

/// A pattern, ready to write and to read by.
#[derive(Clone, Debug)]
pub(super) struct Pattern {
    pub(super) pieces: Vec<Piece>,
}

/// The letters that mean something.
const LETTERS: &str = "GyuYMLdDEeaAHhKkmsSnQqwXxZzVO";

impl Pattern {
    pub(super) fn parse(text: &str) -> Result<Self> {
        let mut pieces = Vec::new();
        let mut letters = text.chars().peekable();
        while let Some(letter) = letters.next() {
            if letter == '\'' {
                push_text(&mut pieces, &quoted(&mut letters));
            } else if LETTERS.contains(letter) {
                let mut count = 1;
                while letters.next_if_eq(&letter).is_some() {
                    count += 1;
                }
                pieces.push(Piece::Field(letter, count));
            } else if letter.is_ascii_alphabetic() {
                return exec_err!(
                    "the pattern '{text}' has the letter {letter}, which means nothing: quote it as '{letter}'"
                );
            } else {
                push_text(&mut pieces, letter.encode_utf8(&mut [0; 4]));
            }
        }
        Ok(Self { pieces })
    }

    /// The text is the same for all times within so many milliseconds since 1970, in UTC; 1 where it may change at any time.
    pub(super) fn millis(&self) -> i64 {
        let steps = self.pieces.iter().map(|piece| match piece {
            Piece::Text(_) => 86_400_000,
            Piece::Field('S' | 'n' | 'A', _) => 1,
            Piece::Field('s', _) => 1_000,
            Piece::Field('m', _) => 60_000,
            Piece::Field('H' | 'k' | 'K' | 'h' | 'a', _) => 3_600_000,
            Piece::Field(..) => 86_400_000,
        });
        steps.min().unwrap_or(86_400_000)
    }

    /// Whether a field is followed by digits without anything between.
    pub(super) fn is_tight(&self, index: usize) -> bool {
        matches!(self.pieces.get(index + 1), Some(Piece::Field(letter, count)) if is_number(*letter, *count))
    }
}

pub(super) const fn is_number(letter: char, count: usize) -> bool {
    match letter {
        'y' | 'u' | 'Y' | 'd' | 'D' | 'A' | 'H' | 'h' | 'K' | 'k' | 'm' | 's' | 'S' | 'n' | 'w' => {
            true
        }
        'M' | 'L' | 'Q' | 'q' | 'e' => count < 3,
        _ => false,
    }
}

fn push_text(pieces: &mut Vec<Piece>, more: &str) {
    match pieces.last_mut() {
        Some(Piece::Text(text)) => text.push_str(more),
        _ => pieces.push(Piece::Text(more.to_string())),
    }
}

/// What stands between quotes; two quotes are one.
fn quoted(letters: &mut std::iter::Peekable<std::str::Chars<'_>>) -> String {
    let mut text = String::new();
    while let Some(letter) = letters.next() {
        if letter != '\'' {
            text.push(letter);
        } else if letters.next_if_eq(&'\'').is_some() {
            text.push('\'');
        } else {
            break;
        }
    }
    if text.is_empty() {
        "'".to_string()
    } else {
        text
    }
}
