//! A keyed stream that is cut into windows.

use std::ops::AddAssign;
use std::time::Duration;

use hurtig_runtime::OutputTag;
use hurtig_state::AggregateFunction;
use hurtig_types::{Data, Key, Result};

use crate::stream::short_type_name;
use crate::window::assigner::WindowAssigner;
use crate::window::evictor::{BoxedEvictor, Evictor};
use crate::window::function::{
    Aggregate, Count, EmitAggregate, EmitReduced, Extreme, ProcessClosure, ProcessOne, Reduce,
    ResultClosure, replace_field,
};
use crate::window::operator::Lateness;
use crate::window::trigger::Trigger;
use crate::window::{Elements, ProcessWindowFunction, WindowContext};
use crate::{Collector, DataStream, KeyedStream};

/// A keyed stream that is cut into windows: what is said about them, and at last what is made of each.
///
/// Every result is stamped with the last point in time of its window. What is wrong (a window of size 0, sessions
/// with a trigger that can't merge) shows when the job is run, before it starts.
///
/// ```
/// use std::time::Duration;
/// use hurtig_datastream::EventTimeSessionWindows;
/// use hurtig_datastream::{OutputTag, StreamExecutionEnvironment, WatermarkStrategy};
///
/// let env = StreamExecutionEnvironment::new();
/// let late = OutputTag::new("late");
/// let clicks = env.from_collection(vec![("ann".to_string(), 0i64), ("ann".to_string(), 20), ("ann".to_string(), 90)]);
/// let visits = clicks
///     .assign_timestamps_and_watermarks(WatermarkStrategy::monotonous().with_timestamps(|click: &(String, i64)| click.1))
///     .key_by(|click| click.0.clone())
///     .window(EventTimeSessionWindows::with_gap(Duration::from_millis(30)))
///     .allowed_lateness(Duration::from_millis(5))
///     .side_output_late_data(&late)
///     .process_fn(|user, ctx, clicks, out| {
///         out.collect((user.clone(), ctx.window().end.as_millis(), clicks.len()));
///         Ok(())
///     });
/// let visits = visits.execute_and_collect("visits").unwrap();
/// assert_eq!(visits, [("ann".to_string(), 50, 2), ("ann".to_string(), 120, 1)]);
/// ```
pub struct WindowedStream<T, K, A, Tr = <A as WindowAssigner<T>>::Trigger>
where
    A: WindowAssigner<T>,
{
    pub(super) stream: KeyedStream<T, K>,
    pub(super) assigner: A,
    pub(super) trigger: Tr,
    pub(super) evictor: Option<BoxedEvictor<T, A::Window>>,
    pub(super) lateness: Lateness<T>,
    pub(super) in_arrival_order: bool,
}

