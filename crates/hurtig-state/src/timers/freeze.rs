//! Timers as they were at a barrier, encoded beside the processing.

use std::collections::HashMap;
use std::ops::Bound;

use foldhash::fast::FixedState;
use hurtig_types::{KeyGroup, KeyGroupRange, Result, Timestamp};
use serde::Serialize;

use super::TimerQueue;
use super::bucket::{Bucket, Entry};
use super::image::write_timer;
use super::queue::timer;
use super::shards::SHARDS;
use crate::{KeyedWriter, Promise, PromisedPiece, StateImage};

/// How an entry is written.
type Encode<K, N> = fn(&mut KeyedWriter, Timestamp, &Entry<K, N>) -> Result<()>;

/// How many bytes are encoded at the barrier itself: few timers need no more.
const BYTES_AT_ONCE: usize = 8 << 10;

/// A bit for each part of the timers of one time.
type Parts = u128;
const ALL: Parts = Parts::MAX;
const _: () = assert!(SHARDS <= Parts::BITS as usize);

/// What a queue still owes to a snapshot.
///
/// Copy on write, part by part: the timers of one time, or a shard of them, are encoded before one of them goes or another comes, or
/// when a walk by time gets there. So freezing costs nothing for a timer, and nothing is encoded twice. What is remembered beside
/// the walk's place is for each time ahead of it at which something was done since the barrier, whether or not a timer was there then.
pub(super) struct Freeze<K, N> {
    encode: Encode<K, N>,
    written: Result<KeyedWriter>,
    /// How many timers were encoded so far.
    count: usize,
    /// Nothing is owed of this time and of those before.
    walked: Option<Timestamp>,
    /// At the barrier, no timer was later: those later are not owed.
    last: Timestamp,
    /// Which parts are not owed any more, of times that the walk has ahead.
    settled: HashMap<Timestamp, Parts, FixedState>,
    /// The part in which the walk stopped, and how many of its timers are encoded.
    begun: Option<(Timestamp, usize, usize)>,
    name: String,
    /// Who waits for the piece; none at the barrier.
    promise: Option<Promise>,
}

impl<K, N> Freeze<K, N> {
    /// How many bytes were encoded so far.
    fn bytes(&self) -> usize {
        self.written.as_ref().map_or(0, KeyedWriter::bytes)
    }

    /// Whether all timers of this time that were there at the barrier are encoded.
    fn is_past(&self, time: Timestamp) -> bool {
        time > self.last || self.walked.is_some_and(|walked| time <= walked)
    }

    /// A part is about to be changed: it is encoded if that is owed.
    fn settle(&mut self, time: Timestamp, bucket: &Bucket<K, N>, part: usize) {
        // What is not divided yet may be later, and is settled then.
        let parts = if bucket.parts() == 1 { ALL } else { 1 << part };
        let settled = self.settled.get(&time).copied().unwrap_or(0);
        if settled & parts == 0 {
            self.encode_part((time, part), bucket, usize::MAX);
            self.settled.insert(time, settled | parts);
        }
    }

    /// Encodes what is owed of the timers of one time, until so many bytes are encoded; whether that is all.
    fn encode_bucket(&mut self, time: Timestamp, bucket: &Bucket<K, N>, until: usize) -> bool {
        let mut settled = self.settled.remove(&time).unwrap_or(0);
        for part in 0..bucket.parts() {
            if settled & (1 << part) != 0 {
                continue;
            }
            if !self.encode_part((time, part), bucket, until) {
                self.settled.insert(time, settled);
                return false;
            }
            settled |= 1 << part;
        }
        true
    }

    /// Encodes a part, from where the walk has stopped in it.
    fn encode_part(
        &mut self,
        (time, part): (Timestamp, usize),
        bucket: &Bucket<K, N>,
        until: usize,
    ) -> bool {
        let is_it = |begun: &mut (Timestamp, usize, usize)| (begun.0, begun.1) == (time, part);
        let skipped = self.begun.take_if(is_it).map_or(0, |begun| begun.2);
        for (entry, done) in bucket.part(part, skipped).zip(skipped..) {
            let Ok(writer) = &mut self.written else {
                return true;
            };
            if writer.bytes() >= until {
                self.begun = Some((time, part, done));
                return false;
            }
            if let Err(error) = (self.encode)(writer, time, entry) {
                self.written = Err(error);
            }
            self.count += 1;
        }
        true
    }

    /// Says how large the blocks will be, given what the timers so far took, so that none grows and moves again and again.
    fn expect_the_rest(&mut self, timers: usize, range: KeyGroupRange) {
        if let Ok(writer) = &mut self.written {
            let bytes_each = writer.bytes() / self.count.max(1) + 1;
            // Their key groups cannot be counted without a look at each.
            let bytes = timers.saturating_sub(self.count) / range.len().max(1) * bytes_each;
            range
                .groups()
                .for_each(|group| writer.set_expected(group, bytes));
        }
    }
}

