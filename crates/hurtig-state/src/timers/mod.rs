//! Timers: what is to happen to a key at a time.

mod bucket;
mod crowd;
mod image;
mod queue;
mod service;
mod shards;

pub use queue::{Timer, TimerQueue, TimerRef};
pub use service::TimerService;
