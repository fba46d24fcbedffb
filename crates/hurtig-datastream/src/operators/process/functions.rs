//! What can stand behind a [`ProcessOperator`](super::ProcessOperator): functions of users, and closures.

use std::marker::PhantomData;

use hurtig_runtime::OperatorContext;
use hurtig_state::OperatorState;
use hurtig_types::{Data, Result};

use super::Handler;
use crate::operators::forward::forward_lifecycle;
use crate::{
    BroadcastContext, BroadcastProcessFunction, CoProcessFunction, Collector, ProcessContext,
    ProcessFunction,
};

/// A [`ProcessFunction`].
pub(crate) struct ProcessOne<F>(pub(crate) F);

impl<A, F: ProcessFunction<A>> Handler<A, ()> for ProcessOne<F> {
    type Out = F::Out;

    forward_lifecycle!();

    fn first(
        &mut self,
        value: A,
        ctx: &mut ProcessContext<'_>,
        out: &mut Collector<'_, F::Out>,
    ) -> Result<()> {
        self.0.process(value, ctx, out)
    }

    fn end_input(
        &mut self,
        ctx: &mut ProcessContext<'_>,
        out: &mut Collector<'_, F::Out>,
    ) -> Result<()> {
        self.0.end_input(ctx, out)
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
}

/// A [`CoProcessFunction`].
pub(crate) struct CoProcess<F>(pub(crate) F);

impl<A, B, F: CoProcessFunction<A, B>> Handler<A, B> for CoProcess<F> {
    type Out = F::Out;

    forward_lifecycle!();

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
}

/// A [`BroadcastProcessFunction`].
pub(crate) struct ProcessBroadcast<F>(pub(crate) F);

impl<A, B, F: BroadcastProcessFunction<A, B>> Handler<A, B> for ProcessBroadcast<F> {
    type Out = F::Out;

    const HAS_BROADCAST: bool = true;

    forward_lifecycle!();

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
