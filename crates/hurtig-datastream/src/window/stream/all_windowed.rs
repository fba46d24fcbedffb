//! A whole stream that is cut into windows.

use std::ops::AddAssign;
use std::time::Duration;

use hurtig_runtime::OutputTag;
use hurtig_state::AggregateFunction;
use hurtig_types::{Data, Result};

use super::WindowedStream;
use crate::window::assigner::WindowAssigner;
use crate::window::evictor::Evictor;
use crate::window::function::AllWindows;
use crate::window::trigger::Trigger;
use crate::window::{Elements, ProcessAllWindowFunction, WindowContext};
use crate::{Collector, DataStream};

/// A whole stream that is cut into windows: as a [`WindowedStream`] of one key, in one subtask.
///
/// ```
/// use hurtig_datastream::StreamExecutionEnvironment;
///
/// let env = StreamExecutionEnvironment::new();
/// let longest = env.from_collection(["a", "abc", "ab", "abcd"].map(String::from))
///     .count_window_all(2)
///     .max_by(|word| word.len());
/// assert_eq!(longest.execute_and_collect("longest").unwrap(), ["abc", "abcd"]);
/// ```
pub struct AllWindowedStream<T, A, Tr = <A as WindowAssigner<T>>::Trigger>
where
    A: WindowAssigner<T>,
{
    windows: WindowedStream<T, (), A, Tr>,
}

impl<T, A, Tr> AllWindowedStream<T, A, Tr>
where
    T: Data,
    A: WindowAssigner<T>,
    Tr: Trigger<T, A::Window>,
{
    pub(super) const fn new(windows: WindowedStream<T, (), A, Tr>) -> Self {
        Self { windows }
    }

    /// Lets another trigger decide when windows fire.
    #[must_use]
    pub fn trigger<Other>(self, trigger: Other) -> AllWindowedStream<T, A, Other>
    where
        Other: Trigger<T, A::Window>,
    {
        AllWindowedStream {
            windows: self.windows.trigger(trigger),
        }
    }

    /// Lets an evictor throw records away when windows fire. All records are kept until then.
    #[must_use]
    pub fn evictor(self, evictor: impl Evictor<T, A::Window>) -> Self {
        Self {
            windows: self.windows.evictor(evictor),
        }
    }

    /// Keeps windows for so long after their end, and fires them again for each record that comes in that time.
    #[must_use]
    pub fn allowed_lateness(self, allowed: Duration) -> Self {
        Self {
            windows: self.windows.allowed_lateness(allowed),
        }
    }

    /// Sends records that come after all their windows have gone to a side output, instead of dropping them.
    #[must_use]
    pub fn side_output_late_data(self, tag: &OutputTag<T>) -> Self {
        Self {
            windows: self.windows.side_output_late_data(tag),
        }
    }

    /// As [`WindowedStream::in_arrival_order`].
    #[must_use]
    pub fn in_arrival_order(self) -> Self {
        Self {
            windows: self.windows.in_arrival_order(),
        }
    }

    /// Folds the records of a window into one.
    pub fn reduce(self, reduce: impl FnMut(T, T) -> T + Clone + Send + 'static) -> DataStream<T> {
        self.windows.reduce(reduce).in_one_subtask()
    }

    /// Aggregates the records of a window.
    pub fn aggregate<F: AggregateFunction<T>>(self, function: F) -> DataStream<F::Out>
    where
        F::Out: Data,
    {
        self.windows.aggregate(function).in_one_subtask()
    }

    /// Calls a function with all records of a window.
    pub fn process<P>(self, function: P) -> DataStream<P::Out>
    where
        P: ProcessAllWindowFunction<T, A::Window>,
    {
        self.windows.process(AllWindows(function)).in_one_subtask()
    }

    /// A closure in the place of a [`ProcessAllWindowFunction`].
    pub fn process_fn<Out: Data>(
        self,
        function: impl FnMut(
            &mut WindowContext<'_, (), A::Window>,
            Elements<'_, T>,
            &mut Collector<'_, Out>,
        ) -> Result<()>
        + Clone
        + Send
        + 'static,
    ) -> DataStream<Out> {
        let mut function = function;
        let windows = self.windows;
        windows
            .process_fn(move |(), ctx, elements, out| function(ctx, elements, out))
            .in_one_subtask()
    }

    /// Folds the records of a window into one, with which the function is called.
    pub fn reduce_with<P>(
        self,
        reduce: impl FnMut(T, T) -> T + Clone + Send + 'static,
        function: P,
    ) -> DataStream<P::Out>
    where
        P: ProcessAllWindowFunction<T, A::Window>,
    {
        self.windows
            .reduce_with(reduce, AllWindows(function))
            .in_one_subtask()
    }

    /// Aggregates the records of a window, and calls the function with the one result.
    pub fn aggregate_with<F, P>(self, aggregate: F, function: P) -> DataStream<P::Out>
    where
        F: AggregateFunction<T>,
        F::Out: Data,
        P: ProcessAllWindowFunction<F::Out, A::Window>,
    {
        self.windows
            .aggregate_with(aggregate, AllWindows(function))
            .in_one_subtask()
    }

    /// How many records a window has.
    pub fn count(self) -> DataStream<u64> {
        self.windows.count().in_one_subtask()
    }

    /// Adds up a field; the other fields are those of the window's first record.
    pub fn sum<N: AddAssign + Copy>(
        self,
        field: impl Fn(&mut T) -> &mut N + Clone + Send + 'static,
    ) -> DataStream<T> {
        self.windows.sum(field).in_one_subtask()
    }

    /// The lowest value of a field; the other fields are those of the window's first record.
    pub fn min<N: PartialOrd + Copy>(
        self,
        field: impl Fn(&mut T) -> &mut N + Clone + Send + 'static,
    ) -> DataStream<T> {
        self.windows.min(field).in_one_subtask()
    }

    /// The highest value of a field; the other fields are those of the window's first record.
    pub fn max<N: PartialOrd + Copy>(
        self,
        field: impl Fn(&mut T) -> &mut N + Clone + Send + 'static,
    ) -> DataStream<T> {
        self.windows.max(field).in_one_subtask()
    }

    /// The record with the lowest value of a field; of several, the first.
    pub fn min_by<N: PartialOrd>(
        self,
        field: impl Fn(&T) -> N + Clone + Send + 'static,
    ) -> DataStream<T> {
        self.windows.min_by(field).in_one_subtask()
    }

    /// The record with the highest value of a field; of several, the first.
    pub fn max_by<N: PartialOrd>(
        self,
        field: impl Fn(&T) -> N + Clone + Send + 'static,
    ) -> DataStream<T> {
        self.windows.max_by(field).in_one_subtask()
    }
}
