//! What can stand behind a [`ProcessOperator`](super::ProcessOperator): functions of users, and closures.

use std::marker::PhantomData;

use hurtig_runtime::OperatorContext;
use hurtig_state::OperatorState;
use hurtig_types::{Data, Result};

use super::Handler;
use crate::{
    BroadcastContext, BroadcastProcessFunction, CoProcessFunction, Collector, ProcessContext,
    ProcessFunction,
};

/// A [`ProcessFunction`].
pub(crate) struct ProcessOne<F>(pub(crate) F);

impl<A, F: ProcessFunction<A>> Handler<A, ()> for ProcessOne<F> {
    type Out = F::Out;

    fn open(&mut self, context: &OperatorContext, state: &mut OperatorState) -> Result<()> {
        self.0.initialize_state(state)?;
        self.0.open(context)
    }

    fn snapshot(&mut self, state: &mut OperatorState) -> Result<()> {
        self.0.snapshot_state(state)
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

    fn open(&mut self, context: &OperatorContext, state: &mut OperatorState) -> Result<()> {
        self.0.initialize_state(state)?;
        self.0.open(context)
    }

    fn snapshot(&mut self, state: &mut OperatorState) -> Result<()> {
        self.0.snapshot_state(state)
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

/// A [`BroadcastProcessFunction`].
pub(crate) struct ProcessBroadcast<F>(pub(crate) F);

impl<A, B, F: BroadcastProcessFunction<A, B>> Handler<A, B> for ProcessBroadcast<F> {
    type Out = F::Out;

    const HAS_BROADCAST: bool = true;

    fn open(&mut self, context: &OperatorContext, state: &mut OperatorState) -> Result<()> {
        self.0.initialize_state(state)?;
        self.0.open(context)
    }

    fn snapshot(&mut self, state: &mut OperatorState) -> Result<()> {
        self.0.snapshot_state(state)
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
        value: B,
        ctx: &mut ProcessContext<'_>,
        out: &mut Collector<'_, F::Out>,
    ) -> Result<()> {
        self.0
            .process_broadcast(value, &mut BroadcastContext::of(ctx), out)
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