impl<T, K, A, Tr> WindowedStream<T, K, A, Tr>
where
    T: Data,
    K: Key,
    A: WindowAssigner<T>,
    Tr: Trigger<T, A::Window>,
{
    pub(super) const fn new(stream: KeyedStream<T, K>, assigner: A, trigger: Tr) -> Self {
        let lateness = Lateness {
            allowed: Duration::ZERO,
            side_output: None,
        };
        Self {
            stream,
            assigner,
            trigger,
            evictor: None,
            lateness,
            in_arrival_order: false,
        }
    }

    /// Lets another trigger decide when windows fire.
    #[must_use]
    pub fn trigger<Other>(self, trigger: Other) -> WindowedStream<T, K, A, Other>
    where
        Other: Trigger<T, A::Window>,
    {
        let Self {
            stream,
            assigner,
            evictor,
            lateness,
            in_arrival_order,
            ..
        } = self;
        WindowedStream {
            stream,
            assigner,
            trigger,
            evictor,
            lateness,
            in_arrival_order,
        }
    }

    /// Lets an evictor throw records away when windows fire. All records are kept until then.
    #[must_use]
    pub fn evictor(self, evictor: impl Evictor<T, A::Window>) -> Self {
        Self {
            evictor: Some(BoxedEvictor::new(evictor)),
            ..self
        }
    }

    /// Keeps windows for so long after their end, and fires them again for each record that comes in that time.
    #[must_use]
    pub fn allowed_lateness(self, allowed: Duration) -> Self {
        Self {
            lateness: Lateness {
                allowed,
                ..self.lateness
            },
            ..self
        }
    }

    /// Sends records that come after all their windows have gone to a side output, instead of dropping them. Where
    /// they are dropped, `numLateRecordsDropped` counts them.
    #[must_use]
    pub fn side_output_late_data(self, tag: &OutputTag<T>) -> Self {
        Self {
            lateness: Lateness {
                side_output: Some(tag.clone()),
                ..self.lateness
            },
            ..self
        }
    }

    /// Puts the records of sliding windows together strictly in the order in which they came.
    ///
    /// Without it, sliding windows share their work, and put records together slice by slice in the order of event
    /// time: the same, and much faster, wherever the order of records that came out of order does not matter.
    #[must_use]
    pub fn in_arrival_order(self) -> Self {
        Self {
            in_arrival_order: true,
            ..self
        }
    }

    /// Folds the records of a window into one. One record is kept per window.
    ///
    /// ```
    /// use hurtig_datastream::StreamExecutionEnvironment;
    ///
    /// let env = StreamExecutionEnvironment::new();
    /// let products = env.from_sequence(1, 4).key_by(|x| x % 2).count_window(2).reduce(|a, b| a * b);
    /// assert_eq!(products.execute_and_collect("products").unwrap(), [1 * 3, 2 * 4]);
    /// ```
    pub fn reduce(self, reduce: impl FnMut(T, T) -> T + Clone + Send + 'static) -> DataStream<T> {
        self.reduce_named("ReduceFunction", reduce)
    }

    /// Aggregates the records of a window. One accumulator is kept per window.
    ///
    /// ```
    /// use hurtig_datastream::{AggregateFunction, StreamExecutionEnvironment};
    ///
    /// #[derive(Clone)]
    /// struct Mean;
    ///
    /// impl AggregateFunction<u64> for Mean {
    ///     type Acc = (u64, u64);
    ///     type Out = f64;
    ///     fn create_accumulator(&self) -> (u64, u64) { (0, 0) }
    ///     fn add(&self, acc: &mut (u64, u64), value: u64) { *acc = (acc.0 + value, acc.1 + 1) }
    ///     fn merge(&self, into: &mut (u64, u64), from: (u64, u64)) { *into = (into.0 + from.0, into.1 + from.1) }
    ///     fn result(&self, acc: &(u64, u64)) -> f64 { acc.0 as f64 / acc.1 as f64 }
    /// }
    ///
    /// let env = StreamExecutionEnvironment::new();
    /// let means = env.from_sequence(1, 4).key_by(|_| 0u8).count_window(4).aggregate(Mean);
    /// assert_eq!(means.execute_and_collect("means").unwrap(), [2.5]);
    /// ```
    pub fn aggregate<F: AggregateFunction<T>>(self, function: F) -> DataStream<F::Out>
    where
        F::Out: Data,
    {
        self.build_incremental(&function_name::<F>(), function, |function: F| {
            (Aggregate(function.clone()), EmitAggregate::new(function))
        })
    }

    /// Calls a function with all records of a window.
    pub fn process<P>(self, function: P) -> DataStream<P::Out>
    where
        P: ProcessWindowFunction<K, T, A::Window>,
    {
        self.build_whole(&function_name::<P>(), function)
    }

    /// A closure in the place of a [`ProcessWindowFunction`].
    ///
    /// ```
    /// use hurtig_datastream::StreamExecutionEnvironment;
    ///
    /// let env = StreamExecutionEnvironment::new();
    /// let pairs = env.from_sequence(1, 4).key_by(|_| 0u8).count_window(2).process_fn(|_key, _ctx, elements, out| {
    ///     out.collect(elements.into_vec());
    ///     Ok(())
    /// });
    /// assert_eq!(pairs.execute_and_collect("pairs").unwrap(), [[1, 2], [3, 4]]);
    /// ```
    pub fn process_fn<Out: Data>(
        self,
        function: impl FnMut(
            &K,
            &mut WindowContext<'_, K, A::Window>,
            Elements<'_, T>,
            &mut Collector<'_, Out>,
        ) -> Result<()>
        + Clone
        + Send
        + 'static,
    ) -> DataStream<Out> {
        self.build_whole("ProcessWindowFunction", ProcessClosure::new(function))
    }

    /// Folds the records of a window into one, with which the function is called.
    pub fn reduce_with<P>(
        self,
        reduce: impl FnMut(T, T) -> T + Clone + Send + 'static,
        function: P,
    ) -> DataStream<P::Out>
    where
        P: ProcessWindowFunction<K, T, A::Window>,
    {
        let name = format!("ReduceFunction, {}", function_name::<P>());
        self.build_incremental(&name, (reduce, function), |(reduce, function)| {
            (Reduce::new(reduce), ProcessOne::new(EmitReduced, function))
        })
    }

    /// Folds the records of a window into one, with which the closure is called.
    ///
    /// ```
    /// use std::time::Duration;
    /// use hurtig_datastream::TumblingEventTimeWindows;
    /// use hurtig_datastream::{StreamExecutionEnvironment, WatermarkStrategy};
    ///
    /// let env = StreamExecutionEnvironment::new();
    /// let last = env.from_collection(vec![3i64, 7, 12])
    ///     .assign_timestamps_and_watermarks(WatermarkStrategy::monotonous().with_timestamps(|time: &i64| *time))
    ///     .key_by(|_| 'k')
    ///     .window(TumblingEventTimeWindows::of(Duration::from_millis(10)))
    ///     .reduce_with_fn(|a, b| a.max(b), |key, ctx, last, out| {
    ///         out.collect((*key, ctx.window().start.as_millis(), last));
    ///         Ok(())
    ///     });
    /// assert_eq!(last.execute_and_collect("last").unwrap(), [('k', 0, 7), ('k', 10, 12)]);
    /// ```
    pub fn reduce_with_fn<Out: Data>(
        self,
        reduce: impl FnMut(T, T) -> T + Clone + Send + 'static,
        function: impl FnMut(
            &K,
            &mut WindowContext<'_, K, A::Window>,
            T,
            &mut Collector<'_, Out>,
        ) -> Result<()>
        + Clone
        + Send
        + 'static,
    ) -> DataStream<Out> {
        let name = "ReduceFunction, ProcessWindowFunction";
        self.build_incremental(name, (reduce, ResultClosure::new(function)), |functions| {
            (
                Reduce::new(functions.0),
                ProcessOne::new(EmitReduced, functions.1),
            )
        })
    }

    /// Aggregates the records of a window, and calls the function with the one result.
    pub fn aggregate_with<F, P>(self, aggregate: F, function: P) -> DataStream<P::Out>
    where
        F: AggregateFunction<T>,
        F::Out: Data,
        P: ProcessWindowFunction<K, F::Out, A::Window>,
    {
        let name = format!("{}, {}", function_name::<F>(), function_name::<P>());
        self.build_incremental(
            &name,
            (aggregate, function),
            |(aggregate, function): (F, P)| {
                let conclude = EmitAggregate::new(aggregate.clone());
                (Aggregate(aggregate), ProcessOne::new(conclude, function))
            },
        )
    }

    /// Aggregates the records of a window, and calls the closure with the one result.
    pub fn aggregate_with_fn<F, Out>(
        self,
        aggregate: F,
        function: impl FnMut(
            &K,
            &mut WindowContext<'_, K, A::Window>,
            F::Out,
            &mut Collector<'_, Out>,
        ) -> Result<()>
        + Clone
        + Send
        + 'static,
    ) -> DataStream<Out>
    where
        F: AggregateFunction<T>,
        F::Out: Data,
        Out: Data,
    {
        let name = format!("{}, ProcessWindowFunction", function_name::<F>());
        let functions = (aggregate, ResultClosure::new(function));
        self.build_incremental(&name, functions, |(aggregate, function)| {
            let conclude = EmitAggregate::new(aggregate.clone());
            (Aggregate(aggregate), ProcessOne::new(conclude, function))
        })
    }

    /// How many records a window has.
    pub fn count(self) -> DataStream<u64> {
        self.build_incremental("CountFunction", (), |()| {
            (Aggregate(Count), EmitAggregate::<T, Count>::new(Count))
        })
    }

    /// How many records a window has, with which the closure is called.
    ///
    /// ```
    /// use hurtig_datastream::StreamExecutionEnvironment;
    ///
    /// let env = StreamExecutionEnvironment::new();
    /// let counts = env.from_sequence(1, 5).key_by(|x| x % 2).count_window(2).count_with_fn(|key, _ctx, count, out| {
    ///     out.collect((*key, count));
    ///     Ok(())
    /// });
    /// assert_eq!(counts.execute_and_collect("counts").unwrap(), [(1, 2), (0, 2)]);
    /// ```
    pub fn count_with_fn<Out: Data>(
        self,
        function: impl FnMut(
            &K,
            &mut WindowContext<'_, K, A::Window>,
            u64,
            &mut Collector<'_, Out>,
        ) -> Result<()>
        + Clone
        + Send
        + 'static,
    ) -> DataStream<Out> {
        let name = "CountFunction, ProcessWindowFunction";
        self.build_incremental(name, ResultClosure::new(function), |function| {
            (
                Aggregate(Count),
                ProcessOne::new(EmitAggregate::<T, Count>::new(Count), function),
            )
        })
    }

    /// Adds up a field; the other fields are those of the window's first record.
    ///
    /// ```
    /// use hurtig_datastream::StreamExecutionEnvironment;
    ///
    /// let env = StreamExecutionEnvironment::new();
    /// let sales = env.from_collection(vec![('a', 1), ('a', 2), ('b', 5), ('b', 5)]);
    /// let sums = sales.key_by(|sale| sale.0).count_window(2).sum(|sale| &mut sale.1);
    /// assert_eq!(sums.execute_and_collect("sums").unwrap(), [('a', 3), ('b', 10)]);
    /// ```
    pub fn sum<N: AddAssign + Copy>(
        self,
        field: impl Fn(&mut T) -> &mut N + Clone + Send + 'static,
    ) -> DataStream<T> {
        self.reduce_named("SumFunction", move |mut sum, mut record| {
            *field(&mut sum) += *field(&mut record);
            sum
        })
    }

    /// The lowest value of a field; the other fields are those of the window's first record.
    pub fn min<N: PartialOrd + Copy>(
        self,
        field: impl Fn(&mut T) -> &mut N + Clone + Send + 'static,
    ) -> DataStream<T> {
        self.reduce_named("MinFunction", move |first, second| {
            replace_field(first, second, &field, Extreme::Least)
        })
    }

    /// The highest value of a field; the other fields are those of the window's first record.
    pub fn max<N: PartialOrd + Copy>(
        self,
        field: impl Fn(&mut T) -> &mut N + Clone + Send + 'static,
    ) -> DataStream<T> {
        self.reduce_named("MaxFunction", move |first, second| {
            replace_field(first, second, &field, Extreme::Greatest)
        })
    }

    /// The record with the lowest value of a field; of several, the first.
    pub fn min_by<N: PartialOrd>(
        self,
        field: impl Fn(&T) -> N + Clone + Send + 'static,
    ) -> DataStream<T> {
        self.reduce_named("MinByFunction", move |first, second| {
            if Extreme::Least.prefers(&field(&second), &field(&first)) {
                second
            } else {
                first
            }
        })
    }

    /// The record with the highest value of a field; of several, the first.
    pub fn max_by<N: PartialOrd>(
        self,
        field: impl Fn(&T) -> N + Clone + Send + 'static,
    ) -> DataStream<T> {
        self.reduce_named("MaxByFunction", move |first, second| {
            if Extreme::Greatest.prefers(&field(&second), &field(&first)) {
                second
            } else {
                first
            }
        })
    }

    fn reduce_named(
        self,
        name: &str,
        reduce: impl FnMut(T, T) -> T + Clone + Send + 'static,
    ) -> DataStream<T> {
        self.build_incremental(name, reduce, |reduce| (Reduce::new(reduce), EmitReduced))
    }
}

/// A function's type, without what makes it fit for us.
fn function_name<F>() -> String {
    let name = short_type_name::<F>();
    let inner = name
        .strip_prefix("AllWindows<")
        .and_then(|rest| rest.strip_suffix('>'));
    inner.unwrap_or(&name).to_string()
}
