//! What the tests share: worlds, a sink that says where and when, a source that follows a script, small functions.

use std::collections::BTreeSet;
use std::future::Future;
use std::marker::PhantomData;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use hurtig_connect::{
    EnumeratorAction, EnumeratorEvent, ReaderContext, ReaderEvent, ReaderOutput, SinkWriter,
    SourceReader, SourceSplit, SplitEnumerator, WriterContext, decode_value, encode_value,
};
use hurtig_datastream::{
    Boundedness, Collector, DataStream, KeyedProcessContext, KeyedProcessFunction, MapFunction,
    OperatorContext, Sink, Source, StreamExecutionEnvironment, WatermarkStrategy,
};
use hurtig_env::{Clock, MonotonicTime, Sleep, World};
use hurtig_types::{Data, Origin, OriginRange, Records, Result, Timestamp, Watermark};
use parking_lot::Mutex;
use serde::{Deserialize, Serialize};

/// In how many simulated worlds most tests run.
pub(crate) const SCHEDULES: u64 = 6;

/// Far more steps than any job here needs: beyond them is a livelock.
const STEPS_MAX: u64 = 2_000_000;

/// Runs a test under several seeds.
pub(crate) fn in_simulated_worlds(test: impl FnMut(World)) {
    in_worlds_of_seeds(SCHEDULES, test);
}

/// Runs a test under so many seeds.
pub(crate) fn in_worlds_of_seeds(seeds: u64, mut test: impl FnMut(World)) {
    hurtig_testing::run_under_schedules(seeds, |world| {
        if let Some(simulation) = world.simulation() {
            simulation.limit_steps(STEPS_MAX);
        }
        test(world);
    });
}

/// Runs a test under several seeds, and in the real world.
pub(crate) fn in_all_worlds(mut test: impl FnMut(World)) {
    in_simulated_worlds(&mut test);
    test(World::real());
}

pub(crate) fn environment(world: &World, parallelism: u32) -> StreamExecutionEnvironment {
    let env = StreamExecutionEnvironment::in_world(world.clone());
    env.set_parallelism(parallelism);
    env
}

pub(crate) fn sorted<T: Ord>(mut values: Vec<T>) -> Vec<T> {
    values.sort();
    values
}

pub(crate) const fn at(millis: i64) -> Timestamp {
    Timestamp::from_millis(millis)
}

pub(crate) const fn millis(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

pub(crate) const fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

/// A record, where and when it arrived.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Arrival<T> {
    pub(crate) subtask: u32,
    pub(crate) value: T,
    pub(crate) time: Option<i64>,
    pub(crate) at: MonotonicTime,
}

/// A sink that keeps everything, watermarks too. All clones and all subtasks fill one list.
pub(crate) struct Arrivals<T> {
    list: Arc<Mutex<Vec<Arrival<T>>>>,
    watermarks: Arc<Mutex<Vec<(u32, i64)>>>,
    closed: Arc<AtomicUsize>,
}

impl<T> Clone for Arrivals<T> {
    fn clone(&self) -> Self {
        Self {
            list: Arc::clone(&self.list),
            watermarks: Arc::clone(&self.watermarks),
            closed: Arc::clone(&self.closed),
        }
    }
}

impl<T: Clone> Arrivals<T> {
    pub(crate) fn new() -> Self {
        Self {
            list: Arc::default(),
            watermarks: Arc::default(),
            closed: Arc::default(),
        }
    }

    pub(crate) fn all(&self) -> Vec<Arrival<T>> {
        self.list.lock().clone()
    }

    pub(crate) fn values(&self) -> Vec<T> {
        self.all()
            .into_iter()
            .map(|arrival| arrival.value)
            .collect()
    }

    /// The values that came to one subtask, in order.
    pub(crate) fn of(&self, subtask: u32) -> Vec<T> {
        let mine = self
            .all()
            .into_iter()
            .filter(|arrival| arrival.subtask == subtask);
        mine.map(|arrival| arrival.value).collect()
    }

