//! A record joins its windows.

use hurtig_runtime::Progress;
use hurtig_state::Slot;
use hurtig_types::{Data, Key, KeyHash, Result, Timestamp};

use super::key_windows::{KeyEntry, Pane};
use super::late::no_timestamp;
use super::timers::apply;
use super::{Batch, Emit, WindowOperator, Work};
use crate::window::assigner::WindowAssigner;
use crate::window::function::{Finish, Gather};
use crate::window::trigger::{Trigger, TriggerResult};

/// How many records' entries are fetched ahead of them.
const AHEAD: usize = 32;
/// How many records' entries are fetched together from a store.
const FAR_AHEAD: usize = 512;

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
        self.gone_until = self.timers.current_watermark();
        // What was fetched before a pause may have made room since.
        let mut loaded = batch.next;
        let some_are_ahead = !self.ahead.is_empty();
        for key in keys.iter().skip(batch.next) {
            if emit.records.is_full() {
                return Ok(Progress::More);
            }
            let index = batch.next;
            if self.table.is_spilled() {
                if index == loaded {
                    self.load_ahead(index, keys, &batch.hashes)?;
                    loaded += FAR_AHEAD;
                }
            } else if index.is_multiple_of(AHEAD) {
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
            if some_are_ahead {
                let watermark = self.timers.current_watermark();
                self.gone_until = self.ahead.of(hash.key_group(), watermark);
            }
            self.take_record(value, timestamp, (key, hash), emit)?;
        }
        Ok(Progress::Done)
    }

    /// Fetches the windows of the keys of a long stretch from their store.
    fn load_ahead(&mut self, index: usize, keys: &[K], hashes: &[KeyHash]) -> Result<()> {
        self.trim()?;
        let keys = keys.iter().skip(index).take(FAR_AHEAD);
        self.table
            .load_batch(hashes.get(index..).unwrap_or_default(), keys)
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
        self.is_event_time && self.cleanup_time(window) <= self.gone_until
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
        if self.is_event_time && until <= self.gone_until {
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
        let slot = self.table.find_or_insert_with(hash, key, KeyEntry::new);
        for window in others {
            self.add((slot, hash), *window, value.clone(), timestamp, emit)?;
        }
        if self.add((slot, hash), *last, value, timestamp, emit)? {
            self.forget_key(slot);
        }
        Ok(())
    }

    /// A key of which no window is left goes.
    #[cold]
    pub(super) fn forget_key(&mut self, slot: Slot) {
        if self.table.at(slot).1.windows.is_empty() {
            let hash = self.table.hash_at(slot);
            let (key, entry) = self.table.remove_at(slot);
            entry.wakes.cancel((&key, hash), &mut self.timers);
        }
    }

    /// The record joins a window, which is made if it is new; the trigger says what follows. Says whether the key has
    /// no window left.
    pub(super) fn add(
        &mut self,
        (slot, hash): (Slot, KeyHash),
        window: A::Window,
        value: T,
        timestamp: Timestamp,
        emit: &mut Emit<'_, F::Out>,
    ) -> Result<bool> {
        let (cleanup, moment) = (self.cleanup(&window), self.moment());
        let (key, KeyEntry { wakes, windows }) = self.table.at_mut(slot);
        let index = match windows.find(&window) {
            Ok(index) => index,
            Err(index) => {
                windows.insert(index, Pane::new(window));
                if let Some(cleanup) = cleanup {
                    wakes.ensure(cleanup, (key, hash), &mut self.timers);
                }
                index
            }
        };
        let Some(pane) = windows.get_mut(index) else {
            return Ok(false);
        };
        let (trigger, ctx) = (&mut self.trigger, &mut self.triggering);
        let result = trigger.on_element(&value, timestamp, &window, &mut pane.trigger, ctx);
        match &mut pane.contents {
            Some(acc) => self.gather.add(acc, value, timestamp),
            none => *none = Some(self.gather.create(value, timestamp)),
        }
        apply(
            ctx,
            &mut pane.timers,
            cleanup,
            wakes,
            (key, hash),
            &mut self.timers,
        );
        if result == TriggerResult::Continue {
            return Ok(false);
        }
        if result.fires()
            && let Some(contents) = pane.contents_to_fire(result.purges())
        {
            let (of, sides) = ((key, hash, window), emit.sides.reborrow());
            self.stage.fire(of, contents, moment, emit.records, sides)?;
        }
        if result.purges() {
            pane.contents = None;
            // A window that ends is cleaned up then; one that merges stays for its bounds, by which others find it.
            let may_go = cleanup.is_none() && !self.is_merging;
            if may_go && trigger.can_forget(&pane.trigger) {
                windows.remove(index);
            }
        }
        Ok(windows.is_empty())
    }
}
