//! The vocabulary of Hurtig: ids, key groups, time, stream elements, batches, configuration, errors.
//!
//! Every other crate speaks in these words, and this one knows nothing of theirs: no I/O, no threads, no clock.
//!
//! ```text
//!  a task reads and writes        StreamElement = Batch (many records) | Signal (watermark, status, end)
//!  a batch of the typed API is    Records<T>    = values | timestamps | key hashes | origin
//!  a key finds its subtask by     key ─ KeyHash ─► KeyGroup ─ KeyGroupRange ─► subtask
//! ```
//!
//! Two laws:
//! 1. A signal is never a row: it travels beside the batches, in order with them.
//! 2. The mapping from key to key group is Flink's, and never changes: state is stored by it.

mod batch;
mod checkpoint;
mod checkpoint_options;
mod config;
mod data;
mod dead_letter_options;
mod element;
mod error;
mod hash;
mod id;
mod key_group;
mod origin;
mod records;
mod row_kind;
mod secrets;
mod storage_options;
mod time;

pub use batch::{Batch, ErasedBatch};
pub use checkpoint::{AlignmentType, Barrier, BarrierKind, CheckpointId, Epoch};
pub use config::{ConfigOption, ConfigValue, Configuration, MemorySize, options};
pub use data::{Data, Key};
pub use element::{Signal, StreamElement, StreamStatus, Watermark};
pub use error::{Error, ErrorContext, ErrorKind, Result};
pub use hash::{KeyHash, KeyHasher};
pub use id::{JobId, OperatorId, VertexId};
pub use key_group::{KeyGroup, KeyGroupRange, MaxParallelism};
pub use origin::{Origin, OriginRange};
pub use records::{BATCH_BYTES_TARGET, BATCH_RECORDS_MAX, Records, batch_capacity};
pub use row_kind::RowKind;
pub use secrets::{HIDDEN, is_secret};
pub use time::Timestamp;
