//! Timers as bytes.

use std::hash::Hash;

use hurtig_types::{KeyGroupRange, KeyHash, Result, Timestamp};
use serde::{Serialize, de::DeserializeOwned};

use super::{TimerQueue, TimerRef, TimerService};
use crate::table::regrouped;
use crate::{KeyedPiece, KeyedWriter, StateImage};

pub(super) const EVENT_TIME: &str = "timers/event-time";
pub(super) const PROCESSING_TIME: &str = "timers/processing-time";

impl<K: Eq + Serialize, N: Eq + Hash + Serialize> TimerQueue<K, N> {
    /// All timers as bytes, under this name. Costs a pass over them.
    ///
    /// # Errors
    /// When a key or namespace cannot be encoded, or a key is in none of the groups of `range`.
    pub fn image(&self, name: impl Into<String>, range: KeyGroupRange) -> Result<KeyedPiece> {
        let mut writer = KeyedWriter::new(range);
        for timer in self.iter() {
            write_timer(&mut writer, timer)?;
        }
        Ok(writer.finish(name))
    }
}

/// Writes a timer as an entry of a piece.
pub(super) fn write_timer<K: Serialize, N: Serialize>(
    writer: &mut KeyedWriter,
    timer: TimerRef<'_, K, N>,
) -> Result<()> {
    let entry = (timer.time.as_millis(), timer.key, timer.namespace);
    writer.entry(timer.hash.key_group(), &entry)
}

impl<K: Eq + DeserializeOwned, N: Eq + Hash + DeserializeOwned> TimerQueue<K, N> {
    /// Registers the timers of a piece. `hash_of` must say what it said when they were registered first.
    ///
    /// # Errors
    /// When the bytes are no such timers, or a key belongs to another key group now.
    pub fn restore(&mut self, piece: &KeyedPiece, hash_of: impl Fn(&K) -> KeyHash) -> Result<()> {
        read_timers(piece, hash_of, |(time, key, hash, namespace)| {
            self.register(time, key, hash, namespace);
            Ok(())
        })
    }
}

/// Reads the timers of a piece, and hashes their keys.
fn read_timers<K: DeserializeOwned, N: DeserializeOwned>(
    piece: &KeyedPiece,
    hash_of: impl Fn(&K) -> KeyHash,
    mut each: impl FnMut((Timestamp, K, KeyHash, N)) -> Result<()>,
) -> Result<()> {
    piece.read(|group, (time, key, namespace): (i64, K, N)| {
        let hash = hash_of(&key);
        if hash.key_group() != group {
            return Err(regrouped(group, hash.key_group()));
        }
        each((Timestamp::from_millis(time), key, hash, namespace))
    })
}

impl<K: Serialize, N: Serialize> TimerService<K, N> {
    /// Begins to add the timers of both domains as they are now to the image of the operator whose key groups are `range`.
    ///
    /// Few timers are encoded at once. For many, the image holds a promise, which [`encode_some`](Self::encode_some) keeps, whatever
    /// is done to the timers meanwhile. Timers in a store are [flushed](Self::flush) and add nothing: the store's snapshot has them.
    ///
    /// # Errors
    /// When a key or namespace cannot be encoded, or a key is in none of the groups of `range`; when the store cannot be written.
    ///
    /// ```
    /// use hurtig_state::{StateImage, TimerService};
    /// use hurtig_types::{KeyHash, MaxParallelism, Timestamp};
    ///
    /// let max_parallelism = MaxParallelism::new(128)?;
    /// let hash_of = |key: &u64| KeyHash::of(key, max_parallelism);
    /// let mut timers = TimerService::<u64>::new();
    /// for key in 0..5000 {
    ///     timers.register_event_time_timer(Timestamp::from_millis(5), key, hash_of(&key), ());
    /// }
    ///
    /// let mut image = StateImage::default();
    /// timers.freeze(max_parallelism.range_of(0, 1), &mut image)?;
    /// timers.delete_event_time_timer(Timestamp::from_millis(5), &7, hash_of(&7), &());
    /// while timers.encode_some(1000) {}
    ///
    /// futures::executor::block_on(image.complete())?;
    /// let mut restored = TimerService::<u64>::new();
    /// restored.restore(&mut image, hash_of)?;
    /// assert_eq!(restored.next_event_time(), Some(Timestamp::from_millis(5)));
    /// assert_eq!(restored.len(), 5000);
    /// # Ok::<(), hurtig_types::Error>(())
    /// ```
    pub fn freeze(&mut self, range: KeyGroupRange, image: &mut StateImage) -> Result<()> {
        let [event_time, processing_time] = self.domains_mut();
        event_time.freeze(EVENT_TIME, range, image)?;
        processing_time.freeze(PROCESSING_TIME, range, image)
    }
}

impl<K: Eq + DeserializeOwned, N: Eq + Hash + DeserializeOwned> TimerService<K, N> {
    /// Takes the timers of both domains out of an image, into memory or the store, wherever they were when it was taken. Those that
    /// are due fire when time next advances.
    ///
    /// # Errors
    /// As [`TimerQueue::restore`], and when the store cannot be written.
    pub fn restore(
        &mut self,
        image: &mut StateImage,
        hash_of: impl Fn(&K) -> KeyHash,
    ) -> Result<()> {
        let [event_time, processing_time] = self.domains_mut();
        for (name, timers) in [(EVENT_TIME, event_time), (PROCESSING_TIME, processing_time)] {
            for piece in image.take_keyed(name) {
                read_timers(&piece, &hash_of, |(time, key, hash, namespace)| {
                    timers.register(time, key, hash, namespace);
                    timers.check()
                })?;
            }
        }
        Ok(())
    }
}
