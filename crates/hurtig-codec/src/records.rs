//! The wire form of a batch of the typed API.

use hurtig_types::{Data, Error, ErrorContext, ErrorKind, KeyHash, Records, Result, Timestamp};

/// The first byte of every encoded batch.
const VERSION: u8 = 1;

/// Appends the wire form of `records` to `bytes`. The origin stays behind: it is for errors in the same process.
///
/// # Errors
/// When a value's own `Serialize` fails.
///
/// ```
/// use hurtig_codec::{decode_records, encode_records};
/// use hurtig_types::{Records, Timestamp};
///
/// let mut records = Records::from_values(vec!["a".to_string(), "b".to_string()]);
/// records.timestamps = vec![Timestamp::from_millis(1), Timestamp::from_millis(2)];
/// let mut bytes = Vec::new();
/// encode_records(&records, &mut bytes).unwrap();
/// assert_eq!(decode_records::<String>(&bytes).unwrap(), records);
/// assert!(decode_records::<String>(&bytes[1..]).is_err());
/// ```
pub fn encode_records<T: Data>(records: &Records<T>, bytes: &mut Vec<u8>) -> Result<()> {
    bytes.push(VERSION);
    let timestamps: Vec<i64> = records
        .timestamps
        .iter()
        .map(|time| time.as_millis())
        .collect();
    let hashes: Vec<u64> = records.hashes.iter().map(|hash| hash.to_bits()).collect();
    let taken = std::mem::take(bytes);
    *bytes = postcard::to_extend(&(timestamps, hashes, &records.values), taken)
        .or_kind(ErrorKind::BadRecord, || {
            format!("cannot encode {}", type_name::<T>())
        })?;
    Ok(())
}

/// Reads what [`encode_records`] wrote.
///
/// # Errors
/// When the bytes are not such a batch, of this type, whole and with nothing behind it.
pub fn decode_records<T: Data>(bytes: &[u8]) -> Result<Records<T>> {
    let Some((&VERSION, body)) = bytes.split_first() else {
        return Err(corrupt::<T>("wrong version"));
    };
    let (timestamps, hashes, values): (Vec<i64>, Vec<u64>, Vec<T>) =
        match postcard::take_from_bytes(body) {
            Ok((columns, [])) => columns,
            Ok(_) => return Err(corrupt::<T>("bytes left over")),
            Err(error) => return Err(corrupt::<T>(&error.to_string())),
        };
    let fits = |column: usize| column == 0 || column == values.len();
    if !fits(timestamps.len()) || !fits(hashes.len()) {
        return Err(corrupt::<T>("columns of different length"));
    }
    let mut records = Records::from_values(values);
    records.timestamps = timestamps.into_iter().map(Timestamp::from_millis).collect();
    records.hashes = hashes.into_iter().map(KeyHash::from_bits).collect();
    Ok(records)
}

fn corrupt<T>(what: &str) -> Error {
    Error::bad_record(format!(
        "not an encoded batch of {}: {what}",
        type_name::<T>()
    ))
}

fn type_name<T>() -> &'static str {
    std::any::type_name::<T>()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_batch_survives_the_wire(values: Vec<(u64, String, Option<i32>)>, stamped: bool) {
            let mut records = Records::from_values(values);
            if stamped {
                records.timestamps = (0..records.len() as i64).map(Timestamp::from_millis).collect();
            }
            let mut bytes = Vec::new();
            encode_records(&records, &mut bytes).unwrap();
            prop_assert_eq!(decode_records::<(u64, String, Option<i32>)>(&bytes).unwrap(), records);
        }

        #[test]
        fn garbage_is_refused_or_read_without_a_panic(bytes: Vec<u8>) {
            let _ = decode_records::<(u64, String)>(&bytes);
        }
    }
}
