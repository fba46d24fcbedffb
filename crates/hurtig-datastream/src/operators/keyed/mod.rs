//! Functions over one or two keyed streams: state, timers, a record at a time.

mod functions;

use hurtig_metrics::{Counter, names};
use hurtig_runtime::{BehindFailure, OperatorContext, Output, Progress, StreamOperator};
use hurtig_state::{KeyedState, OperatorState, StateImage, StateTime, TimerService};
use hurtig_types::{
    Barrier, Data, ErasedBatch, Error, Key, KeyHash, MaxParallelism, Records, Result, Timestamp,
    Watermark,
};

use super::backlog::{Backlog, KeyedBacklog, KeyedRecord};
use super::group_times::{GroupTimes, restore_interrupted, store_interrupted};
use super::{BYTES_PER_SLICE, Backing, OPERATOR_STATE};
use crate::{Collector, KeySelector, KeyedProcessContext, TimeDomain};
pub(crate) use functions::{CoProcessKeyed, ProcessKeyed, ProcessKeyedBroadcast};

/// What the operator asks of a keyed function of one or two inputs; the second input of a function of one is never used.
pub(crate) trait KeyedHandler<K: Key, A, B>: Send {
    type Out: Data;

    /// Whether all that the second input brings comes to all subtasks, and has no key.
    const HAS_BROADCAST: bool = false;

    fn open(&mut self, context: &OperatorContext, state: &mut OperatorState) -> Result<()>;

    /// A barrier: what is to be stored and is not in the state yet.
    fn snapshot(&mut self, state: &mut OperatorState) -> Result<()>;

    fn first(
        &mut self,
        value: A,
        ctx: &mut KeyedProcessContext<'_, K>,
        out: &mut Collector<'_, Self::Out>,
    ) -> Result<()>;

    /// A record of the second input. A function of one input has none.
    fn second(
        &mut self,
        value: B,
        ctx: &mut KeyedProcessContext<'_, K>,
        out: &mut Collector<'_, Self::Out>,
    ) -> Result<()> {
        let _ = (value, ctx, out);
        Err(Error::bug(
            "a function of one input was given a record of a second",
        ))
    }

    /// A value without a key, which came to all subtasks.
    fn broadcast(
        &mut self,
        value: B,
        ctx: &mut KeyedProcessContext<'_, K>,
        out: &mut Collector<'_, Self::Out>,
    ) -> Result<()> {
        let _ = (value, ctx, out);
        Err(Error::bug(
            "a function without a broadcast stream was given a broadcast record",
        ))
    }

    fn on_timer(
        &mut self,
        time: Timestamp,
        ctx: &mut KeyedProcessContext<'_, K>,
        out: &mut Collector<'_, Self::Out>,
    ) -> Result<()>;

    fn close(&mut self) -> Result<()>;
}

/// What the states of a function are stored under, before their names.
const USER_STATE: &str = "state/";

/// Calls a [`KeyedHandler`] for each record and each timer under its key, and pauses when a batch of results is full: the records not
/// yet seen stay in the backlog, the timers not yet fired in the queue.
pub(crate) struct KeyedOperator<K: Key, A, B, H> {
    handler: H,
    selectors: (KeySelector<A, K>, Option<KeySelector<B, K>>),
    max_parallelism: MaxParallelism,
    state: KeyedState<K>,
    backing: Backing,
    operator_state: OperatorState,
    timers: TimerService<K>,
    /// Key groups whose event time is ahead.
    ahead: GroupTimes,
    /// Whether a barrier had come while timers were firing, and the rest is to fire at the same watermark.
    was_interrupted: bool,
    first: KeyedBacklog<K, A>,
    second: KeyedBacklog<K, B>,
    broadcast: Backlog<B>,
    /// The input whose batch came last.
    input: usize,
    /// Timers of processing time are due up to then.
    fire_until: Timestamp,
    /// Whether it paused among timers, not among records. A timer that a record registers, though it is past, waits for the next
    /// watermark, as in Flink, whether or not the records' results filled a batch.
    firing: bool,
    /// Whether it is a watermark that it fires for.
    by_watermark: bool,
    fired: Counter,
    fired_since_trim: usize,
}

/// After so many timers room is made in memory for the state of others.
const TIMERS_PER_TRIM: usize = 512;

