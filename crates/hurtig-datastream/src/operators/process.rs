//! Functions over one or two streams without keys, a record at a time.

use std::marker::PhantomData;

use hurtig_runtime::{OperatorContext, Output, Progress, StreamOperator};
use hurtig_types::{Data, ErasedBatch, Records, Result, Timestamp, Watermark};

use super::backlog::Backlog;
use crate::{CoProcessFunction, Collector, ProcessContext, ProcessFunction};

/// What the operator asks of a function of one or two inputs; the second input of a function of one is never used.
pub(crate) trait Handler<A, B>: Send {
    type Out: Data;

    fn open(&mut self, context: &OperatorContext) -> Result<()> {
        let _ = context;
        Ok(())
    }

    fn first(
        &mut self,
        value: A,
        ctx: &mut ProcessContext<'_>,
        out: &mut Collector<'_, Self::Out>,
    ) -> Result<()>;

    fn second(
        &mut self,
        value: B,
        ctx: &mut ProcessContext<'_>,
        out: &mut Collector<'_, Self::Out>,
    ) -> Result<()>;

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
    first: Backlog<A>,
    second: Backlog<B>,
    /// The input whose batch came last.
    input: usize,
    watermark: Timestamp,
}

impl<A, B, H: Handler<A, B>> ProcessOperator<A, B, H> {
    pub(crate) fn new(handler: H) -> Self {
        Self {
            handler,
            first: Backlog::default(),
            second: Backlog::default(),
            input: 0,
            watermark: Timestamp::MIN,
        }
    }
}

impl<A: Data, B: Data, H: Handler<A, B>> StreamOperator for ProcessOperator<A, B, H> {
    fn open(&mut self, context: &OperatorContext, _: &mut Output) -> Result<()> {
        self.handler.open(context)
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

    fn close(&mut self) -> Result<()> {
        self.handler.close()
    }
}

/// A [`ProcessFunction`].
pub(crate) struct ProcessOne<F>(pub(crate) F);

impl<A, F: ProcessFunction<A>> Handler<A, ()> for ProcessOne<F> {
    type Out = F::Out;

    fn open(&mut self, context: &OperatorContext) -> Result<()> {
        self.0.open(context)
    }

    fn first(
        &mut self,
        value: A,
        ctx: &mut ProcessContext<'_>,
        out: &mut Collector<'_, F::Out>,
    ) -> Result<()> {
        self.0.process(value, ctx, out)
    }

    fn second(
        &mut self,
        (): (),
        _: &mut ProcessContext<'_>,
        _: &mut Collector<'_, F::Out>,
    ) -> Result<()> {
        Ok(())
    }

    fn end_input(
        &mut self,
        ctx: &mut ProcessContext<'_>,
        out: &mut Collector<'_, F::Out>,
    ) -> Result<()> {
        self.0.end_input(ctx, out)
    }

    fn close(&mut self) -> Result<()> {
        self.0.close()
    }
}

/// A closure in the place of a [`ProcessFunction`].
pub(crate) struct ProcessClosure<Out, F>(pub(crate) F, pub(crate) PhantomData<fn() -> Out>);

impl<A, Out, F> Handler<A, ()> for ProcessClosure<Out, F>
where
    Out: Data,
    F: FnMut(A, &mut ProcessContext<'_>, &mut Collector<'_, Out>) -> Result<()> + Send,
{
    type Out = Out;

    fn first(
        &mut self,
        value: A,
        ctx: &mut ProcessContext<'_>,
        out: &mut Collector<'_, Out>,
    ) -> Result<()> {
        (self.0)(value, ctx, out)
    }

    fn second(
        &mut self,
        (): (),
        _: &mut ProcessContext<'_>,
        _: &mut Collector<'_, Out>,
    ) -> Result<()> {
        Ok(())
    }
}

/// A [`CoProcessFunction`].
pub(crate) struct CoProcess<F>(pub(crate) F);

impl<A, B, F: CoProcessFunction<A, B>> Handler<A, B> for CoProcess<F> {
    type Out = F::Out;

    fn open(&mut self, context: &OperatorContext) -> Result<()> {
        self.0.open(context)
    }

    fn first(
        &mut self,
        value: A,
        ctx: &mut ProcessContext<'_>,
        out: &mut Collector<'_, F::Out>,
    ) -> Result<()> {
        self.0.process1(value, ctx, out)
    }

    fn second(
        &mut self,
        value: B,
        ctx: &mut ProcessContext<'_>,
        out: &mut Collector<'_, F::Out>,
    ) -> Result<()> {
        self.0.process2(value, ctx, out)
    }

    fn close(&mut self) -> Result<()> {
        self.0.close()
    }
}

/// A closure for each stream, one result for each record.
pub(crate) struct CoMap<F, G, Out>(
    pub(crate) F,
    pub(crate) G,
    pub(crate) PhantomData<fn() -> Out>,
);

impl<A, B, Out: Data, F, G> Handler<A, B> for CoMap<F, G, Out>
where
    F: FnMut(A) -> Out + Send,
    G: FnMut(B) -> Out + Send,
{
    type Out = Out;

    fn first(
        &mut self,
        value: A,
        _: &mut ProcessContext<'_>,
        out: &mut Collector<'_, Out>,
    ) -> Result<()> {
        out.collect((self.0)(value));
        Ok(())
    }

    fn second(
        &mut self,
        value: B,
        _: &mut ProcessContext<'_>,
        out: &mut Collector<'_, Out>,
    ) -> Result<()> {
        out.collect((self.1)(value));
        Ok(())
    }
}

/// A closure for each stream, any number of results for each record.
pub(crate) struct CoFlatMap<F, G, Out>(
    pub(crate) F,
    pub(crate) G,
    pub(crate) PhantomData<fn() -> Out>,
);

impl<A, B, Out: Data, F, G, I, J> Handler<A, B> for CoFlatMap<F, G, Out>
where
    F: FnMut(A) -> I + Send,
    G: FnMut(B) -> J + Send,
    I: IntoIterator<Item = Out>,
    J: IntoIterator<Item = Out>,
{
    type Out = Out;

    fn first(
        &mut self,
        value: A,
        _: &mut ProcessContext<'_>,
        out: &mut Collector<'_, Out>,
    ) -> Result<()> {
        (self.0)(value)
            .into_iter()
            .for_each(|result| out.collect(result));
        Ok(())
    }

    fn second(
        &mut self,
        value: B,
        _: &mut ProcessContext<'_>,
        out: &mut Collector<'_, Out>,
    ) -> Result<()> {
        (self.1)(value)
            .into_iter()
            .for_each(|result| out.collect(result));
        Ok(())
    }
}
