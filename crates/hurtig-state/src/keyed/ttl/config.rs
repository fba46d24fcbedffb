//! What a user says about a state's time to live.

use std::time::Duration;

/// What counts as use: after it, the time to live begins again.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum TtlUpdate {
    /// Being made and being written. What hands out a value to be changed (`get_mut`, `update`) writes.
    #[default]
    OnCreateAndWrite,
    /// Being read as well.
    OnReadAndWrite,
}

/// Whether what has expired can still be seen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum TtlVisibility {
    /// It is as if it had never been.
    #[default]
    NeverReturnExpired,
    /// It is there until it is cleaned up.
    ReturnExpiredIfNotCleanedUp,
}

/// By which time state expires.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum TtlTime {
    /// By the clock of the machine.
    #[default]
    ProcessingTime,
    /// By event time: what a record has used expires when the watermark is past the record's timestamp by the time to live.
    EventTime,
}

/// How many entries are looked at in passing, as in Flink.
const CLEANED_PER_ACCESS: usize = 5;

/// How long a state lives after it was used last.
///
/// Values, reductions and aggregates expire as a whole, elements of lists and entries of maps one by one. What has expired is removed
/// when it is come across, by looking at a few other entries whenever a key's state is used first, and is in no checkpoint.
///
/// ```
/// use std::time::Duration;
/// use hurtig_state::{KeyedState, StateTime, StateTtl, ValueState};
/// use hurtig_types::{KeyHash, MaxParallelism, Timestamp};
///
/// let max_parallelism = MaxParallelism::new(128)?;
/// let mut state = KeyedState::new(max_parallelism, max_parallelism.range_of(0, 1));
/// state.set_current_key(7u64, KeyHash::of(&7u64, max_parallelism));
///
/// let last = ValueState::<u64>::new("last").with_ttl(StateTtl::new(Duration::from_secs(60)));
/// state.set_time(StateTime::by_clock(Timestamp::from_millis(0)));
/// last.set(&mut state, 1)?;
/// state.set_time(StateTime::by_clock(Timestamp::from_millis(59_999)));
/// assert_eq!(last.get(&mut state)?, Some(&1));
/// state.set_time(StateTime::by_clock(Timestamp::from_millis(60_000)));
/// assert_eq!(last.get(&mut state)?, None);
/// assert_eq!(state.entry_count(), 0);
/// # Ok::<(), hurtig_types::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StateTtl {
    pub(super) millis: i64,
    pub(super) update: TtlUpdate,
    pub(super) visibility: TtlVisibility,
    pub(super) time: TtlTime,
    pub(super) cleaned: usize,
    pub(super) every_record: bool,
}

impl StateTtl {
    /// For how many milliseconds something lives that is not used.
    pub(in crate::keyed) const fn millis(&self) -> i64 {
        self.millis
    }

    /// State lives so long after it was made or written last, by the clock.
    ///
    /// # Panics
    /// When the duration is less than a millisecond: nothing would ever be there.
    pub fn new(duration: Duration) -> Self {
        let millis = i64::try_from(duration.as_millis()).unwrap_or(i64::MAX);
        assert!(
            millis > 0,
            "a time to live of {duration:?}: state would expire at once"
        );
        Self {
            millis,
            update: TtlUpdate::default(),
            visibility: TtlVisibility::default(),
            time: TtlTime::default(),
            cleaned: CLEANED_PER_ACCESS,
            every_record: false,
        }
    }

    /// What counts as use.
    #[must_use]
    pub const fn update(mut self, update: TtlUpdate) -> Self {
        self.update = update;
        self
    }

    /// Whether what has expired can still be seen.
    #[must_use]
    pub const fn visibility(mut self, visibility: TtlVisibility) -> Self {
        self.visibility = visibility;
        self
    }

    /// By which time it expires.
    #[must_use]
    pub const fn time(mut self, time: TtlTime) -> Self {
        self.time = time;
        self
    }

    /// How many other entries are looked at when a key's state is used first: 5 unless told. With 0, what no record ever asks for again
    /// stays until the job is restored.
    #[must_use]
    pub const fn cleanup_incrementally(mut self, entries: usize) -> Self {
        self.cleaned = entries;
        self
    }

    /// Looks at other entries with every record, also with those that don't use the state.
    #[must_use]
    pub const fn cleanup_with_every_record(mut self) -> Self {
        self.every_record = true;
        self
    }

    pub(in crate::keyed) const fn cleaned(&self) -> usize {
        self.cleaned
    }

    pub(in crate::keyed) const fn cleans_with_every_record(&self) -> bool {
        self.every_record
    }

    /// How long it is.
    pub const fn duration(&self) -> Duration {
        Duration::from_millis(self.millis.unsigned_abs())
    }
}
