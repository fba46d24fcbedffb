//! Joins with a table outside, which is asked for the rows of a key.
//!
//! ```text
//!  batch ─► keys, each once ─► cache ─► of those that miss a question, `capacity` keys at a time ─► pairs, in the order of the rows
//! ```
//!
//! While an answer is under way the operator is blocked, and a barrier waits behind the batch: nothing in flight need be remembered.

mod ask;
mod cache;
mod operator;

use std::time::Duration;

use arrow_array::RecordBatch;
use arrow_schema::SchemaRef;
use hurtig_connect::BoxFuture;
use hurtig_types::Result;

use super::{JoinCondition, JoinKind};
use crate::KeyCodec;

/// A table outside that finds rows by key.
///
/// The law: asked twice for a key, it finds the rows that are there then. One question is under way at a time.
pub trait LookupSource: Send {
    /// The rows of each of these keys, in their order: a batch per row of `keys`, which has the columns of the key. The future runs where
    /// I/O does.
    fn lookup(&mut self, keys: RecordBatch) -> BoxFuture<'static, Result<Vec<RecordBatch>>>;
}

/// How long rows that were looked up may be used again.
#[derive(Clone, Copy, Debug)]
pub struct LookupCache {
    /// How many rows it holds at most; a key without any counts as one.
    pub rows_max: usize,
    /// How long after they were looked up; for ever without.
    pub ttl: Option<Duration>,
}

/// How the table is asked.
#[derive(Clone, Copy, Debug)]
pub struct LookupOptions {
    /// How many keys are asked for at once.
    pub capacity: usize,
    /// How long an answer may take.
    pub timeout: Duration,
    /// How often a question that failed is asked again.
    pub retries: u32,
    /// How long after the failure.
    pub retry_delay: Duration,
    /// Whether keys that have no rows are asked for again: what they belong to may come later.
    pub misses: Option<MissRetry>,
}

/// How keys without rows are asked for again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MissRetry {
    /// How long after the answer.
    pub delay: Duration,
    /// How often.
    pub attempts: u32,
}

impl Default for LookupOptions {
    /// A hundred keys at once, three minutes, no second try: as in Flink.
    fn default() -> Self {
        Self {
            capacity: 100,
            timeout: Duration::from_secs(180),
            retries: 0,
            retry_delay: Duration::ZERO,
            misses: None,
        }
    }
}

/// A join of each row with the rows of its key in a table outside, as they are when it comes.
pub struct LookupJoinSpec {
    /// Which rows come out: inner or left.
    pub kind: JoinKind,
    /// The key of left rows; its columns are those that [`LookupSource::lookup`] is given.
    pub key: KeyCodec,
    /// The columns of the left side.
    pub left: SchemaRef,
    /// The columns of the table.
    pub right: SchemaRef,
    /// What else must hold of a pair.
    pub condition: Option<Box<dyn JoinCondition>>,
    /// What is remembered of answers.
    pub cache: Option<LookupCache>,
    /// How the table is asked.
    pub options: LookupOptions,
    /// The table.
    pub source: Box<dyn LookupSource>,
    /// The columns that come out, as [`JoinKind::schema`] says.
    pub output: SchemaRef,
}
