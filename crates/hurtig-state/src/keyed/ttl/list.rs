//! Lists whose elements expire one by one.

use std::borrow::Cow;
use std::marker::PhantomData;

use hurtig_types::{Data, Key, Timestamp};
use serde::{Deserialize, Serialize};

use super::access::TtlAccess;
use super::clock::Clock;
use crate::keyed::sort::{Sort, short_name};

/// Elements, and when each was used last: apart from each other, so that the elements are a slice.
#[derive(Clone, Serialize, Deserialize)]
pub(in crate::keyed) struct TimedList<T> {
    /// The least of the times. Until that has expired, nothing has.
    earliest: Timestamp,
    times: Vec<Timestamp>,
    elements: Vec<T>,
}

impl<T> Default for TimedList<T> {
    fn default() -> Self {
        Self {
            earliest: Timestamp::MAX,
            times: Vec::new(),
            elements: Vec::new(),
        }
    }
}

impl<T> TimedList<T> {
    fn extend(&mut self, elements: impl IntoIterator<Item = T>, at: Timestamp) {
        self.elements.extend(elements);
        self.times.resize(self.elements.len(), at);
        self.earliest = self.earliest.min(at);
    }

    fn find_earliest(&mut self) {
        self.earliest = self.times.iter().copied().min().unwrap_or(Timestamp::MAX);
    }

    /// Dates what was used before any time was known; whether something has expired.
    fn check(&mut self, clock: &Clock) -> bool {
        if !self.earliest.is_some() {
            let undated = self.times.iter_mut();
            undated.for_each(|at| *at = clock.dated(*at));
            self.find_earliest();
        }
        clock.is_expired(self.earliest)
    }

    /// Removes what has expired.
    fn prune(&mut self, clock: &Clock) {
        if self.check(clock) {
            let mut times = self.times.iter();
            self.elements
                .retain(|_| times.next().is_some_and(|at| !clock.is_expired(*at)));
            self.times.retain(|at| !clock.is_expired(*at));
            self.find_earliest();
        }
    }

    /// All of it that has not expired is used now.
    fn touch(&mut self, clock: &Clock) {
        for at in self.times.iter_mut().filter(|at| !clock.is_expired(**at)) {
            clock.touch(at);
        }
        self.find_earliest();
    }
}

/// What a list state with a time to live holds.
pub(in crate::keyed) struct TimedListOf<T>(PhantomData<T>);

impl<T: Data> Sort for TimedListOf<T> {
    type Stored = TimedList<T>;

    const EXPIRES: bool = true;

    fn describe() -> String {
        format!("ListState<{}> with a time to live", short_name::<T>())
    }

    fn last_used(stored: &TimedList<T>) -> Timestamp {
        let times = stored.times.iter().copied();
        times.max().unwrap_or(Timestamp::NONE)
    }

    fn prune(stored: &mut TimedList<T>, clock: &Clock) -> bool {
        stored.prune(clock);
        !stored.elements.is_empty()
    }

    fn live<'s>(stored: &'s TimedList<T>, clock: &Clock) -> Option<Cow<'s, TimedList<T>>> {
        if !clock.is_expired(stored.earliest) {
            return Some(Cow::Borrowed(stored));
        }
        let mut live = stored.clone();
        Self::prune(&mut live, clock).then_some(Cow::Owned(live))
    }
}

impl<'a, K: Key, T: Data> TtlAccess<'a, K, TimedListOf<T>> {
    pub(in crate::keyed) fn get(mut self) -> &'a [T] {
        self.drop_hidden();
        let (clock, refreshes) = (self.clock, self.refreshes_on_read());
        let Some(list) = self.access.get_mut() else {
            return &[];
        };
        if refreshes {
            list.touch(&clock);
        }
        &list.elements
    }

    pub(in crate::keyed) fn get_mut(mut self) -> &'a mut [T] {
        self.drop_hidden();
        let clock = self.clock;
        let Some(list) = self.access.get_mut() else {
            return &mut [];
        };
        list.touch(&clock);
        &mut list.elements
    }

    pub(in crate::keyed) fn extend(mut self, elements: impl IntoIterator<Item = T>) {
        self.drop_hidden();
        let at = self.clock.stamp();
        let list = self.access.get_or_insert_with(TimedList::default);
        list.extend(elements, at);
    }

    pub(in crate::keyed) fn set(self, elements: Vec<T>) {
        let mut list = TimedList::default();
        list.extend(elements, self.clock.stamp());
        if list.elements.is_empty() {
            self.access.remove();
        } else {
            self.access.set(list);
        }
    }

    pub(in crate::keyed) fn take(mut self) -> Vec<T> {
        self.drop_hidden();
        let list = self.access.remove();
        list.map(|list| list.elements).unwrap_or_default()
    }

    /// Removes what cannot be seen.
    fn drop_hidden(&mut self) {
        let (clock, hides) = (self.clock, self.hides_expired());
        let Some(list) = self.access.reborrow().get_mut() else {
            return;
        };
        let expired = list.check(&clock);
        if expired && hides {
            list.prune(&clock);
            if list.elements.is_empty() {
                self.access.reborrow().remove();
            }
        }
    }
}