    /// The values with their event times.
    pub(crate) fn timed(&self) -> Vec<(T, Option<i64>)> {
        self.all()
            .into_iter()
            .map(|arrival| (arrival.value, arrival.time))
            .collect()
    }

    pub(crate) fn watermarks(&self) -> Vec<i64> {
        self.watermarks
            .lock()
            .iter()
            .map(|(_, watermark)| *watermark)
            .collect()
    }

    /// How many writers were closed.
    pub(crate) fn closed(&self) -> usize {
        self.closed.load(Ordering::Relaxed)
    }
}

impl<T: Data> Sink<T> for Arrivals<T> {
    fn create_writer(&self, context: WriterContext) -> Result<Box<dyn SinkWriter<T>>> {
        let clock = context.world.clock().clone();
        Ok(Box::new(ArrivalsWriter {
            arrivals: self.clone(),
            subtask: context.subtask,
            clock,
        }))
    }
}

struct ArrivalsWriter<T> {
    arrivals: Arrivals<T>,
    subtask: u32,
    clock: Clock,
}

impl<T: Data> SinkWriter<T> for ArrivalsWriter<T> {
    fn poll_write(&mut self, _: &mut Context<'_>, batch: &mut Records<T>) -> Poll<Result<()>> {
        let (subtask, now) = (self.subtask, self.clock.now());
        let times: Vec<_> = (0..batch.len())
            .map(|index| batch.timestamp(index))
            .collect();
        let arrivals = batch
            .values
            .drain(..)
            .zip(times)
            .map(|(value, time)| Arrival {
                subtask,
                value,
                time: time.is_some().then_some(time.as_millis()),
                at: now,
            });
        self.arrivals.list.lock().extend(arrivals);
        Poll::Ready(Ok(()))
    }

    fn on_watermark(&mut self, watermark: Watermark) -> Result<()> {
        self.arrivals
            .watermarks
            .lock()
            .push((self.subtask, watermark.timestamp().as_millis()));
        Ok(())
    }

    fn poll_flush(&mut self, _: &mut Context<'_>) -> Poll<Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn close(&mut self) -> Result<()> {
        self.arrivals.closed.fetch_add(1, Ordering::Relaxed);
        Ok(())
    }
}

/// A thing that a split does.
#[derive(Clone)]
pub(crate) enum Say<T> {
    /// Hands over these records with their timestamps, as one batch.
    Records(Vec<(T, i64)>),
    /// Has nothing for so long.
    Wait(Duration),
}

/// A source whose splits follow scripts. Split `i` belongs to subtask `i % parallelism`: one reader has several, and reads them in turn,
/// a batch of each.
pub(crate) struct Splits<T> {
    scripts: Arc<Vec<Vec<Say<T>>>>,
    closed: Arc<AtomicUsize>,
}

impl<T: Data + Sync> Splits<T> {
    pub(crate) fn new(scripts: impl IntoIterator<Item = Vec<Say<T>>>) -> Self {
        Self {
            scripts: Arc::new(scripts.into_iter().collect()),
            closed: Arc::default(),
        }
    }

    /// One split that hands over these records, so many at a time.
    pub(crate) fn batches(records: Vec<(T, i64)>, size: usize) -> Vec<Say<T>> {
        records
            .chunks(size)
            .map(|chunk| Say::Records(chunk.to_vec()))
            .collect()
    }

    /// Counts the readers that were closed.
    pub(crate) fn closed(&self) -> Arc<AtomicUsize> {
        Arc::clone(&self.closed)
    }

    /// The stream of this source, with the timestamps of the scripts and these watermarks.
    pub(crate) fn stream(
        self,
        env: &StreamExecutionEnvironment,
        strategy: WatermarkStrategy<T>,
        name: &str,
    ) -> DataStream<T> {
        env.from_source(self, strategy, name)
    }
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct ScriptSplit {
    id: String,
    script: usize,
}

impl SourceSplit for ScriptSplit {
    fn id(&self) -> &str {
        &self.id
    }
}

impl<T: Data + Sync> Source for Splits<T> {
    type Item = T;
    type Split = ScriptSplit;

