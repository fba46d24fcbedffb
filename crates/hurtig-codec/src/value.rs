//! Single values as bytes: entries of state, positions of splits.

use hurtig_types::{Error, ErrorContext, ErrorKind, Result};
use serde::{Serialize, de::DeserializeOwned};

/// Appends a value to `bytes`, as postcard writes it.
///
/// # Errors
/// When the value's own `Serialize` fails. `bytes` are as before then.
///
/// ```
/// use hurtig_codec::{append_value, decode_value};
///
/// let mut bytes = Vec::new();
/// append_value(&("position", 7u64), &mut bytes)?;
/// assert_eq!(decode_value::<(String, u64)>(&bytes)?, ("position".to_string(), 7));
/// # Ok::<(), hurtig_types::Error>(())
/// ```
pub fn append_value<T: Serialize + ?Sized>(value: &T, bytes: &mut Vec<u8>) -> Result<()> {
    let before = bytes.len();
    let written = postcard::serialize_with_flavor(value, Appending(bytes));
    if written.is_err() {
        bytes.truncate(before);
    }
    written.or_kind(ErrorKind::BadRecord, || {
        format!("cannot encode {}", std::any::type_name::<T>())
    })
}

/// The bytes of one value.
///
/// # Errors
/// As [`append_value`].
pub fn encode_value<T: Serialize + ?Sized>(value: &T) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    append_value(value, &mut bytes)?;
    Ok(bytes)
}

/// Reads a value from the front of `bytes`, and moves them on.
///
/// # Errors
/// When they don't begin with such a value.
///
/// ```
/// let mut bytes: &[u8] = &[1, 2];
/// assert_eq!(hurtig_codec::take_value::<u8>(&mut bytes)?, 1);
/// assert_eq!(bytes, [2]);
/// # Ok::<(), hurtig_types::Error>(())
/// ```
pub fn take_value<T: DeserializeOwned>(bytes: &mut &[u8]) -> Result<T> {
    match postcard::take_from_bytes(bytes) {
        Ok((value, rest)) => {
            *bytes = rest;
            Ok(value)
        }
        Err(error) => Err(not_a_value::<T>(&error.to_string())),
    }
}

/// Reads a value that is all of `bytes`.
///
/// # Errors
/// When they are something else, or more.
pub fn decode_value<T: DeserializeOwned>(mut bytes: &[u8]) -> Result<T> {
    let value = take_value(&mut bytes)?;
    if bytes.is_empty() {
        Ok(value)
    } else {
        Err(not_a_value::<T>("bytes left over"))
    }
}

fn not_a_value<T>(why: &str) -> Error {
    Error::bad_record(format!(
        "not an encoded {}: {why}",
        std::any::type_name::<T>()
    ))
}

/// Lets postcard write behind what is there.
struct Appending<'a>(&'a mut Vec<u8>);

impl postcard::ser_flavors::Flavor for Appending<'_> {
    type Output = ();

    #[inline(always)]
    fn try_extend(&mut self, data: &[u8]) -> postcard::Result<()> {
        self.0.extend_from_slice(data);
        Ok(())
    }

    #[inline(always)]
    fn try_push(&mut self, data: u8) -> postcard::Result<()> {
        self.0.push(data);
        Ok(())
    }

    fn finalize(self) -> postcard::Result<()> {
        Ok(())
    }
}
