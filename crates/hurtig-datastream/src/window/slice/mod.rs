//! The operator for event-time windows of one length at regular intervals, which share their work.
//!
//! Windows that overlap are cut into slices at every point where one begins or ends; a record joins the one slice
//! that it lies in, whatever the number of windows over it, and a window that fires puts its slices together.
//!
//! ```text
//!   windows   ├──────────────┤
//!                  ├──────────────┤                 size 15, slide 5: slices of 5
//!                       ├──────────────┤
//!   slices    ├────┼────┼────┼────┼────┤
//!
//!   open slices    one StateTable<K, accumulator> each: one look-up and one addition per record
//!        │ a window ends, or there are too many
//!        ▼
//!   StateTable<K, slices>   all slices of a key beside each other
//! ```
//!
//! Where a window is one slice it fires straight from the slice's table, which is then empty at once.
//!
//! Cut at beginnings and ends, not at every common divisor of size and slide: with 1 h and 7 s there are two slices
//! per slide, not seven. No timers: all keys share the ends of their windows, so one walk over the table, which may
//! pause anywhere, fires a window for all.
//!
//! Three laws:
//! 1. What it emits is what the general operator emits with the default trigger, or with one that fires by the clock
//!    ([`early`]), and no lateness, but for the order of keys within a window or firing; values are put together in the
//!    order of their slices, within one in the order of arrival.
//! 2. A key costs a constant number of merges per slide, however many slices a window has ([`SlidingSlices`]).
//! 3. Time that nothing happened in costs nothing: only ends of windows that hold a slice are visited.

mod early;
mod fire;
mod grid;
mod image;
mod marks;
mod open;
mod operator;
mod sliding;
mod sums;
mod tumbling;

pub use grid::AlignedWindows;
pub(super) use operator::SliceWindowOperator;
pub(super) use sliding::SlidingSlices;
use sums::Sums;
pub(super) use tumbling::TumblingSlices;

use hurtig_types::Timestamp;
use serde::{Serialize, de::DeserializeOwned};

use super::function::{Contents, Gather};

/// The slices of one key.
///
/// The law: windows are fired in the order of their ends, each once, with an [`expire`](Self::expire) after each.
/// Windows that speak before their end are fired in the same way, from a copy.
pub(super) trait Slices<T: Clone, G: Gather<T>>:
    Send + Serialize + DeserializeOwned + 'static
{
    fn new() -> Self;

    /// Adds a record to the slice that begins at `start`.
    fn add(&mut self, start: i64, value: T, timestamp: Timestamp, gather: &mut G);

    /// Adds a whole slice, of which there is nothing yet, and which was part of no window that fired.
    fn join(&mut self, start: i64, acc: G::Acc);

    /// The contents of the window from `start` up to `end`, if there are any.
    fn fire(&mut self, start: i64, end: i64, gather: &mut G) -> Option<Contents<'_, G::Acc>>;

    /// Forgets slices that begin before `bound`; says whether none is left.
    fn expire(&mut self, bound: i64, gather: &mut G) -> bool;

    /// Takes the place of nothing with what `other` holds.
    fn copy_from(&mut self, other: &Self);

    /// Told to a copy that gets no more: windows will fire from that which ends at `end` on.
    fn seal(&mut self, end: i64, gather: &mut G);

    /// Adds its slices to newer ones that there are: for windows that all reach beyond the newest.
    fn sum_up(&self, sums: &mut Sums<G::Acc>, gather: &mut G);

    /// Where the oldest begins.
    fn oldest(&self) -> Option<i64>;

    /// Where the newest begins.
    fn newest(&self) -> Option<i64>;

    /// How many there are.
    #[cfg(test)]
    fn count(&self) -> usize;
}
