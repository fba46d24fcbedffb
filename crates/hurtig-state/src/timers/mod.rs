//! Timers: what is to happen to a key at a time.

mod bucket;
mod queue;
mod service;

pub use queue::{Timer, TimerQueue, TimerRef};
pub use service::TimerService;
