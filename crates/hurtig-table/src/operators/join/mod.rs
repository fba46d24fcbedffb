//! Joins of two streams.
//!
//! ```text
//!  JoinSpec          every pair of rows there are, sides may change (`ON a.id = b.id`)
//!  IntervalJoinSpec  rows whose times are near each other
//!  WindowJoinSpec    rows of the same window
//!  TemporalJoinSpec  each row with the version that was valid then (`FOR SYSTEM_TIME AS OF`)
//!  LookupJoinSpec    each row with what a table outside has now
//! ```
//!
//! An operator is made from its specification by `operator`, once for each subtask.

mod distinct;
mod flat;
mod interval;
mod lookup;
mod pairs;
mod regular;
mod rows;
mod side_state;
mod spec;
mod stored;
mod temporal;
mod timed;
mod timed_state;
mod window;

pub use interval::IntervalJoinSpec;
pub use lookup::{LookupCache, LookupJoinSpec, LookupOptions, LookupSource, MissRetry};
pub use spec::{JoinCondition, JoinKind, JoinSpec, JoinTime, SideSpec, UniqueKey};
pub use temporal::TemporalJoinSpec;
pub use window::WindowJoinSpec;
