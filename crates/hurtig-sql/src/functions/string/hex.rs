//! Numbers and texts by their digits: HEX, UNHEX, BIN.

use std::fmt::Write;

use arrow_array::ArrayRef;
use datafusion_common::Result;

use super::super::arguments::Arguments;
use super::super::definition::{Definition, Returns};
use super::super::parameters::{Kind, is_text};

pub(super) static ALL: [Definition; 3] = [
    Definition::new("hex", &[Kind::NumberOrText], Returns::Text, hex),
    Definition::new("unhex", &[Kind::Text], Returns::Bytes, unhex).nullable(),
    Definition::new("bin", &[Kind::Long], Returns::Text, bin),
];

fn hex(arguments: &Arguments<'_>) -> Result<ArrayRef> {
    if is_text(&arguments.type_of(0)) {
        let texts = arguments.texts(0)?;
        return Ok(arguments.texts_of(|row| Some(digits(texts.at(row)?.as_bytes(), true))));
    }
    let numbers = arguments.longs(0)?;
    Ok(arguments.texts_of(|row| Some(format!("{:X}", numbers.at(row)?))))
}

/// Two digits for each byte.
pub(super) fn digits(bytes: &[u8], large: bool) -> String {
    let mut text = String::with_capacity(bytes.len() * 2);
    for byte in bytes {
        // Writing to a string does not fail.
        let _ = if large {
            write!(text, "{byte:02X}")
        } else {
            write!(text, "{byte:02x}")
        };
    }
    text
}

/// NULL if there are other than digits. Of an odd number the first is a byte, which Flink sets to zero: so do we.
fn unhex(arguments: &Arguments<'_>) -> Result<ArrayRef> {
    let texts = arguments.texts(0)?;
    Ok(arguments.bytes_of(|row| bytes_of(texts.at(row)?)))
}

fn bytes_of(text: &str) -> Option<Vec<u8>> {
    let nibble = |letter: char| letter.to_digit(16).map(|digit| digit as u8);
    let mut nibbles = text.chars().map(nibble).collect::<Option<Vec<_>>>()?;
    if nibbles.len() % 2 == 1 {
        nibbles.splice(..1, [0, 0]);
    }
    let byte = |pair: &[u8]| pair.iter().fold(0, |byte, nibble| byte * 16 + nibble);
    Some(nibbles.chunks(2).map(byte).collect())
}

fn bin(arguments: &Arguments<'_>) -> Result<ArrayRef> {
    let numbers = arguments.longs(0)?;
    Ok(arguments.texts_of(|row| Some(format!("{:b}", numbers.at(row)?))))
}
