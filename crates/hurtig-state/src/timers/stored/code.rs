//! Timers as keys of a store.

use hurtig_codec::{append_value, decode_value, take_value};
use hurtig_types::{Error, KeyGroup, KeyHash, Result, Timestamp};
use serde::{Serialize, de::DeserializeOwned};

use crate::store::group_prefix;

/// How many bytes tell key group and time.
const FRONT_BYTES: usize = 2 + 8;

/// How timers are written to a store and read again.
///
/// ```text
///  key:   key group u16 | time i64, its sign turned | key | namespace      numbers big-endian, the rest as postcard writes it
///  value: the key's hash u64, little-endian
/// ```
///
/// So the timers of a key group lie in the order of their times, and one timer has one key, however often it is registered.
/// Functions, not bounds: who only registers and pops need not know that keys can be encoded.
pub(super) struct Code<K, N> {
    append: fn(&K, &N, &mut Vec<u8>) -> Result<()>,
    read: fn(&[u8]) -> Result<(K, N)>,
}

impl<K, N> Code<K, N>
where
    K: Serialize + DeserializeOwned,
    N: Serialize + DeserializeOwned,
{
    pub(super) fn new() -> Self {
        Self {
            append: |key, namespace, bytes| {
                append_value(key, bytes)?;
                append_value(namespace, bytes)
            },
            read: |mut bytes| Ok((take_value(&mut bytes)?, decode_value(bytes)?)),
        }
    }
}

impl<K, N> Code<K, N> {
    /// Writes a timer's key to `bytes`, in the place of what was there.
    pub(super) fn write(
        &self,
        time: Timestamp,
        (key, group): (&K, KeyGroup),
        namespace: &N,
        bytes: &mut Vec<u8>,
    ) -> Result<()> {
        bytes.clear();
        bytes.extend(group_prefix(group));
        // Negative times come before the others in the order of bytes too.
        bytes.extend((time.as_millis() ^ i64::MIN).to_be_bytes());
        (self.append)(key, namespace, bytes)
    }

    /// The key and the namespace of a timer.
    pub(super) fn read(&self, bytes: &[u8]) -> Result<(K, N)> {
        let rest = bytes.get(FRONT_BYTES..).ok_or_else(not_a_timer)?;
        (self.read)(rest)
    }
}

/// When a timer fires. What [`load`](super::head::Head::load) let in has a time.
pub(super) fn time_of(bytes: &[u8]) -> Timestamp {
    let time = bytes.get(2..).and_then(<[u8]>::first_chunk::<8>);
    let millis = time.map_or(i64::MIN, |time| i64::from_be_bytes(*time) ^ i64::MIN);
    Timestamp::from_millis(millis)
}

/// The key group of a timer and the hash of its key, if these are the key and the value of a timer.
pub(super) fn read_entry(key: &[u8], value: &[u8]) -> Result<(KeyGroup, KeyHash)> {
    let group = key.first_chunk::<2>().filter(|_| key.len() >= FRONT_BYTES);
    let hash = <[u8; 8]>::try_from(value).ok();
    let (group, hash) = group.zip(hash).ok_or_else(not_a_timer)?;
    let group = KeyGroup::new(u16::from_be_bytes(*group));
    Ok((group, KeyHash::from_bits(u64::from_le_bytes(hash))))
}

#[cold]
fn not_a_timer() -> Error {
    Error::bad_record(
        "an entry among the stored timers is none: was the store written by another version?",
    )
}
