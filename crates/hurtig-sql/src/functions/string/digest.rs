//! Digests of texts, as hexadecimal digits.

use arrow_array::ArrayRef;
use datafusion_common::{Result, exec_err};
use md5::Md5;
use sha1::Sha1;
use sha2::digest::Digest;
use sha2::{Sha224, Sha256, Sha384, Sha512};

use super::super::arguments::Arguments;
use super::super::definition::{Definition, Returns};
use super::super::parameters::Kind;
use super::hex::digits;

const TEXT: &[Kind] = &[Kind::Text];

pub(super) static ALL: [Definition; 7] = [
    Definition::new("md5", TEXT, Returns::Text, |a| each(a, digest::<Md5>)),
    Definition::new("sha1", TEXT, Returns::Text, |a| each(a, digest::<Sha1>)),
    Definition::new("sha224", TEXT, Returns::Text, |a| each(a, digest::<Sha224>)),
    Definition::new("sha256", TEXT, Returns::Text, |a| each(a, digest::<Sha256>)),
    Definition::new("sha384", TEXT, Returns::Text, |a| each(a, digest::<Sha384>)),
    Definition::new("sha512", TEXT, Returns::Text, |a| each(a, digest::<Sha512>)),
    Definition::new("sha2", &[Kind::Text, Kind::Long], Returns::Text, sha2),
];

fn digest<D: Digest>(bytes: &[u8]) -> String {
    digits(D::digest(bytes).as_ref(), false)
}

fn each(arguments: &Arguments<'_>, digest: fn(&[u8]) -> String) -> Result<ArrayRef> {
    let texts = arguments.texts(0)?;
    Ok(arguments.texts_of(|row| Some(digest(texts.at(row)?.as_bytes()))))
}

/// Of so many bits.
fn sha2(arguments: &Arguments<'_>) -> Result<ArrayRef> {
    let (texts, bits) = (arguments.texts(0)?, arguments.longs(1)?);
    arguments.try_texts_of(|row| {
        let (Some(text), Some(bits)) = (texts.at(row), bits.at(row)) else {
            return Ok(None);
        };
        let digest = match bits {
            224 => digest::<Sha224>,
            256 => digest::<Sha256>,
            384 => digest::<Sha384>,
            512 => digest::<Sha512>,
            _ => return exec_err!("SHA2 has {bits} bits, and should have 224, 256, 384 or 512"),
        };
        Ok(Some(digest(text.as_bytes())))
    })
}
