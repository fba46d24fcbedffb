//! Text as bytes, in a character set or as base 64, and back.

use std::borrow::Cow;

use arrow_array::ArrayRef;
use base64::Engine;
use base64::alphabet::STANDARD;
use base64::engine::DecodePaddingMode;
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig};
use datafusion_common::{Result, exec_err};

use super::super::arguments::Arguments;
use super::super::definition::{Definition, Returns};
use super::super::parameters::Kind;

pub(super) static ALL: [Definition; 5] = [
    Definition::new("encode", &[Kind::Text, Kind::Text], Returns::Bytes, encode),
    Definition::new("decode", &[Kind::Bytes, Kind::Text], Returns::Text, decode),
    Definition::new("to_base64", &[Kind::Text], Returns::Text, to_base64),
    Definition::new("from_base64", &[Kind::Text], Returns::Text, from_base64).nullable(),
    Definition::new("chr", &[Kind::Long], Returns::Text, chr),
];

const BASE64: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// A way to write characters as bytes.
#[derive(Clone, Copy)]
enum Charset {
    Utf8,
    Ascii,
    Latin1,
    Utf16Be,
    Utf16Le,
    /// With a mark of the order of bytes.
    Utf16,
}

impl Charset {
    fn parse(name: &str) -> Result<Self> {
        Ok(match name.to_uppercase().as_str() {
            "UTF-8" | "UTF8" => Self::Utf8,
            "US-ASCII" | "ASCII" => Self::Ascii,
            "ISO-8859-1" | "LATIN1" => Self::Latin1,
            "UTF-16BE" => Self::Utf16Be,
            "UTF-16LE" => Self::Utf16Le,
            "UTF-16" => Self::Utf16,
            _ => {
                return exec_err!(
                    "the character set '{name}' is not known: there are US-ASCII, ISO-8859-1, UTF-8, UTF-16BE, UTF-16LE, UTF-16"
                );
            }
        })
    }

    fn encode(self, text: &str) -> Vec<u8> {
        // What the set does not have becomes a question mark.
        let narrow = |most: u32| {
            let byte = |letter: char| {
                u8::try_from(u32::from(letter))
                    .ok()
                    .filter(|_| u32::from(letter) <= most)
            };
            text.chars()
                .map(|letter| byte(letter).unwrap_or(b'?'))
                .collect()
        };
        match self {
            Self::Utf8 => text.as_bytes().to_vec(),
            Self::Ascii => narrow(127),
            Self::Latin1 => narrow(255),
            Self::Utf16Be => text.encode_utf16().flat_map(u16::to_be_bytes).collect(),
            Self::Utf16Le => text.encode_utf16().flat_map(u16::to_le_bytes).collect(),
            Self::Utf16 => [0xfe, 0xff]
                .into_iter()
                .chain(text.encode_utf16().flat_map(u16::to_be_bytes))
                .collect(),
        }
    }

    fn decode(self, bytes: &[u8]) -> Cow<'_, str> {
        let latin = |byte: &u8| char::from(*byte);
        let ascii = |byte: &u8| {
            if byte.is_ascii() {
                char::from(*byte)
            } else {
                char::REPLACEMENT_CHARACTER
            }
        };
        match self {
            Self::Utf8 => String::from_utf8_lossy(bytes),
            Self::Ascii => bytes.iter().map(ascii).collect::<String>().into(),
            Self::Latin1 => bytes.iter().map(latin).collect::<String>().into(),
            Self::Utf16Be => wide(bytes, u16::from_be_bytes).into(),
            Self::Utf16Le => wide(bytes, u16::from_le_bytes).into(),
            Self::Utf16 => match bytes {
                [0xff, 0xfe, rest @ ..] => wide(rest, u16::from_le_bytes).into(),
                [0xfe, 0xff, rest @ ..] => wide(rest, u16::from_be_bytes).into(),
                rest => wide(rest, u16::from_be_bytes).into(),
            },
        }
    }
}

fn wide(bytes: &[u8], unit: fn([u8; 2]) -> u16) -> String {
    let units = bytes.chunks(2).map(|pair| match pair {
        [first, second] => unit([*first, *second]),
        _ => 0xfffd,
    });
    String::from_utf16_lossy(&units.collect::<Vec<_>>())
}

fn encode(arguments: &Arguments<'_>) -> Result<ArrayRef> {
    let (texts, sets) = (arguments.texts(0)?, arguments.texts(1)?);
    let mut encoded = Vec::with_capacity(arguments.rows);
    for row in 0..arguments.rows {
        let set = sets.at(row).map(Charset::parse).transpose()?;
        encoded.push(set.zip(texts.at(row)).map(|(set, text)| set.encode(text)));
    }
    Ok(arguments.bytes_of(|row| encoded.get(row)?.as_deref()))
}

fn decode(arguments: &Arguments<'_>) -> Result<ArrayRef> {
    let (bytes, sets) = (arguments.bytes(0)?, arguments.texts(1)?);
    arguments.try_texts_of(|row| {
        let set = sets.at(row).map(Charset::parse).transpose()?;
        Ok(set.zip(bytes.at(row)).map(|(set, bytes)| set.decode(bytes)))
    })
}

fn to_base64(arguments: &Arguments<'_>) -> Result<ArrayRef> {
    let texts = arguments.texts(0)?;
    Ok(arguments.texts_of(|row| Some(BASE64.encode(texts.at(row)?))))
}

fn from_base64(arguments: &Arguments<'_>) -> Result<ArrayRef> {
    let texts = arguments.texts(0)?;
    Ok(arguments.texts_of(|row| {
        let bytes = BASE64.decode(texts.at(row)?.trim()).ok()?;
        Some(String::from_utf8_lossy(&bytes).into_owned())
    }))
}

/// The character of a number's last byte; of a negative number none.
fn chr(arguments: &Arguments<'_>) -> Result<ArrayRef> {
    let codes = arguments.longs(0)?;
    Ok(arguments.texts_of(|row| {
        let code = codes.at(row)?;
        let letter = (code >= 0).then(|| char::from(code as u8));
        Some(letter.map(String::from).unwrap_or_default())
    }))
}
