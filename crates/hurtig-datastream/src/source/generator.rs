//! Records made from numbers.

use std::collections::VecDeque;
use std::future::Future;
use std::marker::PhantomData;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use hurtig_connect::{
    Boundedness, EnumeratorAction, EnumeratorEvent, ReaderContext, ReaderEvent, ReaderOutput,
    Source, SourceReader, SourceSplit, SplitEnumerator,
};
use hurtig_env::{MonotonicTime, Sleep, World};
use hurtig_types::{Data, Error, Origin, OriginRange, Result, batch_capacity};
use serde::{Deserialize, Serialize};

/// Makes records from their numbers, 0 to `count` − 1. The subtasks take turns: each makes every n-th, so that they advance together in
/// event time.
///
/// ```
/// use hurtig_datastream::{GeneratorSource, StreamExecutionEnvironment, WatermarkStrategy};
///
/// let env = StreamExecutionEnvironment::new();
/// let source = GeneratorSource::new(1000, |n| n * n).records_per_second(1e6);
/// let squares = env.from_source(source, WatermarkStrategy::none(), "squares");
/// assert_eq!(squares.execute_and_collect("squares").unwrap().len(), 1000);
/// ```
pub struct GeneratorSource<T, F> {
    first: u64,
    count: u64,
    bounded: bool,
    generate: F,
    records_per_second: Option<f64>,
    types: PhantomData<fn() -> T>,
}

/// The numbers from one to another: [`StreamExecutionEnvironment::from_sequence`](crate::StreamExecutionEnvironment::from_sequence).
pub type SequenceSource = GeneratorSource<u64, fn(u64) -> u64>;

impl SequenceSource {
    /// From `first` to `last`, inclusive.
    pub fn from_to(first: u64, last: u64) -> Self {
        let count = if last < first {
            0
        } else {
            (last - first).saturating_add(1)
        };
        Self {
            first,
            ..GeneratorSource::with(count, true, identity)
        }
    }
}

const fn identity(number: u64) -> u64 {
    number
}

impl<T: Data, F: Fn(u64) -> T + Clone + Send + Sync + 'static> GeneratorSource<T, F> {
    /// Makes `count` records.
    pub fn new(count: u64, generate: F) -> Self {
        Self::with(count, true, generate)
    }

    /// Makes records until the job is stopped.
    pub fn unbounded(generate: F) -> Self {
        Self::with(u64::MAX, false, generate)
    }
}

impl<T, F> GeneratorSource<T, F> {
    const fn with(count: u64, bounded: bool, generate: F) -> Self {
        Self {
            first: 0,
            count,
            bounded,
            generate,
            records_per_second: None,
            types: PhantomData,
        }
    }

    /// At most so many, over all subtasks.
    #[must_use]
    pub const fn records_per_second(mut self, rate: f64) -> Self {
        self.records_per_second = Some(rate);
        self
    }
}

/// Every `step`-th number from `next` on, of which `left` are left.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct GeneratorSplit {
    id: String,
    next: u64,
    step: u64,
    left: u64,
}

impl GeneratorSplit {
    /// Whether its last number is one.
    ///
    /// # Errors
    /// When it isn't: such a split was never given out.
    fn check(&self) -> Result<()> {
        let ahead = self.left.saturating_sub(1).checked_mul(self.step);
        let last = ahead.and_then(|ahead| self.next.checked_add(ahead));
        if last.is_some() && self.step > 0 {
            return Ok(());
        }
        let Self {
            id,
            next,
            step,
            left,
        } = self;
        Err(Error::io(format!(
            "a generator's split `{id}` is to make {left} numbers, each {step} after the one before, from {next} on, and there are none \
             such: what a checkpoint holds of it was not written by a generator; restore from another"
        )))
    }
}

impl SourceSplit for GeneratorSplit {
    fn id(&self) -> &str {
        &self.id
    }
}

