//! When the next checkpoint is due.

use std::time::Duration;

use crate::CheckpointConfig;

/// Times are counted from whatever point the caller likes, as long as it stays the same.
#[derive(Debug, Default)]
pub(super) struct Schedule {
    /// When the interval is over. None: no checkpoints are triggered.
    due: Option<Duration>,
    /// Until when the pause lasts.
    pause_end: Duration,
    /// When the caller last said it would wake us.
    told: Option<Duration>,
}

impl Schedule {
    /// Begins anew: the first checkpoint is an interval away.
    pub(super) fn start(&mut self, now: Duration, config: &CheckpointConfig) {
        self.due = config.interval.map(|interval| now.saturating_add(interval));
    }

    /// The next checkpoint is due, if any is ever.
    pub(super) fn hurry(&mut self, now: Duration) {
        self.due = self.due.map(|due| due.min(now));
    }

    pub(super) fn stop(&mut self) {
        self.due = None;
    }

    pub(super) fn triggered(&mut self, now: Duration, config: &CheckpointConfig) {
        self.start(now, config);
    }

    pub(super) fn ended(&mut self, now: Duration, config: &CheckpointConfig) {
        self.pause_end = now.saturating_add(config.min_pause);
    }

    /// When the next one may be triggered, if there is room for it then.
    pub(super) fn next(&self) -> Option<Duration> {
        self.due.map(|due| due.max(self.pause_end))
    }

    /// Whether the caller has yet to be told of this wish.
    pub(super) fn tell(&mut self, now: Duration, wish: Option<Duration>) -> Option<Duration> {
        if self.told.is_some_and(|told| told <= now) {
            self.told = None;
        }
        let news = wish.filter(|_| self.told != wish);
        self.told = wish.or(self.told);
        news
    }
}
