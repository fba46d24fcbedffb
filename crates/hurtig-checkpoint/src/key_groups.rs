//! Key groups as two bounds. Read back through their constructor: a range that ends before it begins would be a trap.

use hurtig_types::KeyGroupRange;
use serde::de::Error;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

pub(crate) fn serialize<S: Serializer>(
    range: &Option<KeyGroupRange>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    range
        .map(|range| {
            let (start, len) = (range.start() as u32, range.len() as u32);
            (start, start.saturating_add(len))
        })
        .serialize(serializer)
}

pub(crate) fn deserialize<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<KeyGroupRange>, D::Error> {
    let bounds: Option<(u32, u32)> = Deserialize::deserialize(deserializer)?;
    match bounds {
        Some((start, end)) if end < start => Err(Error::custom("key groups end before they begin")),
        Some((start, end)) => Ok(Some(KeyGroupRange::new(start, end))),
        None => Ok(None),
    }
}
