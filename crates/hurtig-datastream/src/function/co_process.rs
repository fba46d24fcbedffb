//! Functions over two streams of different types.

use hurtig_runtime::OperatorContext;
use hurtig_state::OperatorState;
use hurtig_types::{Data, Key, Result, Timestamp};

use super::{Collector, KeyedProcessContext, ProcessContext};

/// Two streams, one function. `process1` takes values of the first, `process2` of the second.
///
/// ```
/// use hurtig_datastream::*;
/// use hurtig_types::Result;
///
/// #[derive(Clone)]
/// struct Both;
///
/// impl CoProcessFunction<u64, String> for Both {
///     type Out = String;
///     fn process1(&mut self, n: u64, _: &mut ProcessContext<'_>, out: &mut Collector<'_, String>) -> Result<()> {
///         out.collect(n.to_string());
///         Ok(())
///     }
///     fn process2(&mut self, s: String, _: &mut ProcessContext<'_>, out: &mut Collector<'_, String>) -> Result<()> {
///         out.collect(s);
///         Ok(())
///     }
/// }
///
/// let env = StreamExecutionEnvironment::new();
/// let (numbers, names) = (env.from_collection(vec![1]), env.from_collection(vec!["a".to_string()]));
/// let mut both = numbers.connect(&names).process(Both).execute_and_collect("both")?;
/// both.sort();
/// assert_eq!(both, ["1", "a"]);
/// # Ok::<(), hurtig_types::Error>(())
/// ```
pub trait CoProcessFunction<A, B>: Clone + Send + 'static {
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

    /// Takes a value of the first stream.
    ///
    /// # Errors
    /// When it can't; the job fails.
    fn process1(
        &mut self,
        value: A,
        ctx: &mut ProcessContext<'_>,
        out: &mut Collector<'_, Self::Out>,
    ) -> Result<()>;

    /// Takes a value of the second stream.
    ///
    /// # Errors
    /// When it can't; the job fails.
    fn process2(
        &mut self,
        value: B,
        ctx: &mut ProcessContext<'_>,
        out: &mut Collector<'_, Self::Out>,
    ) -> Result<()>;

    /// Called once per subtask, before [`open`](Self::open): the moment to look at the state without a key that was restored.
    ///
    /// An example is at [`ProcessFunction::initialize_state`](crate::ProcessFunction::initialize_state).
    ///
    /// # Errors
    /// When it can't work with what is there; the job fails.
    fn initialize_state(&mut self, state: &mut OperatorState) -> Result<()> {
        let _ = state;
        Ok(())
    }

    /// A barrier: the moment to put into the state what is kept elsewhere. What is in the state already needs nothing done.
    ///
    /// # Errors
    /// When that is impossible; the job fails.
    fn snapshot_state(&mut self, state: &mut OperatorState) -> Result<()> {
        let _ = state;
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

/// Two streams keyed alike, one function: both sides see the same state and timers under a key.
///
/// ```
/// use hurtig_datastream::*;
/// use hurtig_types::Result;
///
/// /// Joins each price with the latest name of its product.
/// #[derive(Clone)]
/// struct Latest { name: ValueState<String> }
///
/// impl KeyedCoProcessFunction<u64, (u64, String), (u64, i64)> for Latest {
///     type Out = (String, i64);
///     fn process1(
///         &mut self, named: (u64, String), ctx: &mut KeyedProcessContext<'_, u64>, _: &mut Collector<'_, Self::Out>,
///     ) -> Result<()> {
///         self.name.set(ctx, named.1)
///     }
///     fn process2(
///         &mut self, priced: (u64, i64), ctx: &mut KeyedProcessContext<'_, u64>, out: &mut Collector<'_, Self::Out>,
///     ) -> Result<()> {
///         if let Some(name) = self.name.get(ctx)? {
///             out.collect((name.clone(), priced.1));
///         }
///         Ok(())
///     }
/// }
/// ```
pub trait KeyedCoProcessFunction<K: Key, A, B>: Clone + Send + 'static {
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

    /// Takes a value of the first stream.
    ///
    /// # Errors
    /// When it can't; the job fails.
    fn process1(
        &mut self,
        value: A,
        ctx: &mut KeyedProcessContext<'_, K>,
        out: &mut Collector<'_, Self::Out>,
    ) -> Result<()>;

    /// Takes a value of the second stream.
    ///
    /// # Errors
    /// When it can't; the job fails.
    fn process2(
        &mut self,
        value: B,
        ctx: &mut KeyedProcessContext<'_, K>,
        out: &mut Collector<'_, Self::Out>,
    ) -> Result<()>;

    /// A timer that was registered under the current key has fired.
    ///
    /// # Errors
    /// When it can't; the job fails.
    fn on_timer(
        &mut self,
        timestamp: Timestamp,
        ctx: &mut KeyedProcessContext<'_, K>,
        out: &mut Collector<'_, Self::Out>,
    ) -> Result<()> {
        let _ = (timestamp, ctx, out);
        Ok(())
    }

    /// Called once per subtask, before [`open`](Self::open): the moment to look at the state without a key that was restored.
    ///
    /// An example is at [`ProcessFunction::initialize_state`](crate::ProcessFunction::initialize_state).
    ///
    /// # Errors
    /// When it can't work with what is there; the job fails.
    fn initialize_state(&mut self, state: &mut OperatorState) -> Result<()> {
        let _ = state;
        Ok(())
    }

    /// A barrier: the moment to put into the state what is kept elsewhere. What is in the state already needs nothing done.
    ///
    /// # Errors
    /// When that is impossible; the job fails.
    fn snapshot_state(&mut self, state: &mut OperatorState) -> Result<()> {
        let _ = state;
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
