//! Functions over one or two streams without keys, a record at a time.

mod functions;

use hurtig_runtime::{BehindFailure, OperatorContext, Output, Progress, StreamOperator};
use hurtig_state::{OperatorState, StateImage};
use hurtig_types::{Barrier, Data, ErasedBatch, Error, Records, Result, Timestamp, Watermark};

use super::OPERATOR_STATE;
use super::backlog::Backlog;
use crate::{Collector, ProcessContext};
pub(crate) use functions::{
    CoFlatMap, CoMap, CoProcess, ProcessBroadcast, ProcessClosure, ProcessOne,
};

/// What the operator asks of a function of one or two inputs; the second input of a function of one is never used.
pub(crate) trait Handler<A, B>: Send {
    type Out: Data;

    /// Whether all that the second input brings comes to all subtasks.
    const HAS_BROADCAST: bool = false;

    fn open(&mut self, context: &OperatorContext, state: &mut OperatorState) -> Result<()> {
        let _ = (context, state);
        Ok(())
    }

    /// A barrier: what is to be stored and is not in the state yet.
    fn snapshot(&mut self, state: &mut OperatorState) -> Result<()> {
        let _ = state;
        Ok(())
    }

    fn first(
        &mut self,
        value: A,
        ctx: &mut ProcessContext<'_>,
        out: &mut Collector<'_, Self::Out>,
    ) -> Result<()>;

    /// A record of the second input. A function of one input has none.
    fn second(
        &mut self,
        value: B,
        ctx: &mut ProcessContext<'_>,
        out: &mut Collector<'_, Self::Out>,
    ) -> Result<()> {
        let _ = (value, ctx, out);
        Err(Error::bug(
            "a function of one input was given a record of a second",
        ))
    }

    fn end_input(
        &mut self,
        ctx: &mut ProcessContext<'_>,
        out: &mut Collector<'_, Self::Out>,
    ) -> Result<()> {
        let _ = (ctx, out);
        Ok(())
    }

    fn close(&mut self) -> Result<()> {
        Ok(())
    }
}

/// Calls a [`Handler`] for each record, and pauses when a batch of results is full.
pub(crate) struct ProcessOperator<A, B, H> {
    handler: H,
    state: OperatorState,
    first: Backlog<A>,
    second: Backlog<B>,
    /// The input whose batch came last.
    input: usize,
    watermark: Timestamp,
}

impl<A, B, H: Handler<A, B>> ProcessOperator<A, B, H> {
    pub(crate) fn new(handler: H, context: &OperatorContext) -> Self {
        let state = OperatorState::of_subtask(context.subtask);
        Self {
            handler,
            state: if H::HAS_BROADCAST {
                state.with_broadcast()
            } else {
                state
            },
            first: Backlog::default(),
            second: Backlog::default(),
            input: 0,
            watermark: Timestamp::MIN,
        }
    }
}

impl<A: Data, B: Data, H: Handler<A, B>> StreamOperator for ProcessOperator<A, B, H> {
    fn open(&mut self, context: &OperatorContext, _: &mut Output) -> Result<()> {
        self.handler.open(context, &mut self.state)
    }

    fn process_batch(
        &mut self,
        input: usize,
        batch: &mut ErasedBatch,
        output: &mut Output,
    ) -> Result<Progress> {
        self.input = input;
        if input == 0 {
            self.first.fill(batch.get_mut::<Records<A>>()?);
        } else {
            self.second.fill(batch.get_mut::<Records<B>>()?);
        }
        self.resume(output)
    }

    fn process_watermark(&mut self, watermark: Watermark, _: &mut Output) -> Result<Progress> {
        self.watermark = watermark.timestamp();
        Ok(Progress::Done)
    }

    fn end_input(&mut self, _: usize, output: &mut Output) -> Result<Progress> {
        let (watermark, now) = (self.watermark, output.now());
        let (main, sides) = output.split::<H::Out>()?;
        let mut ctx = ProcessContext {
            state: &mut self.state,
            timestamp: Timestamp::NONE,
            watermark,
            now,
            sides,
        };
        self.handler
            .end_input(&mut ctx, &mut Collector::new(main, Timestamp::NONE))?;
        Ok(Progress::Done)
    }

    fn resume(&mut self, output: &mut Output) -> Result<Progress> {
        let (watermark, now) = (self.watermark, output.now());
        let (main, sides) = output.split::<H::Out>()?;
        let mut ctx = ProcessContext {
            state: &mut self.state,
            timestamp: Timestamp::NONE,
            watermark,
            now,
            sides,
        };
        while let Some((value, timestamp)) = self.first.next() {
            ctx.timestamp = timestamp;
            self.handler
                .first(value, &mut ctx, &mut Collector::new(main, timestamp))?;
            if main.is_full() {
                return Ok(Progress::More);
            }
        }
        while let Some((value, timestamp)) = self.second.next() {
            ctx.timestamp = timestamp;
            self.handler
                .second(value, &mut ctx, &mut Collector::new(main, timestamp))?;
            if main.is_full() {
                return Ok(Progress::More);
            }
        }
        Ok(Progress::Done)
    }

    fn failed_at(&self, _: &Output) -> Option<usize> {
        if self.input == 0 {
            self.first.last_taken()
        } else {
            self.second.last_taken()
        }
    }

    fn behind_failure(&self) -> BehindFailure {
        BehindFailure::Resume
    }

    fn restore(&mut self, mut image: StateImage) -> Result<()> {
        self.state.restore(OPERATOR_STATE, &mut image);
        image.finish()
    }

    fn snapshot(&mut self, _: Barrier, image: &mut StateImage, _: &mut Output) -> Result<Progress> {
        self.handler.snapshot(&mut self.state)?;
        self.state.snapshot(OPERATOR_STATE, image)?;
        Ok(Progress::Done)
    }

    fn close(&mut self) -> Result<()> {
        self.handler.close()
    }
}
