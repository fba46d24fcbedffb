//! A sink that keeps everything, with when and where it arrived.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::Context;
use std::time::Duration;

use hurtig_env::{Clock, Sleep};
use hurtig_runtime::{OperatorContext, OperatorFactory, Output, Progress, StreamOperator};
use hurtig_types::{Data, ErasedBatch, Records, Result, Watermark};
use parking_lot::Mutex;

use crate::Emitted;
use crate::job::{TypedOperator, typed};

/// One thing that arrived at a [`Collector`].
#[derive(Clone, Debug, PartialEq)]
pub struct Arrival<T> {
    /// Which subtask of the sink it came to.
    pub subtask: u32,
    /// When, in nanoseconds of the world's monotonic clock.
    pub at_nanos: u64,
    /// What it is.
    pub what: Emitted<T>,
}

/// A sink that keeps what it gets. Cheap to clone; all clones, and all subtasks, fill one list.
///
/// ```
/// use hurtig_testing::Collector;
/// let collector = Collector::<u64>::new();
/// assert!(collector.values().is_empty());
/// ```
pub struct Collector<T> {
    arrivals: Arc<Mutex<Vec<Arrival<T>>>>,
    pause: Duration,
}

impl<T> Clone for Collector<T> {
    fn clone(&self) -> Self {
        Self {
            arrivals: Arc::clone(&self.arrivals),
            pause: self.pause,
        }
    }
}

impl<T> Default for Collector<T> {
    fn default() -> Self {
        Self {
            arrivals: Arc::default(),
            pause: Duration::ZERO,
        }
    }
}

impl<T> Collector<T> {
    /// An empty one.
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes so long for every batch, without blocking the thread.
    #[must_use]
    pub fn slow(mut self, pause: Duration) -> Self {
        self.pause = pause;
        self
    }

    /// How many records there are.
    pub fn len(&self) -> usize {
        let is_record = |arrival: &&Arrival<T>| matches!(arrival.what, Emitted::Record(..));
        self.arrivals.lock().iter().filter(is_record).count()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

impl<T: Clone> Collector<T> {
    /// All that arrived, in the order in which it did.
    pub fn arrivals(&self) -> Vec<Arrival<T>> {
        self.arrivals.lock().clone()
    }

    /// The values of the records, in the order in which they arrived.
    pub fn values(&self) -> Vec<T> {
        self.filter(|_, what| what.into_record().map(|(value, _)| value))
    }

    /// The values that came to one subtask.
    pub fn values_of(&self, subtask: u32) -> Vec<T> {
        let mine = |of, what: Emitted<T>| what.into_record().filter(|_| of == subtask);
        self.filter(|of, what| mine(of, what).map(|(value, _)| value))
    }

    /// The values, sorted.
    pub fn sorted(&self) -> Vec<T>
    where
        T: Ord,
    {
        let mut values = self.values();
        values.sort_unstable();
        values
    }

    /// The watermarks that came to one subtask.
    pub fn watermarks(&self, subtask: u32) -> Vec<i64> {
        self.filter(|of, what| match what {
            Emitted::Watermark(millis) if of == subtask => Some(millis),
            _ => None,
        })
    }

    fn filter<R>(&self, wanted: impl Fn(u32, Emitted<T>) -> Option<R>) -> Vec<R> {
        let arrivals = self.arrivals.lock();
        let arrivals = arrivals
            .iter()
            .map(|arrival| (arrival.subtask, arrival.what.clone()));
        arrivals
            .filter_map(|(subtask, what)| wanted(subtask, what))
            .collect()
    }
}

impl<T: Data> TypedOperator<T, ()> for Collector<T> {
    fn into_factory(self) -> Arc<dyn OperatorFactory> {
        let create = move |context: &OperatorContext| -> Result<Box<dyn StreamOperator>> {
            Ok(Box::new(Writer {
                collector: self.clone(),
                subtask: context.subtask,
                clock: context.world.clock().clone(),
                sleep: None,
            }))
        };
        typed::<T, ()>(create).into_factory()
    }
}

/// The collector in a subtask.
struct Writer<T> {
    collector: Collector<T>,
    subtask: u32,
    clock: Clock,
    sleep: Option<Sleep>,
}

impl<T: Data> Writer<T> {
    fn add(&self, arrived: impl Iterator<Item = Emitted<T>>) {
        let (subtask, at_nanos) = (self.subtask, self.clock.now().as_nanos());
        let arrivals = arrived.map(|what| Arrival {
            subtask,
            at_nanos,
            what,
        });
        self.collector.arrivals.lock().extend(arrivals);
    }
}

impl<T: Data> StreamOperator for Writer<T> {
    fn process_batch(
        &mut self,
        _: usize,
        batch: &mut ErasedBatch,
        output: &mut Output,
    ) -> Result<Progress> {
        let records = batch.get_mut::<Records<T>>()?;
        let times = std::mem::take(&mut records.timestamps);
        let times = times
            .into_iter()
            .map(|time| time.is_some().then_some(time.as_millis()));
        let times = times.chain(std::iter::repeat(None));
        let values = records.values.drain(..).zip(times);
        self.add(values.map(|(value, time)| Emitted::Record(value, time)));
        if self.collector.pause.is_zero() {
            return Ok(Progress::Done);
        }
        self.sleep = Some(self.clock.sleep(self.collector.pause));
        self.resume(output)
    }

    fn resume(&mut self, output: &mut Output) -> Result<Progress> {
        let mut context = Context::from_waker(output.waker());
        if self
            .sleep
            .as_mut()
            .is_some_and(|sleep| Pin::new(sleep).poll(&mut context).is_pending())
        {
            return Ok(Progress::Blocked);
        }
        self.sleep = None;
        Ok(Progress::Done)
    }

    fn process_watermark(&mut self, watermark: Watermark, _: &mut Output) -> Result<Progress> {
        self.add(std::iter::once(Emitted::Watermark(
            watermark.timestamp().as_millis(),
        )));
        Ok(Progress::Done)
    }

    fn end_input(&mut self, _: usize, _: &mut Output) -> Result<Progress> {
        self.add(std::iter::once(Emitted::EndOfInput));
        Ok(Progress::Done)
    }
}
