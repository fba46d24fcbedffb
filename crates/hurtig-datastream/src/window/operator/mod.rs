//! The operator for windows of every kind.
//!
//! ```text
//!  StateTable<K, KeyWindows>          one look-up per record, whatever the number of windows
//!     key ─► [ (window, contents, trigger state), … ]   sorted by window
//!  TimerService<K>                    for each key when its next window wants something
//! ```
//!
//! Two laws:
//! 1. A window that ends is cleaned up at its end and the allowed lateness; nothing of it remains.
//! 2. What it has to say leaves a batch at a time: records and timers are taken one by one, so that each is a place to
//!    pause.

mod fire;
mod image;
mod key_windows;
mod late;
mod merge;
mod record;
mod timers;

use std::time::Duration;

use hurtig_runtime::{OperatorContext, Output, OutputTag, Progress, SideOutputs, StreamOperator};
use hurtig_state::{StateImage, StateTable, TimerService};
use hurtig_types::{
    Barrier, Data, ErasedBatch, Key, KeyHash, MaxParallelism, Records, Result, Timestamp, Watermark,
};

use super::alignment::millis;
use super::assigner::WindowAssigner;
use super::function::{Finish, Gather, Moment, Stage};
use super::trigger::{Trigger, TriggerContext};
use super::window::Window;
use crate::operators::{
    BYTES_PER_SLICE, Backing, GroupTimes, restore_interrupted, store_interrupted,
};
use crate::{KeySelector, TimeDomain};
use image::WINDOWS;
use key_windows::KeyEntry;
pub(super) use late::{LateRecords, no_timestamp};
use timers::When;

/// What the user said about windows, beyond what they are.
#[derive(Clone)]
pub(super) struct Lateness<T> {
    /// How long windows are kept after their end.
    pub(super) allowed: Duration,
    /// Where records go for which all windows are gone.
    pub(super) side_output: Option<OutputTag<T>>,
}

/// Windows of every kind over a keyed stream.
pub(super) struct WindowOperator<K, T, A, Tr, G, F>
where
    A: WindowAssigner<T>,
    Tr: Trigger<T, A::Window>,
    G: Gather<T>,
{
    selector: KeySelector<T, K>,
    max_parallelism: MaxParallelism,
    assigner: A,
    is_event_time: bool,
    is_merging: bool,
    allowed_lateness: i64,
    trigger: Tr,
    gather: G,
    stage: Stage<F, K, A::Window>,
    table: StateTable<K, KeyEntry<A::Window, G::Acc, Tr::State>>,
    timers: TimerService<K>,
    backing: Backing,
    /// How many timers have fired since room was made.
    fired_since_trim: usize,
    late: LateRecords<T>,
    /// Key groups whose event time is ahead.
    ahead: GroupTimes,
    /// Windows up to here are gone for the record that it is at: the watermark, mostly.
    gone_until: Timestamp,
    /// Whether a barrier had come while windows were firing, and the rest is to fire at the same watermark.
    was_interrupted: bool,
    /// What it does after `More`.
    work: Work<T>,
    /// The keys of the batch that it is at.
    keys: Vec<K>,
    /// The windows of the record that it is at.
    windows: Vec<A::Window>,
    /// What the trigger asks for in the call that it is in.
    triggering: TriggerContext,
}

/// What is left to do.
enum Work<T> {
    Nothing,
    Batch(Batch<T>),
    EventTime,
    ProcessingTime,
}

/// A batch of which some records were taken.
struct Batch<T> {
    values: std::vec::IntoIter<T>,
    timestamps: Vec<Timestamp>,
    hashes: Vec<KeyHash>,
    next: usize,
}

/// Where results go.
struct Emit<'a, Out> {
    records: &'a mut Records<Out>,
    sides: SideOutputs<'a>,
}

impl<K, T, A, Tr, G, F> WindowOperator<K, T, A, Tr, G, F>
where
    K: Key,
    T: Data,
    A: WindowAssigner<T>,
    Tr: Trigger<T, A::Window>,
    G: Gather<T>,
    F: Finish<K, A::Window, G::Acc>,
{
    pub(super) fn new(
        selector: KeySelector<T, K>,
        (assigner, trigger): (A, Tr),
        (gather, finish): (G, F),
        lateness: Lateness<T>,
        context: &OperatorContext,
    ) -> Self {
        let (is_merging, is_event_time) = (assigner.is_merging(), assigner.is_event_time());
        let backing = Backing::of(context);
        let triggering = TriggerContext::new(Timestamp::MIN, Timestamp::MIN);
        Self {
            selector,
            max_parallelism: context.max_parallelism,
            is_event_time,
            is_merging,
            allowed_lateness: millis(lateness.allowed),
            assigner,
            trigger,
            gather,
            stage: Stage::new(finish, is_merging, backing.store(), context),
            table: context.state_table(backing.store(), WINDOWS),
            backing,
            fired_since_trim: 0,
            timers: TimerService::new(),
            late: LateRecords::new(lateness.side_output, context),
            ahead: GroupTimes::none(context.key_groups),
            gone_until: Timestamp::MIN,
            was_interrupted: false,
            work: Work::Nothing,
            keys: Vec::new(),
            windows: Vec::new(),
            triggering: triggering.in_event_time(is_event_time),
        }
    }

    fn moment(&self) -> Moment {
        Moment {
            watermark: self.timers.current_watermark(),
            now: self.timers.current_processing_time(),
        }
    }

    /// When nothing of a window shall remain.
    #[inline]
    fn cleanup_time(&self, window: &A::Window) -> Timestamp {
        let end = window.max_timestamp();
        if self.is_event_time {
            end.saturating_add_millis(self.allowed_lateness)
        } else {
            end
        }
    }

    /// The timer by which nothing of a window shall remain; none for a window that never ends.
    #[inline]
    fn cleanup(&self, window: &A::Window) -> Option<When> {
        let domain = if self.is_event_time {
            TimeDomain::EventTime
        } else {
            TimeDomain::ProcessingTime
        };
        let time = self.cleanup_time(window);
        (time < Timestamp::MAX).then_some((domain, time))
    }

    /// Does what is left to do, as far as there is room.
    fn work(&mut self, now: Timestamp, output: &mut Output) -> Result<Progress> {
        self.timers.set_processing_time(now);
        self.triggering
            .set_times(self.timers.current_watermark(), now);
        let (records, sides) = output.split::<F::Out>()?;
        let mut emit = Emit { records, sides };
        let progress = match std::mem::replace(&mut self.work, Work::Nothing) {
            Work::Nothing => Ok(Progress::Done),
            Work::Batch(batch) => self.take_batch(batch, &mut emit),
            Work::EventTime => self.fire_timers(TimeDomain::EventTime, &mut emit),
            Work::ProcessingTime => self.fire_timers(TimeDomain::ProcessingTime, &mut emit),
        };
        self.late.count();
        let progress = progress?;
        self.trim()?;
        self.timers.check()?;
        Ok(progress)
    }

    /// Makes room in memory for the windows of other keys, if they lie in a store; or says what went wrong with that.
    pub(super) fn trim(&mut self) -> Result<()> {
        self.fired_since_trim = 0;
        self.table.trim()?;
        self.table.check()?;
        self.stage.trim()
    }
}

