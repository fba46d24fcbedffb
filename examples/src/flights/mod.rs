//! The main job: departures from New York, with the weather of their hour, in tumbling and sliding windows per airport.
//!
//! ```text
//!  flights ─ event time ─┬─ key by airport ─┐
//!                        │                  ├─ enrich (state, timers) ─ key by airport ─┬─ tumbling windows of a day ──► table
//!  weather ─ event time ─│─ key by airport ─┘                                           └─ sliding windows, 6 h by 1 h ─┴► JSON lines
//!                        └─ late departures ─► side output
//! ```

mod delays;
mod enrich;
mod job;
mod record;
mod table;

pub use delays::{DelayStats, Delays};
pub use enrich::EnrichWithWeather;
pub use job::{DAY_BY_DAY, FlightsJob, Input, MONTHS_IN_ANY_ORDER, Report};
pub use record::{Departure, Flight, Weather, WindowedDelays};
pub use table::print_table;
