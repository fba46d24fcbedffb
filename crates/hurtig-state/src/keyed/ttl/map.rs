//! Maps whose entries expire one by one.

use std::borrow::{Borrow, Cow};
use std::hash::Hash;
use std::marker::PhantomData;

use hurtig_types::{Data, Key, Timestamp};

use super::access::TtlAccess;
use super::clock::Clock;
use super::timed::Timed;
use crate::keyed::map::Map;
use crate::keyed::sort::{Sort, short_name};

/// What a map state with a time to live holds.
pub(in crate::keyed) struct TimedMapOf<UK, UV>(PhantomData<(UK, UV)>);

type TimedMap<UK, UV> = Map<UK, Timed<UV>>;

impl<UK: Key, UV: Data> Sort for TimedMapOf<UK, UV> {
    type Stored = TimedMap<UK, UV>;

    const EXPIRES: bool = true;

    fn describe() -> String {
        let (key, value) = (short_name::<UK>(), short_name::<UV>());
        format!("MapState<{key}, {value}> with a time to live")
    }

    fn prune(stored: &mut TimedMap<UK, UV>, clock: &Clock) -> bool {
        stored.retain(|_, timed| !clock.check(&mut timed.at));
        !stored.is_empty()
    }

    fn last_used(stored: &TimedMap<UK, UV>) -> Timestamp {
        let times = stored.values().map(|timed| timed.at);
        times.max().unwrap_or(Timestamp::NONE)
    }

    fn live<'s>(stored: &'s TimedMap<UK, UV>, clock: &Clock) -> Option<Cow<'s, TimedMap<UK, UV>>> {
        if !stored.values().any(|timed| clock.is_expired(timed.at)) {
            return Some(Cow::Borrowed(stored));
        }
        let mut live = stored.clone();
        Self::prune(&mut live, clock).then_some(Cow::Owned(live))
    }
}

impl<'a, K: Key, UK: Key, UV: Data> TtlAccess<'a, K, TimedMapOf<UK, UV>> {
    pub(in crate::keyed) fn get<Q>(mut self, key: &Q) -> Option<&'a UV>
    where
        UK: Borrow<Q>,
        Q: Hash + Eq + ?Sized,
    {
        self.drop_hidden(key);
        let (clock, refreshes) = (self.clock, self.refreshes_on_read());
        let timed = self.access.get_mut()?.get_mut(key)?;
        if refreshes && !clock.is_expired(timed.at) {
            clock.touch(&mut timed.at);
        }
        Some(&timed.value)
    }

    pub(in crate::keyed) fn get_mut<Q>(mut self, key: &Q) -> Option<&'a mut UV>
    where
        UK: Borrow<Q>,
        Q: Hash + Eq + ?Sized,
    {
        self.drop_hidden(key);
        let clock = self.clock;
        let timed = self.access.get_mut()?.get_mut(key)?;
        clock.touch(&mut timed.at);
        Some(&mut timed.value)
    }

    pub(in crate::keyed) fn get_or_insert_with(
        mut self,
        key: UK,
        make: impl FnOnce() -> UV,
    ) -> &'a mut UV {
        self.drop_hidden(&key);
        let clock = self.clock;
        let at = clock.stamp();
        let map = self.access.get_or_insert_with(Map::default);
        let timed = map
            .entry(key)
            .or_insert_with(|| Timed { at, value: make() });
        clock.touch(&mut timed.at);
        &mut timed.value
    }

    pub(in crate::keyed) fn insert(mut self, key: UK, value: UV) -> Option<UV> {
        self.drop_hidden(&key);
        let at = self.clock.stamp();
        let map = self.access.get_or_insert_with(Map::default);
        match map.get_mut(&key) {
            Some(timed) => {
                timed.at = at.max(timed.at);
                Some(std::mem::replace(&mut timed.value, value))
            }
            None => map.insert(key, Timed { at, value }).map(|old| old.value),
        }
    }

    pub(in crate::keyed) fn remove<Q>(mut self, key: &Q) -> Option<UV>
    where
        UK: Borrow<Q>,
        Q: Hash + Eq + ?Sized,
    {
        self.drop_hidden(key);
        self.swap_remove(key).map(|timed| timed.value)
    }

    pub(in crate::keyed) fn clear(self) {
        self.access.remove();
    }

    /// All entries that can be seen.
    pub(in crate::keyed) fn all(mut self) -> Option<&'a mut TimedMap<UK, UV>> {
        let (clock, hides) = (self.clock, self.hides_expired());
        let map = self.access.reborrow().get_mut()?;
        if hides && !TimedMapOf::<UK, UV>::prune(map, &clock) {
            self.access.remove();
            return None;
        }
        self.access.get_mut()
    }

    /// The same, after they were read, or written.
    pub(in crate::keyed) fn all_used(self, writes: bool) -> Option<&'a mut TimedMap<UK, UV>> {
        let (clock, touches) = (self.clock, writes || self.refreshes_on_read());
        let map = self.all()?;
        if touches {
            let live = map.values_mut().filter(|timed| !clock.is_expired(timed.at));
            live.for_each(|timed| clock.touch(&mut timed.at));
        }
        Some(map)
    }

    /// Removes the entry of `key` if it cannot be seen.
    fn drop_hidden<Q>(&mut self, key: &Q)
    where
        UK: Borrow<Q>,
        Q: Hash + Eq + ?Sized,
    {
        let (clock, hides) = (self.clock, self.hides_expired());
        let Some(map) = self.access.reborrow().get_mut() else {
            return;
        };
        let expired = map
            .get_mut(key)
            .is_some_and(|timed| clock.check(&mut timed.at));
        if expired && hides {
            self.swap_remove(key);
        }
    }

    fn swap_remove<Q>(&mut self, key: &Q) -> Option<Timed<UV>>
    where
        UK: Borrow<Q>,
        Q: Hash + Eq + ?Sized,
    {
        let map = self.access.reborrow().get_mut()?;
        let removed = map.swap_remove(key);
        if map.is_empty() {
            self.access.reborrow().remove();
        }
        removed
    }
}

impl<V> Timed<V> {
    /// What it is, apart from when it was used.
    pub(in crate::keyed) const fn value(&self) -> &V {
        &self.value
    }

    /// The same, to be changed.
    pub(in crate::keyed) const fn value_mut(&mut self) -> &mut V {
        &mut self.value
    }
}
