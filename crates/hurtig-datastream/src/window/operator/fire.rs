//! Timers fire: windows speak, and go.

use hurtig_runtime::Progress;
use hurtig_state::{Slot, Timer};
use hurtig_types::{Data, Key, KeyHash, Result, Timestamp};

use super::key_windows::KeyEntry;
use super::timers::{When, apply};
use super::{Emit, WindowOperator, Work};
use crate::TimeDomain;
use crate::window::assigner::WindowAssigner;
use crate::window::function::{Finish, Gather};
use crate::window::trigger::Trigger;

/// After so many timers room is made in memory for the windows of other keys.
const TIMERS_PER_TRIM: usize = 512;

impl<K, T, A, Tr, G, F> WindowOperator<K, T, A, Tr, G, F>
where
    K: Key,
    T: Data,
    A: WindowAssigner<T>,
    Tr: Trigger<T, A::Window>,
    G: Gather<T>,
    F: Finish<K, A::Window, G::Acc>,
{
    /// Fires the timers that are due, until none is or the output is full.
    pub(super) fn fire_timers(
        &mut self,
        domain: TimeDomain,
        emit: &mut Emit<'_, F::Out>,
    ) -> Result<Progress> {
        loop {
            if emit.records.is_full() {
                self.work = match domain {
                    TimeDomain::EventTime => Work::EventTime,
                    TimeDomain::ProcessingTime => Work::ProcessingTime,
                };
                return Ok(Progress::More);
            }
            let now = self.timers.current_processing_time();
            let timer = match domain {
                TimeDomain::EventTime => self.timers.pop_due_event_time(),
                TimeDomain::ProcessingTime => self.timers.pop_due_processing_time(now),
            };
            let Some(Timer {
                time, key, hash, ..
            }) = timer
            else {
                return Ok(Progress::Done);
            };
            if self.table.is_spilled() {
                self.load_due(hash, &key)?;
            }
            if let Some(slot) = self.table.find(hash, &key) {
                self.wake((domain, time), (slot, hash), emit)?;
            }
        }
    }

    /// Fetches the windows of a key whose timer is due.
    fn load_due(&mut self, hash: KeyHash, key: &K) -> Result<()> {
        if self.fired_since_trim == TIMERS_PER_TRIM {
            self.trim()?;
        }
        self.fired_since_trim += 1;
        self.table.load_batch(&[hash], [key])
    }

    /// The queue came for a key: fires its next timer, if it is due, and lets the queue come again for the one after.
    fn wake(
        &mut self,
        (domain, time): When,
        (slot, hash): (Slot, KeyHash),
        emit: &mut Emit<'_, F::Out>,
    ) -> Result<()> {
        if !self.table.at_mut(slot).1.wakes.arrive((domain, time)) {
            return Ok(());
        }
        if let Some((due, index)) = self.next_timer(slot, domain)
            && due <= time
        {
            self.fire_timer((domain, due), (slot, hash), index, emit)?;
        }
        if let Some((next, _)) = self.next_timer(slot, domain) {
            let (key, entry) = self.table.at_mut(slot);
            entry
                .wakes
                .ensure((domain, next), (key, hash), &mut self.timers);
        }
        self.forget_key(slot);
        Ok(())
    }

    /// The next timer of a key in this time, and whose it is.
    fn next_timer(&self, slot: Slot, domain: TimeDomain) -> Option<(Timestamp, usize)> {
        let panes = self.table.at(slot).1.windows.as_slice().iter().zip(0..);
        let timers = panes.filter_map(|(pane, index)| {
            let cleanup = self
                .cleanup(&pane.window)
                .filter(|cleanup| cleanup.0 == domain);
            let next = pane
                .timers
                .next(domain)
                .into_iter()
                .chain(cleanup.map(|cleanup| cleanup.1));
            Some((next.min()?, index))
        });
        timers.min()
    }

    fn fire_timer(
        &mut self,
        (domain, time): When,
        (slot, hash): (Slot, KeyHash),
        index: usize,
        emit: &mut Emit<'_, F::Out>,
    ) -> Result<()> {
        let moment = self.moment();
        let Some(window) = self.table.at(slot).1.windows.as_slice().get(index) else {
            return Ok(());
        };
        let window = window.window;
        let cleanup = self.cleanup(&window);
        let (key, KeyEntry { wakes, windows }) = self.table.at_mut(slot);
        let Some(pane) = windows.get_mut(index) else {
            return Ok(());
        };
        pane.timers.delete((domain, time));
        let (trigger, state, ctx) = (&mut self.trigger, &mut pane.trigger, &mut self.triggering);
        let result = match domain {
            TimeDomain::EventTime => trigger.on_event_time(time, &window, state, ctx),
            TimeDomain::ProcessingTime => trigger.on_processing_time(time, &window, state, ctx),
        };
        apply(
            ctx,
            &mut pane.timers,
            cleanup,
            wakes,
            (key, hash),
            &mut self.timers,
        );
        let is_cleanup = cleanup == Some((domain, time));
        let of = (key, hash, window);
        if result.fires()
            && let Some(contents) = pane.contents_to_fire(is_cleanup || result.purges())
        {
            let sides = emit.sides.reborrow();
            self.stage.fire(of, contents, moment, emit.records, sides)?;
        }
        if is_cleanup {
            trigger.clear(&window, &pane.trigger, ctx);
            ctx.drain();
            windows.remove(index);
            return self.stage.clear(of, moment, emit.sides.reborrow());
        }
        if result.purges() {
            pane.contents = None;
            let may_go = cleanup.is_none() && !self.is_merging;
            if may_go && trigger.can_forget(&pane.trigger) {
                windows.remove(index);
            }
        }
        Ok(())
    }
}
