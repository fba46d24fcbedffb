//! Which target a record goes to.

use std::hash::Hasher;
use std::marker::PhantomData;

use hurtig_types::{Batch, Data, KeyGroup, KeyHash, KeyHasher, MaxParallelism, Records, Result};

/// Chooses the targets of records.
///
/// The law: a partitioner never changes the records, their number or their order; it may add the hashes of their keys.
/// Called from one task, a batch at a time; `targets` is the number of channels, at least 1.
pub trait Partitioner<P>: Send {
    /// Says where the records of a batch go. For [`Selection::Each`], `chosen` (empty at the call) holds a channel for each.
    ///
    /// # Errors
    /// When the batch is not what it was said to be, which is a bug.
    fn select(&mut self, batch: &mut P, targets: usize, chosen: &mut Vec<u32>)
    -> Result<Selection>;
}

/// Where the records of a batch go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Selection {
    /// All to one channel.
    One(usize),
    /// Each to its own.
    Each,
    /// All to every channel.
    Every,
}

/// To the one channel there is.
#[derive(Clone, Copy, Debug, Default)]
pub struct Forward;

impl<P> Partitioner<P> for Forward {
    fn select(&mut self, _: &mut P, _: usize, _: &mut Vec<u32>) -> Result<Selection> {
        Ok(Selection::One(0))
    }
}

/// To the first subtask.
#[derive(Clone, Copy, Debug, Default)]
pub struct Global;

impl<P> Partitioner<P> for Global {
    fn select(&mut self, _: &mut P, _: usize, _: &mut Vec<u32>) -> Result<Selection> {
        Ok(Selection::One(0))
    }
}

/// To every channel.
#[derive(Clone, Copy, Debug, Default)]
pub struct Broadcast;

impl<P> Partitioner<P> for Broadcast {
    fn select(&mut self, _: &mut P, _: usize, _: &mut Vec<u32>) -> Result<Selection> {
        Ok(Selection::Every)
    }
}

/// One channel after the other; over the channels of the edge, which for `rescale` are a part of the subtasks.
#[derive(Clone, Copy, Debug)]
pub struct Rebalance {
    next: u32,
}

impl Rebalance {
    /// Starts behind channel `start` (taken modulo the number of channels), so that many producers don't all begin with the same.
    pub const fn new(start: u32) -> Self {
        Self { next: start }
    }
}

impl<P: Batch> Partitioner<P> for Rebalance {
    fn select(
        &mut self,
        batch: &mut P,
        targets: usize,
        chosen: &mut Vec<u32>,
    ) -> Result<Selection> {
        let targets = targets as u32;
        let mut next = self.next % targets;
        chosen.extend((0..batch.len()).map(|_| {
            next = if next + 1 == targets { 0 } else { next + 1 };
            next
        }));
        self.next = next;
        Ok(Selection::Each)
    }
}

/// To a random channel each.
#[derive(Clone, Copy, Debug)]
pub struct Shuffle {
    state: u64,
}

impl Shuffle {
    /// The sequence that belongs to `seed`.
    pub const fn new(seed: u64) -> Self {
        Self { state: seed }
    }

    /// One step of SplitMix64.
    #[inline]
    fn next(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.state;
        z = (z ^ z >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ z >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ z >> 31
    }
}

impl<P: Batch> Partitioner<P> for Shuffle {
    fn select(
        &mut self,
        batch: &mut P,
        targets: usize,
        chosen: &mut Vec<u32>,
    ) -> Result<Selection> {
        let targets = targets as u64;
        let targets = (0..batch.len()).map(|_| (((self.next() >> 32) * targets) >> 32) as u32);
        chosen.extend(targets);
        Ok(Selection::Each)
    }
}

/// To the subtask that owns the record's key group. Adds the hashes, which the state of the target will use again.
pub struct KeyGroups<T, K, F> {
    key: F,
    max_parallelism: MaxParallelism,
    codes: Vec<i32>,
    types: PhantomData<fn(&T) -> K>,
}

impl<T, K, F: Fn(&T) -> K> KeyGroups<T, K, F> {
    /// Partitions by what `key` says, in a job of this maximum parallelism.
    pub fn new(key: F, max_parallelism: MaxParallelism) -> Self {
        Self {
            key,
            max_parallelism,
            codes: Vec::new(),
            types: PhantomData,
        }
    }

