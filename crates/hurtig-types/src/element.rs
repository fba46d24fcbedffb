//! What flows through a job: batches of records, and signals beside them.

use crate::{Barrier, ErasedBatch, Timestamp};

/// A promise about event time: no record with a timestamp at or before it will follow.
///
/// (The Dataflow model, VLDB 2015; Flink's `Watermark`.)
///
/// ```
/// use hurtig_types::{Timestamp, Watermark};
///
/// assert!(Watermark::MAX > Watermark::new(Timestamp::from_millis(17)));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Watermark(Timestamp);

impl Watermark {
    /// Nothing is promised yet.
    pub const MIN: Self = Self(Timestamp::MIN);
    /// Event time is over: the input has ended.
    pub const MAX: Self = Self(Timestamp::MAX);

    /// The promise that no record at or before `timestamp` will follow.
    pub const fn new(timestamp: Timestamp) -> Self {
        Self(timestamp)
    }

    /// The last point in time that is complete.
    pub const fn timestamp(self) -> Timestamp {
        self.0
    }
}

/// Whether an input takes part in the minimum of watermarks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum StreamStatus {
    /// It does.
    Active,
    /// It has had nothing for a while and holds nobody back.
    Idle,
}

/// What is said between batches. Each kind flushes what was batched before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Signal {
    /// Event time has advanced.
    Watermark(Watermark),
    /// The channel became idle or active again.
    Status(StreamStatus),
    /// What comes before it is part of a checkpoint.
    Barrier(Barrier),
    /// The last element of a channel.
    EndOfInput,
}

/// One element of a stream.
#[derive(Debug)]
pub enum StreamElement {
    /// Records, many at a time.
    Batch(ErasedBatch),
    /// A word about the stream itself.
    Signal(Signal),
}
