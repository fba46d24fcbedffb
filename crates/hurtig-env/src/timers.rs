//! Who sleeps until when: the list that the real timer thread and the simulation's clock both work off.

use std::collections::BTreeMap;
use std::task::Waker;

use crate::MonotonicTime;

/// Names one sleeper; ordered by deadline, then by who came first.
pub(crate) type TimerKey = (MonotonicTime, u64);

/// The sleepers, in the order in which they are to be woken. Bounded by the number of live `Sleep`s, each of which
/// takes itself out when it is dropped.
#[derive(Default)]
pub(crate) struct Timers {
    sleepers: BTreeMap<TimerKey, Waker>,
    next_id: u64,
}

impl Timers {
    pub(crate) fn insert(&mut self, deadline: MonotonicTime, waker: Waker) -> TimerKey {
        let key = (deadline, self.next_id);
        self.next_id += 1;
        self.sleepers.insert(key, waker);
        key
    }

    /// Replaces the waker of a sleeper that is still in the list.
    pub(crate) fn update(&mut self, key: TimerKey, waker: &Waker) {
        if let Some(current) = self.sleepers.get_mut(&key) {
            current.clone_from(waker);
        }
    }

    /// Takes a sleeper out; its waker is returned to be dropped outside the caller's lock.
    pub(crate) fn remove(&mut self, key: TimerKey) -> Option<Waker> {
        self.sleepers.remove(&key)
    }

    pub(crate) fn next_deadline(&self) -> Option<MonotonicTime> {
        self.sleepers
            .first_key_value()
            .map(|((deadline, _), _)| *deadline)
    }

    /// Takes out everyone whose deadline is not after `now`.
    pub(crate) fn pop_due(&mut self, now: MonotonicTime) -> Vec<Waker> {
        let mut due = Vec::new();
        while let Some(entry) = self.sleepers.first_entry() {
            if entry.key().0 > now {
                break;
            }
            due.push(entry.remove());
        }
        due
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(nanos: u64) -> MonotonicTime {
        MonotonicTime::from_nanos(nanos)
    }

    #[test]
    fn pops_by_deadline_and_keeps_the_rest() {
        let mut timers = Timers::default();
        timers.insert(at(30), Waker::noop().clone());
        let early = timers.insert(at(10), Waker::noop().clone());
        timers.insert(at(20), Waker::noop().clone());
        timers.update(early, Waker::noop());
        assert_eq!(timers.next_deadline(), Some(at(10)));
        assert_eq!(timers.pop_due(at(20)).len(), 2);
        assert_eq!(timers.next_deadline(), Some(at(30)));
    }

    #[test]
    fn a_removed_sleeper_is_not_woken() {
        let mut timers = Timers::default();
        let key = timers.insert(at(10), Waker::noop().clone());
        assert!(timers.remove(key).is_some());
        assert!(timers.pop_due(MonotonicTime::MAX).is_empty());
    }
}