    fn boundedness(&self) -> Boundedness {
        Boundedness::Bounded
    }

    fn create_enumerator(&self, _: &World) -> Result<Box<dyn SplitEnumerator<ScriptSplit>>> {
        Ok(Box::new(ByTurns {
            left: (0..self.scripts.len()).collect(),
            parallelism: 1,
        }))
    }

    fn create_reader(
        &self,
        context: ReaderContext,
    ) -> Result<Box<dyn SourceReader<T, ScriptSplit>>> {
        Ok(Box::new(ScriptReader {
            scripts: Arc::clone(&self.scripts),
            closed: Arc::clone(&self.closed),
            clock: context.world.clock().clone(),
            splits: Vec::new(),
            turn: 0,
            no_more: false,
        }))
    }
}

struct ByTurns {
    /// Those that nobody plays yet.
    left: BTreeSet<usize>,
    parallelism: usize,
}

impl SplitEnumerator<ScriptSplit> for ByTurns {
    fn step(
        &mut self,
        event: EnumeratorEvent<ScriptSplit>,
        actions: &mut Vec<EnumeratorAction<ScriptSplit>>,
    ) -> Result<()> {
        match event {
            EnumeratorEvent::Started { parallelism } => self.parallelism = parallelism as usize,
            EnumeratorEvent::ReaderJoined { subtask } => {
                let parallelism = self.parallelism;
                let is_mine = |script: &usize| script % parallelism == subtask as usize;
                let splits = self
                    .left
                    .extract_if(.., is_mine)
                    .map(|script| ScriptSplit {
                        id: format!("split-{script}"),
                        script,
                    })
                    .collect();
                actions.push(EnumeratorAction::Assign { subtask, splits });
                actions.push(EnumeratorAction::NoMoreSplits { subtask });
            }
            _ => {}
        }
        Ok(())
    }

    fn snapshot(&self) -> Result<Vec<u8>> {
        encode_value(&self.left)
    }

    fn restore(&mut self, state: &[u8]) -> Result<()> {
        self.left = decode_value(state)?;
        Ok(())
    }
}

struct ScriptReader<T> {
    scripts: Arc<Vec<Vec<Say<T>>>>,
    closed: Arc<AtomicUsize>,
    clock: Clock,
    splits: Vec<Playing>,
    turn: usize,
    no_more: bool,
}

struct Playing {
    split: ScriptSplit,
    id: Arc<str>,
    position: usize,
    records: u64,
    sleep: Option<Sleep>,
    paused: bool,
}

impl<T: Data + Sync> ScriptReader<T> {
    /// What the split at `index` does now; `None` when it waits.
    fn play(
        &mut self,
        index: usize,
        context: &mut Context<'_>,
        out: &mut ReaderOutput<T>,
    ) -> Option<ReaderEvent> {
        let playing = &mut self.splits[index];
        if playing.paused {
            return None;
        }
        loop {
            match self.scripts[playing.split.script].get(playing.position) {
                None => {
                    out.set_split(&playing.id);
                    self.splits.remove(index);
                    return Some(ReaderEvent::SplitFinished);
                }
                Some(Say::Wait(pause)) => {
                    let sleep = playing
                        .sleep
                        .get_or_insert_with(|| self.clock.sleep(*pause));
                    if Pin::new(sleep).poll(context).is_pending() {
                        return None;
                    }
                    playing.sleep = None;
                    playing.position += 1;
                }
                Some(Say::Records(records)) => {
                    out.set_split(&playing.id);
                    for (value, time) in records {
                        out.records.push(value.clone(), at(*time));
                    }
                    let first = playing.records;
                    playing.records += records.len() as u64;
                    let last = playing.records - 1;
                    let range = OriginRange {
                        split: Arc::clone(&playing.id),
                        unit: "record",
                        first,
                        last,
                    };
                    out.records.origin = Origin::each(range, 1);
                    playing.position += 1;
                    return Some(ReaderEvent::Batch);
                }
            }
        }
    }
}

impl<T: Data + Sync> SourceReader<T, ScriptSplit> for ScriptReader<T> {
    fn add_splits(&mut self, splits: Vec<ScriptSplit>) -> Result<()> {
        self.splits.extend(splits.into_iter().map(|split| Playing {
            id: Arc::from(split.id.as_str()),
            split,
            position: 0,
            records: 0,
            sleep: None,
            paused: false,
        }));
        Ok(())
    }

