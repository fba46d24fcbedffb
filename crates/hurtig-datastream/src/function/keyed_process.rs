//! The most general function over a keyed stream: state, timers, side outputs.

use hurtig_runtime::{OperatorContext, OutputTag, SideOutputs};
use hurtig_state::{
    KeyedContext, KeyedState, OperatorState, OperatorStateAccess, OperatorStateContext,
    TimerService,
};
use hurtig_types::{Data, Error, Key, Result, Timestamp};

use super::Collector;

/// Any number of results of one value, with state and timers under the value's key.
///
/// ```
/// use std::time::Duration;
/// use hurtig_datastream::*;
/// use hurtig_types::{Result, Timestamp};
///
/// /// Tells the count of a key once it has been quiet for a minute of event time.
/// #[derive(Clone)]
/// struct CountUntilQuiet { count: ValueState<u64>, last: ValueState<Timestamp> }
///
/// impl KeyedProcessFunction<String, String> for CountUntilQuiet {
///     type Out = (String, u64);
///
///     fn process(
///         &mut self, _word: String, ctx: &mut KeyedProcessContext<'_, String>, _out: &mut Collector<'_, Self::Out>,
///     ) -> Result<()> {
///         *self.count.get_or_default(ctx)? += 1;
///         let quiet = ctx.timestamp().unwrap_or_default() + Duration::from_secs(60);
///         self.last.set(ctx, quiet)?;
///         ctx.register_event_time_timer(quiet)
///     }
///
///     fn on_timer(
///         &mut self, time: Timestamp, ctx: &mut KeyedProcessContext<'_, String>, out: &mut Collector<'_, Self::Out>,
///     ) -> Result<()> {
///         if self.last.get(ctx)? == Some(&time) {
///             let count = self.count.take(ctx)?.unwrap_or(0);
///             out.collect((ctx.current_key().clone(), count));
///         }
///         Ok(())
///     }
/// }
///
/// let env = StreamExecutionEnvironment::new();
/// let words = env.from_collection(vec![("a".to_string(), 1_000i64), ("a".to_string(), 2_000)])
///     .assign_timestamps_and_watermarks(WatermarkStrategy::monotonous().with_timestamps(|word: &(String, i64)| word.1))
///     .map(|word| word.0);
/// let function = CountUntilQuiet { count: ValueState::new("count"), last: ValueState::new("last") };
/// let counts = words.key_by(|word| word.clone()).process(function);
/// assert_eq!(counts.execute_and_collect("quiet")?, [("a".to_string(), 2)]);
/// # Ok::<(), hurtig_types::Error>(())
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no `KeyedProcessFunction<{K}, {In}>`",
    note = "for a closure `|value, ctx, out| …`, use `process_fn`"
)]
pub trait KeyedProcessFunction<K: Key, In>: Clone + Send + 'static {
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

    /// Takes a value. What one call emits is kept in memory until it returns.
    ///
    /// # Errors
    /// When it can't; the job fails.
    fn process(
        &mut self,
        value: In,
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

/// In which time a timer fires.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub enum TimeDomain {
    /// By the watermark.
    EventTime,
    /// By the clock.
    ProcessingTime,
}

/// What a keyed function sees beside the value: key, state, timers, time, side outputs.
///
/// States ([`ValueState`](crate::ValueState) and its kin) take it as their first argument.
pub struct KeyedProcessContext<'a, K: Key> {
    pub(crate) state: &'a mut KeyedState<K>,
    pub(crate) operator_state: &'a mut OperatorState,
    pub(crate) timers: &'a mut TimerService<K>,
    pub(crate) timestamp: Timestamp,
    pub(crate) now: Timestamp,
    pub(crate) domain: Option<TimeDomain>,
    pub(crate) sides: SideOutputs<'a>,
}

impl<K: Key> KeyedContext for KeyedProcessContext<'_, K> {
    type Key = K;

    fn keyed_state(&mut self) -> &mut KeyedState<K> {
        self.state
    }
}

impl<K: Key> OperatorStateContext for KeyedProcessContext<'_, K> {
    fn operator_state(&mut self) -> OperatorStateAccess<'_> {
        OperatorStateAccess::to(self.operator_state)
    }
}

impl<K: Key> KeyedProcessContext<'_, K> {
    /// The key of the value or timer.
    ///
    /// # Panics
    /// Never while a function runs: the operator sets the key first.
    #[allow(clippy::expect_used)]
    pub fn current_key(&self) -> &K {
        self.state
            .current_key()
            .expect("the key is set before the function is called") // tidy: allow(unwrap): an invariant of the operator
    }

    /// The event time of the record, or the time of the timer.
    pub fn timestamp(&self) -> Option<Timestamp> {
        Some(self.timestamp).filter(|time| time.is_some())
    }

    /// In which time the timer fired; `None` outside `on_timer`.
    pub const fn time_domain(&self) -> Option<TimeDomain> {
        self.domain
    }

    /// How far event time is complete.
    pub const fn current_watermark(&self) -> Timestamp {
        self.timers.current_watermark()
    }

    /// Processing time, read once per batch.
    pub const fn current_processing_time(&self) -> Timestamp {
        self.now
    }

    /// Calls `on_timer` under this key once the watermark has passed `time`. Registering the same time again changes nothing.
    ///
    /// # Errors
    /// When no key is set, which is a bug.
    pub fn register_event_time_timer(&mut self, time: Timestamp) -> Result<()> {
        let (key, hash) = Self::current(self.state)?;
        self.timers.register_event_time_timer(time, key, hash, ());
        Ok(())
    }

    /// Calls `on_timer` under this key once the clock has come to `time`. Registering the same time again changes nothing.
    ///
    /// # Errors
    /// When no key is set, which is a bug.
    pub fn register_processing_time_timer(&mut self, time: Timestamp) -> Result<()> {
        let (key, hash) = Self::current(self.state)?;
        self.timers
            .register_processing_time_timer(time, key, hash, ());
        Ok(())
    }

    /// Forgets a timer of this key.
    ///
    /// # Errors
    /// When no key is set, which is a bug.
    pub fn delete_event_time_timer(&mut self, time: Timestamp) -> Result<()> {
        let (key, hash) = Self::current(self.state)?;
        self.timers.delete_event_time_timer(time, &key, hash, &());
        Ok(())
    }

    /// Forgets a timer of this key.
    ///
    /// # Errors
    /// When no key is set, which is a bug.
    pub fn delete_processing_time_timer(&mut self, time: Timestamp) -> Result<()> {
        let (key, hash) = Self::current(self.state)?;
        self.timers
            .delete_processing_time_timer(time, &key, hash, &());
        Ok(())
    }

    /// Emits to a side output, with the record's timestamp.
    ///
    /// # Errors
    /// When the tag's type is not the one by which the output is read.
    pub fn output<T: Data>(&mut self, tag: &OutputTag<T>, value: T) -> Result<()> {
        self.sides.push(tag, value, self.timestamp)
    }

    fn current(state: &KeyedState<K>) -> Result<(K, hurtig_types::KeyHash)> {
        let key = state.current_key().cloned().zip(state.current_hash());
        key.ok_or_else(|| Error::bug("a timer was registered without a key"))
    }
}
