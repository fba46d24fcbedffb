//! One thing per key that expires as a whole: values, reductions, aggregates.

use std::borrow::Cow;
use std::marker::PhantomData;

use hurtig_types::{Key, Timestamp};
use serde::{Deserialize, Serialize};

use super::access::TtlAccess;
use super::clock::Clock;
use crate::keyed::sort::Sort;

/// Something, and when it was used last.
#[derive(Clone, Serialize, Deserialize)]
pub(in crate::keyed) struct Timed<V> {
    pub(super) at: Timestamp,
    pub(super) value: V,
}

/// What the sort `S` holds for a key, until it expires.
pub(in crate::keyed) struct TimedOf<S>(PhantomData<S>);

impl<S: Sort> Sort for TimedOf<S> {
    type Stored = Timed<S::Stored>;

    const EXPIRES: bool = true;

    fn describe() -> String {
        format!("{} with a time to live", S::describe())
    }

    fn prune(stored: &mut Self::Stored, clock: &Clock) -> bool {
        !clock.check(&mut stored.at)
    }

    fn last_used(stored: &Self::Stored) -> Timestamp {
        stored.at
    }

    fn live<'s>(stored: &'s Self::Stored, clock: &Clock) -> Option<Cow<'s, Self::Stored>> {
        (!clock.is_expired(stored.at)).then_some(Cow::Borrowed(stored))
    }
}

impl<'a, K: Key, S: Sort> TtlAccess<'a, K, TimedOf<S>> {
    /// What is there, after a read.
    pub(in crate::keyed) fn get(mut self) -> Option<&'a S::Stored> {
        let there = self.visible()?;
        if self.refreshes_on_read() && !self.clock.is_expired(there) {
            self.touch();
        }
        Some(&self.access.get()?.value)
    }

    /// What is there, to be changed.
    pub(in crate::keyed) fn get_mut(mut self) -> Option<&'a mut S::Stored> {
        self.visible()?;
        self.touch();
        Some(&mut self.access.get_mut()?.value)
    }

    pub(in crate::keyed) fn get_or_insert_with(
        mut self,
        make: impl FnOnce() -> S::Stored,
    ) -> &'a mut S::Stored {
        if self.visible().is_some() {
            self.touch();
        }
        let at = self.clock.stamp();
        let make = || Timed { at, value: make() };
        &mut self.access.get_or_insert_with(make).value
    }

    pub(in crate::keyed) fn set(mut self, value: S::Stored) {
        let at = match self.visible() {
            Some(there) => self.clock.stamp().max(there),
            None => self.clock.stamp(),
        };
        self.access.set(Timed { at, value });
    }

    /// As [`Access::fold`](crate::keyed::access::Access::fold), with what is visible.
    pub(in crate::keyed) fn fold(
        mut self,
        value: S::Stored,
        join: impl FnOnce(S::Stored, S::Stored) -> S::Stored,
    ) {
        self.visible();
        let at = self.clock.stamp();
        self.access.fold(Timed { at, value }, |there, added| Timed {
            at: there.at.max(added.at),
            value: join(there.value, added.value),
        });
    }

    pub(in crate::keyed) fn remove(mut self) -> Option<S::Stored> {
        self.visible()?;
        self.access.remove().map(|timed| timed.value)
    }

    /// When it was used last, if it can be seen; what can't is removed.
    fn visible(&mut self) -> Option<Timestamp> {
        let clock = self.clock;
        let timed = self.access.reborrow().get_mut()?;
        let expired = clock.check(&mut timed.at);
        let at = timed.at;
        if expired && self.hides_expired() {
            self.access.reborrow().remove();
            return None;
        }
        Some(at)
    }

    fn touch(&mut self) {
        let clock = self.clock;
        if let Some(timed) = self.access.reborrow().get_mut() {
            clock.touch(&mut timed.at);
        }
    }
}
