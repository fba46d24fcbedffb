//! The timers of one operator in one time domain.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry as Place;
use std::hash::Hash;

use hurtig_types::{KeyGroup, KeyHash, Timestamp};

use super::bucket::{Bucket, Entry};
use super::freeze::Freeze;
use crate::Probe;

/// A timer that fell due: at `time`, something was to be done for `key` in `namespace`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Timer<K, N = ()> {
    /// When it was to fire.
    pub time: Timestamp,
    /// For which key.
    pub key: K,
    /// The hash of the key.
    pub hash: KeyHash,
    /// For what of the key: the window of a window operator, nothing for a process function.
    pub namespace: N,
}

/// A timer that waits in a queue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TimerRef<'a, K, N = ()> {
    /// When it will fire.
    pub time: Timestamp,
    /// For which key.
    pub key: &'a K,
    /// The hash of the key.
    pub hash: KeyHash,
    /// For what of the key.
    pub namespace: &'a N,
}

/// The timers of one keyed operator's subtask, for event time or for processing time.
///
/// A timer is a time, a key and a namespace, and exists once, however often it is registered. Timers fire in the
/// order of their times; those of one time and key group in the order of registration (deleting one lets the last
/// take its turn); those of one time in an order that is the same whenever the same is done. One at a time is
/// popped, and between two anything may be registered (what is due already comes next, in its order) or deleted: so
/// that firing can stop at any timer and go on later.
///
/// A tree by time, so that timers at a thousand times cost a look-up among a thousand, however many they are; all
/// timers of one time are found by the hash of their keys, and very many are divided by key group, as state is. Ten
/// million timers of `u64` keys take 0.3 to 0.6 GB.
///
/// ```
/// use hurtig_state::TimerQueue;
/// use hurtig_types::{KeyHash, MaxParallelism, Timestamp};
///
/// let max_parallelism = MaxParallelism::new(128)?;
/// let hash = |key: &str| KeyHash::of(key, max_parallelism);
/// let at = Timestamp::from_millis;
///
/// let mut timers = TimerQueue::<String>::new();
/// assert!(timers.register(at(20), "b", hash("b"), ()));
/// assert!(timers.register(at(10), "a", hash("a"), ()));
/// assert!(!timers.register(at(10), "a", hash("a"), ()));
/// assert_eq!(timers.next_time(), Some(at(10)));
///
/// let mut fired = Vec::new();
/// while let Some(timer) = timers.pop_due(at(20)) {
///     fired.push((timer.time.as_millis(), timer.key));
/// }
/// assert_eq!(fired, [(10, "a".to_string()), (20, "b".to_string())]);
/// # Ok::<(), hurtig_types::Error>(())
/// ```
pub struct TimerQueue<K, N = ()> {
    pub(super) buckets: BTreeMap<Timestamp, Bucket<K, N>>,
    /// How many timers all buckets hold.
    len: usize,
    /// What the buckets hold outside the tree.
    boxed_bytes: usize,
    /// What is still owed to a snapshot.
    pub(super) freeze: Option<Box<Freeze<K, N>>>,
}

impl<K, N> TimerQueue<K, N> {
    /// No timers.
    pub const fn new() -> Self {
        Self {
            buckets: BTreeMap::new(),
            len: 0,
            boxed_bytes: 0,
            freeze: None,
        }
    }

    /// How many timers wait.
    pub const fn len(&self) -> usize {
        self.len
    }

    /// Whether none waits.
    pub const fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// About how many bytes it holds; what keys and namespaces own beyond themselves is not counted.
    ///
    /// The tree's nodes can't be asked: taken as two thirds full, which is what random times leave.
    pub fn memory_bytes(&self) -> usize {
        self.buckets.len() * size_of::<(Timestamp, Bucket<K, N>)>() * 3 / 2 + self.boxed_bytes
    }

    /// The time of the timer that fires next.
    #[inline]
    pub fn next_time(&self) -> Option<Timestamp> {
        self.buckets.first_key_value().map(|(time, _)| *time)
    }
}

impl<K: Eq, N: Eq + Hash> TimerQueue<K, N> {
    /// Registers a timer; false if it was there.
    ///
    /// A key that is passed by reference is cloned only if the timer is new.
    pub fn register(
        &mut self,
        time: Timestamp,
        key: impl Probe<K>,
        hash: KeyHash,
        namespace: N,
    ) -> bool {
        if self.freeze.is_some() {
            self.settle(time, hash.key_group());
        }
        let is_new = match self.buckets.entry(time) {
            Place::Vacant(place) => {
                place.insert(Bucket::One(Entry {
                    hash,
                    key: key.into_key(),
                    namespace,
                }));
                true
            }
            Place::Occupied(mut place) => {
                let bucket = place.get_mut();
                let before = bucket.boxed_bytes();
                let is_new = bucket.register(key, hash, namespace);
                self.boxed_bytes = self.boxed_bytes - before + bucket.boxed_bytes();
                is_new
            }
        };
        self.len += usize::from(is_new);
        is_new
    }