impl<T: Data, F: Fn(u64) -> T + Clone + Send + Sync + 'static> Source for GeneratorSource<T, F> {
    type Item = T;
    type Split = GeneratorSplit;

    fn boundedness(&self) -> Boundedness {
        if self.bounded {
            Boundedness::Bounded
        } else {
            Boundedness::Unbounded
        }
    }

    fn check<'a>(&'a self, _: &'a World) -> hurtig_connect::BoxFuture<'a, Result<()>> {
        let wrong = self
            .records_per_second
            .filter(|rate| !rate.is_finite() || *rate <= 0.0);
        Box::pin(std::future::ready(match wrong {
            Some(rate) => Err(Error::config(format!(
                "a generator of {rate} records per second: choose a rate above 0"
            ))),
            None => Ok(()),
        }))
    }

    fn create_enumerator(&self, _: &World) -> Result<Box<dyn SplitEnumerator<GeneratorSplit>>> {
        Ok(Box::new(Strides {
            first: self.first,
            count: self.count,
            parallelism: 0,
            splits: None,
        }))
    }

    fn create_reader(
        &self,
        context: ReaderContext,
    ) -> Result<Box<dyn SourceReader<T, GeneratorSplit>>> {
        Ok(Box::new(GeneratorReader {
            generate: self.generate.clone(),
            records_per_second: self.records_per_second,
            world: context.world,
            throttle: None,
            splits: VecDeque::new(),
            no_more: false,
            types: PhantomData,
        }))
    }
}

/// Gives the n-th reader the n-th stride; restored with fewer readers, the n-th after the last to the first again.
struct Strides {
    first: u64,
    count: u64,
    parallelism: usize,
    /// None before the start. The strides that were given out are none.
    splits: Option<Vec<Option<GeneratorSplit>>>,
}

impl Strides {
    /// The numbers as so many strides.
    fn cut(&self, parallelism: u32) -> Vec<Option<GeneratorSplit>> {
        let stride = |subtask: u32| GeneratorSplit {
            id: format!("numbers-{subtask}"),
            next: self.first.saturating_add(u64::from(subtask)),
            step: u64::from(parallelism),
            left: self
                .count
                .saturating_sub(u64::from(subtask))
                .div_ceil(u64::from(parallelism)),
        };
        (0..parallelism)
            .map(|subtask| Some(stride(subtask)))
            .collect()
    }

    /// Takes out those of a reader that were not given out.
    fn take(&mut self, subtask: u32) -> Vec<GeneratorSplit> {
        let all = self.splits.iter_mut().flatten();
        let its = all.skip(subtask as usize).step_by(self.parallelism.max(1));
        its.filter_map(Option::take).collect()
    }
}

impl SplitEnumerator<GeneratorSplit> for Strides {
    fn step(
        &mut self,
        event: EnumeratorEvent<GeneratorSplit>,
        actions: &mut Vec<EnumeratorAction<GeneratorSplit>>,
    ) -> Result<()> {
        match event {
            EnumeratorEvent::Started { parallelism } => {
                self.parallelism = parallelism as usize;
                if self.splits.is_none() {
                    self.splits = Some(self.cut(parallelism));
                }
            }
            EnumeratorEvent::ReaderJoined { subtask } => {
                let splits = self.take(subtask);
                if !splits.is_empty() {
                    actions.push(EnumeratorAction::Assign { subtask, splits });
                }
                actions.push(EnumeratorAction::NoMoreSplits { subtask });
            }
            EnumeratorEvent::SplitsReturned { subtask, splits } => {
                let all = self.splits.iter_mut().flatten();
                let its = all.skip(subtask as usize).step_by(self.parallelism.max(1));
                for (place, split) in its.filter(|place| place.is_none()).zip(splits) {
                    *place = Some(split);
                }
            }
            EnumeratorEvent::SplitRequested { .. } | EnumeratorEvent::Discovered(_) => {}
        }
        Ok(())
    }

    fn snapshot(&self) -> Result<Vec<u8>> {
        hurtig_connect::encode_value(&self.splits)
    }

    fn restore(&mut self, state: &[u8]) -> Result<()> {
        self.splits = hurtig_connect::decode_value(state)?;
        Ok(())
    }

    fn takes_splits_back(&self) -> bool {
        true
    }
}

struct GeneratorReader<T, F> {
    generate: F,
    /// Of all readers together.
    records_per_second: Option<f64>,
    world: World,
    throttle: Option<Throttle>,
    /// They take turns, so that no stride runs ahead in event time: mostly there is one.
    splits: VecDeque<(GeneratorSplit, Arc<str>)>,
    no_more: bool,
    types: PhantomData<fn() -> T>,
}

impl<T, F> GeneratorReader<T, F> {
    /// Takes the part of the rate that its strides are of all.
    fn share_rate(&mut self) {
        let Some((split, _)) = self.splits.front() else {
            return;
        };
        let share = self.splits.len() as f64 / split.step.max(1) as f64;
        let rate = self.records_per_second.map(|rate| rate * share);
        self.throttle = rate.map(|rate| Throttle::new(rate, self.world.clone()));
    }
}

