//! A record joins its windows.

use hurtig_runtime::Progress;
use hurtig_state::Slot;
use hurtig_types::{Data, Key, KeyHash, Result, Timestamp};

use super::fire::apply_timer_changes;
use super::key_windows::Pane;
use super::late::no_timestamp;
use super::{Batch, Emit, WindowOperator, Work};
use crate::TimeDomain;
use crate::window::assigner::WindowAssigner;
use crate::window::function::{Contents, Finish, Gather};
use crate::window::trigger::Trigger;
use crate::window::window::Window;

/// How many records' entries are fetched ahead of them.
const AHEAD: usize = 32;

impl<K, T, A, Tr, G, F> WindowOperator<K, T, A, Tr, G, F>
where
    K: Key,
    T: Data,
    A: WindowAssigner<T>,
    Tr: Trigger<T, A::Window>,
    G: Gather<T>,
    F: Finish<K, A::Window, G::Acc>,
{
    /// Takes the records of a batch, until it is through or the output is full.
    pub(super) fn take_batch(
        &mut self,
        mut batch: Batch<T>,
        emit: &mut Emit<'_, F::Out>,
    ) -> Result<Progress> {
        let keys = std::mem::take(&mut self.keys);
        let progress = self.take_records(&mut batch, &keys, emit);
        self.keys = keys;
        if matches!(progress, Ok(Progress::More)) {
            self.work = Work::Batch(batch);
        }
        progress
    }

    fn take_records(
        &mut self,
        batch: &mut Batch<T>,
        keys: &[K],
        emit: &mut Emit<'_, F::Out>,
    ) -> Result<Progress> {
        for key in keys.iter().skip(batch.next) {
            if emit.records.is_full() {
                return Ok(Progress::More);
            }
            let index = batch.next;
            if index.is_multiple_of(AHEAD) {
                let ahead = batch.hashes.get(index..).unwrap_or_default();
                self.table.prefetch(ahead.get(..AHEAD).unwrap_or(ahead));
            }
            let Some(value) = batch.values.next() else {
                break;
            };
            batch.next += 1;
            let timestamp = batch
                .timestamps
                .get(index)
                .copied()
                .unwrap_or(Timestamp::NONE);
            let hash = batch.hashes.get(index).copied();
            let hash = hash.unwrap_or_else(|| KeyHash::of(key, self.max_parallelism));
            self.take_record(value, timestamp, (key, hash), emit)?;
        }
        Ok(Progress::Done)
    }

    fn take_record(
        &mut self,
        value: T,
        timestamp: Timestamp,
        (key, hash): (&K, KeyHash),
        emit: &mut Emit<'_, F::Out>,
    ) -> Result<()> {
        if self.is_event_time && !timestamp.is_some() {
            return Err(no_timestamp());
        }
        let mut windows = std::mem::take(&mut self.windows);
        windows.clear();
        let now = self.timers.current_processing_time();
        self.assigner.assign(&value, timestamp, now, &mut windows);
        let result = if self.is_merging {
            self.join_merging(value, timestamp, (key, hash), &windows, emit)
        } else {
            windows.retain(|window| !self.is_late(window));
            self.join(value, timestamp, (key, hash), &windows, emit)
        };
        self.windows = windows;
        result
    }

    /// Whether a window is gone, or would be at once.
    #[inline]
    pub(super) fn is_late(&self, window: &A::Window) -> bool {
        self.is_event_time && self.cleanup_time(window) <= self.timers.current_watermark()
    }

    /// A record for which there is no window, or no more.
    #[cold]
    pub(super) fn leave_out(
        &mut self,
        value: T,
        timestamp: Timestamp,
        emit: &mut Emit<'_, F::Out>,
    ) -> Result<()> {
        let until = timestamp.saturating_add_millis(self.allowed_lateness);
        if self.is_event_time && until <= self.timers.current_watermark() {
            self.late.take(value, timestamp, &mut emit.sides)?;
        }
        Ok(())
    }

    /// The record joins windows of which none is late.
    fn join(
        &mut self,
        value: T,
        timestamp: Timestamp,
        (key, hash): (&K, KeyHash),
        windows: &[A::Window],
        emit: &mut Emit<'_, F::Out>,
    ) -> Result<()> {
        let Some((last, others)) = windows.split_last() else {
            return self.leave_out(value, timestamp, emit);
        };
        let slot = self
            .table
            .find_or_insert_with(hash, key, || super::KeyWindows::None);
        for window in others {
            self.add((slot, hash), *window, value.clone(), timestamp, emit)?;
        }
        self.add((slot, hash), *last, value, timestamp, emit)?;
        self.forget_key_if_empty(slot);
        Ok(())
    }

    pub(super) fn forget_key_if_empty(&mut self, slot: Slot) {
        if self.table.at(slot).1.is_empty() {
            self.table.remove_at(slot);
        }
    }

    /// The record joins a window, which is made if it is new; the trigger says what follows.
    pub(super) fn add(
        &mut self,
        (slot, hash): (Slot, KeyHash),
        window: A::Window,
        value: T,
        timestamp: Timestamp,
        emit: &mut Emit<'_, F::Out>,
    ) -> Result<()> {
        let (cleanup, domain) = (self.cleanup_time(&window), self.domain());
        let moment = self.moment();
        let (key, windows) = self.table.at_mut(slot);
        let index = match windows.find(&window) {
            Ok(index) => index,
            Err(index) => {
                let pane = Pane {
                    window,
                    contents: None,
                    trigger: Tr::State::default(),
                };
                windows.insert(index, pane);
                if cleanup < Timestamp::MAX {
                    register(&mut self.timers, (domain, cleanup), (key, hash), window);
                }
                index
            }
        };
        let Some(pane) = windows.get_mut(index) else {
            return Ok(());
        };
        let trigger = &mut self.trigger;
        let result = trigger.on_element(
            &value,
            timestamp,
            &window,
            &mut pane.trigger,
            &mut self.triggering,
        );
        match &mut pane.contents {
            Some(acc) => self.gather.add(acc, value, timestamp),
            none => *none = Some(self.gather.create(value, timestamp)),
        }
        let timers = &mut self.timers;
        apply_timer_changes(
            timers,
            &mut self.triggering,
            (key, hash),
            window,
            (domain, cleanup),
        );
        if result.fires() {
            let contents = if result.purges() {
                pane.contents.take().map(Contents::Owned)
            } else {
                pane.contents.as_mut().map(Contents::Borrowed)
            };
            if let Some(contents) = contents {
                let sides = emit.sides.reborrow();
                self.stage
                    .fire((key, hash, window), contents, moment, emit.records, sides)?;
            }
        }
        if result.purges() {
            pane.contents = None;
            // Windows that merge stay for their bounds, by which others find them.
            if !self.is_merging && trigger.can_forget(&pane.trigger) {
                windows.remove(index);
            }
        }
        Ok(())
    }
}

/// Registers a timer in the time that is asked for.
pub(super) fn register<K: Key, W: Window>(
    timers: &mut hurtig_state::TimerService<K, W>,
    (domain, time): (TimeDomain, Timestamp),
    (key, hash): (&K, KeyHash),
    window: W,
) {
    match domain {
        TimeDomain::EventTime => timers.register_event_time_timer(time, key, hash, window),
        TimeDomain::ProcessingTime => {
            timers.register_processing_time_timer(time, key, hash, window)
        }
    };
}
