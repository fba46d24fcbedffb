//! The most general function over a stream without keys.

use hurtig_runtime::{OperatorContext, OutputTag, SideOutputs};
use hurtig_state::{OperatorState, OperatorStateAccess, OperatorStateContext};
use hurtig_types::{Data, Result, Timestamp};

use super::Collector;

/// Any number of results of one value, with timestamp, time and side outputs at hand.
///
/// ```
/// use hurtig_datastream::{Collector, OutputTag, ProcessContext, ProcessFunction, StreamExecutionEnvironment};
/// use hurtig_types::Result;
///
/// #[derive(Clone)]
/// struct Split { odd: OutputTag<u64> }
///
/// impl ProcessFunction<u64> for Split {
///     type Out = u64;
///     fn process(&mut self, value: u64, ctx: &mut ProcessContext<'_>, out: &mut Collector<'_, u64>) -> Result<()> {
///         if value % 2 == 0 { out.collect(value); Ok(()) } else { ctx.output(&self.odd, value) }
///     }
/// }
///
/// let env = StreamExecutionEnvironment::new();
/// let odd = OutputTag::new("odd");
/// let even = env.from_collection(vec![1, 2, 3]).process(Split { odd: odd.clone() });
/// assert_eq!(even.side_output(&odd).execute_and_collect("odd")?, [1, 3]);
/// # Ok::<(), hurtig_types::Error>(())
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no `ProcessFunction<{In}>`",
    note = "for a closure `|value, ctx, out| …`, use `process_fn`; on a keyed stream, implement `KeyedProcessFunction`"
)]
pub trait ProcessFunction<In>: Clone + Send + 'static {
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
        ctx: &mut ProcessContext<'_>,
        out: &mut Collector<'_, Self::Out>,
    ) -> Result<()>;

    /// The input has ended: last words.
    ///
    /// # Errors
    /// When it can't; the job fails.
    fn end_input(
        &mut self,
        ctx: &mut ProcessContext<'_>,
        out: &mut Collector<'_, Self::Out>,
    ) -> Result<()> {
        let _ = (ctx, out);
        Ok(())
    }

    /// Called once per subtask, before [`open`](Self::open): the moment to look at the state without a key that was restored.
    ///
    /// ```
    /// # use hurtig_datastream::*;
    /// # use hurtig_types::Result;
    /// /// Hands records on in packs, and keeps what does not fill one.
    /// #[derive(Clone)]
    /// struct Packs { pack: Vec<u64>, kept: OperatorListState<u64> }
    ///
    /// impl ProcessFunction<u64> for Packs {
    ///     type Out = Vec<u64>;
    ///
    ///     fn initialize_state(&mut self, state: &mut OperatorState) -> Result<()> {
    ///         self.pack = self.kept.take(state)?;
    ///         Ok(())
    ///     }
    ///
    ///     fn process(&mut self, n: u64, _: &mut ProcessContext<'_>, out: &mut Collector<'_, Vec<u64>>) -> Result<()> {
    ///         self.pack.push(n);
    ///         if self.pack.len() >= 2 {
    ///             out.collect(std::mem::take(&mut self.pack));
    ///         }
    ///         Ok(())
    ///     }
    ///
    ///     fn snapshot_state(&mut self, state: &mut OperatorState) -> Result<()> {
    ///         self.kept.set(state, self.pack.clone())
    ///     }
    /// }
    ///
    /// let packs = Packs { pack: Vec::new(), kept: OperatorListState::new("pack") };
    /// let env = StreamExecutionEnvironment::new();
    /// let stream = env.from_collection(vec![1, 2, 3, 4]).process(packs);
    /// assert_eq!(stream.execute_and_collect("packs")?, [vec![1, 2], vec![3, 4]]);
    /// # Ok::<(), hurtig_types::Error>(())
    /// ```
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

/// What a [`ProcessFunction`] sees beside the value.
pub struct ProcessContext<'a> {
    pub(crate) state: &'a mut OperatorState,
    pub(crate) timestamp: Timestamp,
    pub(crate) watermark: Timestamp,
    pub(crate) now: Timestamp,
    pub(crate) sides: SideOutputs<'a>,
}

impl OperatorStateContext for ProcessContext<'_> {
    fn operator_state(&mut self) -> OperatorStateAccess<'_> {
        OperatorStateAccess::to(self.state)
    }
}

impl ProcessContext<'_> {
    /// The record's event time, where it has one.
    pub fn timestamp(&self) -> Option<Timestamp> {
        Some(self.timestamp).filter(|time| time.is_some())
    }

    /// How far event time is complete.
    pub const fn current_watermark(&self) -> Timestamp {
        self.watermark
    }

    /// Processing time, read once per batch.
    pub const fn current_processing_time(&self) -> Timestamp {
        self.now
    }

    /// Emits to a side output, with the record's timestamp.
    ///
    /// # Errors
    /// When the tag's type is not the one by which the output is read.
    pub fn output<T: Data>(&mut self, tag: &OutputTag<T>, value: T) -> Result<()> {
        self.sides.push(tag, value, self.timestamp)
    }
}
