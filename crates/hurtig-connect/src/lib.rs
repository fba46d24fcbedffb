//! The contracts between the engine and the outside world: sources, sinks, formats.
//!
//! ```text
//!  JobManager   SplitEnumerator ── pure: events in, assignments out; lists what exists through `discover`
//!                   │ splits            ▲ requests
//!  TaskManager  SourceReader ── batches of one split at a time ─► job ─► SinkWriter
//! ```
//!
//! A format turns bytes into records ([`DecodingFormat`]) and records into bytes ([`EncodingFormat`]), whatever carries
//! the bytes.
//!
//! A connector implements [`Source`] or [`Sink`] and knows nothing of tasks, channels or checkpoints; the engine knows
//! nothing of files or brokers. Two laws:
//! 1. A batch that a reader hands over comes from one split, and says from which positions.
//! 2. A record that can't be read is never dropped unseen: it becomes a [`BadRecord`] and meets the job's policy.

#![cfg_attr(test, allow(clippy::unwrap_used))]

mod bad_record;
mod encode;
mod format;
mod lines;
mod sink;
mod source;
mod split_pool;
mod text;
pub mod timestamp_serde;
mod watermark;

pub use bad_record::{BadRecord, BadRecordPolicy};
pub use encode::{Encoder, EncodingFormat};
pub use format::{
    DecodeFailure, DecodeInput, DecodeOutput, Decoder, DecodingFormat, RecordError, Taken,
};
/// For the states of enumerators.
pub use hurtig_codec::{decode_value, encode_value};
pub use lines::{DecodeRecord, FindEnd, LineEnds, RECORD_BYTES_MAX, RecordDecoder, RecordEnd};
pub use sink::{Committer, PreCommit, Sink, SinkWriter, WriterContext};
pub use source::{
    Boundedness, BoxFuture, EnumeratorAction, EnumeratorEvent, ReaderContext, ReaderEvent,
    ReaderOutput, Source, SourceReader, SourceSplit, SplitEnumerator, SplitRequester,
};
pub use split_pool::{Discover, Discovered, SplitPool};
pub use text::{TextFormat, byte_order_mark, check_record_bytes_max};
pub use watermark::{
    Alignment, BoundedOutOfOrderness, Emission, Monotonous, NoWatermarks, TrackerOutput,
    WatermarkGenerator, WatermarkOutput, WatermarkStrategy, WatermarkTracker,
};
