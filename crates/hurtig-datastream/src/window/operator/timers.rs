//! Timers of windows, of which only the next of each key is in the queue.
//!
//! A session that grows moves its end with every record; were that a timer in the queue, each record would delete one
//! and register another, which costs more than all the rest. So a pane keeps its own timers (one at most, mostly none
//! beside the clean-up, which follows from the window), and the queue has one *wake* per key: never later than the
//! next timer of any of its panes. A timer that moves away costs nothing; the wake comes, sees that nothing is due,
//! and goes where the next timer is.

use hurtig_state::TimerService;
use hurtig_types::{Key, KeyHash, Timestamp};
use serde::{Deserialize, Serialize};

use crate::TimeDomain;
use crate::window::trigger::{TimerChange, TriggerContext};

/// A time in one of both.
pub(super) type When = (TimeDomain, Timestamp);

/// The timers that a trigger has for a window.
#[derive(Serialize, Deserialize)]
pub(super) enum PaneTimers {
    None,
    One(When),
    // Boxed, so that the many panes with none or one are small.
    #[allow(clippy::box_collection)]
    Many(Box<Vec<When>>),
}

impl PaneTimers {
    const fn as_slice(&self) -> &[When] {
        match self {
            Self::None => &[],
            Self::One(when) => std::slice::from_ref(when),
            Self::Many(all) => all.as_slice(),
        }
    }

    fn register(&mut self, when: When) {
        if self.as_slice().contains(&when) {
            return;
        }
        match self {
            Self::None => *self = Self::One(when),
            Self::One(first) => *self = Self::Many(Box::new(vec![*first, when])),
            Self::Many(all) => all.push(when),
        }
    }

    pub(super) fn delete(&mut self, when: When) {
        match self {
            Self::One(there) if *there == when => *self = Self::None,
            Self::Many(all) => {
                all.retain(|there| *there != when);
                if all.is_empty() {
                    *self = Self::None;
                }
            }
            Self::None | Self::One(_) => {}
        }
    }

    /// The next in this time.
    #[inline]
    pub(super) fn next(&self, domain: TimeDomain) -> Option<Timestamp> {
        let times = self.as_slice().iter().filter(|when| when.0 == domain);
        times.map(|when| when.1).min()
    }
}

/// When the queue will come back to a key; [`Timestamp::NONE`] for never.
#[derive(Clone, Copy, Serialize, Deserialize)]
pub(super) struct Wakes {
    event_time: Timestamp,
    processing_time: Timestamp,
}

impl Wakes {
    pub(super) const NONE: Self = Self {
        event_time: Timestamp::NONE,
        processing_time: Timestamp::NONE,
    };

    const fn in_time(&mut self, domain: TimeDomain) -> &mut Timestamp {
        match domain {
            TimeDomain::EventTime => &mut self.event_time,
            TimeDomain::ProcessingTime => &mut self.processing_time,
        }
    }

    /// Lets the queue come back at `when` or before.
    #[inline]
    pub(super) fn ensure<K: Key>(
        &mut self,
        (domain, time): When,
        (key, hash): (&K, KeyHash),
        timers: &mut TimerService<K>,
    ) {
        let wake = self.in_time(domain);
        if wake.is_some() && *wake <= time {
            return;
        }
        *wake = time;
        match domain {
            TimeDomain::EventTime => timers.register_event_time_timer(time, key, hash, ()),
            TimeDomain::ProcessingTime => {
                timers.register_processing_time_timer(time, key, hash, ())
            }
        };
    }

    /// The queue has come; false if it was not awaited, because an earlier wake took the place of this one.
    pub(super) fn arrive(&mut self, (domain, time): When) -> bool {
        let wake = self.in_time(domain);
        let is_awaited = *wake == time;
        if is_awaited {
            *wake = Timestamp::NONE;
        }
        is_awaited
    }

    /// The key goes: the queue need not come.
    pub(super) fn cancel<K: Key>(self, (key, hash): (&K, KeyHash), timers: &mut TimerService<K>) {
        if self.event_time.is_some() {
            timers.delete_event_time_timer(self.event_time, key, hash, &());
        }
        if self.processing_time.is_some() {
            timers.delete_processing_time_timer(self.processing_time, key, hash, &());
        }
    }
}

/// Does what the trigger asked for. The clean-up timer is the operator's: a trigger can't delete it.
#[inline]
pub(super) fn apply<K: Key>(
    asked: &mut TriggerContext,
    pane: &mut PaneTimers,
    cleanup: Option<When>,
    wakes: &mut Wakes,
    key: (&K, KeyHash),
    timers: &mut TimerService<K>,
) {
    for change in asked.drain() {
        match change {
            TimerChange::Register(domain, time) => {
                if cleanup != Some((domain, time)) {
                    pane.register((domain, time));
                }
                wakes.ensure((domain, time), key, timers);
            }
            TimerChange::Delete(domain, time) => pane.delete((domain, time)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_timer_is_there_once_and_the_next_comes_first() {
        let at = |millis| (TimeDomain::EventTime, Timestamp::from_millis(millis));
        let mut timers = PaneTimers::None;
        for millis in [5, 9, 3, 5, 3] {
            timers.register(at(millis));
        }
        timers.register((TimeDomain::ProcessingTime, Timestamp::from_millis(1)));
        assert_eq!(timers.as_slice().len(), 4);
        assert_eq!(
            timers.next(TimeDomain::EventTime),
            Some(Timestamp::from_millis(3))
        );
        assert_eq!(
            timers.next(TimeDomain::ProcessingTime),
            Some(Timestamp::from_millis(1))
        );
        for millis in [3, 3, 9, 5] {
            timers.delete(at(millis));
        }
        assert_eq!(timers.next(TimeDomain::EventTime), None);
        timers.delete((TimeDomain::ProcessingTime, Timestamp::from_millis(1)));
        assert!(matches!(timers, PaneTimers::None));
    }
}