impl<K, T, A, Tr, G, F> StreamOperator for WindowOperator<K, T, A, Tr, G, F>
where
    K: Key,
    T: Data,
    A: WindowAssigner<T>,
    Tr: Trigger<T, A::Window>,
    G: Gather<T>,
    F: Finish<K, A::Window, G::Acc>,
{
    fn open(&mut self, context: &OperatorContext, _: &mut Output) -> Result<()> {
        self.backing.open_timers(&mut self.timers)?;
        self.stage.finish().open(context)
    }

    fn process_batch(
        &mut self,
        _: usize,
        batch: &mut ErasedBatch,
        output: &mut Output,
    ) -> Result<Progress> {
        let records: &mut Records<T> = batch.get_mut()?;
        self.selector.keys_into(&records.values, &mut self.keys);
        self.work = Work::Batch(Batch {
            values: std::mem::take(&mut records.values).into_iter(),
            timestamps: std::mem::take(&mut records.timestamps),
            hashes: std::mem::take(&mut records.hashes),
            next: 0,
        });
        records.clear();
        self.work(output.now(), output)
    }

    fn process_watermark(&mut self, watermark: Watermark, output: &mut Output) -> Result<Progress> {
        let again = std::mem::take(&mut self.was_interrupted);
        if self.timers.advance_watermark(watermark.timestamp()) || again {
            self.ahead.settle(watermark.timestamp());
            self.work = Work::EventTime;
        }
        self.work(output.now(), output)
    }

    fn process_time(&mut self, now: Timestamp, output: &mut Output) -> Result<Progress> {
        self.work = Work::ProcessingTime;
        self.work(now, output)
    }

    fn next_time(&self) -> Option<Timestamp> {
        self.timers.next_processing_time()
    }

    fn resume(&mut self, output: &mut Output) -> Result<Progress> {
        // What was begun is ended in the moment in which it was begun.
        self.work(self.timers.current_processing_time(), output)
    }

    fn restore(&mut self, mut image: StateImage) -> Result<()> {
        self.was_interrupted = restore_interrupted(&mut image)?;
        self.restore_image(image)
    }

    fn snapshot(&mut self, _: Barrier, image: &mut StateImage, _: &mut Output) -> Result<Progress> {
        if matches!(self.work, Work::EventTime) {
            store_interrupted(image)?;
        }
        self.add_to_image(image)?;
        Ok(Progress::Done)
    }

    fn encode_some(&mut self) -> bool {
        self.table.encode_some(BYTES_PER_SLICE)
            || self.timers.encode_some(BYTES_PER_SLICE)
            || self.stage.encode_some()
    }

    /// Between two timers.
    fn can_be_interrupted(&self) -> bool {
        matches!(self.work, Work::EventTime | Work::ProcessingTime)
    }

    fn interrupted_at(&self) -> Option<Watermark> {
        let watermark = Watermark::new(self.timers.current_watermark());
        self.was_interrupted.then_some(watermark)
    }

    fn close(&mut self) -> Result<()> {
        self.stage.finish().close()
    }
}

#[cfg(test)]
impl<K, T, A, Tr, G, F> crate::window::tests::Measure for WindowOperator<K, T, A, Tr, G, F>
where
    K: Key,
    T: Data,
    A: WindowAssigner<T>,
    Tr: Trigger<T, A::Window>,
    G: Gather<T>,
    F: Finish<K, A::Window, G::Acc>,
{
    fn measure(&self) -> crate::window::tests::Size {
        crate::window::tests::Size {
            keys: self.table.len(),
            accumulators: self
                .table
                .iter()
                .flat_map(|(_, entry)| entry.windows.as_slice())
                .filter(|pane| pane.contents.is_some())
                .count(),
            timers: self.timers.len(),
            states: self.stage.entry_count(),
            entry_bytes: size_of::<(K, KeyEntry<A::Window, G::Acc, Tr::State>)>(),
        }
    }
}
