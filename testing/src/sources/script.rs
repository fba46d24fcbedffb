//! A source that does exactly what it is told, in the order in which it is told.

use std::collections::VecDeque;
use std::ops::Range;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use hurtig_connect::BoxFuture;
use hurtig_env::{Sleep, World};
use hurtig_runtime::{
    Alignments, OperatorContext, Output, SnapshotEnumerator, SourceFactory, SourceOperator,
    SourceProgress, StartedSource,
};
use hurtig_state::StateImage;
use hurtig_types::{
    CheckpointId, Data, Error, Origin, OriginRange, Result, Signal, StreamStatus, Timestamp,
    Watermark, batch_capacity,
};

use crate::job::TypedSource;

/// One thing that a [`Script`] does.
#[derive(Clone)]
pub enum Step<T> {
    /// Emits these records in one batch, each with its timestamp, if any.
    Emit(Vec<(T, Option<i64>)>),
    /// Emits what the function makes of each number, a full batch at a time.
    Generate(Range<u64>, Arc<dyn Fn(u64) -> T + Send + Sync>),
    /// Says how far event time is.
    Watermark(i64),
    /// Becomes idle or active.
    Status(StreamStatus),
    /// Has nothing for a while.
    Pause(Duration),
    /// Fails.
    Fail(String),
    /// Panics.
    Panic(String),
    /// Has nothing from here on, and does not end.
    Forever,
}

/// What a source does in one subtask: as a source, in the first one; with others for other subtasks, in [`Scripts`]. A
/// subtask without a script ends at once.
///
/// At the end comes the last watermark, as from any complete source, unless it was [cut](Self::cut).
///
/// ```
/// use std::time::Duration;
/// use hurtig_testing::Script;
///
/// let script = Script::new()
///     .emit_at([("a", 1), ("b", 2)])
///     .watermark(2)
///     .pause(Duration::from_secs(1))
///     .fail("the disk is full");
/// # let _ = script;
/// ```
#[derive(Clone)]
pub struct Script<T> {
    steps: VecDeque<Step<T>>,
    complete: bool,
}

impl<T> Default for Script<T> {
    fn default() -> Self {
        Self {
            steps: VecDeque::new(),
            complete: true,
        }
    }
}

impl<T> Script<T> {
    /// Ends at once.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a step.
    #[must_use]
    pub fn then(mut self, step: Step<T>) -> Self {
        self.steps.push_back(step);
        self
    }

    /// Emits values without timestamps, in one batch.
    #[must_use]
    pub fn emit(self, values: impl IntoIterator<Item = T>) -> Self {
        self.then(Step::Emit(
            values.into_iter().map(|value| (value, None)).collect(),
        ))
    }

    /// Emits values with timestamps, in one batch.
    #[must_use]
    pub fn emit_at(self, records: impl IntoIterator<Item = (T, i64)>) -> Self {
        let stamped = records.into_iter().map(|(value, time)| (value, Some(time)));
        self.then(Step::Emit(stamped.collect()))
    }

    /// Emits what `make` makes of each number, lazily, a full batch at a time.
    #[must_use]
    pub fn generate(
        self,
        numbers: Range<u64>,
        make: impl Fn(u64) -> T + Send + Sync + 'static,
    ) -> Self {
        self.then(Step::Generate(numbers, Arc::new(make)))
    }

    /// Says how far event time is.
    #[must_use]
    pub fn watermark(self, millis: i64) -> Self {
        self.then(Step::Watermark(millis))
    }

    /// Becomes idle.
    #[must_use]
    pub fn idle(self) -> Self {
        self.then(Step::Status(StreamStatus::Idle))
    }

    /// Becomes active again.
    #[must_use]
    pub fn active(self) -> Self {
        self.then(Step::Status(StreamStatus::Active))
    }

    /// Has nothing for a while.
    #[must_use]
    pub fn pause(self, pause: Duration) -> Self {
        self.then(Step::Pause(pause))
    }

    /// Fails.
    #[must_use]
    pub fn fail(self, message: impl Into<String>) -> Self {
        self.then(Step::Fail(message.into()))
    }

    /// Panics.
    #[must_use]
    pub fn panic(self, message: impl Into<String>) -> Self {
        self.then(Step::Panic(message.into()))
    }

    /// Has nothing from here on, and does not end.
    #[must_use]
    pub fn forever(self) -> Self {
        self.then(Step::Forever)
    }

    /// Ends without the last watermark, as a source does that is stopped before event time is over.
    #[must_use]
    pub fn cut(mut self) -> Self {
        self.complete = false;
        self
    }
}

impl<T> TypedSource<T> for Script<T> {}

/// A script for each subtask, in their order.
///
/// ```
/// use hurtig_testing::{Script, Scripts};
/// let both = Scripts::new([Script::new().emit([1, 2]), Script::new().emit([3])]);
/// # let _ = both;
/// ```
#[derive(Clone, Default)]
pub struct Scripts<T>(Vec<Script<T>>);

