//! Functions that see a window whole.

use std::marker::PhantomData;

use hurtig_runtime::OperatorContext;
use hurtig_types::{Data, Key, Result};

use super::{Elements, WindowContext};
use crate::Collector;
use crate::window::window::Window;

/// Any number of results of the records of a window: with the window's bounds, time, states and side outputs.
///
/// Called each time the window fires, on the one thread of the subtask. Every record is kept until then; where a
/// reduction or an aggregate comes first (`reduce_with`, `aggregate_with`), only its one result is.
///
/// ```
/// use std::time::Duration;
/// use hurtig_datastream::{Elements, ProcessWindowFunction, TimeWindow, TumblingEventTimeWindows, WindowContext};
/// use hurtig_datastream::{Collector, StreamExecutionEnvironment, WatermarkStrategy};
/// use hurtig_types::Result;
///
/// /// How many records a key has in each window, and where the window begins.
/// #[derive(Clone)]
/// struct CountWithStart;
///
/// impl ProcessWindowFunction<u8, i64, TimeWindow> for CountWithStart {
///     type Out = (u8, i64, usize);
///
///     fn process(
///         &mut self, key: &u8, ctx: &mut WindowContext<'_, u8, TimeWindow>, elements: Elements<'_, i64>,
///         out: &mut Collector<'_, Self::Out>,
///     ) -> Result<()> {
///         out.collect((*key, ctx.window().start.as_millis(), elements.len()));
///         Ok(())
///     }
/// }
///
/// let env = StreamExecutionEnvironment::new();
/// let counts = env.from_collection(vec![1i64, 2, 12])
///     .assign_timestamps_and_watermarks(WatermarkStrategy::monotonous().with_timestamps(|time: &i64| *time))
///     .key_by(|_| 7u8)
///     .window(TumblingEventTimeWindows::of(Duration::from_millis(10)))
///     .process(CountWithStart);
/// assert_eq!(counts.execute_and_collect("counts").unwrap(), [(7, 0, 2), (7, 10, 1)]);
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no `ProcessWindowFunction<{K}, {In}, {W}>`",
    note = "for a closure `|key, ctx, elements, out| …`, use `process_fn`"
)]
pub trait ProcessWindowFunction<K: Key, In, W: Window>: Clone + Send + 'static {
    /// What it makes.
    type Out: Data;

    /// Called once per subtask, first.
    ///
    /// # Errors
    /// When it can't work; the job fails.
    fn open(&mut self, context: &OperatorContext) -> Result<()> {
        let _ = context;
        Ok(())
    }

    /// The window fires. What one call emits is kept in memory until it returns.
    ///
    /// # Errors
    /// When it can't; the job fails.
    fn process(
        &mut self,
        key: &K,
        ctx: &mut WindowContext<'_, K, W>,
        elements: Elements<'_, In>,
        out: &mut Collector<'_, Self::Out>,
    ) -> Result<()>;

    /// The window goes. Its own states go by themselves afterwards.
    ///
    /// # Errors
    /// When it can't; the job fails.
    fn clear(&mut self, key: &K, ctx: &mut WindowContext<'_, K, W>) -> Result<()> {
        let _ = (key, ctx);
        Ok(())
    }

    /// Called once per subtask, last, on every path.
    ///
    /// # Errors
    /// When something could not be ended well.
    fn close(&mut self) -> Result<()> {
        Ok(())
    }
}

/// A [`ProcessWindowFunction`] for windows over a whole stream, which has no keys.
///
/// ```
/// use std::time::Duration;
/// use hurtig_datastream::{Elements, ProcessAllWindowFunction, TimeWindow, TumblingEventTimeWindows, WindowContext};
/// use hurtig_datastream::{Collector, StreamExecutionEnvironment, WatermarkStrategy};
/// use hurtig_types::Result;
///
/// #[derive(Clone)]
/// struct Longest;
///
/// impl ProcessAllWindowFunction<(i64, String), TimeWindow> for Longest {
///     type Out = String;
///
///     fn process(
///         &mut self, _: &mut WindowContext<'_, (), TimeWindow>, lines: Elements<'_, (i64, String)>,
///         out: &mut Collector<'_, String>,
///     ) -> Result<()> {
///         lines.into_iter().map(|line| line.1).max_by_key(String::len).into_iter().for_each(|line| out.collect(line));
///         Ok(())
///     }
/// }
///
/// let env = StreamExecutionEnvironment::new();
/// let lines = vec![(1i64, "to be".to_string()), (2, "or not to be".to_string())];
/// let longest = env.from_collection(lines)
///     .assign_timestamps_and_watermarks(WatermarkStrategy::monotonous().with_timestamps(|line: &(i64, String)| line.0))
///     .window_all(TumblingEventTimeWindows::of(Duration::from_millis(10)))
///     .process(Longest);
/// assert_eq!(longest.execute_and_collect("longest").unwrap(), ["or not to be"]);
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no `ProcessAllWindowFunction<{In}, {W}>`",
    note = "for a closure `|ctx, elements, out| …`, use `process_fn`"
)]
pub trait ProcessAllWindowFunction<In, W: Window>: Clone + Send + 'static {
    /// What it makes.
    type Out: Data;

    /// Called once per subtask, first.
    ///
    /// # Errors
    /// When it can't work; the job fails.
    fn open(&mut self, context: &OperatorContext) -> Result<()> {
        let _ = context;
        Ok(())
    }

    /// The window fires. What one call emits is kept in memory until it returns.
    ///
    /// # Errors
    /// When it can't; the job fails.
    fn process(
        &mut self,
        ctx: &mut WindowContext<'_, (), W>,
        elements: Elements<'_, In>,
        out: &mut Collector<'_, Self::Out>,
    ) -> Result<()>;

    /// The window goes. Its own states go by themselves afterwards.
    ///
    /// # Errors
    /// When it can't; the job fails.
    fn clear(&mut self, ctx: &mut WindowContext<'_, (), W>) -> Result<()> {
        let _ = ctx;
        Ok(())
    }

    /// Called once per subtask, last, on every path.
    ///
    /// # Errors
    /// When something could not be ended well.
    fn close(&mut self) -> Result<()> {
        Ok(())
    }
}

