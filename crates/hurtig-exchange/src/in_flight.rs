//! What lay in a channel when a barrier overtook it, as bytes.

use std::marker::PhantomData;

use hurtig_codec::{append_value, decode_records, encode_records, take_value};
use hurtig_types::{
    Data, ErasedBatch, Error, KeyGroupRange, Records, Result, Signal, StreamStatus, Timestamp,
    Watermark,
};

/// The first byte of what a channel held.
const VERSION: u8 = 1;

const BATCH: u8 = 0;
const WATERMARK: u8 = 1;
const STATUS: u8 = 2;

/// Turns the batches of an edge into bytes and back: the edge alone knows their type.
pub trait BatchCodec: Send + Sync {
    /// Appends the bytes of a batch.
    ///
    /// # Errors
    /// When it is of another type, or a value cannot be encoded.
    fn encode(&self, batch: &ErasedBatch, bytes: &mut Vec<u8>) -> Result<()>;

    /// Reads what [`encode`](Self::encode) wrote; of it those records alone whose key is in one of `groups`, if there are any.
    ///
    /// # Errors
    /// When the bytes are no such batch.
    fn decode(&self, bytes: &[u8], groups: Option<KeyGroupRange>) -> Result<ErasedBatch>;
}

/// The codec of records of type `T`.
///
/// ```
/// use hurtig_exchange::{BatchCodec, RecordsCodec};
/// use hurtig_types::{ErasedBatch, Records};
///
/// let codec = RecordsCodec::<u64>::new();
/// let mut bytes = Vec::new();
/// codec.encode(&ErasedBatch::new(Records::from_values(vec![1u64, 2])), &mut bytes)?;
/// assert_eq!(codec.decode(&bytes, None)?.get::<Records<u64>>()?.values, [1, 2]);
/// # Ok::<(), hurtig_types::Error>(())
/// ```
pub struct RecordsCodec<T>(PhantomData<fn() -> T>);

impl<T> RecordsCodec<T> {
    /// The codec.
    pub const fn new() -> Self {
        Self(PhantomData)
    }
}

impl<T> Default for RecordsCodec<T> {
    fn default() -> Self {
        Self::new()
    }
}

impl<T: Data> BatchCodec for RecordsCodec<T> {
    fn encode(&self, batch: &ErasedBatch, bytes: &mut Vec<u8>) -> Result<()> {
        encode_records(batch.get::<Records<T>>()?, bytes)
    }

    fn decode(&self, bytes: &[u8], groups: Option<KeyGroupRange>) -> Result<ErasedBatch> {
        let mut records: Records<T> = decode_records(bytes)?;
        if let Some(groups) = groups {
            records.retain_key_groups(groups);
        }
        Ok(ErasedBatch::new(records))
    }
}

/// Something that was in flight.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum InFlightElement {
    /// A batch, as its edge's codec writes it.
    Batch(Vec<u8>),
    /// A watermark.
    Watermark(Watermark),
    /// The channel became idle or active.
    Status(StreamStatus),
}

impl InFlightElement {
    /// The signal, if it is one that says something about event time: others mean nothing after a restart.
    pub fn of_signal(signal: Signal) -> Option<Self> {
        match signal {
            Signal::Watermark(watermark) => Some(Self::Watermark(watermark)),
            Signal::Status(status) => Some(Self::Status(status)),
            Signal::Barrier(_) | Signal::EndOfInput => None,
        }
    }
}

/// What a channel held, and how far event time had come at its reading end before it.
///
/// ```
/// use hurtig_exchange::{ChannelContents, InFlightElement};
/// use hurtig_types::{Timestamp, Watermark};
///
/// let mut contents = ChannelContents::of_peer(3);
/// let watermark = Watermark::new(Timestamp::from_millis(17));
/// contents.elements.push(InFlightElement::Watermark(watermark));
/// assert_eq!(contents.last_watermark(), watermark);
/// assert_eq!(ChannelContents::decode(&contents.encode()?)?, contents);
/// # Ok::<(), hurtig_types::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChannelContents {
    /// The subtask at the other end: the producer's, for what a consumer has not read; the consumer's, for what a producer has not sent.
    pub peer: u32,
    /// The watermark before all this.
    pub watermark: Watermark,
    /// The status before all this.
    pub status: StreamStatus,
    /// What was in flight, in order.
    pub elements: Vec<InFlightElement>,
}

impl ChannelContents {
    /// Nothing, of the channel from or to this subtask.
    pub const fn of_peer(peer: u32) -> Self {
        Self {
            peer,
            watermark: Watermark::MIN,
            status: StreamStatus::Active,
            elements: Vec::new(),
        }
    }

    /// Whether records are in it.
    pub fn has_batches(&self) -> bool {
        let mut elements = self.elements.iter();
        elements.any(|element| matches!(element, InFlightElement::Batch(_)))
    }

    /// How many bytes the records take.
    pub fn bytes(&self) -> u64 {
        let bytes = self.elements.iter().map(|element| match element {
            InFlightElement::Batch(bytes) => bytes.len() as u64,
            InFlightElement::Watermark(_) | InFlightElement::Status(_) => 0,
        });
        bytes.sum()
    }

    /// The watermark behind all this.
    pub fn last_watermark(&self) -> Watermark {
        let watermarks = self.elements.iter().map(|element| match element {
            InFlightElement::Watermark(watermark) => *watermark,
            InFlightElement::Batch(_) | InFlightElement::Status(_) => Watermark::MIN,
        });
        watermarks
            .max()
            .unwrap_or(self.watermark)
            .max(self.watermark)
    }

