//! Windows that merge: sessions.

use hurtig_state::Slot;
use hurtig_types::{Data, Key, KeyHash, Result, Timestamp};

use super::key_windows::{KeyEntry, Pane};
use super::timers::{PaneTimers, apply};
use super::{Emit, WindowOperator};
use crate::window::assigner::WindowAssigner;
use crate::window::function::{Finish, Gather};
use crate::window::trigger::Trigger;

impl<K, T, A, Tr, G, F> WindowOperator<K, T, A, Tr, G, F>
where
    K: Key,
    T: Data,
    A: WindowAssigner<T>,
    Tr: Trigger<T, A::Window>,
    G: Gather<T>,
    F: Finish<K, A::Window, G::Acc>,
{
    /// The record joins windows, each merged first with those of its key that it belongs together with.
    pub(super) fn join_merging(
        &mut self,
        value: T,
        timestamp: Timestamp,
        (key, hash): (&K, KeyHash),
        windows: &[A::Window],
        emit: &mut Emit<'_, F::Out>,
    ) -> Result<()> {
        let slot = self.table.find_or_insert_with(hash, key, KeyEntry::new);
        let (mut left, mut is_left_out, mut windows) = (Some(value), true, windows.iter());
        while let Some(window) = windows.next() {
            let merged = self.merged(slot, *window);
            // Only a window that merges with none can be late: those that are there are not, and it ends no earlier.
            if self.is_late(&merged) {
                continue;
            }
            let value = if windows.len() == 0 {
                left.take()
            } else {
                left.clone()
            };
            let Some(value) = value else { break };
            is_left_out = false;
            self.make_room((slot, hash), merged);
            self.add((slot, hash), merged, value, timestamp, emit)?;
        }
        if is_left_out {
            self.forget_key(slot);
        }
        match left {
            Some(value) if is_left_out => self.leave_out(value, timestamp, emit),
            _ => Ok(()),
        }
    }

    /// What `window` becomes with all of the key's windows that it belongs together with.
    fn merged(&mut self, slot: Slot, window: A::Window) -> A::Window {
        let mut merged = window;
        loop {
            let before = merged;
            for pane in self.table.at(slot).1.windows.as_slice() {
                merged = self.assigner.merge(&merged, &pane.window).unwrap_or(merged);
            }
            // Once more, if it grew: it may have come near another.
            if merged == before {
                return merged;
            }
        }
    }

    /// Makes one pane for `merged` of all panes that belong into it. Nothing to do where that is there, or none is.
    fn make_room(&mut self, (slot, hash): (Slot, KeyHash), merged: A::Window) {
        let windows = &mut self.table.at_mut(slot).1.windows;
        let mut parts = windows
            .as_slice()
            .iter()
            .zip(0..)
            .filter_map(|(pane, index)| {
                self.assigner
                    .merge(&merged, &pane.window)
                    .map(|_| (pane.window, index))
            });
        let Some((first, mut index)) = parts.next() else {
            return;
        };
        let is_only = parts.next().is_none();
        if is_only && first == merged {
            return;
        }
        let Some(mut whole) = self.retire(slot, index) else {
            return;
        };
        if is_only {
            self.unite(&mut whole, Pane::new(merged), merged);
        }
        while let Some(pane) = self.table.at(slot).1.windows.as_slice().get(index) {
            if self.assigner.merge(&merged, &pane.window).is_none() {
                index += 1;
            } else if let Some(pane) = self.retire(slot, index) {
                self.unite(&mut whole, pane, merged);
            }
        }
        let cleanup = self.cleanup(&merged);
        let (key, KeyEntry { wakes, windows }) = self.table.at_mut(slot);
        let timers = &mut self.timers;
        apply(
            &mut self.triggering,
            &mut whole.timers,
            cleanup,
            wakes,
            (key, hash),
            timers,
        );
        if let Some(cleanup) = cleanup {
            wakes.ensure(cleanup, (key, hash), timers);
        }
        whole.window = merged;
        let (Ok(place) | Err(place)) = windows.find(&merged);
        windows.insert(place, whole);
    }

    /// Takes a pane out of its window, whose timers end with it.
    fn retire(&mut self, slot: Slot, index: usize) -> Option<Pane<A::Window, G::Acc, Tr::State>> {
        let mut pane = self.table.at_mut(slot).1.windows.remove(index)?;
        // The trigger deletes its timers here; so do we, whether it does or not.
        let mut ctx = self.triggering.fresh();
        self.trigger.clear(&pane.window, &pane.trigger, &mut ctx);
        pane.timers = PaneTimers::None;
        Some(pane)
    }

    /// Works a pane into another, which is that of `merged`.
    fn unite(
        &mut self,
        whole: &mut Pane<A::Window, G::Acc, Tr::State>,
        other: Pane<A::Window, G::Acc, Tr::State>,
        merged: A::Window,
    ) {
        match (&mut whole.contents, other.contents) {
            (Some(into), Some(from)) => self.gather.merge(into, from),
            (into, from) => *into = into.take().or(from),
        }
        let ctx = &mut self.triggering;
        self.trigger
            .on_merge(&merged, &mut whole.trigger, other.trigger, ctx);
    }
}