impl<K: Key, A: Data, B: Data, H: KeyedHandler<K, A, B>> KeyedOperator<K, A, B, H> {
    pub(crate) fn new(
        handler: H,
        selectors: (KeySelector<A, K>, Option<KeySelector<B, K>>),
        context: &OperatorContext,
    ) -> Self {
        let operator_state = OperatorState::of_subtask(context.subtask);
        let backing = Backing::of(context);
        Self {
            handler,
            selectors,
            max_parallelism: context.max_parallelism,
            state: context.keyed_state(backing.store(), USER_STATE),
            operator_state: if H::HAS_BROADCAST {
                operator_state.with_broadcast()
            } else {
                operator_state
            },
            timers: TimerService::new(),
            backing,
            ahead: GroupTimes::none(context.key_groups),
            was_interrupted: false,
            first: KeyedBacklog::default(),
            second: KeyedBacklog::default(),
            broadcast: Backlog::default(),
            input: 0,
            fire_until: Timestamp::MIN,
            firing: false,
            by_watermark: false,
            fired_since_trim: 0,
            fired: context.metrics.counter(names::NUM_FIRED_TIMERS),
        }
    }

    /// Calls the handler for one record or timer, under a key if it has one; whether the batch of results is full.
    fn call(
        &mut self,
        output: &mut Output,
        key: Option<(K, KeyHash)>,
        (timestamp, domain): (Timestamp, Option<TimeDomain>),
        function: impl FnOnce(
            &mut H,
            &mut KeyedProcessContext<'_, K>,
            &mut Collector<'_, H::Out>,
        ) -> Result<()>,
    ) -> Result<bool> {
        let now = output.now();
        // What the clock brings about has no event time.
        let by_clock = domain == Some(TimeDomain::ProcessingTime);
        let event_time = if by_clock { Timestamp::NONE } else { timestamp };
        self.state.set_time(StateTime {
            now,
            watermark: self.timers.current_watermark(),
            record: event_time,
        });
        match key {
            Some((key, hash)) => self.state.set_current_key(key, hash),
            None => self.state.unset_current_key(),
        }
        let (main, sides) = output.split::<H::Out>()?;
        let (state, timers) = (&mut self.state, &mut self.timers);
        let mut ctx = KeyedProcessContext {
            state,
            operator_state: &mut self.operator_state,
            timers,
            timestamp,
            now,
            domain,
            sides,
        };
        function(
            &mut self.handler,
            &mut ctx,
            &mut Collector::new(main, event_time),
        )?;
        self.timers.check()?;
        Ok(main.is_full())
    }

    fn run_records(&mut self, output: &mut Output) -> Result<Progress> {
        while let Some(record) = next_record(&mut self.first, &mut self.state)? {
            let (value, of) = (record.value, Some((record.key, record.hash)));
            let time = (record.timestamp, None);
            if self.call(output, of, time, |handler, ctx, out| {
                handler.first(value, ctx, out)
            })? {
                return Ok(Progress::More);
            }
        }
        while let Some(record) = next_record(&mut self.second, &mut self.state)? {
            let (value, of) = (record.value, Some((record.key, record.hash)));
            let time = (record.timestamp, None);
            if self.call(output, of, time, |handler, ctx, out| {
                handler.second(value, ctx, out)
            })? {
                return Ok(Progress::More);
            }
        }
        while let Some((value, timestamp)) = self.broadcast.next() {
            if self.call(output, None, (timestamp, None), |handler, ctx, out| {
                handler.broadcast(value, ctx, out)
            })? {
                return Ok(Progress::More);
            }
        }
        Ok(Progress::Done)
    }

    /// Whether all that was asked of a store came true: otherwise nothing of what was made of it may leave.
    fn check(&mut self) -> Result<()> {
        self.state.trim()?;
        self.timers.check()
    }

    fn fire_timers(&mut self, output: &mut Output) -> Result<Progress> {
        self.firing = true;
        loop {
            let (timer, domain) = if let Some(timer) = self.timers.pop_due_event_time() {
                (timer, TimeDomain::EventTime)
            } else if let Some(timer) = self.timers.pop_due_processing_time(self.fire_until) {
                (timer, TimeDomain::ProcessingTime)
            } else {
                self.firing = false;
                return Ok(Progress::Done);
            };
            self.fired.inc(1);
            if self.fired_since_trim == TIMERS_PER_TRIM {
                self.fired_since_trim = 0;
                self.state.trim()?;
            }
            self.fired_since_trim += 1;
            let (time, key) = (timer.time, Some((timer.key, timer.hash)));
            let full = self.call(output, key, (time, Some(domain)), |handler, ctx, out| {
                handler.on_timer(time, ctx, out)
            })?;
            if full {
                return Ok(Progress::More);
            }
        }
    }
}

/// The next record; at the start of every stretch the state of all that are in it is asked for.
#[inline]
fn next_record<K: Key, T>(
    backlog: &mut KeyedBacklog<K, T>,
    state: &mut KeyedState<K>,
) -> Result<Option<KeyedRecord<K, T>>> {
    if state.is_spilled() {
        if let Some((hashes, keys)) = backlog.next_far_stretch() {
            state.trim()?;
            state.load_batch(hashes, keys)?;
        }
    } else if let Some(hashes) = backlog.next_stretch() {
        state.prefetch(hashes);
    }
    Ok(backlog.next())
}