/// A whole stream is the stream of one key, which says nothing.
#[derive(Clone)]
pub(in crate::window) struct AllWindows<P>(pub(in crate::window) P);

impl<In, W: Window, P: ProcessAllWindowFunction<In, W>> ProcessWindowFunction<(), In, W>
    for AllWindows<P>
{
    type Out = P::Out;

    fn open(&mut self, context: &OperatorContext) -> Result<()> {
        self.0.open(context)
    }

    fn process(
        &mut self,
        (): &(),
        ctx: &mut WindowContext<'_, (), W>,
        elements: Elements<'_, In>,
        out: &mut Collector<'_, P::Out>,
    ) -> Result<()> {
        self.0.process(ctx, elements, out)
    }

    fn clear(&mut self, (): &(), ctx: &mut WindowContext<'_, (), W>) -> Result<()> {
        self.0.clear(ctx)
    }

    fn close(&mut self) -> Result<()> {
        self.0.close()
    }
}

/// A closure in the place of a [`ProcessWindowFunction`] that is given one result.
pub(in crate::window) struct ResultClosure<F, Out> {
    function: F,
    out: PhantomData<fn() -> Out>,
}

impl<F, Out> ResultClosure<F, Out> {
    pub(in crate::window) const fn new(function: F) -> Self {
        Self {
            function,
            out: PhantomData,
        }
    }
}

impl<F: Clone, Out> Clone for ResultClosure<F, Out> {
    fn clone(&self) -> Self {
        Self::new(self.function.clone())
    }
}

impl<K, R, W, F, Out> ProcessWindowFunction<K, R, W> for ResultClosure<F, Out>
where
    K: Key,
    R: Data,
    W: Window,
    Out: Data,
    F: FnMut(&K, &mut WindowContext<'_, K, W>, R, &mut Collector<'_, Out>) -> Result<()>
        + Clone
        + Send
        + 'static,
{
    type Out = Out;

    fn process(
        &mut self,
        key: &K,
        ctx: &mut WindowContext<'_, K, W>,
        elements: Elements<'_, R>,
        out: &mut Collector<'_, Out>,
    ) -> Result<()> {
        match elements.into_first() {
            Some(result) => (self.function)(key, ctx, result, out),
            None => Ok(()),
        }
    }
}

/// A closure in the place of a [`ProcessWindowFunction`].
pub(in crate::window) struct ProcessClosure<F, Out> {
    function: F,
    out: PhantomData<fn() -> Out>,
}

impl<F, Out> ProcessClosure<F, Out> {
    pub(in crate::window) const fn new(function: F) -> Self {
        Self {
            function,
            out: PhantomData,
        }
    }
}

impl<F: Clone, Out> Clone for ProcessClosure<F, Out> {
    fn clone(&self) -> Self {
        Self::new(self.function.clone())
    }
}

impl<K, In, W, F, Out> ProcessWindowFunction<K, In, W> for ProcessClosure<F, Out>
where
    K: Key,
    W: Window,
    Out: Data,
    F: FnMut(
            &K,
            &mut WindowContext<'_, K, W>,
            Elements<'_, In>,
            &mut Collector<'_, Out>,
        ) -> Result<()>
        + Clone
        + Send
        + 'static,
{
    type Out = Out;

    fn process(
        &mut self,
        key: &K,
        ctx: &mut WindowContext<'_, K, W>,
        elements: Elements<'_, In>,
        out: &mut Collector<'_, Out>,
    ) -> Result<()> {
        (self.function)(key, ctx, elements, out)
    }
}
