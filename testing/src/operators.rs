//! Operators for tests of the runtime: small, and each bad in its own way.

use std::collections::BTreeSet;
use std::marker::PhantomData;

use hurtig_runtime::{OperatorContext, Output, Progress, StreamOperator};
use hurtig_types::{Data, ErasedBatch, Error, Records, Result, Timestamp, batch_capacity};

use crate::job::{Typed, typed};

/// Makes one operator per subtask by a function.
fn each<In, Out, O: StreamOperator + 'static>(
    make: impl Fn(&OperatorContext) -> O + Send + Sync + 'static,
) -> Typed<In, Out> {
    typed(
        move |context: &OperatorContext| -> Result<Box<dyn StreamOperator>> {
            Ok(Box::new(make(context)))
        },
    )
}

/// Changes each record by a function.
///
/// ```
/// use hurtig_testing::{Typed, operators};
/// let lengths: Typed<String, usize> = operators::map(|word: String| word.len());
/// ```
pub fn map<In: Data, Out: Data>(
    function: impl Fn(In) -> Out + Clone + Send + Sync + 'static,
) -> Typed<In, Out> {
    each(move |_| Map {
        function: function.clone(),
        types: PhantomData,
    })
}

struct Map<In, Out, F> {
    function: F,
    types: PhantomData<fn(In) -> Out>,
}

impl<In: Data, Out: Data, F: Fn(In) -> Out + Send> StreamOperator for Map<In, Out, F> {
    fn process_batch(
        &mut self,
        _: usize,
        batch: &mut ErasedBatch,
        output: &mut Output,
    ) -> Result<Progress> {
        let records = batch.get_mut::<Records<In>>()?;
        let main = output.main::<Out>()?;
        main.values
            .extend(records.values.drain(..).map(&self.function));
        main.timestamps.append(&mut records.timestamps);
        Ok(Progress::Done)
    }

    fn makes_at_most_one(&self) -> bool {
        true
    }

    fn failed_at(&self, output: &Output) -> Option<usize> {
        Some(output.main_len())
    }
}

/// Both inputs as one, each record as it is.
pub fn merge<T: Data>() -> Typed<(T, T), T> {
    each(|_| Map {
        function: |value: T| value,
        types: PhantomData,
    })
}

/// From a number n the numbers below it, lazily: a full batch at a time, and more when there is room.
pub fn explode() -> Typed<u64, u64> {
    each(|_| Explode::default())
}

#[derive(Default)]
struct Explode {
    waiting: Vec<u64>,
    next: u64,
    end: u64,
}

impl StreamOperator for Explode {
    fn process_batch(
        &mut self,
        _: usize,
        batch: &mut ErasedBatch,
        output: &mut Output,
    ) -> Result<Progress> {
        self.waiting
            .append(&mut batch.get_mut::<Records<u64>>()?.values);
        self.waiting.reverse();
        self.resume(output)
    }

    fn resume(&mut self, output: &mut Output) -> Result<Progress> {
        let main = output.main::<u64>()?;
        loop {
            let room = (batch_capacity::<u64>() - main.len()) as u64;
            let until = self.end.min(self.next + room);
            main.values.extend(self.next..until);
            self.next = until;
            if self.next < self.end {
                return Ok(Progress::More);
            }
            let Some(end) = self.waiting.pop() else {
                return Ok(Progress::Done);
            };
            (self.next, self.end) = (0, end);
        }
    }
}

/// How an operator goes wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Failure {
    /// It answers an error when it is opened.
    Open,
    /// It answers an error at the n-th record it gets, counted from 1.
    Error(usize),
    /// It panics at the n-th record it gets, counted from 1.
    Panic(usize),
    /// It answers an error when its input ends.
    End,
    /// It answers an error when it is closed.
    Close,
}

/// Passes records on, and fails in one subtask.
pub fn fail<T: Data>(failure: Failure, subtask: u32) -> Typed<T, T> {
    each(move |context| Failing {
        failure: (context.subtask == subtask).then_some(failure),
        seen: 0,
        seen_before: 0,
        records: PhantomData::<fn() -> T>,
    })
}

struct Failing<T> {
    failure: Option<Failure>,
    seen: usize,
    /// How many of them were in earlier batches.
    seen_before: usize,
    records: PhantomData<fn() -> T>,
}

impl<T> Failing<T> {
    fn check(&self, now: Failure) -> Result<()> {
        if self.failure == Some(now) {
            return Err(Error::function(format!("failed on purpose at {now:?}")));
        }
        Ok(())
    }
}

impl<T: Data> StreamOperator for Failing<T> {
    fn open(&mut self, _: &OperatorContext, _: &mut Output) -> Result<()> {
        self.check(Failure::Open)
    }

    fn process_batch(
        &mut self,
        _: usize,
        batch: &mut ErasedBatch,
        output: &mut Output,
    ) -> Result<Progress> {
        let records = batch.get_mut::<Records<T>>()?;
        self.seen_before = self.seen;
        for _ in 0..records.len() {
            self.seen += 1;
            self.check(Failure::Error(self.seen))?;
            if self.failure == Some(Failure::Panic(self.seen)) {
                panic!("panicked on purpose at record {}", self.seen);
            }
        }
        std::mem::swap(output.main::<T>()?, records);
        Ok(Progress::Done)
    }

    fn failed_at(&self, _: &Output) -> Option<usize> {
        (self.seen - self.seen_before).checked_sub(1)
    }

    fn end_input(&mut self, _: usize, _: &mut Output) -> Result<Progress> {
        self.check(Failure::End).map(|()| Progress::Done)
    }

    fn close(&mut self) -> Result<()> {
        self.check(Failure::Close)
    }
}

/// For each number n a timer n milliseconds later, in processing time; emits when it fired.
pub fn alarm() -> Typed<i64, i64> {
    each(|_| Alarm::default())
}

#[derive(Default)]
struct Alarm {
    due: BTreeSet<i64>,
}

impl StreamOperator for Alarm {
    fn process_batch(
        &mut self,
        _: usize,
        batch: &mut ErasedBatch,
        output: &mut Output,
    ) -> Result<Progress> {
        let now = output.now().as_millis();
        let delays = batch.get_mut::<Records<i64>>()?.values.drain(..);
        self.due.extend(delays.map(|delay| now + delay));
        Ok(Progress::Done)
    }

    fn process_time(&mut self, now: Timestamp, output: &mut Output) -> Result<Progress> {
        let later = self.due.split_off(&(now.as_millis() + 1));
        let fired = std::mem::replace(&mut self.due, later);
        output
            .main::<i64>()?
            .values
            .extend(fired.iter().map(|_| now.as_millis()));
        Ok(Progress::Done)
    }

    fn next_time(&self) -> Option<Timestamp> {
        self.due.first().copied().map(Timestamp::from_millis)
    }
}
