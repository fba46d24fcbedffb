//! What time it is for a state that expires.

use hurtig_types::Timestamp;

use super::config::{StateTtl, TtlTime};

/// The times that the owner of keyed state tells it, for states that expire. [`Timestamp::NONE`] is a time that is not known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StateTime {
    /// Processing time.
    pub now: Timestamp,
    /// How far event time is complete.
    pub watermark: Timestamp,
    /// The event time of the record, or of the timer, that is worked on.
    pub record: Timestamp,
}

impl StateTime {
    /// No time is known: nothing expires.
    pub const UNKNOWN: Self = Self {
        now: Timestamp::NONE,
        watermark: Timestamp::NONE,
        record: Timestamp::NONE,
    };

    /// Processing time alone.
    pub const fn by_clock(now: Timestamp) -> Self {
        Self {
            now,
            ..Self::UNKNOWN
        }
    }

    /// Event time alone.
    pub const fn by_watermark(watermark: Timestamp, record: Timestamp) -> Self {
        Self {
            watermark,
            record,
            ..Self::UNKNOWN
        }
    }
}

/// The time by which one state expires.
#[derive(Clone, Copy)]
pub(in crate::keyed) struct Clock {
    /// What has come by now.
    time: Timestamp,
    /// When what is used now was used.
    stamp: Timestamp,
    millis: i64,
}

impl Clock {
    pub(in crate::keyed) fn of(ttl: &StateTtl, told: &StateTime) -> Self {
        let (time, stamp) = match ttl.time {
            TtlTime::ProcessingTime => (told.now, told.now),
            // What a late record writes lives as long as what is written in time.
            TtlTime::EventTime => (told.watermark, told.watermark.max(told.record)),
        };
        Self {
            time,
            stamp,
            millis: ttl.millis,
        }
    }

    /// What has come by now.
    pub(in crate::keyed) const fn time(&self) -> Timestamp {
        self.time
    }

    /// When what is used now was used.
    pub(super) const fn stamp(&self) -> Timestamp {
        self.stamp
    }

    /// Whether what was used last at `at` has expired. What was used before any time was known has not.
    #[inline]
    pub(super) fn is_expired(&self, at: Timestamp) -> bool {
        at.is_some() && at.saturating_add_millis(self.millis) <= self.time
    }

    /// The same; the life of what was used before any time was known begins now.
    #[inline]
    pub(super) fn check(&self, at: &mut Timestamp) -> bool {
        *at = self.dated(*at);
        self.is_expired(*at)
    }

    /// `at`, or now where no time was known.
    #[inline]
    pub(super) fn dated(&self, at: Timestamp) -> Timestamp {
        if at.is_some() { at } else { self.time }
    }

    /// It is used now. Time does not go backwards for it.
    #[inline]
    pub(super) fn touch(&self, at: &mut Timestamp) {
        *at = self.stamp.max(*at);
    }
}
