//! The timers of one point in time.

use std::hash::Hash;
use std::mem;

use hurtig_types::{KeyGroup, KeyHash};

use super::crowd::Crowd;
use super::shards::{SHARDS, Shards, shard_of};
use crate::Probe;

/// A timer without its time.
pub(super) struct Entry<K, N> {
    pub(super) hash: KeyHash,
    pub(super) key: K,
    pub(super) namespace: N,
}

impl<K, N: Eq + Hash> Entry<K, N> {
    /// What an index finds it by.
    #[inline]
    pub(super) fn bits(&self) -> u64 {
        self.hash.with(&self.namespace).table_bits()
    }

    #[inline]
    pub(super) fn is(&self, hash: KeyHash, is_key: impl Fn(&K) -> bool, namespace: &N) -> bool {
        self.hash == hash && is_key(&self.key) && self.namespace == *namespace
    }
}

/// One timer, in place, or many. Never empty while it is in the queue.
///
/// Most processing-time timers are alone at their millisecond, most window timers among thousands or millions at theirs:
/// the one case should cost no allocation, the next no search, and the last no pause.
pub(super) enum Bucket<K, N> {
    One(Entry<K, N>),
    Few(Box<Crowd<K, N>>),
    Many(Box<Shards<K, N>>),
}

/// So many are not divided by key group.
const FEW_MAX: usize = 4096;

impl<K: Eq, N: Eq + Hash> Bucket<K, N> {
    /// Adds a timer unless it is there.
    pub(super) fn register(&mut self, key: impl Probe<K>, hash: KeyHash, namespace: N) -> bool {
        match self {
            Self::Many(shards) => shards.register(key, hash, namespace),
            Self::Few(crowd) => {
                let is_new = crowd.register(key, hash, namespace);
                if crowd.len() > FEW_MAX {
                    *self = Self::Many(Box::new(Shards::of(mem::take(crowd))));
                }
                is_new
            }
            Self::One(only) => {
                if only.is(hash, |there| key.matches(there), &namespace) {
                    return false;
                }
                let mut crowd = Box::<Crowd<K, N>>::default();
                let second = Entry {
                    hash,
                    key: key.into_key(),
                    namespace,
                };
                if let Self::One(first) = mem::replace(self, Self::Few(Box::default())) {
                    crowd.push(first);
                }
                crowd.push(second);
                *self = Self::Few(crowd);
                true
            }
        }
    }

    /// Deletes a timer if it is there; also says whether none is left.
    pub(super) fn delete(&mut self, key: &K, hash: KeyHash, namespace: &N) -> (bool, bool) {
        match self {
            Self::One(only) => {
                let is_it = only.is(hash, |there| there == key, namespace);
                (is_it, is_it)
            }
            Self::Few(crowd) => (crowd.delete(key, hash, namespace), crowd.is_empty()),
            Self::Many(shards) => (shards.delete(key, hash, namespace), shards.is_empty()),
        }
    }

    /// Takes the next timer out, unless it is the only one; also says whether none is left.
    pub(super) fn pop_front(&mut self) -> Option<(Entry<K, N>, bool)> {
        match self {
            Self::One(_) => None,
            Self::Few(crowd) => crowd.pop_front().map(|entry| (entry, crowd.is_empty())),
            Self::Many(shards) => shards.pop_front().map(|entry| (entry, shards.is_empty())),
        }
    }
}

impl<K, N> Bucket<K, N> {
    /// How many bytes it holds outside the queue's tree.
    pub(super) fn boxed_bytes(&self) -> usize {
        match self {
            Self::One(_) => 0,
            Self::Few(crowd) => size_of::<Crowd<K, N>>() + crowd.bytes(),
            Self::Many(shards) => shards.bytes(),
        }
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &Entry<K, N>> {
        let (one, few, many) = match self {
            Self::One(only) => (Some(only), None, None),
            Self::Few(crowd) => (None, Some(crowd.iter()), None),
            Self::Many(shards) => (None, None, Some(shards.iter())),
        };
        one.into_iter()
            .chain(few.into_iter().flatten())
            .chain(many.into_iter().flatten())
    }

    /// In how many parts it is divided.
    pub(super) const fn parts(&self) -> usize {
        match self {
            Self::Many(_) => SHARDS,
            Self::One(_) | Self::Few(_) => 1,
        }
    }

    /// In which part the timers of this key group are.
    pub(super) const fn part_of(&self, group: KeyGroup) -> usize {
        match self {
            Self::Many(_) => shard_of(group),
            Self::One(_) | Self::Few(_) => 0,
        }
    }

    /// The part from which the next timer is popped.
    pub(super) fn first_part(&self) -> usize {
        match self {
            Self::Many(shards) => shards.first_part(),
            Self::One(_) | Self::Few(_) => 0,
        }
    }

    /// The timers of a part, but for so many at its front.
    pub(super) fn part(&self, part: usize, skipped: usize) -> impl Iterator<Item = &Entry<K, N>> {
        let (one, many) = match self {
            Self::One(only) => (Some(only).filter(|_| skipped == 0), None),
            Self::Few(crowd) => (None, Some(&**crowd)),
            Self::Many(shards) => (None, shards.part(part)),
        };
        let many = many
            .into_iter()
            .flat_map(move |crowd| crowd.iter_from(skipped));
        one.into_iter().chain(many)
    }

    /// The timers of this key group, and maybe of others.
    pub(super) fn iter_near(&self, group: KeyGroup) -> impl Iterator<Item = &Entry<K, N>> {
        let (all, near) = match self {
            Self::Many(shards) => (None, Some(shards.iter_near(group))),
            _ => (Some(self.iter()), None),
        };
        all.into_iter().flatten().chain(near.into_iter().flatten())
    }
}
