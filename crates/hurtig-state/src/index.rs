//! The index that finds a slot by its hash.

use crate::machine::{lanes_equal, prefetch};

/// Finds slots by 48 bits of hash; the slots themselves, their keys and their hashes live with the owner.
///
/// A row of buckets, each a cache line with room for eight slots. A hash belongs into the bucket that its lower bits
/// say, or the next one after it that has room; in front of the slots stand tags from its upper 16 bits, which say no to
/// all but one in 32 768 of the other keys of a bucket: the owner compares keys practically only to confirm.
///
/// Laws: the number of buckets is 0 or a power of two; at most six of eight places are taken, so that every search
/// ends; all buckets between the one where a slot belongs and the one where it is are full. Removal pulls slots back
/// instead of leaving a tombstone, so a table that lives for months is searched as a new one is.
///
/// Eight tags at once, instead of probing place by place: how far a probe must go is a coin toss that the processor
/// guesses wrong, which costs more than all the rest (in a table of a thousand keys a look-up took about 12 ns so, and
/// takes 6). Tags of 16 bits are one load and one comparison. Tags and slots in one line, instead of control bytes
/// apart from the slots as in a Swiss table: one miss answers, not two.
#[derive(Default)]
pub(crate) struct Index {
    buckets: Box<[Bucket]>,
}

/// The largest slot that an index is given.
pub(crate) const SLOT_MAX: u32 = u32::MAX - 1;

const LANES: usize = 8;
const TAKEN_MAX: usize = 6;

#[derive(Clone, Copy, Default)]
#[repr(C, align(64))]
struct Bucket {
    /// [`FREE`], or the tag of the slot of the same lane.
    tags: [u16; LANES],
    slots: [u32; LANES],
}

const FREE: u16 = 0;

const fn tag(bits: u64) -> u16 {
    (bits >> 32) as u16 | 1
}

impl Bucket {
    /// The lanes of this tag, one bit each.
    #[inline(always)]
    fn lanes(&self, tag: u16) -> u32 {
        lanes_equal(&self.tags, tag)
    }

    /// The slot of a lane; the rest of the number is cut off, so that nothing need be checked.
    #[inline(always)]
    const fn slot(&self, lane: u32) -> u32 {
        self.slots[lane as usize % LANES]
    }

    fn set(&mut self, lane: u32, tag: u16, slot: u32) {
        let lane = lane as usize;
        if let (Some(tag_there), Some(slot_there)) =
            (self.tags.get_mut(lane), self.slots.get_mut(lane))
        {
            (*tag_there, *slot_there) = (tag, slot);
        }
    }
}

/// A lane of a bucket.
#[derive(Clone, Copy)]
pub(crate) struct Place {
    bucket: usize,
    lane: u32,
}

impl Index {
    /// How many slots it has room for.
    #[inline]
    pub(crate) const fn capacity(&self) -> usize {
        self.buckets.len() * TAKEN_MAX
    }

    /// Whether it was ever given room.
    pub(crate) const fn is_allocated(&self) -> bool {
        !self.buckets.is_empty()
    }

    pub(crate) const fn bytes(&self) -> usize {
        size_of_val(&*self.buckets)
    }

    /// What the number of a bucket wraps around at. In an index without buckets no number names one, so that every
    /// search ends at once.
    #[inline(always)]
    const fn mask(&self) -> usize {
        self.buckets.len().wrapping_sub(1)
    }

    /// Asks for the cache line in which a search for `bits` starts.
    #[inline(always)]
    pub(crate) fn prefetch(&self, bits: u64) {
        prefetch(
            self.buckets
                .as_ptr()
                .wrapping_add(bits as usize & self.mask()),
        );
    }

    /// The first slot with the tag of `bits`: most probably the one that is sought, if it is there at all.
    #[inline(always)]
    pub(crate) fn candidate(&self, bits: u64) -> Option<u32> {
        self.find(bits, |_| true).ok()
    }

    /// The slot under `bits` of which `is_it` says yes, or the free place where the search ended.
    #[inline(always)]
    pub(crate) fn find(&self, bits: u64, mut is_it: impl FnMut(u32) -> bool) -> Result<u32, Place> {
        let mask = self.mask();
        let mut at = bits as usize & mask;
        while let Some(bucket) = self.buckets.get(at) {
            let mut lanes = bucket.lanes(tag(bits));
            while lanes != 0 {
                let slot = bucket.slot(lanes.trailing_zeros());
                if is_it(slot) {
                    return Ok(slot);
                }
                lanes &= lanes - 1;
            }
            let free = bucket.lanes(FREE);
            if free != 0 {
                return Err(Place {
                    bucket: at,
                    lane: free.trailing_zeros(),
                });
            }
            at = (at + 1) & mask;
        }
        Err(Place {
            bucket: at,
            lane: 0,
        })
    }

    /// The free place where a search for `bits` ends that finds nothing.
    #[inline]
    pub(crate) fn find_free(&self, bits: u64) -> Place {
        let mask = self.mask();
        let mut at = bits as usize & mask;
        while let Some(bucket) = self.buckets.get(at) {
            let free = bucket.lanes(FREE);
            if free != 0 {
                return Place {
                    bucket: at,
                    lane: free.trailing_zeros(),
                };
            }
            at = (at + 1) & mask;
        }
        Place {
            bucket: at,
            lane: 0,
        }
    }

    /// Puts `slot` into the place that [`find`](Self::find) found free for the same `bits`, with nothing changed since.
    ///
    /// The owner has made sure that the index has room.
    #[inline]
    pub(crate) fn fill(&mut self, place: Place, bits: u64, slot: u32) {
        self.set(place, tag(bits), slot);
    }

