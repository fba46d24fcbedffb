//! Functions over a stream and a broadcast stream, whose records change what every subtask knows.

use hurtig_runtime::{OperatorContext, OutputTag, SideOutputs};
use hurtig_state::{
    BroadcastReader, BroadcastWriter, KeyedState, KeyedStateToken, OperatorState,
    OperatorStateAccess, OperatorStateContext,
};
use hurtig_types::{Data, Key, Result, Timestamp};

use super::{Collector, KeyedProcessContext, ProcessContext};

/// A stream without keys and a broadcast stream, one function. Each value of the first comes to one subtask, each of the second to all.
///
/// [`BroadcastState`](crate::BroadcastState) can be changed in `process_broadcast`, and read everywhere.
///
/// ```
/// use hurtig_datastream::*;
/// use hurtig_types::Result;
///
/// /// Lets values pass up to a limit that can be changed while the job runs.
/// #[derive(Clone)]
/// struct UpTo { limit: BroadcastState<String, u64> }
///
/// impl BroadcastProcessFunction<u64, u64> for UpTo {
///     type Out = u64;
///     fn process(&mut self, n: u64, ctx: &mut ProcessContext<'_>, out: &mut Collector<'_, u64>) -> Result<()> {
///         if self.limit.get(ctx, "limit")?.is_none_or(|limit| n <= *limit) {
///             out.collect(n);
///         }
///         Ok(())
///     }
///     fn process_broadcast(&mut self, limit: u64, ctx: &mut BroadcastContext<'_>, _: &mut Collector<'_, u64>) -> Result<()> {
///         self.limit.insert(ctx, "limit".to_string(), limit)?;
///         Ok(())
///     }
/// }
///
/// let env = StreamExecutionEnvironment::new();
/// let (numbers, limits) = (env.from_collection(vec![1, 2]), env.from_collection(vec![5]));
/// let mut passed = numbers.connect_broadcast(&limits).process(UpTo { limit: BroadcastState::new("limit") })
///     .execute_and_collect("up to")?;
/// passed.sort();
/// assert_eq!(passed, [1, 2]);
/// # Ok::<(), hurtig_types::Error>(())
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no `BroadcastProcessFunction<{A}, {B}>`",
    note = "on a keyed stream, implement `KeyedBroadcastProcessFunction`"
)]
pub trait BroadcastProcessFunction<A, B>: Clone + Send + 'static {
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

    /// Takes a value that came to this subtask alone.
    ///
    /// # Errors
    /// When it can't; the job fails.
    fn process(
        &mut self,
        value: A,
        ctx: &mut ProcessContext<'_>,
        out: &mut Collector<'_, Self::Out>,
    ) -> Result<()>;

    /// Takes a value that came to all subtasks. What it changes must not depend on which subtask this is.
    ///
    /// # Errors
    /// When it can't; the job fails.
    fn process_broadcast(
        &mut self,
        value: B,
        ctx: &mut BroadcastContext<'_>,
        out: &mut Collector<'_, Self::Out>,
    ) -> Result<()>;

    /// Called once per subtask, last, on every path.
    ///
    /// # Errors
    /// When something could not be ended well.
    fn close(&mut self) -> Result<()> {
        Ok(())
    }
}

/// A keyed stream and a broadcast stream, one function. Each value of the first comes with the state and timers of its key, each of the
/// second to all subtasks.
///
/// ```
/// use hurtig_datastream::*;
/// use hurtig_types::Result;
///
/// /// Tells who has spent more than a limit, for each limit that is set.
/// #[derive(Clone)]
/// struct Spending { limits: BroadcastState<String, u64>, spent: ValueState<u64> }
///
/// impl KeyedBroadcastProcessFunction<u32, (u32, u64), (String, u64)> for Spending {
///     type Out = (u32, String);
///     fn process(
///         &mut self, (user, price): (u32, u64), ctx: &mut KeyedProcessContext<'_, u32>, out: &mut Collector<'_, Self::Out>,
///     ) -> Result<()> {
///         let limits = self.limits.view(ctx)?;
///         let spent = self.spent.get_or_default(ctx)?;
///         *spent += price;
///         for (name, limit) in limits.iter().filter(|(_, limit)| *spent > **limit) {
///             out.collect((user, format!("{name} {limit}")));
///         }
///         Ok(())
///     }
///     fn process_broadcast(
///         &mut self, (name, limit): (String, u64), ctx: &mut KeyedBroadcastContext<'_, u32>, out: &mut Collector<'_, Self::Out>,
///     ) -> Result<()> {
///         // Who is above it already is told at once.
///         let spent = self.spent.clone();
///         ctx.apply_to_keyed_state(&self.spent, |user, state| {
///             if spent.get(state)?.is_some_and(|spent| *spent > limit) {
///                 out.collect((*user, format!("{name} {limit}")));
///             }
///             Ok(())
///         })?;
///         self.limits.insert(ctx, name, limit)?;
///         Ok(())
///     }
/// }
///
/// let env = StreamExecutionEnvironment::new();
/// let bought = env.from_collection(vec![(7u32, 30u64), (7, 40)]).key_by(|bought| bought.0);
/// let limits = env.from_collection(vec![("low".to_string(), 50u64)]);
/// let spending = Spending { limits: BroadcastState::new("limits"), spent: ValueState::new("spent") };
/// let told = bought.connect_broadcast(&limits).process(spending).execute_and_collect("spending")?;
/// assert_eq!(told, [(7, "low 50".to_string())]);
/// # Ok::<(), hurtig_types::Error>(())
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no `KeyedBroadcastProcessFunction<{K}, {A}, {B}>`"
)]
pub trait KeyedBroadcastProcessFunction<K: Key, A, B>: Clone + Send + 'static {
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

    /// Takes a value that came to this subtask alone, under its key.
    ///
    /// # Errors
    /// When it can't; the job fails.
    fn process(
        &mut self,
        value: A,
        ctx: &mut KeyedProcessContext<'_, K>,
        out: &mut Collector<'_, Self::Out>,
    ) -> Result<()>;

    /// Takes a value that came to all subtasks; there is no current key. What it changes must not depend on which subtask this is.
    ///
    /// # Errors
    /// When it can't; the job fails.
    fn process_broadcast(
        &mut self,
        value: B,
        ctx: &mut KeyedBroadcastContext<'_, K>,
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

    /// Called once per subtask, last, on every path.
    ///
    /// # Errors
    /// When something could not be ended well.
    fn close(&mut self) -> Result<()> {
        Ok(())
    }
}