impl<T: Data, F: Fn(u64) -> T + Send> SourceReader<T, GeneratorSplit> for GeneratorReader<T, F> {
    fn add_splits(&mut self, splits: Vec<GeneratorSplit>) -> Result<()> {
        splits.iter().try_for_each(GeneratorSplit::check)?;
        self.splits.extend(splits.into_iter().map(|split| {
            let id = Arc::from(split.id());
            (split, id)
        }));
        self.share_rate();
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
        let Some((split, id)) = self.splits.front_mut() else {
            return if self.no_more {
                Poll::Ready(Ok(ReaderEvent::EndOfInput))
            } else {
                Poll::Pending
            };
        };
        let wanted = split.left.min(const { batch_capacity::<T>() as u64 });
        let granted = match &mut self.throttle {
            Some(throttle) if wanted > 0 => match throttle.poll_grant(context, wanted) {
                Poll::Ready(granted) => granted,
                Poll::Pending => return Poll::Pending,
            },
            _ => wanted,
        };
        out.set_split(id);
        let (first, step) = (split.next, split.step);
        out.records
            .values
            .extend((0..granted).map(|n| (self.generate)(first + n * step)));
        if granted > 0 {
            let last = first + (granted - 1) * step;
            let range = OriginRange {
                split: Arc::clone(id),
                unit: "record",
                first,
                last,
            };
            out.records.origin = Origin::each(range, step);
            split.next = last.saturating_add(step);
            split.left -= granted;
        }
        if split.left > 0 {
            if self.splits.len() > 1 {
                self.splits.rotate_left(1);
            }
            return Poll::Ready(Ok(ReaderEvent::Batch));
        }
        self.splits.pop_front();
        self.share_rate();
        Poll::Ready(Ok(ReaderEvent::SplitFinished))
    }

    fn snapshot(&self) -> Vec<GeneratorSplit> {
        self.splits.iter().map(|(split, _)| split.clone()).collect()
    }
}

/// The shortest wait for records to come due. To be woken costs some microseconds: who asked for each of a million records a second
/// would spend the time with that.
const PACE: Duration = Duration::from_millis(1);

/// Grants records at a rate: what has come due since the start, less what was granted.
struct Throttle {
    rate: f64,
    world: World,
    started: Option<MonotonicTime>,
    granted: u64,
    sleep: Option<Sleep>,
}

impl Throttle {
    const fn new(rate: f64, world: World) -> Self {
        Self {
            rate,
            world,
            started: None,
            granted: 0,
            sleep: None,
        }
    }

    fn poll_grant(&mut self, context: &mut Context<'_>, wanted: u64) -> Poll<u64> {
        let clock = self.world.clock();
        let started = *self.started.get_or_insert_with(|| clock.now());
        loop {
            let due = (clock.now().saturating_since(started).as_secs_f64() * self.rate) as u64 + 1;
            if due > self.granted {
                let granted = wanted.min(due - self.granted);
                self.granted += granted;
                self.sleep = None;
                return Poll::Ready(granted);
            }
            let next =
                Duration::from_secs_f64(self.granted as f64 / self.rate) + Duration::from_nanos(1);
            let next = (started + next).max(clock.now() + PACE);
            let sleep = self.sleep.get_or_insert_with(|| clock.sleep_until(next));
            if Pin::new(sleep).poll(context).is_pending() {
                return Poll::Pending;
            }
            self.sleep = None;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_split_that_runs_out_of_numbers_is_refused() {
        let is_split = |next, step, left| {
            let id = "numbers-0".to_string();
            let split = GeneratorSplit {
                id,
                next,
                step,
                left,
            };
            split.check().is_ok()
        };
        assert!(is_split(0, 3, 0) && is_split(7, 3, 100));
        assert!(is_split(u64::MAX, 3, 1));
        assert!(is_split(0, 1, u64::MAX), "one without an end");
        assert!(is_split(1, 2, u64::MAX.div_ceil(2) - 1), "a half of it");
        assert!(!is_split(2, 1, u64::MAX) && !is_split(u64::MAX, 1, 2));
        assert!(!is_split(0, u64::MAX, 3) && !is_split(0, 0, 2));
    }
}
