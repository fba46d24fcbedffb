//! Windows that merge: sessions.

use hurtig_state::Slot;
use hurtig_types::{Data, Key, KeyHash, Result, Timestamp};

use super::fire::{apply_timer_changes, delete};
use super::key_windows::{KeyWindows, Pane};
use super::record::register;
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
        let slot = self
            .table
            .find_or_insert_with(hash, key, || KeyWindows::None);
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
        self.forget_key_if_empty(slot);
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
            for pane in self.table.at(slot).1.as_slice() {
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
        let windows = self.table.at(slot).1;
        let parts = windows.as_slice().iter().map(|pane| pane.window);
        let parts = parts.filter(|part| self.assigner.merge(&merged, part).is_some());
        let (count, only) = parts.fold((0, None), |(count, _), part| (count + 1, Some(part)));
        if count == 0 || (count == 1 && only == Some(merged)) {
            return;
        }
        let mut whole: Option<Pane<A::Window, G::Acc, Tr::State>> = None;
        let mut index = 0;
        while let Some(part) = self
            .table
            .at(slot)
            .1
            .as_slice()
            .get(index)
            .map(|pane| pane.window)
        {
            if self.assigner.merge(&merged, &part).is_none() {
                index += 1;
                continue;
            }
            let Some(pane) = self.retire((slot, hash), index) else {
                break;
            };
            whole = Some(match whole {
                None => pane,
                Some(whole) => self.unite((slot, hash), merged, whole, pane),
            });
        }
        let Some(mut whole) = whole else { return };
        if count == 1 {
            let nothing = Pane {
                window: merged,
                contents: None,
                trigger: Tr::State::default(),
            };
            whole = self.unite((slot, hash), merged, whole, nothing);
        }
        whole.window = merged;
        let (cleanup, domain) = (self.cleanup_time(&merged), self.domain());
        let (key, windows) = self.table.at_mut(slot);
        let (Ok(place) | Err(place)) = windows.find(&merged);
        windows.insert(place, whole);
        if cleanup < Timestamp::MAX {
            register(&mut self.timers, (domain, cleanup), (key, hash), merged);
        }
    }

    /// Takes a pane out of its window, with all timers of that.
    fn retire(
        &mut self,
        (slot, hash): (Slot, KeyHash),
        index: usize,
    ) -> Option<Pane<A::Window, G::Acc, Tr::State>> {
        let pane = self.table.at_mut(slot).1.remove(index)?;
        let window = pane.window;
        let cleanup = (self.domain(), self.cleanup_time(&window));
        let key = self.table.at(slot).0;
        self.trigger
            .clear(&window, &pane.trigger, &mut self.triggering);
        apply_timer_changes(
            &mut self.timers,
            &mut self.triggering,
            (key, hash),
            window,
            cleanup,
        );
        delete(&mut self.timers, cleanup, (key, hash), window);
        Some(pane)
    }

    /// Two panes become one for `merged`.
    fn unite(
        &mut self,
        (slot, hash): (Slot, KeyHash),
        merged: A::Window,
        mut whole: Pane<A::Window, G::Acc, Tr::State>,
        other: Pane<A::Window, G::Acc, Tr::State>,
    ) -> Pane<A::Window, G::Acc, Tr::State> {
        whole.contents = match (whole.contents, other.contents) {
            (Some(mut into), Some(from)) => {
                self.gather.merge(&mut into, from);
                Some(into)
            }
            (into, from) => into.or(from),
        };
        let cleanup = (self.domain(), self.cleanup_time(&merged));
        let (state, ctx) = (&mut whole.trigger, &mut self.triggering);
        self.trigger.on_merge(&merged, state, other.trigger, ctx);
        let key = self.table.at(slot).0;
        apply_timer_changes(&mut self.timers, ctx, (key, hash), merged, cleanup);
        whole
    }
}