    /// Deletes a timer; false if there was none.
    ///
    /// ```
    /// # use hurtig_state::TimerQueue;
    /// # use hurtig_types::{KeyHash, Timestamp};
    /// let mut timers = TimerQueue::<u64>::new();
    /// timers.register(Timestamp::from_millis(5), 1, KeyHash::default(), ());
    /// assert!(timers.delete(Timestamp::from_millis(5), &1, KeyHash::default(), &()));
    /// assert!(!timers.delete(Timestamp::from_millis(5), &1, KeyHash::default(), &()));
    /// assert!(timers.is_empty());
    /// ```
    pub fn delete(&mut self, time: Timestamp, key: &K, hash: KeyHash, namespace: &N) -> bool {
        if self.freeze.is_some() {
            self.settle(time, hash.key_group());
        }
        let Place::Occupied(mut place) = self.buckets.entry(time) else {
            return false;
        };
        let boxed_bytes = place.get().boxed_bytes();
        let (was_there, is_over) = place.get_mut().delete(key, hash, namespace);
        if is_over {
            place.remove();
            self.boxed_bytes -= boxed_bytes;
        }
        self.len -= usize::from(was_there);
        was_there
    }

    /// Takes out the next timer if it is due: if its time is `up_to` or before.
    pub fn pop_due(&mut self, up_to: Timestamp) -> Option<Timer<K, N>> {
        if self.freeze.is_some() {
            self.settle_first(up_to);
        }
        let mut place = self
            .buckets
            .first_entry()
            .filter(|place| *place.key() <= up_to)?;
        let time = *place.key();
        let boxed_bytes = place.get().boxed_bytes();
        let entry = match place.get_mut().pop_front() {
            Some((entry, is_over)) => {
                let left = if is_over {
                    0
                } else {
                    place.get().boxed_bytes()
                };
                self.boxed_bytes = self.boxed_bytes - boxed_bytes + left;
                if is_over {
                    place.remove();
                }
                entry
            }
            None => match place.remove() {
                Bucket::One(entry) => entry,
                Bucket::Few(_) | Bucket::Many(_) => {
                    self.boxed_bytes -= boxed_bytes;
                    return self.pop_due(up_to);
                }
            },
        };
        self.len -= 1;
        let Entry {
            hash,
            key,
            namespace,
        } = entry;
        Some(Timer {
            time,
            key,
            hash,
            namespace,
        })
    }

    /// All timers, in the order in which they would fire.
    ///
    /// ```
    /// # use hurtig_state::TimerQueue;
    /// # use hurtig_types::{KeyGroup, KeyHash, Timestamp};
    /// let mut timers = TimerQueue::<u64>::new();
    /// for key in 0..4 {
    ///     let hash = KeyHash::new(KeyGroup::new(key as u16 % 2), key);
    ///     timers.register(Timestamp::from_millis(9), key, hash, ());
    /// }
    /// assert!(timers.iter().map(|timer| *timer.key).eq([0, 1, 2, 3]));
    /// assert!(timers.iter_group(KeyGroup::new(1)).map(|timer| *timer.key).eq([1, 3]));
    /// ```
    pub fn iter(&self) -> impl Iterator<Item = TimerRef<'_, K, N>> {
        self.buckets
            .iter()
            .flat_map(|(time, bucket)| bucket.iter().map(move |entry| timer(time, entry)))
    }

    /// The timers of one key group, in the order in which they would fire.
    ///
    /// Looks at every timer, but where thousands have one time: who wants all groups takes [`iter`](Self::iter) once
    /// and sorts by `hash.key_group()`.
    pub fn iter_group(&self, group: KeyGroup) -> impl Iterator<Item = TimerRef<'_, K, N>> {
        let near = self.buckets.iter().flat_map(move |(time, bucket)| {
            bucket.iter_near(group).map(move |entry| timer(time, entry))
        });
        near.filter(move |timer| timer.hash.key_group() == group)
    }
}

pub(super) const fn timer<'a, K, N>(
    time: &Timestamp,
    entry: &'a Entry<K, N>,
) -> TimerRef<'a, K, N> {
    TimerRef {
        time: *time,
        key: &entry.key,
        hash: entry.hash,
        namespace: &entry.namespace,
    }
}

impl<K, N> Default for TimerQueue<K, N> {
    fn default() -> Self {
        Self::new()
    }
}