/// Takes over a batch with its keys.
fn fill<K: Key, T: Data>(
    backlog: &mut KeyedBacklog<K, T>,
    selector: &KeySelector<T, K>,
    batch: &mut ErasedBatch,
) -> Result<()> {
    let batch = batch.get_mut::<Records<T>>()?;
    if batch.hashes.len() != batch.values.len() {
        return Err(Error::bug("a keyed batch without the hashes of its keys"));
    }
    let keys = selector.keys(&batch.values);
    backlog.fill(batch, keys);
    Ok(())
}

impl<K: Key, A: Data, B: Data, H: KeyedHandler<K, A, B>> StreamOperator
    for KeyedOperator<K, A, B, H>
{
    fn open(&mut self, context: &OperatorContext, _: &mut Output) -> Result<()> {
        self.backing.open_timers(&mut self.timers)?;
        self.handler.open(context, &mut self.operator_state)
    }

    fn process_batch(
        &mut self,
        input: usize,
        batch: &mut ErasedBatch,
        output: &mut Output,
    ) -> Result<Progress> {
        self.input = input;
        if input == 0 {
            fill(&mut self.first, &self.selectors.0, batch)?;
        } else if let Some(selector) = &self.selectors.1 {
            fill(&mut self.second, selector, batch)?;
        } else {
            self.broadcast.fill(batch.get_mut::<Records<B>>()?);
        }
        let progress = self.run_records(output)?;
        self.check()?;
        Ok(progress)
    }

    fn process_watermark(&mut self, watermark: Watermark, output: &mut Output) -> Result<Progress> {
        self.timers.advance_watermark(watermark.timestamp());
        self.ahead.settle(watermark.timestamp());
        self.was_interrupted = false;
        self.by_watermark = true;
        let progress = self.fire_timers(output)?;
        self.check()?;
        Ok(progress)
    }

    fn process_time(&mut self, now: Timestamp, output: &mut Output) -> Result<Progress> {
        self.fire_until = now;
        self.by_watermark = false;
        let progress = self.fire_timers(output)?;
        self.check()?;
        Ok(progress)
    }

    fn next_time(&self) -> Option<Timestamp> {
        self.timers.next_processing_time()
    }

    fn resume(&mut self, output: &mut Output) -> Result<Progress> {
        let progress = if self.firing {
            self.fire_timers(output)?
        } else {
            self.run_records(output)?
        };
        self.check()?;
        Ok(progress)
    }

    fn failed_at(&self, _: &Output) -> Option<usize> {
        match self.input {
            _ if self.firing => None,
            0 => self.first.last_taken(),
            _ if self.selectors.1.is_some() => self.second.last_taken(),
            _ => self.broadcast.last_taken(),
        }
    }

    fn behind_failure(&self) -> BehindFailure {
        if self.firing {
            BehindFailure::Stuck
        } else {
            BehindFailure::Resume
        }
    }

    fn restore(&mut self, mut image: StateImage) -> Result<()> {
        let max_parallelism = self.max_parallelism;
        self.was_interrupted = restore_interrupted(&mut image)?;
        self.backing.restore(&mut image)?;
        self.backing.open_timers(&mut self.timers)?;
        let watermark = self.ahead.restore_watermark(&mut image)?;
        self.timers.advance_watermark(watermark);
        self.state.restore(USER_STATE, &mut image)?;
        self.operator_state.restore(OPERATOR_STATE, &mut image);
        self.timers
            .restore(&mut image, |key| KeyHash::of(key, max_parallelism))?;
        image.finish()
    }

    fn snapshot(&mut self, _: Barrier, image: &mut StateImage, _: &mut Output) -> Result<Progress> {
        self.handler.snapshot(&mut self.operator_state)?;
        self.state.freeze(USER_STATE, image)?;
        self.operator_state.snapshot(OPERATOR_STATE, image)?;
        self.timers.freeze(self.state.range(), image)?;
        if self.firing && self.by_watermark {
            store_interrupted(image)?;
        }
        let watermark = self.timers.current_watermark();
        self.ahead.store_watermark(watermark, image)?;
        self.backing.freeze(image)?;
        Ok(Progress::Done)
    }

    fn encode_some(&mut self) -> bool {
        self.state.encode_some(BYTES_PER_SLICE) || self.timers.encode_some(BYTES_PER_SLICE)
    }

    /// Between two timers.
    fn can_be_interrupted(&self) -> bool {
        self.firing
    }

    fn interrupted_at(&self) -> Option<Watermark> {
        let watermark = Watermark::new(self.timers.current_watermark());
        self.was_interrupted.then_some(watermark)
    }

    fn close(&mut self) -> Result<()> {
        self.handler.close()
    }
}