impl<T> Scripts<T> {
    /// These scripts, the first for subtask 0.
    pub fn new(scripts: impl IntoIterator<Item = Script<T>>) -> Self {
        Self(scripts.into_iter().collect())
    }
}

impl<T> TypedSource<T> for Scripts<T> {}

impl<T: Data + Sync> SourceFactory for Script<T> {
    fn check<'a>(&'a self, _: &'a World) -> BoxFuture<'a, Result<()>> {
        Box::pin(std::future::ready(Ok(())))
    }

    fn start(
        &self,
        contexts: &[OperatorContext],
        _: &Alignments,
        _: Option<StateImage>,
    ) -> Result<StartedSource> {
        Ok(start(std::slice::from_ref(self), contexts))
    }
}

impl<T: Data + Sync> SourceFactory for Scripts<T> {
    fn check<'a>(&'a self, _: &'a World) -> BoxFuture<'a, Result<()>> {
        Box::pin(std::future::ready(Ok(())))
    }

    fn start(
        &self,
        contexts: &[OperatorContext],
        _: &Alignments,
        _: Option<StateImage>,
    ) -> Result<StartedSource> {
        Ok(start(&self.0, contexts))
    }
}

fn start<T: Data>(scripts: &[Script<T>], contexts: &[OperatorContext]) -> StartedSource {
    let reader = |(index, context): (usize, &OperatorContext)| -> Box<dyn SourceOperator> {
        Box::new(Player {
            script: scripts.get(index).cloned().unwrap_or_default(),
            world: context.world.clone(),
            split: format!("{}-{index}", context.name).into(),
            emitted: 0,
            sleep: None,
        })
    };
    StartedSource {
        coordinator: Box::pin(std::future::pending()),
        checkpoints: Arc::new(NoEnumerator),
        readers: contexts.iter().enumerate().map(reader).collect(),
        revival: None,
    }
}

/// Scripts have nothing to give out.
struct NoEnumerator;

impl SnapshotEnumerator for NoEnumerator {
    fn snapshot(&self, _: CheckpointId) -> BoxFuture<'static, Result<StateImage>> {
        Box::pin(std::future::ready(Ok(StateImage::default())))
    }
}

/// A script at work in a subtask.
struct Player<T> {
    script: Script<T>,
    world: World,
    split: Arc<str>,
    emitted: u64,
    sleep: Option<Sleep>,
}

impl<T: Data> Player<T> {
    fn emit(&mut self, records: Vec<(T, Option<i64>)>, output: &mut Output) -> Result<()> {
        let main = output.main::<T>()?;
        let first = self.emitted + 1;
        self.emitted += records.len() as u64;
        for (value, time) in records {
            main.push(value, time.map_or(Timestamp::NONE, Timestamp::from_millis));
        }
        let split = Arc::clone(&self.split);
        let range = OriginRange {
            split,
            unit: "record",
            first,
            last: self.emitted,
        };
        main.origin = Origin::each(range, 1);
        Ok(())
    }

    fn generate(
        &mut self,
        numbers: Range<u64>,
        make: Arc<dyn Fn(u64) -> T + Send + Sync>,
        output: &mut Output,
    ) -> Result<()> {
        let until = numbers
            .end
            .min(numbers.start + batch_capacity::<T>() as u64);
        let records = (numbers.start..until)
            .map(|number| (make(number), None))
            .collect();
        self.emit(records, output)?;
        if until < numbers.end {
            self.script
                .steps
                .push_front(Step::Generate(until..numbers.end, make));
        }
        Ok(())
    }

    fn is_asleep(&mut self, output: &Output) -> bool {
        let mut context = Context::from_waker(output.waker());
        match &mut self.sleep {
            Some(sleep) => Pin::new(sleep).poll(&mut context).is_pending(),
            None => false,
        }
    }
}

impl<T: Data> SourceOperator for Player<T> {
    fn poll_next(&mut self, output: &mut Output) -> Poll<Result<SourceProgress>> {
        loop {
            if self.is_asleep(output) {
                return Poll::Pending;
            }
            self.sleep = None;
            let Some(step) = self.script.steps.pop_front() else {
                if self.script.complete {
                    output.emit(Signal::Watermark(Watermark::MAX));
                }
                return Poll::Ready(Ok(SourceProgress::Finished));
            };
            match step {
                Step::Emit(records) => self.emit(records, output)?,
                Step::Generate(numbers, make) => self.generate(numbers, make, output)?,
                Step::Watermark(millis) => {
                    let watermark = Watermark::new(Timestamp::from_millis(millis));
                    output.emit(Signal::Watermark(watermark));
                }
                Step::Status(status) => output.emit(Signal::Status(status)),
                Step::Pause(pause) => {
                    self.sleep = Some(self.world.clock().sleep(pause));
                    continue;
                }
                Step::Fail(message) => return Poll::Ready(Err(Error::io(message))),
                Step::Panic(message) => panic!("{message}"),
                Step::Forever => {
                    self.script.steps.push_front(Step::Forever);
                    return Poll::Pending;
                }
            }
            return Poll::Ready(Ok(SourceProgress::Emitted));
        }
    }
}