/// What a function sees beside a value that came to all subtasks. Broadcast states can be changed with it.
pub struct BroadcastContext<'a> {
    state: &'a mut OperatorState,
    sides: SideOutputs<'a>,
    time: Time,
}

/// What a keyed function sees beside a value that came to all subtasks: broadcast states to be changed, and the states of all keys.
pub struct KeyedBroadcastContext<'a, K: Key> {
    broadcast: BroadcastContext<'a>,
    keyed: &'a mut KeyedState<K>,
}

#[derive(Clone, Copy)]
struct Time {
    timestamp: Timestamp,
    watermark: Timestamp,
    now: Timestamp,
}

impl<'a> BroadcastContext<'a> {
    pub(crate) fn of(ctx: &'a mut ProcessContext<'_>) -> Self {
        let time = Time {
            timestamp: ctx.timestamp,
            watermark: ctx.watermark,
            now: ctx.now,
        };
        Self {
            state: ctx.state,
            sides: ctx.sides.reborrow(),
            time,
        }
    }
}

impl<'a, K: Key> KeyedBroadcastContext<'a, K> {
    pub(crate) fn of(ctx: &'a mut KeyedProcessContext<'_, K>) -> Self {
        let time = Time {
            timestamp: ctx.timestamp,
            watermark: ctx.current_watermark(),
            now: ctx.now,
        };
        let broadcast = BroadcastContext {
            state: ctx.operator_state,
            sides: ctx.sides.reborrow(),
            time,
        };
        Self {
            broadcast,
            keyed: ctx.state,
        }
    }

    /// Calls `function` for every key of this subtask that has something in `state`, as the current key: with what it is given, any
    /// keyed state can be read and written.
    ///
    /// The keys are gathered first: what the function adds is not visited, and memory is taken for a copy of the keys.
    ///
    /// # Errors
    /// When the function fails, or `state` is of another type than what is there.
    pub fn apply_to_keyed_state(
        &mut self,
        state: &impl KeyedStateToken,
        function: impl FnMut(&K, &mut KeyedState<K>) -> Result<()>,
    ) -> Result<()> {
        self.keyed.for_each_key(state, function)
    }
}

impl OperatorStateContext for BroadcastContext<'_> {
    fn operator_state(&mut self) -> OperatorStateAccess<'_> {
        OperatorStateAccess::to(self.state)
    }
}

impl<K: Key> OperatorStateContext for KeyedBroadcastContext<'_, K> {
    fn operator_state(&mut self) -> OperatorStateAccess<'_> {
        self.broadcast.operator_state()
    }
}

impl BroadcastReader for BroadcastContext<'_> {}
impl BroadcastWriter for BroadcastContext<'_> {}
impl<K: Key> BroadcastReader for KeyedBroadcastContext<'_, K> {}
impl<K: Key> BroadcastWriter for KeyedBroadcastContext<'_, K> {}
impl BroadcastReader for ProcessContext<'_> {}
impl<K: Key> BroadcastReader for KeyedProcessContext<'_, K> {}

impl BroadcastContext<'_> {
    /// The record's event time, where it has one.
    pub fn timestamp(&self) -> Option<Timestamp> {
        Some(self.time.timestamp).filter(|time| time.is_some())
    }

    /// How far event time is complete, over both streams.
    pub const fn current_watermark(&self) -> Timestamp {
        self.time.watermark
    }

    /// Processing time, read once per batch.
    pub const fn current_processing_time(&self) -> Timestamp {
        self.time.now
    }

    /// Emits to a side output, with the record's timestamp.
    ///
    /// # Errors
    /// When the tag's type is not the one by which the output is read.
    pub fn output<T: Data>(&mut self, tag: &OutputTag<T>, value: T) -> Result<()> {
        self.sides.push(tag, value, self.time.timestamp)
    }
}

impl<K: Key> KeyedBroadcastContext<'_, K> {
    /// The record's event time, where it has one.
    pub fn timestamp(&self) -> Option<Timestamp> {
        self.broadcast.timestamp()
    }

    /// How far event time is complete, over both streams.
    pub const fn current_watermark(&self) -> Timestamp {
        self.broadcast.current_watermark()
    }

    /// Processing time, read once per batch.
    pub const fn current_processing_time(&self) -> Timestamp {
        self.broadcast.current_processing_time()
    }

    /// Emits to a side output, with the record's timestamp.
    ///
    /// # Errors
    /// When the tag's type is not the one by which the output is read.
    pub fn output<T: Data>(&mut self, tag: &OutputTag<T>, value: T) -> Result<()> {
        self.broadcast.output(tag, value)
    }
}