    /// Makes room for at least `slots` by doubling; `all` names every slot that is in use, with its hash.
    #[cold]
    pub(crate) fn rebuild(&mut self, slots: usize, all: impl Iterator<Item = (u64, u32)>) {
        let mut buckets = self.buckets.len().max(1);
        while buckets * TAKEN_MAX < slots {
            buckets *= 2;
        }
        self.buckets = vec![Bucket::default(); buckets].into_boxed_slice();
        for (bits, slot) in all {
            self.fill(self.find_free(bits), bits, slot);
        }
    }

    /// Lets the place of slot `from` name slot `to`.
    pub(crate) fn rename(&mut self, bits: u64, from: u32, to: u32) {
        if let Some(place) = self.place_of(bits, from) {
            self.set(place, tag(bits), to);
        }
    }

    /// Takes `slot` out; `bits_of` tells the hashes of the slots after it, which may be pulled back.
    pub(crate) fn remove(&mut self, bits: u64, slot: u32, bits_of: impl Fn(u32) -> u64) {
        let Some(mut hole) = self.place_of(bits, slot) else {
            return;
        };
        let mut was_full = self.is_full(hole.bucket);
        self.set(hole, FREE, 0);
        // Only what found its bucket full lies in another: so the search for what belongs here or before goes on as
        // long as buckets were full before anything was taken out of them.
        let mut at = hole.bucket;
        while was_full {
            at = (at + 1) & self.mask();
            was_full = self.is_full(at);
            if let Some((place, slot)) = self.displaced_beyond(hole.bucket, at, &bits_of) {
                self.set(hole, tag(bits_of(slot)), slot);
                self.set(place, FREE, 0);
                hole = place;
            }
        }
    }

    /// A slot in bucket `at` that does not belong into a bucket after `hole`.
    fn displaced_beyond(
        &self,
        hole: usize,
        at: usize,
        bits_of: impl Fn(u32) -> u64,
    ) -> Option<(Place, u32)> {
        let bucket = self.buckets.get(at)?;
        let mask = self.mask();
        let distance = at.wrapping_sub(hole) & mask;
        let taken = bucket.tags.iter().zip(&bucket.slots).zip(0u32..);
        taken
            .filter(|((tag, _), _)| **tag != FREE)
            .find(|((_, slot), _)| (at.wrapping_sub(bits_of(**slot) as usize) & mask) >= distance)
            .map(|((_, slot), lane)| (Place { bucket: at, lane }, *slot))
    }

    /// Takes everything out and keeps the room.
    pub(crate) fn clear(&mut self) {
        self.buckets.fill(Bucket::default());
    }

    fn is_full(&self, bucket: usize) -> bool {
        self.buckets
            .get(bucket)
            .is_some_and(|bucket| bucket.lanes(FREE) == 0)
    }

    fn place_of(&self, bits: u64, slot: u32) -> Option<Place> {
        let mask = self.mask();
        let mut at = bits as usize & mask;
        loop {
            let bucket = self.buckets.get(at)?;
            let mut lanes = bucket.lanes(tag(bits));
            while lanes != 0 {
                let lane = lanes.trailing_zeros();
                if bucket.slot(lane) == slot {
                    return Some(Place { bucket: at, lane });
                }
                lanes &= lanes - 1;
            }
            if bucket.lanes(FREE) != 0 {
                return None;
            }
            at = (at + 1) & mask;
        }
    }

    fn set(&mut self, place: Place, tag: u16, slot: u32) {
        if let Some(bucket) = self.buckets.get_mut(place.bucket) {
            bucket.set(place.lane, tag, slot);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;

    /// What is taken, by slot, after a look at the laws.
    fn taken(index: &Index, bits: &BTreeMap<u32, u64>) -> Vec<u32> {
        let mut slots = Vec::new();
        for (at, bucket) in index.buckets.iter().enumerate() {
            for lane in 0..LANES {
                if bucket.tags[lane] == FREE {
                    continue;
                }
                let slot = bucket.slots[lane];
                assert_eq!(bucket.tags[lane], tag(bits[&slot]));
                let mut before = bits[&slot] as usize & index.mask();
                while before != at {
                    assert!(
                        index.is_full(before),
                        "a search ends before it comes to the slot"
                    );
                    before = (before + 1) & index.mask();
                }
                slots.push(slot);
            }
        }
        slots.sort_unstable();
        slots
    }

    proptest! {
        #[test]
        fn keeps_its_laws(
            homes in prop_oneof![Just(1u64), Just(3), Just(64)],
            actions in prop::collection::vec((any::<bool>(), any::<prop::sample::Index>()), 1..400),
        ) {
            let mut index = Index::default();
            let mut bits = BTreeMap::<u32, u64>::new();
            for (number, (inserts, which)) in actions.into_iter().enumerate() {
                if inserts || bits.is_empty() {
                    let slot = number as u32;
                    let hash = !(number as u64 * 7 % homes) ^ (number as u64 % 5) << 30;
                    bits.insert(slot, hash);
                    if bits.len() > index.capacity() {
                        index.rebuild(bits.len(), bits.iter().map(|(slot, bits)| (*bits, *slot)));
                    } else {
                        index.fill(index.find_free(hash), hash, slot);
                    }
                } else {
                    let (&slot, &hash) = bits.iter().nth(which.index(bits.len())).unwrap();
                    index.remove(hash, slot, |slot| bits[&slot]);
                    bits.remove(&slot);
                }
                let slots: Vec<_> = bits.keys().copied().collect();
                prop_assert_eq!(taken(&index, &bits), slots);
                for (slot, hash) in &bits {
                    prop_assert_eq!(index.find(*hash, |there| there == *slot).ok(), Some(*slot));
                }
            }
        }
    }
}
