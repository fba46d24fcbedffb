//! Streaming operators on Arrow batches.
//!
//! ```text
//! RowBatch: columns | kinds (+I −U +U −D) | hashes of keys
//!    │ exchange by key columns: a key is hashed once
//!    ▼
//! operator: keys of a batch ─► state probed once per distinct key ─► changes, as columns again
//! ```
//!
//! Nothing here knows of SQL text or of DataFusion: expressions come as traits. State lies in the tables of `hurtig-state`, so
//! that checkpoints, rescaling and backends are theirs.

#![cfg_attr(test, allow(clippy::unwrap_used))]

mod backing;
mod batch;
mod border;
mod codec;
pub mod columns;
pub mod connector;
mod distinct;
mod emission;
mod error;
pub mod event_time;
mod expiry;
mod group;
mod key;
mod keyed;
pub mod operators;
mod order;
mod payload;
mod row;
mod stream;
pub mod text;
mod times;

pub use batch::{BATCH_ROWS, RowBatch};
pub use codec::{RowsCodec, decode_rows, encode_rows, filter_rows, no_rows};
pub use error::ArrowContext;
pub use group::Grouping;
pub use key::{ByKey, KeyCodec, Keys, TableKey, by_key};
pub use payload::RowsGather;
pub(crate) use row::RowEncoder;
pub use row::{RowBytes, RowCodec};
pub use stream::{Named, RowStream};
