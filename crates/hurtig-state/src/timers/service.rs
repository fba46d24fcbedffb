//! Both time domains of one operator.

use std::hash::Hash;

use hurtig_types::{KeyGroupRange, KeyHash, Result, Timestamp};
use serde::{Serialize, de::DeserializeOwned};

use super::domain::DomainTimers;
use super::image::{EVENT_TIME, PROCESSING_TIME};
use super::queue::Timer;
use super::stored::StoredTimers;
use crate::Probe;
use crate::store::StoreHandle;

/// The timers of a keyed operator, in event time and in processing time, and how far both times have come.
///
/// The law: times are told, never read. The watermark never goes back; processing time is as it was told last.
///
/// A timer that is registered for a time already past is due at once: it is the next to be popped.
///
/// They are in memory, or [in a store](Self::in_store) with the next of them in memory. Of what may fail with a store, nothing that is
/// done to single timers says so: who owns them asks by [`check`](Self::check), after each call into user code and before what came
/// of it goes out. With that the task fails, so that whatever was done after the error does not count.
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
    event_time: DomainTimers<K, N>,
    processing_time: DomainTimers<K, N>,
    watermark: Timestamp,
    now: Timestamp,
}

impl<K, N> TimerService<K, N> {
    /// No timers; no time has passed.
    pub const fn new() -> Self {
        Self {
            event_time: DomainTimers::on_heap(),
            processing_time: DomainTimers::on_heap(),
            watermark: Timestamp::MIN,
            now: Timestamp::MIN,
        }
    }

    /// Why a timer could not be stored or found since the last call, if timers are in a store.
    ///
    /// # Errors
    /// When one could not. What timers did since then does not count.
    pub fn check(&mut self) -> Result<()> {
        self.event_time.check()?;
        self.processing_time.check()
    }

    /// Writes what is only in memory to the store, if timers are in one: a snapshot of it has all of them then.
    ///
    /// # Errors
    /// When the store cannot be written, or something has failed before.
    pub fn flush(&mut self) -> Result<()> {
        self.event_time.flush()?;
        self.processing_time.flush()
    }

    /// Encodes about so many bytes of an image that was promised; whether there is more to do. One that nobody waits for any more
    /// is given up.
    pub fn encode_some(&mut self, bytes: usize) -> bool {
        self.event_time.encode_some(bytes) || self.processing_time.encode_some(bytes)
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

    /// Those of event time, those of processing time.
    pub(super) const fn domains_mut(&mut self) -> [&mut DomainTimers<K, N>; 2] {
        [&mut self.event_time, &mut self.processing_time]
    }

    /// How many timers wait in both domains; of those in a store, how many are in memory.
    pub fn len(&self) -> usize {
        self.event_time.len() + self.processing_time.len()
    }

    /// Whether none waits.
    pub fn is_empty(&self) -> bool {
        self.next_event_time().is_none() && self.next_processing_time().is_none()
    }

    /// About how many bytes of memory both queues hold.
    pub fn memory_bytes(&self) -> usize {
        self.event_time.memory_bytes() + self.processing_time.memory_bytes()
    }
}

impl<K, N> TimerService<K, N>
where
    K: Serialize + DeserializeOwned,
    N: Serialize + DeserializeOwned,
{
    /// The timers of the key groups of `range` that are in this store: those of the checkpoint from which it was opened, or none. So are
    /// all that are registered. A bounded number of each key group, those that fire next, is in memory too.
    ///
    /// Of one time, they fire in the order of key groups, and in a key group in that of their keys' bytes. Registering and deleting
    /// say true where the store would have to be asked.
    ///
    /// ```no_run
    /// # fn stored(store: &hurtig_state::store::StoreHandle) -> hurtig_types::Result<()> {
    /// use hurtig_state::TimerService;
    /// use hurtig_types::{KeyHash, MaxParallelism, Timestamp};
    ///
    /// let max_parallelism = MaxParallelism::new(128)?;
    /// let range = max_parallelism.range_of(0, 1);
    /// let mut timers = TimerService::<String>::in_store(store, range)?;
    /// let (key, at) = ("a", Timestamp::from_millis(10));
    /// timers.register_event_time_timer(at, key, KeyHash::of(key, max_parallelism), ());
    /// timers.check()?;
    /// timers.flush()?;
    ///
    /// let reopened = TimerService::<String>::in_store(store, range)?;
    /// assert_eq!(reopened.next_event_time(), Some(at));
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// When the store cannot be read, or has something else under the names of timers.
    pub fn in_store(store: &StoreHandle, range: KeyGroupRange) -> Result<Self> {
        let open = |name| StoredTimers::open(store, name, range);
        Ok(Self::of_stored(open(EVENT_TIME)?, open(PROCESSING_TIME)?))
    }
}

impl<K, N> TimerService<K, N> {
    fn of_stored(event_time: StoredTimers<K, N>, processing_time: StoredTimers<K, N>) -> Self {
        Self {
            event_time: DomainTimers::Stored(Box::new(event_time)),
            processing_time: DomainTimers::Stored(Box::new(processing_time)),
            watermark: Timestamp::MIN,
            now: Timestamp::MIN,
        }
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
