//! Very many timers of one point in time.

use std::hash::Hash;
use std::mem;

use hurtig_types::{KeyGroup, KeyHash};

use super::bucket::Entry;
use super::crowd::Crowd;
use crate::Probe;

/// How many shards there are: as many as an operator has key groups by default.
pub(super) const SHARDS: usize = 128;

/// Timers of one time, divided by key group.
///
/// For the same reasons as state tables are: none grows so large that its growth would stop the stream. And they fire
/// shard by shard, in each in the order of registration: which is the order in which the keys' states lie in memory.
pub(super) struct Shards<K, N> {
    /// [`SHARDS`] of them.
    crowds: Box<[Crowd<K, N>]>,
    /// No shard before this has timers.
    first: usize,
    /// How many timers there are.
    len: usize,
    /// What the shards hold outside of themselves.
    bytes: usize,
}

pub(super) const fn shard_of(group: KeyGroup) -> usize {
    group.index() % SHARDS
}

impl<K, N> Shards<K, N> {
    fn new() -> Self {
        let crowds = (0..SHARDS).map(|_| Crowd::default()).collect();
        Self {
            crowds,
            first: 0,
            len: 0,
            bytes: 0,
        }
    }

    pub(super) const fn is_empty(&self) -> bool {
        self.len == 0
    }

    pub(super) const fn bytes(&self) -> usize {
        size_of::<Self>() + size_of_val(&*self.crowds) + self.bytes
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &Entry<K, N>> {
        self.crowds.iter().flat_map(Crowd::iter)
    }

    pub(super) fn part(&self, shard: usize) -> Option<&Crowd<K, N>> {
        self.crowds.get(shard)
    }

    /// The first shard that has timers.
    pub(super) fn first_part(&self) -> usize {
        let rest = self.crowds.iter().skip(self.first);
        self.first + rest.take_while(|crowd| crowd.is_empty()).count()
    }

    /// The timers of this key group, and maybe of others.
    pub(super) fn iter_near(&self, group: KeyGroup) -> impl Iterator<Item = &Entry<K, N>> {
        self.crowds
            .get(shard_of(group))
            .into_iter()
            .flat_map(Crowd::iter)
    }
}

impl<K: Eq, N: Eq + Hash> Shards<K, N> {
    /// The same timers, divided.
    pub(super) fn of(crowd: Crowd<K, N>) -> Self {
        let mut shards = Self::new();
        shards.len = crowd.len();
        for entry in crowd.into_entries() {
            if let Some(crowd) = shards.crowds.get_mut(shard_of(entry.hash.key_group())) {
                crowd.push(entry);
            }
        }
        shards.bytes = shards.crowds.iter().map(Crowd::bytes).sum();
        shards
    }

    pub(super) fn register(&mut self, key: impl Probe<K>, hash: KeyHash, namespace: N) -> bool {
        let shard = shard_of(hash.key_group());
        let is_new = self.change(shard, |crowd| crowd.register(key, hash, namespace));
        if is_new {
            self.first = self.first.min(shard);
            self.len += 1;
        }
        is_new
    }

    pub(super) fn delete(&mut self, key: &K, hash: KeyHash, namespace: &N) -> bool {
        let shard = shard_of(hash.key_group());
        let was_there = self.change(shard, |crowd| crowd.delete(key, hash, namespace));
        self.len -= usize::from(was_there);
        was_there
    }

    pub(super) fn pop_front(&mut self) -> Option<Entry<K, N>> {
        while let Some(crowd) = self.crowds.get_mut(self.first) {
            if let Some(entry) = crowd.pop_front() {
                self.len -= 1;
                return Some(entry);
            }
            // Its room is given back at once: the last shard may fire much later.
            self.bytes -= crowd.bytes();
            drop(mem::take(crowd));
            self.first += 1;
        }
        None
    }

    /// Changes a shard, and keeps count of what it holds.
    fn change(&mut self, shard: usize, change: impl FnOnce(&mut Crowd<K, N>) -> bool) -> bool {
        let Some(crowd) = self.crowds.get_mut(shard) else {
            return false;
        };
        let before = crowd.bytes();
        let changed = change(crowd);
        self.bytes = self.bytes - before + crowd.bytes();
        changed
    }
}
