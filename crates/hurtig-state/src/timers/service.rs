//! Both time domains of one operator.

use std::hash::Hash;

use hurtig_types::{KeyHash, Timestamp};

use super::queue::{Timer, TimerQueue};
use crate::Probe;

/// The timers of a keyed operator, in event time and in processing time, and how far both times have come.
///
/// The law: times are told, never read. The watermark never goes back; processing time is as it was told last.
///
/// A timer that is registered for a time already past is due at once: it is the next to be popped.
///
/// ```
/// use hurtig_state::TimerService;
/// use hurtig_types::{KeyHash, Timestamp};
///
/// let at = Timestamp::from_millis;
/// let hash = KeyHash::default();
/// let mut timers = TimerService::<u64>::new();
/// timers.register_event_time_timer(at(10), 1, hash, ());
/// timers.register_event_time_timer(at(20), 2, hash, ());
/// timers.register_processing_time_timer(at(15), 3, hash, ());
///
/// assert!(timers.advance_watermark(at(19)));
/// assert_eq!(timers.pop_due_event_time().unwrap().key, 1);
/// assert_eq!(timers.pop_due_event_time(), None);
/// assert!(!timers.advance_watermark(at(5)));
/// assert_eq!(timers.current_watermark(), at(19));
///
/// assert_eq!(timers.next_processing_time(), Some(at(15)));
/// assert_eq!(timers.pop_due_processing_time(at(15)).unwrap().key, 3);
/// assert_eq!(timers.current_processing_time(), at(15));
/// ```
pub struct TimerService<K, N = ()> {
    event_time: TimerQueue<K, N>,
    processing_time: TimerQueue<K, N>,
    watermark: Timestamp,
    now: Timestamp,
}

impl<K, N> TimerService<K, N> {
    /// No timers; no time has passed.
    pub const fn new() -> Self {
        Self {
            event_time: TimerQueue::new(),
            processing_time: TimerQueue::new(),
            watermark: Timestamp::MIN,
            now: Timestamp::MIN,
        }
    }

    /// How far event time has come; [`Timestamp::MIN`] before the first watermark.
    #[inline]
    pub const fn current_watermark(&self) -> Timestamp {
        self.watermark
    }

    /// Event time has come to `to`; false, and nothing changes, if it was there before.
    pub fn advance_watermark(&mut self, to: Timestamp) -> bool {
        let advances = to > self.watermark;
        self.watermark = self.watermark.max(to);
        advances
    }

    /// The processing time that was told last; [`Timestamp::MIN`] before the first.
    #[inline]
    pub const fn current_processing_time(&self) -> Timestamp {
        self.now
    }

    /// It is `now`.
    pub const fn set_processing_time(&mut self, now: Timestamp) {
        self.now = now;
    }

    /// The time of the next event-time timer.
    pub fn next_event_time(&self) -> Option<Timestamp> {
        self.event_time.next_time()
    }

    /// The time of the next processing-time timer: when the operator wants to be woken.
    pub fn next_processing_time(&self) -> Option<Timestamp> {
        self.processing_time.next_time()
    }

    /// The queue of event-time timers.
    pub const fn event_time_timers(&self) -> &TimerQueue<K, N> {
        &self.event_time
    }

    /// The queue of processing-time timers.
    pub const fn processing_time_timers(&self) -> &TimerQueue<K, N> {
        &self.processing_time
    }

    /// Those of event time, those of processing time.
    pub(super) const fn queues_mut(&mut self) -> [&mut TimerQueue<K, N>; 2] {
        [&mut self.event_time, &mut self.processing_time]
    }

    /// How many timers wait in both domains.
    pub const fn len(&self) -> usize {
        self.event_time.len() + self.processing_time.len()
    }

    /// Whether none waits.
    pub const fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// About how many bytes both queues hold.
    pub fn memory_bytes(&self) -> usize {
        self.event_time.memory_bytes() + self.processing_time.memory_bytes()
    }
}

impl<K: Eq, N: Eq + Hash> TimerService<K, N> {
    /// Registers a timer that fires when the watermark has come to `time`; false if it was there.
    pub fn register_event_time_timer(
        &mut self,
        time: Timestamp,
        key: impl Probe<K>,
        hash: KeyHash,
        namespace: N,
    ) -> bool {
        self.event_time.register(time, key, hash, namespace)
    }

    /// Registers a timer that fires when it is `time`; false if it was there.
    pub fn register_processing_time_timer(
        &mut self,
        time: Timestamp,
        key: impl Probe<K>,
        hash: KeyHash,
        namespace: N,
    ) -> bool {
        self.processing_time.register(time, key, hash, namespace)
    }

    /// Deletes an event-time timer; false if there was none.
    pub fn delete_event_time_timer(
        &mut self,
        time: Timestamp,
        key: &K,
        hash: KeyHash,
        namespace: &N,
    ) -> bool {
        self.event_time.delete(time, key, hash, namespace)
    }

    /// Deletes a processing-time timer; false if there was none.
    pub fn delete_processing_time_timer(
        &mut self,
        time: Timestamp,
        key: &K,
        hash: KeyHash,
        namespace: &N,
    ) -> bool {
        self.processing_time.delete(time, key, hash, namespace)
    }

    /// Takes out the next event-time timer that is due by the current watermark.
    pub fn pop_due_event_time(&mut self) -> Option<Timer<K, N>> {
        self.event_time.pop_due(self.watermark)
    }

    /// It is `now`: takes out the next processing-time timer that is due.
    pub fn pop_due_processing_time(&mut self, now: Timestamp) -> Option<Timer<K, N>> {
        self.now = now;
        self.processing_time.pop_due(now)
    }
}

impl<K, N> Default for TimerService<K, N> {
    fn default() -> Self {
        Self::new()
    }
}
