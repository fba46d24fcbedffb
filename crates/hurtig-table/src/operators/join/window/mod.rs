//! Joins of rows of the same window.
//!
//! Rows wait by key and window until the watermark has passed the end of the window; then all pairs of a window are made at once. A row
//! that comes after that is late: it is counted, and nothing else is heard of it.

mod fire;
mod operator;

use arrow_schema::SchemaRef;

use super::{JoinCondition, JoinKind};
use crate::KeyCodec;

/// A join of append-only sides that a window function has divided into windows: rows of equal keys and of the same window.
pub struct WindowJoinSpec {
    /// Which rows come out.
    pub kind: JoinKind,
    /// The key of rows of the left side, without the window.
    pub left_key: KeyCodec,
    /// The key of rows of the right side, of the same types.
    pub right_key: KeyCodec,
    /// The columns of the left side.
    pub left: SchemaRef,
    /// The columns of the right side.
    pub right: SchemaRef,
    /// The columns `window_start` and `window_end` of the left side.
    pub left_window: (usize, usize),
    /// Those of the right side.
    pub right_window: (usize, usize),
    /// What else must hold of a pair.
    pub condition: Option<Box<dyn JoinCondition>>,
    /// Whether null equals null in keys.
    pub null_equals_null: bool,
    /// The columns that come out, as [`JoinKind::schema`] says.
    pub output: SchemaRef,
}