    /// The status behind all this.
    pub fn last_status(&self) -> StreamStatus {
        let mut statuses = self.elements.iter().filter_map(|element| match element {
            InFlightElement::Status(status) => Some(*status),
            InFlightElement::Batch(_) | InFlightElement::Watermark(_) => None,
        });
        statuses.next_back().unwrap_or(self.status)
    }

    /// Adds a batch.
    ///
    /// # Errors
    /// When it cannot be encoded.
    pub fn add_batch(&mut self, batch: &ErasedBatch, codec: &dyn BatchCodec) -> Result<()> {
        let mut bytes = Vec::new();
        let encoded = codec.encode(batch, &mut bytes);
        encoded.map_err(|error| error.context("storing records in flight"))?;
        self.elements.push(InFlightElement::Batch(bytes));
        Ok(())
    }

    /// All this as bytes: described in `docs/formats/state-files.md`.
    ///
    /// # Errors
    /// Never, as long as numbers can be encoded.
    pub fn encode(&self) -> Result<Vec<u8>> {
        let mut bytes = Vec::with_capacity(32 + self.bytes() as usize + 16 * self.elements.len());
        bytes.push(VERSION);
        let watermark = self.watermark.timestamp().as_millis();
        let is_idle = self.status == StreamStatus::Idle;
        append_value(
            &(self.peer, watermark, is_idle, self.elements.len() as u64),
            &mut bytes,
        )?;
        for element in &self.elements {
            match element {
                InFlightElement::Batch(batch) => {
                    append_value(&(BATCH, batch.len() as u64), &mut bytes)?;
                    bytes.extend_from_slice(batch);
                }
                InFlightElement::Watermark(watermark) => {
                    let millis = watermark.timestamp().as_millis();
                    append_value(&(WATERMARK, millis), &mut bytes)?;
                }
                InFlightElement::Status(status) => {
                    append_value(&(STATUS, *status == StreamStatus::Idle), &mut bytes)?;
                }
            }
        }
        Ok(bytes)
    }

    /// Reads what [`encode`](Self::encode) wrote.
    ///
    /// # Errors
    /// When the bytes are anything else.
    pub fn decode(bytes: &[u8]) -> Result<Self> {
        read(bytes).map_err(|error| error.context("the bytes are not what a channel held"))
    }
}

fn read(bytes: &[u8]) -> Result<ChannelContents> {
    let Some((&VERSION, mut rest)) = bytes.split_first() else {
        return Err(Error::io("they are empty, or of another version"));
    };
    let (peer, watermark, is_idle, count): (u32, i64, bool, u64) = take_value(&mut rest)?;
    // An element has two bytes at least: whoever means harm can't make us reserve more than that.
    let mut elements = Vec::with_capacity((count as usize).min(rest.len() / 2));
    for _ in 0..count {
        elements.push(read_element(&mut rest)?);
    }
    if !rest.is_empty() {
        return Err(Error::io("bytes are left over"));
    }
    Ok(ChannelContents {
        peer,
        watermark: watermark_at(watermark),
        status: status_of(is_idle),
        elements,
    })
}

fn read_element(rest: &mut &[u8]) -> Result<InFlightElement> {
    match take_value::<u8>(rest)? {
        BATCH => {
            let length: u64 = take_value(rest)?;
            let Some((batch, behind)) = rest.split_at_checked(length as usize) else {
                return Err(Error::io("a batch ends behind them"));
            };
            *rest = behind;
            Ok(InFlightElement::Batch(batch.to_vec()))
        }
        WATERMARK => Ok(InFlightElement::Watermark(watermark_at(take_value(rest)?))),
        STATUS => Ok(InFlightElement::Status(status_of(take_value(rest)?))),
        kind => Err(Error::io(format!("an element is of kind {kind}"))),
    }
}

const fn watermark_at(millis: i64) -> Watermark {
    Watermark::new(Timestamp::from_millis(millis))
}

const fn status_of(is_idle: bool) -> StreamStatus {
    if is_idle {
        StreamStatus::Idle
    } else {
        StreamStatus::Active
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn element() -> impl Strategy<Value = InFlightElement> {
        prop_oneof![
            prop::collection::vec(any::<u8>(), 0..50).prop_map(InFlightElement::Batch),
            any::<i64>().prop_map(|millis| InFlightElement::Watermark(watermark_at(millis))),
            any::<bool>().prop_map(|is_idle| InFlightElement::Status(status_of(is_idle))),
        ]
    }

    proptest! {
        #[test]
        fn contents_are_read_as_written_or_not_at_all(
            peer: u32, watermark: i64, is_idle: bool, elements in prop::collection::vec(element(), 0..20),
            cut in any::<prop::sample::Index>(),
        ) {
            let contents = ChannelContents { peer, watermark: watermark_at(watermark), status: status_of(is_idle), elements };
            let bytes = contents.encode().unwrap();
            prop_assert_eq!(ChannelContents::decode(&bytes).unwrap(), contents);
            prop_assert!(ChannelContents::decode(&bytes[..cut.index(bytes.len())]).is_err());
        }

        #[test]
        fn contents_made_to_mislead_are_no_panic(mut bytes: Vec<u8>) {
            bytes.insert(0, VERSION);
            let _ = ChannelContents::decode(&bytes);
        }
    }
}
