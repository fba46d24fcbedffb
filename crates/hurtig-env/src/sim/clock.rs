//! Virtual time: stands still until the executor moves it.

use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::task::Waker;

use parking_lot::Mutex;

use crate::MonotonicTime;
use crate::timers::Timers;

/// Every simulated world starts at this time of day: 2024-01-01 00:00 UTC.
const START_EPOCH_MS: i64 = 1_704_067_200_000;

#[derive(Default)]
pub(crate) struct VirtualClock {
    now_ns: AtomicU64,
    wall_offset_ms: AtomicI64,
    pub(crate) timers: Mutex<Timers>,
}

impl VirtualClock {
    pub(crate) fn now(&self) -> MonotonicTime {
        MonotonicTime::from_nanos(self.now_ns.load(Ordering::Relaxed))
    }

    pub(crate) fn wall_clock_ms(&self) -> i64 {
        START_EPOCH_MS
            .saturating_add(i64::try_from(self.now().as_millis()).unwrap_or(i64::MAX))
            .saturating_add(self.wall_offset_ms.load(Ordering::Relaxed))
    }

    pub(crate) fn advance_wall_clock(&self, delta_ms: i64) {
        self.wall_offset_ms.fetch_add(delta_ms, Ordering::Relaxed);
    }

    /// Moves to the earliest deadline and takes out who sleeps until then; `None` when nobody sleeps. Nobody sleeps
    /// until [`MonotonicTime::MAX`], for that never comes.
    pub(crate) fn advance_to_next_sleeper(&self) -> Option<Vec<Waker>> {
        let mut timers = self.timers.lock();
        let deadline = timers
            .next_deadline()
            .filter(|next| *next < MonotonicTime::MAX)?;
        self.now_ns
            .fetch_max(deadline.as_nanos(), Ordering::Relaxed);
        Some(timers.pop_due(self.now()))
    }
}