    /// Codes and table bits from the keys. The hashes have no groups yet: those come from the codes, in a plain loop of their own.
    fn hash(&mut self, records: &mut Records<T>)
    where
        K: std::hash::Hash,
    {
        self.codes.resize(records.values.len(), 0);
        records.hashes.clear();
        records.hashes.extend(
            records
                .values
                .iter()
                .zip(&mut self.codes)
                .map(|(value, code)| {
                    let mut hasher = KeyHasher::default();
                    (self.key)(value).hash(&mut hasher);
                    *code = hasher.code();
                    KeyHash::new(KeyGroup::new(0), hasher.finish())
                }),
        );
    }
}

impl<T, K, F> Partitioner<Records<T>> for KeyGroups<T, K, F>
where
    T: Data,
    K: std::hash::Hash,
    F: Fn(&T) -> K + Send,
{
    fn select(
        &mut self,
        records: &mut Records<T>,
        targets: usize,
        chosen: &mut Vec<u32>,
    ) -> Result<Selection> {
        self.hash(records);
        self.max_parallelism
            .route(&self.codes, targets as u32, &mut records.hashes, chosen);
        if targets == 1 {
            return Ok(Selection::One(0));
        }
        Ok(Selection::Each)
    }
}

/// To the channel that a function of the user chooses by key and number of channels.
pub struct Custom<T, K, F, P> {
    key: F,
    partition: P,
    types: PhantomData<fn(&T) -> K>,
}

impl<T, K, F: Fn(&T) -> K, P: Fn(&K, usize) -> usize> Custom<T, K, F, P> {
    /// Partitions by `partition(key(record), channels)`; a result beyond the last channel is taken modulo.
    pub fn new(key: F, partition: P) -> Self {
        Self {
            key,
            partition,
            types: PhantomData,
        }
    }
}

impl<T, K, F, P> Partitioner<Records<T>> for Custom<T, K, F, P>
where
    F: Fn(&T) -> K + Send,
    P: Fn(&K, usize) -> usize + Send,
{
    fn select(
        &mut self,
        records: &mut Records<T>,
        targets: usize,
        chosen: &mut Vec<u32>,
    ) -> Result<Selection> {
        let choose = |value: &T| ((self.partition)(&(self.key)(value), targets) % targets) as u32;
        chosen.extend(records.values.iter().map(choose));
        Ok(Selection::Each)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chosen<T: Clone + Send + 'static>(
        partitioner: &mut dyn Partitioner<Records<T>>,
        values: Vec<T>,
        targets: usize,
    ) -> (Selection, Vec<u32>) {
        let mut chosen = Vec::new();
        let mut records = Records::from_values(values);
        let selection = partitioner.select(&mut records, targets, &mut chosen);
        (selection.unwrap(), chosen)
    }

    #[test]
    fn rebalance_goes_round_and_remembers_where_it_was() {
        let mut rebalance = Rebalance::new(1);
        assert_eq!(
            chosen(&mut rebalance, vec![(); 4], 3),
            (Selection::Each, vec![2, 0, 1, 2])
        );
        assert_eq!(
            chosen(&mut rebalance, vec![(); 2], 3),
            (Selection::Each, vec![0, 1])
        );
    }

    #[test]
    fn shuffle_reaches_every_channel_about_equally_and_repeats_under_its_seed() {
        let (_, first) = chosen(&mut Shuffle::new(7), vec![(); 30_000], 3);
        let (_, again) = chosen(&mut Shuffle::new(7), vec![(); 30_000], 3);
        assert_eq!(first, again);
        for channel in 0..3 {
            let share = first.iter().filter(|&&target| target == channel).count();
            assert!(
                (9_500..10_500).contains(&share),
                "channel {channel} got {share} of 30000"
            );
        }
    }

    #[test]
    fn a_key_goes_to_the_owner_of_its_key_group_and_takes_its_hash_along() {
        let max_parallelism = MaxParallelism::new(128).unwrap();
        let mut records = Records::from_values((0..1000i32).collect());
        let mut targets = Vec::new();
        let selection = KeyGroups::new(|value: &i32| *value, max_parallelism).select(
            &mut records,
            3,
            &mut targets,
        );
        assert_eq!(selection.unwrap(), Selection::Each);
        for ((value, hash), target) in records.values.iter().zip(&records.hashes).zip(targets) {
            assert_eq!(*hash, KeyHash::of(value, max_parallelism));
            assert_eq!(
                target,
                max_parallelism.subtask_of(max_parallelism.key_group(value), 3)
            );
        }
    }

    #[test]
    fn a_custom_partitioner_sees_key_and_number_of_channels() {
        let mut custom = Custom::new(
            |value: &u32| value / 10,
            |key: &u32, targets| *key as usize + targets,
        );
        assert_eq!(
            chosen(&mut custom, vec![0, 10, 25, 99], 3),
            (Selection::Each, vec![0, 1, 2, 0])
        );
    }

    #[test]
    fn forward_and_global_go_to_the_first_channel_and_broadcast_to_all() {
        assert_eq!(chosen(&mut Forward, vec![1], 1).0, Selection::One(0));
        assert_eq!(chosen(&mut Global, vec![1], 5).0, Selection::One(0));
        assert_eq!(chosen(&mut Broadcast, vec![1], 5).0, Selection::Every);
    }
}
