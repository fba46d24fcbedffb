//! Timers fire: windows speak, and go.

use hurtig_runtime::Progress;
use hurtig_state::{Timer, TimerService};
use hurtig_types::{Data, Key, KeyHash, Result, Timestamp};

use super::record::register;
use super::{Emit, WindowOperator, Work};
use crate::TimeDomain;
use crate::window::assigner::WindowAssigner;
use crate::window::function::{Contents, Finish, Gather};
use crate::window::trigger::{TimerChange, Trigger, TriggerContext};
use crate::window::window::Window;

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
            let Some(timer) = timer else {
                return Ok(Progress::Done);
            };
            self.fire_timer(domain, timer, emit)?;
        }
    }

    fn fire_timer(
        &mut self,
        domain: TimeDomain,
        Timer {
            time,
            key,
            hash,
            namespace: window,
        }: Timer<K, A::Window>,
        emit: &mut Emit<'_, F::Out>,
    ) -> Result<()> {
        let (moment, cleanup) = (self.moment(), (self.domain(), self.cleanup_time(&window)));
        let is_cleanup = cleanup == (domain, time);
        let slot = self.table.find(hash, &key);
        if let Some(slot) = slot {
            let windows = self.table.at_mut(slot).1;
            if let Some((index, pane)) = windows
                .find(&window)
                .ok()
                .and_then(|index| Some((index, windows.get_mut(index)?)))
            {
                let (state, ctx) = (&mut pane.trigger, &mut self.triggering);
                let result = match domain {
                    TimeDomain::EventTime => self.trigger.on_event_time(time, &window, state, ctx),
                    TimeDomain::ProcessingTime => {
                        self.trigger.on_processing_time(time, &window, state, ctx)
                    }
                };
                if is_cleanup {
                    self.trigger.clear(&window, state, ctx);
                }
                apply_timer_changes(&mut self.timers, ctx, (&key, hash), window, cleanup);
                let is_last = is_cleanup || result.purges();
                if result.fires() {
                    let contents = if is_last {
                        pane.contents.take().map(Contents::Owned)
                    } else {
                        pane.contents.as_mut().map(Contents::Borrowed)
                    };
                    if let Some(contents) = contents {
                        let sides = emit.sides.reborrow();
                        let of = (&key, hash, window);
                        self.stage.fire(of, contents, moment, emit.records, sides)?;
                    }
                }
                if is_last {
                    pane.contents = None;
                    let is_forgotten = !self.is_merging && self.trigger.can_forget(&pane.trigger);
                    if is_cleanup || is_forgotten {
                        windows.remove(index);
                    }
                }
            }
            self.forget_key_if_empty(slot);
        }
        if is_cleanup {
            let sides = emit.sides.reborrow();
            self.stage.clear((&key, hash, window), moment, sides)?;
        }
        Ok(())
    }
}

/// Does what the trigger asked for. The clean-up timer is the operator's: a trigger can't delete it.
#[inline]
pub(super) fn apply_timer_changes<K: Key, W: Window>(
    timers: &mut TimerService<K, W>,
    asked: &mut TriggerContext,
    (key, hash): (&K, KeyHash),
    window: W,
    cleanup: (TimeDomain, Timestamp),
) {
    for change in asked.drain() {
        match change {
            TimerChange::Register(domain, time) => {
                register(timers, (domain, time), (key, hash), window);
            }
            TimerChange::Delete(domain, time) if (domain, time) != cleanup => {
                delete(timers, (domain, time), (key, hash), window);
            }
            TimerChange::Delete(..) => {}
        }
    }
}

/// Deletes a timer, if it is there.
pub(super) fn delete<K: Key, W: Window>(
    timers: &mut TimerService<K, W>,
    (domain, time): (TimeDomain, Timestamp),
    (key, hash): (&K, KeyHash),
    window: W,
) {
    match domain {
        TimeDomain::EventTime => timers.delete_event_time_timer(time, key, hash, &window),
        TimeDomain::ProcessingTime => timers.delete_processing_time_timer(time, key, hash, &window),
    };
}
