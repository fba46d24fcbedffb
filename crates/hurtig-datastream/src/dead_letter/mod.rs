//! Records that a function failed at: shown with where they came from, and set aside instead of failing the job, if one wants that.
//!
//! ```text
//!  batch ─► DeadLetterOperator ─► the operator ─► fails at record i
//!               │                                   │ goes on with i+1 …
//!               └─ DeadLetter ─ side output `dead-letters` ─► DeadLetterSink: a file per subtask and checkpoint
//! ```
//!
//! A letter is a record like any other: part of the stream, and so of checkpoints. What becomes of it is exactly once where the sink is.

mod operator;
mod policy;
mod sink;

use serde::{Deserialize, Serialize};

pub(crate) use policy::{Fallible, FallibleFactory, add_sinks};

/// The side output of an operator that sets records aside.
pub(crate) const DEAD_LETTERS: &str = "dead-letters";

/// What becomes of a record that a function returns an error for.
///
/// Said of an operator by [`DataStream::on_error`](crate::DataStream::on_error), of all others by `hurtig.dead-letter.policy`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OnError {
    /// The job fails, and starts again as its restart strategy says.
    Fail,
    /// The record is set aside with its error, as a [`DeadLetter`], and the next one is next.
    DeadLetter,
}

/// A record that was set aside, and why.
///
/// In files it is a line of JSON, with the record as JSON in it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeadLetter {
    /// When, in milliseconds since 1970.
    pub time_ms: i64,
    /// The name of the job.
    pub job: String,
    /// The name of the operator.
    pub operator: String,
    /// Which of its subtasks, counted from 0.
    pub subtask: u32,
    /// Where the record was read: `orders.csv line 17`. Behind operators that make records of several it is a range, or unknown.
    pub position: Option<String>,
    /// What the function said.
    pub error: String,
    /// The causes behind that, outermost first.
    pub causes: Vec<String>,
    /// The type of the record.
    pub record_type: String,
    /// The record as JSON; none where its type can't be said in JSON (a map whose keys are no text).
    pub record: Option<String>,
}
