//! State that is forgotten when it was not written for a while.

use std::time::Duration;

use hurtig_state::{Cursor, StateTable};
use hurtig_types::Timestamp;
use serde::{Deserialize, Serialize};

/// A value, and when it was written last in milliseconds of processing time; 0 where nothing expires.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Timed<V> {
    pub(crate) written: i64,
    pub(crate) value: V,
}

/// When state expires, and how late it is.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Expiry {
    ttl_ms: Option<i64>,
    now: i64,
}

impl Expiry {
    pub(crate) fn new(ttl: Option<Duration>) -> Self {
        let millis = |ttl: Duration| i64::try_from(ttl.as_millis()).unwrap_or(i64::MAX);
        Self {
            ttl_ms: ttl.map(millis).filter(|ttl| *ttl > 0),
            now: 0,
        }
    }

    /// Whether anything ever expires.
    pub(crate) const fn is_on(&self) -> bool {
        self.ttl_ms.is_some()
    }

    /// It is `now`.
    pub(crate) const fn set_now(&mut self, now: Timestamp) {
        if self.ttl_ms.is_some() {
            self.now = now.as_millis();
        }
    }

    /// When something is written that is written now.
    pub(crate) const fn now(&self) -> i64 {
        self.now
    }

    /// Whether what was written then is forgotten.
    #[inline]
    pub(crate) fn is_over<V>(&self, value: &Timed<V>) -> bool {
        let over = |ttl: i64| value.written.saturating_add(ttl) <= self.now;
        self.ttl_ms.is_some_and(over)
    }

    /// Lets the store of a table drop what is over. Said before anything is stored.
    pub(crate) fn adorn<K, V>(&self, table: &mut StateTable<K, Timed<V>>) {
        if let Some(ttl) = self.ttl_ms {
            table.set_expiry(move |value| value.written.saturating_add(ttl));
        }
    }
}

/// How many entries are looked at between two batches.
const ENTRIES_PER_SWEEP: usize = 128;

/// Takes out what is over, a few entries at a time.
#[derive(Default)]
pub(crate) struct Sweep(Cursor);

impl Sweep {
    pub(crate) fn go_on<K, V>(&mut self, table: &mut StateTable<K, Timed<V>>, expiry: &Expiry) {
        if !expiry.is_on() {
            return;
        }
        table.set_now(expiry.now);
        for _ in 0..ENTRIES_PER_SWEEP {
            let Some(slot) = self.0.next(table) else {
                self.0 = table.cursor();
                return;
            };
            if expiry.is_over(table.at(slot).1) {
                table.remove_at(slot);
            }
        }
    }
}
