//! Both operators, driven by hand.

mod assigners;
mod count_windows;
mod early;
mod emission;
mod evictors;
mod lateness;
mod process_functions;
mod processing_time;
mod sessions;
mod size;
mod slices_equal_general;
mod speed;
mod triggers;

use std::sync::Arc;
use std::time::Duration;

use hurtig_runtime::{OperatorContext, Output, OutputTag, Progress, StreamOperator};
use hurtig_testing::OperatorHarness;
use hurtig_types::{Data, ErasedBatch, Key, Records, Result, Timestamp, Watermark};
use parking_lot::Mutex;

use super::assigner::WindowAssigner;
use super::function::{EmitReduced, Finish, Gather, Reduce};
use super::operator::{Lateness, WindowOperator};
use super::slice::{AlignedWindows, SliceWindowOperator, Slices};
use super::trigger::Trigger;
use super::window::TimeWindow;
use crate::KeySelector;

/// What an operator keeps.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Size {
    pub(super) keys: usize,
    /// Of all windows (or slices) of all keys.
    pub(super) accumulators: usize,
    /// In the queue, which has one per key that waits; for slices, the slices that are waited for.
    pub(super) timers: usize,
    /// Of the user's function.
    pub(super) states: usize,
    /// What one key takes, but for what lies on the heap.
    pub(super) entry_bytes: usize,
}

impl Size {
    /// Nothing at all is kept.
    fn is_zero(self) -> bool {
        Self {
            entry_bytes: 0,
            ..self
        } == Self::default()
    }
}

pub(super) trait Measure {
    fn measure(&self) -> Size;
}

/// Tells the size of an operator after each call.
struct Measured<O> {
    operator: O,
    size: Arc<Mutex<Size>>,
}

impl<O: Measure + StreamOperator> Measured<O> {
    fn after<R>(&mut self, result: R) -> R {
        *self.size.lock() = self.operator.measure();
        result
    }
}

impl<O: Measure + StreamOperator> StreamOperator for Measured<O> {
    fn open(&mut self, context: &OperatorContext, output: &mut Output) -> Result<()> {
        self.operator.open(context, output)
    }

    fn process_batch(
        &mut self,
        input: usize,
        batch: &mut ErasedBatch,
        output: &mut Output,
    ) -> Result<Progress> {
        let result = self.operator.process_batch(input, batch, output);
        self.after(result)
    }

    fn process_watermark(&mut self, watermark: Watermark, output: &mut Output) -> Result<Progress> {
        let result = self.operator.process_watermark(watermark, output);
        self.after(result)
    }

    fn process_time(&mut self, now: Timestamp, output: &mut Output) -> Result<Progress> {
        let result = self.operator.process_time(now, output);
        self.after(result)
    }

    fn next_time(&self) -> Option<Timestamp> {
        self.operator.next_time()
    }

    fn resume(&mut self, output: &mut Output) -> Result<Progress> {
        let result = self.operator.resume(output);
        self.after(result)
    }

    fn close(&mut self) -> Result<()> {
        self.operator.close()
    }
}

/// A harness and the size of what is in it.
struct Driven<T, Out> {
    harness: OperatorHarness<T, Out>,
    size: Arc<Mutex<Size>>,
}

impl<T: Data, Out: Data> Driven<T, Out> {
    fn size(&self) -> Size {
        *self.size.lock()
    }

    /// Pushes one batch of values with their times.
    fn push(&mut self, values: impl IntoIterator<Item = (T, i64)>) {
        let mut records = Records::new();
        for (value, time) in values {
            records.push(value, Timestamp::from_millis(time));
        }
        self.harness.push_batch(records).unwrap();
    }

    fn watermark(&mut self, millis: i64) {
        self.harness.watermark(millis).unwrap();
    }

    /// What came out, in order; times are those of the windows' ends.
    fn output(&mut self) -> Vec<(Out, i64)> {
        let timed = |(value, time): (Out, Option<i64>)| (value, time.unwrap_or(i64::MIN));
        self.harness.output().into_iter().map(timed).collect()
    }

    /// What came out, sorted.
    fn sorted(&mut self) -> Vec<(Out, i64)>
    where
        Out: Ord,
    {
        let mut output = self.output();
        output.sort();
        output
    }
}

