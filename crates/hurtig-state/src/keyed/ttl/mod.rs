//! State that expires: how long it lives, by which time, and who sees it after.
//!
//! A state with a time to live is a table of another type: beside each value, list element and map entry lies when it was used last. So
//! states that live forever pay nothing for those that don't.

mod access;
mod clock;
mod config;
mod list;
mod map;
mod timed;
mod token;

pub(super) use clock::Clock;
pub use clock::StateTime;
pub use config::{StateTtl, TtlTime, TtlUpdate, TtlVisibility};
pub(super) use list::TimedListOf;
pub(super) use map::TimedMapOf;
pub(super) use timed::TimedOf;
pub(super) use token::TtlToken;
