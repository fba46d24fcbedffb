//! Shapes of jobs: what stands between the sources and the sink, and the plain answer to what comes out.
//!
//! ```text
//!  events-0 ─ poison? ─ key ─ tally-0 ─┐
//!                                      ├─ the shape (`work`) ─ vault
//!  events-1 ─ poison? ─ key ─ tally-1 ─┘
//! ```
//!
//! The tally counts each key's events, so that what it holds in a checkpoint can be told from the offsets in that checkpoint.

mod apart;
mod counts;
mod joined;
mod rules;
mod sessions;
mod tally;
mod timers;
mod windows;

use hurtig_datastream::DataStream;

use crate::data::{Event, Input, Offsets, Row};
use crate::storm::Storm;

pub(crate) use apart::Apart;
pub(crate) use counts::Counts;
pub(crate) use joined::Joined;
pub(crate) use rules::Rules;
pub(crate) use sessions::Sessions;
pub(crate) use tally::{TALLY, tally_uid};
pub(crate) use timers::Timers;
pub(crate) use windows::Windows;

/// The uid of what a shape does.
pub(crate) const WORK: &str = "work";

/// A job between its sources and its sink. The law: what it commits does not depend on who runs first.
pub(crate) trait Shape: Send + Sync {
    /// In words, with what was drawn.
    fn describe(&self) -> String;

    /// How many events each stream has, about.
    fn streams(&self, events: u64) -> Vec<u64> {
        vec![events]
    }

    /// Builds the job on these streams: what goes to the sink. Or a stream for each of as many sinks as there are streams, if nothing
    /// of one comes to another; none where a stream is missing.
    fn build(&self, streams: &[DataStream<Event>], storm: &Storm) -> Vec<DataStream<Row>>;

    /// What an undisturbed job makes of the input, in any order.
    fn rows(&self, input: &Input) -> Vec<Row>;

    /// What has come out when so much was read and worked off, where that does not depend on watermarks.
    fn rows_at(&self, input: &Input, offsets: &Offsets) -> Option<Vec<Row>> {
        let _ = (input, offsets);
        None
    }
}