    fn no_more_splits(&mut self) {
        self.no_more = true;
    }

    fn poll_next(
        &mut self,
        context: &mut Context<'_>,
        out: &mut ReaderOutput<T>,
    ) -> Poll<Result<ReaderEvent>> {
        let splits = self.splits.len();
        for offset in 0..splits {
            let index = (self.turn + offset) % splits;
            if let Some(event) = self.play(index, context, out) {
                self.turn = index + usize::from(event == ReaderEvent::Batch);
                return Poll::Ready(Ok(event));
            }
        }
        if splits == 0 && self.no_more {
            return Poll::Ready(Ok(ReaderEvent::EndOfInput));
        }
        Poll::Pending
    }

    fn set_paused(&mut self, split: &str, paused: bool) {
        for playing in self
            .splits
            .iter_mut()
            .filter(|playing| playing.split.id == split)
        {
            playing.paused = paused;
        }
    }

    fn snapshot(&self) -> Vec<ScriptSplit> {
        self.splits
            .iter()
            .map(|playing| playing.split.clone())
            .collect()
    }

    fn close(&mut self) -> Result<()> {
        self.closed.fetch_add(1, Ordering::Relaxed);
        Ok(())
    }
}

/// Says beside each record which subtask it came to.
#[derive(Clone, Default)]
pub(crate) struct WithSubtask(u32);

impl<T: Data> MapFunction<T> for WithSubtask {
    type Out = (u32, T);

    fn open(&mut self, context: &OperatorContext) -> Result<()> {
        self.0 = context.subtask;
        Ok(())
    }

    fn map(&mut self, value: T) -> Result<(u32, T)> {
        Ok((self.0, value))
    }
}

/// Two closures as a keyed function with timers.
pub(crate) struct WithTimers<In, Out, P, T> {
    process: P,
    on_timer: T,
    types: PhantomData<fn(In) -> Out>,
}

impl<In, Out, P: Clone, T: Clone> Clone for WithTimers<In, Out, P, T> {
    fn clone(&self) -> Self {
        Self {
            process: self.process.clone(),
            on_timer: self.on_timer.clone(),
            types: PhantomData,
        }
    }
}

pub(crate) fn with_timers<In, Out, P, T>(process: P, on_timer: T) -> WithTimers<In, Out, P, T>
where
    P: FnMut(In, &mut KeyedProcessContext<'_, u64>, &mut Collector<'_, Out>) -> Result<()>,
    T: FnMut(Timestamp, &mut KeyedProcessContext<'_, u64>, &mut Collector<'_, Out>) -> Result<()>,
{
    WithTimers {
        process,
        on_timer,
        types: PhantomData,
    }
}

impl<In, Out, P, T> KeyedProcessFunction<u64, In> for WithTimers<In, Out, P, T>
where
    In: 'static,
    Out: Data,
    P: FnMut(In, &mut KeyedProcessContext<'_, u64>, &mut Collector<'_, Out>) -> Result<()>
        + Clone
        + Send
        + 'static,
    T: FnMut(Timestamp, &mut KeyedProcessContext<'_, u64>, &mut Collector<'_, Out>) -> Result<()>
        + Clone
        + Send
        + 'static,
{
    type Out = Out;

    fn process(
        &mut self,
        value: In,
        ctx: &mut KeyedProcessContext<'_, u64>,
        out: &mut Collector<'_, Out>,
    ) -> Result<()> {
        (self.process)(value, ctx, out)
    }

    fn on_timer(
        &mut self,
        time: Timestamp,
        ctx: &mut KeyedProcessContext<'_, u64>,
        out: &mut Collector<'_, Out>,
    ) -> Result<()> {
        (self.on_timer)(time, ctx, out)
    }
}
