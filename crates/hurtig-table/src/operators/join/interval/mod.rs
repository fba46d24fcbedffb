//! Joins of rows whose times are near each other.
//!
//! ```text
//!  row ─► rows of the other side in its reach, by time ─► pairs ─► kept until the watermark has passed its last chance
//!                                                                       └─► without a pair: padded, where its side is
//! ```
//!
//! A row that comes late is joined with what is still there; it is kept if it may still meet somebody, and otherwise padded at once. What
//! comes out may be as old as the reach of the join is wide, so its watermarks are that much behind those of the inputs.

mod expire;
mod operator;

use super::{JoinCondition, JoinKind, JoinTime};
use crate::KeyCodec;
use arrow_schema::SchemaRef;

/// A join of append-only sides: `left.time BETWEEN right.time + lower AND right.time + upper`, both bounds included.
pub struct IntervalJoinSpec {
    /// Which rows come out: inner, left, right or full.
    pub kind: JoinKind,
    /// The key of rows of the left side.
    pub left_key: KeyCodec,
    /// The key of rows of the right side, of the same types.
    pub right_key: KeyCodec,
    /// The columns of the left side.
    pub left: SchemaRef,
    /// The columns of the right side.
    pub right: SchemaRef,
    /// Where the times are.
    pub time: JoinTime,
    /// How much later than the right row the left one is at least, in milliseconds; negative for earlier.
    pub lower_ms: i64,
    /// How much later than the right row the left one is at most.
    pub upper_ms: i64,
    /// How long after the watermark rows are waited for.
    pub lateness_ms: i64,
    /// What else must hold of a pair.
    pub condition: Option<Box<dyn JoinCondition>>,
    /// Whether null equals null in keys.
    pub null_equals_null: bool,
    /// The columns that come out, as [`JoinKind::schema`] says.
    pub output: SchemaRef,
}
