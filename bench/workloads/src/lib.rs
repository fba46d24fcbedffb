//! The benchmark workloads, defined once.
//!
//! Every engine that is measured, ours and the peers, takes its events from here, computes its
//! windows with the arithmetic given here, and reports an [`Tally`] whose checksum tells whether
//! it did the same work. This crate runs nothing itself and knows no engine.
//!
//! ```text
//!  events (a function of the index) ──► engine under test ──► Tally (outputs, checksum) ──► Report (one JSON line)
//!                                                                   ║
//!  reference (single thread, plain maps) ───────────────────────────╝ must be equal
//! ```
//!
//! Two laws:
//!
//! 1. An event is a pure function of its index: how the indexes are split among workers, and in
//!    which order the workers run, changes neither the number of outputs nor the checksum. All
//!    checksums are sums, hence free of order.
//! 2. Nothing is left out by pre-aggregation: where a workload says *exchange*, each record crosses
//!    to the worker that owns its key before anything is counted. Combining before the exchange is
//!    a fine trick, and another workload.
//!
//! | Name | Question | Bound to expect |
//! |---|---|---|
//! | `a` | what does a record cost in a chain of map and filter? | arithmetic, a few cycles |
//! | `a-shuffle` | what does the exchange of a small record between two workers add? | memory traffic, one hash |
//! | `b1k`, `b1m` | what does one keyed update with one output cost, in cache and out of it? | one probe; at 1 M keys a cache miss |
//! | `bagg1k`, `bagg1m` | the same without an output per input? | one probe |
//! | `c` | what does a tumbling event-time window of small records cost? | one probe, and one output per key and window |
//! | `d` | what do wide records with strings cost through filter, map, exchange, window? | allocation of three strings |
//! | `e` | what does a sliding window of sixty overlapping panes cost? | one probe where slices are shared, sixty where not |

mod bid;
mod events;
mod meter;
mod options;
mod reference;
mod tally;
mod windows;
mod workload;

pub use bid::{Bid, CHANNELS, bid, keep_bid, map_bid};
pub use events::{TimedKey, keep_a, key_b, map_a, mix, timed_c, timed_e, worker_indexes};
pub use meter::{Meter, Report};
pub use options::{OptionsError, RunOptions};
pub use reference::reference;
pub use tally::Tally;
pub use windows::{
    OUT_OF_ORDERNESS_MS, SLIDE_MS, SLIDING_MS, TUMBLING_MS, is_complete, slide_end, tumbling_end,
    watermark_after,
};
pub use workload::{UnknownWorkload, Workload};
