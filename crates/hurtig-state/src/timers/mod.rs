//! Timers: what is to happen to a key at a time.

mod bucket;
mod crowd;
mod domain;
mod freeze;
mod image;
mod queue;
mod service;
mod shards;
mod stored;

pub use queue::{Timer, TimerQueue, TimerRef};
pub use service::TimerService;
