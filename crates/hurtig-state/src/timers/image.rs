//! Timers as bytes.

use std::hash::Hash;

use hurtig_types::{KeyGroupRange, KeyHash, Result, Timestamp};
use serde::{Serialize, de::DeserializeOwned};

use super::{TimerQueue, TimerService};
use crate::table::regrouped;
use crate::{KeyedPiece, KeyedWriter, StateImage};

const EVENT_TIME: &str = "timers/event-time";
const PROCESSING_TIME: &str = "timers/processing-time";

impl<K: Eq + Serialize, N: Eq + Hash + Serialize> TimerQueue<K, N> {
    /// All timers as bytes, under this name. Costs a pass over them.
    ///
    /// # Errors
    /// When a key or namespace cannot be encoded, or a key is in none of the groups of `range`.
    pub fn image(&self, name: impl Into<String>, range: KeyGroupRange) -> Result<KeyedPiece> {
        let mut writer = KeyedWriter::new(range);
        for timer in self.iter() {
            let entry = (timer.time.as_millis(), timer.key, timer.namespace);
            writer.entry(timer.hash.key_group(), &entry)?;
        }
        Ok(writer.finish(name))
    }
}

impl<K: Eq + DeserializeOwned, N: Eq + Hash + DeserializeOwned> TimerQueue<K, N> {
    /// Registers the timers of a piece. `hash_of` must say what it said when they were registered first.
    ///
    /// # Errors
    /// When the bytes are no such timers, or a key belongs to another key group now.
    pub fn restore(&mut self, piece: &KeyedPiece, hash_of: impl Fn(&K) -> KeyHash) -> Result<()> {
        piece.read(|group, (time, key, namespace): (i64, K, N)| {
            let hash = hash_of(&key);
            if hash.key_group() != group {
                return Err(regrouped(group, hash.key_group()));
            }
            self.register(Timestamp::from_millis(time), key, hash, namespace);
            Ok(())
        })
    }
}

impl<K: Eq + Serialize, N: Eq + Hash + Serialize> TimerService<K, N> {
    /// Adds the timers of both domains to the image of the operator whose key groups are `range`.
    ///
    /// # Errors
    /// As [`TimerQueue::image`].
    ///
    /// ```
    /// use hurtig_state::{StateImage, TimerService};
    /// use hurtig_types::{KeyHash, MaxParallelism, Timestamp};
    ///
    /// let max_parallelism = MaxParallelism::new(128)?;
    /// let hash_of = |key: &u64| KeyHash::of(key, max_parallelism);
    /// let mut timers = TimerService::<u64>::new();
    /// timers.register_event_time_timer(Timestamp::from_millis(5), 7, hash_of(&7), ());
    ///
    /// let mut image = StateImage::default();
    /// timers.snapshot(max_parallelism.range_of(0, 1), &mut image)?;
    /// let mut restored = TimerService::<u64>::new();
    /// restored.restore(&mut image, hash_of)?;
    /// assert_eq!(restored.next_event_time(), Some(Timestamp::from_millis(5)));
    /// # Ok::<(), hurtig_types::Error>(())
    /// ```
    pub fn snapshot(&self, range: KeyGroupRange, image: &mut StateImage) -> Result<()> {
        let queues = [
            (EVENT_TIME, self.event_time_timers()),
            (PROCESSING_TIME, self.processing_time_timers()),
        ];
        for (name, queue) in queues {
            if !queue.is_empty() {
                image.keyed.push(queue.image(name, range)?);
            }
        }
        Ok(())
    }
}

impl<K: Eq + DeserializeOwned, N: Eq + Hash + DeserializeOwned> TimerService<K, N> {
    /// Takes the timers of both domains out of an image. Those that are due fire when time next advances.
    ///
    /// # Errors
    /// As [`TimerQueue::restore`].
    pub fn restore(
        &mut self,
        image: &mut StateImage,
        hash_of: impl Fn(&K) -> KeyHash,
    ) -> Result<()> {
        let [event_time, processing_time] = self.queues_mut();
        for (name, queue) in [(EVENT_TIME, event_time), (PROCESSING_TIME, processing_time)] {
            for piece in image.take_keyed(name) {
                queue.restore(&piece, &hash_of)?;
            }
        }
        Ok(())
    }
}