/// The side output of late records.
fn late<T>() -> OutputTag<T> {
    OutputTag::new("late")
}

fn no_lateness<T>() -> Lateness<T> {
    Lateness {
        allowed: Duration::ZERO,
        side_output: None,
    }
}

fn lateness<T>(millis: u64) -> Lateness<T> {
    Lateness {
        allowed: Duration::from_millis(millis),
        side_output: None,
    }
}

fn drive<T: Data, K: Key, O: Measure + StreamOperator + 'static, Out: Data>(
    key: impl Fn(&T) -> K + Clone + Send + Sync + 'static,
    make: impl Fn(KeySelector<T, K>, &OperatorContext) -> O + Send + Sync + 'static,
) -> Driven<T, Out> {
    let size = Arc::new(Mutex::new(Size::default()));
    let selector = KeySelector::new(key.clone());
    let measured = Arc::clone(&size);
    let factory = move |context: &OperatorContext| {
        let operator = make(selector.clone(), context);
        let measured: Box<dyn StreamOperator> = Box::new(Measured {
            operator,
            size: Arc::clone(&measured),
        });
        Ok(measured)
    };
    let builder = OperatorHarness::builder()
        .key_by(key)
        .side_output(&late::<T>());
    Driven {
        harness: builder.create(&factory).unwrap(),
        size,
    }
}

/// The general operator.
fn general<T, K, A, Tr, G, F>(
    key: impl Fn(&T) -> K + Clone + Send + Sync + 'static,
    (assigner, trigger): (A, Tr),
    functions: impl Fn() -> (G, F) + Send + Sync + 'static,
    lateness: Lateness<T>,
) -> Driven<T, F::Out>
where
    T: Data,
    K: Key,
    A: WindowAssigner<T> + Sync,
    Tr: Trigger<T, A::Window> + Sync,
    G: Gather<T>,
    F: Finish<K, A::Window, G::Acc>,
{
    drive(key, move |selector, context| {
        let parts = (assigner.clone(), trigger.clone());
        WindowOperator::new(selector, parts, functions(), lateness.clone(), context)
    })
}

/// The operator over slices.
fn sliced<T, K, G, F, S>(
    key: impl Fn(&T) -> K + Clone + Send + Sync + 'static,
    grid: AlignedWindows<TimeWindow>,
    functions: impl Fn() -> (G, F) + Send + Sync + 'static,
    late: Option<OutputTag<T>>,
) -> Driven<T, F::Out>
where
    T: Data,
    K: Key,
    G: Gather<T>,
    F: Finish<K, TimeWindow, G::Acc>,
    S: Slices<T, G>,
{
    sliced_early::<_, _, _, _, S>(key, grid, functions, late, None)
}

/// The operator over slices, which may speak early: every so many milliseconds, and at the end or not.
fn sliced_early<T, K, G, F, S>(
    key: impl Fn(&T) -> K + Clone + Send + Sync + 'static,
    grid: AlignedWindows<TimeWindow>,
    functions: impl Fn() -> (G, F) + Send + Sync + 'static,
    late: Option<OutputTag<T>>,
    early: Option<(i64, bool)>,
) -> Driven<T, F::Out>
where
    T: Data,
    K: Key,
    G: Gather<T>,
    F: Finish<K, TimeWindow, G::Acc>,
    S: Slices<T, G>,
{
    drive(key, move |selector, context| {
        let late = late.clone();
        let operator = SliceWindowOperator::<_, _, _, _, _, S>::new(
            selector,
            grid,
            functions(),
            late,
            context,
        );
        match early {
            Some((interval, at_end)) => operator.with_early(interval, at_end),
            None => operator,
        }
    })
}

/// A key and a number.
type Pair = (u32, i64);

fn key(pair: &Pair) -> u32 {
    pair.0
}

/// The sum of the numbers of a key.
fn sum() -> (impl Gather<Pair, Acc = Pair>, EmitReduced) {
    (
        Reduce::new(|one: Pair, other: Pair| (one.0, one.1 + other.1)),
        EmitReduced,
    )
}

fn ms(millis: u64) -> Duration {
    Duration::from_millis(millis)
}