impl<K: Serialize, N: Serialize> TimerQueue<K, N> {
    /// Begins to add all timers as they are now to an image, under this name; nothing, if there are none.
    ///
    /// Few timers are encoded at once. For many, which costs next to nothing here, the image holds a promise, which
    /// [`encode_some`](Self::encode_some) keeps, whatever is done to the timers meanwhile.
    ///
    /// # Errors
    /// When a key or namespace cannot be encoded, or a key is in none of the groups of `range`.
    ///
    /// ```
    /// use hurtig_state::{StateImage, TimerQueue};
    /// use hurtig_types::{KeyGroupRange, KeyHash, Timestamp};
    ///
    /// let mut timers = TimerQueue::<u64>::new();
    /// for key in 0..5000 {
    ///     timers.register(Timestamp::from_millis(key as i64 % 70), key, KeyHash::default(), ());
    /// }
    /// let mut image = StateImage::default();
    /// timers.freeze("timers", KeyGroupRange::new(0, 1), &mut image)?;
    /// while timers.pop_due(Timestamp::MAX).is_some() {}
    /// while timers.encode_some(1000) {}
    ///
    /// futures::executor::block_on(image.complete())?;
    /// timers.restore(&image.keyed[0], |_| KeyHash::default())?;
    /// assert_eq!(timers.len(), 5000);
    /// # Ok::<(), hurtig_types::Error>(())
    /// ```
    pub fn freeze(
        &mut self,
        name: impl Into<String>,
        range: KeyGroupRange,
        image: &mut StateImage,
    ) -> Result<()> {
        self.freeze_after(BYTES_AT_ONCE, name.into(), range, image)
    }

    fn freeze_after(
        &mut self,
        at_once: usize,
        name: String,
        range: KeyGroupRange,
        image: &mut StateImage,
    ) -> Result<()> {
        while self.encode_some(usize::MAX) {}
        let Some((&last, _)) = self.buckets.last_key_value() else {
            return Ok(());
        };
        self.freeze = Some(Box::new(Freeze {
            encode: |writer, time, entry| write_timer(writer, timer(&time, entry)),
            written: Ok(KeyedWriter::new(range)),
            count: 0,
            walked: None,
            last,
            settled: HashMap::default(),
            begun: None,
            name,
            promise: None,
        }));
        let is_all = self.encode_owed(at_once);
        let timers = self.len();
        let Some(mut freeze) = self.freeze.take() else {
            return Ok(());
        };
        if is_all {
            image.keyed.push(freeze.written?.finish(freeze.name));
            return Ok(());
        }
        freeze.expect_the_rest(timers, range);
        let (promise, piece) = PromisedPiece::channel();
        freeze.promise = Some(promise);
        image.promised.push(piece);
        self.freeze = Some(freeze);
        Ok(())
    }
}

impl<K, N> TimerQueue<K, N> {
    /// Encodes about so many bytes of an image that was promised; whether there is more to do. One that nobody waits for any more
    /// is given up.
    pub fn encode_some(&mut self, bytes: usize) -> bool {
        let Some(freeze) = &self.freeze else {
            return false;
        };
        let is_wanted = freeze.promise.as_ref().is_some_and(Promise::is_wanted);
        if is_wanted && !self.encode_owed(bytes) {
            return true;
        }
        if let Some(freeze) = self.freeze.take()
            && let Some(promise) = freeze.promise
            && is_wanted
        {
            promise.keep(freeze.name, freeze.written);
        }
        false
    }

    /// Walks on, until about so many bytes more are encoded; whether nothing is owed any more.
    fn encode_owed(&mut self, bytes: usize) -> bool {
        let Some(freeze) = self.freeze.as_deref_mut() else {
            return true;
        };
        let mut until = freeze.bytes().saturating_add(bytes);
        let from = freeze.walked.map_or(Bound::Unbounded, Bound::Excluded);
        if freeze.walked.is_some_and(|walked| walked >= freeze.last) {
            return true;
        }
        for (time, bucket) in self.buckets.range((from, Bound::Included(freeze.last))) {
            if freeze.written.is_err() {
                break;
            }
            if freeze.bytes() >= until {
                return false;
            }
            if !freeze.encode_bucket(*time, bucket, until) {
                return false;
            }
            freeze.walked = Some(*time);
            // Times at which nothing is owed take time as well.
            until = until.saturating_sub(1);
        }
        true
    }

    /// Timers of this time and key group are about to come or go.
    #[cold]
    pub(super) fn settle(&mut self, time: Timestamp, group: KeyGroup) {
        let Some(freeze) = self.freeze.as_deref_mut() else {
            return;
        };
        if freeze.is_past(time) {
            return;
        }
        match self.buckets.get(&time) {
            Some(bucket) => freeze.settle(time, bucket, bucket.part_of(group)),
            // None was there at the barrier, or all were encoded before they went.
            None => {
                freeze.settled.insert(time, ALL);
            }
        }
    }

    /// The first timer is about to be popped, if it is due.
    #[cold]
    pub(super) fn settle_first(&mut self, up_to: Timestamp) {
        let Some(freeze) = self.freeze.as_deref_mut() else {
            return;
        };
        let first = self.buckets.first_key_value();
        let Some((&time, bucket)) = first.filter(|(time, _)| **time <= up_to) else {
            return;
        };
        if freeze.is_past(time) {
            return;
        }
        freeze.settle(time, bucket, bucket.first_part());
        if bucket.parts() == 1 {
            // None is before it, so that the walk has come here; and this need not be remembered.
            freeze.settled.remove(&time);
            freeze.walked = Some(time);
        }
    }
}

#[cfg(test)]
mod tests;
