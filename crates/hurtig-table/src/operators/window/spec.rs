//! Which windows, and what is aggregated in them.

use arrow_schema::{DataType, Field, FieldRef, Schema, SchemaRef, TimeUnit};
use hurtig_types::{Error, Result};

use crate::KeyCodec;
use crate::operators::aggregate::AggregateCall;

/// Windows as the table functions of SQL make them. All lengths are in milliseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WindowSpec {
    /// One behind the other.
    Tumble {
        /// How long each is.
        size_ms: i64,
        /// How far the first begins after 1970-01-01T00:00.
        offset_ms: i64,
    },
    /// Overlapping; also called sliding.
    Hop {
        /// How long each is.
        size_ms: i64,
        /// How far the next begins behind.
        slide_ms: i64,
        /// As for `Tumble`.
        offset_ms: i64,
    },
    /// Growing by a step up to a size, all with the same beginning; then the next begin.
    Cumulate {
        /// How long the last is.
        max_ms: i64,
        /// By how much they grow.
        step_ms: i64,
        /// As for `Tumble`.
        offset_ms: i64,
    },
    /// From a row of a key to the last before a gap.
    Session {
        /// How long nothing comes behind a session.
        gap_ms: i64,
    },
}

impl WindowSpec {
    /// Whether the lengths make sense together.
    ///
    /// # Errors
    /// When they don't, in words for the user.
    pub fn check(&self) -> Result<()> {
        let problem = match *self {
            Self::Tumble { size_ms, .. } if size_ms <= 0 => "TUMBLE: the size must be positive",
            Self::Hop {
                size_ms, slide_ms, ..
            } if size_ms <= 0 || slide_ms <= 0 => "HOP: slide and size must be positive",
            Self::Cumulate {
                max_ms, step_ms, ..
            } if max_ms <= 0 || step_ms <= 0 || max_ms % step_ms != 0 => {
                "CUMULATE: the size must be a multiple of the step, and both positive"
            }
            Self::Session { gap_ms } if gap_ms <= 0 => "SESSION: the gap must be positive",
            _ => return Ok(()),
        };
        Err(Error::invalid_job(problem))
    }
}

/// By what time rows come to their windows, and windows fire.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WindowTime {
    /// The time in this column; windows fire by the watermark.
    Rowtime(usize),
    /// The time at which rows arrive; windows fire by the clock.
    Proctime,
}

/// How rows come to their windows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Windowing {
    /// By their time.
    Assign {
        /// Which windows.
        window: WindowSpec,
        /// By which time.
        time: WindowTime,
    },
    /// They bring them along: a window function or a window aggregate is upstream.
    Attached {
        /// The column of the window's start.
        start: usize,
        /// The column of its end.
        end: usize,
        /// Whether windows fire by the clock instead of the watermark.
        proctime: bool,
    },
}

/// TUMBLE, HOP, CUMULATE as a table function: each row once for each of its windows.
#[derive(Clone, Debug)]
pub struct WindowTableFunctionSpec {
    /// Which windows; sessions only exist where they are aggregated.
    pub window: WindowSpec,
    /// By which time.
    pub time: WindowTime,
    /// The columns of the input.
    pub input: SchemaRef,
    /// What the three columns of windows are called, and their types; see [`window_fields`].
    pub window_fields: [FieldRef; 3],
}

impl WindowTableFunctionSpec {
    /// The columns of the output: those of the input, then the window's.
    pub fn output(&self) -> SchemaRef {
        let input = self.input.fields().iter().cloned();
        let fields = input.chain(self.window_fields.iter().cloned());
        Schema::new(fields.collect::<Vec<_>>()).into()
    }
}

/// `window_start`, `window_end`, `window_time`, as TIMESTAMP(3).
pub fn window_fields() -> [FieldRef; 3] {
    let time = DataType::Timestamp(TimeUnit::Millisecond, None);
    ["window_start", "window_end", "window_time"]
        .map(|name| Field::new(name, time.clone(), true).into())
}

/// Aggregates by key and window, also of legacy group windows.
///
/// A window is put out once, behind the watermark that completes it (or when its time is over): inserts alone.
#[derive(Clone, Debug)]
pub struct WindowAggregateSpec {
    /// What is grouped by beside the window.
    pub key: KeyCodec,
    /// What is computed.
    pub calls: Vec<AggregateCall>,
    /// How rows come to windows.
    pub windowing: Windowing,
    /// The columns of the input.
    pub input: SchemaRef,
    /// Whether the input only ever inserts.
    pub input_insert_only: bool,
    /// What the three columns of windows are called, and their types; see [`window_fields`].
    pub window_fields: [FieldRef; 3],
}

impl WindowAggregateSpec {
    /// Aggregates over an input that only inserts.
    pub fn new(
        key: KeyCodec,
        calls: Vec<AggregateCall>,
        windowing: Windowing,
        input: SchemaRef,
    ) -> Self {
        Self {
            key,
            calls,
            windowing,
            input,
            input_insert_only: true,
            window_fields: window_fields(),
        }
    }

    /// The columns of the output: those of the key, the results, then the window's.
    pub fn output(&self) -> SchemaRef {
        let key = self.key.fields().iter().cloned();
        let results = self.calls.iter().map(|call| FieldRef::clone(&call.output));
        let fields = key.chain(results).chain(self.window_fields.iter().cloned());
        Schema::new(fields.collect::<Vec<_>>()).into()
    }
}
