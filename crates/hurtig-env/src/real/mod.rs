//! The real world: the machine's clock, tokio's runtimes, threads.

mod clock;
mod files;
mod runtimes;

pub(crate) use clock::RealClock;
pub(crate) use runtimes::{InRuntime, Runtimes};
