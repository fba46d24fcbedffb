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
//!   record ─► open slice: a StateTable<K, accumulator> of its own ─ the watermark passes ─┐
//!               one look-up and one addition per record                                   │
//!          window of one slice: fired from that table, which is then free for another ◄───┤
//!          window of several: each key's SlidingSlices take its accumulator ◄─────────────┘
//! ```
//!
//! Cut at beginnings and ends, not at every common divisor of size and slide: with 1 h and 7 s there are two slices
//! per slide, not seven. A table per slice, not a list of slices per key: an entry is no larger than key and
//! accumulator (half the cache lines per record), a tumbling window goes as a whole, without a removal per key, and
//! is fired for the keys that it has, not for all that there are. No timers: all keys share the ends of their
//! windows, so one walk, which may pause anywhere, fires a window for all.
//!
//! Three laws:
//! 1. What it emits is what the general operator emits with the default trigger and no lateness, but for the order of
//!    keys within a window; values are put together in the order of their slices, within one in the order of arrival.
//! 2. A key costs a constant number of merges per slide, however many slices a window has ([`SlidingSlices`]).
//! 3. Time that nothing happened in costs nothing: only ends of windows that hold a slice are visited.

mod fire;
mod grid;
mod mixed;
mod open;
mod operator;
mod sliding;

pub use grid::AlignedWindows;
pub(super) use operator::SliceWindowOperator;
