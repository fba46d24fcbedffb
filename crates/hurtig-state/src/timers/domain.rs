//! The timers of one time domain, wherever they are.

use std::hash::Hash;

use hurtig_types::{KeyGroupRange, KeyHash, Result, Timestamp};
use serde::Serialize;

use super::queue::{Timer, TimerQueue};
use super::stored::StoredTimers;
use crate::{Probe, StateImage};

/// Timers in memory, or in a store. An enum, so that what is in memory is called without a detour.
pub(super) enum DomainTimers<K, N> {
    Heap(TimerQueue<K, N>),
    Stored(Box<StoredTimers<K, N>>),
}

impl<K, N> DomainTimers<K, N> {
    pub(super) const fn on_heap() -> Self {
        Self::Heap(TimerQueue::new())
    }

    #[inline]
    pub(super) fn next_time(&self) -> Option<Timestamp> {
        match self {
            Self::Heap(timers) => timers.next_time(),
            Self::Stored(timers) => timers.next_time(),
        }
    }

    /// How many there are; of those in a store, how many are in memory.
    pub(super) fn len(&self) -> usize {
        match self {
            Self::Heap(timers) => timers.len(),
            Self::Stored(timers) => timers.kept(),
        }
    }

    pub(super) fn memory_bytes(&self) -> usize {
        match self {
            Self::Heap(timers) => timers.memory_bytes(),
            Self::Stored(timers) => timers.memory_bytes(),
        }
    }

    #[inline]
    pub(super) fn check(&mut self) -> Result<()> {
        match self {
            Self::Heap(_) => Ok(()),
            Self::Stored(timers) => timers.check(),
        }
    }

    pub(super) fn flush(&mut self) -> Result<()> {
        match self {
            Self::Heap(_) => Ok(()),
            Self::Stored(timers) => timers.flush(),
        }
    }

    #[inline]
    pub(super) fn encode_some(&mut self, bytes: usize) -> bool {
        match self {
            Self::Heap(timers) => timers.encode_some(bytes),
            // The snapshot of the store has them.
            Self::Stored(_) => false,
        }
    }
}

impl<K: Serialize, N: Serialize> DomainTimers<K, N> {
    pub(super) fn freeze(
        &mut self,
        name: &str,
        range: KeyGroupRange,
        image: &mut StateImage,
    ) -> Result<()> {
        match self {
            Self::Heap(timers) => timers.freeze(name, range, image),
            Self::Stored(timers) => timers.flush(),
        }
    }
}

impl<K: Eq, N: Eq + Hash> DomainTimers<K, N> {
    #[inline]
    pub(super) fn register(
        &mut self,
        time: Timestamp,
        key: impl Probe<K>,
        hash: KeyHash,
        namespace: N,
    ) -> bool {
        match self {
            Self::Heap(timers) => timers.register(time, key, hash, namespace),
            Self::Stored(timers) => timers.register(time, &key.into_key(), hash, &namespace),
        }
    }

    #[inline]
    pub(super) fn delete(
        &mut self,
        time: Timestamp,
        key: &K,
        hash: KeyHash,
        namespace: &N,
    ) -> bool {
        match self {
            Self::Heap(timers) => timers.delete(time, key, hash, namespace),
            Self::Stored(timers) => timers.delete(time, key, hash, namespace),
        }
    }

    #[inline]
    pub(super) fn pop_due(&mut self, up_to: Timestamp) -> Option<Timer<K, N>> {
        match self {
            Self::Heap(timers) => timers.pop_due(up_to),
            Self::Stored(timers) => timers.pop_due(up_to),
        }
    }
}
